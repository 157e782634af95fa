"""What the makers of rows share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.fields import Texts
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.periods import Span
from okr_reports.okrs.place import Located
from okr_reports.okrs.provenance import Change
from okr_reports.okrs.words import from_id, plain

Row = dict[str, Any]

# What an entry says that fixes no number of a KPI, and no score of a key result.
KPI_WORDS = ("title", "description", "better")
SAID_BESIDE = ("title", "kpis", "owner", "contributors", "evidence", "reason")
# What fixes a key result's target: versions of it are known by the signature.
LINE = ("target", "change", "low", "high", "baseline")


def fields_of(entry: Located, leave_out: Collection[str] = ()) -> Row:
    """What an entry says, as plain values: what it leaves at the default is not there."""
    said: Row = _plain(entry, leave_out)
    return said


def definition_of(entry: Located, leave_out: Collection[str] = ()) -> str:
    """An entry as JSON, without what it does not say; equal for equal definitions, however they are written."""
    return json.dumps(_plain(entry, leave_out), ensure_ascii=False, sort_keys=True)


def digest_of(text: str) -> str:
    """What tells two definitions apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def changed(changes: Mapping[str, Change], path: str) -> Row:
    """Who changed a file last, and when; null where git does not know."""
    change = changes.get(path)
    return {"changed_by": change.changed_by if change else None, "changed_at": change.changed_on if change else None}


def _plain(value: Any, leave_out: Collection[str] = ()) -> Any:
    if isinstance(value, Located):
        fields = type(value).model_fields
        said = {name: getattr(value, name) for name in fields if name not in leave_out}
        return {
            name: _plain(member)
            for name, member in said.items()
            if member != fields[name].get_default(call_default_factory=True)
        }
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    # Numbers count by value: 2, 2.0 and 2.00 are one.
    return plain(value) if isinstance(value, Decimal) else str(value) if isinstance(value, date) else value


def text_columns(column: str, texts: Texts | None, language: str) -> Row:
    """The text in the report's language and, as JSON, in all; a text without a language has `{}`."""
    if texts is None:
        return {column: None, f"{column}_texts": None}
    return {column: texts.in_language(language), f"{column}_texts": texts.as_json()}


def kpi_title(kpi: Kpi) -> Texts:
    """The KPI's title, made from its id if it has none."""
    return kpi.title or Texts(from_id(kpi.id))


def span_of(definitions: Definitions, period: str) -> Span:
    """The days of a period that has been checked."""
    span = definitions.span(period)
    if span is None:
        raise KeyError(f"unknown period {period}: the definitions have not been checked")
    return span
