"""A vendor's server that writes its own bytes, at its own pace: what no HTTP library would let it do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Write = Callable[[socket.socket], None]
# How long a server that never ends goes on in a test; what is tested gives up long before.
FOR_EVER = 8.0


@contextmanager
def hostile_server(answer: Write) -> Iterator[str]:
    """Its URL: every request, read as far as its head, is answered by `answer`."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve(connected: socket.socket) -> None:
        with connected, suppress(OSError):
            while not ended.is_set() and connected.recv(65536):
                answer(connected)
                connected.shutdown(socket.SHUT_RDWR)
                return

    def accept() -> None:
        with suppress(OSError):
            while not ended.is_set():
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.close()


def drip(before: bytes, piece: bytes, every: float = 0.02) -> Write:
    """`before` at once, then `piece` again and again."""

    def write(connected: socket.socket) -> None:
        connected.sendall(before)
        until = time.monotonic() + FOR_EVER
        while time.monotonic() < until:
            connected.sendall(piece)
            time.sleep(every)

    return write


def at_once(answer: bytes) -> Write:
    return lambda connected: connected.sendall(answer)


KEPT_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# The server closes after an answer. Where it does not say so, it is chance whether the next request finds it open.
HEAD = KEPT_HEAD + b"Connection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# Each of them would keep a client for ever that trusts the timeout of its socket.
ENDLESS = {
    "silence": lambda connected: time.sleep(FOR_EVER),
    "a status line of one byte a time": drip(b"HTTP/1.1 200 ", b"O"),
    "a header of one byte a time": drip(HEAD + b"X-A: ", b"a"),
    "one header after the other": drip(HEAD, b"X-A: a\r\n"),
    "endless 100 Continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
    "100 Continue now and then": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of one byte a time": drip(HEAD + b"Content-Length: 100000000\r\n\r\n", b" "),
    "a body without an end": drip(HEAD + b"\r\n", b" "),
    "a chunk of one byte a time": drip(CHUNKED, b"1\r\n \r\n"),
    "a chunk's length of one byte a time": drip(CHUNKED, b"0"),
    "endless trailers": drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: a\r\n"),
    "fast endless trailers": drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: a\r\n" * 100, 0.0),
}
