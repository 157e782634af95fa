"""The frame of a chart: where values lie, the lines and labels of both axes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts.data import ChartData
from okr_reports.report_site.charts.scale import Scale, day_ticks, nice_ticks, spread
from okr_reports.report_site.charts.svg import ACROSS, element, join, number, percent, text
from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.format_codes import CODE, POWERS
from okr_reports.report_site.formats.formats import Formatter

TOP, BOTTOM = 14.0, 24.0
# pixels of a chart on a desk (two may stand side by side) and on a telephone, of a letter, letters of a label
WIDE, NARROW, LETTER, LONGEST = 520.0, 280.0, 6.4, 18


@dataclass(frozen=True)
class Frame:
    """The drawing area of one chart: scales and the pixel of the x axis."""

    data: ChartData
    x: Scale
    y: Scale
    floor: float
    height: float

    def across(self, place: int) -> float:
        value = self.data.x[place]
        return self.x(position(self.data, place, value))

    def base(self) -> float:
        """Where zero lies, or the nearest edge."""
        return min(max(self.y(0.0), TOP), self.floor)


def position(data: ChartData, place: int, value: Any) -> float:
    """A place on the x axis as a number."""
    if data.kind == "date":
        return float(value.toordinal())
    return float(value) if data.kind == "number" else float(place)


def evenly(data: ChartData) -> ChartData:
    """The same for bars: weeks, months and quarters stand evenly apart, as months differ in length; days stay days."""
    if data.kind != "date" or any((b - a).days == 1 for a, b in pairwise(data.x)):
        return data
    return replace(data, kind="category")


def x_limits(data: ChartData, with_bars: bool) -> tuple[float, float]:
    """First and last x; half a step more on both sides for categories and bars, which have a width."""
    places = [position(data, place, value) for place, value in enumerate(data.x)]
    first, last = min(places, default=0.0), max(places, default=1.0)
    if data.kind == "category" or with_bars:
        step = min((b - a for a, b in pairwise(places)), default=1.0) or 1.0
        first, last = first - step / 2, last + step / 2
    return first, last


def padded(values: Sequence[float]) -> tuple[float, float]:
    """First and last x of marks that have a width, with room on both sides."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.04 or 1.0
    return low - room, high + room


def y_axis(frame: Frame, y_fmt: str, left_out: Collection[str] = ()) -> tuple[Markup, Markup]:
    """The grid lines, drawn first, and their labels beside them, in the room that .gutter leaves.

    `left_out`: which of labels, gridlines and baseline are not drawn.
    """
    formatter = frame.data.formatter
    lines, labels = [], []
    ticks = [tick for tick in nice_ticks(frame.y.low, frame.y.high) if frame.y.low <= tick <= frame.y.high]
    words = tick_texts(formatter, y_fmt if y_fmt != "auto" else frame.data.series[0].fmt, ticks)
    for tick, word in zip(ticks, words, strict=True):
        y, kind = frame.y(tick), "axis" if tick == 0 else "grid"
        if {"axis": "baseline", "grid": "gridlines"}[kind] not in left_out:
            lines.append(element("line", x1="0", x2="100%", y1=number(y), y2=number(y), class_=kind))
        if "labels" not in left_out:
            labels.append(text("-8", y + 4, word, "tick", "end"))
    return join(lines), join(labels)


def axis_code(code: str, highest: float) -> str:
    """The format of axis labels: like the values, shortened from 10,000 on."""
    if code in ("auto", "num") or code.startswith("num"):
        return "num0k" if abs(highest) >= 10_000 else "num"
    if len(code) == 3 and code.isalpha() and code not in ("pct",):
        return f"{code}0k" if abs(highest) >= 10_000 else f"{code}0" if abs(highest) >= 10 else code
    return code


def tick_texts(formatter: Formatter, code: str, ticks: Sequence[float]) -> list[str]:
    """The labels of an axis: all with the same decimals, as many as tell them apart; zero is a plain 0."""
    code = exact_code(axis_code(code, max(ticks, key=abs, default=0.0)), ticks)
    match = CODE.fullmatch(code)
    zero = f"{match['kind']}0" if match and match["digits"] else code.removesuffix("k")
    return [formatter.format(tick, code if tick else zero) for tick in ticks]


