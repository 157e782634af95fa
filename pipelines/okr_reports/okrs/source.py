"""The dlt source that lands the definitions as tables of the schema `definitions`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns
from dlt.pipeline.exceptions import PipelineStepFailed

from okr_reports.common import warehouse_file
from okr_reports.common.equal_rows import MOMENTS, equal_rows
from okr_reports.common.finished_loads import finished_loads
from okr_reports.ducklake.destination import destination
from okr_reports.errors import OkrError

DATASET = "definitions"
_LOAD = "_dlt_load_id"
# What each refresh brings anew, in each row of a table the same.
OF_NOW = (*MOMENTS, "today")


def definitions_source(tables: Mapping[str, pa.Table]) -> Any:
    """A dlt source with one resource a table, each replaced whole; a table without rows is created, or emptied."""
    return dlt.source(lambda: [_resource(name, table) for name, table in tables.items()], name=DATASET)()


def land(tables: Mapping[str, pa.Table], *, warehouse: Path, pipelines_dir: Path) -> None:
    """Load the tables into the DuckDB file `warehouse`, those that are there already left alone.

    Raises OkrError if that fails; landing again fixes it.
    """
    changed = _changed(tables, warehouse)
    if not changed:
        return
    pipeline = dlt.pipeline(
        DATASET,
        pipelines_dir=str(pipelines_dir),
        dataset_name=DATASET,
        destination=destination(warehouse),
    )
    # What an interrupted run left behind is older than what is landed now, and everything is replaced anyway.
    pipeline.abort_packages()
    try:
        # Tables are made anew: a column that changed its type in a new version would stop every later refresh.
        pipeline.run(definitions_source(changed), refresh="drop_resources")
    except PipelineStepFailed as failure:
        cause = str(failure.exception).splitlines()[0] if failure.exception else failure.step
        raise OkrError(
            f"the definitions could not be written to {warehouse_file.place(warehouse)}: {cause}; refresh again"
        ) from failure


def _changed(tables: Mapping[str, pa.Table], warehouse: Path) -> dict[str, pa.Table]:
    """Those of the tables that the warehouse does not hold to the row and type; all if it cannot be asked.

    A table that only says of which day and moment it is is updated in place: a load of dlt takes half a second.
    """
    try:
        with warehouse_file.connect(warehouse) as connection:
            return {name: table for name, table in tables.items() if not _is_there(connection, name, table)}
    except duckdb.IOException:
        return dict(tables)


def _is_there(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> bool:
    """Whether the table is in the warehouse by a load that ended, its day and moments those of now."""
    stored = f'{DATASET}."{name}"'
    # of what has nothing else the rows are counted
    lasting = ", ".join(f'"{column}"' for column in table.column_names if column not in OF_NOW) or "1"
    current = ", ".join(f'"{column}" = given."{column}"' for column in OF_NOW if column in table.column_names)
    connection.register("given", table)
    try:
        # All columns: one of an earlier version would keep what it held.
        described = connection.execute(f"describe (select * exclude ({_LOAD}) from {stored})").fetchall()
        if described != connection.execute("describe given").fetchall():
            return False
        if not equal_rows(connection, f"select {lasting} from given", f"select {lasting} from {stored}"):
            return False
        ((unfinished,),) = connection.execute(
            f"select exists (from {stored} where {_LOAD} not in ({finished_loads(DATASET)}))"
        ).fetchall()
        if unfinished:
            return False
        if current:
            connection.execute(f"update {stored} set {current} from given")
        return True
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    finally:
        connection.unregister("given")


def _resource(name: str, table: pa.Table) -> Any:
    columns: Any = py_arrow_to_table_schema_columns(table.schema)
    return dlt.resource([table], name=name, write_disposition="replace", columns=columns)
