"""The ways from the same pages into a merged DuckDB table, ours and its peers', each run in a process of its own.

`python -m benchmarks.load_ways WAY URL CAMPAIGNS DAYS END FOLDER` prints what it took as JSON: wall and processor
seconds without imports, children included, rows in the table, and peak memory in MB.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.served_pages import ADVERTISER, REPORT, Extent

COUNTS = ("impressions", "clicks", "video_play_actions", "video_watched_6s", "likes", "follows")
AMOUNTS = ("spend", "conversion", "total_purchase_value", "complete_payment", "sales_lead")
KEY = ("date", "campaign_id")
Run = Callable[[], int]


def fetched(url: str, extent: Extent) -> Iterator[bytes]:
    """Every page, as all peers read them: the reports of 30 days, page by page."""
    for start, end in extent.reports():
        page, last = 1, 1
        while page <= last:
            asked = f"{url}{REPORT}?start_date={start}&end_date={end}&page={page}"
            with urllib.request.urlopen(asked) as answer:
                body = answer.read()
            last, page = json.loads(body)["data"]["page_info"]["total_page"], page + 1
            yield body


def flat(body: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a page with the types they should have: what a hand-written script does first."""
    for row in json.loads(body)["data"]["list"]:
        values: dict[str, Any] = {name: None if text == "-" else text for name, text in row["metrics"].items()}
        for name in COUNTS:
            values[name] = None if values[name] is None else int(values[name])
        for name in AMOUNTS:
            values[name] = None if values[name] is None else float(values[name])
        dimensions = row["dimensions"]
        yield {"date": dimensions["stat_time_day"][:10], "campaign_id": dimensions["campaign_id"], **values}


def okr(url: str, extent: Extent, folder: Path) -> Run:
    """`load_channel("tiktok_ads")`, as a refresh runs it."""
    os.environ |= {
        "DLT_DATA_DIR": str(folder / "dlt_data"),
        "DLT_PROJECT_DIR": str(folder),
        "OKR_TODAY": "2026-11-23",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "SOURCES__TIKTOK_ADS__BASE_URL": url,
        "SOURCES__TIKTOK_ADS__CREDENTIALS__ACCESS_TOKEN": "sandbox",
        "SOURCES__TIKTOK_ADS__ACCOUNT_IDS": ADVERTISER,
        "SOURCES__TIKTOK_ADS__START_DATE": extent.start.isoformat(),
    }
    from okr_reports.channels import landing  # noqa: F401
    from okr_reports.channels.load import load_channel

    def run() -> int:
        [result] = load_channel(
            "tiktok_ads",
            warehouse=folder / "warehouse.duckdb",
            pipelines_dir=folder / "dlt",
            today=date(2026, 11, 23),
            progress=lambda _: None,
        )
        assert result.state == "loaded", result
        return result.rows

    return run


