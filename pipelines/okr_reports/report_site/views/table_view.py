"""What a table shows: columns from the tag's children or from the query, every cell already written."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from okr_reports.common.plain_values import shows
from okr_reports.report_site.charts.small import cell_bar, sparkline
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.formats.comparison import Comparison, as_shown
from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.formats.prose import render_note
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import GRAIN_FORMATS, SQL, Measure, Rows
from okr_reports.report_site.views.table_pivot import pivoted
from okr_reports.report_site.views.table_rows import Gathering, Grid, names_of, plain_value
from okr_reports.words.numbers import with_sign

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

# the theme's, each a pair for light and dark
COLOURS = ("red", "orange", "green", "blue", "purple", "gray")
# where the hue of a colour as `#dcfce7` writes it ends, in degrees, for each of them
HUES = ((16, "red"), (70, "orange"), (170, "green"), (250, "blue"), (330, "purple"), (361, "red"))


@dataclass(frozen=True)
class Column:
    """One column: its name in the rows, how it is written, and the attributes of its tag."""

    name: str
    title: str
    fmt: str
    align: str
    wrap: bool
    number: int
    given: Mapping[str, Any]

    @property
    def viz(self) -> str:
        return str(self.given.get("viz") or "")

    @property
    def better(self) -> str:
        down = (self.given.get("delta_options") or {}).get("down_is_good")
        return "lower" if down else str(self.given.get("better") or "neutral")


shows(Column, "name", "title", "fmt", "align", "wrap", "number", "given")


@dataclass(frozen=True)
class Cell:
    """`text` is what is shown, `sort` what the column sorts by, `class_` its look."""

    text: Markup
    sort: str
    class_: str
    title: str


shows(Cell, "text", "sort", "class_", "title")


@dataclass(frozen=True)
class TableView:
    """A table as its component writes it. `groups` are titles over columns: (title, how many).

    `kinds` says of each row what it is: row or subtotal, with its colour.
    """

    columns: Sequence[Column]
    groups: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[Cell]]
    kinds: Sequence[str]
    total: Sequence[Markup]
    csv: str
    truncated: bool
    facets: Sequence[Mapping[str, str]]


shows(TableView, "columns", "groups", "rows", "kinds", "total", "csv", "truncated", "facets")


def table_view(
    functions: Functions, data: Rows, children: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> TableView:
    """The table that a tag and its children ask for."""
    children = [*children, *_listed(options)]
    if any(child["tag"] == "pivot" for child in children):
        children, names, grid = pivoted(functions, data, children, options)
        return _view(functions, data, children, names, grid, options)
    children = children or [_plain(name) for name in data.columns if not name.startswith("_")]
    if not children:
        raise BadValue("the table has no columns", "add {% dimension value=... /%} or {% measure value=... /%}")
    names = names_of(children)
    grid = Gathering(functions, data, children, names, options).grid()
    return _view(functions, data, children, names, grid, options)


def _view(
    functions: Functions, data: Rows, children: Sequence[Mapping[str, Any]], names: Sequence[str], grid: Grid,
    options: Mapping[str, Any],
) -> TableView:  # fmt: skip
    columns = [
        _column(functions, child, names[n], n, options) for n, child in enumerate(children) if not child.get("hide")
    ]
    for column in columns:
        grid.need(column.name)
    columns = [column if column.align else replace(column, align=_align(grid, column.name)) for column in columns]
    drawing = Drawing(functions, grid, _largest(grid, columns))
    rows, kinds, facets = [], [], []
    groups = [row[names[0]] for row in grid.rows]
    above = options.get("subtotal_position") == "top"
    for n, row in enumerate(grid.rows):
        first, last = n == 0 or groups[n - 1] != groups[n], n + 1 == len(groups) or groups[n + 1] != groups[n]
        cells = [drawing.cell(column, row) for column in columns]
        if not first and cells and not options.get("repeat_values", True):
            cells[0] = replace(cells[0], text=Markup(""))
        made = [(cells, drawing.row_colour(row), _facets(grid, row))]
        if grid.subtotals and (first if above else last):
            made.insert(0 if above else 1, (drawing.subtotal(columns, groups[n]), "subtotal", {}))
        for cells, kind, of in made:
            rows.append(cells)
            kinds.append(kind)
            facets.append(of)
    csv = ""
    if options.get("download", True):
        taken = [[plain_value(row[column.name]) for column in columns] for row in grid.rows]
        name = options.get("name") or data.name
        said = [(column.name, column.title, column.fmt, column.given) for column in columns]
        defined = functions.definitions(name, data, said)
        csv = functions.downloads.csv(name, [column.name for column in columns], taken, defined)
    total = drawing.total(columns, options) if options.get("total") else []
    return TableView(columns, _groups(columns), rows, kinds, total, csv, grid.truncated, facets)


def _listed(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The columns of the attributes `dimensions`, `pivots` and `measures`, as if they were child tags."""
    for tag in ("dimension", "pivot", "measure"):
        yield from ({"tag": tag, "value": str(column)} for column in options.get(f"{tag}s") or ())


