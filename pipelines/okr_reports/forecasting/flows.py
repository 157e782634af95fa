"""The rest of a period of a flow: what the days to come will bring together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_reports.forecasting.days import LEAST_FACTOR, Calendar, DayWeights, sums
from okr_reports.forecasting.members import BLOCKS, levels
from okr_reports.forecasting.mixture import GAMMA, LOGARITHM, PLAIN, Flags, Mixtures, Numbers, Places, joined

# Too few days to forecast from.
LEAST_DAYS = 14
# Standard deviation of week-to-week changes of the logarithm: beyond it, no logarithms.
JUMPY = 0.5
# In a quarter's rest: the chance of a break that nobody has announced, and its size.
QUARTER, BREAK_SHARE, BREAK_SIZE = 92, 0.07, 0.45
# An event without a factor: how far its days may lie from usual ones.
EVENT_SIZE = 0.5
# From so many days on the same season of the years before is known.
LAST_YEAR = 420


@dataclass(frozen=True)
class Series:
    """Amounts of consecutive days from the calendar's first on, and what is known of those to come.

    `factor`: of dated events, 1 where there is none. `is_uncertain`: days of events that nobody gave a factor.
    """

    calendar: Calendar
    amounts: Numbers
    factor: Numbers
    is_uncertain: Numbers

    @property
    def known(self) -> int:
        return len(self.amounts)


def rest_of(
    series: Series, origins: Places, end: Places, start: int | None = None, *, season: bool = True,
    may_fall: bool = False, logarithms: bool = True,
) -> tuple[Places, Mixtures | None]:  # fmt: skip
    """The sum of days i..end-1 for each i of `origins`, from days 0..i-1 alone; which of `origins` have an answer.

    `start`: the day a period begins on. `season`: whether the same weeks of the years before count. `may_fall`: of the
    increments of a level, a random walk whose drift is learnt. `logarithms`: whether weeks may be taken to move in per
    cent; single days are gamma-shaped.
    """
    answered = np.flatnonzero((origins >= LEAST_DAYS) & (end > origins))
    if not len(answered):
        return answered, None
    origins, end = origins[answered], end[answered]
    if may_fall:
        flat = np.ones(series.calendar.count)
        weights = DayWeights(series.amounts * 0, series.calendar, flat, origins)
    else:
        weights = DayWeights(series.amounts, series.calendar, np.maximum(series.factor, LEAST_FACTOR), origins)
    parts, order = [], []
    for weeks in np.unique(np.minimum(origins // 7, BLOCKS)):
        rows = np.flatnonzero(np.minimum(origins // 7, BLOCKS) == weeks)
        parts.append(_of_weeks(series, weights, rows, origins, end, int(weeks), start, season, may_fall, logarithms))
        order.append(rows)
    whole = joined(parts)
    return answered, whole[np.argsort(np.concatenate(order))]


def _of_weeks(
    series: Series, weights: DayWeights, rows: Places, origins: Places, end: Places, weeks: int, start: int | None,
    season: bool, may_fall: bool, logarithms: bool,
) -> Mixtures:  # fmt: skip
    """The forecasts of those rows that all know as many weeks."""
    i, stop = origins[rows], end[rows]
    own = _Rows(weights, rows)
    bounds = i[:, None] - 7 * np.arange(weeks, -1, -1)[None, :]
    amounts = np.diff(sums(series.amounts)[bounds], axis=1)
    worth = own.between(bounds[:, :-1], bounds[:, 1:])
    x = amounts / np.maximum(worth, 0.35)
    total = own.between(i, stop)
    shape = np.full(len(rows), PLAIN)
    if not may_fall:
        is_log = (x > 0).all(1)
        changes = np.diff(np.log(np.where(is_log[:, None], x, 1.0)), axis=1)
        shape = np.where(is_log & (changes.std(1) < JUMPY) & logarithms, LOGARITHM, GAMMA)
    is_log = shape == LOGARITHM
    spread = _spread_of_days(series, weights, rows, x, weeks)
    spread = np.where(is_log, spread / np.maximum(x.mean(1), 1e-9) ** 2, spread)
    since = (i - start) // 7 if start is not None else np.zeros(len(rows), dtype=np.int64)
    since = np.where((since < 0) | (i - (start or 0) >= 80), 0, since)
    level = levels(np.where(is_log[:, None], np.log(np.where(is_log[:, None], x, 1.0)), x), stop - i, since, spread)

    rest = stop - i
    share = BREAK_SHARE * rest / QUARTER
    month_ends = weights.month_end_variance[rows] * (own.of_month_ends(i, stop) / np.maximum(total, 1e-9)) ** 2
    month_ends = np.where(is_log, month_ends / np.maximum(_count(series.calendar.is_month_end, i, stop) / 4, 1), 0.0)
    extra = month_ends + (EVENT_SIZE * _count(series.is_uncertain, i, stop) / rest) ** 2
    season_mean, season_variance = np.zeros(len(rows)), np.zeros(len(rows))
    if season and not may_fall and int(i.max()) >= LAST_YEAR:
        season_mean, season_variance = _last_year(series, own, i, stop, level.noise)

    weight, mean, variance = level.weight, level.mean, level.variance
    nothing = (shape == GAMMA) & (amounts.sum(1) == 0)
    few = 0.5 / (7 * weeks)  # nothing yet: half an event in the days known
    mean = np.where(nothing[:, None], few, mean)
    variance = np.where(nothing[:, None], few**2 + few / rest[:, None], variance)
    log_mean = mean + (
        level.noise / 2 * (1 - np.minimum(1, 7 / rest)) + np.log(np.maximum(total, 1e-9)) + season_mean
    )[:, None]  # fmt: skip
    scaled = total[:, None]
    mean = np.where(is_log[:, None], log_mean, mean * scaled)
    of_event = extra[:, None] * np.where(is_log[:, None], 1.0, mean**2)
    variance = np.where(is_log[:, None], variance + season_variance[:, None], variance * scaled**2) + of_event
    centre = (weight * mean).sum(1)
    around = (weight * (variance + (mean - centre[:, None]) ** 2)).sum(1)
    wide = (BREAK_SIZE * rest / QUARTER * np.where(is_log, 1.0, centre)) ** 2
    if may_fall:
        wide = (weight * variance).sum(1)
    return Mixtures(
        np.column_stack([weight * (1 - share)[:, None], share]),
        np.column_stack([mean, centre]),
        np.column_stack([variance, around + wide]),
        np.full(len(rows), level.degrees),
        shape,
    )


class _Rows:
    """The weights as some of their rows know them."""

    def __init__(self, weights: DayWeights, rows: Places) -> None:
        self._of = object.__new__(DayWeights)
        self._of.__dict__.update(weights.__dict__)
        self._of.profile = weights.profile[rows]
        self._of.month_end = weights.month_end[rows]
        self.between = self._of.between
        self.of_month_ends = self._of.of_month_ends


def _count(marks: Numbers | Flags, first: Places, stop: Places) -> Numbers:
    running = sums(marks.astype(float))
    return np.asarray(running[stop] - running[first])


def _spread_of_days(series: Series, weights: DayWeights, rows: Places, x: Numbers, weeks: int) -> Numbers:
    """A week's noise variance as estimated from single days, where there are too few weeks to estimate it."""
    out = np.zeros(len(rows))
    if weeks <= 3:
        for place, row in enumerate(rows):
            i = int(weights.origins[row])
            known = series.amounts[i - 7 * weeks : i]
            out[place] = 1.5 * (known - x[place].mean() * weights.days_of(int(row), i - 7 * weeks, i)).var() / 7
    return out


