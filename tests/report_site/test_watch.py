"""The preview follows the pages while they are written."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from html import unescape

from okr_reports.report_site.watch import rebuild, serve_watching
from tests.report_site.browser import chromium, watched

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
        (root / "pages/index.md").write_text(HEAD + "# Third\n\n{% vlaue /%}", encoding="utf-8")
        told = wait_for(lambda: next((one for one in said if "vlaue" in one), None))
        assert "pages/index.md:6: error: there is no component 'vlaue'; did you mean 'value'?" in told
        wait_for(lambda: shows("Third"))
        assert shows("<strong>index.md:6</strong> there is no component")
        (root / "pages/index.md").write_text("---\ntitle: [\n---\n", encoding="utf-8")
        wait_for(lambda: next((one for one in said if "the front matter is not YAML" in one), None))
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


BROKEN = (
    "```sql q\nselect 1 as a\n```\n```sql bad\nselect nowhere from key_results\n```\n# Good\n\nOne {{ q[0].a }}.\n\n"
    '<LineChart data={q}/>\n\n{% vlaue data="q" /%}\n\n{% value data="q" value="b" /%}\n\n'
    '{% table\n  data="bad" /%}\n\n'
    '{{ q[0].zz }}\n\n{{ q | fmmt }}\n\n{% details title="x" %}\nnever closed\n\nLast words.\n'
)
# where each mistake is: its line, its words, and the words of the page that come before and after its box
PLACES = [(14, "LineChart", "One 1.", "vlaue"), (16, "no component", "LineChart", "no column 'b'"),
          (18, "no column 'b'", "vlaue", "nowhere"), (8, "nowhere", "no column 'b'", "no column 'zz'"),
          (23, "no column 'zz'", "nowhere", "fmmt"), (25, "no filter 'fmmt'", "zz", "never closed"),
          (27, "never closed", "fmmt", "Last words")]  # fmt: skip


def test_every_mistake_is_shown_at_its_place_and_the_rest_is_drawn(snapshot, reports, tmp_path):
    root, said = reports({"pages/index.md": HEAD + BROKEN, "pages/other.md": HEAD + "Fine."}), []
    rebuild(snapshot, root, tmp_path / "preview", said.append)
    html = unescape((tmp_path / "preview/current/index.html").read_text(encoding="utf-8"))
    main = html[html.index("<main") :]
    for line, words, before, after in PLACES:
        at = main.index(words)
        assert main.index(before) < at < main.index(after, at), words
        assert f"index.md:{line}: error: " in "\n".join(said), (line, said)
    assert main.count("page-fault") == len(PLACES)
    assert "Fine." in (tmp_path / "preview/current/other/index.html").read_text(encoding="utf-8")


def test_an_open_page_loads_itself_again(snapshot, reports, tmp_path):
    root, said, stop = reports({"pages/index.md": HEAD + "# First"}), [], threading.Event()
    arguments = (snapshot, root, tmp_path / "preview", 0, said.append, stop)
    thread = threading.Thread(target=serve_watching, args=arguments)
    thread.start()
    try:
        address = wait_for(lambda: next((m[0] for one in said if (m := re.search(r"http://\S+", one))), None))
        with chromium() as browser, watched(browser) as one:
            one.page.goto(address)
            assert one.page.get_by_role("heading", name="First").is_visible()
            time.sleep(1)
            (root / "pages/index.md").write_text(HEAD + "# Second\n\n{% vlaue /%}", encoding="utf-8")
            one.page.get_by_role("heading", name="Second").wait_for(timeout=30_000)
            assert one.page.get_by_role("alert").get_by_text("index.md:6").is_visible()
            assert one.problems == []
    finally:
        stop.set()
        thread.join(10)
