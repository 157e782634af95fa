"""Named ranges of days, such as `last 28 days`: Evidence's, counted back from the last day that has data."""

from __future__ import annotations

import re
from datetime import date, timedelta

from okr_reports.report_site.faults import BadValue, choose

LAST = re.compile(r"(last|previous|next) (\d{1,4}) (day|week|month|quarter|year)s?")
NAMED = re.compile(r"(this|previous|last|next) (week|month|quarter|year)")
TO_DATE = re.compile(r"(week|month|quarter|year) to date")
BETWEEN = re.compile(r"(\d{4}-\d\d-\d\d) (?:to|until) (\d{4}-\d\d-\d\d)")
FROM = re.compile(r"(?:from|since) (\d{4}-\d\d-\d\d)")
UNTIL = re.compile(r"(?:until|to) (\d{4}-\d\d-\d\d)")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
FIRST, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
RANGES = (
    "today", "yesterday", "last 7 days", "last 28 days", "last 30 days", "last 90 days", "last 12 weeks",
    "last 12 months", "this week", "this month", "this quarter", "this year", "previous week", "previous month",
    "previous quarter", "previous year", "next month", "week to date", "month to date", "quarter to date",
    "year to date", "from 2026-01-01", "2026-01-01 to 2026-03-31", "all time",
)  # fmt: skip

Days = tuple[date, date]


def named_range(text: str, through: date) -> Days | None:
    """First and last day of a range; `through` is the last day with data and counts as today. None is all time.

    Raises BadValue for a text that names no range.
    """
    wanted = " ".join(text.lower().split())
    if wanted == "all time":
        return None
    if wanted in ("today", "yesterday"):
        day = through - timedelta(days=wanted == "yesterday")
        return day, day
    try:
        found = _dated(wanted) or _counted(wanted, through) or _calendar(wanted, through)
    except ValueError:
        raise BadValue(f"the date range {text!r} has a day that does not exist", "write days as 2026-09-30") from None
    if found is None:
        raise BadValue(f"there is no date range {text!r}", choose(wanted, RANGES, "ranges"))
    return found


def _dated(wanted: str) -> Days | None:
    if match := BETWEEN.fullmatch(wanted):
        return date.fromisoformat(match[1]), date.fromisoformat(match[2])
    if match := FROM.fullmatch(wanted):
        return date.fromisoformat(match[1]), LAST_DAY
    if match := UNTIL.fullmatch(wanted):
        return FIRST, date.fromisoformat(match[1])
    return None


def _counted(wanted: str, through: date) -> Days | None:
    match = LAST.fullmatch(wanted)
    if match is None:
        return None
    number, unit = int(match[2]), match[3]
    sign = 1 if match[1] == "next" else -1
    if unit in MONTHS:
        day = clip_day(month_of(through, sign * number * MONTHS[unit]), through.day)
    else:
        day = through + sign * timedelta(days=number * (7 if unit == "week" else 1))
    step = timedelta(days=1)
    return (through + step, day) if sign > 0 else (day + step, through)


def _calendar(wanted: str, through: date) -> Days | None:
    if match := TO_DATE.fullmatch(wanted):
        return start_of(match[1], through), through
    match = NAMED.fullmatch(wanted)
    if match is None:
        return None
    first = start_of(match[2], through)
    if match[1] == "this":
        return first, _end_of(match[2], first)
    if match[1] == "next":
        after = _end_of(match[2], first) + timedelta(days=1)
        return after, _end_of(match[2], after)
    last = first - timedelta(days=1)
    return start_of(match[2], last), last


def range_before(days: Days, compare_vs: str) -> Days:
    """The range to compare with: as many days just before, or the same days a year before."""
    first, last = days
    if compare_vs == "prior year":
        return _year_before(first), _year_before(last)
    length = (last - first).days + 1
    return first - timedelta(days=length), first - timedelta(days=1)


def _year_before(day: date) -> date:
    return clip_day(day.replace(day=1, year=day.year - 1), day.day)


def start_of(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1 if unit == "year" else (day.month - 1) // 3 * 3 + 1, day=1)


def _end_of(unit: str, first: date) -> date:
    after = first + timedelta(days=7) if unit == "week" else month_of(first, MONTHS[unit])
    return after - timedelta(days=1)


def month_of(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def clip_day(first_of_month: date, day: int) -> date:
    """That day of the month, or its last one when the month is shorter."""
    last = (month_of(first_of_month, 1) - timedelta(days=1)).day
    return first_of_month.replace(day=min(day, last))
