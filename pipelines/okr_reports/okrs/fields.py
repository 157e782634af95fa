"""The kinds of values in definitions: ids, texts, amounts, shares, dates. Each refuses with words a marketer knows.

YAML gives text, int, bool, exact decimals and nothing else (yaml_reader); what arrives here is one of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from okr_reports.okrs.periods import YEAR
from okr_reports.okrs.words import plain, shown
from okr_reports.okrs.yaml_reader import MAX_NUMBER_LENGTH
from okr_reports.settings import FIRST_YEAR, LAST_YEAR

ID_PATTERN = "^[a-z][a-z0-9_]{0,62}$"
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PERCENT = re.compile(r"([-+]?\d{1,15}(?:\.\d{1,9})?) ?%")
_PERIOD = re.compile(rf"{YEAR}(-Q[1-4]|-(0[1-9]|1[0-2]))?|FY{YEAR}(-Q[1-4]|-M(0[1-9]|1[0-2]))?")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
# Tab and line break are what a person types; the rest of these would only ever hide something.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

_COUNTED = re.compile(r"(\d{1,5})\s+(\D.{0,79})")
# DECIMAL(28,9) of the warehouse: 19 digits before the point, 9 after.
MAX_DECIMALS = 9
MAX_DIGITS = 19


def refuse(what: str, todo: str) -> PydanticCustomError:
    """The error a field raises; `what` and `todo` reach the finding unchanged."""
    return PydanticCustomError("okr", "{what}", {"what": what, "todo": todo})


class Percentage(Decimal):
    """A share that was written with a percent sign: `20%` is 0.2."""


@dataclass(frozen=True)
class Texts:
    """A text, in one language that is not stated or in several."""

    plain: str | None
    by_language: tuple[tuple[str, str], ...] = ()

    def in_language(self, language: str) -> str:
        """The text in `language`, else in English, else in the language it was written in first."""
        if self.plain is not None:
            return self.plain
        texts = dict(self.by_language)
        return texts.get(language) or texts.get("en") or self.by_language[0][1]

    def as_json(self) -> str:
        """All languages as a JSON object; empty for a text without a stated language."""
        return json.dumps(dict(self.by_language), ensure_ascii=False)


@dataclass(frozen=True)
class EvidenceTarget:
    """How many cases a judgement is to rest on, and what they are where that is written: `5`, `5 users`."""

    number: int
    of: str | None = None

    @property
    def words(self) -> str:
        """As it is written: `5`, `5 users`."""
        return f"{self.number} {self.of}" if self.of else str(self.number)


def _text(value: Any, *, one_line: bool) -> str:
    if not isinstance(value, str):
        raise refuse(f"{_kind(value)} stands where a text belongs", "put it in quotes, or write the text")
    text = value.strip()
    if not text:
        raise refuse("the text is empty", "write it, or remove the key")
    if found := _CONTROL.search(text):
        raise refuse(f"the control character U+{ord(found.group()):04X} is in the text", "remove it")
    if one_line and "\n" in text:
        raise refuse("this text has several lines", "write it in one line")
    return text


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return f"the number {shown(value)}"


def _line(value: Any) -> str:
    return _text(value, one_line=True)


def _paragraphs(value: Any) -> str:
    return _text(value, one_line=False)


def _texts(value: Any, *, one_line: bool) -> Texts:
    if not isinstance(value, dict):
        return Texts(_text(value, one_line=one_line))
    if not value:
        raise refuse("the text has no language", "write it as {es: ..., en: ...} or as plain text")
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            raise refuse(f"{shown(language)} is not a language code", "use codes such as es and en")
    return Texts(None, tuple((language, _text(text, one_line=one_line)) for language, text in value.items()))


def _id(value: Any) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise refuse(
        f"{_kind(value)} is not an id",
        "use small letters a-z, digits and _, starting with a letter, at most 63 of them",
    )


def day(value: Any) -> date:
    """A calendar day written as YYYY-MM-DD."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise refuse(f"{_kind(value)} is not a date", "write it as 2026-09-30")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise refuse(f"there is no day {shown(value)}", "look at the calendar") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise refuse(f"the year {found.year} is not plausible", f"use years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _number(value: Any) -> Decimal:
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        return Percentage(Decimal(found.group(1)).scaleb(-2))
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refuse(f"{_kind(value)} stands where a number belongs", "write digits with a point, such as 3.5, or 20%")
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise refuse(f"{shown(value)} is not a finite number", "write a number")
    return number


def amount(value: Any) -> Decimal:
    """A finite number that DECIMAL(28,9) holds exactly; `20%` is 0.2 and stays known as a Percentage."""
    number = _number(value)
    if not number:
        return Decimal(0)
    if number.adjusted() >= MAX_DIGITS:
        raise refuse(f"the number {shown(value)} is too large", f"use at most {MAX_DIGITS} digits")
    with localcontext(prec=2 * MAX_NUMBER_LENGTH):
        too_fine = number.scaleb(MAX_DECIMALS) % 1 != 0
    if too_fine:
        raise refuse(f"the number {shown(value)} is too fine", f"use at most {MAX_DECIMALS} decimals")
    return number


