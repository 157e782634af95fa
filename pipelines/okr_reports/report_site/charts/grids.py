"""Charts of categories: funnel and heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts.axes import label_places
from okr_reports.report_site.charts.svg import ACROSS, chart, element, join, number, percent, text
from okr_reports.report_site.faults import BadValue

STEPS = 5
# the part of a funnel's width that its first step takes; the numbers stand beside it
FUNNEL_SHARE = 0.8
START = {"left": 0.0, "center": 0.5, "right": 1.0}


def funnel(
    titles: Sequence[str], values: Sequence[float], texts: Sequence[str], rates: Sequence[tuple[str, str]], label: str,
    align: str = "left",
) -> Markup:  # fmt: skip
    """Steps from long to short, all from one edge or around the middle.

    `rates` say what share of the step before each one keeps, in words and, for telephones, as a number.
    """
    row, bar = 46.0, 16.0
    widest = max(values, default=0.0) or 1.0
    shapes, words = [], []
    for place, value in enumerate(values):
        top = place * row + 20
        width = max(value / widest, 0.004) * ACROSS * FUNNEL_SHARE
        shapes.append(
            element(
                "rect",
                x=percent((ACROSS * FUNNEL_SHARE - width) * START[align]),
                y=number(top),
                width=percent(width),
                height=number(bar),
                rx="2",
                class_="bar funnel-step",
            )
        )
        words.append(text("0", top - 6, titles[place], "label"))
        words.append(text("100%", top + bar - 3, texts[place], "label strong", "end"))
        said, short = rates[place]
        if said:
            words.append(text("100%", top - 6, said, "label muted wide", "end"))
            words.append(text("100%", top - 6, short, "label muted narrow", "end"))
    return chart(row * len(values), label, join([*shapes, *words]), "funnel-chart")


def heatmap(
    rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[int, int], tuple[float, str]], label: str
) -> Markup:
    """Cells in five steps of one colour, from the lowest to the highest value; every cell also says its number."""
    known = [value for value, _ in cells.values()]
    low, high = min(known, default=0.0), max(known, default=1.0)
    height, head, gutter = 30.0, 22.0, 180.0
    width = (ACROSS - gutter) / max(len(columns), 1)
    drawn: list[Markup] = []
    for place, narrow in label_places(columns, 1 - gutter / ACROSS):
        drawn.append(
            text(
                percent(gutter + width * (place + 0.5)), 14, columns[place], "tick" if narrow else "tick wide", "middle"
            )
        )
    for line, title in enumerate(rows):
        y = head + line * height
        drawn.append(text("0", y + height / 2 + 4, title, "label"))
        for place in range(len(columns)):
            cell = cells.get((line, place))
            step = "none" if cell is None else f"h{heat_step(cell[0], low, high)}"
            left = gutter + width * place
            drawn.append(
                element(
                    "rect",
                    x=percent(left),
                    y=number(y + 1),
                    width=percent(width * 0.97),
                    height=number(height - 2),
                    rx="2",
                    class_=f"heat {step}",
                )
            )
            if cell is not None and len(columns) <= 12:
                drawn.append(
                    text(percent(left + width * 0.485), y + height / 2 + 4, cell[1], f"heat-text {step} wide", "middle")
                )
    return chart(head + height * len(rows), label, join(drawn), "heatmap")


def heat_step(value: float, low: float, high: float) -> int:
    """1 to 5."""
    if high == low:
        return 3
    return min(int((value - low) / (high - low) * STEPS) + 1, STEPS)


def grid_cells(rows: Any, x: str, y: str, value: str) -> tuple[list[Any], list[Any], dict[tuple[int, int], Any]]:
    """Distinct y and x values in the order of the rows, and the value of each cell."""
    columns = list(dict.fromkeys(row[x] for row in rows))
    lines = list(dict.fromkeys(row[y] for row in rows))
    places = {name: number for number, name in enumerate(columns)}
    levels = {name: number for number, name in enumerate(lines)}
    cells: dict[tuple[int, int], Any] = {}
    for row in rows:
        place = (levels[row[y]], places[row[x]])
        if row[value] is None:
            continue
        if place in cells:
            what = f"the query {rows.name!r} has several rows for {x}={row[x]!s} and {y}={row[y]!s}"
            raise BadValue(what, f'sum them: value="sum({value})"')
        cells[place] = row[value]
    return lines, columns, cells
