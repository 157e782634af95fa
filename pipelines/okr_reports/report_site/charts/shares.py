"""Charts of parts and of pairs: pie, horizontal bars with series, scatter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts.axes import BOTTOM, TOP, Frame, padded, position, x_axis, y_axis
from okr_reports.report_site.charts.data import ChartData
from okr_reports.report_site.charts.references import reference_marks
from okr_reports.report_site.charts.scale import Scale, domain, nice_ticks
from okr_reports.report_site.charts.svg import ACROSS, chart, element, join, number, percent

RADIUS, HOLE = 100.0, 55.0
# the shapes of MARKS, by the number of the series: colour is not alone
MARKS = {
    1: "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z",
    2: "M-3.5-3.5H3.5V3.5H-3.5Z",
    3: "M0-5L5 0L0 5L-5 0Z",
    4: "M0-5L5 4H-5Z",
}


def pie(shares: Sequence[float], label: str) -> Markup:
    """A ring of shares that add up to 1, from the top and to the right; the list beside it has the numbers."""
    drawn, at = [], 0.0
    for rank, share in enumerate(shares, start=1):
        if share <= 0:
            continue
        class_ = f"slice bar s{rank}"
        if share > 0.9999:
            outer, inner = (f"M0-{r}A{r} {r} 0 1 1 0 {r}A{r} {r} 0 1 1 0-{r}Z" for r in (number(RADIUS), number(HOLE)))
            drawn.append(element("path", d=outer + inner, class_=class_, fill_rule="evenodd"))
        else:
            drawn.append(element("path", d=_slice(at, at + share), class_=class_))
        at += share
    return element(
        "svg", join(drawn), class_="pie", viewBox="-102 -102 204 204", width="204", height="204", role="img",
        aria_label=label,
    )  # fmt: skip


def _slice(start: float, end: float) -> str:
    """The part of a ring between two shares of it."""
    large = int(end - start > 0.5)
    corners = [
        (radius * math.sin(2 * math.pi * share), -radius * math.cos(2 * math.pi * share))
        for radius, share in ((RADIUS, start), (RADIUS, end), (HOLE, end), (HOLE, start))
    ]
    a, b, c, d = (f"{number(x)} {number(y)}" for x, y in corners)
    outer, inner = number(RADIUS), number(HOLE)
    return f"M{a}A{outer} {outer} 0 {large} 1 {b}L{c}A{inner} {inner} 0 {large} 0 {d}Z"


def stacked_bar(values: Sequence[float | None], widest: float) -> Markup:
    """The parts of one category side by side; the numbers stand beside it."""
    drawn, at = [], 0.0
    for rank, value in enumerate(values, start=1):
        width = max(value or 0.0, 0.0) / widest * 100 if widest else 0.0
        if width:
            drawn.append(
                element("rect", x=f"{number(at)}%", width=f"{number(width)}%", height="100%", class_=f"bar s{rank}")
            )
            at += width
    return element("svg", join(drawn), class_="cell-bar wide-bar", width="100%", height="12", aria_hidden="true")


def single_bar(value: float | None, widest: float, rank: int) -> Markup:
    """The bar of one series of a category."""
    return stacked_bar([None] * (rank - 1) + [abs(value or 0.0)], widest)


def scatter(
    data: ChartData, label: str, height: float, y_fmt: str, marks: Sequence[Mapping[str, Any]], titles: Sequence[str]
) -> Markup:
    """A mark for each row, in the shape and colour of its series; `titles` say what each row is, if anything does."""
    floor = height - BOTTOM
    xs = [float(position(data, place, x)) for place, x in enumerate(data.x)]
    ys = list(data.known())
    ys += [float(mark["y"]) for mark in marks if isinstance(mark.get("y"), int | float)]
    ticks = nice_ticks(*domain(ys, from_zero=False))
    across = Scale(*padded(xs), 0.0, ACROSS)
    frame = Frame(data, across, Scale(ticks[0], ticks[-1], floor, TOP), floor, height)
    grid, words = y_axis(frame, y_fmt)
    drawn = []
    for rank, series in enumerate(data.series, start=1):
        for place, value in enumerate(series.values):
            if value is None:
                continue
            shape = element("path", d=MARKS[(rank - 1) % 4 + 1], class_=f"end point s{rank}")
            said = element("title", titles[place]) if titles else Markup("")
            at = {"x": percent(across(xs[place])), "y": number(frame.y(value))}
            drawn.append(element("svg", join([said, shape]), class_="at", overflow="visible", **at))
    return chart(height, label, join([grid, *drawn, words, reference_marks(frame, marks), x_axis(frame)]), "gutter")
