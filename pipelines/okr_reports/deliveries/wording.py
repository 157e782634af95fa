"""Words, numbers and dates of a digest in the report's language and locale.

Texts are gettext's, English being the key, translated in `templates/<language>.po`. Numbers follow the same rules as
the site (tests/deliveries/test_wording.py compares the two): CLDR patterns, exact decimals, rounded half up.
"""

from __future__ import annotations

import gettext
import math
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, get_currency_symbol

from okr_reports.common.locales import NBSP, days
from okr_reports.words import moves, reasons, translations
from okr_reports.words.numbers import Kind, Numbers

TEMPLATES = Path(__file__).parent / "templates"
NO_VALUE = "–"
# Babel writes EUR1,234 for es-MX; readers know these signs.
SYMBOLS = {"EUR": "€", "USD": "US$", "GBP": "£", "JPY": "¥"}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of one language; English, and any without a file, is the key itself."""
    return translations(language, [TEMPLATES])


class Wording:
    """Writes values for one locale (`es-ES`) and reporting currency (`EUR`)."""

    def __init__(self, locale: str, currency: str) -> None:
        self.locale = Locale.parse(locale, sep="-")
        self.currency = currency

    def number(self, value: float | None, unit: str | None) -> str:
        """A value of a key result with its unit: count, currency, percent, days or number."""
        if value is None or not math.isfinite(value):
            return NO_VALUE
        exact = Decimal(repr(float(value)))
        if unit == "count":
            return self._plain(exact, 0)
        if unit == "percent":
            # two decimals below 1 %, where 0.55 % and 0.6 % are different promises
            return self.share(value, 2 if 0 < abs(exact) < Decimal("0.00995") else 1)
        if unit == "days":
            return self._days(exact)
        if unit == "currency":
            return self._money(exact)
        return self._plain(exact, self._digits(exact, 1))

    def sentence(self, row: reasons.Row, column: str) -> str:
        """The sentence in a column of the marts (`status_reason`, `disagreement`), in this digest's forms."""
        text = catalogue(self.locale.language).gettext
        return getattr(reasons, column)(row, text, Numbers(self._written, self.day)) or ""

    def moved(self, title: str, unit: str, drivers: Sequence[Mapping[str, Any]]) -> str:
        """Who moved a number, from its rows of `key_result_drivers`; empty where nothing can be split."""
        text = catalogue(self.locale.language).gettext
        return moves.moved(title, unit, drivers, text, Numbers(self._written, self.day))

    def period_closing(self, row: reasons.Row) -> str:
        """How far a period is closed, of a row of `fct_period_closing`."""
        text = catalogue(self.locale.language).gettext
        return reasons.period_closing(row, text, Numbers(self._written, self.day))

    def change(self, value: float, unit: str | None) -> str:
        """A difference in brackets after the values it lies between; empty when it rounds to nothing.

        That of two percentages is in percentage points: 1.0 % after 0.9 % is +0.1 pp, not 11 %.
        """
        if unit == "percent":
            text = self._plain(Decimal(repr(float(value))) * 100, 1) + NBSP + "pp"
        else:
            text = self.number(value, unit)
        if not any(digit in text for digit in "123456789"):
            return ""
        return f" ({'+' if value > 0 else ''}{text})"

    def share(self, value: float | None, digits: int = 0) -> str:
        """0.463 as 46 %."""
        if value is None or not math.isfinite(value):
            return NO_VALUE
        rounded = _round(Decimal(repr(float(value))) * 100, digits) / 100
        return str(_with_digits(self.locale.percent_formats[None], digits).apply(rounded, self.locale))

    def day(self, day: date | None, skeleton: str = "yMMMd") -> str:
        """A day, by CLDR's skeleton: 23 nov 2026."""
        if day is None:
            return NO_VALUE
        return str(format_skeleton(skeleton, datetime(day.year, day.month, day.day), locale=self.locale))

    def full_day(self, day: date) -> str:
        """A day with its name: lunes, 23 de noviembre de 2026."""
        return str(format_date(day, "full", locale=self.locale))

    @staticmethod
    def _digits(value: Decimal, below_thousand: int) -> int:
        """As many decimals as say something: none from 1,000 on and for whole numbers, two below ten."""
        if abs(value) >= 1000 or value == value.to_integral_value():
            return 0
        return 2 if abs(value) < 10 else below_thousand

    def _plain(self, value: Decimal, digits: int) -> str:
        pattern = _with_digits(self.locale.decimal_formats[None], digits)
        return str(pattern.apply(_round(value, digits), self.locale))

    def _written(self, value: Decimal, kind: Kind, digits: int) -> str:
        if kind == "percent":
            return self.share(float(value), digits)
        return self._money(value, digits) if kind == "currency" else self._plain(value, digits)

    def _days(self, value: Decimal) -> str:
        digits = 0 if value == value.to_integral_value() else 1
        return days(_round(value, digits), _with_digits(self.locale.decimal_formats[None], digits), self.locale)

    def _money(self, value: Decimal, digits: int | None = None) -> str:
        digits = self._digits(value, 2) if digits is None else digits
        pattern = _with_digits(self.locale.currency_formats["standard"], digits)
        text = str(pattern.apply(_round(value, digits), self.locale, currency=self.currency, currency_digits=False))
        symbol = get_currency_symbol(self.currency, self.locale)
        known = SYMBOLS.get(self.currency, symbol) if symbol == self.currency else symbol
        text = text.replace(symbol, known)
        if known.isalpha() and text.startswith((known, "-" + known)) and NBSP not in text:
            text = text.replace(known, known + NBSP, 1)
        return text


def _with_digits(pattern: NumberPattern, digits: int) -> NumberPattern:
    fixed = copy(pattern)
    fixed.frac_prec = (digits, digits)
    return fixed


def _round(value: Decimal, digits: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded
