"""The forecast once more, in plain Python: docs/scoring.md's "Forecast", with the choices that models' comments name.

A straight line through the means of whole weeks (those before the period brought to the period's level), by least
squares; a weekday profile; Student's t. Everything is computed from scratch for every day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
DAYS_BEFORE = 56
# A flow's level moves by about this share of itself in the thirteen weeks of a quarter.
DRIFT = 0.22
# 90 % quantiles of Student's t by degrees of freedom, from a printed table.
T_90 = {
    2: 1.886, 3: 1.638, 4: 1.533, 5: 1.476, 6: 1.440, 7: 1.415, 8: 1.397, 9: 1.383, 10: 1.372, 11: 1.363, 12: 1.356,
    13: 1.350, 14: 1.345, 15: 1.341, 16: 1.337, 17: 1.333, 18: 1.330,
}  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """Where a flow will stand at the period's end."""

    end: float
    deviation: float
    degrees: int
    least: float | None

    @property
    def bounds(self) -> tuple[float, float, float]:
        """Low, middle and high of the 80 % interval; a sum that only grows never ends below what it is."""
        width = T_90[self.degrees] * self.deviation
        found = self.end - width, self.end, self.end + width
        if self.least is None:
            return found
        low, middle, high = (max(number, self.least) for number in found)
        return low, middle, high

    def chance_above(self, target: float) -> float:
        """The chance that the end lies above a number, by Student's t integrated step by step."""
        reached = (self.end - target) / self.deviation
        n = self.degrees
        constant = math.gamma((n + 1) / 2) / math.sqrt(n * math.pi) / math.gamma(n / 2)
        steps = 2000
        width = reached / steps
        middles = ((step + 0.5) * width for step in range(steps))
        return 0.5 + width * sum(constant * (1 + x * x / n) ** (-(n + 1) / 2) for x in middles)


@dataclass(frozen=True)
class Line:
    """Least squares through numbers at equal distances."""

    count: int
    mean: float
    squares: float
    products: float
    distances: float


def line_through(numbers: Sequence[float]) -> Line:
    count = len(numbers)
    mean, middle = sum(numbers) / count, (count - 1) / 2
    return Line(
        count,
        mean,
        sum((number - mean) ** 2 for number in numbers),
        sum((place - middle) * (number - mean) for place, number in enumerate(numbers)),
        sum((place - middle) ** 2 for place in range(count)),
    )


def forecast(amount: Callable[[date], float], first_day: date, start: date, end: date, day: date) -> Forecast | None:
    """What a flow first known on `first_day` comes to by `end`, as seen on `day`; None where too little is known."""
    begin = max(first_day, start)
    weeks_before = min((start - first_day).days, DAYS_BEFORE) // 7 if first_day < start else 0
    earlier = [begin + number * DAY for number in range(-7 * weeks_before, 0)]
    inside = [begin + number * DAY for number in range((day - begin).days + 1)]
    if len(inside) < 7 or sum(amount(one) != 0 for one in inside) < 5:
        return None
    now = line_through(weekly_means([amount(one) for one in inside]))
    before = line_through(weekly_means([amount(one) for one in earlier])) if earlier else Line(1, 0, 0, 0, 0)
    if now.count + before.count < 5:
        return None
    rest = share_of_rest([*earlier, *inside], amount, len(inside), (end - day).days)
    value = sum(amount(one) for one in inside)
    slope, slope_variance, day_variance = trend(now, before)
    left, behind = (end - day).days, len(inside)
    # From the middle of the days behind to the middle of those before, in weeks, for each day of those before.
    leverage = left * (behind + left) / 2 / 7
    variance = day_variance * (left + behind * rest**2) + slope_variance * leverage**2
    only_grows = min(amount(one) for one in (*earlier, *inside)) >= 0
    return Forecast(
        value + value * rest + slope * leverage, math.sqrt(variance), now.count + before.count - 3,
        value if only_grows else None,
    )  # fmt: skip


def weekly_means(amounts: Sequence[float]) -> list[float]:
    """Means of whole weeks, the last one up to the last day."""
    return [sum(amounts[place : place + 7]) / 7 for place in range(len(amounts) % 7, len(amounts), 7)]


def trend(now: Line, before: Line) -> tuple[float, float, float]:
    """What the level moves in a week, how uncertain that is, and the variance of a day."""
    scale = 1.0
    if before.mean > 0 and now.mean > 0:
        scale = min(max(now.mean / before.mean, 0.2), 5.0)
    distances = now.distances + before.distances
    slope = (now.products + scale * before.products) / distances
    residual = now.squares + scale**2 * before.squares - slope**2 * distances
    block_variance = max(residual, 0.0) / (now.count + before.count - 3)
    expected, own = (DRIFT * now.mean / 13) ** 2, block_variance / distances
    share = expected / (expected + own) if expected + own else 0.0
    return slope * share, own * share**1.5, 7 * block_variance


def share_of_rest(days: Sequence[date], amount: Callable[[date], float], behind: int, left: int) -> float:
    """The days to come as a share of those behind, by what each day of the week has brought."""
    profile = [weekday_mean(days[: place + 1], amount) for place in range(len(days) - 7, len(days))]
    done = sum(profile[-1 - number % 7] for number in range(behind))
    # Tomorrow is the day of the week of six days ago.
    to_come = sum(profile[number % 7] for number in range(left))
    return to_come / done


def weekday_mean(days: Sequence[date], amount: Callable[[date], float]) -> float:
    """What the last day's day of the week has brought, with one week of the average day mixed in."""
    same = [amount(one) for one in days if one.weekday() == days[-1].weekday()]
    average = sum(amount(one) for one in days) / len(days)
    return (sum(same) + average) / (len(same) + 1)
