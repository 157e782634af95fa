"""What a forecast takes for weeks and months: those that the models give each day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from okr_reports.forecasting.members import LONGEST
from okr_reports.forecasting.mixture import Numbers, Places
from okr_reports.forecasting.questions import EPOCH, Answer, Question, answers

FIRST, START, END, TODAY = date(2026, 1, 1), date(2026, 7, 1), date(2026, 12, 31), date(2026, 9, 30)
DAYS = (END - FIRST).days + 1
NONE = np.array([np.nan])


def asked(unit: str, kind: str = "ratio", *, kept: float = 3, left: float = 3) -> Answer:
    """A number of 0.5, by weeks or months within its limit, three months before its end."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    first = [day.replace(day=1) if unit == "month" else day - timedelta(days=day.weekday()) for day in days]
    known = (TODAY - FIRST).days + 1
    amounts = 5 + np.sin(np.arange(known))
    (answer,) = answers(
        [
            Question(
                kind, FIRST, START, END, "units", amounts, amounts * 2, np.zeros(0),
                np.array([(day - EPOCH).days for day in first], dtype=float), np.ones(DAYS), np.zeros(DAYS),
                np.array([known]), np.array([0.5]), np.array([0.4]), NONE, np.array([kept]), np.array([3.0]),
                np.array([left]), NONE, NONE,
            )
        ]
    )  # fmt: skip
    return answer


@pytest.mark.parametrize("kind", ["flow", "ratio", "stock"])
def test_months_spread_over_their_days_have_no_interval(kind: str) -> None:
    assert np.isnan(asked("month", kind).middle).all()
    assert not np.isnan(asked("week", kind).middle).any()


def _of_days(kind: str, first: date, amounts: Numbers, denominators: Numbers, days: Places) -> Answer:
    """A number of the period START to END, asked for on `days` from `first` on."""
    whole, count = (END - first).days + 1, len(days)
    empty = np.full(count, np.nan)
    question = Question(
        kind, first, START, END, None, amounts, denominators, np.zeros(0), np.zeros(0), np.ones(whole), np.zeros(whole),
        days, empty, np.full(count, 0.4), empty, empty, empty, empty, empty, empty,
    )  # fmt: skip
    (answer,) = answers([question])
    return answer


@pytest.mark.parametrize("kind", ["flow", "ratio", "stock", "distinct"])
@pytest.mark.parametrize("known", [0, 1, 20])
def test_days_before_a_number_has_any_have_no_forecast(kind: str, known: int) -> None:
    answer = _of_days(kind, START, np.ones(known), np.ones(known), np.arange(1, 185))
    assert np.isnan(answer.middle[known:]).all()


def test_a_ratio_that_began_within_the_period_ends_at_all_of_its_days() -> None:
    first = START + timedelta(days=30)
    known = (END - first).days
    amounts = np.where(np.arange(known) < known // 2, 2.0, 8.0)
    answer = _of_days("ratio", first, amounts, np.full(known, 10.0), np.array([known]))
    assert answer.middle == pytest.approx(amounts.mean() / 10, abs=0.01)


@pytest.mark.parametrize("kind", ["flow", "ratio", "stock", "distinct", "check_in"])
def test_an_end_more_than_two_years_away_is_not_foreseen(kind: str) -> None:
    first, known, whole = date(2018, 9, 17), 400, 1556
    end = first + timedelta(days=whole - 1)
    amounts = np.cumsum(5 + np.sin(np.arange(known)))
    unit = np.array([(first - EPOCH).days + number // 7 * 7 for number in range(whole)], dtype=float)
    days = np.arange(1, whole)
    value = np.full(len(days), 0.5)
    empty = np.full(len(days), np.nan)
    series = np.concatenate([amounts, amounts[-1] + np.cumsum(5 + np.sin(np.arange(known, whole)))])
    reported = np.arange(1, whole + 1, dtype=float)
    question = Question(
        kind, first, first, end, None, series, series * 2, reported, unit, np.ones(whole), np.zeros(whole),
        days, value, value, empty, empty, empty, empty, empty, empty,
    )  # fmt: skip
    (answer,) = answers([question])
    is_near = whole - days <= LONGEST
    enough = days >= 14
    assert np.isnan(answer.middle[~is_near]).all()
    assert not np.isnan(answer.middle[is_near & enough]).any()


def test_the_units_left_and_those_before_are_the_models() -> None:
    # Six months kept before the period and three in it (0.5 + kept with the half-lives of eight), three to come.
    counts = sum(0.5 ** (age / 8) for age in range(6))
    a, b = 0.5 + 3 + counts, 0.5
    chance = np.prod([(a + one) / (a + b + one) for one in range(3)])
    assert asked("month").chance == pytest.approx(chance)
    assert asked("month", left=1).chance == pytest.approx(a / (a + b))
    assert asked("month", kept=2).chance == 0