def dlt_default(url: str, extent: Extent, folder: Path) -> Run:
    """dlt as its documentation begins: dictionaries from its REST client, merged by primary key."""
    os.environ |= {"DLT_DATA_DIR": str(folder / "dlt_data"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    import dlt
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

    @dlt.resource(write_disposition="merge", primary_key=("dimensions__campaign_id", "dimensions__stat_time_day"))
    def report() -> Iterator[Any]:
        for start, end in extent.reports():
            client = RESTClient(
                url, paginator=PageNumberPaginator(base_page=1, total_path="data.page_info.total_page"),
                data_selector="data.list",
            )  # fmt: skip
            yield from client.paginate(REPORT, params={"start_date": str(start), "end_date": str(end)})

    pipeline = dlt.pipeline(
        "report", pipelines_dir=str(folder / "dlt"), dataset_name="tiktok",
        destination=dlt.destinations.duckdb(str(folder / "warehouse.duckdb")),
    )  # fmt: skip

    def run() -> int:
        pipeline.run(report())
        with pipeline.sql_client() as client:
            return int(client.execute_sql("select count(*) from report")[0][0])

    return run


def pandas(url: str, extent: Extent, folder: Path) -> Run:
    """A script with pandas: dictionaries to a frame, the frame merged by DuckDB."""
    import duckdb
    from pandas import DataFrame

    def run() -> int:
        frame = DataFrame([row for body in fetched(url, extent) for row in flat(body)])
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute("create table facts as select * from frame limit 0")
            connection.execute(_merge("from frame"))
            return frame.shape[0]

    return run


def _merge(source: str) -> str:
    on = " and ".join(f"facts.{name} = new.{name}" for name in KEY)
    return f"merge into facts using ({source}) as new on {on} when matched then update when not matched then insert"


def duckdb_fetching(url: str, extent: Extent, folder: Path) -> Run:
    """The limit, with the fetching: pages written to a file, read and merged by DuckDB."""
    return _bare(url, extent, folder, fetch_first=False)


def duckdb_merge(url: str, extent: Extent, folder: Path) -> Run:
    """The limit: DuckDB's own MERGE from the pages, one a line in a file that is there already."""
    return _bare(url, extent, folder, fetch_first=True)


def _bare(url: str, extent: Extent, folder: Path, *, fetch_first: bool) -> Run:
    import duckdb

    file = folder / "pages.ndjson"

    def fetch() -> None:
        with file.open("wb") as out:
            for body in fetched(url, extent):
                out.write(body + b"\n")

    texts = ", ".join(f"{name} VARCHAR" for name in ("campaign_name", *COUNTS, *AMOUNTS))
    kinds = dict.fromkeys(COUNTS, "BIGINT") | dict.fromkeys(AMOUNTS, "DECIMAL(28,9)")
    values = ", ".join(f"cast(nullif(r.metrics.{name}, '-') as {kind}) as {name}" for name, kind in kinds.items())
    shape = f"STRUCT(dimensions STRUCT(campaign_id VARCHAR, stat_time_day VARCHAR), metrics STRUCT({texts}))[]"
    source = (
        "select cast(r.dimensions.stat_time_day[:10] as date) as date, r.dimensions.campaign_id as campaign_id, "
        f"r.metrics.campaign_name as campaign_name, {values} from (select unnest(data.list) as r from read_json("
        f"'{file}', format='newline_delimited', columns={{'data': 'STRUCT(list {shape})'}}))"
    )
    if fetch_first:
        fetch()

    def run() -> int:
        if not fetch_first:
            fetch()
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            typed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
            connection.execute(f"create table facts (date DATE, campaign_id VARCHAR, campaign_name VARCHAR, {typed})")
            connection.execute(_merge(source))
            [(rows,)] = connection.execute("select count(*) from facts").fetchall()
            return int(rows)

    return run


def singer(url: str, extent: Extent, folder: Path) -> Run:
    """Singer: messages of a tap through target-duckdb, whose command OKR_BENCH_TARGET_DUCKDB names."""
    settings = folder / "target.json"
    settings.write_text(json.dumps({"path": str(folder / "warehouse.duckdb"), "default_target_schema": "main"}))
    kinds = dict.fromkeys(COUNTS, "integer") | dict.fromkeys(AMOUNTS, "number")
    properties = {name: {"type": ["null", kind]} for name, kind in kinds.items()}
    texts = {name: {"type": "string"} for name in ("date", "campaign_id", "campaign_name")}
    schema = {"type": "object", "properties": {**texts, **properties}}

    def run() -> int:
        target = subprocess.Popen(
            [os.environ["OKR_BENCH_TARGET_DUCKDB"], "--config", str(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert target.stdin
        told = {"type": "SCHEMA", "stream": "facts", "schema": schema, "key_properties": KEY}
        target.stdin.write(json.dumps(told) + "\n")
        for body in fetched(url, extent):
            for row in flat(body):
                target.stdin.write(json.dumps({"type": "RECORD", "stream": "facts", "record": row}) + "\n")
        _, said = target.communicate()
        assert target.returncode == 0, said
        return _count(folder)

    return run


def _count(folder: Path) -> int:
    import duckdb

    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        [(rows,)] = connection.execute("select count(*) from facts").fetchall()
        return int(rows)


WAYS = {way.__name__: way for way in (okr, dlt_default, pandas, duckdb_fetching, duckdb_merge, singer)}


def processor_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(way: str, url: str, campaigns: str, days: str, end: str, folder: str) -> None:
    run = WAYS[way](url, Extent(int(campaigns), int(days), date.fromisoformat(end)), Path(folder))
    began, used = time.perf_counter(), processor_seconds()
    rows = run()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    took = {"rows": rows, "wall": time.perf_counter() - began, "processor": processor_seconds() - used}
    print(json.dumps({**took, "peak_mb": peak / 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
