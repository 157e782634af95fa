"""Whether Ctrl-C, or the end that a supervisor asks for, has come; whatever a library made of it.

DuckDB turns the exception that a signal raises into `RuntimeError: Query interrupted`, dlt into a failed step, Dagster
into a failed run: what stopped a command is not to be read from its errors. The system writes it down.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ENDS = (signal.SIGINT, signal.SIGTERM)
_come: list[int] = []
_readers: list[socket.socket] = []


@contextmanager
def noted() -> Iterator[None]:
    """Note the signals that come while the block runs. Only a main thread has any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    _readers.append(reader)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        _readers.remove(reader)
        reader.close()
        writer.close()
        if not _readers:
            _come.clear()


def ended_by() -> int | None:
    """The number of the first signal to end that has come since the outermost `noted` began."""
    for reader in _readers:
        with suppress(BlockingIOError):
            _come.extend(number for number in reader.recv(4096) if number in _ENDS)
    return _come[0] if _come else None
