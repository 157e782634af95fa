"""What the makers of rows share."""

from __future__ import annotations

from typing import Any

from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.fields import Texts
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.periods import Span
from okr_reports.okrs.words import from_id

Row = dict[str, Any]


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
