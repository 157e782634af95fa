"""Schema `tables` of the analysts' copy: what a refresh could read, and of the rest the rows that were there before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb

from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.page_tables import (
    ABOUT,
    ABOUT_COLUMNS,
    ABOUT_COMMENT,
    ABOUT_COMMENTS,
    SCHEMA,
    LoadedTables,
)
from okr_reports.common.sql_text import quoted_name, quoted_text


def write_tables(connection: duckdb.DuckDBPyConnection, loaded: LoadedTables | None, before: Path) -> None:
    """Make the schema in the attached `copy`; `before` is the copy that it will replace, there or not.

    A table that failed and never had rows is not made: a page that asks for it says so. One that is not declared any
    more is gone.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in ABOUT_COLUMNS.items())
    connection.execute(f"create schema copy.{SCHEMA}")
    connection.execute(f"create table copy.{SCHEMA}.{ABOUT} ({columns})")
    connection.execute(f"comment on table copy.{SCHEMA}.{ABOUT} is {quoted_text(ABOUT_COMMENT)}")
    for column, comment in ABOUT_COMMENTS.items():
        connection.execute(f"comment on column copy.{SCHEMA}.{ABOUT}.{column} is {quoted_text(comment)}")
    if loaded is None or not loaded.declared:
        return
    connection.execute(f"attach {quoted_text(str(loaded.database))} as loaded (read_only)")
    kept = _attach(connection, before)
    for table in loaded.declared:
        fault = loaded.faults.get(table.id)
        name = quoted_name(table.id)
        origin = f"loaded.main.{name}" if fault is None else f"before.{SCHEMA}.{name}"
        if fault is None or table.id in kept:
            connection.execute(f"create table copy.{SCHEMA}.{name} as from {origin} order by rowid")
            comment = quoted_text(f"Of your own, from {table.source}")
            connection.execute(f"comment on table copy.{SCHEMA}.{name} is {comment}")
        if fault is None or table.id not in kept:
            rows, width = _size(connection, name) if fault is None else (None, None)
            at = None if fault is not None else loaded.loaded_at
            state = "fresh" if fault is None else "failed"
            row = (table.id, table.source, state, rows, width, loaded.changed_at.get(table.id), at, fault)
            connection.execute(f"insert into copy.{SCHEMA}.{ABOUT} values ({', '.join('?' * len(row))})", row)
        else:
            connection.execute(
                f"insert into copy.{SCHEMA}.{ABOUT} select table_name, $source, 'failed', rows, columns, changed_at,"
                f" loaded_at, $fault from before.{SCHEMA}.{ABOUT} where table_name = $name",
                {"source": table.source, "fault": fault, "name": table.id},
            )


def copy_tables(today: Path, copy: Path) -> list[str]:
    """Put the tables of today's copy into that of a past day: nobody keeps what they were. Their names."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted_text(str(copy))} as copy")
        names = _attach(connection, today)
        if not names:
            return []
        connection.execute(f"create schema if not exists copy.{SCHEMA}")
        for name in [*names, ABOUT]:
            connection.execute(
                f"create table copy.{SCHEMA}.{quoted_name(name)} as from before.{SCHEMA}.{quoted_name(name)}"
            )
        return names


def failures(snapshot: Path) -> list[str]:
    """What is wrong with the tables of the copy, each with what its pages show now."""
    with open_copy(snapshot) as connection, suppress(duckdb.CatalogException):
        rows = connection.execute(
            f"select table_name, error, loaded_at from {SCHEMA}.{ABOUT} where state = 'failed' order by 1"
        ).fetchall()
        return [
            f"{error} (pages show the rows of {at:%Y-%m-%d %H:%M})" if at else f"{error} (it has no rows yet)"
            for _, error, at in rows
        ]
    return []


def _attach(connection: duckdb.DuckDBPyConnection, before: Path) -> list[str]:
    """The tables of one's own in another copy, attached as `before`; none if it cannot be read or is older."""
    if not before.is_file():
        return []
    with suppress(duckdb.Error):
        connection.execute(f"attach {quoted_text(str(before))} as before (read_only)")
        rows = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'before' and schema_name = ?"
            " and table_name <> ? order by 1",
            [SCHEMA, ABOUT],
        ).fetchall()
        return [row[0] for row in rows]
    return []


def _size(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[int, int]:
    (rows,) = connection.execute(f"select count(*) from copy.{SCHEMA}.{name}").fetchone() or (0,)
    return rows, len(connection.execute(f"describe copy.{SCHEMA}.{name}").fetchall())
