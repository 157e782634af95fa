"""A small workspace over the sandbox: two channels and a file, three key results, every page; its refreshes may die."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.sandbox.serve import RunningSandbox
from tests.support import ROOT, outer_environment

YESTERDAY, TODAY = date(2026, 11, 22), date(2026, 11, 23)
FIRST = date(2026, 9, 25)
CHANNELS = ("linkedin_ads", "google_ads")
DEFINITIONS = """
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB, check_in_day: monday}
teams: [{id: paid, title: Paid}]
file_sources:
  - id: webinars
    path: webinars.csv
    channel: webinars
    date: date
    campaign_id: webinar
    measures: {registrations: registrations}
kpis:
  - {id: li_leads, title: Leads, kind: flow, measure: leads, where: {channel: linkedin_ads}, unit: count}
  - {id: clicks, title: Clicks, kind: flow, measure: clicks, where: {channel: google_ads}, unit: count}
  - {id: rate, title: Rate, kind: ratio, numerator: clicks, denominator: impressions, unit: percent}
  - {id: seats, title: Seats, kind: flow, measure: registrations, where: {channel: webinars}, unit: count}
objectives:
  - id: more
    title: More of it
    period: 2026-Q4
    team: paid
    key_results:
      - {id: leads_up, title: Leads, type: increase, kpi: li_leads, change: 20%, baseline: 100}
      - {id: rate_kept, title: Rate, type: at_least, kpi: rate, target: 0.01}
      - {id: seats_up, title: Seats, type: increase, kpi: seats, baseline: 0, target: 900}
check_ins: [{date: 2026-11-16, key_result: leads_up, author: Ana, confidence: 0.6, note: As planned.}]
"""
# What one refresh differs in from another one of the same data: its own name, its moments, dlt's names of loads.
OWN = ("refresh_id", "release_id", "_dlt_load_id", "load_id")


@dataclass
class Small:
    """The workspace in `folder`, and the stem of its refreshes."""

    folder: Path
    sandbox: RunningSandbox

    def __post_init__(self) -> None:
        self.data = self.folder / "data"
        definitions = self.folder / "okr_definitions"
        definitions.mkdir(parents=True)
        (definitions / "all.yml").write_text(DEFINITIONS, encoding="utf-8")
        rates = [f"{FIRST + timedelta(days=number)},USD,0.{900 + number % 9}" for number in range(60)]
        (definitions / "exchange_rates.csv").write_text("\n".join(["date,currency,rate", *rates]) + "\n")
        self.file = definitions / "webinars.csv"
        self.deliver_file(YESTERDAY)
        own = {
            name: value
            for name, value in self.sandbox.environment().items()
            if name.startswith("OKR_") or name.split("__")[1].lower() in CHANNELS
        }
        starts = {f"SOURCES__{name.upper()}__START_DATE": FIRST.isoformat() for name in CHANNELS}
        kept = outer_environment("OKR_", "SOURCES__", "DLT_")
        self.environment = {
            **kept, **own, **starts, "OKR_DATA_DIR": str(self.data), "OKR_DEFINITIONS_DIR": str(definitions),
            "OKR_REPORTS_DIR": str(ROOT / "reports"), "DLT_PROJECT_DIR": str(self.folder),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.stem"],
            cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def deliver_file(self, through: date, restated: int | None = None) -> None:
        """The file as somebody has it on the day after `through`: rows added, those of the last days (all) restated."""
        since = through - timedelta(days=restated) if restated else FIRST
        days = [FIRST + timedelta(days=number) for number in range((through - FIRST).days + 1)]
        lines = [
            f"{day},{name},{(day.toordinal() * 7 + (through.day if day >= since else 0) + len(name)) % 23}"
            for day in days
            for name in ("a", "bb")
        ]
        self.file.write_text("\n".join(["date,webinar,registrations", *lines]) + "\n", encoding="utf-8")

    def refresh(self, day: date = TODAY, *, die_at: int = 0, **environment: str) -> dict[str, Any]:
        """A refresh on `day`: its exit code, its steps, what it said."""
        self.sandbox.state.today = day
        said = self.folder / "said"
        order = {
            "die_at": die_at, "log": str(self.folder / "steps"), "said": str(said),
            "environment": {"OKR_TODAY": day.isoformat(), **environment},
        }  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return {**json.loads(self.process.stdout.readline()), "said": said.read_text(encoding="utf-8")}

    def keep(self) -> Path:
        """A copy of the data folder as it is."""
        return Path(shutil.copytree(self.data, self.folder / "kept", symlinks=True))

    def restore(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.folder / "kept", self.data, symlinks=True)

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the raw tables and the marts, without what differs from refresh to refresh."""
        found = {}
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as connection:
            columns = connection.execute(
                "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()"
                " where database_name = 'warehouse' and schema_name in ('linkedin_ads', 'google_ads', 'files', 'marts')"
                " and table_name not like '\\_dlt%' escape '\\' and data_type not like 'TIMESTAMP%'"
                # The log of loads has a line more for each load that was whole before its refresh was killed.
                " and table_name not in ('loaded_windows', 'loaded_files')"
                " and not list_contains(?, column_name) group by all",
                [list(OWN)],
            ).fetchall()
            for table, names in columns:
                found[table] = connection.execute(f"select {', '.join(names)} from {table} order by all").fetchall()
        return found

    def orphans(self) -> dict[str, list[str]]:
        """Raw rows of loads that never ended, which dlt does not name: by table, the loads they are of."""
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_columns() where database_name = 'warehouse'"
                " and column_name = '_dlt_load_id' and table_name not like '\\_dlt%' escape '\\'"
                " and schema_name in (select schema_name from duckdb_tables() where table_name = '_dlt_loads')"
            ).fetchall()
            found = {
                f"{schema}.{table}": connection.execute(
                    f"select distinct _dlt_load_id from {schema}.{table}"
                    f" where _dlt_load_id not in (select load_id from {schema}._dlt_loads where status = 0)"
                ).fetchall()
                for schema, table in tables
            }
        return {table: [load for (load,) in loads] for table, loads in found.items() if loads}

    def sizes(self) -> dict[str, float]:
        """MB of each part of the data folder; a file of many names counts each time."""
        return {
            path.name: sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file()) / 2**20
            for path in self.data.iterdir()
            if not path.name.endswith(".lock")
        }

    def site(self) -> dict[str, str]:
        """The published site: a digest of every file."""
        current = (self.data / "site" / "current").resolve(strict=True)
        return {
            path.relative_to(current).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(current.rglob("*")) if path.is_file()
        }  # fmt: skip

    def pages(self) -> list[str]:
        """Every file of the published site by name, without the digest of the content that some names end with."""
        return sorted(re.sub(r"[-.][0-9a-f]{8,}", "", name) for name in self.site())

    def numbers(self) -> dict[str, bytes]:
        """The published data files."""
        folder = self.data / "site" / "current" / "data"
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
