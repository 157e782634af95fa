"""A change has the sign and the verdict of its KPI's direction."""

from __future__ import annotations

import pytest

from okr_reports.report_site.comparison import compare


@pytest.mark.parametrize(
    ("value", "base", "better", "move", "verdict", "share"),
    [
        (120, 100, "higher", "up", "good", 0.2),
        (80, 100, "higher", "down", "bad", -0.2),
        (120, 100, "lower", "up", "bad", 0.2),
        (80, 100, "lower", "down", "good", -0.2),
        (120, 100, "neutral", "up", "neutral", 0.2),
        (80, 100, "neutral", "down", "neutral", -0.2),
        (100, 100, "higher", "flat", "neutral", 0.0),
        (5, 0, "higher", "up", "good", None),
        (5, 0, "lower", "up", "bad", None),
        (-5, -10, "higher", "up", "good", 0.5),
        (-15, -10, "lower", "down", "good", -0.5),
        (0, 0, "higher", "flat", "neutral", None),
        (None, 10, "higher", "unknown", "neutral", None),
        (10, None, "lower", "unknown", "neutral", None),
    ],
)
def test_signs(value, base, better, move, verdict, share):
    one = compare(value, base, better)
    assert (one.move, one.verdict, one.share) == (move, verdict, share)


def test_small_shares_count_as_flat():
    assert compare(100.04, 100, "higher", 0.0005).move == "flat"
    assert compare(100.06, 100, "higher", 0.0005).move == "up"
