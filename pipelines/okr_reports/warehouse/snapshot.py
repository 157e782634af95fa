"""The analysts' copy `okr.duckdb`: every public mart, in one file that no refresh ever locks.

The warehouse holds codes where readers look for sentences; here both are, the sentences in the reporting language.

It is written beside its place and moved over it in one step (measured: readers of a file replaced this way
saw 0 errors in 695 opens; readers of the file being written failed 835 of 1,291). A session that has the old file open
keeps it until it closes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.errors import PublishError
from okr_reports.warehouse import own_models
from okr_reports.warehouse.page_tables import write_tables
from okr_reports.words.copied import SENTENCES, Sentence, said, speakers

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_reports.common.page_tables import LoadedTables

# DuckDB 2.0 writes a format that 1.x clients cannot open by default; 1.4 is the oldest line still supported.
STORAGE_VERSION = "v1.4.0"
SCHEMA = "marts"


def write_snapshot(
    warehouse: Path, target: Path, catalogues: Sequence[Path] = (), tables: LoadedTables | None = None
) -> dict[str, str]:
    """Copy schema `marts` of a closed warehouse to `target`, comments included, replacing it whole.

    Beside it stand schema `models` with the workspace's own, and schema `tables`: those that were loaded, and of those
    that failed what `target` had of them. Returns which own models fail when they are read, and why.

    `catalogues` are folders with translations of the workspace's own. Every writer must have closed the warehouse: a
    copy beside an open writer would miss its write-ahead log.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.building")
    building.unlink(missing_ok=True)
    # What a killed process left; DuckDB would take it for the new file's own log.
    building.with_name(f"{building.name}.wal").unlink(missing_ok=True)
    with duckdb.connect() as connection:
        warehouse_file.attach(connection, warehouse)
        connection.execute(
            f"attach {quoted_text(str(building))} as copy (storage_version {quoted_text(STORAGE_VERSION)})"
        )
        own, wrong = own_models.ready_to_copy(connection)
        # One transaction: each of the comments alone would be written to the disk by itself.
        connection.begin()
        # Several threads give the rows of a join in another order each time, and pages would ask again.
        connection.execute("set threads = 1")
        connection.execute(f"create schema copy.{SCHEMA}")
        for table in sorted([*_named(connection, "table"), *_named(connection, "view")]):
            name = f"{SCHEMA}.{quoted_name(table)}"
            connection.execute(f"create table copy.{name} as {_with_sentences(connection, table, catalogues)}")
        if own:
            connection.execute(f"create schema copy.{own_models.SCHEMA}")
        for name, origin in own.items():
            connection.execute(f"create table copy.{own_models.SCHEMA}.{quoted_name(name)} as from {origin}")
        for statement in _comments(connection, SCHEMA):
            connection.execute(statement)
        for statement in _comments(connection, own_models.SCHEMA, only=own):
            connection.execute(statement)
        write_tables(connection, tables, target)
        connection.commit()
        connection.execute("detach copy")
    with building.open("rb") as written:
        os.fsync(written.fileno())
    building.replace(target)
    return wrong


def reporting_day(target: Path) -> tuple[str, date]:
    """The reporting time zone and the day the copy was made for."""
    with open_copy(target) as connection:
        row = connection.execute(f"select timezone, today from {SCHEMA}.report_context").fetchone()
    if row is None:
        raise PublishError(f"{target} says nothing of its refresh; run `okr refresh`")
    return row[0], row[1]


