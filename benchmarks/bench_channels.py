"""A REST channel against what its answers cost to fetch: records a second from the wire to the raw tables, on one core.

The vendor is a process of its own that answers pages of 1,000 records from memory. Limit: at least 30,000 records a
second of processor time of the loading process, and at most 20 times what `requests` and `orjson` need for the same
pages in the same run. `OKR_BENCH_RECORDS=60000` is quick.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.targets import allowed, hold

RECORDS, SIZE = int(os.environ.get("OKR_BENCH_RECORDS", "300000")), 1000
TODAY = date(2026, 12, 1)
LEAST, MOST_TIMES = 30_000, 20.0
_DECLARED = """
client:
  base_url: {url}
  auth: bearer
  paginator: {{type: page_number, base_page: 1, total_path: pages}}
resources:
  - name: days
    endpoint: {{path: days, params: {{from: "{{start_date}}"}}, data_selector: data}}
"""
_CHANNELS = """
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid}
channels:
  - id: vendor
    title: Vendor
    kind: ads
    from: {rest: vendor.yml}
    config: {start_date: "2026-01-01"}
    date: day
    account_id: account.id
    campaign_id: campaign.id
    campaign_name: campaign.name
    measures: {impressions: stats.impressions, clicks: stats.clicks, spend: stats.spend, rows: {count: rows}}
"""


def _record(at: int) -> dict[str, Any]:
    campaign = at // 300
    return {
        "day": (date(2026, 1, 5) + timedelta(days=at % 300)).isoformat(),
        "account": {"id": f"a{campaign % 5}", "name": "An account"},
        "campaign": {"id": f"c{campaign}", "name": f"Campaign {campaign}", "status": "active", "labels": ["x", "y"]},
        "stats": {"impressions": at % 1000, "clicks": at % 100, "spend": (at % 10_000) / 100, "leads": None},
    }


def serve() -> None:
    """Answer pages until the process ends; the address is the first line."""
    count = -(-RECORDS // SIZE)
    pages = [
        json.dumps(
            {
                "pages": count,
                "next": page + 2 if page + 1 < count else None,
                "data": [_record(at) for at in range(page * SIZE, min((page + 1) * SIZE, RECORDS))],
            }
        )
        for page in range(count)
    ]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            at = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
            body = pages[at - 1].encode() if at <= count else b'{"data": []}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def _fetched(url: str) -> float:
    """Processor seconds for the pages as parsed JSON, and nothing else."""
    import orjson
    import requests

    began, at, pages = time.process_time(), 1, 1
    with requests.Session() as session:
        while at <= pages:
            pages = orjson.loads(session.get(f"{url}/days?page={at}", timeout=60).content)["pages"]
            at += 1
    return time.process_time() - began


def _loaded(url: str, folder: Path) -> tuple[float, float]:
    """Processor and wall-clock seconds of a first load."""
    os.environ |= {"DLT_PROJECT_DIR": str(folder), "DLT_DATA_DIR": str(folder / "dlt"), "OKR_TODAY": str(TODAY)}
    os.environ |= {"SOURCES__VENDOR__TOKEN": "a-long-secret", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    from okr_reports import okrs
    from okr_reports.channels.load import load_channel

    (folder / "channels.yml").write_text(_CHANNELS, encoding="utf-8")
    (folder / "vendor.yml").write_text(_DECLARED.format(url=url), encoding="utf-8")
    defined = okrs.read(folder)
    import dlt.sources.rest_api  # noqa: F401

    began, wall = time.process_time(), time.monotonic()
    results = load_channel(
        "files",
        warehouse=folder / "warehouse.duckdb",
        pipelines_dir=folder / "pipelines",
        today=TODAY,
        file_sources=defined.file_sources,
        progress=lambda _: None,
    )
    took = time.process_time() - began, time.monotonic() - wall
    assert sum(one.rows for one in results) == RECORDS, results
    return took


def main() -> None:
    vendor = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_channels", "serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert vendor.stdout is not None
        url = vendor.stdout.readline().strip()
        alone = _fetched(url)
        with tempfile.TemporaryDirectory() as folder:
            processor, wall = _loaded(url, Path(folder))
    finally:
        vendor.kill()
    rate, times = RECORDS / processor, processor / alone
    print(f"{RECORDS:,} records: {processor:.1f} s of processor, {wall:.1f} s, {rate:,.0f} records/s")
    print(f"fetching and parsing alone: {alone:.1f} s, ratio {times:.1f}")
    held = [
        hold("a record of a vendor without code", processor / RECORDS * 1e6, allowed(1e6 / LEAST), "µs"),
        hold("a vendor without code, against fetching alone", times, MOST_TIMES, "times"),
    ]
    sys.exit(not all(held))


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
