"""An agency's whole refresh: 200 accounts by files, 300 key results over 100 KPIs, some 500 pages; and its next day.

    python -m benchmarks agency_day
    python -m benchmarks.bench_agency_day 1000     the full agency: 29 million facts

Two years of ten campaigns of four measures an account (5.84 million facts at 200 accounts), in a file of its past and
one of its last 30 days, which is exported anew for each next day with other values. The second day's models are dbt's,
from the third on they are the statements that it came to. Each refresh is a process of its own
from the shell: processor seconds of it with all its children, and the most memory that one of them held. Targets at 200
accounts: 60 s for the first, 15 s for the next day, 1.5 GB; at any size 6 GB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.targets import ROOT, allowed, hold

TODAY = date(2026, 11, 23)
ACCOUNTS, CHANNELS, CAMPAIGNS, DAYS, AGAIN = 200, 8, 10, 730, 30
KPIS, OBJECTIVES, EACH = 100, 75, 4
MEASURES = ("spend", "impressions", "clicks", "leads")
FIRST, NEXT_DAY, GIGABYTES, MOST_GIGABYTES = 60.0, 15.0, 1.5, 6.0
OKR = str(Path(sys.executable).with_name("okr"))


def export(folder: Path, accounts: int, name: str, first: date, until: date, seed: int) -> None:
    """A file an account with the days from `first` to the day before `until`."""
    with duckdb.connect() as connection:
        for account in range(accounts):
            place = folder / f"agency_{account % CHANNELS}"
            place.mkdir(parents=True, exist_ok=True)
            values = ", ".join(
                f"hash(day, {account}, campaign, '{one}', {seed}) % 500{' / 10' if one == 'spend' else ''} as {one}"
                for one in MEASURES
            )
            connection.execute(
                f"copy (select day::date as date, 'a{account}' as account, 'c{account}_' || campaign as campaign_id,"
                f" 'Campaign ' || campaign as campaign, {values}"
                f" from range(timestamp '{first}', timestamp '{until}', interval 1 day) as days(day),"
                f" range({CAMPAIGNS}) as campaigns(campaign)) to '{place}/account_{account}_{name}.csv'"
            )


def define(folder: Path) -> None:
    """The definitions; a source and a channel for each eighth of the accounts."""
    named = ", ".join(f"{one}: {one}" for one in MEASURES)
    lines = ["settings: {organisation: Agency, currency: EUR, timezone: Europe/Madrid, locale: en-GB}"]
    lines += ["teams: [{id: paid, title: Paid}]", "file_sources:"]
    lines += [
        f"  - {{id: agency_{number}, path: exports/agency_{number}/*.csv, channel: agency_{number}, date: date,"
        f" account_id: account, campaign_id: campaign_id, campaign_name: campaign, currency: EUR,"
        f" measures: {{{named}}}}}"
        for number in range(CHANNELS)
    ]
    lines.append("kpis:")
    lines += [
        f"  - {{id: k{number}, title: KPI {number}, kind: flow, measure: {MEASURES[number % len(MEASURES)]},"
        f" where: {{channel: agency_{number % CHANNELS}, campaign_name: {{like: '%{number % CAMPAIGNS}'}}}}}}"
        for number in range(KPIS)
    ]
    lines.append("objectives:")
    for number in range(OBJECTIVES):
        lines += [f"  - id: o{number}", f"    title: Objective {number}", "    period: 2026-Q4", "    team: paid"]
        lines.append("    key_results:")
        lines += [
            f"      - {{id: kr{at}, title: Key result {at}, type: increase, kpi: k{at % KPIS}, baseline: 0,"
            " target: 99999}"
            for at in range(number * EACH, (number + 1) * EACH)
        ]
    (folder / "all.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Cost:
    """What one refresh took: processor seconds with all children, the largest process in GB, what it answered."""

    processor: float
    gigabytes: float
    answer: Mapping[str, Any]


def refresh(environment: dict[str, str], today: date) -> Cost:
    """One refresh from the shell. Waits by wait4, which tells this child's memory from earlier ones'."""
    said = Path(environment["OKR_DATA_DIR"]).with_name("said.json")
    with said.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [OKR, "refresh", "--json"], cwd=ROOT, env={**environment, "OKR_TODAY": str(today)}, stdout=out
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the refresh of {today} ended with {process.returncode}: {said.read_text()}")
    gigabytes = used.ru_maxrss * 1024 / 1e9
    return Cost(used.ru_utime + used.ru_stime, gigabytes, json.loads(said.read_text(encoding="utf-8")))


def main(arguments: list[str]) -> int:
    """Measure and print; 1 if a target is missed."""
    accounts = int(arguments[0]) if arguments else ACCOUNTS
    with tempfile.TemporaryDirectory(prefix="okr-agency-day-") as made:
        definitions, data = Path(made) / "okr_definitions", Path(made) / "data"
        exports = definitions / "exports"
        exports.mkdir(parents=True)
        define(definitions)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__", "DLT_"))}
        environment = {
            **kept, "OKR_DATA_DIR": str(data), "OKR_DEFINITIONS_DIR": str(definitions),
            "OKR_REPORTS_DIR": str(ROOT / "reports"), "DLT_PROJECT_DIR": made,
        }  # fmt: skip
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began = TODAY - timedelta(days=DAYS)
        recent = TODAY - timedelta(days=AGAIN)
        export(exports, accounts, "past", began, recent, 0)
        costs = {}
        for number, what in enumerate(("first", "second day", "next day", "nothing new")):
            today = TODAY + timedelta(days=min(number, 2))
            if number < 3:
                export(exports, accounts, "recent", recent, today, number)
            costs[what] = refresh(environment, today)
            steps = ", ".join(f"{name} {taken:.1f}" for name, taken in costs[what].answer["seconds"].items())
            print(
                f"{what}: {costs[what].processor:.1f} s of processor, {costs[what].gigabytes:.2f} GB; wall: {steps}",
                flush=True,
            )
        with duckdb.connect(str(data / "okr.duckdb"), read_only=True) as copy:
            (facts,) = copy.execute("select count(*) from marts.fct_measure_daily").fetchone() or (0,)
        pages = len(list((data / "site" / "current").rglob("*.html")))
    print(
        f"{facts:,} facts of {accounts} accounts, {OBJECTIVES * EACH} key results, {pages} pages;"
        f" load {os.getloadavg()[0]:.0f}"
    )
    peak = max(cost.gigabytes for cost in costs.values())
    if accounts != ACCOUNTS:
        return int(not hold("the full agency's peak memory", peak, MOST_GIGABYTES, "GB"))
    held = [
        hold("the agency's first refresh", costs["first"].processor, allowed(FIRST)),
        hold("the agency's next day", costs["next day"].processor, allowed(NEXT_DAY)),
        hold("the agency's peak memory", peak, GIGABYTES, "GB"),
    ]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
