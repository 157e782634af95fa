"""What a day of a series is worth beside others: weekday, end of month, events; learnt at each forecast origin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from okr_reports.forecasting.mixture import Flags, Numbers, Places

# Weekdays are learnt from half a year, months' ends from three months on.
PROFILE_DAYS = 182
MONTHS = 3
# No event takes all: what is left of it could not be brought back to a usual day.
LEAST_FACTOR = 0.02


@dataclass(frozen=True)
class Calendar:
    """The days from `first` on, so many: weekday, whether among the last four of its month, a number for its month."""

    first: date
    count: int

    @cached_property
    def _days(self) -> np.ndarray[Any, np.dtype[np.datetime64]]:
        return np.datetime64(self.first) + np.arange(self.count)

    @cached_property
    def weekday(self) -> Places:
        return (np.arange(self.count) + self.first.weekday()) % 7

    @cached_property
    def is_month_end(self) -> Flags:
        return np.asarray((self._days + 4).astype("datetime64[M]") != self._days.astype("datetime64[M]"))

    @cached_property
    def month(self) -> Places:
        return self._days.astype("datetime64[M]").astype(np.int64)


def sums(values: Numbers) -> Numbers:
    """Running sums along the first axis, beginning with 0."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])


class DayWeights:
    """For a series known on days 0..i-1, for each i of `origins`: the weight of any days of the calendar.

    `factor` holds a known event's factor for every day of the calendar, 1 where there is none.
    """

    def __init__(self, amounts: Numbers, calendar: Calendar, factor: Numbers, origins: Places) -> None:
        self.origins = origins
        known = len(amounts)
        usual = amounts / factor[:known]
        kind = np.zeros((calendar.count, 2, 7))
        kind[np.arange(calendar.count), calendar.is_month_end.astype(int), calendar.weekday] = 1.0
        self._kind = kind
        self._factors = sums(kind * factor[:, None, None])
        self._amounts = sums(kind[:known] * usual[:, None, None])
        self._squares = sums(kind[:known] * (usual**2)[:, None, None])
        self.month_end = np.zeros(len(origins))
        self.month_end_variance = np.zeros(len(origins))
        self.profile = self._profile()
        self._learn_month_end(amounts, calendar)
        if self.month_end.any():
            self.profile = self._profile()
        self.factor = factor

    def _profile(self) -> Numbers:
        """Means by weekday, drawn to the common mean as far as chance explains their spread (rows x 7)."""
        days = np.minimum(self.origins // 7 * 7, PROFILE_DAYS)
        back = np.exp(-self.month_end)[:, None]
        of_end = self._amounts[self.origins] - self._amounts[self.origins - days]
        squares = self._squares[self.origins] - self._squares[self.origins - days]
        total = of_end[:, 0] + of_end[:, 1] * back
        square = (squares[:, 0] + squares[:, 1] * back**2).sum(1)
        weeks = np.maximum(days / 7, 1)[:, None]
        means = total / weeks
        mean = total.sum(1, keepdims=True) / np.maximum(days, 1)[:, None]
        within = np.maximum(square - (weeks * means**2).sum(1), 0) / np.maximum(days - 7, 1)
        between = weeks[:, 0] * ((means - mean) ** 2).sum(1) / 6
        share = np.where(between > 0, np.maximum(0, 1 - within / np.where(between > 0, between, 1)), 0)
        usable = (days >= 14) & (mean[:, 0] > 0)
        profile = np.maximum(1 + share[:, None] * (means / np.where(mean == 0, 1, mean) - 1), 0)
        profile = np.where(usable[:, None], profile, 1.0)
        return np.asarray(profile / profile.mean(1, keepdims=True))

    def _learn_month_end(self, amounts: Numbers, calendar: Calendar) -> None:
        """By which factor (its logarithm) a month's last four days stand out, beyond twice its error; its variance."""
        known = len(amounts)
        bounds = np.concatenate([[0], np.flatnonzero(np.diff(calendar.month)) + 1, [calendar.count]])
        rows = []
        for first, stop in pairwise(bounds[bounds <= known].tolist()):
            is_end = calendar.is_month_end[first:stop]
            if is_end.sum() < 4 or (~is_end).sum() < 14:
                continue
            factors = self._factors[stop] - self._factors[first]
            ends, others = amounts[first:stop][is_end].sum(), amounts[first:stop][~is_end].sum()
            if others > 0:
                rows.append((stop, factors[1], factors[0], ends, others))
        if len(rows) < MONTHS:
            return
        stops = np.array([row[0] for row in rows])
        weight_of_ends = self.profile @ np.array([row[1] for row in rows]).T
        weight_of_others = self.profile @ np.array([row[2] for row in rows]).T
        ends, others = np.array([row[3] for row in rows]), np.array([row[4] for row in rows])
        usable = (weight_of_ends > 0) & (weight_of_others > 0) & (stops[None, :] <= self.origins[:, None])
        safe_ends, safe_others = np.where(usable, weight_of_ends, 1), np.where(usable, weight_of_others, 1)
        ratio = np.where(usable, np.log((ends + 0.5) / safe_ends * safe_others / (others + 0.5)), 0.0)
        count = usable.sum(1)
        enough = count >= MONTHS
        counted = np.maximum(count, 2)
        mean = ratio.sum(1) / counted
        variance = np.where(usable, (ratio - mean[:, None]) ** 2, 0).sum(1) / (counted - 1)
        doubt = 4 * (variance / counted + 1e-4) / np.where(mean == 0, 1, mean**2)
        share = np.where(enough & (mean != 0), np.maximum(0, 1 - doubt), 0)
        self.month_end = share * mean
        self.month_end_variance = np.where(share > 0, variance, 0.0)

    def between(self, first: Places, stop: Places) -> Numbers:
        """The weight of days first..stop-1, by row."""
        return self.of_usual(first, stop) + self.of_month_ends(first, stop)

    def of_usual(self, first: Places, stop: Places) -> Numbers:
        factors = self._factors[stop, 0] - self._factors[first, 0]
        return np.asarray(np.einsum("...d,...d->...", factors, self._like(first)))

    def of_month_ends(self, first: Places, stop: Places) -> Numbers:
        """The part of `between` that lies in the last four days of months."""
        factors = self._factors[stop, 1] - self._factors[first, 1]
        raised = np.exp(self.month_end).reshape(-1, *([1] * (np.ndim(first) - 1)))
        return np.asarray(np.einsum("...d,...d->...", factors, self._like(first)) * raised)

    def _like(self, first: Places) -> Numbers:
        return self.profile if np.ndim(first) == 1 else self.profile[:, None, :]

    def days_of(self, row: int, first: int, stop: int) -> Numbers:
        """The weights of single days, by what row `row` has learnt."""
        by_kind = np.stack([self.profile[row], self.profile[row] * np.exp(self.month_end[row])])
        return np.asarray((self._kind[first:stop] * by_kind).sum((1, 2)) * self.factor[first:stop])
