"""What was published on each day, kept so that the report of any past day can be built again to the byte.

`<data>/history/days/<day>.json` lists, for the last publication of that day, the Parquet parts of every mart and of the
ledgers (what only the past knows); `<data>/history/parts/` holds the parts. Dated facts are cut by month, so a day adds
only what changed since the day before: the months that were read again, and the small tables of the current state.
`<data>/history/tables/` says of the marts and ledgers what they and their columns are.

`parts` are the files, `days` the chained manifests, `ledgers` what a lost warehouse gets back, `losses` what it does
not, `audit` the check of all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.errors import HistoryError
from okr_reports.warehouse.history import days
from okr_reports.warehouse.history.days import known_on, withdraw
from okr_reports.warehouse.history.ledgers import bring_back, forget_after, write_ledgers
from okr_reports.warehouse.history.parts import Parts, Table, comments, damaged, read_into
from okr_reports.warehouse.kept_rows import STORAGE_VERSION
from okr_reports.warehouse.snapshot import SCHEMA

__all__ = ["Kept", "bring_back", "forget_after", "keep", "known_on", "newest", "restore", "withdraw", "write_marts"]


@dataclass(frozen=True)
class Kept:
    """The marts of a publication, written and of no day yet."""

    tables: list[Table]
    parts: Parts


def write_marts(snapshot: Path, history: Path) -> Kept:
    """Write what is new in the analysts' copy; it is of no day until it is kept as one's."""
    parts = Parts(history / "parts")
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by 1", [SCHEMA]
        ).fetchall()
        return Kept([parts.write_table(connection, SCHEMA, name) for (name,) in names], parts)


def keep(kept: Kept, warehouse: Path, history: Path, day: date) -> list[str]:
    """Remember the marts, and the warehouse's ledgers, as what was published on `day`.

    Returns the parts that were found damaged and were written again.
    """
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        ledgers = write_ledgers(connection, kept.parts)
    days.keep(history, day, kept.tables, ledgers)
    return kept.parts.damaged


def newest(history: Path) -> date | None:
    """The last day on which something was published; None where nothing was."""
    kept = days.days(history)
    return kept[-1] if kept else None


def restore(history: Path, day: date, target: Path) -> None:
    """Write the analysts' copy as it was published on `day` (a day that `known_on` gave) to `target`.

    Raises HistoryError if a part of it is gone or damaged.
    """
    tables = days.read_day(history, day).tables
    if broken := list(damaged(tables, history / "parts")):
        more = f" and {len(broken) - 1} more" if broken[1:] else ""
        raise HistoryError(f"{history / 'parts' / broken[0]}{more}: gone, or not what its name says")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"attach {quoted_text(str(target))} as copy (storage_version {quoted_text(STORAGE_VERSION)})"
        )
        connection.execute(f"create schema copy.{SCHEMA}")
        for table in tables:
            name = f"copy.{SCHEMA}.{quoted_name(table['name'])}"
            read_into(connection, name, table, history / "parts")
            for statement in comments(name, table):
                connection.execute(statement)
