"""A command that ends with the process that started it: what ends us is passed on to it and to all it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

# Then it is killed.
GRACE = 10.0
_PASSED_ON = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def run_to_its_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code of `command`, in the shell's way for one that a signal ended. Raises OSError."""
    # At a terminal it stays in the group that Ctrl-C and reading from the keyboard belong to.
    own_group = not os.isatty(0)
    process = subprocess.Popen(list(command), env=dict(environment), process_group=0 if own_group else None)
    with process, _passing_on(process, own_group) as is_passed_on:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # At a terminal it has had it too: it ends itself, and is not killed while it does.
                if own_group:
                    _send(process, signal.SIGINT, own_group)
                continue
            if is_passed_on.is_set() and own_group:
                _outlast(process.pid)
            return code if code >= 0 else 128 - code


@contextmanager
def _passing_on(process: subprocess.Popen[bytes], own_group: bool) -> Iterator[threading.Event]:
    """While the block runs; the event is set once it has happened."""
    is_passed_on = threading.Event()
    timer = threading.Timer(GRACE, _send, (process, signal.SIGKILL, own_group))
    timer.daemon = True

    def end(number: int, _: FrameType | None) -> None:
        _send(process, number, own_group)
        if not is_passed_on.is_set():
            is_passed_on.set()
            timer.start()

    before = {number: signal.signal(number, end) for number in _PASSED_ON}
    try:
        yield is_passed_on
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _outlast(group: int) -> None:
    """Wait until nobody of the group is left; kill who stays too long."""
    until = time.monotonic() + GRACE
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)


def _send(process: subprocess.Popen[bytes], number: int, own_group: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if own_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
