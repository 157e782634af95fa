"""The demo on Spark and on DuckDB, day by day: the same marts, the same published files, whatever happens on the way.

`make test-spark`. The tests build on each other: a first day, the next one with what vendors restated and a worker
killed in the middle, and the first day again as it was known then.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from okr_reports.channels.load import raw_tables
from okr_reports.settings import Workspace
from okr_reports.spark import connection
from okr_reports.spark.cluster import Cluster, cluster, missing
from okr_reports.spark.compact import compact
from okr_reports.spark.marts import Contract, bring_back
from okr_reports.spark.raw import LOAD_ID, register
from okr_reports.spark.settings import SparkSettings, read_settings
from tests.spark.compared import differences, shapes
from tests.spark.conftest import SMALL, Engine, ended_well
from tests.support import DEMO_DAY, OKR
from tests.test_real_exports import AFTER_EXPORTS, only_the_exports
from tests.test_real_exports import DATA as REAL_EXPORTS

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


@pytest.mark.parametrize("table_format", ["parquet", "orc"])
def test_rows_come_back_whatever_format_they_lie_in(spark_cluster: Cluster, tmp_path: Path, table_format: str) -> None:
    lake = f"file://{tmp_path}/lake"
    settings = SparkSettings(lake=lake, lake_of_spark=lake, port=spark_cluster.port)
    schema = f"back_from_{table_format}"
    columns = [("name", "varchar", "who"), ("day", "date", ""), ("spend", "decimal(18, 2)", ""),
               ("seen", "timestamp with time zone", ""), ("share", "double", ""), ("clicks", "bigint", "")]  # fmt: skip
    with connection.session(settings) as session:
        session.run(f"create database {schema}")
        session.run(
            f"create table {schema}.made using {table_format} location '{lake}/models/{schema}/made/1' as"
            " select * from values ('Ñandú \"', date '2026-11-23', cast('-0.10' as decimal(18, 2)),"
            " timestamp '2026-11-23 05:06:07.123456', 0.1d + 0.2d, 1099511627776),"
            " (null, null, null, null, null, null) as rows (name, day, spend, seen, share, clicks)"
        )
        assert bring_back(session, settings, tmp_path / "w.duckdb", [Contract(schema, "made", "it", columns)]) == 2
    with duckdb.connect(str(tmp_path / "w.duckdb")) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        found = warehouse.execute(
            "select name, day::varchar, spend::varchar, seen::varchar, share, clicks"
            f" from {schema}.made order by name nulls last"
        ).fetchall()
    assert found == [
        ('Ñandú "', "2026-11-23", "-0.10", "2026-11-23 05:06:07.123456+00", 0.1 + 0.2, 2**40),
        (None, None, None, None, None, None),
    ]
    assert [path.name for path in (tmp_path / "lake").iterdir()] == ["models"]


def test_real_exports_with_tables_of_another_format(tmp_path: Path) -> None:
    """The exports of tests/test_real_exports.py, whose sums that file holds against those computed elsewhere.

    On a cluster of its own: a metastore holds the carried tables of one workspace.
    """
    if not REAL_EXPORTS.is_dir():
        pytest.skip(f"{REAL_EXPORTS.name} is not beside the repository")
    only_files = only_the_exports(tmp_path / "settings")
    if why := missing():
        pytest.skip(why)
    on_duckdb = Engine("duckdb", tmp_path / "duckdb", only_files, (OKR,))
    with cluster(tmp_path / "cluster", 0, SMALL) as running:
        port = {"SPARK__PORT": str(running.port), "SPARK__TABLE_FORMAT": "orc"}
        on_spark = Engine("spark", tmp_path / "spark", only_files | port, (OKR,))
        waiting = on_duckdb.start(AFTER_EXPORTS)
        said = on_spark.run(AFTER_EXPORTS)
        ended_well(waiting)
    assert "5 of 5 fresh" in said
    both_show_the_same(on_duckdb, on_spark)
    folders = [path for path in (on_spark.data_dir / "lake" / "models" / "marts").glob("*/*") if path.is_dir()]
    assert len(folders) > 20
    assert all(list(folder.glob("*.orc")) for folder in folders)
    assert not (on_spark.data_dir / "lake" / "back").exists()


def test_the_next_day_with_a_worker_killed_in_the_middle(
    on_duckdb: Engine, on_spark: Engine, spark_cluster: Cluster
) -> None:
    waiting = on_duckdb.start(NEXT_DAY)
    refresh = on_spark.start(NEXT_DAY)
    models = on_spark.data_dir / "lake" / "models" / "intermediate" / "int_sources_dated"
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
