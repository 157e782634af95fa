"""Which `fmt` codes there are. Apart from the formatter, because `okr check` needs them without loading Babel."""

from __future__ import annotations

import re

from okr_reports.report_site.faults import BadValue, choose

SKELETONS = {
    "shortdate": "yMMMd",
    "longdate": "yMMMMd",
    "fulldate": "yMMMMEEEEd",
    "day": "MMMd",
    "weekday": "MMMEd",
    "month": "yMMMM",
    "quarter": "yQQQ",
}
PATTERNS = {
    "ddd": "EEE",
    "dddd": "EEEE",
    "mmm": "MMM",
    "mmmm": "MMMM",
    "mmm-yy": "MMM-yy",
    "yyyy": "y",
    "mdy": "M/d/yy",
    "dmy": "d/M/yy",
    "hms": "HH:mm:ss",
    "iso": "yyyy-MM-dd",
}
CODE = re.compile(r"(?P<kind>num|pct|mult|days|pp|[a-z]{3})(?P<digits>\d)?(?P<power>[kmbt])?")
POWERS = {"": 0, "k": 3, "m": 6, "b": 9, "t": 12}
PLAIN = ("id", "sci", "auto", "text", "datetime", *SKELETONS, *PATTERNS)
KNOWN = (*PLAIN, "num0", "num1", "num2", "pct", "pct1", "mult1", "days", "pp1", "cur", "cur0k", "eur", "usd1m")
COMMON = {"cur", "eur", "usd", "gbp"}


def check_code(code: str) -> None:
    """Raises BadValue when `code` is no format."""
    match = CODE.fullmatch(code)
    if code in PLAIN or (match and _fits(match)):
        return
    if code:
        from okr_reports.report_site.formats.excel_formats import excel_format

        if excel_format(code) is not None:
            return
    raise BadValue(f"there is no format {code!r}", choose(code, KNOWN, "formats"))


def _fits(match: re.Match[str]) -> bool:
    kind, power = match["kind"], match["power"]
    if kind in ("pct", "mult", "days", "pp"):
        return not power
    if kind == "num" or kind in COMMON:
        return True
    from babel.numbers import is_currency

    return bool(is_currency(kind.upper()))
