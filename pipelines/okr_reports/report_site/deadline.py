"""Stops the rendering of a page that does not end: loops in loops, which neither Jinja's sandbox nor DuckDB stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
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
