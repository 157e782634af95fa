"""A change has the sign and the verdict of its KPI's direction."""

from __future__ import annotations

import math
import random

import pytest

from okr_reports.report_site.formats.comparison import as_shown, compare, usual_range
from okr_reports.words.numbers import with_sign


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


@pytest.mark.parametrize(
    ("change", "size", "words", "move"),
    [
        (0.0004, "0.0 pp", "0.0 pp", "flat"), (-0.0004, "0,00 %", "0,00 %", "flat"), (0.06, "0.1 pp", "+0.1 pp", "up"),
        (-3, "3", "−3", "down"), (0.001, "٠٫٠", "٠٫٠", "flat"), (0.1, "٠٫١", "+٠٫١", "up"), (5, "n/a", "+n/a", "up"),
    ],
)  # fmt: skip
def test_a_change_that_reads_as_0_has_no_sign_and_no_verdict(change, size, words, move):
    assert with_sign(change, size) == words
    shown = as_shown(compare(change, 0, "higher"), words)
    assert (shown.move, shown.verdict) == (move, {"up": "good", "down": "bad"}.get(move, "neutral"))


def test_a_change_within_the_usual_is_neither_good_nor_bad():
    """Weeks of 100 +- 10 by turns: four weeks differ from four by about 80 without any cause."""
    weekly = [90, 110] * 6
    usual = usual_range(weekly, "flow", 28)
    assert usual == pytest.approx(1.96 * math.sqrt(2 * 4 * 20**2 / 2))
    assert compare(430, 400, "higher", noise=usual).verdict == "neutral"
    assert compare(430, 400, "higher", noise=usual).move == "up"
    assert compare(500, 400, "higher", noise=usual).verdict == "good"
    assert compare(300, 400, "lower", noise=usual).verdict == "good"
    # a steady climb is no spread beyond its own steps, a level line none at all
    assert usual_range([5] * 12, "flow", 28) == 0
    assert compare(401, 400, "higher", noise=0.0).verdict == "good"


@pytest.mark.parametrize(
    ("weekly", "kind", "days"),
    [([1, 2, 3, 4, 5], "flow", 28), ([1, 2] * 6, "stock", 28), ([1, 2] * 6, "distinct", 28), ([None] * 12, "ratio", 28),
     ([1, 2] * 6, None, 28), ([1, 2] * 6, "flow", 0), ([], "flow", 28)],
)  # fmt: skip
def test_where_weeks_say_nothing_every_change_is_shown_as_it_is(weekly, kind, days):
    assert usual_range(weekly, kind, days) is None


def test_a_ratios_usual_range_narrows_with_more_days():
    weekly = [0.04, 0.06] * 6
    assert usual_range(weekly, "ratio", 28) == pytest.approx(usual_range(weekly, "ratio", 7) / 2)


def test_chance_alone_is_called_a_change_one_time_in_twenty():
    dice = random.Random(7)
    called = 0
    for _ in range(2000):
        weeks = [sum(dice.gauss(100, 12) for _ in range(7)) for _ in range(12)]
        usual = usual_range(weeks, "flow", 28)
        called += compare(sum(weeks[8:]), sum(weeks[4:8]), "higher", noise=usual).verdict != "neutral"
    assert 0.03 <= called / 2000 <= 0.12
