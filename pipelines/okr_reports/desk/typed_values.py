"""Values of definitions as a form shows them, and what is typed there as values again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError

from okr_reports.common.typed_numbers import typed_number
from okr_reports.desk.schema_fields import Field
from okr_reports.okrs.models.kpis import conditions
from okr_reports.okrs.written import flow
from okr_reports.okrs.yaml_reader import read_yaml, scalar

Fields = Mapping[str, Sequence[str]]
# Empty rows at the end of a list, to add to it without a script.
SPARE_ROWS = 2


@dataclass(frozen=True)
class Style:
    """How a person types: the decimal sign of the language, and whether the entry's own numbers are of per cent."""

    decimal: str = "."
    percent: bool = False


class Unreadable(Exception):
    """A field holds what is no value of its kind; `key` says which of `number` and `text`."""

    def __init__(self, name: str, what: str = "number") -> None:
        super().__init__(name)
        self.name, self.what = name, what


def shown(field: Field, value: Any, style: Style, at: str = "") -> dict[str, list[str]]:
    """The texts of the inputs of a field that holds `value`, by their names; nothing for None."""
    at = at or field.name
    style = style if field.has_unit else Style(style.decimal)
    if value is None:
        return {}
    match field.kind:
        case "flag":
            return {at: ["true" if value else "false"]}
        case "number":
            return {at: [_typed(value, style)]}
        case "references":
            return {at: [str(reference) for reference in value]}
        case "lines":
            return {at: ["\n".join(map(str, value if isinstance(value, list) else [value]))]}
        case "texts" if isinstance(value, dict):
            return {f"{at}.{language}": [str(text)] for language, text in value.items()}
        case "group":
            return _shown_keys(field, value, style, at)
        case "rows":
            rows = (_shown_keys(field, row, style, f"{at}.{number}") for number, row in enumerate(value))
            return {name: texts for row in rows for name, texts in row.items()}
        case "word_or_number":
            is_word = value in field.words
            return {at: [str(value)]} if is_word else {at: ["number"], f"{at}.number": [_typed(value, style)]}
        case "number_or" if isinstance(value, dict):
            return _shown_keys(field, value, style, at)
        case "number_or":
            return {at: [_typed(value, style)]}
        case "days" if isinstance(value, dict):
            points: dict[str, list[str]] = {at: ["days"]}
            for number, (day, share) in enumerate(value.items()):
                points |= {
                    f"{at}.{number}.day": [str(day)],
                    f"{at}.{number}.share": [_typed(share, Style(style.decimal, True))],
                }
            return points
        case "conditions":
            rows_: dict[str, list[str]] = {}
            for number, condition in enumerate(conditions(value)):
                rows_ |= {
                    f"{at}.{number}.is": [condition.operator],
                    f"{at}.{number}.values": ["\n".join(condition.values)],
                }
            return rows_
        case "yaml":
            return {at: [flow(value)]}
    return {at: [str(value)]}


