"""The marts come back: from Spark's Parquet files into the warehouse file, in the types and words of their contracts.

What stands after the models (gate, analysts' copy, site, history) reads them there, whatever engine made them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from okr_reports.common.sql_text import quoted_text
from okr_reports.errors import EngineError
from okr_reports.spark.connection import Session
from okr_reports.spark.settings import SparkSettings
from okr_reports.spark.storage import Storage

MODELS = "models"
# Rows on their way back from tables of another format.
BACK = "back"
BUILDING = "__building"


@dataclass(frozen=True)
class Contract:
    """A model's columns (name, DuckDB type, description) as its .yml declares them; none: as Spark made them."""

    schema: str
    name: str
    description: str
    columns: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Table:
    """A table as Spark has it: the folder of the lake that it lies in, the format of its files, its past states."""

    folder: str
    format: str
    past_states: int = 0


def bring_back(session: Session, settings: SparkSettings, warehouse: Path, contracts: Sequence[Contract]) -> int:
    """Replace these tables in the warehouse file, all or none, by what Spark has; the rows in all.

    Raises EngineError if one of them is not there.
    """
    storage = Storage(settings.lake)
    tables = {schema: tables_of(session, schema) for schema in {contract.schema for contract in contracts}}
    rows = 0
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.begin()
        for contract in contracts:
            table = tables[contract.schema].get(contract.name)
            if table is None:
                raise EngineError(f"Spark has no table {contract.schema}.{contract.name}; run `okr refresh` again")
            place = table.folder if table.format == "parquet" else _as_parquet(session, settings, contract)
            rows += _replace(connection, contract, storage, place)
        connection.commit()
    if storage.folders(BACK):
        storage.remove(BACK)
    return rows


def _as_parquet(session: Session, settings: SparkSettings, contract: Contract) -> str:
    """The folder of the lake into which Spark has written the table's rows once more, in the format we read."""
    place = f"{BACK}/{contract.schema}/{contract.name}"
    session.run(
        f"insert overwrite directory '{settings.lake_of_spark}/{place}' using parquet"
        f" select * from {contract.schema}.{contract.name}"
    )
    return place


def tables_of(session: Session, schema: str) -> dict[str, Table]:
    """The models' tables of a schema."""
    found = {}
    for row in session.execute(f"show table extended in {schema} like '*'"):
        lines = (line.partition(":") for line in str(row[3]).splitlines())
        said = {name.strip(): value.strip() for name, _, value in lines}
        _, is_model, folder = said.get("Location", "").partition(f"/{MODELS}/")
        if is_model:
            # Iceberg counts its states, today's too; a metastore has its tables as Hive's own.
            (states,) = re.findall(r"[\[ ]snapshot-count=(\d+)", said.get("Table Properties", "")) or ["1"]
            found[str(row[1])] = Table(f"{MODELS}/{folder}", said.get("Provider", "").lower(), int(states) - 1)
    return found


def fix(session: Session, schemas: Sequence[str]) -> None:
    """Put tables in place whose build died after the old one was dropped: Spark shows a table once it is whole."""
    for schema in schemas:
        session.run(f"create database if not exists {schema}")
        there = {str(row[1]) for row in session.execute(f"show tables in {schema}")}
        for building in sorted(name for name in there if name.endswith(BUILDING)):
            if (name := building.removesuffix(BUILDING)) not in there:
                session.run(f"alter table {schema}.{building} rename to {schema}.{name}")


def sweep(session: Session, settings: SparkSettings, schemas: Sequence[str]) -> int:
    """Take away the folders of tables that a later build has replaced, and tidy those changed in place.

    Returns how many folders there were.
    """
    storage = Storage(settings.lake)
    removed = 0
    for schema in schemas:
        tables = tables_of(session, schema)
        for name in sorted(name for name, table in tables.items() if table.past_states):
            # by Iceberg's own measures: months of five files become one, states of more than five days go
            for procedure in ("rewrite_data_files", "expire_snapshots"):
                session.execute(f"call system.{procedure}(table => '{schema}.{name}')")
        current = {table.folder for table in tables.values()}
        for table in storage.folders(f"{MODELS}/{schema}"):
            for run in storage.folders(f"{MODELS}/{schema}/{table}"):
                place = f"{MODELS}/{schema}/{table}/{run}"
                if place not in current:
                    storage.remove(place)
                    removed += 1
    return removed


def _replace(connection: duckdb.DuckDBPyConnection, contract: Contract, storage: Storage, place: str) -> int:
    name = f'{contract.schema}."{contract.name}"'
    import pyarrow.dataset as ds  # brings pandas: half a second that nobody without Spark shall pay

    parquet = ds.dataset(f"{storage.root}/{place}", filesystem=storage.files, format="parquet")
    connection.execute(f"create schema if not exists {contract.schema}")
    # a stream, so that a table need not fit into memory
    connection.register("from_spark", parquet.scanner().to_reader())
    if contract.columns:
        columns = ", ".join(f'"{column}" {kind}' for column, kind, _ in contract.columns)
        connection.execute(f"create or replace table {name} ({columns})")
        connection.execute(f"insert into {name} by name from from_spark")
    else:
        connection.execute(f"create or replace table {name} as from from_spark")
    connection.unregister("from_spark")
    for place_, text in _comments(contract):
        connection.execute(f"comment on {place_} is {quoted_text(text)}")
    (count,) = connection.execute(f"select count(*) from {name}").fetchone() or (0,)
    return int(count)


def _comments(contract: Contract) -> list[tuple[str, str]]:
    name = f'{contract.schema}."{contract.name}"'
    columns = [(f'column {name}."{column}"', text) for column, _, text in contract.columns if text]
    return [(f"table {name}", contract.description), *columns] if contract.description else columns


def contracts_of(nodes: Mapping[str, dict[str, object]], schemas: Sequence[str]) -> list[Contract]:
    """The contracts of all models of these schemas, from dbt's manifest."""
    found = []
    for node in nodes.values():
        if node["resource_type"] != "model" or node["schema"] not in schemas:
            continue
        columns = node["columns"]
        assert isinstance(columns, dict)
        typed = [
            (column["name"], column["data_type"], column["description"])
            for column in columns.values()
            if column["data_type"]
        ]
        found.append(Contract(str(node["schema"]), str(node["name"]), str(node["description"]), typed))
    return sorted(found, key=lambda contract: (contract.schema, contract.name))