def _plain(name: str) -> dict[str, Any]:
    return {"tag": "column", "value": name}


def _column(
    functions: Functions, child: Mapping[str, Any], name: str, number: int, options: Mapping[str, Any]
) -> Column:
    numeric = child["tag"] == "measure"
    align = child.get("align") or ("right" if numeric else "left" if child["tag"] == "dimension" else "")
    wrap = options.get("wrap") if child.get("wrap") is None else child["wrap"]
    fmt = child.get("fmt") or GRAIN_FORMATS.get(child.get("date_grain") or "") or "auto"
    name_only = Measure.of(child["value"]).name
    title = child.get("title") or (functions.readable(name_only) if options.get("format_titles", True) else name_only)
    return Column(name, title, fmt, align, not numeric if wrap is None else bool(wrap), number, child)


def _align(grid: Grid, name: str) -> str:
    """A column of numbers alone is on the right, its head above them."""
    known = [row[name] for row in grid.rows if row[name] is not None]
    return "right" if known and all(map(_numeric, known)) else "left"


def _groups(columns: Sequence[Column]) -> list[tuple[str, int]]:
    """Titles over neighbouring columns with one `column_group`; none where no column has one."""
    runs = [
        (title or "", len(list(of))) for title, of in groupby(columns, lambda column: column.given.get("column_group"))
    ]
    return runs if any(title for title, _ in runs) else []


def _facets(grid: Grid, row: Row) -> dict[str, str]:
    kinds = ("team", "period", "channel")
    return {name: str(row[f"_{name}"] or "") for name in kinds if f"_{name}" in grid.columns}


