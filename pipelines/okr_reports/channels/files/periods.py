"""Headers that stand for a period: days, weeks by ISO 8601, months, quarters; the year may be said elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from okr_reports.channels.files import dates
from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.names import MONTHS, spaced

_WORD = (
    r"(?:calendar ?week|kalenderwoche|semana|semaine|settimana|woche|weeks?|wk|kw|cw|w|"
    r"(?P<{0}>sett|sem|s))"
)
_YEAR = r"(?P<{0}>(?:19|20)\d\d)"
_WEEK = re.compile(
    rf"(?:{_WORD.format('half')}\.?[ _-]*(?P<number>\d{{1,2}})(?:[ /,._-]+{_YEAR.format('year')})?|"
    rf"{_YEAR.format('year_before')}[ /._-]*{_WORD.format('half_behind')}\.?[ _-]*(?P<number_behind>\d{{1,2}})|"
    rf"(?P<number_first>\d{{1,2}})\.? ?{_WORD.format('half_after')}\.?(?:[ /,._-]+{_YEAR.format('year_after')})?)"
    r"(?:\s*(?:[(\[:]|[-–—,]\s|(?<=\s)(?=\d{{1,2}}[./]))\s*(?P<note>.*?)[)\]]?)?",
    re.IGNORECASE,
)
_MONTH = re.compile(r"([^\W\d]{3,12})\.?(?:[ -/]*'?(\d\d))?")
_QUARTER = re.compile(r"[qtk]([1-4])", re.IGNORECASE)
_TO = r"\s*(?:[-–—]|to|bis|al?|au|t/m|até)\s*"
_RANGE = re.compile(
    rf"(?P<d1>\d{{1,2}})\.?\s*(?P<m1>[^\W\d]{{3,12}}\.?)?{_TO}(?P<d2>\d{{1,2}})\.?\s*(?P<m2>[^\W\d]{{3,12}})\.?|"
    rf"(?P<m3>[^\W\d]{{3,12}})\.?\s*(?P<d3>\d{{1,2}}){_TO}(?P<m4>[^\W\d]{{3,12}}\.?)?\s*(?P<d4>\d{{1,2}})|"
    rf"(?P<n1>\d{{1,2}})[./](?P<n2>\d{{1,2}})?[./]?{_TO}(?P<n3>\d{{1,2}})[./](?P<n4>\d{{1,2}})\.?",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?<![\d./-])((?:19|20)\d\d)(?:\s*[/–-]\s*((?:19|20)?\d\d))?(?!\d|[.-]\d)")
_OF_MONTH = re.compile(r"([^\W\d]{3,12})\.?[ /-]+(?:de )?(?:19|20)\d\d")
_LAST = {"month": 12, "quarter": 4, "week": 52}


@dataclass(frozen=True)
class Period:
    """What a header says. `number` is that of the week, month or quarter; `year` None is said elsewhere. `day` is its
    first day where the header says all. `note` is what stands behind a week. `is_half` may be a half-year instead."""

    grain: str
    number: int = 0
    year: int | None = None
    day: date | None = None
    note: str = ""
    is_half: bool = False

    def first(self, year: int) -> date | None:
        """Its first day in that year; None where there is no such one, or where the header contradicts itself."""
        if self.day is not None:
            return self.day
        try:
            if self.grain == "week":
                monday = date.fromisocalendar(year, self.number, 1)
                return _as_noted(monday, self.note)
            return date(year, self.number if self.grain == "month" else 3 * self.number - 2, 1)
        except ValueError:
            return None


def _as_noted(monday: date, note: str) -> date | None:
    """The first day of a week by the days written behind it: 2-8 Nov. Those of seven days count as they are."""
    if not any(sign.isdigit() for sign in note):
        return monday
    note = re.sub(r"[ ,./]*(?:19|20)\d\d", "", spaced(note)).strip(" .")
    found = _RANGE.fullmatch(note)
    if found is None:
        return None
    starts = {day for first, last in _days_of(found) for day in _around(monday, first, last)}
    return monday if monday in starts else next(iter(starts)) if len(starts) == 1 else None


def _days_of(found: re.Match[str]) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    """Month and day of both ends, in each order that they may be written in."""
    part = found.groupdict()
    if part["d1"] or part["d3"]:
        words = (part["m1"] or part["m2"], part["m2"]) if part["d1"] else (part["m3"], part["m4"] or part["m3"])
        months = [MONTHS.get(word.rstrip(".").casefold(), 0) for word in words]
        yield (months[0], int(part["d1"] or part["d3"])), (months[1], int(part["d2"] or part["d4"]))
        return
    first, second, third, fourth = (int(part[name] or 0) for name in ("n1", "n2", "n3", "n4"))
    yield (second or fourth, first), (fourth, third)
    if second:
        yield (first, second), (third, fourth)


def _around(monday: date, first: tuple[int, int], last: tuple[int, int]) -> Iterable[date]:
    """The day `first` near that Monday, where `last` is six days behind it."""
    for near in (-9, -8, -7, -2, -1, 0, 5, 6, 7):  # weeks that begin on Saturday, Sunday or Monday
        day = monday + timedelta(days=near)
        end = day + timedelta(days=6)
        if (day.month, day.day) == first and (end.month, end.day) == last:
            yield day


@cache
def read(text: str, grain: str, *, short_years: bool = False) -> Period | None:
    """The period of this grain that a header names, None if it names none. With `short_years` Oct-26 is of 2026."""
    text = spaced(text)
    if text.startswith(NATIVE):
        written = dates.read(text[1:])
        day = written.on(False) if written and not text[1:].isdigit() else None
        return Period(grain, day=day) if day and _may_be(day, grain) else None
    if grain == "week":
        return _week(text)
    whole = dates.read(text, months=grain != "day", quarters=grain == "quarter")
    if whole is not None:
        day = whole.on(False) if whole.order in ("", ".") else None
        day = day if day and _may_be(day, grain) else None
        return Period(grain, day.month if grain != "quarter" else (day.month + 2) // 3, day.year, day) if day else None
    if grain == "quarter" and (found := _QUARTER.fullmatch(text)):
        return Period(grain, int(found[1]))
    if grain == "month" and (found := _MONTH.fullmatch(text)) and (number := MONTHS.get(found[1].casefold())):
        if found[2] is None:
            return Period(grain, number)
        return Period(grain, number, year := 2000 + int(found[2]), date(year, number, 1)) if short_years else None
    return None


def _may_be(day: date, grain: str) -> bool:
    """Whether a header that is a day may be of a month or a quarter: its first day, or its last."""
    return grain not in ("month", "quarter") or 1 in (day.day, (day + timedelta(days=1)).day)


def _week(text: str) -> Period | None:
    found = _WEEK.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    number = int(part["number"] or part["number_behind"] or part["number_first"])
    year = part["year"] or part["year_before"] or part["year_after"]
    note = part["note"] or ""
    year = year or next((found[1] for found in _YEARS.finditer(note.replace(".", " "))), None)
    half = bool(part["half"] or part["half_behind"] or part["half_after"])
    return Period("week", number, int(year) if year else None, note=note, is_half=half) if number else None


def declared(text: str, form: str, grain: str) -> Period | None:
    """As `read`, or a day in the form that is declared. A form without a year does not say which."""
    if any(code in form for code in ("%Y", "%y", "%c", "%x", "%D")):
        try:
            day = datetime.strptime(spaced(text), form).date()
            return Period(grain, day.month if grain != "quarter" else (day.month + 2) // 3, day.year, day)
        except ValueError:
            pass
    return read(text, grain, short_years="%y" in form)


def grain_of(form: str, grain: str) -> str:
    """What the headers of a wide table are: weeks, days, quarters or months, by the form they are declared in."""
    if "%V" in form:
        return "week"
    return "day" if "%d" in form else "quarter" if grain == "quarter" else "month"


def years_in(texts: Iterable[str]) -> set[int]:
    """The years that titles name, and not those of a day or a month: when a sheet was made says nothing of it."""
    found: set[int] = set()
    for text in texts:
        rest = dates.IN_TEXT.sub(" ", text)
        rest = _OF_MONTH.sub(lambda month: " " if month[1].casefold() in MONTHS else month[0], rest)
        for year, other in _YEARS.findall(rest):
            found.add(int(year))
            if other:
                found.add(int(year[: 4 - len(other)] + other))
    return found


class YearUnknown(Exception):
    """Nothing says of which year the first of these periods is."""


class OutOfOrder(ValueError):
    """A period without a year that is not behind the one before it."""


def dated(periods: Mapping[int, Period], declared_year: int | None, said: int | None) -> dict[int, date]:
    """The first day of each period, in the order of their columns: one without a year follows the one before it.

    Raises YearUnknown, and ValueError with the column of one that no year has.
    """
    known, before, by_title = declared_year or said, 0, declared_year is None
    found: dict[int, date] = {}
    for at, period in sorted(periods.items()):
        year = period.year
        if year is None and period.day is None:
            begins_anew = 0 < period.number < before
            if known is None or (begins_anew and by_title):
                raise YearUnknown  # a title's year is that of the first column, or of the last
            if begins_anew and (period.number != 1 or before < _LAST[period.grain]):
                raise OutOfOrder(at)
            year = known + begins_anew
        if year is not None:
            by_title = by_title and period.year is None
            known, before = year, period.number
        day = period.first(year or 0)
        if day is None:
            raise ValueError(at)
        found[at] = day
    return found


def with_year(period: Period, top: Period | None, years: set[int]) -> Period:
    """A period without a year, of that which stands above it: a year, or a month or a quarter of one."""
    if period.year is not None or period.day is not None:
        return period
    if top is not None and top.day is not None:
        end = top.day + timedelta(days=100 if top.grain == "quarter" else 31)
        for year in (top.day.year, top.day.year - 1, top.day.year + 1):
            day = period.first(year)
            if day is not None and top.day - timedelta(days=6) <= day < end:
                return replace(period, year=year)
    return replace(period, year=next(iter(years))) if len(years) == 1 else period
