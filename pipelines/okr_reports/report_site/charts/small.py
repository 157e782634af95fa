"""Small drawings: sparkline, progress bar, bar of a table cell, stacked strip of shares."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from okr_reports.report_site.charts.scale import Scale, domain
from okr_reports.report_site.charts.svg import element, join, number, path

SPARK_WIDTH, SPARK_HEIGHT = 96.0, 24.0


def sparkline(values: Sequence[float | None], label: str, kind: str = "line", target: float | None = None) -> Markup:
    """A line (or bars, or area) without axes; a dot marks the last value, a thin line the target."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = domain([*known, target], kind == "bar")
    x = Scale(0, len(values) - 1, 3, SPARK_WIDTH - 4)
    y = Scale(low, high, SPARK_HEIGHT - 4, 4)
    parts: list[Markup] = []
    if target is not None:
        line = number(y(target))
        parts.append(element("line", x1="0", x2=number(SPARK_WIDTH), y1=line, y2=line, class_="ref"))
    points = [None if value is None else (x(place), y(value)) for place, value in enumerate(values)]
    drawn = [point for point in points if point is not None]
    if kind == "bar":
        width = SPARK_WIDTH / len(values) * 0.7
        parts += [
            element(
                "rect",
                x=number(left - width / 2),
                y=number(min(top, y(0))),
                width=number(width),
                height=number(abs(y(0) - top) or 0.5),
                class_="bar",
            )
            for left, top in drawn
        ]
    else:
        if kind == "area":
            floor = [(drawn[-1][0], SPARK_HEIGHT - 2), (drawn[0][0], SPARK_HEIGHT - 2)]
            parts.append(element("path", d=path([*drawn, *floor], closed=True), class_="area"))
        parts.append(element("path", d=path(points), class_="line"))
        parts.append(element("circle", cx=number(drawn[-1][0]), cy=number(drawn[-1][1]), r="2.5", class_="end"))
    return element(
        "svg",
        join(parts),
        class_="spark",
        width=number(SPARK_WIDTH),
        height=number(SPARK_HEIGHT),
        viewBox=f"0 0 {number(SPARK_WIDTH)} {number(SPARK_HEIGHT)}",
        role="img",
        aria_label=label,
    )


def progress_bar(share: float | None, expected: float | None, status: str, label: str) -> Markup:
    """A bar from 0 to 1 with a tick where it is expected to be. Regress shows as an empty bar."""
    filled = 0.0 if share is None else min(max(share, 0.0), 1.0)
    parts = [element("rect", x="0", y="3", width="100%", height="6", rx="3", class_="track")]
    if filled > 0:
        parts.append(element("rect", x="0", y="3", width=f"{number(filled * 100)}%", height="6", rx="3", class_="fill"))
    if expected is not None:
        at = f"{number(min(max(expected, 0.0), 1.0) * 100)}%"
        parts.append(element("line", x1=at, x2=at, y1="0", y2="12", class_="expected"))
    return element(
        "svg", join(parts), class_=f"progress st-{status}", width="100%", height="12", role="img", aria_label=label
    )


def cell_bar(share: float, negative: bool = False) -> Markup:
    """The bar behind a number of a table; the number itself says the value, so it is hidden from readers aloud."""
    width = f"{number(min(max(share, 0.0), 1.0) * 100)}%"
    bar = element("rect", x="0", y="0", width=width, height="100%", rx="2", class_="neg" if negative else None)
    return element("svg", bar, class_="cell-bar", width="100%", height="6", aria_hidden="true", focusable="false")


def strip(parts: Sequence[tuple[str, float]], label: str) -> Markup:
    """A bar divided into shares: (class, amount) from left to right, with gaps between."""
    total = sum(amount for _, amount in parts)
    if not total:
        return Markup("")
    drawn, left = [], 0.0
    for class_, amount in parts:
        if amount:
            width = amount / total * 100
            drawn.append(
                element(
                    "rect",
                    x=f"{number(left)}%",
                    y="0",
                    width=f"{number(max(width - 0.4, 0.4))}%",
                    height="8",
                    rx="2",
                    class_=class_,
                )
            )
            left += width
    return element("svg", join(drawn), class_="strip", width="100%", height="8", role="img", aria_label=label)
