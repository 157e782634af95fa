"""Builds SVG text. Every attribute and text is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from okr_reports.report_site.formats.markup import Html

# units across the stretching viewport: 10 to a per cent
ACROSS = 1000.0

Point = tuple[float, float]


def number(value: float) -> str:
    """A coordinate with at most two decimals, without trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def percent(across: float) -> str:
    """A position of the stretching viewport as a per cent of the chart's width."""
    return number(across / ACROSS * 100) + "%"


def element(name: str, content: str | Markup = "", **attributes: object) -> Markup:
    """One element; `class_` becomes class and other underscores become hyphens. None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = escape(content)
    return Html(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


def join(parts: Sequence[str | Markup]) -> Markup:
    return Html("").join(parts)


def text(x: str, y: float, content: str, class_: str, anchor: str | None = None) -> Markup:
    return element("text", content, x=x, y=number(y), class_=class_, text_anchor=anchor)


def path(points: Sequence[Point | None], closed: bool = False) -> str:
    """Path data through the points; None lifts the pen. A point between two gaps is a dot: a stroke without length."""
    commands, down = [], False
    for place, point in enumerate(points):
        if point is None:
            down = False
            continue
        commands.append(f"{'L' if down else 'M'}{number(point[0])} {number(point[1])}")
        if not down and not closed and (place + 1 == len(points) or points[place + 1] is None):
            commands.append("h0")
        down = True
    return "".join(commands) + ("Z" if closed and commands else "")


def stretch(height: float, content: Markup) -> Markup:
    """The nested viewport in which ACROSS units are the whole width."""
    return element(
        "svg",
        content,
        width="100%",
        height=number(height),
        viewBox=f"0 0 {number(ACROSS)} {number(height)}",
        preserveAspectRatio="none",
        class_="stretch",
    )


def chart(height: float, label: str, content: Markup, class_: str) -> Markup:
    """The outer element: an image to assistive technology, with one sentence that says what it shows."""
    return element(
        "svg",
        content,
        class_=f"chart {class_}",
        width="100%",
        height=number(height),
        role="img",
        aria_label=label,
    )
