"""Loads of a lake, as dlt lays them, of what a DuckDB file holds."""

from __future__ import annotations

import duckdb

from okr_reports.channels.load import raw_tables
from okr_reports.channels.warehouse_tables import DUCKDB_TYPES
from okr_reports.settings import Workspace


def write_load(workspace: Workspace, number: int, since: object = None) -> None:
    """One load of the lake, as dlt lays it: the days from `since` on, and the names."""
    lake, load_id = workspace.data_dir / "lake" / "linkedin_ads", f"179500000{number}.0"
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        for raw in raw_tables("linkedin_ads"):
            (lake / raw.name).mkdir(parents=True, exist_ok=True)
            if not connection.execute(
                "select 1 from duckdb_tables() where schema_name = 'linkedin_ads' and table_name = ?", [raw.name]
            ).fetchall():
                continue
            there = {row[0] for row in connection.execute(f"describe linkedin_ads.{raw.name}").fetchall()}
            said = {name: name if name in there else "null" for name in raw.schema.names}
            columns = ", ".join(
                f"cast({said[column.name]} as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in raw.schema
            )
            where = f" where date >= date '{since}'" if since and raw.kind == "facts" else ""
            connection.execute(
                f"copy (select {columns}, '{load_id}' as _dlt_load_id from linkedin_ads.{raw.name}{where})"
                f" to '{lake / raw.name / f'{load_id}.rows.parquet'}' (format parquet)"
            )
    (lake / "_dlt_loads").mkdir(exist_ok=True)
    (lake / "_dlt_loads" / f"linkedin_ads__{load_id}.jsonl").write_text(f'{{"load_id": "{load_id}", "status": 0}}\n')