def exact_code(code: str, ticks: Sequence[float]) -> str:
    """The code with as many decimals as the ticks need: 2.5 k must not read 3 k, nor 2 stand below 2.25."""
    match = CODE.fullmatch(code)
    if match is None or match["kind"] in ("days", "mult"):
        return code
    times = 100 if match["kind"] in ("pct", "pp") else 1 / 10 ** POWERS[match["power"] or ""]
    digits = int(match["digits"] or 0)
    while digits < 3 and any(abs(tick * times - round(tick * times, digits)) > 1e-9 for tick in ticks):
        digits += 1
    if digits == 1 and not match["power"] and match["kind"] not in ("num", "pct", "pp"):
        digits = 2  # no currency is written 2.5
    return f"{match['kind']}{digits}{match['power'] or ''}"


def x_axis(frame: Frame, left_out: Collection[str] = ("gridlines", "baseline")) -> Markup:
    """Labels under the chart; those marked `wide` are hidden on narrow screens.

    `left_out`: which of labels, gridlines and baseline are not drawn.
    """
    data, y = frame.data, frame.height - 6
    if not data.x:
        return Markup("")
    if data.kind == "date" and len(data.x) > 2:
        labels = [
            (frame.x(float(day.toordinal())), data.formatter.format(day, data.x_fmt or code), narrow)
            for day, code, narrow in day_ticks(_day(data.x[0]), _day(data.x[-1]))
        ]
    else:
        texts = axis_texts(data)
        labels = [(frame.across(n), texts[n], narrow) for n, narrow in label_places(texts)]
    parts = []
    if "baseline" not in left_out:
        floor = number(frame.floor)
        parts.append(element("line", x1="0", x2="100%", y1=floor, y2=floor, class_="axis"))
    for across, words, narrow in labels:
        if "gridlines" not in left_out:
            at = percent(across)
            parts.append(element("line", x1=at, x2=at, y1=number(TOP), y2=number(frame.floor), class_="grid"))
        if "labels" in left_out:
            continue
        anchor = "start" if across < 40 else "end" if across > ACROSS - 40 else "middle"
        shown_text = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
        parts.append(text(percent(across), y, shown_text, "tick" if narrow else "tick wide", anchor))
    return join(parts)


def axis_texts(data: ChartData) -> list[str]:
    """The labels of categories; dates that stand evenly are written short, for their table has them in full."""
    if data.x_fmt or not all(isinstance(x, date) for x in data.x) or len(data.x) < 2:
        return data.x_texts
    code = "day" if (data.x[-1] - data.x[0]).days < 300 else "mmm-yy"
    return [data.formatter.format(x, code) for x in data.x]


def label_places(labels: Sequence[str], share: float = 1.0) -> list[tuple[int, bool]]:
    """Which labels fit side by side in that share of a chart, evenly apart, and which of them on a telephone."""
    letters = max((min(len(label), LONGEST) for label in labels), default=1)
    room = letters * LETTER + 12
    wide = spread(len(labels), max(2, int(WIDE * share / room)))
    narrow = set(spread(len(wide), max(2, int(NARROW * share / room))))
    return [(place, number in narrow) for number, place in enumerate(wide)]


def _day(value: Any) -> date:
    assert isinstance(value, date)
    return value.date() if isinstance(value, datetime) else value


def is_before_axis(frame: Frame, value: Any) -> bool:
    """Whether a day is before the first of an axis of days, weeks or months."""
    first = frame.data.x[0] if frame.data.x else None
    return isinstance(first, date) and isinstance(value, date) and _day(value) < first


def place_of(frame: Frame, value: Any) -> float | None:
    """Where on the x axis a value lies: a date, a number, or one of the categories.

    Bars of weeks or months hold every day from their own to that of the next. Raises BadValue for what no bar holds.
    """
    if value is None:
        return None
    data = frame.data
    if data.kind == "date":
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
        return frame.x(float(day.toordinal()))
    if data.kind == "number":
        return frame.x(float(value))
    if isinstance(value, date) and isinstance(data.x[0], date) and not is_before_axis(frame, value):
        value = max(x for x in data.x if x <= _day(value))
    if value not in data.x:
        raise BadValue(f"{value!r} is not on the x axis", "use one of its values")
    return frame.across(data.x.index(value))
