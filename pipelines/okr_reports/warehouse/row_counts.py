"""How many rows tables have, for those who watch a refresh."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from okr_reports.common import warehouse_file
from okr_reports.common.sql_text import quoted_name


def row_counts(warehouse: Path, tables: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Rows of each (schema, table) that is there; DuckDB knows them without reading the tables."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        there = set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
        counts = {}
        for schema, table in tables:
            if (schema, table) in there:
                name = f"{quoted_name(schema)}.{quoted_name(table)}"
                (counts[schema, table],) = connection.execute(f"select count(*) from {name}").fetchone() or (0,)
    return counts
