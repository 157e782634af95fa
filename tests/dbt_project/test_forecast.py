"""Forecasts through the models, of every kind of number; benchmarks/bench_forecast.py says how honest they are."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

START, END = date(2026, 10, 1), date(2026, 12, 31)
FIRST = date(2026, 5, 1)
WEEK = [10, 12, 11, 13, 9, 2, 1]


def weekly(day: date) -> int:
    return WEEK[day.weekday()]


def noisy(day: date) -> int:
    return max(0, weekly(day) * 3 + Random(f"{day}").randint(-9, 9))


SERIES = {
    "weekly": weekly, "noisy": noisy, "rare": lambda day: int(day.day == 1), "silent": lambda day: 0,
    "sometimes_less": lambda day: noisy(day) - 20, "even": lambda day: 7, "new": noisy,
    "members": lambda day: 5000 + 3 * (day - FIRST).days + Random(f"m{day}").randint(-4, 4),
    "spend": lambda day: 40 * noisy(day) + Random(f"s{day}").randint(0, 90),
}  # fmt: skip
BEGINS = {"new": date(2026, 10, 25)}
RATIO = {"kpi_id": "cost", "kind": "ratio", "numerator": "spend", "denominator": "noisy"}
WHOLE = sum(weekly(START + timedelta(days=number)) for number in range(92))
SO_FAR = sum(weekly(START + timedelta(days=number)) for number in range((TODAY - START).days))
DOWN = {"type": "decrease", "baseline_value": 9999, "baseline_kind": "number"}
KEY_RESULTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "exact": ("weekly", {"target": WHOLE}),
    "reached": ("weekly", {"target": SO_FAR}),
    "up": ("noisy", {"target": 2300}),
    "down": ("noisy", {**DOWN, "target": 2299}),
    "far": ("noisy", {"target": 99999}),
    "rare": ("rare", {"target": 5}),
    "silent": ("silent", {"target": 5}),
    "net": ("sometimes_less", {"target": 500}),
    "capped": ("noisy", {"type": "at_most", "target": 2299}),
    "exceeded": ("noisy", {"type": "at_most", "target": 9}),
    "banded": ("noisy", {"type": "between", "low": 2100, "high": 2400}),
    "new": ("new", {"target": 1800}),
    "level": ("members", {"target": 5730, "baseline_value": 5450, "baseline_kind": "number"}),
    "cheaper": ("cost", {**DOWN, "target": 41}),
    "kept": ("cost", {"type": "at_most", "target": 60}),
    "lost": ("cost", {"type": "at_most", "target": 1}),
    "quiet": ("quiet", {"target": 2300}),
    "loud": ("loud", {"target": 2300}),
    "said": (None, {"type": "count_range", "low": 8, "high": 12}),
}


@pytest.fixture(scope="module")
def foreseen(only_warehouse: Warehouse) -> Warehouse:
    warehouse = only_warehouse.emptied(TODAY)
    channel = {"channel": "made", "title": "Made", "kind": "file", "lookback_days": 0}
    warehouse.put("definitions.channels", [channel])
    days = [FIRST + timedelta(days=number) for number in range((TODAY - FIRST).days)]
    common = {"source_id": "s", "source_file": "f", "channel": "made"}
    series = {**SERIES, "quiet": noisy, "loud": noisy}
    warehouse.put(
        "files.measures",
        [
            {**common, "date": day, "measure": name, "value": of(day)}
            for name, of in series.items()
            for day in days
            if day >= BEGINS.get(name, FIRST)
        ],
    )
    warehouse.loaded("made")
    kinds = {"members": "stock"}
    kpis = [{"kpi_id": name, "kind": kinds.get(name, "flow"), "measure": name} for name in series]
    warehouse.put("definitions.kpis", [*kpis, RATIO])
    warehouse.put("definitions.periods", [{"period_id": "q", "start_date": START, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    usual = {"role": "key_result", "objective_id": "o", "type": "increase", "weight": 1.0, "pace_kind": "linear"}
    warehouse.put(
        "definitions.key_results",
        [
            {**usual, "key_result_id": id_, "kpi_id": kpi, "signature": "1", **more}
            for id_, (kpi, more) in KEY_RESULTS.items()
        ],
    )
    event = {"title": "Holidays", "start_date": date(2026, 12, 1), "end_date": date(2026, 12, 20)}
    warehouse.put("definitions.events", [{"event_id": "low", "factor": 0.3, **event}, {"event_id": "fair", **event}])
    scope = {"on_kind": "kpi"}
    scopes = [{**scope, "event_id": "low", "on_id": "quiet"}, {**scope, "event_id": "fair", "on_id": "loud"}]
    warehouse.put("definitions.event_scopes", scopes)
    reports = [(date(2026, 10, 8), 1), (date(2026, 10, 20), 3), (date(2026, 11, 5), 5)]
    warehouse.put(
        "definitions.check_ins",
        [
            {"check_in_id": str(day), "position": 1, "date": day, "key_result_id": "said", "value": value}
            for day, value in reports
        ],
    )
    warehouse.build()
    return warehouse


def now(warehouse: Warehouse, id_: str) -> dict[str, Any]:
    return warehouse.row("from marts.key_results where key_result_id = ?", [id_])


def ends(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in ("forecast_low", "forecast", "forecast_high")]


def test_every_number_has_a_forecast(foreseen: Warehouse) -> None:
    for id_ in KEY_RESULTS:
        row = now(foreseen, id_)
        low, middle, high = ends(row)
        assert low <= middle <= high, row
        assert 0 <= row["probability"] <= 1, row


def test_a_week_like_any_other_is_foreseen(foreseen: Warehouse) -> None:
    low, middle, high = ends(now(foreseen, "exact"))
    assert middle == pytest.approx(WHOLE, rel=0.02)
    assert low <= WHOLE <= high


def test_what_is_reached_is_certain_and_nothing_else_is(foreseen: Warehouse) -> None:
    assert now(foreseen, "reached")["probability"] == 1
    assert now(foreseen, "exceeded")["probability"] == 0
    assert now(foreseen, "far")["probability"] == 0.02


def test_chances_of_more_and_of_fewer_add_up(foreseen: Warehouse) -> None:
    up, down, capped = (now(foreseen, id_) for id_ in ("up", "down", "capped"))
    assert up["probability"] + down["probability"] == pytest.approx(1, abs=1e-5)
    assert capped["probability"] == down["probability"]
    assert now(foreseen, "banded")["probability"] < 1
    assert up["forecast_low"] > up["value"]


def test_what_can_fall_may_be_foreseen_to_fall(foreseen: Warehouse) -> None:
    row = now(foreseen, "net")
    assert row["forecast_low"] < row["value"] + row["forecast_high"]


def test_a_known_event_shifts_and_an_unknown_one_widens(foreseen: Warehouse) -> None:
    usual, quiet, loud = (now(foreseen, id_) for id_ in ("up", "quiet", "loud"))
    assert quiet["forecast"] < usual["forecast"] - 100
    assert loud["forecast"] == pytest.approx(usual["forecast"], rel=0.02)
    assert loud["forecast_high"] - loud["forecast_low"] > 1.5 * (usual["forecast_high"] - usual["forecast_low"])


def test_a_level_moves_on_and_a_ratio_stays_near(foreseen: Warehouse) -> None:
    level = now(foreseen, "level")
    assert level["forecast"] == pytest.approx(5000 + 3 * (END - FIRST).days, rel=0.01)
    ratio = now(foreseen, "cheaper")
    assert ratio["forecast_low"] < ratio["value"] < ratio["forecast_high"]


def test_weeks_that_are_kept_go_on_being_kept(foreseen: Warehouse) -> None:
    kept, lost = now(foreseen, "kept"), now(foreseen, "lost")
    assert kept["probability"] > 0.8
    assert lost["probability"] == 0
    assert ends(kept) == ends(lost) == ends(now(foreseen, "cheaper"))


def test_what_people_report_goes_on_from_the_third_report(foreseen: Warehouse) -> None:
    rows = foreseen.rows("from marts.fct_key_result_daily where key_result_id = 'said' order by date")
    told = [row["date"] for row in rows if row["forecast"] is not None]
    assert min(told) == date(2026, 11, 5)


def test_there_is_one_from_fourteen_known_days_on(foreseen: Warehouse) -> None:
    rows = foreseen.rows("from marts.fct_key_result_daily where key_result_id = 'new' and value is not null order by 2")
    assert [row["forecast"] is None for row in rows] == [True] * 13 + [False] * (len(rows) - 13)
    rows = foreseen.rows("from marts.fct_key_result_daily where key_result_id = 'up' order by date")
    assert all(row["forecast"] is not None for row in rows)
