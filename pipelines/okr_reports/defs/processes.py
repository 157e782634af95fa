"""Which process works on a run, written on the run itself, so that one that was killed is not taken for running.

Dagster's daemon notices when a run that it launched dies. It cannot see one whose code server died with it (a power
cut), nor an `okr refresh` in a shell; such a run would hold the pool until it reaches its time limit.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

TAG = "okr/process"


def this_process() -> str:
    """Host, id and start of this process: `machine:4242:1234567`."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid()) or ''}"


def has_ended(tag: str) -> bool:
    """Whether the process of that tag is surely gone; False for one of another host, or where there is no /proc."""
    host, pid, started = tag.rsplit(":", 2)
    if host != socket.gethostname() or not started:
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str | None:
    """When the process began, in ticks since the machine did: a number is given to many processes in turn."""
    try:
        # The name before it may hold anything, a bracket included.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
