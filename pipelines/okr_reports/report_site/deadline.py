"""Stops what does not end: queries, and the rendering of pages (loops in loops, which Jinja's sandbox lets run)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class PageTooSlow(Exception):
    """Raised inside the rendering at its deadline."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise PageTooSlow when what is inside takes longer, between two steps of Python code.

    What is one long step (a text of a gigabyte) is ended from outside, with its process (renderer/client.py).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def fire(*_: Any) -> None:
        raise PageTooSlow

    before = signal.signal(signal.SIGALRM, fire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Watchdog:
    """Interrupts a query at its deadline. One thread for all queries: a timer for each cost a tenth of a query."""

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt, self._lock = interrupt, threading.Lock()
        self._deadline: float | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self, seconds: float) -> None:
        with self._lock:
            self._deadline = time.monotonic() + seconds

    def stop(self) -> None:
        """After this no interrupt comes any more: it would hit the next query."""
        with self._lock:
            self._deadline = None

    def end(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            with self._lock:
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._interrupt()
