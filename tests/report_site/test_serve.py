"""The server gives the release that is current when it is asked, to this machine only."""

import urllib.request
from threading import Thread

import pytest

from okr_reports.errors import PublishError
from okr_reports.report_site.output.publish import publish
from okr_reports.report_site.serve import make_server


def release(tmp_path, name, text):
    built = tmp_path / "built"
    built.mkdir(exist_ok=True)
    (built / "index.html").write_text(text)
    publish(built, tmp_path / "site", keep=5, release_id=name)


def test_the_current_release_is_served_also_after_a_swap(tmp_path):
    release(tmp_path, "one", "first")
    with make_server(tmp_path / "site", 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"first"
        release(tmp_path, "two", "second")
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"second"
        server.shutdown()


def test_nothing_published_and_a_taken_port_say_what_to_do(tmp_path):
    with pytest.raises(PublishError, match="run `okr refresh`"):
        make_server(tmp_path / "site", 0)
    release(tmp_path, "one", "first")
    with (
        make_server(tmp_path / "site", 0) as server,
        pytest.raises(PublishError, match="name another with --port"),
    ):
        make_server(tmp_path / "site", server.server_address[1])
