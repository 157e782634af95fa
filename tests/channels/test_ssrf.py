"""Addresses that lead elsewhere: as base_url, as the next page's link, as a redirect and by DNS. No byte goes there."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from okr_reports.channels.addresses import check_base_url
from okr_reports.channels.http import Http
from okr_reports.errors import ChannelError, VendorError

METADATA = "169.254.169.254"
# Ways of writing hosts that no channel may reach, with what surrounds them in an address.
HOSTS = (
    METADATA, "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.43518",
    "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]",
    "[fc00::1]", "[::]", "0.0.0.0", "0", "10.0.0.1", "010.0.0.1", "10.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.168.1", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "metadata.google.internal", "metadata.google.internal.", "instance-data.ec2.internal",
    "kubernetes.default.svc.cluster.local", "router.local", "nas.home.arpa", "x.localhost", "[2001:db8::1]",
    "192.0.2.1", "[64:ff9b:1::a9fe:a9fe]", "[::169.254.169.254]", "[::10.0.0.1]",
)  # fmt: skip
OTHERS = (
    "http://api.example.com", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "ftp://127.0.0.1/",
    "gopher://127.0.0.1:70/_x", "file:///etc/passwd", "file://localhost/etc/passwd", "dict://127.0.0.1:11211/",
    "ldap://127.0.0.1", "jar:https://a/b!/", "data:text/plain,x", "javascript:alert(1)", "//169.254.169.254/", "https:",
    "https://", "https:///x", "https://user@127.0.0.1/", "https://api.example.com@169.254.169.254/",
    "https://169.254.169.254#@api.example.com", "https://169.254.169.254?@api.example.com",
    "https://api.example.com\\@169.254.169.254/", "https://[::1", "https://api.example.com:99999",
    "https://api.example.com:-1", "https://127.0.0.1:80@169.254.169.254/", "\thttps://169.254.169.254",
    "https://169。254。169。254", "https://①⑥⑨.②⑤④.①⑥⑨.②⑤④", "https://%31%36%39.254.169.254",
    "https://api.example.com/?next=https://10.0.0.1",
)  # fmt: skip
ADDRESSES = (*(f"https://{host}/latest/meta-data" for host in HOSTS), *OTHERS)


class Server:
    """Answers everything with a redirect to `location`, or with nothing special."""

    def __init__(self) -> None:
        self.location, self.asked = "", 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(302 if outer.location else 200)
                if outer.location:
                    self.send_header("Location", outer.location.encode("ascii", "ignore").decode())
                body = json.dumps({"fine": True}).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.http.server_address[1])


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


_CONNECTED: list[list[Any]] = []
sys.addaudithook(
    lambda event, arguments: _CONNECTED[-1].append(arguments[1]) if event == "socket.connect" and _CONNECTED else None
)


@pytest.fixture
def connected() -> Iterator[list[Any]]:
    """Where this process connects to, as the interpreter itself reports it."""
    _CONNECTED.append([])
    yield _CONNECTED[-1]
    _CONNECTED.pop()


def test_there_are_sixty() -> None:
    assert len(set(ADDRESSES)) >= 60


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_asked_there(address: str, server: Server, connected: list[Any]) -> None:
    with pytest.raises(ChannelError, match="base_url"):
        check_base_url("ads", address)
    with pytest.raises(ChannelError, match="base_url"):
        Http("ads", address)
    client = Http("ads", f"http://127.0.0.1:{server.port}/v1", sleep=lambda _: None)
    if "://" in address:
        with pytest.raises(VendorError, match="another host"):
            client.get(address)
    server.location = address.strip()
    with pytest.raises(VendorError, match="redirect"):
        client.get("page")
    assert server.asked == 1
    assert {place[1] for place in connected} == {server.port}


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", METADATA, "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_a_public_name_that_resolves_inside_is_refused(
    inside: str, server: Server, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in inside else socket.AF_INET
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *_, **__: [(family, socket.SOCK_STREAM, 6, "", (inside, port))]
    )
    client = Http("ads", f"https://api.example.com:{server.port}", sleep=lambda _: None)
    with pytest.raises(VendorError, match="the connection broke"):
        client.get("v1/x")
    assert connected == []
    assert server.asked == 0
