"""What a table shows: columns from the tag's children or from the query, every cell already written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from pipelines.report_site.charts.data import readable
from pipelines.report_site.charts.small import cell_bar, sparkline
from pipelines.report_site.database import Row
from pipelines.report_site.faults import BadValue
from pipelines.report_site.shaping import Measure, Rows

if TYPE_CHECKING:
    from pipelines.report_site.functions import Functions


@dataclass(frozen=True)
class Column:
    """One column. `viz` as the tag says, word being a code of the marts; `link` is an address pattern with {column}."""

    name: str
    title: str
    fmt: str
    unit_column: str | None
    link: str | None
    viz: str
    better: str
    align: str
    wrap: bool
    total: bool


@dataclass(frozen=True)
class Cell:
    """`text` is what is shown, `sort` what the column sorts by, `class_` its look."""

    text: Markup
    sort: str
    class_: str
    title: str


@dataclass(frozen=True)
class TableView:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[str]
    csv: str
    truncated: bool
    facets: Sequence[Mapping[str, str]]


def table_view(
    functions: Functions, data: Rows, children: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> TableView:
    """The table that a tag and its children ask for."""
    dimensions = [child for child in children if child["tag"] == "dimension"]
    measures = [child for child in children if child["tag"] == "measure"]
    shown = functions.shaped(
        data,
        [child["value"] for child in dimensions],
        [child["value"] for child in measures],
        options.get("where"),
        options.get("order"),
        options.get("limit"),
        None,
        options.get("date_range"),
    )
    columns = [_column(child) for child in children] if children else [_plain(name) for name in shown.columns]
    if not children:
        columns = [column for column in columns if not column.name.startswith("_")]
    if not columns:
        raise BadValue("the table has no columns", "add {% dimension value=... /%} or {% measure value=... /%}")
    for column in columns:
        shown.need(column.name)
    largest = {column.name: _largest(shown, column) for column in columns if column.viz in ("bar", "color")}
    rows = [[_cell(functions, column, row, shown, largest) for column in columns] for row in shown]
    total = _total(functions, columns, shown) if options.get("total") else []
    csv = ""
    if options.get("download", True):
        taken = [[row[column.name] for column in columns] for row in shown]
        csv = functions.downloads.csv(options.get("name") or data.name, [column.name for column in columns], taken)
    facets = [
        {name: str(row[f"_{name}"] or "") for name in ("team", "period", "channel") if f"_{name}" in shown.columns}
        for row in shown
    ]
    return TableView(columns, rows, total, csv, shown.truncated, facets)


def _column(child: Mapping[str, Any]) -> Column:
    measure = Measure.of(child["value"])
    numeric = child["tag"] == "measure"
    return Column(
        measure.name,
        child.get("title") or readable(measure.name),
        child.get("fmt") or "auto",
        child.get("unit"),
        child.get("link"),
        child.get("viz") or "",
        child.get("better") or "neutral",
        child.get("align") or ("right" if numeric else "left"),
        not numeric if child.get("wrap") is None else bool(child["wrap"]),
        child.get("total") == "sum",
    )


def _plain(name: str) -> Column:
    return Column(name, readable(name), "auto", None, None, "", "neutral", "", True, False)


def _largest(rows: Rows, column: Column) -> float:
    return max((abs(float(row[column.name])) for row in rows if _numeric(row[column.name])), default=0.0)


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(functions: Functions, column: Column, row: Row, rows: Rows, largest: Mapping[str, float]) -> Cell:
    value = row[column.name]
    right = column.align == "right" or (not column.align and _numeric(value))
    class_ = " ".join(filter(None, ("num" if right else "", "" if column.wrap else "nowrap")))
    unit = row[column.unit_column] if column.unit_column else None
    if isinstance(value, list):
        numbers = [None if one is None else float(one) for one in value]
        drawn = sparkline(numbers, column.title) if column.viz == "sparkline" else escape(len(value))
        return Cell(drawn, str(len(value)), class_, column.title)
    words = functions.unit(value, unit) if unit else functions.formatter.format(value, column.fmt)
    text: Markup = escape(words)
    if column.link:
        text = _linked(functions, column, row, rows, words)
    if column.viz == "bar" and _numeric(value):
        share = abs(float(value)) / largest[column.name] if largest[column.name] else 0.0
        text = text + cell_bar(share, float(value) < 0)
    elif column.viz == "color" and _numeric(value) and largest[column.name]:
        class_ = f"{class_} h{min(int(abs(float(value)) / largest[column.name] * 5) + 1, 5)}"
    elif column.viz == "delta" and _numeric(value):
        text = _delta(functions, column, value)
    elif column.viz == "status":
        text = status_markup(functions.status_word(value), value)
    elif column.viz == "word" and isinstance(value, str):
        text = escape(functions.language.text(readable(value)))
    elif column.viz == "note":
        text = functions.all()["note"](value)
    return Cell(text, _sort_key(value), class_, column.title)


def _linked(functions: Functions, column: Column, row: Row, rows: Rows, words: str) -> Markup:
    """A link whose pattern names columns in braces: key-results/{key_result_id}."""
    assert column.link is not None
    parts: list[str] = []
    for piece in column.link.split("/"):
        if piece.startswith("{") and piece.endswith("}"):
            rows.need(piece[1:-1])
            found = row[piece[1:-1]]
            if found is None:
                return escape(words)
            parts.append(str(found))
        else:
            parts.append(piece)
    return functions.linked(words, *parts)


def _delta(functions: Functions, column: Column, value: Any) -> Markup:
    one = functions.compare(value, 0, column.better)
    arrow = {"up": "▲", "down": "▼"}.get(one.move, "■")
    sign = "+" if value > 0 else "−" if value < 0 else ""
    words = sign + functions.formatter.format(abs(value), column.fmt)
    return Markup('<span class="delta {}"><span aria-hidden="true">{}</span> {}</span>').format(
        one.verdict, arrow, words
    )


def status_markup(word: str, status: str | None) -> Markup:
    """A status as shape and word; its colour comes from the class."""
    name = status or "no_data"
    return Markup(
        '<span class="status st-{0}"><svg class="mark" aria-hidden="true" focusable="false"><use href="#st-{0}"/></svg>'
        "{1}</span>"
    ).format(name, word)


def _sort_key(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)[:80]


def _total(functions: Functions, columns: Sequence[Column], rows: Rows) -> list[str]:
    """Sums of the measures that ask for one; a sum of ratios would say nothing."""
    totals = []
    for number, column in enumerate(columns):
        values = [row[column.name] for row in rows]
        if number == 0:
            totals.append(functions.language.text("Total"))
        elif column.total and all(value is None or _numeric(value) for value in values):
            totals.append(functions.formatter.format(sum(v for v in values if v is not None), column.fmt))
        else:
            totals.append("")
    return totals
