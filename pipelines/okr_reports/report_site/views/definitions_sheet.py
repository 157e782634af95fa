"""What the columns of a downloaded table mean: the sheet `definitions` of a page's workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from okr_reports.report_site.formats.format_codes import CODE
from okr_reports.report_site.queries.shaping import Rows

HEAD = ("table", "column", "title", "definition", "unit", "source", "data through")
WORDS = {"pct": "share (0.1 is 10 %)", "pp": "percentage points", "days": "days", "mult": "times"}
Line = tuple[str, str, str, str, str, str, Any]


def definitions(
    table: str, rows: Rows, columns: Iterable[tuple[str, str, str, Mapping[str, Any]]], currency: str, through: date
) -> list[Line]:
    """One line a column: (name, title, fmt, attributes of its tag) with what the marts say of it."""
    sources = marts_of(rows)
    comments = rows.reader.comments()
    lines: list[Line] = []
    for name, title, fmt, given in columns:
        written = str(given.get("value") or name)
        said = _said(written, sources, comments)
        expression = "" if re.fullmatch(r"\w+", written) else written
        definition = ": ".join(filter(None, (expression, said)))
        lines.append((table, name, title, definition, _unit(fmt, given, currency), ", ".join(sources), through))
    return lines


def marts_of(rows: Rows) -> list[str]:
    """The marts that a query reads."""
    return [*_named(rows.statement.sql, tuple(rows.reader.tables()))]


@lru_cache(maxsize=1024)
def _named(sql: str, tables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(table for table in tables if re.search(rf"\b{table}\b", sql))


def _said(written: str, sources: Sequence[str], comments: Mapping[tuple[str, str], str]) -> str:
    """The marts' words for the first column that an expression such as sum(spend) names."""
    for word in re.findall(r"\w+", written):
        for table in sources:
            if (table, word) in comments:
                return comments[(table, word)]
    return ""


def _unit(fmt: str, given: Mapping[str, Any], currency: str) -> str:
    if given.get("unit"):
        return f"as column {given['unit']} says"
    match = CODE.fullmatch(fmt)
    if match is None or match["kind"] == "num":
        return "number" if match else ""
    kind = match["kind"]
    return WORDS.get(kind) or (currency if kind == "cur" else kind.upper())
