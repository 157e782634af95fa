"""Files against DuckDB's own reading and writing of the same long table; pandas and dlt's filesystem source beside.

Limits, of processor time: CSV and Parquet of 1.5 million rows x 4 measures at most 2.5 times DuckDB's and 1.5 times
its memory; 400 small CSV files with `key` at most 5 s, one more among them at most 1 s; Excel of 200,000 rows at most
2 s to be read; opening 100 files of 10,000 rows for `okr check` at most 5 s, plain ones and those with a title, a total
and marks of thousands. `OKR_BENCH_ROWS=150000` is quick.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.targets import hold

ROWS = int(os.environ.get("OKR_BENCH_ROWS", "1500000"))
SMALL, SMALL_ROWS, SHEET_ROWS, CHECKED, CHECKED_ROWS = 400, 100, 200_000, 100, 10_000
MEASURES = ("impressions", "clicks", "spend", "leads")
TODAY = date(2026, 12, 1)
AT_MOST_TIME, AT_MOST_MEMORY, MOST_SMALL, MOST_ONE_MORE, MOST_SHEET, MOST_CHECK = 2.5, 1.5, 5.0, 1.0, 2.0, 5.0
_TABLE = """
    select cast(date '2026-01-01' + cast((i + {first}) % 300 as integer) as varchar) as date,
        'c' || ((i // 300) % 5000) as campaign_id, 'Campaign ' || ((i // 300) % 5000) as campaign_name,
        i % 1000 as impressions, i % 100 as clicks, cast((i % 10000) / 100.0 as decimal(12, 2)) as spend, i % 7 as leads
    from range({rows}) as made(i)
"""


def _source(pattern: Path, **more: Any) -> Any:
    from okr_reports.file_sources import FileSource, MeasureColumn

    return FileSource(
        "ads", "ads", pattern, "date", {name: MeasureColumn(name) for name in MEASURES},
        campaign_id="campaign_id", campaign_name="campaign_name", roots=(pattern.parent.resolve(),), **more,
    )  # fmt: skip


def _load(folder: Path, pattern: str, **more: Any) -> None:
    from okr_reports.channels.load import load_channel

    results = load_channel(
        "files", warehouse=folder / "okr.duckdb", pipelines_dir=folder / "dlt", today=TODAY,
        file_sources=[_source(folder / pattern, **more)], progress=lambda _: None,
    )  # fmt: skip
    assert all(one.state == "loaded" for one in results), results


def _duckdb(folder: Path, read: str) -> None:
    import duckdb

    with duckdb.connect(str(folder / "plain.duckdb")) as connection:
        connection.execute(
            f"create or replace table long as unpivot (select * from {read}) on {', '.join(MEASURES)}"
            " into name measure value value"
        )


def _typed_csv(folder: Path) -> str:
    columns = {"date": "DATE", "campaign_id": "VARCHAR", "campaign_name": "VARCHAR"} | dict.fromkeys(
        MEASURES, "DECIMAL(28,9)"
    )
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return f"read_csv('{folder}/big.csv', columns={{{named}}})"


def _pandas(folder: Path) -> None:
    import pandas

    table = pandas.read_csv(folder / "big.csv", parse_dates=["date"])
    table.melt(["date", "campaign_id", "campaign_name"], list(MEASURES)).to_parquet(folder / "long.parquet")


def _dlt(folder: Path) -> None:
    import dlt
    from dlt.sources.filesystem import readers

    pipeline = dlt.pipeline(
        "peer", pipelines_dir=str(folder / "peer"), destination=dlt.destinations.duckdb(str(folder / "peer.duckdb"))
    )
    pipeline.run(
        readers(bucket_url=str(folder), file_glob="big.csv").read_csv_duckdb(use_pyarrow=True), table_name="wide"
    )


def _read_sheet(folder: Path) -> None:
    from okr_reports.channels.files.read import read_source

    read = read_source(_source(folder / "big.xlsx"), {"big.xlsx": folder / "big.xlsx"}, TODAY)
    assert read.files["big.xlsx"].rows == SHEET_ROWS, read.faults


def _check(folder: Path, pattern: str = "check_*.csv") -> None:
    from okr_reports.channels.files.check import check_files

    found = list(check_files([_source(folder / pattern)], TODAY, "EUR", {}))
    assert len(found) == CHECKED, len(found)
    assert not any(one.faults for one in found), found


WAYS: dict[str, Callable[[Path], None]] = {
    "okr csv": lambda folder: _load(folder, "big.csv"),
    "duckdb csv": lambda folder: _duckdb(folder, _typed_csv(folder)),
    "pandas csv": _pandas,
    "dlt csv": _dlt,
    "okr parquet": lambda folder: _load(folder, "big.parquet"),
    "duckdb parquet": lambda folder: _duckdb(folder, f"read_parquet('{folder}/big.parquet')"),
    "okr 400 files": lambda folder: _load(folder, "small_*.csv", key=("date", "campaign_id")),
    "okr one more": lambda folder: _load(folder, "small_*.csv", key=("date", "campaign_id")),
    "okr excel": _read_sheet,
    "okr check": _check,
    "okr odd check": lambda folder: _check(folder, "odd_*.csv"),
}


def _make(folder: Path) -> None:
    import duckdb
    import xlsxwriter

    connection = duckdb.connect()
    big = _TABLE.format(first=0, rows=ROWS)
    connection.execute(f"copy ({big}) to '{folder}/big.csv' (header)")
    connection.execute(f"copy (select * replace (cast(date as date) as date) from ({big})) to '{folder}/big.parquet'")
    for at in range(SMALL):
        _small(connection, folder, at)
    for at in range(CHECKED):
        # campaigns of its own, so that no two files hold the same day
        own = f"* replace ('{at} ' || campaign_id as campaign_id)"
        table = _TABLE.format(first=at, rows=CHECKED_ROWS)
        connection.execute(f"copy (select {own} from ({table})) to '{folder}/check_{at}.csv' (header)")
        _odd(connection, folder / f"odd_{at}.csv", f"select {own} from ({table})")
    with xlsxwriter.Workbook(str(folder / "big.xlsx"), {"constant_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["date", "campaign_id", "campaign_name", *MEASURES])
        for at in range(SHEET_ROWS):
            sheet.write_datetime(at + 1, 0, datetime(2026, 1, 1) + timedelta(days=at % 300), day)
            row = [f"c{at // 300}", f"Campaign {at // 300}", at % 1000, at % 100, at % 10_000 / 100, at % 7]
            sheet.write_row(at + 1, 1, row)


def _small(connection: Any, folder: Path, at: int) -> None:
    named = (
        f"select * replace ('c{at}_' || campaign_id as campaign_id) from ({_TABLE.format(first=0, rows=SMALL_ROWS)})"
    )
    connection.execute(f"copy ({named}) to '{folder}/small_{at}.csv' (header)")


def _odd(connection: Any, path: Path, table: str) -> None:
    """As vendors export: a title, thousands with commas, a total."""
    wide = "* replace (format('{:,}', cast(impressions * 1000 as bigint)) as impressions)"
    connection.execute(f"copy (select {wide} from ({table})) to '{path}' (header)")
    [(total, *others)] = connection.execute(
        f"select format('{{:,}}', cast(sum(impressions * 1000) as bigint)), sum(clicks), sum(spend), sum(leads)"
        f" from ({table})"
    ).fetchall()
    last = ",".join(["Total,,", f'"{total}"', *map(str, others)])
    path.write_text(f"Campaigns by day\n\n{path.read_text()}{last}\n")


def _measured(way: str, folder: Path) -> tuple[float, float]:
    """Processor seconds of the way's own work, without imports, and megabytes at its peak; in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_files", way, str(folder)], check=True, capture_output=True, text=True
    ).stdout
    seconds, megabytes = json.loads(said.splitlines()[-1])
    return float(seconds), float(megabytes)


def _one(way: str, folder: Path) -> None:
    import duckdb
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import okr_reports.channels.files.source  # noqa: F401

    duckdb.connect().sql("select 1").fetchall()
    before = resource.getrusage(resource.RUSAGE_SELF)
    WAYS[way](folder)
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([spent, (after.ru_maxrss - before.ru_maxrss) / 1024]))


