"""What a forecast takes for weeks and months: those that the models give each day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from okr_reports.forecasting.asked import EPOCH, Answer, Asked, answers

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
            Asked(
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


def test_the_units_left_and_those_before_are_the_models() -> None:
    # Six months kept before the period and three in it (0.5 + kept with the half-lives of eight), three to come.
    counts = sum(0.5 ** (age / 8) for age in range(6))
    a, b = 0.5 + 3 + counts, 0.5
    chance = np.prod([(a + one) / (a + b + one) for one in range(3)])
    assert asked("month").chance == pytest.approx(chance)
    assert asked("month", left=1).chance == pytest.approx(a / (a + b))
    assert asked("month", kept=2).chance == 0
