"""What the columns of a downloaded table mean: the sheet `definitions` of a page's workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
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
    origins, comments = rows.reader.origins(rows.statement.sql), rows.reader.comments()
    lines: list[Line] = []
    for name, title, fmt, given in columns:
        written = str(given.get("value") or name)
        words = re.findall(r"\w+", written)
        made_of = [origin for word in words for origin in origins.of(word)]
        # what is computed is something else than the columns it is made of
        said = next((comments[origin] for origin in made_of if origin in comments and origin[1] in words), "")
        expression = "" if re.fullmatch(r"\w+", written) else written
        definition = ": ".join(filter(None, (expression, said)))
        source = ", ".join(dict.fromkeys(mart for mart, _ in made_of)) or origins.subject() or ""
        lines.append((table, name, title, definition, _unit(fmt, given, currency), source, through))
    return lines


def _unit(fmt: str, given: Mapping[str, Any], currency: str) -> str:
    if given.get("unit"):
        return f"as column {given['unit']} says"
    match = CODE.fullmatch(fmt)
    if match is None or match["kind"] == "num":
        return "number" if match else ""
    kind = match["kind"]
    return WORDS.get(kind) or (currency if kind == "cur" else kind.upper())