def share(value: Any) -> float:
    """A share from 0 to 1, written as 0.2 or 20%."""
    number = _number(value)
    if not 0 <= number <= 1:
        raise refuse(f"{shown(value)} is not between 0 and 1", "write 0 to 1, or 0% to 100%")
    return float(number)


def _change(value: Any) -> Decimal:
    number = amount(value)
    if number <= 0:
        raise refuse(f"the change {shown(value)} is no move", "write its size, such as 20%; the type has the direction")
    if number > 1 and not isinstance(number, Percentage):
        raise refuse(
            f"the change {shown(value)} would be {plain(number * 100)} %",
            "write it with the sign, such as 20% or 150%",
        )
    return number


def _factor(value: Any) -> Decimal:
    number = amount(value)
    if number <= 0 or number == 1:
        raise refuse(
            f"the factor {shown(value)} is no move", "write how many times the baseline is to be reached, such as 3"
        )
    return number


def _weight(value: Any) -> float:
    number = amount(value)
    if number < 0:
        raise refuse(f"the weight {shown(value)} is negative", "use 0 or more")
    return float(number)


def _period(value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and (_ID.fullmatch(text) or _PERIOD.fullmatch(text)):
        return text
    raise refuse(
        f"{_kind(value)} is not a period",
        "write 2026-Q3, 2026-09, 2026, FY2027-Q1, or the id of one listed under `periods`",
    )


def _email(value: Any) -> str:
    text = _line(value)
    if not _EMAIL.fullmatch(text):
        raise refuse(f"{shown(text)} is not an e-mail address", "write it as name@example.com")
    return text


def whole(value: Any) -> int:
    """A count written without a fraction."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000:
        return value
    raise refuse(f"{_kind(value)} stands where a whole number belongs", "write 0 to 10000 without a fraction")


def _evidence(value: Any) -> EvidenceTarget:
    number, of = value, None
    if isinstance(value, str) and (found := _COUNTED.fullmatch(value.strip())):
        number, of = int(found[1]), _line(found[2])
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 10_000:
        raise refuse(f"{_kind(value)} does not say how many cases", "write evidence: 5, or evidence: 5 users")
    return EvidenceTarget(number, of)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise refuse(f"{_kind(value)} is neither true nor false", "write true or false")


def one_of(*words: str) -> Callable[[Any], str]:
    """A check that a value is one of a few words."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise refuse(f"{_kind(value)} is none of the words allowed here", _choice(words))

    return check


def _choice(words: Iterable[str]) -> str:
    return "use " + ", ".join(f"`{word}`" for word in words)


def choice(*words: str) -> Any:
    """The annotations of a field that holds one of a few words."""
    return PlainValidator(one_of(*words)), WithJsonSchema({"enum": list(words)})


_LINE_SCHEMA = {"type": "string", "minLength": 1}
_DAY_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "examples": ["2026-09-30"]}
_PERCENT_SCHEMA = {"type": "string", "pattern": r"^[-+]?\d+(\.\d+)? ?%$"}
_AMOUNT_SCHEMA = {"anyOf": [{"type": "number"}, _PERCENT_SCHEMA]}
_SHARE_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _PERCENT_SCHEMA],
    "examples": ["20%", 0.2],
}
_CHANGE_SCHEMA = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, _PERCENT_SCHEMA],
    "examples": ["20%"],
}
_TEXTS_SCHEMA = {
    "anyOf": [
        _LINE_SCHEMA,
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z]{2,3}$"},
            "additionalProperties": _LINE_SCHEMA,
        },
    ]
}

Id = Annotated[str, PlainValidator(_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
Line = Annotated[str, PlainValidator(_line), WithJsonSchema(_LINE_SCHEMA)]
Paragraphs = Annotated[str, PlainValidator(_paragraphs), WithJsonSchema(_LINE_SCHEMA)]
Title = Annotated[Texts, PlainValidator(lambda value: _texts(value, one_line=True)), WithJsonSchema(_TEXTS_SCHEMA)]
Description = Annotated[
    Texts, PlainValidator(lambda value: _texts(value, one_line=False)), WithJsonSchema(_TEXTS_SCHEMA)
]
Day = Annotated[date, PlainValidator(day), WithJsonSchema(_DAY_SCHEMA)]
Amount = Annotated[Decimal, PlainValidator(amount), WithJsonSchema(_AMOUNT_SCHEMA)]
Share = Annotated[float, PlainValidator(share), WithJsonSchema(_SHARE_SCHEMA)]
Change = Annotated[Decimal, PlainValidator(_change), WithJsonSchema(_CHANGE_SCHEMA)]
Factor = Annotated[Decimal, PlainValidator(_factor), WithJsonSchema(_AMOUNT_SCHEMA)]
Weight = Annotated[float, PlainValidator(_weight), WithJsonSchema({"type": "number", "minimum": 0})]
Whole = Annotated[int, PlainValidator(whole), WithJsonSchema({"type": "integer", "minimum": 0})]
Evidence = Annotated[
    EvidenceTarget,
    PlainValidator(_evidence),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[0-9]+ .+$"}],
            "examples": [5, "5 users"],
        }
    ),
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Email = Annotated[str, PlainValidator(_email), WithJsonSchema({"type": "string", "format": "email"})]
PeriodId = Annotated[
    str,
    PlainValidator(_period),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}], "examples": ["2026-Q3"]}),
]
