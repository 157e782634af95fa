"""The sentences that the marts hold (`status_reason`, `baseline_note`, `disagreement`) in a reader's own number forms.

The warehouse knows the language but no locale: it writes 1.234,5 or 1,234.5, amounts with their ISO code, days as
2026-11-23. Site and mail write every other number by CLDR, and put these in the same form with `rewritten()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Literal

Kind = Literal["number", "percent", "currency"]
MOST_DECIMALS = 4
WriteNumber = Callable[[Decimal, Kind, int], str]


def rewritten(sentence: str, *, language: str, currency: str, number: WriteNumber, day: Callable[[date], str]) -> str:
    """`sentence` with each number as `number(value, kind, decimals)` and each day as `day` writes it.

    A percentage is handed over as a share: 46.5 % as 0.465. The decimals are those the sentence has, up to four.
    """

    def one(found: re.Match[str]) -> str:
        if found["day"]:
            return day(date.fromisoformat(found["day"]))
        group, mark = (".", ",") if language == "es" else (",", ".")
        digits = found["number"].replace(group, "").replace(mark, ".")
        value, decimals = Decimal(digits), min(len(digits.partition(".")[2]), MOST_DECIMALS)
        if found["unit"] == "%":
            return number(value / 100, "percent", decimals)
        return number(value, "currency" if found["unit"] else "number", decimals)

    number_pattern = rf"(?P<number>-?\d(?:[\d.,]*\d)?)(?: (?P<unit>%|{re.escape(currency)}))?"
    return re.sub(rf"(?<![\w.,-])(?:(?P<day>\d{{4}}-\d\d-\d\d)|{number_pattern})(?!\w)", one, sentence)
