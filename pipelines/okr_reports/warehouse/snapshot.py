"""The analysts' copy `okr.duckdb`: every public mart, in one file that no refresh ever locks.

The warehouse holds codes where readers look for sentences; here both are, the sentences in the reporting language.

It is written beside its place and moved over it in one step (measured: readers of a file replaced this way
saw 0 errors in 695 opens; readers of the file being written failed 835 of 1,291). A session that has the old file open
keeps it until it closes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.errors import PublishError
from okr_reports.warehouse import kept_rows, own_models
from okr_reports.warehouse.page_tables import write_tables
from okr_reports.words.copied import SENTENCES, Sentence, said, speakers

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_reports.common.page_tables import LoadedTables

SCHEMA = "marts"

logger = logging.getLogger("okr")


def write_snapshot(
    warehouse: Path, target: Path, catalogues: Sequence[Path] = (), tables: LoadedTables | None = None
) -> dict[str, str]:
    """Copy schema `marts` of a closed warehouse to `target`, comments included, replacing it whole.

    Beside it stand schema `models` with the workspace's own, and schema `tables`: those that were loaded, and of those
    that failed what `target` had of them. Returns which own models fail when they are read, and why.

    What is equal in `target` is taken over from it (kept_rows). `catalogues` are folders with translations of the
    workspace's own. Every writer must have closed the warehouse: a copy beside an open writer would miss its
    write-ahead log.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".{target.name}.building")
    try:
        wrong = _write(warehouse, building, target, catalogues, tables, takes_over=True)
    except (OSError, duckdb.Error) as error:
        # Whatever may be wrong with the copy before, a whole one does not read it.
        logger.info("analysts' copy: written from nothing (%s)", str(error).partition("\n")[0])
        wrong = _write(warehouse, building, target, catalogues, tables, takes_over=False)
    with building.open("rb") as written:
        os.fsync(written.fileno())
    building.replace(target)
    return wrong


def _write(
    warehouse: Path,
    building: Path,
    target: Path,
    catalogues: Sequence[Path],
    tables: LoadedTables | None,
    *,
    takes_over: bool,
) -> dict[str, str]:
    with duckdb.connect() as connection:
        warehouse_file.attach(connection, warehouse)
        # Several threads give the rows of a join in another order each time, and pages would ask again.
        connection.execute("set threads = 1")
        kept_rows.attach(connection, building, target if takes_over else None)
        own, wrong = own_models.ready_to_copy(connection)
        views = _views(connection)
        rows = {
            table: _with_sentences(connection, table, columns, catalogues, is_sorted=table not in views)
            for table, columns in _columns(connection).items()
        }
        lacking = kept_rows.take_out(connection, SCHEMA, rows, by_day=views)
        # One transaction: each of the comments alone would be written to the disk by itself.
        connection.begin()
        connection.execute(f"create schema if not exists copy.{SCHEMA}")
        for table, query in rows.items():
            name = f"copy.{SCHEMA}.{quoted_name(table)}"
            if table not in lacking:
                connection.execute(f"create table {name} as {query}")
            elif lacking[table]:
                connection.execute(f"insert into {name} from ({query}) where {kept_rows.of_days(lacking[table])}")
        if own:
            connection.execute(f"create schema copy.{own_models.SCHEMA}")
        for model, origin in own.items():
            connection.execute(f"create table copy.{own_models.SCHEMA}.{quoted_name(model)} as from {origin}")
        for statement in _comments(connection, SCHEMA):
            connection.execute(statement)
        for statement in _comments(connection, own_models.SCHEMA, only=own):
            connection.execute(statement)
        write_tables(connection, tables, target)
        connection.commit()
        connection.execute("detach copy")
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


def _with_sentences(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    names: Iterable[str],
    catalogues: Sequence[Path],
    *,
    is_sorted: bool,
) -> str:
    """The query of a mart's rows with its columns of sentences, each in its place."""
    columns = {name: f"mart.{quoted_name(name)}" for name in names}
    joins = ""
    for number, sentence in enumerate(sentence for sentence in SENTENCES if sentence.mart == table):
        sentences = f"sentences_{number}_of_{table}"
        connection.register(sentences, _sentences(connection, sentence, catalogues))
        on = " and ".join(f"mart.{quoted_name(key)} = {sentences}.{quoted_name(key)}" for key in sentence.key)
        joins += f" left join {sentences} on {on}"
        columns = _placed(columns, sentence, f"{sentences}.{quoted_name(sentence.column)}")
    selected = ", ".join(f"{value} as {quoted_name(name)}" for name, value in columns.items())
    # Equal rows are in equal places, so that pages need not ask again; the large facts are views, and have their order.
    ordered = " order by all" if is_sorted else ""
    return f"select {selected} from warehouse.{SCHEMA}.{quoted_name(table)} as mart{joins}{ordered}"


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The marts with their columns, in order; both tables and views."""
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = 'warehouse' and schema_name = ? group by 1 order by 1",
        [SCHEMA],
    ).fetchall()
    return dict(rows)


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


def _views(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The names of the marts that are views in the warehouse."""
    rows = connection.execute(
        "select view_name from duckdb_views() where database_name = 'warehouse' and schema_name = ?", [SCHEMA]
    ).fetchall()
    return {row[0] for row in rows}


def _comments(connection: duckdb.DuckDBPyConnection, schema: str, only: Collection[str] | None = None) -> Iterable[str]:
    # What has none gets null: a table that stayed may have had one.
    # A view's comment ends with a mark of what it was made from: macros/materializations/view.sql.
    tables = connection.execute(
        """
        select table_name, comment from duckdb_tables()
        where database_name = 'warehouse' and schema_name = $1
        union all
        select view_name, regexp_replace(comment, ' \\[[0-9a-f]{8}\\]$', '') from duckdb_views()
        where database_name = 'warehouse' and schema_name = $1
        """,
        [schema],
    ).fetchall()
    for table, comment in tables:
        if only is not None and table not in only:
            continue
        yield f"comment on table copy.{schema}.{quoted_name(table)} is {_comment(comment)}"
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'warehouse' and schema_name = ?",
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
        yield f"comment on column copy.{schema}.{quoted_name(table)}.{quoted_name(column)} is {_comment(comment)}"


def _comment(comment: str | None) -> str:
    return "null" if comment is None else quoted_text(comment)
