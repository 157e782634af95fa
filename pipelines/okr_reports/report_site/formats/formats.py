"""The one formatter: every number and date a reader sees is made here, at build time, in the report's locale.

Python and browsers disagree on grouping and on rounding (half-even against half-up), so a card made here and a tooltip
made by JavaScript would differ. JavaScript only shows strings made here. Symbols and patterns are CLDR's, by Babel;
rounding is half up on exact decimals.

Codes (`fmt`): num0..num4, pct0..pct3, mult0..2, id, sci, an ISO 4217 code or `cur` for the reporting currency (`eur`,
`eur2`, `cur0k`), each of num and currency with k, m, b or t behind it; days, days1; pp1 (percentage points);
dates: shortdate, longdate, fulldate, day, weekday, mmm, mmmm, mmm-yy, ddd, dddd, yyyy, mdy, dmy, iso, datetime, hms.
Anything else is a format as spreadsheets write it (excel_formats.py).
"""

from __future__ import annotations

import math
import re
from copy import copy
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_skeleton
from babel.numbers import NumberPattern, get_currency_symbol, get_decimal_symbol

from okr_reports.common.locales import NBSP, days, known_locale
from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.excel_formats import excel_format
from okr_reports.report_site.formats.format_codes import CODE, PATTERNS, POWERS, SKELETONS

NO_VALUE = "–"
# Where CLDR's short form of a thousand is no word, or another than readers know.
POWER_WORDS = {
    "de": {"k": "Tsd.", "m": "Mio.", "b": "Mrd.", "t": "Bio."},
    "en": {"k": "k"},
}
# Babel writes EUR1,234 for es-MX and MUS$ for es-ES; readers know these signs
SYMBOLS = {"EUR": "€", "USD": "US$", "GBP": "£", "JPY": "¥"}
DEFAULT_DIGITS = {"num": None, "pct": None, "mult": 1, "days": 1, "pp": 1}
# what a KPI's or key result's unit, or that of a difference of shares, means as a code
UNIT_CODES = {"count": "num0", "currency": "cur", "percent": "pct", "days": "days", "number": "num", "pp": "pp"}

Value = Decimal | int | float | date | str | bool | None


