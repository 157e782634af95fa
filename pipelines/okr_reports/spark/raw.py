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

from okr_reports.spark.connection import Session
from okr_reports.spark.settings import SparkSettings
from okr_reports.spark.storage import Storage

# Schemas of the warehouse file that models read; a few thousand rows in all, written whole by every refresh.
SMALL = ("definitions", "ops")
LOADS = "_dlt_loads"
LOAD_ID = "_dlt_load_id"
# A table or view of ours says what statement made it; where that is in the statement.
MADE_BY, PROPERTIES = "okr.made_by", "/* made by */"
# Replaced in Iceberg's catalogue, a view keeps its old words in Hive's metastore, where Spark reads them.
ICEBERGS_VIEW = "table_type=ICEBERG-VIEW"
SPARK_TYPES: dict[pa.DataType, str] = {
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.timestamp("us", tz="UTC"): "timestamp",
}


class Raw(Protocol):
    """A raw table of a channel (pipelines/okr_reports/channels/tables.py)."""

    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> pa.Schema: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> Sequence[str]: ...


def register(session: Session, settings: SparkSettings, raw: Mapping[str, Sequence[Raw]]) -> None:
    """Declare the raw tables of every channel to Spark, and which of their loads count by now."""
    storage = Storage(settings.lake)
    for channel, tables in raw.items():
        loads = finished_loads(storage, channel)
        declared = [statement for table in tables for statement in _declared(channel, table, settings, loads)]
        _declare(session, channel, declared)


def write_small_tables(session: Session, settings: SparkSettings, warehouse: Path) -> None:
    """Copy definitions and the refresh's own notes from the warehouse file to the lake, and declare them to Spark."""
    storage = Storage(settings.lake)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for schema in SMALL:
            declared = []
            for (table,) in connection.execute(
                "select table_name from duckdb_tables()"
                " where schema_name = ? and not starts_with(table_name, '_dlt') order by all",
                [schema],
            ).fetchall():
                rows = connection.sql(f'select * from {schema}."{table}"').to_arrow_table()
                with storage.writing(f"{schema}/{table}/rows.parquet") as file:
                    pq.write_table(rows, file)
                place = f"{settings.lake_of_spark}/{schema}/{table}"
                declared.append((table, _external(f"{schema}.{table}", rows.schema, place)))
            _declare(session, schema, declared)


def declare(session: Session, schema: str, table: str, columns: pa.Schema, location: str) -> None:
    """Declare a table over Parquet files of the lake to Spark."""
    _declare(session, schema, [(table, _external(f"{schema}.{table}", columns, location))])


def finished_loads(storage: Storage, channel: str) -> list[str]:
    """The loads that dlt has written into `_dlt_loads`, whose files bear their names."""
    names = [str(file["name"]).rpartition("/")[2] for file in storage.file_list(f"{channel}/{LOADS}")]
    return sorted(name.rpartition("__")[2].removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))


def _declare(session: Session, schema: str, declared: Sequence[tuple[str, str]]) -> None:
    """Run the statements that make tables and views, but for those whose table was made by the very same one."""
    session.run(f"create database if not exists {schema}")
    there = {str(row[1]): str(row[3]) for row in session.execute(f"show table extended in {schema} like '*'")}
    for name, statement in declared:
        digest = hashlib.sha256(statement.encode()).hexdigest()[:12]
        found = there.get(name, "")
        if found.partition(f"{MADE_BY}=")[2][:12] != digest:
            if found and statement.startswith("create table"):
                session.run(f"drop table {schema}.{name}")
            elif ICEBERGS_VIEW in found:
                session.run(f"drop view {schema}.{name}")
            session.run(statement.replace(PROPERTIES, f"tblproperties ('{MADE_BY}' = '{digest}')", 1))


def _declared(channel: str, raw: Raw, settings: SparkSettings, loads: Sequence[str]) -> Iterator[tuple[str, str]]:
    table = f"{raw.name}__loads"
    schema = raw.schema.append(pa.field(LOAD_ID, pa.string()))
    yield table, _external(f"{channel}.{table}", schema, f"{settings.lake_of_spark}/{channel}/{raw.name}")
    yield raw.name, f"create or replace view {channel}.{raw.name} {PROPERTIES} as {newest(channel, raw, loads)}"


def newest(channel: str, raw: Raw, loads: Sequence[str]) -> str:
    """The query of the rows that count: of these loads, the newest of each key.

    The loads are written out: joined to, they would cost every reading of every table a job more.
    """
    columns = ", ".join(f"`{name}`" for name in [*raw.schema.names, LOAD_ID])
    listed = ", ".join(f"'{load}'" for load in loads)
    among = f"{LOAD_ID} in ({listed})" if loads else "false"
    finished = f"select {columns} from {channel}.{raw.name}__loads where {among}"
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
    return f"create table {table} ({columns}) using parquet {PROPERTIES} location '{location}'"


def spark_type(kind: Any) -> str:
    """Spark's name of an Arrow type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return SPARK_TYPES[kind]
