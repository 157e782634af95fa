"""Forecasts of flows where the answer is known; benchmarks/bench_forecast.py says how honest the interval is."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.forecast_reference import forecast
from tests.dbt_project.warehouse import Warehouse

START, END = date(2026, 10, 1), date(2026, 12, 31)
FIRST = date(2026, 8, 1)
WEEK = [10, 12, 11, 13, 9, 2, 1]


def weekly(day: date) -> int:
    return WEEK[day.weekday()]


def noisy(day: date) -> int:
    return max(0, weekly(day) * 3 + Random(f"{day}").randint(-9, 9))


def growing(day: date) -> int:
    return noisy(day) + (day - FIRST).days // 5


SERIES = {
    "weekly": weekly, "noisy": noisy, "rare": lambda day: int(day.day == 1), "silent": lambda day: 0,
    "sometimes_less": lambda day: noisy(day) - 20, "even": lambda day: 7, "growing": growing,
    "tenfold": lambda day: noisy(day) * (10 if day >= START else 1),
    "a_tenth": lambda day: noisy(day) * (1 if day >= START else 10),
    "new": noisy, "late": noisy, "gaps": lambda day: noisy(day) * (day.weekday() < 5),
}  # fmt: skip
# The first day that is known of a series: within the weeks before the period, and within the period.
BEGINS = {"new": date(2026, 9, 4), "late": date(2026, 10, 10)}
WHOLE = sum(weekly(START + timedelta(days=number)) for number in range(92))
SO_FAR = sum(weekly(START + timedelta(days=number)) for number in range(53))
KEY_RESULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "exact": ("weekly", {"target": WHOLE}),
    "too_far": ("weekly", {"target": WHOLE + 1}),
    "reached": ("weekly", {"target": SO_FAR}),
    "fewer": ("weekly", {"type": "decrease", "target": WHOLE, "baseline_value": 2 * WHOLE, "baseline_kind": "number"}),
    "up": ("noisy", {"target": 2300}),
    "down": ("noisy", {"type": "decrease", "target": 2300, "baseline_value": 9999, "baseline_kind": "number"}),
    "rare": ("rare", {"target": 5}),
    "silent": ("silent", {"target": 5}),
    "net": ("sometimes_less", {"target": 500}),
    "capped": ("noisy", {"type": "at_most", "target": 9000}),
    "even": ("even", {"target": 7 * 92}),
    "even_too_far": ("even", {"target": 7 * 92 + 1}),
    "even_fewer": ("even", {"type": "decrease", "target": 7 * 92, "baseline_value": 999, "baseline_kind": "number"}),
    "even_too_few": ("even", {"type": "decrease", "target": 643, "baseline_value": 999, "baseline_kind": "number"}),
    "exceeded": ("noisy", {"type": "decrease", "target": 9, "baseline_value": 99, "baseline_kind": "number"}),
    **{name: (name, {"target": 2500}) for name in ("growing", "a_tenth", "new", "late", "gaps")},
    "tenfold": ("tenfold", {"target": 25000}),
}
# Those whose every forecast is held against the reference.
HELD = ("up", "down", "net", "growing", "tenfold", "a_tenth", "new", "late", "gaps")


@pytest.fixture(scope="module")
def foreseen(only_warehouse: Warehouse) -> Warehouse:
    warehouse = only_warehouse.emptied(TODAY)
    channel = {"channel": "made", "title": "Made", "kind": "file", "lookback_days": 0}
    warehouse.put("definitions.channels", [channel])
    days = [FIRST + timedelta(days=number) for number in range((TODAY - FIRST).days)]
    common = {"source_id": "s", "source_file": "f", "channel": "made"}
    warehouse.put(
        "files.measures",
        [
            {**common, "date": day, "measure": name, "value": of(day)}
            for name, of in SERIES.items()
            for day in days
            if day >= BEGINS.get(name, FIRST) and (name != "gaps" or of(day))
        ],
    )
    warehouse.loaded("made")
    warehouse.put("definitions.kpis", [{"kpi_id": name, "kind": "flow", "measure": name} for name in SERIES])
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
    warehouse.build()
    return warehouse


def now(warehouse: Warehouse, id_: str) -> dict[str, Any]:
    return warehouse.row("from marts.key_results where key_result_id = ?", [id_])


def test_a_week_like_any_other_is_foreseen_to_the_day(foreseen: Warehouse) -> None:
    row = now(foreseen, "exact")
    assert [row[name] for name in ("forecast_low", "forecast", "forecast_high")] == pytest.approx([WHOLE] * 3, rel=0.01)
    assert now(foreseen, "too_far")["forecast"] == row["forecast"]


def test_what_is_reached_is_certain(foreseen: Warehouse) -> None:
    assert now(foreseen, "reached")["probability"] == 1
    assert now(foreseen, "exceeded")["probability"] == 0


def test_without_any_noise_it_is_yes_or_no(foreseen: Warehouse) -> None:
    row = now(foreseen, "even")
    assert [row[name] for name in ("forecast_low", "forecast", "forecast_high")] == [7 * 92] * 3
    chances = [now(foreseen, id_)["probability"] for id_ in ("even", "even_too_far", "even_fewer", "even_too_few")]
    assert chances == [1, 0, 1, 0]


@pytest.mark.parametrize("id_", HELD)
def test_every_day_is_foreseen_as_the_reference_does(foreseen: Warehouse, id_: str) -> None:
    series, key_result = KEY_RESULTS[id_]
    rows = foreseen.rows("from marts.fct_key_result_daily where key_result_id = ? order by date", [id_])
    assert rows
    told = 0
    for row in rows:
        made = forecast(SERIES[series], BEGINS.get(series, FIRST), START, END, row["date"])
        if made is None:
            assert row["forecast"] is None, row
            continue
        low, middle, high = made.bounds
        assert row["forecast"] == pytest.approx(middle, abs=2e-6), row
        # The model's quantile is a series: within 1 % of the table's from 3 degrees of freedom on.
        width = (0.005 if made.degrees > 2 else 0.0125) * (high - low)
        assert (row["forecast_low"], row["forecast_high"]) == pytest.approx((low, high), abs=width), row
        if made.least is None or row["value"] < key_result["target"]:
            chance = made.chance_above(key_result["target"])
            chance = 1 - chance if key_result.get("type") == "decrease" else chance
            assert row["probability"] == pytest.approx(chance, abs=0.003), row
            told += 1
    assert told > 10


def test_chances_of_more_and_of_fewer_add_up(foreseen: Warehouse) -> None:
    up, down = now(foreseen, "up"), now(foreseen, "down")
    assert up["probability"] + down["probability"] == pytest.approx(1)
    assert 0.01 < up["probability"] < 0.99
    assert up["forecast_low"] < up["forecast"] < up["forecast_high"]
    assert up["forecast_low"] > up["value"]


def test_a_handful_of_events_gives_no_forecast(foreseen: Warehouse) -> None:
    assert [now(foreseen, id_)["forecast"] for id_ in ("rare", "silent", "capped")] == [None, None, None]


def test_what_can_fall_may_be_foreseen_to_fall(foreseen: Warehouse) -> None:
    assert now(foreseen, "net")["forecast_low"] is not None


def test_there_is_none_in_the_first_week_and_it_narrows_after(foreseen: Warehouse) -> None:
    rows = foreseen.rows("from marts.fct_key_result_daily where key_result_id = 'up' order by date")
    assert [row["forecast"] is None for row in rows[:8]] == [True] * 6 + [False] * 2
    widths = [row["forecast_high"] - row["forecast_low"] for row in rows[6:]]
    assert widths[-1] < widths[20] < widths[0]