def main() -> bool:
    """Print every figure with its limit; whether all limits hold."""
    import duckdb

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _make(folder)
        taken: dict[str, tuple[float, float]] = {}
        for way in WAYS:
            if way == "okr one more":
                _small(duckdb.connect(), folder, SMALL)
            if way.startswith("okr") and way != "okr one more":
                (folder / "okr.duckdb").unlink(missing_ok=True)
            taken[way] = _measured(way, folder)
            print(f"{way:15} {taken[way][0]:7.2f} s  {taken[way][1]:7.0f} MB")
    ratios = [
        (f"{kind} {what}", taken[f"okr {kind}"][at] / taken[f"duckdb {kind}"][at], most)
        for kind in ("csv", "parquet")
        for at, (what, most) in enumerate((("time", AT_MOST_TIME), ("memory", AT_MOST_MEMORY)))
    ]
    limits = [
        *ratios,
        ("400 files", taken["okr 400 files"][0], MOST_SMALL),
        ("one more", taken["okr one more"][0], MOST_ONE_MORE),
        ("excel", taken["okr excel"][0], MOST_SHEET),
        ("check", taken["okr check"][0], MOST_CHECK),
        ("odd check", taken["okr odd check"][0], MOST_CHECK),
    ]
    for name, found, most in limits:
        print(f"{name:15} {found:7.2f}  at most {most}")
    held = [hold(f"files, {name}", found, most, "") for name, found, most in limits]
    return all(held)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _one(sys.argv[1], Path(sys.argv[2]))
    else:
        sys.exit(0 if main() else 1)
