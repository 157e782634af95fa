"""A table whose columns are the values of a column: each measure once for each of them, totals queried as well.

The rows, their order, their totals and the columns at the end come from the table without the pivot; what is beside
them is queried by the values of the pivot too, so that a ratio is one of sums everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import GRAIN_FORMATS, Measure, Rows
from okr_reports.report_site.views.table_rows import Child, Gathering, Grid, Key, names_of

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

# more columns than these nobody reads
MAX_COLUMNS = 60


def pivoted(
    functions: Functions, data: Rows, children: Sequence[Child], options: Mapping[str, Any]
) -> tuple[list[Child], list[str], Grid]:
    """The columns of a table with pivots, their names, and its rows. Raises BadValue for measures that do not sum."""
    pivots = [{**child, "tag": "dimension"} for child in children if child["tag"] == "pivot"]
    dimensions = [child for child in children if child["tag"] == "dimension"]
    measures = [child for child in children if child["tag"] == "measure"]
    _need_aggregates(measures)
    known = [*dimensions, *measures]
    names = names_of(known)
    base = Gathering(functions, data, known, names, options).grid()
    heads, cells = _by_pivot(functions, data, dimensions, pivots, measures, options)
    made = _columns(functions, pivots, heads, list(zip(measures, names[len(dimensions) :], strict=True)), options)
    last = _total_columns(functions, measures, options)
    columns = (*base.columns, *made)
    places = {name: number for number, name in enumerate(columns)}
    keys = [Measure.of(child["value"]).name for child in dimensions]

    def beside(key: Key) -> list[Any]:
        return [cells.get((key, head), {}).get(own) for _, head, own in made.values()]

    rows = [Row(places, (*row, *beside(tuple(row[name] for name in keys)))) for row in base.rows]
    sources = {name: (head, own) for name, (_, head, own) in made.items()}
    totals = _sums(functions, data, [], pivots, measures, options, sources) if base.totals else {}
    subs = _sums(functions, data, dimensions[:1], pivots, measures, options, sources) if base.subtotals else {}
    grid = replace(
        base, columns=columns, rows=rows, totals={**base.totals, **totals.get((), {})},
        subtotals={group: {**of, **subs.get((group,), {})} for group, of in base.subtotals.items()},
    )  # fmt: skip
    shown = [*dimensions, *(child for child, _, _ in made.values()), *last]
    return shown, [*names[: len(dimensions)], *made, *names[len(dimensions) :]], grid


def _need_aggregates(measures: Sequence[Child]) -> None:
    plain = next((measure["value"] for measure in measures if not Measure.of(measure["value"]).aggregates), None)
    if measures and plain is None:
        return
    why = f"{plain!r} does not say how" if measures else "the table has no measure"
    todo = f'write an aggregate such as "sum({plain or "column"})"'
    raise BadValue(f"a pivot puts many rows into one cell, and {why}", todo)


def _columns(
    functions: Functions, pivots: Sequence[Child], heads: Sequence[Key], measures: Sequence[tuple[Child, str]],
    options: Mapping[str, Any],
) -> dict[str, tuple[Child, Key, str]]:  # fmt: skip
    """By the name of each column that the pivot makes: the column, the pivot's values in it and its measure."""
    if len(heads) * len(measures) > MAX_COLUMNS:
        what = f"the pivot makes {len(heads) * len(measures)} columns, more than {MAX_COLUMNS}"
        raise BadValue(what, "choose fewer values in SQL, or a wider date_grain")
    measures_first = bool(options.get("measures_first"))
    every = [(number, measure) for number in range(len(heads)) for measure in measures]
    if measures_first:
        every = [(number, measure) for measure in measures for number in range(len(heads))]
    made: dict[str, tuple[Child, Key, str]] = {}
    for number, (child, own) in every:
        head = _head(functions, pivots, heads[number])
        said = child.get("title") or functions.readable(Measure.of(child["value"]).name)
        title, group = (said, head) if not measures_first else (head, said)
        if len(measures) == 1:
            title, group = head, None
        # two values may be written alike
        name = f"{head}: {own}" if f"{head}: {own}" not in made else f"{head} ({number}): {own}"
        made[name] = ({**child, "title": title, "column_group": group}, heads[number], own)
    return made


def _total_columns(functions: Functions, measures: Sequence[Child], options: Mapping[str, Any]) -> list[Child]:
    """The measures over all values of the pivot: shown at the end, or hidden."""
    if not options.get("show_total_column"):
        return [{**measure, "hide": True} for measure in measures]
    word = options.get("total_label") or functions.language.text("Total")
    if len(measures) == 1:
        return [{**measures[0], "title": word, "column_group": None}]
    return [{**measure, "column_group": word} for measure in measures]


def _by_pivot(
    functions: Functions, data: Rows, dimensions: Sequence[Child], pivots: Sequence[Child], measures: Sequence[Child],
    options: Mapping[str, Any],
) -> tuple[list[Key], dict[tuple[Key, Key], Mapping[str, Any]]]:  # fmt: skip
    """The values of the pivots in order, and the measures by dimensions and pivots."""
    children = [*dimensions, *pivots, *measures]
    bare_options = {**options, "order": None, "limit": None, "total": False, "subtotals": False, "row_colors": None}
    bare = [{**child, "sort": None, "link": None, "conditional_colors": None} for child in children]
    grid = Gathering(functions, data, bare, names_of(children), bare_options).grid()
    own = names_of([*dimensions, *measures])[len(dimensions) :]
    names = dict(zip(own, names_of(children)[len(dimensions) + len(pivots) :], strict=True))
    across = [Measure.of(child["value"]).name for child in pivots]
    down = [Measure.of(child["value"]).name for child in dimensions]
    cells: dict[tuple[Key, Key], Mapping[str, Any]] = {
        (tuple(row[name] for name in down), tuple(row[name] for name in across)): {
            measure: row[name] for measure, name in names.items()
        }
        for row in grid.rows
    }
    heads = sorted({head for _, head in cells}, key=lambda head: [(value is None, value) for value in head])
    return (heads[::-1] if any(child.get("sort") == "desc" for child in pivots) else heads), cells


def _sums(
    functions: Functions, data: Rows, dimensions: Sequence[Child], pivots: Sequence[Child], measures: Sequence[Child],
    options: Mapping[str, Any], sources: Mapping[str, tuple[Key, str]],
) -> dict[Key, dict[str, Any]]:  # fmt: skip
    """The totals of the columns of a pivot, over all rows or over the groups of a dimension."""
    _, cells = _by_pivot(functions, data, dimensions, pivots, measures, options)
    found: dict[Key, dict[str, Any]] = {}
    for (group, head), values in cells.items():
        for name, (of, own) in sources.items():
            if of == head:
                found.setdefault(group, {})[name] = values.get(own)
    return found


def _head(functions: Functions, pivots: Sequence[Child], head: Key) -> str:
    codes = [child.get("fmt") or GRAIN_FORMATS.get(child.get("date_grain") or "") or "auto" for child in pivots]
    return ", ".join(functions.formatter.format(value, code) for value, code in zip(head, codes, strict=True))
