"""Loading a million rows against peers, a week's window into long histories, and eleven channels at once.

Limits: our way takes at most a fifteenth of dlt's default a row and at most 5 times DuckDB's own MERGE from the same
JSON, in under 600 MB; a 7-day window into 10 million rows takes at most 1.5 times that into 1 million; eleven channels
with 200 ms a request take at most 1.5 times the slowest of them.

Ratios are of processor time where the work is computing, since others use the machine too; of wall time where it is
waiting. `OKR_BENCH_ROWS=100000` is the quick form. target-duckdb (Singer) runs beside where OKR_BENCH_TARGET_DUCKDB
names its command: it wants a DuckDB of its own, so a throw-away environment: `uv venv v && uv pip install --python v
target-duckdb`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.load_ways import okr, processor_seconds
from benchmarks.served_pages import Extent, serving
from benchmarks.targets import hold

END = date(2026, 11, 22)
TODAY = END + timedelta(days=1)
DAYS = 730
ROWS = int(os.environ.get("OKR_BENCH_ROWS", "1000000"))
# dlt's default makes a dictionary of everything and takes minutes and gigabytes for a million: its figures are of fewer
# rows and told per row.
FEWER = {"dlt_default": 50_000, "singer": 100_000}
RUNS = 3
LATENCY = 0.2
HISTORIES = (1_000_000, 10_000_000)
AT_LEAST_DLT, AT_MOST_MERGE, MOST_MB, AT_MOST_HISTORY, AT_MOST_SLOWEST = 15, 5, 600, 1.5, 1.5


def measured(way: str, rows: int, runs: int) -> dict[str, float]:
    """Medians of `runs` processes; a first one warms the server's pages up and is not counted."""
    extent = Extent(-(-rows // DAYS), DAYS, END)
    taken = []
    with serving(extent) as url:
        for _ in range(runs + 1):
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", "benchmarks.load_ways", way, url,
                           str(extent.campaigns), str(extent.days), str(extent.end), folder]  # fmt: skip
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                taken.append(json.loads(said.splitlines()[-1]))
                assert taken[-1]["rows"] == extent.campaigns * extent.days, taken[-1]
    return {name: median(one[name] for one in taken[1:]) for name in taken[0]}


def against_peers() -> bool:
    """A million rows over HTTP into a merged table, each way in processes of its own."""
    ways = ["okr", "duckdb_merge", "duckdb_fetching", "pandas", "dlt_default"]
    if "OKR_BENCH_TARGET_DUCKDB" in os.environ:
        ways.append("singer")
    found = {}
    for way in ways:
        rows = min(FEWER.get(way, ROWS), ROWS)
        found[way] = one = measured(way, rows, RUNS if rows == ROWS else 1)
        one["micro"] = one["processor"] / one["rows"] * 1e6
        print(f"{way:<18}{one['rows']:>10,.0f} rows{one['processor']:8.2f} s of processor {one['wall']:8.2f} s wall"
              f"{one['micro']:8.2f} µs a row{one['peak_mb']:8.0f} MB", flush=True)  # fmt: skip
    dlt_ratio = found["dlt_default"]["micro"] / found["okr"]["micro"]
    merge_ratio = found["okr"]["micro"] / found["duckdb_merge"]["micro"]
    print(f"{dlt_ratio:.1f} times as fast as dlt's default (at least {AT_LEAST_DLT})")
    print(f"{merge_ratio:.2f} times the time of DuckDB's MERGE (at most {AT_MOST_MERGE})")
    print(f"peak {found['okr']['peak_mb']:.0f} MB (at most {MOST_MB})")
    held = [
        hold("a row against dlt's default", 1 / dlt_ratio, 1 / AT_LEAST_DLT, "of its time"),
        hold("a row against DuckDB's MERGE", merge_ratio, AT_MOST_MERGE, "times"),
        hold("peak memory of a first load", found["okr"]["peak_mb"], MOST_MB, "MB"),
    ]
    return all(held)


def week_into_history() -> bool:
    """A window of seven days of 1,370 campaigns into tables of a million and of ten million rows."""
    import duckdb

    extent, found = Extent(1370, 7, END), {}
    with serving(extent) as url, tempfile.TemporaryDirectory() as made:
        for rows in HISTORIES:
            folder = Path(made) / str(rows)
            folder.mkdir()
            load = okr(url, extent, folder)
            load()
            with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
                facts = "tiktok_ads.campaign_report"
                # the same campaigns on ever earlier days: in date order, as a first load writes them
                times = rows // (extent.campaigns * extent.days)
                connection.execute(
                    f"create table history as select f.* replace (date - cast(7 * n as integer) as date) "
                    f"from {facts} f, range(1, {times + 1}) r(n) order by date"
                )
                connection.execute(f"insert into history from {facts}")
                connection.execute(f"delete from {facts}")
                connection.execute(f"insert into {facts} from history order by date")
                connection.execute("drop table history")
            taken = []
            for _ in range(RUNS + 1):
                began, used = time.perf_counter(), processor_seconds()
                assert load() == extent.campaigns * extent.days
                taken.append((processor_seconds() - used, time.perf_counter() - began))
            found[rows] = median(used for used, _ in taken[1:])
            print(f"7 days into {rows:>10,} rows: {found[rows]:.2f} s of processor, "
                  f"{median(wall for _, wall in taken[1:]):.2f} s wall", flush=True)  # fmt: skip
    ratio = found[HISTORIES[1]] / found[HISTORIES[0]]
    print(f"{ratio:.2f} times as long (at most {AT_MOST_HISTORY})")
    return hold("a week into ten million rows", ratio, AT_MOST_HISTORY, "times")


class Slow:
    """ASGI: every request takes LATENCY longer, without holding others up."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        import asyncio

        await asyncio.sleep(LATENCY)
        await self._app(scope, receive, send)


def slow_sandbox() -> str:
    """The base URL of a sandbox that is far away."""
    import socket

    import uvicorn

    from okr_reports.sandbox.serve import application
    from okr_reports.sandbox.state import SandboxState

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    state = SandboxState(0, TODAY, page_size=100)
    server = uvicorn.Server(uvicorn.Config(Slow(application(state)), log_level="error", lifespan="off"))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def eleven_at_once() -> bool:
    """Every channel alone, then all side by side as a refresh loads them: the last 30 days of each again."""
    import sqlite3

    from okr_reports.sandbox.serve import STAND_INS
    from okr_reports.settings import Workspace

    url = slow_sandbox()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        definitions = folder / "okr_definitions"
        definitions.mkdir()
        (definitions / "spend.csv").write_text("date,spend\n2026-11-22,1\n", encoding="utf-8")
        (definitions / "all.yml").write_text(
            "settings: {organisation: A, currency: EUR, timezone: UTC, locale: en-GB}\nfile_sources:\n"
            "  - {id: tv, path: spend.csv, channel: tv, date: date, measures: {spend: spend}}\n",
            encoding="utf-8",
        )
        with sqlite3.connect(folder / "shop.db") as shop:
            shop.execute("create table orders (date text, orders integer)")
            shop.execute("insert into orders values ('2026-11-22', 3)")
        os.environ |= {
            "OKR_TODAY": TODAY.isoformat(),
            "DLT_DATA_DIR": str(folder / "dlt_data"),
            "DLT_PROJECT_DIR": made,
            "SOURCES__SQL__QUERIES": "shop",
            "SOURCES__SQL__SHOP__QUERY": "select date, orders from orders where date between :from and :to",
            "SOURCES__SQL__CREDENTIALS__URL": f"sqlite:///{folder / 'shop.db'}",
        }
        for one in STAND_INS:
            prefix = f"SOURCES__{one.CHANNEL.upper()}__"
            os.environ |= {f"{prefix}BASE_URL": f"{url}/{one.CHANNEL}", f"{prefix}START_DATE": "2026-09-01"}
            os.environ |= {f"{prefix}{name}": value for name, value in one.SETTINGS.items()}
        workspace = Workspace(definitions, folder / "reports", folder / "data")
        names = [*(one.CHANNEL for one in STAND_INS), "files", "sql"]
        refreshed(workspace, names)
        alone = {name: median(refreshed(workspace, [name]) for _ in range(RUNS)) for name in names}
        together = median(refreshed(workspace, names) for _ in range(RUNS))
    for name, took in sorted(alone.items(), key=lambda one: -one[1]):
        print(f"{name:<18}{took:7.2f} s alone")
    ratio = together / max(alone.values())
    print(f"all {len(names)} at once {together:.2f} s: {ratio:.2f} times the slowest (at most {AT_MOST_SLOWEST}), "
          f"a {sum(alone.values()) / together:.1f}th of one after the other")  # fmt: skip
    return hold("eleven channels at once", ratio, AT_MOST_SLOWEST, "times the slowest")


def refreshed(workspace: Any, names: Sequence[str]) -> float:
    """Seconds until these channels are loaded."""
    from okr_reports import refresh
    from okr_reports.warehouse import ops

    workspace.data_dir.mkdir(exist_ok=True)
    ops.ensure_tables(workspace.warehouse)
    began = time.perf_counter()
    results = refresh.load_channels(workspace, "bench", only=names)
    assert {one.state for of_channel in results.values() for one in of_channel} == {"loaded"}, results
    return time.perf_counter() - began


def main() -> int:
    parts = {"peers": against_peers, "week": week_into_history, "eleven": eleven_at_once}
    chosen = os.environ.get("OKR_BENCH_PARTS", ",".join(parts)).split(",")
    held = [parts[name]() for name in chosen]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
