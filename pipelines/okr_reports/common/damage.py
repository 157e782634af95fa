"""Whether a DuckDB file is damaged, and what to say of it in place of the engine's own words."""

from __future__ import annotations

from pathlib import Path

import duckdb

from okr_reports.common.sql_text import quoted_name

# What DuckDB 2.0 says of files that were cut or altered (tests/test_damage.py).
_SIGNS = (
    "Corrupt database file",
    "Could not read enough bytes",
    "not a valid DuckDB database file",
    "Failed to deserialize",
    "database has been invalidated",
)
WAREHOUSE_TODO = (
    "put a backup of it in its place, or move it away: the next refresh reads everything again from the start dates,"
    " and brings back from history/ what only the past knows"
)
COPY_TODO = "run `okr refresh`, which writes it anew"


def is_damage(text: str) -> bool:
    """Whether these are DuckDB's words for a file that was cut or altered."""
    return any(sign in text for sign in _SIGNS)


def explained(text: str) -> str:
    """DuckDB's words for a damaged file, with what to do; for messages that came through Dagster or dbt."""
    return (
        f"a DuckDB file in the data folder is damaged ({text.splitlines()[0]}); `okr doctor` says which one; if it is"
        f" the warehouse, {WAREHOUSE_TODO}; okr.duckdb is written anew by `okr refresh`"
    )


def damage_of(path: Path) -> str | None:
    """What is wrong with a file of DuckDB, every block of its tables read; None if nothing is.

    Also None while another process writes it.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                name = f"{quoted_name(schema)}.{quoted_name(table)}"
                connection.execute(f"select sum(hash(read)) from {name} as read").fetchall()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        return None if "set lock" in said else said
    return None
