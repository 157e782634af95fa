"""The key-result chart. One notation everywhere:

actual = solid line; days that may still change = lighter, over a hatched ground; expected path = thin line;
target = dashed reference line (a band for key results that stay between limits); forecast = outlined range from the
last known day to the end of the period; check-ins = dots on the time axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from okr_reports.report_site.charts.axes import BOTTOM, TOP, tick_texts
from okr_reports.report_site.charts.plot import end_mark
from okr_reports.report_site.charts.scale import Scale, day_ticks, domain, nice_ticks
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
from okr_reports.report_site.formats.formats import Formatter

HEIGHT = 280.0
# pixels that a line of text needs; the share of the width that the label of the target takes
LINE, LABEL_SHARE = 16.0, 0.25


@dataclass(frozen=True)
class Before:
    """What it was measured against from `first` to `last`; `words` say what has changed then, by whom and why."""

    first: date
    last: date
    target: float | None
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class Drawn:
    """What is drawn, all in the key result's own unit. `pace` is the expected path, one point a day.

    `before` are the targets it had, oldest first; the target is drawn from the day after the last of them.
    """

    start: date
    end: date
    days: Sequence[tuple[date, float | None]]
    pace: Sequence[tuple[date, float]]
    target: float | None
    low: float | None
    high: float | None
    provisional_from: date | None
    forecast: tuple[float, float, float] | None
    check_ins: Sequence[tuple[date, str]]
    from_zero: bool
    code: str
    target_text: str
    value_text: str
    forecast_text: str
    stepped: bool = False
    before: Sequence[Before] = ()
    notes: Sequence[tuple[date, str]] = ()
    events: Sequence[tuple[date, date, str]] = ()


def draw_key_result(drawn: Drawn, label: str, chart_id: str, formatter: Formatter) -> Markup:
    """The chart as SVG."""
    values: list[float | None] = [value for _, value in drawn.days]
    values += [value for _, value in drawn.pace]
    values += [drawn.target, drawn.low, drawn.high, *(drawn.forecast or ())]
    values += [value for version in drawn.before for value in (version.target, version.low, version.high)]
    low, high = domain(values, drawn.from_zero)
    if not drawn.from_zero:
        # a target on the axis could not be distinguished from it
        low = max(low - (high - low) * 0.08, min(low, 0.0))
    ticks = nice_ticks(low, high)
    floor = HEIGHT - BOTTOM
    y = Scale(ticks[0], ticks[-1], floor, TOP + 6)
    x = Scale(drawn.start.toordinal(), drawn.end.toordinal(), 0.0, ACROSS)
    parts = [
        _events(drawn, x, floor),
        _hatch(drawn, x, floor, chart_id),
        _grid(ticks, y),
        _limits(drawn, x, y),
        _paths(drawn, x, y),
        _numbers(ticks, y, drawn.code, formatter),
        _ends(drawn, x, y),
        _check_ins(drawn, x, floor),
        _days(drawn, x, formatter),
    ]
    return chart(HEIGHT, label, join(parts), "kr-chart gutter")


def _hatch(drawn: Drawn, x: Scale, floor: float, chart_id: str) -> Markup:
    last = max((day for day, _ in drawn.days), default=None)
    if drawn.provisional_from is None or last is None or drawn.provisional_from > last:
        return Markup("")
    left = max(x(max(drawn.provisional_from, drawn.start).toordinal()) - 5, 0)
    lines = element("path", d="M-1 5L5-1M1 7L7 1", class_="hatch-line")
    pattern = element("pattern", lines, id=f"hatch-{chart_id}", width="6", height="6", patternUnits="userSpaceOnUse")
    ground = element(
        "rect",
        x=percent(left),
        width=percent(x(last.toordinal()) - left + 5),
        y=number(TOP),
        height=number(floor - TOP),
        fill=f"url(#hatch-{chart_id})",
        class_="hatch",
    )
    return join([element("defs", pattern), ground])


def _grid(ticks: Sequence[float], y: Scale) -> Markup:
    return join(
        [
            element(
                "line",
                x1="0",
                x2="100%",
                y1=number(y(tick)),
                y2=number(y(tick)),
                class_="axis" if tick == ticks[0] else "grid",
            )
            for tick in ticks
        ]
    )


def _numbers(ticks: Sequence[float], y: Scale, code: str, formatter: Formatter) -> Markup:
    """The labels of the grid lines, beside them in the room that .gutter leaves."""
    words = tick_texts(formatter, code, ticks)
    return join([text("-8", y(tick) + 4, word, "tick", "end") for tick, word in zip(ticks, words, strict=True)])


def _limits(drawn: Drawn, x: Scale, y: Scale) -> Markup:
    """Target or band from the day it counts; what counted before it, up to that day, with a mark at the change."""
    left, parts = 0.0, []
    for version in drawn.before:
        right = x(min(version.last, drawn.end).toordinal() + 1)
        parts += [_limit(version.target, version.low, version.high, left, right, y, " old"), _turn(version, right, y)]
        left = right
    parts.append(_limit(drawn.target, drawn.low, drawn.high, left, ACROSS, y))
    top = drawn.high if drawn.low is not None and drawn.high is not None else drawn.target
    if top is not None:
        parts.append(_target_label(drawn, x, y, y(top) - 6, left))
    return join(parts)


def _limit(
    target: float | None, low: float | None, high: float | None, left: float, right: float, y: Scale, looks: str = ""
) -> Markup:
    if low is not None and high is not None:
        top, bottom = y(high), y(low)
        place = {"x": percent(left), "width": percent(right - left), "y": number(top), "height": number(bottom - top)}
        return element("rect", **place, class_="ref-area")
    if target is None:
        return Markup("")
    at = number(y(target))
    return element("line", x1=percent(left), x2=percent(right), y1=at, y2=at, class_=f"ref{looks}")


def _turn(version: Before, across: float, y: Scale) -> Markup:
    """The day of a change: a thin upright line, whose words a pointer shows."""
    title = element("title", version.words)
    place = {"x1": percent(across), "x2": percent(across), "y1": number(TOP), "y2": number(HEIGHT - BOTTOM)}
    return element("line", title, **place, class_="turn")


def _target_label(drawn: Drawn, x: Scale, y: Scale, at: float, begins: float) -> Markup:
    """On the left, for pace and forecast crowd the right end at the target; on the right when the left is taken.

    A target that was changed has its label where it begins.
    """
    if begins:
        return text(percent(begins), at, drawn.target_text, "label", "end" if begins > ACROSS / 2 else None)
    edge = drawn.start.toordinal() + (drawn.end - drawn.start).days * LABEL_SHARE
    left = [value for day, value in [*drawn.days, *drawn.pace] if value is not None and day.toordinal() <= edge]
    taken = any(abs(y(value) - (at - 4)) < LINE for value in left)
    return text("100%" if taken else "4", at, drawn.target_text, "label", "end" if taken else None)


def _forecast_label(drawn: Drawn, here: Point, x: Scale, y: Scale) -> Markup:
    """Above the range or below it, clear of its edges, wherever it does not meet the line of the target."""
    if drawn.forecast is None:
        return Markup("")
    low, _, high = (y(value) for value in drawn.forecast)
    line = y(drawn.target) if drawn.target is not None else -HEIGHT
    # what the label reaches back over, as a part of the way from here to the end
    back = min(LABEL_SHARE / 2 * ACROSS / max(x(drawn.end.toordinal()) - here[0], 1.0), 1.0)
    above = min(high, high + (here[1] - high) * back) - 8
    below = max(low, low + (here[1] - low) * back) + 16
    places = [at for at in (above, below) if TOP <= at <= HEIGHT - BOTTOM - 2]
    at = max(places or [above], key=lambda place: min(abs(place - 4 - line), LINE))
    # on a telephone it would lie over the range; the number stands above the chart too
    return text("100%", at, drawn.forecast_text, "label muted wide", "end")


def _paths(drawn: Drawn, x: Scale, y: Scale) -> Markup:
    parts = []
    if drawn.forecast is not None and (known := [pair for pair in drawn.days if pair[1] is not None]):
        day, value = known[-1]
        assert value is not None
        here, end = (x(day.toordinal()), y(value)), x(drawn.end.toordinal())
        low, middle, high = drawn.forecast
        fan = [here, (end, y(high)), (end, y(low))]
        parts.append(element("path", d=path(fan, closed=True), class_="forecast-range"))
        parts.append(element("path", d=path([here, (end, y(middle))]), class_="forecast"))
    pace = [(x(day.toordinal()), y(value)) for day, value in drawn.pace]
    parts.append(element("path", d=path(pace), class_="pace"))
    sure, unsure = _split(drawn)
    for days, class_ in ((sure, "line actual"), (unsure, "line actual provisional")):
        points = [None if value is None else (x(day.toordinal()), y(value)) for day, value in days]
        points = steps(points) if drawn.stepped else points
        if any(points):
            parts.append(element("path", d=path(points), class_=class_))
    return stretch(HEIGHT, join(parts))


def steps(points: Sequence[Point | None]) -> list[Point | None]:
    """A check-in's value holds until the next one: level, then up or down at once."""
    made: list[Point | None] = []
    for point in points:
        before = made[-1] if made else None
        if point is not None and before is not None and before[1] != point[1]:
            made.append((point[0], before[1]))
        made.append(point)
    return made


