"""The marts as Parquet files, for whatever does not open DuckDB: one file a mart, and what every column means."""

from __future__ import annotations

from pathlib import Path

import duckdb

from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.errors import OkrError
from okr_reports.warehouse.snapshot import SCHEMA

COLUMNS = "columns.csv"


def export_parquet(snapshot: Path, folder: Path) -> list[Path]:
    """Write every mart of the analysts' copy to `folder`, each file replaced in one step; the files written.

    Facts are ordered by date, so that readers skip the row groups of other days. `columns.csv` holds table, column,
    type and description. Raises OkrError if the copy is not there or `folder` cannot be written.
    """
    try:
        with open_copy(snapshot) as connection:
            folder.mkdir(parents=True, exist_ok=True)
            tables = connection.execute(
                "select table_name, bool_or(column_name = 'date') from duckdb_columns() where schema_name = ?"
                " group by 1 order by 1",
                [SCHEMA],
            ).fetchall()
            written = [
                _copy(connection, f"select * from {SCHEMA}.{quoted_name(name)}{' order by date' if dated else ''}",
                      folder / f"{name}.parquet", "format parquet, compression zstd")
                for name, dated in tables
            ]  # fmt: skip
            described = (
                "select table_name as 'table', column_name as 'column', data_type as type, comment as description"
                f" from duckdb_columns() where schema_name = {quoted_text(SCHEMA)} order by 1, column_index"
            )
            return [*written, _copy(connection, described, folder / COLUMNS, "format csv, header")]
    except (OSError, duckdb.Error) as error:
        raise OkrError(f"{folder}: the marts could not be written: {error}; name a folder that can be") from error


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path, how: str) -> Path:
    building = path.with_name(f".{path.name}.building")
    connection.execute(f"copy ({select}) to {quoted_text(str(building))} ({how})")
    return building.replace(path)
