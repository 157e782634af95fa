"""Stops the rendering of a page that does not end: loops in loops, which neither Jinja's sandbox nor DuckDB stops."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PageTooSlow(Exception):
    """Raised inside the rendering thread at its deadline."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise PageTooSlow in this thread when what is inside takes longer. Works between two steps of Python code."""
    thread, lock, over = threading.get_ident(), threading.Lock(), False

    def fire() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(PageTooSlow))

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()