Days = list[tuple[date, float | None]]


def _split(drawn: Drawn) -> tuple[Days, Days]:
    """Final days, and provisional ones with the last final day before them, so that the lines meet."""
    start = drawn.provisional_from
    if start is None:
        return list(drawn.days), []
    sure = [pair for pair in drawn.days if pair[0] < start]
    return sure, [*sure[-1:], *(pair for pair in drawn.days if pair[0] >= start)]


def _ends(drawn: Drawn, x: Scale, y: Scale) -> Markup:
    known = [(day, value) for day, value in drawn.days if value is not None]
    parts = []
    if known:
        day, value = known[-1]
        across = x(day.toordinal())
        parts.append(_forecast_label(drawn, (across, y(value)), x, y))
        parts.append(end_mark(1, percent(across), y(value)))
        # above a line that came from below, below one that came from above
        rising = value >= known[max(len(known) - 8, 0)][1]
        at = y(value) - 10 if rising and y(value) > TOP + LINE else y(value) + 18
        anchor = "start" if across < ACROSS / 8 else "end"
        parts.append(text(percent(across), at, drawn.value_text, "label strong", anchor))
    return join(parts)


def _check_ins(drawn: Drawn, x: Scale, floor: float) -> Markup:
    """Check-ins on the time axis; notes a little above it, so that one of the same day is seen."""
    dots = []
    for class_, at, said in (("check-in", floor, drawn.check_ins), ("noted", floor - 11, drawn.notes)):
        for day, words in said:
            if drawn.start <= day <= drawn.end:
                place = {"cx": percent(x(day.toordinal())), "cy": number(at), "r": "4"}
                dots.append(element("circle", element("title", words), **place, class_=class_))
    return join(dots)


def _events(drawn: Drawn, x: Scale, floor: float) -> Markup:
    """The days of each event, shaded, its title at the top."""
    parts = []
    for first, last, title in drawn.events:
        left, right = x(max(first, drawn.start).toordinal()), x(min(last, drawn.end).toordinal() + 1)
        place = {"x": percent(left), "width": percent(min(right, ACROSS) - left)}
        words = element("title", title)
        parts.append(element("rect", words, **place, y=number(TOP), height=number(floor - TOP), class_="event"))
        late = left > ACROSS / 2
        at = percent(min(right, ACROSS) if late else left)
        parts.append(text(at, TOP + 11, title, "label muted wide", "end" if late else None))
    return join(parts)


def _days(drawn: Drawn, x: Scale, formatter: Formatter) -> Markup:
    parts = []
    for day, code, narrow in day_ticks(drawn.start, drawn.end):
        across = x(day.toordinal())
        anchor = "start" if across < 30 else "end" if across > ACROSS - 30 else "middle"
        parts.append(
            text(percent(across), HEIGHT - 6, formatter.format(day, code), "tick" if narrow else "tick wide", anchor)
        )
    return join(parts)
