"""A vendor that no channel here knows: events and daily figures over HTTP, and definitions that map them."""

from __future__ import annotations

import json
import textwrap
import threading
from collections.abc import Callable
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from okr_reports import okrs
from okr_reports.channels.base import LoadResult
from okr_reports.channels.load import load_channel
from okr_reports.okrs.definitions import Definitions

TODAY = date(2026, 11, 23)
Answer = tuple[int, Any]


class Vendor:
    """Answers `/days` from `rows` between `from` and `to`, pages of `size`; any other path from `answers`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[dict[str, str], dict[str, str]], Answer]] = {}
        self.size, self.token = 100, "a-secret-token"
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.failures: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                length = int(headers.get("content-length", 0))
                query |= {"_body": self.rfile.read(length).decode()} if length else {}
                outer.asked.append((parts.path, query, headers))
                status, body = outer.answer(parts.path, query, headers)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", str(body))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        if self.failures:
            return self.failures.pop(0), {"message": f"not now, {headers.get('authorization', '')}"}
        if path in self.answers:
            return self.answers[path](query, headers)
        if path != "/v1/days":
            return 404, {"message": "no such place"}
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"message": f"wrong token {headers.get('authorization')}"}
        rows = [one for one in self.rows if query.get("from", "") <= one["day"] <= query.get("to", "9")]
        at = int(query.get("page", 1))
        page = rows[(at - 1) * self.size : at * self.size]
        return 200, {"data": page, "meta": {"pages": -(-len(rows) // self.size) or 1}}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def figures(days: int = 60, accounts: int = 2, until: date = TODAY - timedelta(days=1)) -> list[dict[str, Any]]:
    """One row an account and day, newest last: `spend` grows by a cent an account and day."""
    return [
        {
            "day": (until - timedelta(days=days - 1 - at)).isoformat(),
            "account": {"id": f"a{account}"},
            "campaign": {"id": f"c{account}", "name": f"Campaign {account}"},
            "stats": {"clicks": 10 + at % 7, "spend": f"{at + account}.05"},
        }
        for at in range(days)
        for account in range(accounts)
    ]


DECLARATION = """
client:
  base_url: {url}/v1
  auth: {{type: bearer}}
  paginator: {{type: page_number, base_page: 1, total_path: meta.pages}}
resources:
  - name: days
    endpoint:
      path: days
      params: {{from: "{{start_date}}", to: "{{end_date}}"}}
      data_selector: data
"""
CHANNEL = """
channels:
  - id: vendor
    title: A Vendor
    kind: ads
    from: {rest: vendor.yml}
    config: {start_date: "2026-09-24"}
    stream: days
    date: day
    account_id: account.id
    campaign_id: campaign.id
    campaign_name: campaign.name
    lookback_days: 10
    measures:
      clicks: stats.clicks
      spend: {column: stats.spend}
      days_with_clicks: {count: rows, where: {stats.clicks: "10"}}
"""
SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en_GB}\n"


class VendorBench:
    """A vendor, definitions that name it, and a warehouse."""

    def __init__(self, folder: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.vendor, self.monkeypatch = folder, vendor, monkeypatch
        self.definitions_dir = folder / "okr_definitions"
        self.definitions_dir.mkdir()
        self.warehouse = folder / "warehouse.duckdb"
        self.said: list[str] = []
        self.warned: list[str] = []
        self.write("settings.yml", SETTINGS)
        self.write("vendor.yml", DECLARATION.format(url=vendor.url))
        self.write("channels.yml", CHANNEL)
        self.tell(token=vendor.token)

    def write(self, name: str, text: str) -> Path:
        path = self.definitions_dir / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def tell(self, channel: str = "vendor", **settings: str) -> None:
        for name, value in settings.items():
            self.monkeypatch.setenv(f"SOURCES__{channel.upper()}__{name.upper()}", value)

    def defined(self) -> Definitions:
        return okrs.read(self.definitions_dir)

    def load(self, today: date = TODAY, window: tuple[date, date] | None = None) -> dict[str, LoadResult]:
        defined = self.defined()
        results = load_channel(
            "files",
            warehouse=self.warehouse,
            pipelines_dir=self.folder / "dlt",
            today=today,
            window=window,
            file_sources=defined.file_sources,
            declared_sources=[one.id for one in defined.file_sources],
            uses=defined.uses,
            reporting=defined.settings.currency,
            progress=self.said.append,
            warn=self.warned.append,
        )
        return {one.account_id: one for one in results}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(sql).fetchall()

    def sum(self, measure: str, where: str = "true") -> Any:
        return self.rows(f"select sum(value) from files.measures where measure = '{measure}' and {where}")[0][0]
