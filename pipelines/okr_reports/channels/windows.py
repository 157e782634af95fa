"""Which days to read: the re-read window of an account, cut into slices that are loads of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# Without a start_date: enough for "the same period of last year" and a year to compare it with.
DEFAULT_HISTORY = timedelta(days=730)


@dataclass(frozen=True)
class Window:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"

    @property
    def length(self) -> int:
        """How many days it has, the first and the last included."""
        return (self.end - self.start).days + 1

    def days(self) -> Iterator[date]:
        """Each of its days, oldest first, the first and the last included."""
        return (self.start + DAY * index for index in range(self.length))

    def slices(self, days: int) -> list[Window]:
        """This window cut into pieces of at most `days`, oldest first."""
        starts = range(0, self.length, days)
        return [Window(self.start + DAY * at, min(self.start + DAY * (at + days - 1), self.end)) for at in starts]


@dataclass(frozen=True)
class Coverage:
    """What the warehouse holds of one account: every day of `loaded`, and how far its last request got.

    `request` is the window last requested by hand and `request_end` the last day of it that was loaded: a
    backfill that broke in the middle goes on from there.
    """

    loaded: Window
    loaded_on: date
    request: Window
    request_end: date

    def extended(self, answered: Window) -> Window:
        """The loaded days after `answered` came too: only windows that touch are joined, a gap is never covered."""
        if answered.start <= self.loaded.end + DAY and answered.end >= self.loaded.start - DAY:
            return Window(min(self.loaded.start, answered.start), max(self.loaded.end, answered.end))
        return self.loaded


def last_complete_day(today: date, timezone: str) -> date:
    """Yesterday where the account lives: at most the day before `today`, a day less where its midnight is yet to come.

    With `OKR_TODAY` the clock on the wall says nothing, and `today` alone counts.
    """
    if os.environ.get("OKR_TODAY"):
        return today - DAY
    return min(today, datetime.now(ZoneInfo(timezone)).date()) - DAY


def plan(
    coverage: Coverage | None,
    *,
    yesterday: date,
    start: date,
    lookback_days: int,
    deep_lookback_days: int,
    slice_days: int,
    requested: Window | None,
) -> list[Window]:
    """The slices to load of one account, in the order to load them.

    Requested by hand: just that window, from where the same request broke off before. Else the days since the last
    load with `lookback_days` re-read (`deep_lookback_days` in the first load of an ISO week), and whatever lies
    between `start` and the loaded days, newest first so that the loaded days stay one stretch.
    """
    if requested is not None:
        end = min(requested.end, yesterday)
        begin = requested.start
        if coverage is not None and coverage.request == requested and begin <= coverage.request_end < end:
            begin = coverage.request_end + DAY
        return Window(begin, end).slices(slice_days) if begin <= end else []
    if start > yesterday:
        return []
    if coverage is None:
        return Window(start, yesterday).slices(slice_days)
    deep = coverage.loaded_on.isocalendar()[:2] != (yesterday + DAY).isocalendar()[:2]
    lookback = max(lookback_days, deep_lookback_days) if deep else lookback_days
    begin = max(start, min(coverage.loaded.end, yesterday) - DAY * (lookback - 1))
    tail = Window(begin, yesterday).slices(slice_days)
    if start >= coverage.loaded.start:
        return tail
    missing = Window(start, coverage.loaded.start - DAY)
    return tail + missing.slices(slice_days)[::-1]
