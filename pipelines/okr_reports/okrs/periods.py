"""Periods: the built-in quarters, months and years, those a team defines, and the intervals that baselines need."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

_BUILT_IN = re.compile(r"(\d{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?")
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}

PeriodKind = Literal["quarter", "month", "year", "custom"]


@dataclass(frozen=True)
class Span:
    """A stretch of days, first and last day in."""

    id: str
    kind: PeriodKind
    start: date
    end: date

    def previous(self) -> tuple[date, date]:
        """The period before: the calendar's for a built-in one, else as many days right before it."""
        last = self.start - timedelta(days=1)
        if self.kind == "custom":
            return last - (self.end - self.start), last
        return _months_before(self.start, _MONTHS[self.kind]), last

    def last_year(self) -> tuple[date, date]:
        """The same period a year before; a 29 February becomes the 28th, the end of a month stays one."""
        if self.kind == "custom":
            return _year_before(self.start), _year_before(self.end)
        start = _months_before(self.start, 12)
        return start, _last_day(start, _MONTHS[self.kind])


def built_in(identifier: str) -> Span | None:
    """The period that `2026-Q3`, `2026-09` or `2026` names, or None."""
    found = _BUILT_IN.fullmatch(identifier)
    if not found:
        return None
    year, quarter, month = found.groups()
    kind: PeriodKind = "quarter" if quarter else "month" if month else "year"
    first_month = 3 * int(quarter) - 2 if quarter else int(month or 1)
    start = date(int(year), first_month, 1)
    return Span(identifier, kind, start, _last_day(start, _MONTHS[kind]))


def _last_day(start: date, months: int) -> date:
    months_on = start.month - 1 + months - 1
    year, month = start.year + months_on // 12, months_on % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def _months_before(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
