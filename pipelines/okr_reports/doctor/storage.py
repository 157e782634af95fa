"""What lies in the data folder: the warehouse and who writes it, the last refresh, the history, room on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import duckdb

from okr_reports import settings
from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.damage import COPY_TODO, damage_of
from okr_reports.doctor.diagnosis import Diagnosis
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops
from okr_reports.warehouse.history import audit
from okr_reports.warehouse.lock import describe_holder, reader_lock, was_killed
from okr_reports.warehouse.recover import WHAT_NOW, is_database

# A refresh writes the warehouse, its copy, a day's history and a release: five times the warehouse has been enough.
LEAST_FREE_BYTES = 1_000_000_000
COPIES_OF_WAREHOUSE = 5


def warehouse(workspace: Workspace) -> Iterator[Diagnosis]:
    """Whether the file is whole, every block of it read, and who is writing it."""
    file = workspace.warehouse
    if file.exists() and not is_database(file):
        yield Diagnosis("warehouse", f"{file} is not a DuckDB file (any more); {WHAT_NOW}", fault=True)
    elif file.exists():
        with reader_lock(workspace) as nobody_writes:
            damage = damage_of(file) if nobody_writes else None
        if damage:
            yield Diagnosis("warehouse", f"{file} is damaged ({damage}); {WHAT_NOW}", fault=True)
    holder = workspace.data_dir / "warehouse.lock.json"
    if holder.exists():
        who = describe_holder(holder)
        killed = f"{who} was killed: run `okr refresh`, which puts in order what it left"
        yield Diagnosis("warehouse", killed if was_killed(holder) else f"being written by {who}")


# Where no load says itself what is wrong.
_TODO = {
    "stale": "bring what came since, or say how often it comes (`cadence`) or that it has ended (`ended`)",
    "never_loaded": "none of its rows was read: `okr check` says which lines are none",
}


def last_refresh(workspace: Workspace) -> Iterator[Diagnosis]:
    """When it was, and which sources are late."""
    if not workspace.snapshot.exists():
        yield Diagnosis("last refresh", "none yet; run `okr refresh`")
        return
    try:
        connection = open_copy(workspace.snapshot)
    except OkrError as unreadable:
        yield Diagnosis("last refresh", str(unreadable), fault=True)
        return
    try:
        yield from _of_copy(connection)
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        yield Diagnosis("last refresh", f"{workspace.snapshot} is damaged ({said}); {COPY_TODO}", fault=True)


def _of_copy(connection: duckdb.DuckDBPyConnection) -> Iterator[Diagnosis]:
    with connection:
        row = connection.execute("select refreshed_at, data_through, timezone from marts.report_context").fetchone()
        late = connection.execute(
            "select channel, account_id, state, stale_since, last_error from marts.source_health"
            " where state not in ('fresh', 'ended', 'off') order by 1, 2"
        ).fetchall()
    if row:
        days = (settings.today(row[2]) - row[0].astimezone(ZoneInfo(row[2])).date()).days
        age = f", {days} days ago" if days > 1 else ""
        yield Diagnosis("last refresh", f"{row[0]:%Y-%m-%d %H:%M %Z}{age}, data through {row[1]}")
    for channel, account, state, since, error in late:
        what = f"{channel} {account}".strip() + f" is {state}" + (f" since {since}" if since else "")
        todo = f": {error}" if error else f"; {_TODO[state]}" if state in _TODO else ""
        yield Diagnosis("last refresh", what + todo, fault=True)


def history(workspace: Workspace, *, whole: bool) -> Iterator[Diagnosis]:
    """Whether the newest kept day is whole, or all of them."""
    folder = workspace.history_dir
    yield Diagnosis("history", audit.summary(folder))
    try:
        with reader_lock(workspace) as nobody_writes:
            published = ops.published_days(workspace.warehouse) if nobody_writes else []
    except duckdb.Error:
        published = []  # what is wrong with the warehouse, or who writes it, is said above
    for fault in audit.faults(folder, newest_only=not whole, published=published):
        yield Diagnosis("history", fault, fault=True)


def disk(workspace: Workspace) -> Diagnosis:
    """Whether there is room for a refresh."""
    data_dir = workspace.data_dir
    place = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    if not place.is_dir():
        return Diagnosis(
            "disk", f"{place} is a file, and the data needs a folder; move it, or set OKR_DATA_DIR", fault=True
        )
    free = shutil.disk_usage(place).free
    size = workspace.warehouse.stat().st_size if workspace.warehouse.exists() else 0
    needed = max(LEAST_FREE_BYTES, COPIES_OF_WAREHOUSE * size)
    text = f"{free / 1e9:,.1f} GB free for {data_dir}, {needed / 1e9:,.1f} GB are enough"
    if free >= needed:
        return Diagnosis("disk", text)
    return Diagnosis("disk", f"{text}; make room, or move the data with OKR_DATA_DIR", fault=True)
