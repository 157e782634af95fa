"""What a page needs to add up any range of days: exact daily sums, and how numbers and days are written.

The only numbers that a script writes (builtin/theme/ranges.js): ranges are chosen by the reader. Sums are whole numbers
and shares of them, rounded half up as the formatter rounds, so that both say the same (test_ranges.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from math import gcd
from typing import Any

from okr_reports.common.plain_values import shows
from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.comparison import LEAST_WEEKS
from okr_reports.report_site.formats.format_codes import CODE
from okr_reports.report_site.formats.formats import NO_VALUE, UNIT_CODES, Formatter

# Two years and the year before a range of today: what a comparison with last year needs.
MOST_DAYS = 800
MOST_DECIMALS = 9
WEEKS = 12
KINDS = ("flow", "ratio", "stock")
_RANGE = re.compile(r"(num|cur|pct|mult|days)(\d)?")


@dataclass(frozen=True)
class RangeFilter:
    """`figures` have titles, `json` has all that the script adds up; `first` and `last` are the days known."""

    figures: tuple[Mapping[str, Any], ...]
    json: str
    first: date
    last: date
    script: str


shows(RangeFilter, "figures", "json", "first", "last", "script")


Row = Mapping[str, Any]


def range_filter(
    rows: Sequence[Row], figures: Sequence[Row], last: date | None, formatter: Formatter, script: str
) -> RangeFilter | None:
    """The filter over `rows` (a day's columns, or date, measure and value) of `figures` up to `last`.

    A figure has title, kind (flow: a sum; ratio: a sum over a sum; stock: the last value), numerator, denominator
    (columns or measures), fmt or unit, and better. None without a day, or in a locale whose digits are not 0 to 9.
    """
    days: dict[date, dict[str, Any]] = {}
    for row in rows:
        if last is not None and row["date"] <= last:
            days.setdefault(row["date"], {}).update({row["measure"]: row["value"]} if "measure" in row else row)
    known = [
        {**figure, "fmt": figure.get("fmt") or UNIT_CODES[figure["unit"]]}
        for figure in figures
        if figure["kind"] in KINDS and any(row.get(figure["numerator"]) is not None for row in days.values())
    ]
    if last is None or not days or not known or "8" not in formatter.format(8, "num0"):
        return None
    first = max(min(days), last - timedelta(days=MOST_DAYS - 1))
    names = sorted({name for figure in known for name in (figure["numerator"], figure.get("denominator")) if name})
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    columns = {name: _column([_number(days.get(day, {}).get(name)) for day in span]) for name in names}
    document = {
        "first": first.isoformat(),
        "days": len(span),
        "columns": {name: [column.scale, column.values] for name, column in columns.items()},
        "figures": [
            {
                "kind": figure["kind"], "of": figure["numerator"], "over": figure.get("denominator") or "",
                "better": figure.get("better") or "neutral", "fmt": figure["fmt"],
                "spread": _spread(figure, span, days),
            }
            for figure in known
        ],
        "codes": {code: _written(code, formatter) for code in sorted({"pct1", *(figure["fmt"] for figure in known)})},
        "months": [_month(month, formatter) for month in range(1, 13)],
        "none": NO_VALUE,
    }  # fmt: skip
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return RangeFilter(tuple(known), text, first, last, script)


@dataclass(frozen=True)
class _Column:
    scale: int
    values: list[int | None]


def _number(value: Any) -> Decimal | None:
    if value is None:
        return None
    if type(value) is Decimal:
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _column(values: Sequence[Decimal | None]) -> _Column:
    """Whole numbers in the smallest unit that all of them have, at most a billionth."""
    least = [None if value is None else int(value.scaleb(MOST_DECIMALS).to_integral_value()) for value in values]
    common, scale = gcd(*(value for value in least if value)), MOST_DECIMALS
    while scale and common % 10 == 0:
        common, scale = common // 10, scale - 1
    unit = 10 ** (MOST_DECIMALS - scale)
    return _Column(scale, [None if value is None else value // unit for value in least])


def _spread(figure: Mapping[str, Any], span: Sequence[date], days: Mapping[date, Any]) -> float | None:
    """The spread of a week around its neighbours, of the last twelve (comparison.usual_range); None where unknown."""
    if figure["kind"] == "stock":
        return None
    weekly = []
    for week in range(WEEKS, 0, -1):
        inside = [days.get(day, {}) for day in span[-7 * week : (-7 * week + 7) or None]]
        above, below = ([_number(row.get(figure.get(key))) for row in inside] for key in ("numerator", "denominator"))
        up, down = (sum((amount for amount in part if amount is not None), Decimal(0)) for part in (above, below))
        if all(amount is None for amount in above) or len(inside) < 7 or (figure["kind"] == "ratio" and not down):
            continue
        weekly.append(float(up / down if figure["kind"] == "ratio" else up))
    if len(weekly) < LEAST_WEEKS:
        return None
    return sum((after - before) ** 2 for before, after in pairwise(weekly)) / (len(weekly) - 1) / 2


def _written(code: str, formatter: Formatter) -> dict[str, Any]:
    """How a format code writes numbers: what stands around the digits, by size for words that have a plural."""
    match = CODE.fullmatch(code)
    if not _RANGE.fullmatch(code) or match is None:
        raise BadValue(
            f"a range cannot be written as {code!r}", "use num, cur, pct, mult or days, with digits or without"
        )
    kind = match["kind"]
    pattern = formatter.locale.percent_formats[None] if kind == "pct" else formatter.locale.decimal_formats[None]
    pattern = formatter.locale.currency_formats["standard"] if kind == "cur" else pattern
    # what is around a number can depend on its plural: 0, below one, one, below two, more
    samples = [Decimal(0), Decimal("0.5"), Decimal(1), Decimal("1.5"), Decimal(8)] if kind == "days" else [Decimal(8)]
    over = 100 if kind == "pct" else 1
    return {
        "kind": kind,
        "digits": int(match["digits"]) if match["digits"] else None,
        "around": [_around(formatter.format(value / over, code)) for value in samples],
        "minus": _around(formatter.format(Decimal(-8) / over, code)),
        "sizes": list(pattern.grouping),
        "group": _between(formatter.format(Decimal(1234567), "num0")),
        "decimal": formatter.decimal_sign,
    }


def _around(text: str) -> list[str]:
    found = re.search(r"\d(?:.*\d)?", text)
    assert found is not None
    return [text[: found.start()], text[found.end() :]]


def _between(text: str) -> str:
    found = re.search(r"\d(\D)\d", text)
    return found[1] if found else ""


def _month(month: int, formatter: Formatter) -> str:
    """How a day of a month is written, with {d} and {y} in their places."""
    text = formatter.format(date(2033, month, 28), "shortdate")
    return text.replace("2033", "{y}").replace("28", "{d}")
