"""An objective some of whose key results have no pace: no number is shown beside one that it is not compared with."""

from __future__ import annotations

from typing import Any

import pytest

from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.views.okr_words import compared_with
from okr_reports.words.numbers import Numbers
from okr_reports.words.reasons import status_reason

WHOLE = {"score": 0.65, "score_compared": 0.65, "expected": 0.88, "coverage": 1.0, "reason_code": "objective_running"}
IN_PART = {**WHOLE, "score_compared": 0.977}


def sentence(row: dict[str, Any]) -> str:
    found = status_reason(row, str, Numbers(lambda value, _, decimals: f"{value:.{decimals}%}", str))
    assert found
    return found


@pytest.mark.parametrize("row", [WHOLE, {**WHOLE, "score_compared": None}, {**WHOLE, "score_compared": 0.6502}])
def test_the_score_that_is_compared_is_beside_what_is_expected(row: dict[str, Any]) -> None:
    assert sentence(row) == "65% reached, 88% expected on average; 100% of the weight has data."
    drawn, words = compared_with(Formatter("en-GB", "EUR", "UTC"), Language("en-GB", []), row)  # type: ignore[arg-type]
    assert (drawn, words) == (0.88, "88% expected")


def test_a_score_that_is_not_compared_is_beside_no_expectation() -> None:
    assert sentence(IN_PART) == (
        "97.7% reached of what has a pace, 88% expected on average; 65% of all; 100% of the weight has data."
    )
    drawn, words = compared_with(Formatter("en-GB", "EUR", "UTC"), Language("en-GB", []), IN_PART)  # type: ignore[arg-type]
    assert (drawn, words) == (None, "98% of what has a pace, 88% expected")


def test_without_a_pace_nothing_is_expected() -> None:
    row = {**WHOLE, "score_compared": None, "expected": None}
    drawn, words = compared_with(Formatter("en-GB", "EUR", "UTC"), Language("en-GB", []), row)  # type: ignore[arg-type]
    assert (drawn, words) == (None, "no expected pace")
