"""The demo on Spark and on DuckDB, day by day: the same marts, the same published files, whatever happens on the way.

`make test-spark`. The tests build on each other: a first day, the next one with what vendors restated and a worker
killed in the middle, and the first day again as it was known then.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.channels.load import raw_tables
from pipelines.settings import Workspace
from pipelines.spark import connection
from pipelines.spark.cluster import Cluster
from pipelines.spark.compact import compact
from pipelines.spark.raw import LOAD_ID, register
from pipelines.spark.settings import read_settings
from tests.spark.compared import differences, shapes
from tests.spark.conftest import Engine, ended_well
from tests.support import DEMO_DAY

pytestmark = pytest.mark.spark
NEXT_DAY = (date.fromisoformat(DEMO_DAY) + timedelta(days=1)).isoformat()


def both_show_the_same(on_duckdb: Engine, on_spark: Engine) -> None:
    copies = [engine.data_dir / "okr.duckdb" for engine in (on_duckdb, on_spark)]
    assert shapes(copies[0]) == shapes(copies[1])
    assert differences(*copies) == []
    data = on_duckdb.public_data()
    assert len(data) >= 6
    assert on_spark.public_data() == data


def raw_rows(engine: Engine) -> int:
    with duckdb.connect(str(engine.data_dir / "warehouse_spark.duckdb"), read_only=True) as connection:
        (rows,) = connection.execute("select count(*) from linkedin_ads.campaign_analytics").fetchone() or (0,)
    return int(rows)


def test_a_first_refresh_shows_what_duckdb_shows(on_duckdb: Engine, on_spark: Engine) -> None:
    waiting = on_duckdb.start(DEMO_DAY)
    said = on_spark.run(DEMO_DAY)
    ended_well(waiting)
    assert "18 of 18 fresh" in said
    both_show_the_same(on_duckdb, on_spark)
    # The facts are in the lake alone.
    assert raw_rows(on_spark) == 0
    assert len(list((on_spark.data_dir / "lake" / "linkedin_ads" / "campaign_analytics").glob("*.parquet"))) > 1


def test_the_next_day_with_a_worker_killed_in_the_middle(
    on_duckdb: Engine, on_spark: Engine, spark_cluster: Cluster
) -> None:
    waiting = on_duckdb.start(NEXT_DAY)
    refresh = on_spark.start(NEXT_DAY)
    models = on_spark.data_dir / "lake" / "models" / "intermediate" / "int_source_freshness"
    builds = set(models.iterdir())
    # The build has come to its heavy part once this table is made anew.
    while set(models.iterdir()) <= builds:
        assert refresh.poll() is None, refresh.communicate()
        time.sleep(0.2)
    worker = spark_cluster.processes["worker_1"]
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(20)
    ended_well(refresh)
    ended_well(waiting)
    both_show_the_same(on_duckdb, on_spark)


def test_the_first_day_again_as_it_was_known_then(on_duckdb: Engine, on_spark: Engine) -> None:
    later = on_spark.public_data()
    for engine in (on_duckdb, on_spark):
        engine.run(NEXT_DAY, "report", "--as-of", DEMO_DAY)
    earlier = on_spark.public_data()
    assert earlier != later
    assert on_duckdb.public_data() == earlier


def test_compacting_the_lake_changes_no_row(on_spark: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK__PORT", on_spark.environment["SPARK__PORT"])
    settings = read_settings(Workspace(on_spark.data_dir, on_spark.data_dir, on_spark.data_dir))
    tables = {"linkedin_ads": raw_tables("linkedin_ads")}
    names = [one.name for one in tables["linkedin_ads"] if one.kind != "log"]
    lake = on_spark.data_dir / "lake" / "linkedin_ads"
    # A load that died half way: its rows must not come to count by compaction.
    half = pq.read_table(max((lake / "campaign_analytics").glob("*.parquet")))
    half = half.set_column(half.column_names.index(LOAD_ID), LOAD_ID, pa.repeat(pa.scalar("9999999999.0"), len(half)))
    pq.write_table(half, lake / "campaign_analytics" / "9999999999.0.half.parquet")
    with connection.session(settings) as session:

        def rows() -> dict[str, list[tuple[Any, ...]]]:
            found = {}
            for one in tables["linkedin_ads"]:
                columns = ", ".join(f"`{name}`" for name in one.schema.names)
                found[one.name] = sorted(session.execute(f"select {columns} from linkedin_ads.{one.name}"), key=repr)
            return found

        register(session, settings, tables)
        before = rows()
        assert all(before.values())
        assert len(compact(session, settings, tables, above_files=0)) == len(names)
        register(session, settings, tables)
        assert rows() == before
    assert [len(list((lake / name).glob("*.parquet"))) for name in names] == [1] * len(names)
