"""A command that ends with the process that started it: what ends us is passed on to it and to all it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

# Then it is killed.
GRACE = 10.0
_PASSED_ON = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def run_to_its_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code of `command`, in the shell's way for one that a signal ended. Raises OSError."""
    # At a terminal it stays in the group that Ctrl-C and reading from the keyboard belong to.
    own_group = not os.isatty(0)
    with _passing_on(own_group) as (begun, is_passed_on):
        process = subprocess.Popen(list(command), env=dict(environment), process_group=0 if own_group else None)
        begun(process)
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
def _passing_on(own_group: bool) -> Iterator[tuple[Callable[[subprocess.Popen[bytes]], None], threading.Event]]:
    """While the block runs; the event is set once it has happened.

    What comes before there is a process, as it may where we are ended at once, is passed on to it when it has `begun`.
    """
    is_passed_on = threading.Event()
    processes: list[subprocess.Popen[bytes]] = []
    early: list[int] = []
    timer = threading.Timer(GRACE, lambda: _send(processes[0], signal.SIGKILL, own_group))
    timer.daemon = True

    def end(number: int, _: FrameType | None) -> None:
        if not processes:
            early.append(number)
            return
        _send(processes[0], number, own_group)
        if not is_passed_on.is_set():
            is_passed_on.set()
            timer.start()

    def begun(process: subprocess.Popen[bytes]) -> None:
        processes.append(process)
        for number in early:
            end(number, None)

    before = {number: signal.signal(number, end) for number in _PASSED_ON}
    try:
        yield begun, is_passed_on
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
