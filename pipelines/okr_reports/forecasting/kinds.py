"""Where the other kinds of numbers end: ratios, levels, numbers that people report, weeks that are to be kept."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from okr_reports.forecasting.days import sums
from okr_reports.forecasting.flows import LEAST_DAYS, Series, rest_of
from okr_reports.forecasting.members import BLOCKS, levels
from okr_reports.forecasting.mixture import PLAIN, Flags, Mixtures, Numbers, Places, joined

# A ratio may move by itself in a quarter's rest, as a flow may break: chance and size.
SHIFT_SHARE, SHIFT_SIZE = 0.12, 0.45
# How many readings are enough to estimate a rate and its spread.
LEAST_READINGS = 3
# After so many weeks a week counts half.
HALF_LIFE = 8.0
# While a period runs nothing is said to be less likely, or more likely than one minus it.
FLOOR = 0.02


def ratio_end(
    numerator: Numbers, denominators: Series, origins: Places, end: Places, start: int, *, last_week: bool = False
) -> tuple[Places, Mixtures | None]:
    """A period's numerator / denominator at its end, both moving, by the weeks' numerator - r x denominator.

    No week's own quotient is formed, so that a week without a denominator does no harm. `last_week`: of the period's
    last week alone, as `hold: end` asks.
    """
    answered, rest = rest_of(denominators, origins, end, start)
    if rest is None:
        return answered, None
    to_come, to_come_variance = rest.moments()
    above, below = sums(numerator), sums(denominators.amounts)
    parts, order = [], []
    weeks_known = np.minimum(origins[answered] // 7, BLOCKS)
    for weeks in np.unique(weeks_known):
        rows = np.flatnonzero(weeks_known == weeks)
        i, stop = origins[answered][rows], end[answered][rows]
        bounds = i[:, None] - 7 * np.arange(int(weeks), -1, -1)[None, :]
        a, b = np.diff(above[bounds], axis=1), np.diff(below[bounds], axis=1)
        usable = b.sum(1) > 0
        r = a.sum(1) / np.where(usable, b.sum(1), 1)
        usual = np.where(usable, b.mean(1), 1)
        recent = np.maximum(b[:, -8:].mean(1), 1e-9)
        none = np.zeros(len(rows), dtype=np.int64)
        x = (a - r[:, None] * b) / usual[:, None]
        level = levels(x, stop - i, none, x.var(1) + 1e-12)
        later = r[:, None] + level.mean * (usual / recent)[:, None]
        noise = level.variance
        if last_week:
            noise = noise + level.noise[:, None] * (1 - np.minimum(1, 7 / (stop - i)))[:, None]
        spread = noise * (usual / recent)[:, None] ** 2
        so_far_above, so_far_below = above[i] - above[start], below[i] - below[start]
        if last_week:
            so_far_above, so_far_below = so_far_above * 0, so_far_below * 0
        so_far = np.where(so_far_below > 0, so_far_above / np.where(so_far_below > 0, so_far_below, 1), r)[:, None]
        sum_of = np.maximum(so_far_below + to_come[rows], 1e-9)
        share = (to_come[rows] / sum_of)[:, None]
        mean = (1 - share) * so_far + share * later
        of_volume = ((so_far_below / sum_of**2) ** 2 * to_come_variance[rows])[:, None]
        variance = share**2 * spread + (later - so_far) ** 2 * of_volume
        centre = (level.weight * mean).sum(1)
        around = (level.weight * (variance + (mean - centre[:, None]) ** 2)).sum(1)
        shift = SHIFT_SHARE * (stop - i) / 92
        wide = (SHIFT_SIZE * (stop - i) / 92 * share[:, 0] * (level.weight * later).sum(1)) ** 2
        weight = np.column_stack([level.weight * (1 - shift)[:, None], shift])
        parts.append(
            Mixtures(
                np.where(usable[:, None], weight, np.nan),
                np.column_stack([mean, centre]),
                np.column_stack([variance, around + wide]),
                np.full(len(rows), level.degrees),
                np.full(len(rows), PLAIN),
            )
        )
        order.append(rows)
    whole = joined(parts)[np.argsort(np.concatenate(order))]
    has_end = ~np.isnan(whole.weight).any(1)
    return answered[has_end], whole[has_end] if has_end.any() else None


def level_end(levels_known: Series, origins: Places, end: Places) -> tuple[Places, Mixtures | None]:
    """The last level and what is to come: a random walk whose drift is learnt."""
    known = levels_known.amounts
    steps = Series(
        levels_known.calendar, np.diff(known, prepend=known[0]), levels_known.factor, levels_known.is_uncertain
    )
    answered, rest = rest_of(steps, origins, end, may_fall=True)
    if rest is not None:
        rest.mean = rest.mean + known[origins[answered] - 1][:, None]
    return answered, rest


def reported_end(at: Numbers, values: Numbers, elapsed: int, days: int) -> Mixtures | None:
    """The end of a number that people report on days `at` of a period, by the slope between their reports."""
    known = at <= elapsed
    at, values = at[known], values[known]
    if len(at) < LEAST_READINGS or (at[-1] < LEAST_DAYS and len(at) < 4):
        return None
    apart, moved = np.diff(at), np.diff(values)
    rate = moved.sum() / apart.sum()
    noise = (((moved - rate * apart) ** 2 / apart).sum() + 0.25 * rate**2) / len(apart)
    rest = days - at[-1]
    variance = noise * rest * (1 + rest / apart.sum()) + (0.15 * rate * rest) ** 2
    row = np.array([[values[-1] + rate * rest]])
    return Mixtures(
        np.ones((1, 1)), row, np.array([[variance]]), np.array([float(len(apart))]), np.array([PLAIN])
    )  # fmt: skip


@lru_cache(maxsize=100_000)
def chance_to_keep(kept: int, missed: int, weeks_left: int, allowed: int, before: tuple[bool, ...] = ()) -> float:
    """The chance that at most `allowed` weeks of a period are missed; `before`: the weeks before it, oldest first.

    Beta-binomial: the share of kept weeks is learnt from those of the period and, counting less the older they
    are, from those before it.
    """
    left = allowed - missed
    if left < 0:
        return 0.0
    if left >= weeks_left:
        return 1.0
    age = np.arange(len(before))[::-1]
    counts = 0.5 ** (age / HALF_LIFE)
    held = np.array(before, dtype=float)
    a = 0.5 + kept + float(counts @ held)
    b = 0.5 + missed + float(counts @ (1 - held))
    # The chance of j misses among the weeks left, by recurrence from none.
    term = 1.0
    for week in range(weeks_left):
        term *= (a + week) / (a + b + week)
    chance = 0.0
    for j in range(left + 1):
        chance += term
        term *= (weeks_left - j) / (j + 1) * (b + j) / (a + weeks_left - j - 1)
    return min(max(chance, FLOOR), 1 - FLOOR)


def chance_within(
    mixtures: Mixtures, low: Numbers, high: Numbers, so_far: Numbers, half: Numbers, may_fall: Flags
) -> Numbers:
    """The chance of each row to end within low..high, either of them NaN where there is none.

    `so_far` is added to the mixture's amounts; `half` is what a whole number is rounded by, 0 for others. What cannot
    fall any more (`may_fall` false) is certain once it is reached or exceeded.
    """
    has_low, has_high = ~np.isnan(low), ~np.isnan(high)
    at_most = np.where(has_high, mixtures.below(np.where(has_high, high - so_far + half, 0)), 1.0)
    under = np.where(has_low, mixtures.below(np.where(has_low, low - so_far - half, 0)), 0.0)
    reached = ~may_fall & has_low & (so_far >= low)
    exceeded = ~may_fall & has_high & (so_far > high)
    chance = np.clip(at_most - np.where(reached, 0.0, under), FLOOR, 1 - FLOOR)
    chance = np.where(reached & ~has_high, 1.0, chance)
    return np.where(exceeded, 0.0, chance)
