"""`okr serve` and `okr sandbox` answer to who means them, list nothing, and end with all they have started."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from okr_reports.common.loopback import is_for
from okr_reports.report_site.output.publish import publish
from okr_reports.report_site.serve import make_server
from okr_reports.sandbox.serve import start

OURS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "LOCALHOST",
    "127.0.0.1:80",
    "localhost:65535",
    "[::1]:8080",
    "okr.example:8080",
]
OTHERS = [
    *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:127", "0.0.0.0", "[::]"),
    *(
        "127.0.0.2",
        "2130706433",
        "127.1",
        "localhost.",
        "localhost:",
        "localhost:80:80",
        "localhost@evil.example",
        "",
        " ",
    ),
    *(
        "localhost/",
        "[::1",
        "::1",
        "127.0.0.1,evil.example",
        "okr.example.",
        "localhost:999999",
        "loc\xe4lhost",
    ),
]


@pytest.fixture(params=["site", "sandbox"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Host and port of a server that answers to okr.example too."""
    if request.param == "sandbox":
        running = start(names=["okr.example"])
        yield urlsplit(running.url).netloc
        running.stop()
        return
    built = tmp_path / "built"
    (built / "data").mkdir(parents=True)
    (built / "index.html").write_text("the site")
    (built / "data" / "secret.csv").write_text("a")
    publish(built, tmp_path / "site", keep=5, release_id="one")
    with make_server(tmp_path / "site", 0, ["okr.example"]) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def asked(address: str, path: str, *headers: tuple[str, str], method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders()
    reply = connection.getresponse()
    text = reply.read().decode("utf-8", "replace")
    connection.close()
    return reply.status, text


@pytest.mark.parametrize("host", OURS)
def test_its_own_names_are_answered(address: str, host: str) -> None:
    for path in ("/_sandbox", "/index.html"):
        assert asked(address, path, ("Host", host))[0] in (200, 404)
    assert 200 in {asked(address, path, ("Host", host))[0] for path in ("/_sandbox", "/index.html")}


def test_no_other_name_is_answered(address: str) -> None:
    for host in OTHERS:
        for method in ("GET", "HEAD", "POST"):
            status, said = asked(address, "/index.html", ("Host", host), method=method)
            assert status in (400, 403), (host, method)
            assert "the site" not in said
    for twice in (("localhost", "evil.example"), ("evil.example", "localhost")):
        assert asked(address, "/", *(("Host", host) for host in twice))[0] in (400, 403)
    assert asked(address, "/")[0] in (400, 403)
    assert "--host-name" in asked(address, "/", ("Host", "evil.example"))[1]


@pytest.mark.parametrize("host", OTHERS)
def test_the_rule_itself(host: str) -> None:
    assert not is_for(host, ["okr.example"])


@pytest.mark.parametrize(
    "path", ["/%00", "/index.html%00", "/out/secret", "/loop", "/" + "a" * 5000, "/%ff", "/..%2f..%2fsecret"]
)
def test_what_no_file_of_the_site_is_called_is_not_there(tmp_path: Path, path: str, capfd: Any) -> None:
    release = tmp_path / "site" / "current"
    release.mkdir(parents=True)
    (release / "index.html").write_text("the site")
    (tmp_path / "secret").write_text("of another folder")
    (release / "out").symlink_to(tmp_path)
    (release / "loop").symlink_to(release / "loop")
    with make_server(tmp_path / "site", 0) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        status, said = asked(f"127.0.0.1:{server.server_address[1]}", path, ("Host", "localhost"))
        server.shutdown()
    assert (status, "another folder" in said) == (404, False)
    assert capfd.readouterr().err == ""


def test_no_folder_is_listed(address: str) -> None:
    for path in ("/data/", "/data", "/data/.", "/data/?x", "/..", "//"):
        status, said = asked(address, path, ("Host", "localhost"))
        assert "secret.csv" not in said
        assert status in (200, 301, 404), path
    assert asked(address, "/data/", ("Host", "localhost"))[0] == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://localhost:1"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ],
)
def test_a_web_page_cannot_tell_the_sandbox_anything(name: str, value: str) -> None:
    running = start()
    place = urlsplit(running.url).netloc
    for method in ("GET", "POST"):
        assert asked(place, "/_sandbox", ("Host", place), (name, value), method=method)[0] == 403
    for own in (("Origin", f"http://{place}"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")):
        assert asked(place, "/_sandbox", ("Host", place), own)[0] == 200
    running.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


# A command that starts another, writes both ids and waits; what it does at the end is given.
COMMAND = (
    "import os, signal, subprocess, sys, time; from pathlib import Path;"
    "{before};"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "Path(sys.argv[1] + '.new').write_text(str(os.getpid()) + ' ' + str(child.pid));"
    "os.rename(sys.argv[1] + '.new', sys.argv[1]);"
    "time.sleep(60)"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("before", ["pass", "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))"])
def test_what_ends_the_sandbox_ends_its_command_and_all_that_it_started(
    tmp_path: Path, number: signal.Signals, before: str
) -> None:
    ids = tmp_path / "ids"
    okr = Path(sys.executable).parent / "okr"
    command = [str(okr), "sandbox", "--", sys.executable, "-c", COMMAND.format(before=before), str(ids)]
    sandbox = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not ids.exists() and time.monotonic() < until:
        time.sleep(0.05)
    pids = [int(pid) for pid in ids.read_text().split()]
    assert all(map(alive, pids))
    sandbox.send_signal(number)
    code = sandbox.wait(timeout=30)
    own_end = before != "pass" and number == signal.SIGTERM
    assert code == (3 if own_end else 128 + number)
    until = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, pids))