def reported_settings(target: Path) -> dict[str, str]:
    """The settings that the copy was made with, of those that its numbers and texts depend on."""
    names = ("organisation", "currency", "timezone", "locale")
    with open_copy(target) as connection:
        rows = connection.execute(f"select {', '.join(names)} from {SCHEMA}.report_context").fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def _with_sentences(connection: duckdb.DuckDBPyConnection, table: str, catalogues: Sequence[Path]) -> str:
    """The query of a mart's rows with its columns of sentences, each in its place."""
    columns = {name: f"mart.{quoted_name(name)}" for name in _columns(connection, table)}
    joins = ""
    for number, sentence in enumerate(sentence for sentence in SENTENCES if sentence.mart == table):
        sentences = f"sentences_{number}"
        connection.register(sentences, _sentences(connection, sentence, catalogues))
        on = " and ".join(f"mart.{quoted_name(key)} = {sentences}.{quoted_name(key)}" for key in sentence.key)
        joins += f" left join {sentences} on {on}"
        columns = _placed(columns, sentence, f"{sentences}.{quoted_name(sentence.column)}")
    selected = ", ".join(f"{value} as {quoted_name(name)}" for name, value in columns.items())
    # Equal rows are in equal places, so that pages need not ask again; the large facts are views, and have their order.
    ordered = "" if table in _named(connection, "view") else " order by all"
    return f"select {selected} from warehouse.{SCHEMA}.{quoted_name(table)} as mart{joins}{ordered}"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'warehouse' and schema_name = ?"
        " and table_name = ? order by column_index",
        [SCHEMA, table],
    ).fetchall()
    return [row[0] for row in rows]


def _placed(columns: dict[str, str], sentence: Sentence, value: str) -> dict[str, str]:
    """The columns with that of the sentence: in place of the source's own words, else after the column it follows."""
    if sentence.column in columns:
        return {**columns, sentence.column: value}
    placed: dict[str, str] = {}
    for name, there in columns.items():
        placed[name] = there
        if name == sentence.after:
            placed[sentence.column] = value
    return placed


def _sentences(connection: duckdb.DuckDBPyConnection, sentence: Sentence, catalogues: Sequence[Path]) -> pa.Table:
    """The sentences of a column by the mart's key."""
    import pyarrow as pa

    locale, currency = connection.execute(
        f"select locale, currency from warehouse.{SCHEMA}.report_context"
    ).fetchone() or ("en", "")
    cursor = connection.execute(sentence.rows)
    names = [column[0] for column in cursor.description or []]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    made = said(sentence, rows, speakers(locale, currency, catalogues)[sentence.say])
    text = pa.array(made.pop(sentence.column), pa.string())
    return pa.table({**{name: pa.array(values) for name, values in made.items()}, sentence.column: text})


def _named(connection: duckdb.DuckDBPyConnection, kind: Literal["table", "view"]) -> list[str]:
    """The names of the marts that are tables in the warehouse, or views."""
    rows = connection.execute(
        f"select {kind}_name from duckdb_{kind}s() where database_name = 'warehouse' and schema_name = ?", [SCHEMA]
    ).fetchall()
    return [row[0] for row in rows]


def _comments(connection: duckdb.DuckDBPyConnection, schema: str, only: Collection[str] | None = None) -> Iterable[str]:
    # A view's comment ends with a mark of what it was made from: macros/materializations/view.sql.
    tables = connection.execute(
        """
        select table_name, comment from duckdb_tables()
        where database_name = 'warehouse' and schema_name = $1 and comment is not null
        union all
        select view_name, regexp_replace(comment, ' \\[[0-9a-f]{8}\\]$', '') from duckdb_views()
        where database_name = 'warehouse' and schema_name = $1 and comment is not null
        """,
        [schema],
    ).fetchall()
    for table, comment in tables:
        if only is not None and table not in only:
            continue
        yield f"comment on table copy.{schema}.{quoted_name(table)} is {quoted_text(comment)}"
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'warehouse' and schema_name = ? and comment is not null",
        [schema],
    ).fetchall()
    if schema == SCHEMA:
        columns += [
            (sentence.mart, sentence.column, sentence.comment)
            for sentence in SENTENCES
            if sentence.mart in dict(tables)
        ]
    for table, column, comment in columns:
        if only is not None and table not in only:
            continue
        yield f"comment on column copy.{schema}.{quoted_name(table)}.{quoted_name(column)} is {quoted_text(comment)}"
