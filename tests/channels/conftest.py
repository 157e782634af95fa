from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

# dlt reads both when it is imported
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("DLT_DATA_DIR", "/nonexistent-so-that-nothing-hides-there")

from okr_reports.channels.base import LoadResult
from okr_reports.channels.load import load_channel
from okr_reports.sandbox.serve import RunningSandbox, start
from tests.channels.a_folder import Files
from tests.channels.a_vendor import Vendor, VendorBench, figures

TODAY = date(2026, 11, 23)


@dataclass
class Bench:
    """A warehouse of its own, a sandbox, and the environment that joins them."""

    sandbox: RunningSandbox
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    said: list[str] = field(default_factory=list)

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def set(self, channel: str, **settings: str) -> None:
        for name, value in settings.items():
            self.monkeypatch.setenv(f"SOURCES__{channel.upper()}__{name.upper()}", value)

    def tell(self, **told: Any) -> None:
        answer = requests.post(f"{self.sandbox.url}/_sandbox", json=told, timeout=5)
        assert answer.status_code == 200, answer.text

    def load(self, channel: str = "linkedin_ads", today: date | None = None, **more: Any) -> dict[str, LoadResult]:
        results = load_channel(
            channel,
            today=today or self.sandbox.state.today,
            **{
                "warehouse": self.warehouse,
                "pipelines_dir": self.folder / "dlt",
                "progress": self.said.append,
                **more,
            },
        )
        return {result.account_id: result for result in results}

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(sql, parameters or None).fetchall()

    def truth(self, channel: str = "linkedin_ads", **query: str) -> str:
        answer = requests.get(f"{self.sandbox.url}/truth/{channel}/daily.csv", params=query, timeout=30)
        answer.raise_for_status()
        return answer.text


@pytest.fixture
def make_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """A factory: each call starts a sandbox and points all channels at it."""
    running: list[RunningSandbox] = []

    def make(**options: Any) -> Bench:
        sandbox = start(**{"seed": 3, "today": TODAY, **options})
        running.append(sandbox)
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
            if name.endswith("__BASE_URL"):
                monkeypatch.setenv(name.replace("BASE_URL", "WAIT_MINUTES"), "1")
        return Bench(sandbox, tmp_path, monkeypatch)

    monkeypatch.setattr("okr_reports.channels.http.FIRST_BACKOFF", 0.01)
    # a minute's window of a vendor is no test's; a second is, which HubSpot counts searches by
    monkeypatch.setattr("okr_reports.channels.http.pause", lambda seconds: time.sleep(min(seconds, 1.0)))
    monkeypatch.setenv("OKR_TODAY", TODAY.isoformat())
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    # settings of the developer's own .dlt/ must not leak into tests
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    yield make
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A sandbox without faults; the channel loads the last 120 days."""
    made = make_bench()
    made.set("linkedin_ads", start_date="2026-07-27")
    return made


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    return Files(tmp_path)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.close()


@pytest.fixture
def vendor_bench(tmp_path: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> VendorBench:
    """Channel `vendor` of a REST declaration, which brings 60 days of two accounts."""
    monkeypatch.setattr("okr_reports.channels.http.FIRST_BACKOFF", 0.01)
    monkeypatch.setenv("OKR_TODAY", TODAY.isoformat())
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt_data"))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    vendor.rows = figures()
    return VendorBench(tmp_path, vendor, monkeypatch)
