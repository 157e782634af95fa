"""Tables of Iceberg, on Spark 3.5: DuckDB's rows, months without changes untouched, earlier states readable.

`make test-spark`. The jars have an environment of their own, `.venv-iceberg`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.bench_growth import LOOKBACK, TODAY, Point, define, fill_days
from okr_reports import catalogue
from okr_reports.channels.load import raw_tables
from okr_reports.errors import EngineError, OkrError
from okr_reports.spark import connection, marts, raw
from okr_reports.spark.cluster import Cluster, Size, cluster, missing
from okr_reports.spark.connection import Session
from okr_reports.spark.settings import read_settings
from okr_reports.warehouse import transform
from tests.dbt_project.warehouse import Warehouse
from tests.spark.conftest import SMALL
from tests.spark.loads import write_load
from tests.support import ROOT

pytestmark = pytest.mark.spark
SCHEMA = "intermediate"
FACTS = ("int_measures_converted", "int_measures_summed", "int_ads_pivoted", "int_measure_days_built")
TWO_YEARS = Point("two years", 2, 3, 1)
RESTATED = TODAY - timedelta(days=LOOKBACK - 5)


@pytest.fixture(scope="module")
def size() -> Size:
    try:
        found = SMALL.with_iceberg(ROOT / ".venv-iceberg")
    except EngineError as error:
        pytest.skip(str(error))
    if why := missing(found.home):
        pytest.skip(why)
    return found


class Lake:
    """Facts in DuckDB's tables, and beside them in tables of Iceberg."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.duckdb = Warehouse(folder, TODAY)
        self.workspace = self.duckdb.workspace
        self.models = folder / "lake" / "models" / SCHEMA
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("SPARK__TABLE_FORMAT", "iceberg")
        define(self.duckdb, TWO_YEARS)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with connection.session(read_settings(self.workspace)) as session:
            yield session

    def load(self, day: int) -> None:
        """A day's load, with the days that a vendor restates; on DuckDB its facts too."""
        self.duckdb.at(TODAY + timedelta(days=day))
        first = self.duckdb.today - timedelta(days=LOOKBACK if day else 730)
        fill_days(self.duckdb, TWO_YEARS, first)
        if day:
            restate = "update linkedin_ads.campaign_analytics set impressions = impressions + ? where date = ?"
            self.duckdb.run(restate, day, RESTATED)
        write_load(self.duckdb.workspace, day, first if day else None)
        self.duckdb.build("--select", f"+{FACTS[-1]}")

    def build(self, *, anew: bool = False) -> None:
        """The facts on Spark and what they are made from; the lake is tidied, as by a refresh."""
        with self._monkeypatch.context() as on_spark:
            on_spark.setenv("OKR_ENGINE", "spark")
            settings = read_settings(self.workspace)
            self.workspace.warehouse.write_bytes(self.duckdb.path.read_bytes())
            with self.session() as session:
                marts.fix(session, [SCHEMA])
                raw.register(session, settings, {name: raw_tables(name) for name in catalogue.channels()})
                raw.write_small_tables(session, settings, self.workspace.warehouse)
            transform.build(self.workspace, [f"+{FACTS[-1]}"], with_tests=False, anew=anew)
            with self.session() as session:
                marts.sweep(session, settings, [SCHEMA])

    def different_rows(self, folder: Path) -> dict[str, int]:
        """How many rows of each table only one of the engines has."""
        back, found = folder / "back.duckdb", {}
        contracts = [marts.Contract(SCHEMA, name, "", []) for name in FACTS]
        with self.session() as session:
            marts.bring_back(session, read_settings(self.workspace), back, contracts)
        with duckdb.connect(str(back)) as brought:
            brought.execute(f"attach '{self.duckdb.path}' as file (read_only)")
            for name in FACTS:
                # each engine digests by a function of its own
                columns = "channel, date" if name == FACTS[-1] else "*"
                theirs, ours = f"select {columns} from file.{SCHEMA}.{name}", f"select {columns} from {SCHEMA}.{name}"
                assert brought.execute(f"{theirs} limit 1").fetchall()
                query = f"(({theirs}) except all ({ours})) union all (({ours}) except all ({theirs}))"
                found[name] = len(brought.execute(query).fetchall())
        return found

    def kill_writer(self, running: Cluster, table: str) -> None:
        """Build, and kill the process that writes and commits once it has written a file of the table."""
        before = self.files_of(table)
        with ThreadPoolExecutor(1) as pool:
            building = pool.submit(self.build)
            while self.files_of(table) == before:
                assert not building.done(), building.exception()
                time.sleep(0.02)
            writer = running.processes["thrift"]
            os.killpg(writer.pid, signal.SIGKILL)
            writer.wait(20)
            with pytest.raises(OkrError):
                building.result()

    def files_of(self, table: str) -> set[Path]:
        return set(self.models.glob(f"{table}*/*/data/*/*.parquet"))


