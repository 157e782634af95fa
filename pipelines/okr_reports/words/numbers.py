"""How numbers are spelled in sentences: which decimals say something is decided here, the marks by the reader's locale.

The analysts' copy is read by programs too: it writes 1,234.5 or 1.234,5, amounts with their ISO code, days as
2026-11-23. Pages and mails write the same numbers by CLDR.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["number", "percent", "currency"]
WriteNumber = Callable[[Decimal, Kind, int], str]


def with_sign(change: float, size: str) -> str:
    """A change by the text of its size: +5.2 %, −3; without a sign where that shows none: 0.0 pp."""
    if reads_as_zero(size):
        return size
    return f"+{size}" if change > 0 else f"−{size}" if change < 0 else size


def reads_as_zero(text: str) -> bool:
    """Whether all digits of a number's text are 0, in any script; a text without digits is no number."""
    digits = {unicodedata.decimal(character) for character in text if character.isdecimal()}
    return digits == {0}


class Numbers:
    """Spells numbers by `write(value, kind, decimals)`, a percentage as a share (0.465 with 1), and days by `day`."""

    def __init__(self, write: WriteNumber, day: Callable[[date], str]) -> None:
        self._write, self.day = write, day

    def value(self, value: float, unit: str | None) -> str:
        """A value in its unit: count, currency, percent, days or number."""
        if unit == "percent":
            return self.share(value)
        if unit == "currency":
            return self._spell(rounded(value, 2).removesuffix(".00"), "currency")
        return self._spell(trimmed(value, 4 if abs(value) < 1 else 2), "number")

    def share(self, share: float) -> str:
        """A share as a percentage: 0.465 as 46.5 %. Below 1 % two decimals, where 0.55 % and 0.6 % differ."""
        percent = 100 * float(share)
        return self._spell(trimmed(percent, 2 if abs(percent) < 0.995 else 1), "percent")

    def count(self, number: float) -> str:
        """A number of things: days, weeks, a weight."""
        return self._spell(trimmed(number, 1), "number")

    def _spell(self, text: str, kind: Kind) -> str:
        exact, decimals = Decimal(text.replace(",", "")), len(text.partition(".")[2])
        return self._write(exact / 100 if kind == "percent" else exact, kind, decimals)


class PlainNumbers(Numbers):
    """Those of the analysts' copy, with the marks of one language."""

    def __init__(self, language: str, currency: str) -> None:
        self.day = date.isoformat
        self._marks = str.maketrans(dict(zip(",.", _marks(language), strict=True)))
        self._ends = {"number": "", "percent": " %", "currency": f" {currency}"}

    def _spell(self, text: str, kind: Kind) -> str:
        return text.translate(self._marks) + self._ends[kind]


def rounded(value: float, decimals: int) -> str:
    """1,234.50, rounded half away from zero on the binary number; never -0."""
    scale = 10.0**decimals
    scaled = abs(float(value)) * scale
    whole = float(scaled // 1)
    size = (whole + 1 if scaled - whole >= 0.5 else whole) / scale
    return f"{math.copysign(size, value) if size else 0.0:,.{decimals}f}"


def trimmed(value: float, decimals: int) -> str:
    """The same without zeros at the end."""
    text = rounded(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _marks(language: str) -> tuple[str, str]:
    """The marks between thousands and before decimals."""
    from babel import Locale

    symbols = Locale.parse(language).number_symbols["latn"]
    return symbols["group"], symbols["decimal"]
