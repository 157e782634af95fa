"""Three years of a small workspace: a refresh costs what it did, and folders that hold no data stay as they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.torture.years import MOST_TIMES, STEPS, limits, measure


@pytest.mark.prove
@pytest.mark.torture
def test_three_years_cost_and_hold_what_the_first_months_did(figure: Callable[[str], None]) -> None:
    found = dict(limits(measure(*STEPS)))
    for what, times in found.items():
        figure(f"three years: {what}: {times:.2f} times")
    assert not {what: times for what, times in found.items() if times > MOST_TIMES}