def _last_year(series: Series, own: _Rows, i: Places, stop: Places, noise: Numbers) -> tuple[Numbers, Numbers]:
    """Logarithm of the rest of the period against the eight weeks before it, one and two years (of 364 days) ago."""
    running, rest = sums(series.amounts), stop - i
    total, count = np.zeros(len(i)), np.zeros(len(i))
    for back in (364, 728):
        origin = i - back
        safe = np.maximum(origin, 56)
        until = np.minimum(safe + rest, i)
        before = (running[safe] - running[safe - 56]) / np.maximum(own.between(safe - 56, safe), 1e-9)
        after = (running[until] - running[safe]) / np.maximum(own.between(safe, until), 1e-9)
        usable = (origin >= 56) & (before > 0) & (after > 0) & (i >= LAST_YEAR)
        total += np.where(usable, np.log(np.where(usable, after, 1) / np.where(usable, before, 1)), 0)
        count += usable
    known = np.maximum(count, 1)
    mean = total / known
    doubt = (noise * (1 / 8 + 7 / rest) + 0.01) / known
    share = np.where(count > 0, np.maximum(0, 1 - 2 * doubt / np.where(mean == 0, 1, mean**2)), 0)
    share = np.where(mean == 0, 0, share)
    return share * mean, share * doubt
