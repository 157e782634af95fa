"""Axes: round steps for numbers, sensible days for time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Scale:
    """Maps numbers from [low, high] to [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def nice_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers that cover [low, high], about `wanted` of them: steps of 1, 2, 2.5 or 5 times a power of ten."""
    if low == high:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)
    rough = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999) * power
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def domain(
    values: Iterable[float | None], from_zero: bool, low: float | None = None, high: float | None = None
) -> tuple[float, float]:
    """Lowest and highest value, zero included on request, or the limits given."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    lowest = min(known, default=0.0) if low is None else low
    highest = max(known, default=1.0) if high is None else high
    if from_zero:
        lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    return (lowest, highest) if lowest != highest else (lowest, lowest + 1.0)


def day_ticks(first: date, last: date) -> list[tuple[date, str, bool]]:
    """Days to label between two days, the format for each, and whether it is also shown on narrow screens."""
    span = (last - first).days
    if span <= 10:
        return [(first + timedelta(days=n), "day", n % 2 == 0) for n in range(span + 1)]
    if span <= 45:
        return _every(first, last, lambda day: day.weekday() == 0, "day", 2)
    if span <= 200:
        ticks = _every(first, last, lambda day: day.day == 1, "day", 1)
        return ticks if len(ticks) >= 3 else _every(first, last, lambda day: day.day in (1, 15), "day", 2)
    if span <= 800:
        return _every(first, last, lambda day: day.day == 1 and day.month % 3 == 1, "mmm-yy", 2)
    return _every(first, last, lambda day: day.day == 1 and day.month == 1, "yyyy", 1)


def _every(
    first: date, last: date, wanted: Callable[[date], bool], code: str, narrow: int
) -> list[tuple[date, str, bool]]:
    days = [day for n in range((last - first).days + 1) if wanted(day := first + timedelta(days=n))]
    return [(day, code, number % narrow == 0) for number, day in enumerate(days)]


def spread(count: int, limit: int) -> Sequence[int]:
    """At most `limit` numbers of 0..count-1, evenly apart."""
    step = max(1, math.ceil(count / limit))
    return range(0, count, step)