def states(session: Session) -> dict[str, int]:
    """The newest state of each table."""
    query = "select snapshot_id from {}.{}.refs where name = 'main'"
    return {name: session.execute(query.format(SCHEMA, name))[0][0] for name in FACTS}


def rows_of(session: Session, at: dict[str, int]) -> dict[str, tuple[Any, ...]]:
    """How many rows each table had in that state, and a digest of them."""
    query = "select count(*), bit_xor(xxhash64(*)) from {}.{} version as of {}"
    return {name: session.execute(query.format(SCHEMA, name, state))[0] for name, state in at.items()}


def months(session: Session, table: str) -> dict[int, set[str]]:
    """The data files of the table's newest state by month."""
    found: dict[int, set[str]] = {}
    for month, file in session.execute(f"select partition.date_month, file_path from {SCHEMA}.{table}.files"):
        found.setdefault(month, set()).add(file)
    return found


def month_of(day: date) -> int:
    """Months are counted from 1970 on."""
    return (day.year - 1970) * 12 + day.month - 1


def test_changed_months_alone_are_written_and_a_killed_writer_changes_nothing(
    size: Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "data", monkeypatch)
    nothing = dict.fromkeys(FACTS, 0)
    with cluster(tmp_path / "cluster", 0, size) as running:
        monkeypatch.setenv("SPARK__PORT", str(running.port))
        lake.load(0)
        lake.build()
        assert lake.different_rows(tmp_path) == nothing
        with lake.session() as session:
            first, first_files = states(session), {name: months(session, name) for name in FACTS}
            first_rows = rows_of(session, first)

        lake.load(1)
        lake.build()
        assert lake.different_rows(tmp_path) == nothing
        with lake.session() as session:
            second = states(session)
            for name in FACTS:
                before, after = first_files[name], months(session, name)
                changed = {month for month in after if after[month] != before.get(month)}
                assert changed == {month_of(RESTATED), month_of(TODAY)}
                assert len(after) - len(changed) > 20
            assert rows_of(session, first) == first_rows
            second_rows = rows_of(session, second)
        assert all(second_rows[name] != first_rows[name] for name in FACTS)

        lake.load(2)
        lake.kill_writer(running, FACTS[1])

    with cluster(tmp_path / "cluster", 0, size) as running:
        monkeypatch.setenv("SPARK__PORT", str(running.port))
        with lake.session() as session:
            assert rows_of(session, second) == second_rows
            now, killed = states(session), f"{SCHEMA}.{FACTS[1]}"
            assert {name for name in FACTS if now[name] != second[name]} - {FACTS[1]} == {FACTS[0]}
            # days that differ may be taken out by then; of what was being added nothing is there
            earlier = f"select * from {killed} version as of {second[FACTS[1]]}"
            assert session.execute(f"select * from {killed} except {earlier}") == []
        # after a build that did not end a refresh carries nothing over
        lake.build(anew=True)
        assert lake.different_rows(tmp_path) == nothing

        with lake.session() as session:
            table = f"{SCHEMA}.{FACTS[1]}"
            before_rows = rows_of(session, states(session))
            for _ in range(5):
                session.run(f"insert into {table} select * from {table} where date = date '{TODAY}' limit 1")
            session.run(f"alter table {table} set tblproperties ('history.expire.max-snapshot-age-ms' = '1')")
            marts.sweep(session, read_settings(lake.workspace), [SCHEMA])
            kept = months(session, FACTS[1])
            assert len(kept[month_of(TODAY)]) == 1
            assert session.execute(f"select count(*) from {table}.snapshots") == [(1,)]
            assert rows_of(session, states(session))[FACTS[1]][0] == before_rows[FACTS[1]][0] + 5
        assert {path.name for path in lake.files_of(FACTS[1])} == {
            Path(file).name for names in kept.values() for file in names
        }
