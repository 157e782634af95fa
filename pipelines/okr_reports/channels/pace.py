"""Asking no faster than a vendor allows, as the vendor's own clock sees it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Pace:
    """At most `requests` in any stretch of `seconds`, every try counted; one at a time.

    Counted from when a reply has come to when the next request goes out: by then the vendor has counted the first and
    not yet the second, however long either travels.
    """

    def __init__(self, requests: int, seconds: float) -> None:
        self._seconds = seconds
        self._done: deque[float] = deque(maxlen=requests)
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, sleep: Callable[[float], None]) -> Iterator[None]:
        """Wait for the turn of a request; the request itself is the body."""
        with self._lock:
            left = self._done[0] + self._seconds - time.monotonic() if len(self._done) == self._done.maxlen else 0.0
            if left > 0:
                sleep(left)
            try:
                yield
            finally:
                self._done.append(time.monotonic())
