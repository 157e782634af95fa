"""The sandbox behind a server that spoils one of its answers."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.channels.hostile_server import Write
from tests.channels.mutations import Answer, plain

Spoil = Callable[[Answer, random.Random], Write]
_KEPT = ("content-type", "x-fb-ads-insights-throttle", "x-app-usage", "x-business-use-case-usage")


class SpoiltVendor:
    """`spoil` makes of the answer to the request that came as number `at` something else, each time it is asked."""

    def __init__(self, sandbox_url: str) -> None:
        self._there = urlsplit(sandbox_url).netloc
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.begin(-1, None, 0)

    def begin(self, at: int, spoil: Spoil | None, seed: int) -> None:
        """A new run: requests are counted from here."""
        self.asked = 0
        self._at, self._spoil, self._seed = at, spoil, seed
        self._spoilt: tuple[str, str, bytes] | None = None
        self._lock = threading.Lock()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self._listening.accept()[0],), daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _answer(self, connected: socket.socket) -> None:
        with connected, suppress(OSError, ValueError, http.client.HTTPException):
            reader = connected.makefile("rb")
            method, path, _ = reader.readline().decode().split(" ", 2)
            headers = {}
            while line := reader.readline().strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            body = reader.read(int(headers.get("content-length", 0)))
            answer = self._asked(method, path, headers, body)
            # the tests' clients do not wait for their turn, and the sandbox counts
            while answer.status == 429:
                time.sleep(0.2)
                answer = self._asked(method, path, headers, body)
            write = self._fate((method, path, body), answer)
            write(connected)
            with suppress(OSError):
                connected.shutdown(socket.SHUT_WR)

    def _asked(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        there = http.client.HTTPConnection(self._there, timeout=30)
        # the sandbox puts its own address into some answers
        sent = {name: value for name, value in headers.items() if name not in ("accept-encoding", "connection")}
        there.request(method, path, body, sent)
        reply = there.getresponse()
        kept = {name: value for name, value in reply.getheaders() if name.lower() in _KEPT}
        answer = Answer(reply.status, kept, reply.read())
        there.close()
        return answer

    def _fate(self, request: tuple[str, str, bytes], answer: Answer) -> Write:
        with self._lock:
            number, self.asked = self.asked, self.asked + 1
            if number == self._at:
                self._spoilt = request
            is_spoilt = self._spoilt == request
        if is_spoilt and self._spoil is not None:
            return self._spoil(answer, random.Random(self._seed))
        return lambda connected: connected.sendall(plain(answer))


@contextmanager
def spoilt_vendor(sandbox_url: str) -> Iterator[SpoiltVendor]:
    vendor = SpoiltVendor(sandbox_url)
    threading.Thread(target=vendor.serve, daemon=True).start()
    try:
        yield vendor
    finally:
        vendor.close()
