"""What a killed refresh leaves beside the warehouse, put right before the next one writes.

A process that dies leaves DuckDB's write-ahead log (WAL) next to the file. Usually it is replayed. One that was cut is
replayed up to the last whole transaction; one whose bytes were altered is refused by its checksums, and then every
command would fail until a person acts. It is moved aside, never deleted: the file itself stands at its last checkpoint,
and since how far each account is loaded is a table of that file, the next refresh reads again whatever is missing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from okr_reports.common.damage import WAREHOUSE_TODO
from okr_reports.errors import LockedError, WarehouseError

WHAT_NOW = WAREHOUSE_TODO


def recover(warehouse: Path) -> str | None:
    """Replay what a killed process left, or move it aside; in words what was done, None if nothing was left.

    The writer's lock must be held. Raises LockedError if a process that knows no lock has the file open, and
    WarehouseError if the file itself cannot be opened.
    """
    if warehouse.exists() and not is_database(warehouse):
        if warehouse.stat().st_size:
            raise WarehouseError(f"{warehouse} is not a DuckDB file (any more); {WHAT_NOW}")
        warehouse.unlink()
        return f"{warehouse} was empty, as a process killed at its very start leaves it: it is made again"
    wal = warehouse.with_name(f"{warehouse.name}.wal")
    if not wal.exists():
        _open(warehouse)
        return None
    size = wal.stat().st_size
    try:
        _checkpoint(warehouse)
    except duckdb.Error as error:
        if not _is_broken_wal(error):
            raise _explained(warehouse, error) from None
        return _without(wal, warehouse)
    return f"an earlier refresh was killed: its last {size:,} bytes ({wal.name}) were put in order"


def _open(warehouse: Path) -> None:
    """A file that was cut is found at once, not by the first stage that meets the cut.

    By the blocks in use: DuckDB writes no free block at the end of a whole file, though it counts it in.
    """
    if warehouse.exists():
        try:
            with duckdb.connect(str(warehouse), read_only=True) as connection:
                needed = connection.execute("select block_size * used_blocks from pragma_database_size()").fetchone()
        except duckdb.Error as error:
            raise _explained(warehouse, error) from None
        if needed and warehouse.stat().st_size < needed[0]:
            what = f"it has {warehouse.stat().st_size:,} bytes, and its blocks need {needed[0]:,}"
            raise WarehouseError(f"{warehouse} was cut ({what}); {WHAT_NOW}")


def is_database(warehouse: Path) -> bool:
    """Whether the file begins as DuckDB's do. Looks without opening it as one, which would lock a writer out."""
    with warehouse.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _without(wal: Path, warehouse: Path) -> str:
    """Move the log aside and open the file as of its last checkpoint."""
    aside = wal.with_name(f"{wal.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    wal.replace(aside)
    try:
        _checkpoint(warehouse)
    except duckdb.Error as error:
        aside.replace(wal)
        raise _explained(warehouse, error) from None
    return (
        f"an earlier refresh was killed and its write-ahead log is broken: it was moved to {aside}, the warehouse"
        " stands at its last checkpoint, and what was loaded since is read again; the file may be deleted"
    )


def _checkpoint(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("checkpoint")


def _is_broken_wal(error: duckdb.Error) -> bool:
    text = str(error)
    return "replaying WAL" in text and "No space left" not in text


def _explained(warehouse: Path, error: duckdb.Error) -> LockedError | WarehouseError:
    what = str(error).splitlines()[0]
    if "set lock" in what:
        return LockedError(f"{warehouse} is open in another program ({what}); close it there and run again")
    if "No space left" in what:
        return WarehouseError(f"{warehouse} cannot be opened, the disk is full ({what}); free some space and run again")
    return WarehouseError(f"{warehouse} cannot be opened ({what}); {WHAT_NOW}")
