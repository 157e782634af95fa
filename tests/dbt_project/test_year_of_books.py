"""A scripted year: whatever happens after a close, and whatever is lost, no closed result changes by itself."""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from okr_reports.warehouse import history, snapshot
from okr_reports.warehouse.history.ledgers import bring_back
from tests.dbt_project.warehouse import Row, Warehouse

QUARTERS = [
    (date(2026, month, 1), date(2026, month + 2, last)) for month, last in ((1, 31), (4, 30), (7, 30), (10, 31))
]
CLOSED = ("int_key_result_closed", "int_objective_closed", "int_campaign_closed")
FULL = bool(os.environ.get("OKR_PROVE"))


class Year:
    """A company whose files, names, targets, KPIs and check-ins change at random between refreshes."""

    def __init__(self, warehouse: Warehouse, seed: int) -> None:
        self.warehouse, self.luck = warehouse, Random(seed)
        self.leads = {start + timedelta(days=7 * week): 10.0 for start, _ in QUARTERS for week in range(13)}
        self.name, self.target, self.measure = "Q brand", 100, "leads"
        self.said: list[tuple[int, date, bool]] = []
        self.gone: set[str] = set()
        self.plan = {start + timedelta(days=n): 1.0 for start, end in QUARTERS for n in range((end - start).days + 1)}
        self.paused: set[int] = set()

    def happens(self, today: date) -> str:
        event = self.luck.choice(["restated", "renamed", "target", "kpi", "said", "deleted", "plan", "paused"])
        if event == "restated":
            self.leads[self.luck.choice(list(self.leads))] = float(self.luck.randint(0, 90))
        elif event == "renamed":
            self.name = "Brand" if self.name != "Brand" else "Q brand"
        elif event == "target":
            self.target += self.luck.randint(-20, 20) or 1
        elif event == "kpi":
            self.measure = "guests" if self.measure == "leads" else "leads"
        elif event == "said":
            self.said.append((self.luck.randrange(4), today, self.luck.random() < 0.5))
        elif event == "deleted":
            self.gone.add(f"leads_{self.luck.randrange(4)}")
        elif event == "plan":
            self.plan[self.luck.choice(list(self.plan))] = float(self.luck.randint(0, 40))
        elif event == "paused":
            self.paused ^= {self.luck.randrange(4)}
        return event

    def write(self, today: date) -> None:
        put = self.warehouse.put
        put("definitions.channels", [{"channel": "ads", "title": "Ads", "kind": "ads", "lookback_days": 20}])
        put("definitions.measures", [{"measure": name, "is_money": False} for name in ("leads", "guests", "asked")])
        put(
            "definitions.periods",
            [
                {"period_id": f"q{n}", "title": f"Q{n}", "start_date": start, "end_date": end}
                for n, (start, end) in enumerate(QUARTERS)
            ],
        )
        kpi = {"kpi_id": "leads", "kind": "flow", "measure": self.measure, "signature": self.measure, "unit": "count"}
        plan = {**kpi, "kpi_id": "plan", "measure": "asked", "signature": "asked"}
        put("definitions.kpis", [kpi, plan])
        pauses = [(f"planned_{n}", QUARTERS[n][0] + timedelta(days=9)) for n in sorted(self.paused)]
        put("definitions.pauses", [{"key_result_id": id_, "first_day": day, "last_day": day} for id_, day in pauses])
        like = {"kpi_id": "leads", "condition_no": 1, "field": "campaign_name", "operator": "like", "value": "Q%"}
        put("definitions.kpi_conditions", [like])
        put(
            "definitions.objectives",
            [{"objective_id": f"o{n}", "title": "O", "period_id": f"q{n}", "ambition": "committed"} for n in range(4)],
        )
        put("definitions.key_results", [row for row in self._key_results() if row["key_result_id"] not in self.gone])
        put("definitions.check_ins", list(self._check_ins()))
        day = {"source_id": "s", "source_file": "f", "channel": "ads", "account_id": "a", "currency": "EUR"}
        day |= {"measure": "leads", "campaign_id": "1"}
        put(
            "files.measures",
            [
                {**day, "campaign_name": self.name, "date": when, "value": value}
                for when, value in self.leads.items() if when < today
            ]
            + [{**day, "source_file": "plan", "measure": "asked", "date": d, "value": v} for d, v in self.plan.items()],
        )  # fmt: skip

    def _key_results(self) -> list[dict[str, Any]]:
        common = {"role": "key_result", "weight": 1.0, "pace_kind": "linear", "definition_signature": "d"}
        return [
            {**common, "objective_id": f"o{n}", "title": kind, "key_result_id": f"{kind}_{n}", "type": type_, **fields}
            for n in range(4)
            for kind, type_, fields in (
                ("leads", "increase", {"kpi_id": "leads", "target": self.target, "signature": f"s{self.target}"}),
                ("done", "binary", {"signature": "s"}),
                ("planned", "increase", {"kpi_id": "leads", "plan_kpi_id": "plan", "signature": "p"}),
            )
        ]

    def _check_ins(self) -> list[Row]:
        return [
            {"check_in_id": f"c{n}", "position": n, "date": day, "key_result_id": f"done_{quarter}", "met": met}
            for n, (quarter, day, met) in enumerate(self.said)
        ]


def made_older(warehouse: Warehouse) -> None:
    """The warehouse as a version left it that kept less of the past."""
    warehouse.run("drop table intermediate.int_plan_days_kept")
    for column in ("forecast_low", "forecast", "forecast_high", "probability"):
        warehouse.run(f"alter table marts.fct_key_result_reported drop column {column}")


def closed(warehouse: Warehouse) -> dict[str, list[Row]]:
    return {name: warehouse.rows(f"from intermediate.{name} order by all") for name in CLOSED}


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(6 if FULL else 1))
def test_no_closed_result_changes_by_itself(warehouse: Warehouse, tmp_path, seed: int) -> None:
    year, kept = Year(warehouse, seed), tmp_path / "history"
    before: dict[str, list[Row]] = {name: [] for name in CLOSED}
    days = [date(2026, 2, 1) + timedelta(days=n) for n in range(0, 380, 14 if FULL else 54)]
    for number, today in enumerate(days):
        event = year.happens(today)
        if number % 4 == 3:
            # The warehouse is lost, and what only the past knows comes back.
            warehouse.emptied(today)
            bring_back(warehouse.path, kept)
        if number % 4 == 1:
            made_older(warehouse)
        warehouse.at(today)
        year.write(today)
        warehouse.loaded("ads", "a")
        warehouse.build()
        warehouse.publish()
        snapshot.write_snapshot(warehouse.path, warehouse.workspace.snapshot)
        history.keep(history.write_marts(warehouse.workspace.snapshot, kept), warehouse.path, kept, today)
        after = closed(warehouse)
        for name, rows in before.items():
            assert [row for row in rows if row not in after[name]] == [], (today, event, name)
        before = after
    assert len(before["int_key_result_closed"]) >= 4
    assert [row for row in before["int_key_result_closed"] if row["key_result_id"].startswith("planned_")]
    # The folder of the past is lost: the warehouse still has all of it.
    shutil.rmtree(kept)
    bring_back(warehouse.path, kept)
    assert closed(warehouse) == before
