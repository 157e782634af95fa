"""Watched KPIs through the models: what is raised, what is muted, what is left out."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

START, END = date(2026, 10, 1), date(2026, 12, 31)
FIRST, LAST = date(2026, 5, 1), TODAY - timedelta(days=1)


def usual(day: date) -> int:
    return [40, 44, 43, 45, 39, 12, 9][day.weekday()] + Random(f"{day}").randint(-5, 5)


def since(day: date, factor: float) -> Any:
    return lambda one: int(usual(one) * factor) if one >= day else usual(one)


SERIES: dict[str, Any] = {
    "usual": usual,
    "outage": since(LAST, 0),
    "double": since(LAST - timedelta(days=6), 2),
    "muted": since(LAST, 0),
    "muted_before": since(LAST, 0),
    "holiday": since(LAST, 0),
    "monthly": since(LAST, 0),
    "unwatched": since(LAST, 0),
    # What a source fell silent of is no outage of the KPI.
    "late": usual,
    "spend": lambda day: 9 * usual(day) * (3 if day > LAST - timedelta(days=7) else 1) + day.day,
    "members": lambda day: 5000 + 3 * (day - FIRST).days + day.day % 3 - (900 if day == LAST else 0),
    "lost": lambda day: usual(day) if day < LAST - timedelta(days=20) else 2,
}
RATIO = {"kpi_id": "cost", "kind": "ratio", "numerator": "spend", "denominator": "usual"}


@pytest.fixture(scope="module")
def watched(only_warehouse: Warehouse) -> Warehouse:
    warehouse = only_warehouse.emptied(TODAY)
    channels = [{"channel": name, "title": name, "kind": "file", "lookback_days": 0} for name in ("made", "slow")]
    warehouse.put("definitions.channels", channels)
    rows = []
    for name, of in SERIES.items():
        last = LAST - timedelta(days=12) if name == "late" else LAST
        channel = "slow" if name == "late" else "made"
        rows += [
            {"source_id": channel, "source_file": channel, "channel": channel, "date": day, "measure": name,
             "value": of(day)}
            for day in (FIRST + timedelta(days=number) for number in range((last - FIRST).days + 1))
        ]  # fmt: skip
    warehouse.put("files.measures", rows)
    warehouse.loaded_all(
        [{"channel": "made"}, {"channel": "slow", "state": "failed", "data_through": LAST - timedelta(days=12)}]
    )
    kinds = {"members": "stock"}
    kpis = [{"kpi_id": name, "kind": kinds.get(name, "flow"), "measure": name} for name in SERIES]
    warehouse.put("definitions.kpis", [*kpis, RATIO])
    names = [*(name for name in SERIES if name != "unwatched"), "cost"]
    warehouse.put("definitions.alerts", [{"kpi_id": name, "is_daily": name != "monthly"} for name in names])
    warehouse.put(
        "definitions.mutes",
        [{"kpi_id": "muted", "muted_through": None},
         {"kpi_id": "muted_before", "muted_through": LAST - timedelta(days=1)}],
    )  # fmt: skip
    warehouse.put(
        "definitions.events",
        [{"event_id": "e", "title": "E", "title_texts": "{}", "start_date": LAST, "end_date": LAST, "factor": None}],
    )
    warehouse.put("definitions.event_scopes", [{"event_id": "e", "on_kind": "kpi", "on_id": "holiday"}])
    warehouse.put("definitions.periods", [{"period_id": "q", "start_date": START, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    warehouse.put(
        "definitions.key_results",
        [
            {"role": "key_result", "objective_id": "o", "type": "increase", "weight": 1.0, "pace_kind": "linear",
             "key_result_id": f"{kpi}_up", "kpi_id": kpi, "signature": "1", "target": target, "baseline_value": 1,
             "baseline_kind": "number"}
            for kpi, target in (("lost", 3000), ("usual", 2000))
        ],
    )  # fmt: skip
    warehouse.build("--select", "+kpi_alerts")
    return warehouse


def raised(warehouse: Warehouse, kpi: str, reason: str | None = None) -> list[dict[str, Any]]:
    rows = warehouse.rows("from marts.kpi_alerts where kpi_id = ? order by date, reason_code", [kpi])
    return [row for row in rows if reason in (None, row["reason_code"])]


def test_what_came_out_of_its_range_is_raised_with_the_range(watched: Warehouse) -> None:
    (row,) = raised(watched, "outage")
    assert (row["date"], row["reason_code"], row["days"], row["value"]) == (LAST, "nothing_arrived", 1, 0)
    assert 0 < row["low"] < usual(LAST) < row["high"]
    assert row["is_recent"]
    (row,) = raised(watched, "double")
    assert row["reason_code"] == "above_expected"
    assert LAST - timedelta(days=6) <= row["date"] <= LAST
    assert row["value"] > row["high"]
    (row,) = raised(watched, "cost")
    assert (row["reason_code"], row["days"]) == ("above_expected", 7)
    (row,) = raised(watched, "members")
    assert (row["date"], row["reason_code"]) == (LAST, "below_expected")


def test_what_is_usual_muted_unwatched_or_under_an_event_is_not(watched: Warehouse) -> None:
    for kpi in ("usual", "muted", "holiday", "monthly", "unwatched"):
        assert raised(watched, kpi) == [], kpi
    # Muted through the day before: the day after counts again.
    assert [row["date"] for row in raised(watched, "muted_before")] == [LAST]


def test_a_source_that_fell_silent_is_named_with_its_first_day_without_numbers(watched: Warehouse) -> None:
    (row,) = raised(watched, "late")
    assert (row["reason_code"], row["subject"]) == ("source_silent", "slow/")
    assert row["date"] == LAST - timedelta(days=11)
    assert row["value"] is None


def test_a_target_is_told_from_the_day_it_came_to_be_at_risk(watched: Warehouse) -> None:
    (row, *more) = raised(watched, "lost", "target_at_risk")
    assert row["subject"] == "lost_up"
    assert not more
    assert row["date"] > LAST - timedelta(days=21)