class Formatter:
    """Formats values for one locale, reporting currency and zone. Results are cached: pages repeat values."""

    def __init__(self, locale: str, currency: str, timezone: str) -> None:
        known = known_locale(locale)
        if known is None:
            raise BadValue(f"the locale {locale!r} is not known", "use a CLDR locale such as es-ES or en-GB")
        self.locale = known
        self.currency, self.zone = currency, ZoneInfo(timezone)
        self._words = _power_words(self.locale)
        self._decimal: NumberPattern = self.locale.decimal_formats[None]
        self._percent: NumberPattern = self.locale.percent_formats[None]
        self._money: NumberPattern = self.locale.currency_formats["standard"]

    @property
    def decimal_sign(self) -> str:
        """What the locale writes before decimals."""
        return get_decimal_symbol(self.locale)

    def format(self, value: Value, code: str = "auto") -> str:
        """`value` as text; NO_VALUE for null, NaN and infinity."""
        return self._cached(value, code, type(value).__name__)

    @lru_cache(maxsize=131072)  # noqa: B019 - one formatter lives as long as its build
    def _cached(self, value: Value, code: str, _kind: str) -> str:
        return self._format(value, code)

    def _format(self, value: Value, code: str) -> str:
        if value is None or value == "":
            return NO_VALUE
        if isinstance(value, bool):
            return "✓" if value else NO_VALUE
        if isinstance(value, str):
            return value
        if isinstance(value, date):
            return self._date(value, code)
        if isinstance(value, float) and not math.isfinite(value):
            return NO_VALUE
        return self._number(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), code)

    def unit(self, value: Value, unit: str | None) -> str:
        """A value of a KPI or key result with its unit."""
        return self.format(value, UNIT_CODES.get(unit or "number", "num"))

    # numbers

    def _number(self, value: Decimal, code: str) -> str:
        if code in ("auto", "text"):
            code = "num"
        if code == "id":
            return format(value.normalize(), "f")
        if code == "sci":
            return f"{value:.2E}"
        match = CODE.fullmatch(code)
        excel = excel_format(code) if match is None else None
        if excel is not None and excel.sections:
            return excel.number(value, self.locale)
        if match is None:
            raise BadValue(f"{code!r} formats dates, not the number {value}", "use a number format such as num0")
        kind, power = match["kind"], match["power"] or ""
        digits = int(match["digits"]) if match["digits"] else DEFAULT_DIGITS.get(kind)
        scaled = value.scaleb(-POWERS[power])
        if kind == "pct":
            digits = _share_digits(scaled) if digits is None else digits
            return self._plain(scaled * 100, digits, self._percent, 100)
        if kind == "mult":
            return self._plain(scaled, digits or 0, self._decimal) + "×"
        if kind == "days":
            return self._days(scaled, match["digits"])
        if kind == "pp":
            return self._plain(scaled * 100, digits or 0, self._decimal) + NBSP + "pp"
        digits = self._digits(scaled, kind) if digits is None else digits
        if kind == "num":
            text = self._plain(scaled, digits, self._decimal)
            return text + NBSP + self._power(power) if power else text
        return self._currency(scaled, self.currency if kind == "cur" else kind.upper(), digits, power)

    @staticmethod
    def _digits(value: Decimal, kind: str) -> int:
        """As many decimals as say something: none from 1,000 on; cents for amounts below."""
        size = abs(value)
        if size >= 1000 or value == value.to_integral_value():
            return 0
        return 2 if kind != "num" or size < 10 else 1

    @staticmethod
    def _round(value: Decimal, digits: int) -> Decimal:
        rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        return abs(rounded) if rounded == 0 else rounded

    def _plain(self, value: Decimal, digits: int, pattern: NumberPattern, times: int = 1) -> str:
        rounded = self._round(value, digits) / times
        return str(_with_digits(pattern, digits).apply(rounded, self.locale))

    def _days(self, value: Decimal, digits: str | None) -> str:
        places = int(digits) if digits else (0 if value == value.to_integral_value() else 1)
        return days(self._round(value, places), _with_digits(self._decimal, places), self.locale)

    def _power(self, power: str) -> str:
        return self._words[power]

    def _currency(self, value: Decimal, currency: str, digits: int, power: str) -> str:
        rounded = self._round(value, digits)
        text = str(
            _with_digits(self._money, digits).apply(rounded, self.locale, currency=currency, currency_digits=False)
        )
        symbol = get_currency_symbol(currency, self.locale)
        if symbol == currency and currency in SYMBOLS:
            text, symbol = text.replace(currency, SYMBOLS[currency]), SYMBOLS[currency]
        if symbol.isalpha() and not self._trails():
            text = re.sub(rf"{re.escape(symbol)}(?=\d)", symbol + NBSP, text)
        if not power:
            return text
        if not self._trails():
            return text + self._power(power)
        return text.replace(NBSP + symbol, NBSP + self._power(power) + NBSP + symbol)

    def _trails(self) -> bool:
        return "¤" in self._money.suffix[0]

    # dates

    def _date(self, value: date, code: str) -> str:
        if isinstance(value, datetime):
            value = value.astimezone(self.zone) if value.tzinfo else value
            if code in ("auto", "text", "datetime"):
                skeleton = format_skeleton("yMMMd", value, locale=self.locale)
                return f"{skeleton}, {format_datetime(value, 'HH:mm', locale=self.locale)}"
        code = "shortdate" if code in ("auto", "text") else code
        if code in SKELETONS:
            return str(format_skeleton(SKELETONS[code], _moment(value), locale=self.locale))
        if code in PATTERNS:
            return str(format_datetime(_moment(value), PATTERNS[code], locale=self.locale))
        excel = excel_format(code)
        if excel is not None and excel.date:
            return str(format_datetime(_moment(value), excel.date, locale=self.locale))
        raise BadValue(f"{code!r} formats numbers, not the date {value}", "use a date format such as shortdate")


def _power_words(locale: Locale) -> dict[str, str]:
    """What is written behind a number in thousands, millions, billions, trillions: CLDR's own short word for it."""
    patterns = locale.compact_decimal_formats["short"]["other"]
    words = {}
    for power, exponent in POWERS.items():
        known = patterns.get("1" + "0" * exponent)
        if match := re.fullmatch(r"0[ \u00a0\u202f]*([^0'\s]+)", known.pattern if known else ""):
            words[power] = match[1]
    words = {"k": "k", "m": "M", "t": "T", **words, **POWER_WORDS.get(locale.language, {})}
    # A thousand million where the language has no short word for it: B is a million million in some.
    return {"b": f"{words['k']}{NBSP}{words['m']}", **words}


def _share_digits(value: Decimal) -> int:
    """One decimal; two below 1 %, where 0.55 % and 0.6 % are different promises."""
    return 2 if 0 < abs(value) < Decimal("0.00995") else 1


def _with_digits(pattern: NumberPattern, digits: int) -> NumberPattern:
    """The pattern with exactly so many decimals."""
    fixed = copy(pattern)
    fixed.frac_prec = (digits, digits)
    return fixed


def _moment(value: date) -> datetime:
    """Babel's datetime functions want a moment; a naive one is taken as it is."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