def _shown_keys(field: Field, value: Any, style: Style, at: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in field.fields:
        found |= shown(key, value.get(key.name), style, f"{at}.{key.name}")
    return found


def _typed(value: Any, style: Style) -> str:
    """A number as a person types it; one of per cent with its sign."""
    text = str(value).strip()
    percent = text.endswith("%")
    if not percent and style.percent:
        text, percent = f"{Decimal(text) * 100:f}", True
    text = text.removesuffix("%").strip()
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", style.decimal) + ("%" if percent else "")


def read(field: Field, given: Fields, style: Style, at: str = "") -> Any:
    """The value of a field, None where it is left empty. Raises Unreadable."""
    at = at or field.name
    style = style if field.has_unit else Style(style.decimal)
    text = text_of(given, at)
    match field.kind:
        case "flag":
            return {"true": True, "false": False}.get(text)
        case "number":
            return _number(text, at, style, field.is_share)
        case "references":
            return [part for part in given.get(at, ()) if part] or None
        case "lines":
            return [part.strip() for part in text.splitlines() if part.strip()] or None
        case "texts":
            languages = {name.rpartition(".")[2]: text_of(given, name) for name in given if _is_below(name, at)}
            return {code: words for code, words in languages.items() if words} or text or None
        case "group":
            return _read_keys(field, given, style, at)
        case "rows":
            rows = [_read_keys(field, given, style, f"{at}.{number}") for number in _numbers(given, at)]
            return [row for row in rows if row] or None
        case "word_or_number":
            return text if text in field.words else _number(text_of(given, f"{at}.number"), f"{at}.number", style)
        case "number_or":
            return _read_keys(field, given, style, at) or _number(text, at, style)
        case "days":
            return _days(given, at, style) if text == "days" else text or None
        case "conditions":
            return _conditions(given, at)
        case "yaml" if text:
            content, findings = read_yaml(f"value: {text}".encode(), "")
            if findings or not isinstance(content, dict):
                raise Unreadable(at, "text")
            return content["value"]
    if field.takes_integers and text.isascii() and text.isdecimal():
        return int(text)
    return text or None


def text_of(given: Fields, name: str) -> str:
    """The only answer of a field, without blanks around it and without the line ends of Windows."""
    return next(iter(given.get(name) or [""])).replace("\r\n", "\n").strip()


def _is_below(name: str, at: str) -> bool:
    return name.startswith(f"{at}.") and "." not in name[len(at) + 1 :]


def _numbers(given: Fields, at: str) -> list[int]:
    """The rows of a list that have inputs."""
    found = {name[len(at) + 1 :].partition(".")[0] for name in given if name.startswith(f"{at}.")}
    return sorted(int(number) for number in found if number.isdecimal())


def rows_of(given: Fields, at: str, spare: int = SPARE_ROWS) -> list[int]:
    """The rows of a list as a form shows them: those with inputs, and spare ones behind."""
    numbers = _numbers(given, at)
    first = numbers[-1] + 1 if numbers else 0
    is_spare = bool(numbers) and not any(
        text_of(given, name) for name in given if name.startswith(f"{at}.{numbers[-1]}.")
    )
    return [*numbers, *range(first, first + (0 if is_spare else spare))]


def _read_keys(field: Field, given: Fields, style: Style, at: str) -> dict[str, Any] | None:
    values = {inner.name: read(inner, given, style, f"{at}.{inner.name}") for inner in field.fields}
    return {name: value for name, value in values.items() if value is not None} or None


def _number(text: str, at: str, style: Style, is_share: bool = False) -> Any:
    if not text:
        return None
    number = typed_number(text, style.decimal, style.percent or text.endswith("%"))
    if number is None:
        raise Unreadable(at)
    # what can be at most 1 and is typed as more is of per cent
    if is_share and not number.endswith("%") and Decimal(number) > 1:
        number += "%"
    return number if number.endswith("%") else scalar(number.lstrip("+"))


def _days(given: Fields, at: str, style: Style) -> dict[str, Any] | None:
    found = {}
    for number in _numbers(given, at):
        day, share = text_of(given, f"{at}.{number}.day"), text_of(given, f"{at}.{number}.share")
        if day and share:
            found[day] = _number(share, f"{at}.{number}.share", Style(style.decimal, True))
        elif day or share:
            raise Unreadable(f"{at}.{number}.{'share' if day else 'day'}", "text")
    return found or None


def _conditions(given: Fields, at: str) -> Any:
    """Conditions in the shortest way of writing them; of one operator several rows are one list."""
    found: dict[str, list[str]] = {}
    for number in _numbers(given, at):
        values = [part.strip() for part in text_of(given, f"{at}.{number}.values").splitlines() if part.strip()]
        if values:
            found.setdefault(text_of(given, f"{at}.{number}.is") or "in", []).extend(values)
    if not found:
        return None
    if len(found) > 1 and ("in" in found or found.keys() >= {"not_in", "not_like"}):
        raise Unreadable(at, "text")
    words: dict[str, Any] = {name: values[0] if len(values) == 1 else values for name, values in found.items()}
    if "in" in words:
        return words["in"]
    written = {"like": words["like"]} if "like" in words else {}
    if "not_in" in words or "not_like" in words:
        written["not"] = words["not_in"] if "not_in" in words else {"like": words["not_like"]}
    return written


def changed(field: Field, value: Any, given: Fields, style: Style) -> Any:
    """The value of a field after the form: the very same where nothing was typed anew. Raises Unreadable."""
    answered = read(field, given, style)
    return value if answered == _meaning(field, value, style) else answered


def _meaning(field: Field, value: Any, style: Style) -> Any:
    """What the form would read if it came back as it was shown."""
    try:
        return read(field, shown(field, value, style), style)
    except (Unreadable, PydanticCustomError, ArithmeticError):
        return None
