"""The preview follows the pages while they are written."""

from __future__ import annotations

import re
import threading
import time
import urllib.request

from okr_reports.report_site.watch import rebuild, serve_watching

HEAD = "---\ntitle: Home\n---\n"


def wait_for(what, seconds: float = 30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_change_is_shown_and_a_mistake_is_told(snapshot, reports, tmp_path):
    root, said, stop = reports({"pages/index.md": HEAD + "# First"}), [], threading.Event()
    arguments = (snapshot, root, tmp_path / "preview", 0, said.append, stop)
    thread = threading.Thread(target=serve_watching, args=arguments)
    thread.start()
    try:
        address = wait_for(lambda: next((m[0] for one in said if (m := re.search(r"http://\S+", one))), None))

        def shows(text: str) -> bool:
            with urllib.request.urlopen(address) as answer:
                return text in answer.read().decode()

        assert shows("First")
        (root / "pages/index.md").write_text(HEAD + "# Second", encoding="utf-8")
        wait_for(lambda: shows("Second"))
        (root / "pages/index.md").write_text(HEAD + "# Third {% vlaue /%}", encoding="utf-8")
        told = wait_for(lambda: next((one for one in said if "vlaue" in one), None))
        assert "pages/index.md:4: error: there is no component 'vlaue'; did you mean 'value'?" in told
        assert told.endswith("the last good pages stay")
        assert shows("Second")
        (root / "pages/index.md").write_text(HEAD + "# Fourth", encoding="utf-8")
        wait_for(lambda: shows("Fourth"))
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_only_the_page_that_changed_is_rendered_again(snapshot, reports, tmp_path):
    root = reports(
        {"pages/index.md": HEAD + "# One", "pages/other.md": HEAD + "# Two", "queries/q.sql": "select 1 as x"}
    )
    preview = tmp_path / "preview"

    def kept() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (preview / "cache").glob("*.json")}

    rebuild(snapshot, root, preview, lambda _: None)
    before = kept()
    (root / "pages/index.md").write_text(HEAD + "# One more", encoding="utf-8")
    rebuild(snapshot, root, preview, lambda _: None)
    assert sum(before[name] != when for name, when in kept().items()) == 1
    assert "One more" in (preview / "current/index.html").read_text(encoding="utf-8")
    (root / "queries/q.sql").write_text("select 2 as x", encoding="utf-8")
    before = kept()
    rebuild(snapshot, root, preview, lambda _: None)
    assert all(before[name] != when for name, when in kept().items())
