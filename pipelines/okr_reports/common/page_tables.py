"""What a `tables` entry says: written by the definitions (okrs), read by channels/page_tables, kept by the copy.

They are plain tables that pages query beside the marts: never measures, never scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.file_places import lies_within

if TYPE_CHECKING:
    import duckdb

SCHEMA = "tables"
# The table of all tables, in the same schema: one row each. Columns with their types, and what they mean.
ABOUT = "tables"
ABOUT_COMMENT = "Grain: a declared table of your own. Plain tables for pages: never measures, never scored"
_ABOUT = {
    "table_name": ("varchar", "Its id, and its name in schema tables"),
    "source": ("varchar", "The path as it was written, the connection, or the model"),
    "state": ("varchar", "fresh, or failed: then its rows are those of an earlier load, or it has none yet"),
    "rows": ("bigint", "How many rows are there now"),
    "columns": ("bigint", "How many columns they have"),
    "changed_at": ("timestamptz", "When the file that they are of was last changed; NULL of a query"),
    "loaded_at": ("timestamptz", "When the rows that are there were loaded"),
    "error": ("varchar", "Why the last load failed, and what to do"),
}
ABOUT_COLUMNS = {name: kind for name, (kind, _) in _ABOUT.items()}
ABOUT_COMMENTS = {name: comment for name, (_, comment) in _ABOUT.items()}


@dataclass(frozen=True)
class PageTable:
    """One table: a file at `path`, what `query` gives over `connection`, a section of `[sources.sql]`, or a `model`.

    `written` is the path as it was written; `defined_at` is `path:line`. Nothing outside of `roots` is read.
    """

    id: str
    path: Path | None = None
    written: str = ""
    sheet: str | None = None
    header: int | None = None
    encoding: str | None = None
    connection: str = ""
    query: str = ""
    model: str = ""
    defined_at: str = ""
    roots: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def source(self) -> str:
        """Where its rows come from, in a word."""
        if self.model:
            return f"models: {self.model}"
        return self.written if self.path is not None else f"sql: {self.connection}"

    @property
    def is_within_roots(self) -> bool:
        return self.path is None or lies_within(self.path, self.roots)


@dataclass(frozen=True)
class LoadedTables:
    """What a refresh could read: the tables in schema `main` of `database`, and what is wrong with the others.

    `faults` are texts for readers of the report, without what they quote of files.
    """

    declared: tuple[PageTable, ...]
    database: Path
    loaded_at: datetime
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def known_columns(snapshot: Path) -> dict[str, dict[str, str]]:
    """The tables of the copy, with their columns and types; none if there is no copy that can be read."""
    import duckdb

    with suppress(duckdb.Error), duckdb.connect(str(snapshot), read_only=True) as connection:
        return columns_of(connection)
    return {}


def columns_of(connection: duckdb.DuckDBPyConnection, schema: str = SCHEMA) -> dict[str, dict[str, str]]:
    """Table -> column -> type of a schema."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = ?"
        " order by table_name, column_index",
        [schema],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found
