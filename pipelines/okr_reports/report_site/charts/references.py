"""Reference lines, areas and points: what a chart is read against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from okr_reports.report_site.charts.axes import TOP, Frame, is_before_axis, place_of
from okr_reports.report_site.charts.svg import ACROSS, element, join, number, percent, text
from okr_reports.report_site.faults import BadValue


def reference_marks(frame: Frame, marks: Sequence[Mapping[str, Any]]) -> Markup:
    """Reference lines, areas and points of child tags. Raises BadValue for one without a place."""
    parts = []
    for mark in marks:
        kind, label = mark["tag"], str(mark.get("label") or "")
        if kind == "reference_line":
            parts.append(_reference_line(frame, mark, label))
        elif kind == "reference_area":
            parts.append(_reference_area(frame, mark, label))
        else:
            x, y = place_of(frame, mark.get("x")), mark.get("y")
            if x is None or y is None:
                raise BadValue("a reference point needs x and y", "give both")
            title = element("title", str(mark["note"])) if mark.get("note") else ""
            place = {"cx": percent(x), "cy": number(frame.y(float(y)))}
            parts.append(element("circle", title, **place, r="4", class_="ref-point" + _colour(mark)))
            parts.append(text(percent(x), frame.y(float(y)) - 8, label, "label", "middle"))
    return join(parts)


def _reference_line(frame: Frame, mark: Mapping[str, Any], label: str) -> Markup:
    if mark.get("y") is not None:
        y = frame.y(float(mark["y"]))
        line = element("line", x1="0", x2="100%", y1=number(y), y2=number(y), class_="ref" + _colour(mark))
        return join([line, text("100%", y - 5, label, "label", "end")])
    x = place_of(frame, mark.get("x"))
    if x is None:
        raise BadValue("a reference line needs y or x", "give one of them")
    title = element("title", str(mark["note"])) if mark.get("note") else ""
    line = element(
        "line",
        title,
        x1=percent(x),
        x2=percent(x),
        y1=number(TOP),
        y2=number(frame.floor),
        class_="ref" + _colour(mark),
    )
    return join([line, text(percent(x), TOP - 3, label, "label", "end" if x > ACROSS / 2 else "start")])


def _reference_area(frame: Frame, mark: Mapping[str, Any], label: str) -> Markup:
    first, last = mark.get("x_min"), mark.get("x_max")
    # what lies beyond the axis is cut off; an area that lies there whole is not drawn
    if is_before_axis(frame, last):
        return Markup()
    left, right = None if is_before_axis(frame, first) else place_of(frame, first), place_of(frame, last)
    # bars and categories have a width: an area holds the whole of the first and the last
    half = frame.across(0) if frame.data.x else 0.0
    left = 0.0 if left is None else max(left - half, 0.0)
    right = ACROSS if right is None else min(right + half, ACROSS)
    if right < left:
        return Markup()
    top = frame.y(float(mark["y_max"])) if mark.get("y_max") is not None else TOP
    bottom = frame.y(float(mark["y_min"])) if mark.get("y_min") is not None else frame.floor
    area = element(
        "rect",
        x=percent(left),
        width=percent(right - left),
        y=number(top),
        height=number(bottom - top),
        class_="ref-area" + _colour(mark),
    )
    late = left > ACROSS * 0.7
    return join([area, text(percent(right if late else left), top + 12, label, "label", "end" if late else None)])


def _colour(mark: Mapping[str, Any]) -> str:
    """A colour by its name as a class: each is a pair for light and dark."""
    return f" c-{mark['color']}" if mark.get("color") else ""
