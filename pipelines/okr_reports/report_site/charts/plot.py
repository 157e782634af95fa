"""Line, area, bar and combo charts over one x axis."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts.axes import BOTTOM, TOP, Frame, evenly, padded, position, x_axis, x_limits, y_axis
from okr_reports.report_site.charts.data import ChartData, Series
from okr_reports.report_site.charts.references import reference_marks
from okr_reports.report_site.charts.scale import Scale, domain, nice_ticks
from okr_reports.report_site.charts.svg import (
    ACROSS,
    Point,
    chart,
    element,
    join,
    number,
    path,
    percent,
    stretch,
    text,
)

# more bars than that have no room for numbers above them
WIDE_LABELS = 12
# pixels that a number inside a bar needs
LABEL_ROOM = 14


@dataclass(frozen=True)
class Options:
    """How a chart is drawn. `marks` are reference lines, areas and points: dicts of their tags' attributes.

    `styles` say of each series how its line is drawn: type, markers, step.
    """

    height: float = 240.0
    stacked: bool = False
    low: float | None = None
    high: float | None = None
    y_fmt: str = "auto"
    data_labels: bool = False
    label_fmt: str | None = None
    label_below: bool = False
    marks: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    x_left_out: Collection[str] = ("gridlines", "baseline")
    y_left_out: Collection[str] = ()
    styles: Sequence[Mapping[str, Any]] = ()


def per_mille(kind: str, data: ChartData) -> list[str]:
    """Where each place of the x axis lies in the drawn chart, per mille of its width; '' where it has no place."""
    if kind in ("funnel", "heatmap", "hbars"):
        return [""] * len(data.x)
    data = evenly(data) if kind in ("bar", "combo") else data
    limits = padded([float(position(data, n, x)) for n, x in enumerate(data.x)]) if kind == "scatter" else None
    across = Scale(*(limits or x_limits(data, kind in ("bar", "combo"))), 0.0, ACROSS)
    return [number(across(position(data, place, value))) for place, value in enumerate(data.x)]


def draw(kind: str, data: ChartData, label: str, options: Options) -> Markup:
    """A chart of `kind` line, area, bar or combo as SVG; `label` is its summary sentence."""
    bars = [series for series in data.series if kind == "bar" or (kind == "combo" and series.mark == "bar")]
    lines = [series for series in data.series if series not in bars]
    data = evenly(data) if bars else data
    frame = _frame(kind, data, bars, options)
    grid, ticks = y_axis(frame, options.y_fmt, options.y_left_out)
    shapes: list[Markup] = [_bars(frame, bars, options.stacked, data.series)] if bars else []
    if kind == "area":
        shapes.append(_areas(frame, lines, options.stacked, data.series))
    else:
        shapes.append(_lines(frame, lines, data.series, options.styles))
    marks = reference_marks(frame, options.marks)
    stacked = bars if options.stacked else []
    labels = _labels(frame, bars or lines, options, stacked) if options.data_labels else Markup("")
    content = join([grid, *shapes, ticks, marks, x_axis(frame, options.x_left_out), labels])
    return chart(options.height, label, content, f"{kind}-chart gutter")


def _frame(kind: str, data: ChartData, bars: Sequence[Series], options: Options) -> Frame:
    values: list[float | None] = list(data.known())
    if options.stacked:
        count = len(data.x)
        values += [sum(series.values[n] or 0.0 for series in (bars or data.series)) for n in range(count)]
    values += [float(mark["y"]) for mark in options.marks if isinstance(mark.get("y"), int | float)]
    low, high = domain(values, bool(bars) or kind == "area", options.low, options.high)
    ticks = nice_ticks(low, high)
    floor = options.height - BOTTOM
    y = Scale(ticks[0] if options.low is None else low, ticks[-1] if options.high is None else high, floor, TOP)
    return Frame(data, Scale(*x_limits(data, bool(bars)), 0.0, ACROSS), y, floor, options.height)


def _lines(
    frame: Frame, lines: Sequence[Series], everyone: Sequence[Series], styles: Sequence[Mapping[str, Any]]
) -> Markup:
    paths, ends = [], []
    for line in lines:
        rank = everyone.index(line) + 1
        points = [
            None if value is None else (frame.across(place), frame.y(value)) for place, value in enumerate(line.values)
        ]
        if frame.data.connected:
            points = [point for point in points if point is not None]
        plan, style = line.mark == "plan", styles[rank - 1] if rank <= len(styles) else {}
        drawn = _stepped(points) if style.get("step") else points
        look = {"dashed": " dashed", "dotted": " dotted"}.get(str(style.get("type")), "")
        paths.append(element("path", d=path(drawn), class_="pace" if plan else f"line s{rank}{look}"))
        known = [point for point in points if point is not None]
        if style.get("markers"):
            ends += [end_mark(rank, percent(x), y) for x, y in known[:-1]]
        if known and not plan:
            ends.append(end_mark(rank, percent(known[-1][0]), known[-1][1]))
    return join([stretch(frame.height, join(paths)), *ends])


def _stepped(points: Sequence[Point | None]) -> list[Point | None]:
    """The same with each value held until the next place."""
    held: list[Point | None] = []
    for before, point in zip([None, *points], points, strict=False):
        if before is not None and point is not None:
            held.append((point[0], before[1]))
        held.append(point)
    return held


def end_mark(rank: int, x: str, y: float) -> Markup:
    """The dot at the end of a line. Its shape differs by series, so that colour is not alone."""
    shapes = {1: "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z", 2: "M-4-4H4V4H-4Z", 3: "M0-5L5 0L0 5L-5 0Z", 4: "M0-5L5 4H-5Z"}
    shape = element("path", d=shapes.get((rank - 1) % 4 + 1), class_=f"end s{rank}")
    return element("svg", shape, x=x, y=number(y), class_="at", overflow="visible")


def _areas(frame: Frame, series: Sequence[Series], stacked: bool, everyone: Sequence[Series]) -> Markup:
    below = [0.0] * len(frame.data.x)
    parts = []
    for area in series:
        rank = everyone.index(area) + 1
        tops = [(below[n] if stacked else 0.0) + (value or 0.0) for n, value in enumerate(area.values)]
        upper = [(frame.across(n), frame.y(top)) for n, top in enumerate(tops)]
        lower = [(frame.across(n), frame.y(below[n] if stacked else 0.0)) for n in range(len(tops))]
        parts.append(element("path", d=path([*upper, *reversed(lower)], closed=True), class_=f"area s{rank}"))
        parts.append(element("path", d=path(upper), class_=f"line s{rank}"))
        below = tops if stacked else below
    return stretch(frame.height, join(parts))


def _bars(frame: Frame, series: Sequence[Series], stacked: bool, everyone: Sequence[Series]) -> Markup:
    places = [frame.across(n) for n in range(len(frame.data.x))]
    slot = min((b - a for a, b in pairwise(places)), default=ACROSS) * 0.72
    slot = min(slot, ACROSS / 4)
    width = slot if stacked else slot / max(len(series), 1)
    ups, downs = [0.0] * len(places), [0.0] * len(places)
    parts = []
    for order, bar in enumerate(series):
        rank = everyone.index(bar) + 1
        for n, value in enumerate(bar.values):
            if value is None:
                continue
            sums = ups if value >= 0 else downs
            start = sums[n] if stacked else 0.0
            sums[n] = start + value
            left = places[n] - slot / 2 + (0.0 if stacked else order * width)
            top, bottom = sorted((frame.y(start), frame.y(start + value)))
            parts.append(
                element(
                    "rect",
                    x=percent(left),
                    width=percent(width * 0.94),
                    y=number(top),
                    height=number(max(bottom - top, 0.75)),
                    class_=f"bar s{rank}",
                )
            )
    return join(parts)


def _labels(frame: Frame, series: Sequence[Series], options: Options, stacked: Sequence[Series]) -> Markup:
    if (len(series) != 1 and not stacked) or len(frame.data.x) > WIDE_LABELS:
        return Markup("")
    write = frame.data.formatter.format
    sums: dict[tuple[int, bool], float] = {}
    drawn = []
    for labelled in series:
        for n, value in enumerate(labelled.values):
            if value is None:
                continue
            words = write(value, options.label_fmt) if options.label_fmt else labelled.texts[n]
            y = frame.y(value) + (15 if options.label_below else -5)
            if stacked:
                start = sums.get((n, value >= 0), 0.0)
                sums[n, value >= 0] = start + value
                if abs(frame.y(start) - frame.y(start + value)) < LABEL_ROOM:
                    continue
                y = (frame.y(start) + frame.y(start + value)) / 2 + 4
            drawn.append(text(percent(frame.across(n)), y, words, "label", "middle"))
    return join(drawn)
