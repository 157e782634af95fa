"""Rows that land in a lake for a distributed engine: read newest load first, they are those that DuckDB merges."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from okr_reports.channels.load import raw_tables
from okr_reports.spark.raw import LOADS, finished_loads, newest
from okr_reports.spark.storage import Storage

CHANNEL = "linkedin_ads"


def lake_rows(lake: Path, table: str) -> list[tuple[Any, ...]]:
    """What the view over a table of the lake shows, said in DuckDB's words."""
    (raw,) = (one for one in raw_tables(CHANNEL) if one.name == table)
    query = sqlglot.transpile(
        newest(CHANNEL, raw, finished_loads(Storage(str(lake)), CHANNEL)), read="spark", write="duckdb"
    )[0]
    with duckdb.connect() as connection:
        connection.execute(f"create schema {CHANNEL}")
        folder = lake / CHANNEL
        connection.execute(
            f"create view {CHANNEL}.{table}__loads as from read_parquet('{folder / table / '*.parquet'}')"
        )
        columns = ", ".join(name for name in raw.schema.names if name != "loaded_at")
        return connection.execute(f"select {columns} from ({query}) order by all").fetchall()


def merged_rows(bench: Any, table: str) -> list[tuple[Any, ...]]:
    (raw,) = (one for one in raw_tables(CHANNEL) if one.name == table)
    columns = ", ".join(name for name in raw.schema.names if name != "loaded_at")
    return bench.rows(f"select {columns} from {CHANNEL}.{table} order by all")


@pytest.fixture
def twice(bench: Any, tmp_path: Path) -> Any:
    """Loads on one day and, with everything restated, on another, into a warehouse and into a lake."""
    bench.set(CHANNEL, start_date="2026-10-20")
    lake = tmp_path / "lake"
    for day in (date(2026, 11, 20), date(2026, 11, 23)):
        bench.tell(today=day.isoformat())
        bench.load(today=day)
        on_lake = {"warehouse": bench.folder / "beside.duckdb", "pipelines_dir": bench.folder / "dlt_of_lake"}
        bench.load(today=day, lake=lake.as_uri(), **on_lake)
    return bench, lake


def test_the_newest_load_of_a_day_wins_as_if_it_had_been_merged(twice: Any) -> None:
    bench, lake = twice
    for table in ("campaign_analytics", "campaigns", "campaign_groups", "accounts"):
        merged = merged_rows(bench, table)
        assert merged
        assert lake_rows(lake, table) == merged, table
    # Nothing of the first load was taken away or written over.
    files = list((lake / CHANNEL / "campaign_analytics").glob("*.parquet"))
    assert len({path.name.rsplit(".", 2)[0] for path in files}) == 2
    with duckdb.connect(str(bench.folder / "beside.duckdb"), read_only=True) as warehouse:
        tables = warehouse.execute(
            "select table_name from duckdb_tables() where schema_name = ? and not starts_with(table_name, '_dlt')",
            [CHANNEL],
        ).fetchall()
    assert tables == [("loaded_windows",)]


def test_a_load_that_dlt_did_not_finish_counts_for_nothing(twice: Any) -> None:
    bench, lake = twice
    last = max((lake / CHANNEL / LOADS).glob("*.jsonl"), key=lambda path: path.name)
    last.unlink()
    rows = lake_rows(lake, "campaign_analytics")
    assert rows
    assert max(row[1] for row in rows) == date(2026, 11, 19)
    assert rows != merged_rows(bench, "campaign_analytics")
