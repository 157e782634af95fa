"""What the analysts' copy held before: the next one begins as its file, and rows that are equal are not written again.

Nothing is remembered of what was written: the rows of that file are compared with those that belong in it, by the
digests of a table's rows, of the large facts by day. So whatever changed them shows: a load, a rule, somebody's hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from okr_reports.common.equal_rows import digests_by
from okr_reports.common.sql_text import quoted_name, quoted_text

# DuckDB 2.0 writes a format that 1.x clients cannot open by default; 1.4 is the oldest line still supported.
STORAGE_VERSION = "v1.4.0"
DAY = "date"
ROWS_OF_A_GROUP = 122_880
# Days that are taken out leave gaps: a table in so many times the row groups that it needs is written anew.
MOST_GROUPS = 1.5
# What a copy never holds, so that somebody else has put it there.
_FOREIGN = ("views", "indexes", "constraints", "sequences", "functions")


def attach(connection: duckdb.DuckDBPyConnection, building: Path, before: Path | None) -> None:
    """Attach `building` as `copy`: with all that the file `before` holds, or empty. Raises OSError, duckdb.Error."""
    _remove(building)
    if before and before.is_file():
        shutil.copyfile(before, building)
        _attach(connection, building)
        if _is_fit(connection):
            return
        connection.execute("detach copy")
        _remove(building)
    _attach(connection, building)


def take_out(
    connection: duckdb.DuckDBPyConnection, schema: str, queries: Mapping[str, str], by_day: Collection[str]
) -> dict[str, list[str]]:
    """Take out of `copy` whatever is not to stay; of each table of `schema` that stays the days that it lacks now.

    `queries` give the rows that belong into each table; of those `by_day` the days that are equal stay. The space is
    free when it returns.
    """
    lacking = {
        table: days
        for table, query in queries.items()
        if (days := _days_that_differ(connection, f"copy.{schema}.{quoted_name(table)}", query, table in by_day))
        is not None
    }
    connection.begin()
    for there, table in connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'copy'"
    ).fetchall():
        name = f"copy.{quoted_name(there)}.{quoted_name(table)}"
        if there != schema or table not in lacking:
            connection.execute(f"drop table {name}")
        elif lacking[table]:
            connection.execute(f"delete from {name} where {of_days(lacking[table])}")
    for (there,) in connection.execute(
        "select schema_name from duckdb_schemas() where database_name = 'copy' and not internal and schema_name <> ?",
        [schema],
    ).fetchall():
        connection.execute(f"drop schema copy.{quoted_name(there)}")
    connection.commit()
    connection.execute("checkpoint copy")
    return lacking


def of_days(days: Collection[str]) -> str:
    """The condition of rows of these days."""
    return f"{DAY} in ({', '.join(f'date {quoted_text(day)}' for day in days)})"


def _attach(connection: duckdb.DuckDBPyConnection, building: Path) -> None:
    path, version = quoted_text(str(building)), quoted_text(STORAGE_VERSION)
    connection.execute(f"attach {path} as copy (storage_version {version})")


def _remove(building: Path) -> None:
    building.unlink(missing_ok=True)
    # What a killed process left; DuckDB would take it for the new file's own log.
    building.with_name(f"{building.name}.wal").unlink(missing_ok=True)


def _is_fit(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file is of this version of the storage, at most a third of it is free, and nobody added to it."""
    foreign = " + ".join(f"(select count(*) from duckdb_{kind}() where database_name = 'copy')" for kind in _FOREIGN)
    return connection.execute(
        f"select tags['storage_version'] like ? || '%' and 3 * free_blocks <= total_blocks and {foreign} = 0"
        " from duckdb_databases() natural join pragma_database_size() where database_name = 'copy'",
        [STORAGE_VERSION],
    ).fetchall() == [(True,)]


def _days_that_differ(
    connection: duckdb.DuckDBPyConnection, table: str, query: str, is_by_day: bool
) -> list[str] | None:
    """The days of which a table has other rows than the query, none where all are equal; None if it is made anew."""
    try:
        before = _columns(connection, f"from {table}")
    except duckdb.CatalogException:
        return None
    if before != _columns(connection, query):
        return None
    cut = DAY if is_by_day and before.get(DAY) == "DATE" else "null"
    kept, wanted = digests_by(connection, f"(from {table})", cut), digests_by(connection, f"({query})", cut)
    days = [day for day in kept.keys() | wanted.keys() if kept.get(day) != wanted.get(day)]
    if not days:
        return []
    rows, written = (sum(wanted[day][0] for day in of if day in wanted) for of in (wanted, days))
    if None in days or 2 * written > rows or _has_gaps(connection, table, rows):
        return None
    return sorted(day for day in days if day)


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """The columns with their types, in order."""
    return {row[0]: row[1] for row in connection.execute(f"describe {query}").fetchall()}


def _has_gaps(connection: duckdb.DuckDBPyConnection, table: str, rows: int) -> bool:
    groups = connection.execute(
        f"select count(distinct row_group_id) from pragma_storage_info({quoted_text(table)})"
    ).fetchone() or (0,)
    return bool(groups[0] > 1 + MOST_GROUPS * rows / ROWS_OF_A_GROUP)
