"""What the models read, as Spark sees it: raw tables over the lake, and the small tables of the warehouse file.

A raw table is two things in Spark: `<channel>.<table>__loads`, every row of every load as it lies in the lake, and the
view `<channel>.<table>`, in which the newest finished load of a key wins, as the same rows merged into DuckDB would. A
load is finished once dlt has written it into `_dlt_loads`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.spark.connection import Session
from pipelines.spark.settings import SparkSettings
from pipelines.spark.storage import Storage

# Schemas of the warehouse file that models read; a few thousand rows in all, written whole by every refresh.
SMALL = ("definitions", "ops")
LOADS = "_dlt_loads"
LOAD_ID = "_dlt_load_id"
SPARK_TYPES: dict[pa.DataType, str] = {
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.timestamp("us", tz="UTC"): "timestamp",
}


class Raw(Protocol):
    """A raw table of a channel (pipelines/channels/tables.py)."""

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> pa.Schema: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> Sequence[str]: ...


def register(session: Session, settings: SparkSettings, raw: Mapping[str, Sequence[Raw]]) -> None:
    """Declare the raw tables of every channel to Spark; what is declared already in this shape is left alone."""
    for channel, tables in raw.items():
        session.execute(f"create database if not exists {channel}")
        known = _shapes(session, channel)
        statements = {LOADS: list(_loads_of(channel, settings.lake_of_spark))}
        statements |= {one.name: list(_declared(channel, one, settings.lake_of_spark)) for one in tables}
        for name, declared in statements.items():
            shape = hashlib.sha256("\n".join(declared).encode()).hexdigest()[:12]
            if known.get(f"{name}__loads") == shape:
                session.execute(f"refresh table {channel}.{name}__loads")
                continue
            for statement in declared:
                session.execute(statement)
            session.execute(f"alter table {channel}.{name}__loads set tblproperties ('okr.shape' = '{shape}')")


def write_small_tables(session: Session, settings: SparkSettings, warehouse: Path) -> None:
    """Copy definitions and the refresh's own notes from the warehouse file to the lake, and declare them to Spark."""
    storage = Storage(settings.lake)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            f" where schema_name in {SMALL} and not starts_with(table_name, '_dlt') order by all"
        ).fetchall():
            rows = connection.sql(f'select * from {schema}."{table}"').to_arrow_table()
            with storage.writing(f"{schema}/{table}/rows.parquet") as file:
                pq.write_table(rows, file)
            session.execute(f"create database if not exists {schema}")
            session.execute(f"drop table if exists {schema}.{table}")
            session.execute(_external(f"{schema}.{table}", rows.schema, f"{settings.lake_of_spark}/{schema}/{table}"))


def _shapes(session: Session, channel: str) -> dict[str, str]:
    """The shapes that tables of a channel were declared in, by table."""
    found = {}
    for row in session.execute(f"show table extended in {channel} like '*__loads'"):
        table, information = str(row[1]), str(row[3])
        _, _, rest = information.partition("okr.shape=")
        found[table] = rest[:12]
    return found


def _loads_of(channel: str, lake: str) -> Iterator[str]:
    table = f"{channel}.{LOADS}__loads"
    yield f"drop table if exists {table}"
    yield (
        f"create table {table} (load_id string, status bigint) using json"
        f" location '{lake}/{channel}/{LOADS}'"
    )  # fmt: skip


def _declared(channel: str, raw: Raw, lake: str) -> Iterator[str]:
    loads = f"{channel}.{raw.name}__loads"
    yield f"drop table if exists {loads}"
    yield _external(loads, raw.schema.append(pa.field(LOAD_ID, pa.string())), f"{lake}/{channel}/{raw.name}")
    yield f"create or replace view {channel}.{raw.name} as {newest(channel, raw)}"


def newest(channel: str, raw: Raw) -> str:
    """The query of the rows that count, whatever was loaded before them."""
    columns = ", ".join(f"`{name}`" for name in [*raw.schema.names, LOAD_ID])
    finished = (
        f"select {columns} from {channel}.{raw.name}__loads"
        f" where {LOAD_ID} in (select load_id from {channel}.{LOADS}__loads where status = 0)"
    )
    if raw.kind == "log":
        return finished
    keys = ", ".join(f"`{name}`" for name in raw.key)
    if raw.kind == "entities":
        # two accounts may name the same thing in one load
        place = f"row_number() over (partition by {keys} order by {LOAD_ID} desc) as newest"
        return f"select {columns} from (select *, {place} from ({finished})) where newest = 1"
    return (
        f"select {columns} from ({finished})"
        f" left semi join (select {keys}, max({LOAD_ID}) as {LOAD_ID} from ({finished}) group by {keys})"
        f" using ({keys}, {LOAD_ID}) where not coalesce(_deleted, false)"
    )


def _external(table: str, schema: pa.Schema, location: str) -> str:
    columns = ", ".join(f"`{field.name}` {spark_type(field.type)}" for field in schema)
    return f"create table {table} ({columns}) using parquet location '{location}'"


def spark_type(kind: Any) -> str:
    """Spark's name of an Arrow type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return SPARK_TYPES[kind]
