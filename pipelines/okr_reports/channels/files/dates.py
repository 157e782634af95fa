"""Days as people and programs write them. One file has one form; two possible orders of day and month are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from okr_reports.channels.files.names import MONTHS, UNSEEN

_TIME = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?)?\s*"
    r"(Z|(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2}|\(UTC\))?"
)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME, re.IGNORECASE)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})" + _TIME, re.IGNORECASE)
_WEEKDAY = r"(?:[^\W\d]{2,12}\.?,? +)?"
_DAY_FIRST = re.compile(
    _WEEKDAY + r"(\d{1,2})(?:\.|st|nd|rd|th|er)?[ -]*(?:de |di )?([^\W\d]{3,12})\.?,?[ -]*(?:de |del )?(\d{4})" + _TIME,
    re.I,
)
_MONTH_FIRST = re.compile(_WEEKDAY + r"([^\W\d]{3,12})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})" + _TIME, re.IGNORECASE)
_MONTH_ONLY = re.compile(
    r"(?:([^\W\d]{3,12})\.?[ -/]+(?:de )?(\d{4})|(\d{4})[-|](\d{1,2})|(\d{1,2})/(\d{4})|(\d{4})(\d{2}))"
)
_QUARTER = re.compile(
    r"(?:(?:[qtk]([1-4])|([1-4])(?:\.|er|e|º|°|ª)? ?(?:quartal|trimestre|trim\.?|kwartaal|quarter|t|q))"
    r"[ -/]*(?:de )?(\d{4})|(\d{4})[ -/]*[qtk]([1-4]))",
    re.IGNORECASE,
)
# In running text, as of a report's title: a word, a bracket or a comma may follow.
IN_TEXT = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|\b\d{8}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{4}|"
    r"\b\d{1,2}(?:\.|st|nd|rd|th|er)? (?:de )?[^\W\d]{3,12}\.?,? (?:de )?\d{4}|"
    r"\b[^\W\d]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?(?:, ?| )\d{4}"
)


@dataclass(frozen=True)
class Written:
    """A day as written. `order` "" is beyond doubt; "/", "." or "-" leave open which number is the month."""

    year: int
    first: int
    second: int
    order: str = ""
    at: time | None = None
    offset: timedelta | None = None

    def on(self, month_first: bool) -> date | None:
        month, day = (self.first, self.second) if not self.order or month_first else (self.second, self.first)
        try:
            return date(self.year, month, day)
        except ValueError:
            return None


def _time(groups: tuple[str | None, ...]) -> tuple[time | None, timedelta | None]:
    hour, minute, second, half, zone = groups
    at = None
    if hour is not None:
        hours = int(hour) % 12 + 12 * (half[0].lower() == "p") if half else int(hour)
        at = time(hours, int(minute or 0), min(int(second or 0), 59))
    if zone is None:
        return at, None
    size = zone.upper().removeprefix("UTC").removeprefix("GMT")
    if size[:1] not in ("+", "-"):
        return at, timedelta(0)
    digits = size[1:].replace(":", "")
    cut = len(digits) - 2 if len(digits) > 2 else len(digits)
    offset = timedelta(hours=int(digits[:cut]), minutes=int(digits[cut:] or 0))
    timezone(offset)  # a ValueError beyond a day
    return at, offset if size[0] == "+" else -offset


def read(text: str, *, months: bool = False, quarters: bool = True) -> Written | None:
    """None if it is no day; with `months` a month, and with `quarters` a quarter, is its first day."""
    if not text.isascii():
        text = text.translate(UNSEEN)
    try:
        if found := _ISO.fullmatch(text):
            year, _, month, day, *rest = found.groups()
            return Written(int(year), int(month), int(day), "", *_time(tuple(rest)))
        if found := _NUMBERS.fullmatch(text):
            first, mark, second, year, *rest = found.groups()
            return Written(int(year), int(first), int(second), mark, *_time(tuple(rest)))
        if found := _COMPACT.fullmatch(text):
            return Written(int(found[1]), int(found[2]), int(found[3]))
        if months and quarters and (found := _QUARTER.fullmatch(text)):
            quarter, year = found[1] or found[2] or found[5], found[3] or found[4]
            return Written(int(year), 3 * int(quarter) - 2, 1)
        if found := _DAY_FIRST.fullmatch(text):
            day, word, year, *rest = found.groups()
            return Written(int(year), MONTHS[word.casefold()], int(day), "", *_time(tuple(rest)))
        if found := _MONTH_FIRST.fullmatch(text):
            word, day, year, *rest = found.groups()
            return Written(int(year), MONTHS[word.casefold()], int(day), "", *_time(tuple(rest)))
        if months and (found := _MONTH_ONLY.fullmatch(text)):
            month = MONTHS[found[1].casefold()] if found[1] else int(found[4] or found[5] or found[8])
            day = Written(int(found[2] or found[3] or found[6] or found[7]), month, 1)
            return day if day.on(True) else None
    except (KeyError, ValueError):
        pass
    return None


def has_times_in_utc(written: Iterable[Written]) -> bool:
    """Whether all stamps are of UTC and not all of its midnight: their days are then another zone's."""
    stamped = [(stamp.at, stamp.offset) for stamp in written if stamp.at is not None]
    zero = bool(stamped) and all(offset is not None and not offset for _, offset in stamped)
    return zero and any((at.hour, at.minute, at.second) != (0, 0, 0) for at, _ in stamped)


def orders(texts: Iterable[Written]) -> set[bool]:
    """Which orders every day allows, month first (True) or day first; both where nothing says."""
    possible = {True, False}
    for written in texts:
        if written.order:
            possible &= {month_first for month_first in (True, False) if written.on(month_first) is not None}
    return possible


def day_of(written: Written, month_first: bool, zone: ZoneInfo | None, *, utc: bool) -> date | None:
    """The day as it is written, or in `zone` where the stamp says (or `utc` says) what it is an hour of."""
    found = written.on(month_first)
    offset = written.offset if written.offset is not None else timedelta(0) if utc and written.at is not None else None
    if found is None or zone is None or offset is None or written.at is None:
        return found
    return datetime.combine(found, written.at, timezone(offset) if offset else UTC).astimezone(zone).date()


def declared(text: str, form: str) -> date | None:
    """The day of a text in a declared format, None if it has another."""
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None
