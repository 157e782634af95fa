"""Definitions as they are written: a model back to what its YAML says, and values as one line of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from okr_reports.okrs.fields import EvidenceTarget, Percentage, Texts
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import plain
from okr_reports.okrs.yaml_reader import scalar

_BARE = re.compile(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ0-9_./-]*(?: [A-Za-zÀ-ÿ0-9_./-]+)*")
# Days, periods and percentages, as people write them.
_BARE_NUMBERS = re.compile(r"(FY)?\d{4}-[\dQM-]*\d|-?\d+(\.\d+)?%")
_WORDS = {"yes", "no", "on", "off", "y", "n"}
# JSON leaves these as they are; in YAML they end a line, or are not allowed.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def entry_of(model: Located) -> dict[str, Any]:
    """The keys that were written of a definition, in the order of its fields, as texts, numbers, lists and mappings."""
    fields = type(model).model_fields
    return {
        field.alias or name: _written(getattr(model, name))
        for name, field in fields.items()
        if name in model.model_fields_set
    }


def _written(value: Any) -> Any:
    if isinstance(value, Located):
        return entry_of(value)
    if isinstance(value, Texts):
        return value.plain if value.plain is not None else dict(value.by_language)
    if isinstance(value, Percentage):
        return f"{plain(value * 100)}%"
    if isinstance(value, date):
        return str(value)
    if isinstance(value, Mapping):
        return {str(_written(key)): _written(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_written(member) for member in value]
    if isinstance(value, EvidenceTarget):
        return value.words if value.of else value.number
    if value is None or isinstance(value, str | bool | int | float | Decimal):
        return value
    raise TypeError(f"{type(value).__name__} has no form in YAML here; add it to _written")


def flow(value: Any) -> str:
    """A value in one line of YAML, read again as the same."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        is_bare = _BARE.fullmatch(value) or _BARE_NUMBERS.fullmatch(value)
        is_safe = is_bare and value.lower() not in _WORDS and isinstance(scalar(value), str)
        return value if is_safe else quoted(value)
    return str(value)


def quoted(text: str) -> str:
    """A double-quoted scalar: JSON's escapes are YAML's too; what only YAML knows as a line's end is escaped."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
