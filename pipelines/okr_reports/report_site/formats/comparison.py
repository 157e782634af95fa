"""Compares a number with another one and says whether the difference is good, by the KPI's own direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from math import sqrt
from typing import Any, Literal

from okr_reports.common.plain_values import shows
from okr_reports.report_site.faults import BadValue
from okr_reports.words.numbers import reads_as_zero

Number = Decimal | int | float
LEAST_WEEKS = 6


@dataclass(frozen=True)
class Comparison:
    """`change` in the value's unit; `share` of the size of the base, None where the base is zero or unknown.

    `move` is up, down or flat; `verdict` is good, bad or neutral.
    """

    change: float | None
    share: float | None
    move: Literal["up", "down", "flat", "unknown"]
    verdict: Literal["good", "bad", "neutral"]
    base: float | None = None


shows(Comparison, "change", "share", "move", "verdict", "base")


def compare(
    value: Number | None,
    base: Number | None,
    better: str | None = "neutral",
    neutral_range: float | Sequence[float | None] = 0.0,
    noise: float | None = None,
) -> Comparison:
    """Compare `value` with `base`. A share is taken of the base's size, so that -5 after -10 is a rise of 50 %.

    Shares within +-`neutral_range`, or between its two ends (None is without end), count as flat. A change no larger
    than `noise` is neither good nor bad.
    """
    if value is None or base is None:
        return Comparison(None, None, "unknown", "neutral")
    change = float(value) - float(base)
    share = change / abs(float(base)) if base else None
    if change == 0 or (share is not None and _within(share, neutral_range)):
        return Comparison(change, share, "flat", "neutral", float(base))
    move: Literal["up", "down"] = "up" if change > 0 else "down"
    if better not in ("higher", "lower") or (noise is not None and abs(change) <= noise):
        return Comparison(change, share, move, "neutral", float(base))
    return Comparison(change, share, move, "good" if (move == "up") == (better == "higher") else "bad", float(base))


def usual_range(weekly: Sequence[float | None], kind: str | None, days: int) -> float | None:
    """How far a KPI over `days` usually lies from the same days before, 95 times in 100, by its weeks (oldest first).

    The spread of a week is that of the steps between weeks, so that growth does not count as spread. None where that
    says nothing: fewer than six weeks, stocks and distinct counts, which are no sums of weeks.
    """
    known = [float(value) for value in weekly if value is not None]
    if kind not in ("flow", "ratio") or len(known) < LEAST_WEEKS or days <= 0:
        return None
    spread = sum((after - before) ** 2 for before, after in pairwise(known)) / (len(known) - 1) / 2
    weeks = days / 7 if kind == "flow" else 7 / days
    return 1.96 * sqrt(2 * weeks * spread)


def as_shown(comparison: Comparison, words: str) -> Comparison:
    """What a change is to who reads its words: one that they show as 0 is neither up nor better."""
    is_none = comparison.move in ("up", "down") and reads_as_zero(words)
    return replace(comparison, move="flat", verdict="neutral") if is_none else comparison


def target_number(target: Any) -> Number | None:
    """The number a comparison has for its target; None where that is a column or an aggregate of the rows.

    Raises BadValue where it is neither, or there is none.
    """
    if target is None:
        raise BadValue("the comparison with a target does not say which", 'add target=120 or target="sum(plan)"')
    if isinstance(target, Number):
        return target
    if not isinstance(target, str):
        raise BadValue(f"the target {target!r} is no number", 'write target=120 or target="sum(plan)"')
    try:
        return float(target)
    except ValueError:
        return None


def _within(share: float, neutral: float | Sequence[float | None]) -> bool:
    if isinstance(neutral, int | float | Decimal):
        return abs(share) <= neutral
    low, high = neutral
    return (low is None or share >= low) and (high is None or share <= high)
