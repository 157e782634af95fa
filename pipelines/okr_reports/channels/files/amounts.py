"""Numbers as text. Which mark comes before the decimals is decided once a file; two possible readings are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# A cell that was a number (or a day) in the file itself, not text: written by us, never in doubt.
NATIVE = "\x01"
_MONEY = r"(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹₺₽₩₴₪]|kr\.?|zł|Kč|Fr\.?|R\$)"
_SIGNED = re.compile(rf"([-+−(]?)\s*{_MONEY}?\s*([-+−]?)\s*([0-9.,'’\s]+?)\s*([-−]?)\s*{_MONEY}?\s*(%?)\s*(\)?)")
_EXPONENT = re.compile(r"[-+]?\d+(\.\d+)?[eE][-+]?\d{1,3}")
_SPACES = re.compile(r"[\s'’]")
_MARKED = re.compile(rf"[-+−(]?\s*({_MONEY})|.*?({_MONEY})\s*%?\s*\)?$", re.DOTALL)
_SPACED_GROUPS = re.compile(r"[1-9]\d{0,2}(?:[\s'’]\d{3})+(?:[.,]\d+)?")
Mark = Literal[".", ",", "?", ""]


@dataclass(frozen=True)
class Number:
    """`digits` with its marks and without sign, currency and spaces; `negative`; grouped by spaces or apostrophes."""

    digits: str
    negative: bool
    spaced: bool


def take_apart(text: str) -> Number | None:
    """None if it is no number in any reading."""
    found = _SIGNED.fullmatch(text)
    if found is None:
        return None
    before, inner, digits, after, _, closing = found.groups()
    if (before == "(") != (closing == ")") or sum(bool(part) for part in (before, inner, after)) > 1:
        return None
    spaced = _SPACES.search(digits) is not None
    if spaced and not _SPACED_GROUPS.fullmatch(digits):
        return None
    negative = before in ("-", "−", "(") or inner in ("-", "−") or bool(after)
    return Number(_SPACES.sub("", digits), negative, spaced)


def evidence(number: Number) -> Mark:
    """The mark that surely comes before the decimals; "?" where two readings fit, "" where there is no mark."""
    digits = number.digits
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last: Mark = "." if digits.rindex(".") > digits.rindex(",") else ","
        return last if digits.count(last) == 1 else ""
    if not points and not commas:
        return ""
    mark: Mark = "." if points else ","
    other: Mark = "," if points else "."
    if points + commas > 1:
        return other
    before, _, behind = digits.partition(mark)
    # a group has three digits, one to three stand before the first, and none begins with 0
    if number.spaced or len(behind) != 3 or not 1 <= len(before) <= 3 or before.startswith("0"):
        return mark
    return "?"


def parse(number: Number, decimal: str, group: str | None = None) -> str | None:
    """The number as 1234.5, None if it is not written with this decimal mark."""
    mark = group if group is not None else "," if decimal == "." else "."
    whole, point, behind = number.digits.partition(decimal)
    if mark and mark in whole:
        first, *groups = whole.split(mark)
        if (
            number.spaced
            or not 1 <= len(first) <= 3
            or first.startswith("0")
            or any(len(group) != 3 for group in groups)
        ):
            return None
        whole = whole.replace(mark, "")
    if (whole and not whole.isdigit()) or (point and behind and not behind.isdigit()) or not (whole or behind):
        return None
    return f"{'-' if number.negative else ''}{whole or '0'}{'.' + behind if behind else ''}"


def value(text: str, decimal: str, group: str | None = None) -> str | None:
    """A cell as 1234.5, None if it is no number with this decimal mark."""
    if text.startswith(NATIVE):
        return text[1:]
    if decimal == "." and _EXPONENT.fullmatch(text):
        return text
    number = take_apart(text)
    return None if number is None else parse(number, decimal, group)


def mark_of(text: str) -> Mark:
    """What a cell says about the file's decimal mark."""
    if text.startswith(NATIVE) or _EXPONENT.fullmatch(text):
        return ""
    number = take_apart(text)
    return "" if number is None else evidence(number)


def currency_of(text: str) -> str:
    """The sign or code of a currency that a number is written with, "" if it is without."""
    found = _MARKED.match(text) if take_apart(text) else None
    return (found[1] or found[2] or "") if found else ""


def marks_of(texts: Iterable[str]) -> dict[Mark, str]:
    """The first text that gives each kind of evidence."""
    found: dict[Mark, str] = {}
    for text in texts:
        mark = mark_of(text)
        if mark and mark not in found:
            found[mark] = text
    return found
