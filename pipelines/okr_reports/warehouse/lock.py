"""One writer of the warehouse at a time, held by an operating-system lock for a whole refresh.

DuckDB locks the file only while a connection is open, so between two stages another process could slip in and half a
refresh would be built on its data. The lock ends with its process, however that ends: a killed refresh leaves none.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from okr_reports.errors import LockedError
from okr_reports.settings import Workspace, engine
from okr_reports.warehouse.recover import recover

POLL_SECONDS = 0.2
# A lock without a record belongs to a process that reads, or that has not written its record yet: it ends soon.
BRIEF_SECONDS = 2.0
logger = logging.getLogger("okr")


@contextmanager
def writer_lock(
    workspace: Workspace, *, wait_seconds: float, on_wait: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold the writer's lock of this workspace.

    While another process holds it, `on_wait` is called once with its description; after `wait_seconds` LockedError
    says so. What a killed holder left of its writing is put in order first, and a warning says so. Raises
    WarehouseError if it cannot be.
    """
    workspace.data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workspace.data_dir / "warehouse.lock")
    holder = workspace.data_dir / "warehouse.lock.json"
    _acquire(lock, holder, wait_seconds, on_wait)
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since": _now(), "command": _command()}), encoding="utf-8")
        if engine() == "ducklake":
            from okr_reports.ducklake.lock import alone

            with alone(wait_seconds, on_wait):
                yield
            return
        if done := recover(workspace.warehouse):
            logger.warning(done)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def reader_lock(workspace: Workspace) -> Iterator[bool]:
    """Keep writers out while the warehouse is read outside a refresh: whether nobody is writing it.

    DuckDB lets nobody write a file that another process has open, even to read: a reader without this lock would stop
    the refresh that is running. It never waits; where it gives False, the file must not be opened.
    """
    lock = FileLock(workspace.data_dir / "warehouse.lock")
    if not workspace.data_dir.is_dir():
        yield True
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _acquire(lock: FileLock, holder: Path, wait_seconds: float, on_wait: Callable[[str], None]) -> None:
    began = time.monotonic()
    has_said = False
    while True:
        try:
            lock.acquire(timeout=0)
            return
        except Timeout:
            who = describe_holder(holder)
            if time.monotonic() - began >= (wait_seconds if holder.exists() else max(wait_seconds, BRIEF_SECONDS)):
                raise LockedError(
                    f"the warehouse is being written by {who}; wait for it to end, or stop that process and run again"
                ) from None
            if not has_said:
                on_wait(f"waiting: the warehouse is being written by {who}")
                has_said = True
            time.sleep(POLL_SECONDS)


def describe_holder(holder: Path) -> str:
    """Who holds the lock, in words: `okr refresh (process 4242) since 2026-11-23 08:00:01 UTC`."""
    try:
        record = json.loads(holder.read_text(encoding="utf-8"))
        return f"{record['command']} (process {record['pid']}) since {record['since']}"
    except (OSError, ValueError, KeyError):
        # A writer leaves its record just after it has the lock, a reader leaves none.
        return "another process that reads it or has only just begun"


def was_killed(holder: Path) -> bool:
    """Whether the process that wrote the record has ended without taking it away."""
    try:
        os.kill(int(json.loads(holder.read_text(encoding="utf-8"))["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return False


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
