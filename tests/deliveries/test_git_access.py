"""A user and password of a git URL: git logs in with them over HTTPS, and no process has them among its arguments."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from okr_reports.deliveries.git_access import git_access
from okr_reports.deliveries.git_branch import check_git
from okr_reports.errors import DeliveryError

USER, PASSWORD = "okr bot", "canary/p@ss:wörd%20!"
URL_FORM = "okr%20bot:canary%2Fp%40ss%3Aw%C3%B6rd%2520!"


class _GitHost(BaseHTTPRequestHandler):
    """`git http-backend` behind a login, as hosts of repositories have it."""

    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET

    def _answer(self) -> None:
        body = self._body()
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ, "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "okr",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        time.sleep(0.1)  # so that there is something to sample
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def git_host(bare, authority, run_git, monkeypatch):
    run_git(bare, "config", "http.receivepack", "true")
    handler = type("GitHost", (_GitHost,), {"root": bare.parent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = authority.context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("GIT_SSL_CAINFO", str(authority.ca_file))
    yield f"localhost:{server.server_port}/{bare.name}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def arguments_seen():
    """The command lines of all processes of this machine, sampled until the test ends."""
    seen: set[bytes] = set()
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.001):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=sample)
    thread.start()
    yield seen
    stop.set()
    thread.join()


def test_no_process_has_the_password_among_its_arguments(
    git_host, bare, site, publish, run_git, arguments_seen, tmp_path
):
    url = f"git+https://{URL_FORM}@{git_host}"
    check_git(url)
    assert publish(url, site("one")).startswith("branch gh-pages at ")
    assert publish(url, site("two")).startswith("branch gh-pages at ")
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "2"
    pushes = [line for line in arguments_seen if b"git-remote-https" in line or b"remote-https" in line]
    assert pushes, "the sampler saw git at work"
    for form in (PASSWORD, URL_FORM, URL_FORM.partition(":")[2], base64.b64encode(PASSWORD.encode()).decode()):
        assert not [line for line in arguments_seen if form.encode() in line]
    written = b"".join(path.read_bytes() for path in (tmp_path / "work").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in written
    assert URL_FORM.encode() not in written


def test_a_wrong_password_is_refused_and_not_said(git_host, site, publish):
    with pytest.raises(DeliveryError) as refused:
        publish(f"git+https://okr:canary-wrong-password@{git_host}", site("one"))
    assert "canary" not in str(refused.value)
    assert "Authentication failed" in str(refused.value)


def test_helpers_of_the_user_neither_see_nor_keep_it(git_host, site, publish, tmp_path, monkeypatch):
    stored = tmp_path / "stored"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"store --file={stored}")
    publish(f"git+https://{URL_FORM}@{git_host}", site("one"))
    assert not stored.exists()


def test_ssh_takes_no_password():
    with pytest.raises(DeliveryError, match="remove it from the target's url and use a key"):
        git_access("git+ssh://git:secret@git.example.com/x.git")
    assert git_access("git+ssh://git@git.example.com/x.git#pages").url == "ssh://git@git.example.com/x.git"


def test_a_host_that_says_nothing_is_given_up(site, publish):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"localhost:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"has not answered for 2 s; publish again when it does"):
            publish(f"git+https://{place}/x.git", site("one"), silence_seconds=2)
        assert time.monotonic() - began < 20
    left = subprocess.run(["pgrep", "-f", place], capture_output=True, text=True).stdout
    assert left == "", "the programs that git has started are gone too"


class _Elsewhere(BaseHTTPRequestHandler):
    """Asks whoever comes for a password, and writes down what it gets."""

    got: list[str]

    def do_GET(self) -> None:
        self.got.append(self.headers.get("Authorization", ""))
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class _Redirecting(_Elsewhere):
    to: str

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("Location", self.to + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_a_host_that_is_redirected_to_is_not_given_the_password(authority, site, publish, monkeypatch):
    monkeypatch.setenv("GIT_SSL_CAINFO", str(authority.ca_file))
    elsewhere = type("Elsewhere", (_Elsewhere,), {"got": []})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), elsewhere)]
    handler = type("Redirecting", (_Redirecting,), {"to": f"https://localhost:{servers[0].server_port}"})
    servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
    for server in servers:
        server.socket = authority.context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with pytest.raises(DeliveryError):
            publish(f"git+https://{URL_FORM}@localhost:{servers[1].server_port}/x.git", site("one"))
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
    assert elsewhere.got, "git followed"
    assert set(elsewhere.got) == {""}
