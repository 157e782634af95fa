"""Answers of a form: read by the `files` channel, made check-ins by the definitions (okrs).

It stands between the two rooms because neither imports the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from okr_reports.file_sources import Column, FileSource

ROLES = ("date", "key_result", "author", "confidence", "note", "next", "value")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?)\s*%")
_PART = re.compile(r"(\d{1,3}(?:[.,]\d{1,3})?)\s*(?:/|out of|of|de|von|van|sur|su)\s*(\d{1,3})", re.IGNORECASE)
_PLAIN = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")


@dataclass(frozen=True)
class FormSource:
    """A form: where its answers lie (`files`, whose own columns are not used) and which column is what.

    `out_of` is the top of the scale that confidence is answered on, None where it is a share, a percentage or `7/10`.
    """

    files: FileSource
    columns: Mapping[str, Column]
    out_of: Decimal | None = None


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a file of answers, or with one line of it (the first line is 1)."""

    line: int
    what: str
    todo: str


@dataclass(frozen=True)
class Answer:
    """One row: its day, its cells by role as texts ('' is none), confidence as a share.

    `number` is the value as 1234.5, with its percent sign where it has one, None where it is none.
    """

    line: int
    day: date
    cells: Mapping[str, str]
    confidence: Decimal | None = None
    number: str | None = None


@dataclass
class FormFile:
    """The answers of one file in the order in which they were given, and what is wrong with the others."""

    path: Path
    answers: list[Answer] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


# Reads a form's files as they are on this day.
AnswersReader = Callable[[FormSource, date], Iterator[FormFile]]


def share_of(text: str, out_of: Decimal | None = None) -> Decimal | None:
    """`70 %`, `0,7` and `7/10` as 0.7, None if it is no share from 0 to 1; a plain number is one of `out_of`."""
    if found := _PERCENT.fullmatch(text):
        share = _number(found[1]) / 100
    elif found := _PART.fullmatch(text):
        if not Decimal(found[2]):
            return None
        share = _number(found[1]) / Decimal(found[2])
    elif _PLAIN.fullmatch(text):
        share = _number(text) / (out_of or 1)
    else:
        return None
    return share if share <= 1 else None


def scale_of(texts: Sequence[str]) -> Decimal | None:
    """100 where a column's plain numbers can be of no other scale, as `okr check-in` takes them: one is above 10."""
    plain = [_number(text) for text in texts if _PLAIN.fullmatch(text)]
    return (
        Decimal(100) if any(number > 10 for number in plain) and not any(0 < number < 1 for number in plain) else None
    )


def doubtful_shares(texts: Sequence[str]) -> set[str]:
    """Plain numbers of a column that may be of a scale to 5, 10 or 100: those above 1, and then a whole 1 too."""
    plain = {text for text in texts if _PLAIN.fullmatch(text)}
    above = {text for text in plain if _number(text) > 1}
    has_shares = any(0 < _number(text) < 1 for text in plain)
    ones = {text for text in plain if _number(text) == 1}
    return above if has_shares and not above else above | ones


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
