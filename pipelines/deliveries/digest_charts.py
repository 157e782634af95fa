"""The small line chart of a key result as a PNG image, for mail programs that show no SVG.

One notation for every chart (UX.md section 1): what happened is solid, its provisional days dashed, the expected path
thin and grey, the target a line at the top. No text is drawn, so no font of this machine matters; the mail's text and
the image's alternative say the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.deliveries.digest_facts import KeyResult, Point

WIDTH, HEIGHT, MARGIN = 240, 56, 5
# The room above the target that an overshoot may take before the line is cut off.
MOST = 1.3
COLOURS = {
    "achieved": "#1a7f37",
    "on_track": "#1a7f37",
    "at_risk": "#8a5a00",
    "off_track": "#b42318",
    "missed": "#b42318",
}
OTHER_COLOUR = "#57606a"


def chart(key_result: KeyResult) -> bytes | None:
    """The way to the target over the whole period, drawn at twice its size; None where no day has a value."""
    import vl_convert

    observed = [point for point in key_result.days if point.progress is not None]
    if not observed:
        return None
    return bytes(vl_convert.svg_to_png(_svg(key_result, observed), scale=2))


def _svg(key_result: KeyResult, observed: Sequence[Point]) -> str:
    days = max((key_result.period_end - key_result.period_start).days, 1)
    top = min(max(1.0, *(point.progress or 0.0 for point in observed)), MOST)
    colour = COLOURS.get(key_result.status, OTHER_COLOUR)

    def place(point: Point, share: float | None) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (point.day - key_result.period_start).days / days
        y = MARGIN + (HEIGHT - 2 * MARGIN) * (1 - min(max(share or 0.0, 0.0), top) / top)
        return f"{x:.1f},{y:.1f}"

    target = MARGIN + (HEIGHT - 2 * MARGIN) * (1 - 1 / top)
    last_final = max((n for n, point in enumerate(observed) if not point.provisional), default=0)
    end = place(observed[-1], observed[-1].progress).split(",")
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<path d="M{MARGIN},{HEIGHT - MARGIN}H{WIDTH - MARGIN}" stroke="#d0d7de"/>',
            f'<path d="M{MARGIN},{target:.1f}H{WIDTH - MARGIN}" stroke="#57606a" stroke-width="0.75"/>',
            *_line((place(p, p.expected) for p in key_result.days if p.expected is not None), "#8c959f", 1),
            *_line((place(p, p.progress) for p in observed[: last_final + 1]), colour, 2),
            *_line((place(p, p.progress) for p in observed[last_final:]), colour, 2, dashes="3 2"),
            f'<circle cx="{end[0]}" cy="{end[1]}" r="3" fill="{colour}"/></svg>',
        ]
    )


def _line(places: Iterator[str], colour: str, width: int, dashes: str = "none") -> Iterator[str]:
    yield (
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-dasharray="{dashes}" stroke-linejoin="round"/>'
    )
