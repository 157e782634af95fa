"""Numbers as people type them; the form on the site (site.js, `number`) reads them by the same rule."""

from __future__ import annotations

import re

_GROUPED = re.compile(r"[-+]?(\d+|\d{1,3}([.,])\d{3}(\2\d{3})*)")


def typed_number(text: str, decimal: str = ".", percent: bool = False) -> str | None:
    """`3,2`, `1.234,5` and `1 234,5` as `3.2` and `1234.5`; None for what is no number or has two readings.

    Of two signs the last is the decimal one. A single sign is too, unless exactly three digits follow it and it is not
    the locale's own `decimal` sign: `1.234` is 1234 in Spanish. With `percent` the number is one of per cent: `60` and
    `60 %` become `60%`; a percent sign is refused otherwise.
    """
    plain = re.sub(r"[\s\u00a0\u202f'\u2019]", "", text).replace("\u2212", "-")
    if plain.endswith("%"):
        if not percent:
            return None
        plain = plain[:-1]
    if not re.fullmatch(r"[-+]?\d[\d.,]*", plain, re.ASCII):
        return None
    sign = _decimal_sign(plain, decimal)
    whole, _, rest = plain.rpartition(sign) if sign else (plain, "", "")
    if sign and (not rest.isdigit() or sign in whole):
        return None
    if not _GROUPED.fullmatch(whole):
        return None
    whole = re.sub(r"[.,+]", "", whole)
    return whole + (f".{rest}" if rest else "") + ("%" if percent else "")


def _decimal_sign(plain: str, decimal: str) -> str:
    """The sign before the decimals, '' without decimals."""
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    if comma < 0 and point < 0:
        return ""
    sign = "," if comma >= 0 else "."
    before, *after = plain.split(sign)
    groups = len(after) > 1 or (len(after[0]) == 3 and sign != decimal and before.lstrip("+-") != "0")
    return "" if groups else sign
