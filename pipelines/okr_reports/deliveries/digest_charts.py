"""The small line chart of a key result as a PNG image, for mail programs that show no SVG.

One notation, here and on the site: what happened is solid, its provisional days dashed, the expected path thin and grey
to the end of the period, the target a line at the top, the days gone by shaded. No text is drawn, so no font of this
machine matters; the mail's text and the image's alternative say the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from okr_reports.deliveries.digest_facts import KeyResult, Point

WIDTH, HEIGHT, MARGIN = 272, 76, 6
# The room above the target that an overshoot may take before the line is cut off.
MOST = 1.3
# On white and on a dark mail alike at least 3:1; a line takes no verdict's colour, the word beside it does.
ACTUAL, PACE, FRAME = "#6675d8", "#868f9e", "#868f9e"


def chart(key_result: KeyResult) -> bytes | None:
    """The way to the target over the whole period, drawn at twice its size; None where no day has a value."""
    import resvg_py

    observed = [point for point in key_result.days if point.progress is not None]
    if not observed:
        return None
    drawn = resvg_py.svg_to_bytes(svg_string=_svg(key_result, observed), zoom=2, skip_system_fonts=True)
    return bytes(drawn)


class _Plane:
    """Days from the left, shares of the way from the bottom; an overshoot is cut off at `MOST`."""

    def __init__(self, key_result: KeyResult, observed: Sequence[Point]) -> None:
        self.start = key_result.period_start
        self.days = max((key_result.period_end - key_result.period_start).days, 1)
        self.top = min(max(1.0, *(point.progress or 0.0 for point in observed)), MOST)

    def x(self, day: date) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * min(max((day - self.start).days / self.days, 0.0), 1.0)

    def y(self, share: float) -> float:
        return MARGIN + (HEIGHT - 2 * MARGIN) * (1 - min(max(share, 0.0), self.top) / self.top)


def _svg(key_result: KeyResult, observed: Sequence[Point]) -> str:
    plane = _Plane(key_result, observed)
    now = observed[-1]
    x, y = plane.x(now.day), plane.y(now.progress or 0.0)
    path = [(plane.x(point.day), plane.y(point.progress or 0.0)) for point in observed]
    last_final = max((n for n, point in enumerate(observed) if not point.provisional), default=0)
    pace = key_result.pace or [(p.day, p.expected) for p in key_result.days if p.expected is not None]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">',
            f'<rect x="{MARGIN}" y="{MARGIN}" width="{max(x - MARGIN, 0):.1f}" height="{HEIGHT - 2 * MARGIN}"'
            f' fill="{FRAME}" fill-opacity="0.1"/>',
            f'<path d="M{MARGIN},{HEIGHT - MARGIN}H{WIDTH - MARGIN}" stroke="{FRAME}" stroke-opacity="0.5"/>',
            f'<path d="M{MARGIN},{plane.y(1.0):.1f}H{WIDTH - MARGIN}" stroke="{FRAME}"/>',
            _line([(plane.x(day), plane.y(share)) for day, share in pace], PACE, 1.25),
            _line(path[: last_final + 1], ACTUAL, 2.25),
            _line(path[last_final:], ACTUAL, 2.25, dashes="4 2.5"),
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{ACTUAL}"/></svg>',
        ]
    )


def _line(places: Sequence[tuple[float, float]], colour: str, width: float, dashes: str = "none") -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-dasharray="{dashes}" stroke-linejoin="round"/>'
    )
