"""One wall-clock end for a whole request: connecting, every header, every byte of the body, its trailers.

A socket's timeout counts anew with each byte, so that a header of one byte a second never trips it. Here a timer shuts
the request's sockets down, and whoever reads from them wakes up.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from urllib3.connection import HTTPConnection

_CURRENT = threading.local()


class Deadline:
    """The end of what the block asks over `Watched` connections in this thread; `is_over` once it has passed."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _CURRENT.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _CURRENT.deadline = None
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> None:
        """Shut this one down at the end; now, if that has passed. A connection may let go of it before its answer."""
        with self._lock:
            self._sockets.append(connected.dup())
            if self.is_over:
                _shut(connected)

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            for connected in self._sockets:
                _shut(connected)


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class Watched(HTTPConnection):
    """A connection that ends with the Deadline of the block it is used in.

    It keeps a second handle of its socket: TLS takes the first one out of everybody's hands while it shakes hands.
    """

    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        self._handle = connected.dup()
        self._watch()
        return connected

    def request(self, *arguments: Any, **named: Any) -> None:
        self._watch()
        super().request(*arguments, **named)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        super().close()
        if handle is not None:
            handle.close()

    def _watch(self) -> None:
        deadline: Deadline | None = getattr(_CURRENT, "deadline", None)
        if deadline is not None and self._handle is not None:
            deadline.watch(self._handle)
