"""Periods: the calendar's and the fiscal year's, those a team defines, and the intervals that baselines need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

# FIRST_YEAR to LAST_YEAR of the settings
YEAR = r"(199\d|20\d\d|21\d\d)"
_BUILT_IN = re.compile(rf"{YEAR}(?:-Q([1-4])|-(0[1-9]|1[0-2]))?")
_FISCAL = re.compile(rf"FY{YEAR}(?:-Q([1-4])|-M(0[1-9]|1[0-2]))?")
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_DAY = timedelta(days=1)
# Weeks are compared with the same weekdays a year before: 52 whole weeks.
_SAME_WEEKS = timedelta(days=364)

PeriodKind = Literal["quarter", "month", "year", "custom"]
Interval = tuple[date, date]


@dataclass(frozen=True)
class Span:
    """A stretch of days, first and last day in."""

    id: str
    kind: PeriodKind
    start: date
    end: date

    @property
    def length(self) -> int:
        """Its days, the first and the last included."""
        return (self.end - self.start).days + 1

    def last_year(self) -> Interval:
        """The same period a year before; a 29 February becomes the 28th, the end of a month stays one."""
        if self.kind == "custom":
            return _year_before(self.start), _year_before(self.end)
        start = _months_on(self.start, -12)
        return start, _months_on(start, _MONTHS[self.kind]) - _DAY

    def same_weeks_last_year(self) -> Interval:
        """As many days, 364 days before, so that every day is compared with its own weekday."""
        return self.start - _SAME_WEEKS, self.end - _SAME_WEEKS


@dataclass(frozen=True)
class FiscalYear:
    """A year that starts on a day of its own (day 1 to 28), named by the calendar year it ends or starts in."""

    month: int
    day: int
    named_by: Literal["start", "end"] = "end"

    def first_day(self, year: int) -> date:
        """The first day of the fiscal year of that name."""
        is_calendar_year = (self.month, self.day) == (1, 1)
        return date(year if self.named_by == "start" or is_calendar_year else year - 1, self.month, self.day)


@dataclass(frozen=True)
class Calendar:
    """Every period an objective may name: those listed, and the years, quarters and months that need no listing."""

    listed: dict[str, Span] = field(default_factory=dict)
    fiscal_year: FiscalYear | None = None

    @classmethod
    def of(cls, listed: Iterable[Span], fiscal_year: FiscalYear | None = None) -> Calendar:
        """A calendar with these periods of one's own."""
        return cls({span.id: span for span in listed}, fiscal_year)

    def span(self, identifier: str) -> Span | None:
        """The period that `2026-Q3`, `2026-09`, `2026`, `FY2027-Q1`, `FY2027-M01`, `FY2027` or an own id names."""
        if found := _BUILT_IN.fullmatch(identifier):
            return _part(identifier, date(int(found[1]), 1, 1), found[2], found[3])
        if self.fiscal_year and (found := _FISCAL.fullmatch(identifier)):
            return _part(identifier, self.fiscal_year.first_day(int(found[1])), found[2], found[3])
        return self.listed.get(identifier)

    def previous(self, span: Span) -> Interval:
        """The period before: the calendar's own; of a listed one the listed period that ends the day before it starts
        (of several the one nearest in length, then the one that starts later), else as many days right before it.
        """
        last = span.start - _DAY
        if span.kind != "custom":
            return _months_on(span.start, -_MONTHS[span.kind]), last
        before = [period for period in self.listed.values() if period.end == last]
        if not before:
            return last - (span.end - span.start), last
        nearest = min(before, key=lambda period: (abs(period.length - span.length), -period.start.toordinal()))
        return nearest.start, nearest.end


def is_fiscal(identifier: str) -> bool:
    """Whether it is written as a period of a fiscal year."""
    return _FISCAL.fullmatch(identifier) is not None


def _part(identifier: str, year_start: date, quarter: str | None, month: str | None) -> Span:
    kind: PeriodKind = "quarter" if quarter else "month" if month else "year"
    months_in = 3 * (int(quarter) - 1) if quarter else int(month) - 1 if month else 0
    start = _months_on(year_start, months_in)
    return Span(identifier, kind, start, _months_on(start, _MONTHS[kind]) - _DAY)


def _months_on(start: date, months: int) -> date:
    """The same day of the month, which every month has: periods start on day 1 to 28."""
    index = start.year * 12 + start.month - 1 + months
    return start.replace(year=index // 12, month=index % 12 + 1)


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