def _largest(grid: Grid, columns: Sequence[Column]) -> dict[str, float]:
    """The largest size in each column that is drawn as bars or shades."""
    drawn = [column.name for column in columns if column.viz in ("bar", "color")]
    return {
        name: max((abs(float(row[name])) for row in grid.rows if _numeric(row[name])), default=0.0) for name in drawn
    }


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@dataclass(frozen=True)
class Drawing:
    """Writes the cells of one table."""

    functions: Functions
    grid: Grid
    largest: Mapping[str, float]

    def cell(self, column: Column, row: Row) -> Cell:
        value = row[column.name]
        looks = [
            "num" if column.align == "right" else "center" if column.align == "center" else "",
            "" if column.wrap else "nowrap",
        ]
        text = self._text(column, row, value)
        if column.viz == "color" and _numeric(value) and self.largest[column.name]:
            looks.append(f"h{min(int(abs(float(value)) / self.largest[column.name] * 5) + 1, 5)}")
        looks.append(self._colour(row, f"__conditional_colors_{column.number}"))
        if column.given.get("red_negatives") and _numeric(value) and value < 0:
            looks.append("c-red")
        return Cell(text, _sort_key(value), " ".join(filter(None, looks)), column.title)

    def _text(self, column: Column, row: Row, value: Any) -> Markup:
        functions = self.functions
        if isinstance(value, Comparison):
            return self._compared(column, value)
        if isinstance(value, list):
            numbers = [None if number is None else float(number) for number in value]
            kind = (column.given.get("sparkline_options") or {}).get("type", "line")
            return sparkline(numbers, column.title, kind) if column.viz == "sparkline" else escape(len(value))
        words = self.words(column, row, value)
        if column.given.get("link"):
            return self._linked(column, row, words)
        if column.viz == "bar" and _numeric(value):
            share = abs(float(value)) / self.largest[column.name] if self.largest[column.name] else 0.0
            return escape(words) + cell_bar(share, float(value) < 0)
        if column.viz == "delta" and _numeric(value):
            return self._delta(column, value)
        if column.viz == "status" and value is not None:
            return status_markup(functions.status_word(value), value)
        if column.viz == "word" and isinstance(value, str):
            return escape(functions.readable(value))
        if column.viz == "person":
            return functions.addresses.person_link(value)
        if column.viz == "note":
            return render_note(value)
        return escape(words)

    def words(self, column: Column, row: Row | None, value: Any) -> str:
        """A value as its column writes it."""
        unit = column.given.get("unit")
        if unit and row is not None:
            return self.functions.unit(value, row[unit])
        code = column.given.get("fmt_column")
        return self.functions.formatter.format(value, str(row[code]) if code and row is not None else column.fmt)

    def _compared(self, column: Column, comparison: Comparison) -> Markup:
        how = column.given.get("comparison") or {}
        kind = how.get("display_type", "pct")
        abs_fmt = how.get("abs_fmt") or column.fmt
        if kind == "compared_value":
            return escape(self.functions.formatter.format(comparison.base, abs_fmt))
        words = self.functions.delta_text(comparison, kind, abs_fmt, how.get("pct_fmt", "pct1"))
        return _change(comparison, words)

    def _linked(self, column: Column, row: Row, words: str) -> Markup:
        """A link: a pattern such as key-results/{key_result_id}, a column of addresses, or an expression of SQL."""
        link = str(column.given["link"])
        if "{" not in link:
            made = f"__link_{column.number}"
            self.grid.need(made if SQL.search(link) else link)
            address = self.functions.addresses.page_address(row[made if SQL.search(link) else link])
            return Html('<a href="{}">{}</a>').format(address, words) if address else escape(words)
        parts: list[str] = []
        for piece in link.split("/"):
            if piece.startswith("{") and piece.endswith("}"):
                self.grid.need(piece[1:-1])
                found = row[piece[1:-1]]
                if found is None:
                    return escape(words)
                parts.append(str(found))
            else:
                parts.append(piece)
        return self.functions.addresses.linked(words, *parts)

    def _delta(self, column: Column, value: Any) -> Markup:
        comparison = self.functions.compare(value, 0, column.better)
        return _change(comparison, with_sign(value, self.functions.formatter.format(abs(value), column.fmt)))

    def _colour(self, row: Row, name: str) -> str:
        """A colour that an expression of the author names; others than the theme's are an error."""
        if name not in self.grid.columns or row[name] is None:
            return ""
        colour = nearest_colour(str(row[name]))
        if colour not in COLOURS:
            raise BadValue(f"there is no colour {colour!r}", choose(colour, COLOURS, "colours"))
        return f"c-{colour}"

    def row_colour(self, row: Row) -> str:
        return self._colour(row, "__row_colors")

    def subtotal(self, columns: Sequence[Column], group: Any) -> list[Cell]:
        """The row below a group."""
        values = self.grid.subtotals[group]
        cells = []
        for n, column in enumerate(columns):
            label = self.functions.language.text("Total") + " " + self.words(column, None, group) if n == 0 else ""
            cells.append(
                Cell(self._summed(column, values) if n else escape(label), "", "num" if n else "", column.title)
            )
        return cells

    def _summed(self, column: Column, values: Mapping[str, Any]) -> Markup:
        if column.name not in values:
            return Markup("")
        value = values[column.name]
        if isinstance(value, Comparison):
            return self._compared(column, value)
        return escape(self.words(column, None, value))

    def total(self, columns: Sequence[Column], options: Mapping[str, Any]) -> list[Markup]:
        """Aggregates over all rows; sums of the columns that ask for one, as a sum of ratios would say nothing."""
        totals = []
        for n, column in enumerate(columns):
            values = [row[column.name] for row in self.grid.rows]
            if n == 0:
                totals.append(escape(options.get("total_label") or self.functions.language.text("Total")))
            elif column.name in self.grid.totals:
                totals.append(self._summed(column, self.grid.totals))
            elif column.given.get("total_value") is not None:
                totals.append(escape(self.words(column, None, column.given["total_value"])))
            elif column.given.get("total") == "sum" and all(value is None or _numeric(value) for value in values):
                known = [value for value in values if value is not None]
                totals.append(escape(self.words(column, None, sum(known) if known else None)))
            else:
                totals.append(Markup(""))
        return totals


def _change(compared: Comparison, words: str) -> Markup:
    shown = as_shown(compared, words)
    arrow = {"up": "▲", "down": "▼"}.get(shown.move, "■")
    return Html('<span class="delta {}"><span aria-hidden="true">{}</span> {}</span>').format(
        shown.verdict, arrow, words
    )


def status_markup(word: str, status: str) -> Markup:
    """A status as shape and word; its colour comes from the class."""
    return Html(
        '<span class="status st-{0}"><svg class="mark" aria-hidden="true" focusable="false"><use href="#st-{0}"/></svg>'
        "{1}</span>"
    ).format(status, word)


def nearest_colour(written: str) -> str:
    """The theme's colour that is nearest to `#dcfce7`; any other text as it is."""
    match = re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", written.lower())
    if match is None:
        return written
    hue, _, much = colorsys.rgb_to_hls(*(int(part, 16) / 255 for part in match.groups()))
    return "gray" if much < 0.12 else next(name for end, name in HUES if hue * 360 < end)


def _sort_key(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Comparison):
        return "" if value.share is None else repr(value.share)
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)[:80]
