"""Both engines over the same rows: a full and a daily build of the models at 1, 10 and 30 million facts.

    python -m benchmarks.bench_spark [full] [MILLIONS ...]     needs Java and the extra `spark` (make spark)

The rows of benchmarks/bench_growth.py: one LinkedIn account over two years, 40 key results. DuckDB reads them from its
file, Spark from a lake of Parquet on the same disk, through a Thrift server and two workers of one core each. Builds
run dbt with its tests; Spark's include declaring the raw tables and bringing the marts back. Wall seconds, and
processor seconds of all processes of an engine. No limit: it says where the crossing lies.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb

from benchmarks.bench_growth import LOOKBACK, TODAY, Point, define, fill_days
from okr_reports import distributed
from okr_reports.settings import Workspace
from okr_reports.spark.cluster import Cluster, cluster, missing
from okr_reports.warehouse import transform
from tests.dbt_project.warehouse import Warehouse
from tests.spark.loads import write_load

CAMPAIGNS = {1: 172, 10: 1713, 30: 5137}
TICKS = os.sysconf("SC_CLK_TCK")


def main(arguments: list[str]) -> int:
    if why := missing():
        print(f"not measured: {why}")
        return 0
    print(f"{'facts':>12}{'build':>8}{'engine':>10}{'seconds':>10}{'processor':>11}", flush=True)
    for millions in [int(one) for one in arguments if one != "full"] or list(CAMPAIGNS):
        with tempfile.TemporaryDirectory(prefix="okr-engines-") as folder:
            _measure(Path(folder), Point("engines", 2, CAMPAIGNS[millions], 40), daily="full" not in arguments)
    return 0


def _measure(folder: Path, point: Point, daily: bool) -> None:
    """Print a line for each build of each engine."""
    warehouse = Warehouse(folder / "data", TODAY)
    define(warehouse, point)
    fill_days(warehouse, point, TODAY - timedelta(days=365 * point.years))
    with cluster(folder / "cluster", 0) as running:
        os.environ["SPARK__PORT"] = str(running.port)
        write_load(warehouse.workspace, 1)
        _print(point, "full", "duckdb", _on_duckdb(warehouse.workspace))
        _print(point, "full", "spark", _on_spark(warehouse.workspace, running))
        if not daily:
            return
        warehouse.publish()
        warehouse.at(TODAY + timedelta(days=1))
        fill_days(warehouse, point, warehouse.today - timedelta(days=LOOKBACK))
        write_load(warehouse.workspace, 2, warehouse.today - timedelta(days=LOOKBACK))
        _print(point, "daily", "duckdb", _on_duckdb(warehouse.workspace))
        _print(point, "daily", "spark", _on_spark(warehouse.workspace, running))


def _print(point: Point, build: str, engine: str, taken: tuple[float, float]) -> None:
    print(f"{point.facts:>12,}{build:>8}{engine:>10}{taken[0]:>10.1f}{taken[1]:>11.1f}", flush=True)


def _on_duckdb(workspace: Workspace) -> tuple[float, float]:
    return _timed(lambda: transform.build(workspace), lambda: 0.0)


def _on_spark(workspace: Workspace, running: Cluster) -> tuple[float, float]:
    """The same build by Spark, over what the DuckDB file says of definitions and loads."""
    source = workspace.warehouse
    os.environ["OKR_ENGINE"] = "spark"
    try:
        shutil.copy(source, workspace.warehouse)
        with duckdb.connect(str(workspace.warehouse)) as connection:
            for schema in ("marts", "intermediate", "staging", "linkedin_ads"):
                connection.execute(f"drop schema if exists {schema} cascade")

        def build() -> None:
            with distributed.prepared(workspace):
                made = distributed.forecast(workspace, anew=False, on_event=lambda _: None)
                transform.build(workspace, exclude=made)

        return _timed(build, lambda: _processor_of(running))
    finally:
        del os.environ["OKR_ENGINE"]


def _timed(build: Callable[[], None], others: Callable[[], float]) -> tuple[float, float]:
    began, used, elsewhere = time.perf_counter(), time.process_time(), others()
    build()
    return time.perf_counter() - began, time.process_time() - used + others() - elsewhere


def _processor_of(running: Cluster) -> float:
    """Seconds that the cluster's processes, executors too, have used so far."""
    groups = {process.pid for process in running.processes.values()}
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) in groups:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
