"""Inputs that a static page has not: a slider's steps become values to choose from, others are what they were first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# of before Core: those that are here, and those that are not with what each is before anything is chosen
INPUTS = ("Dropdown", "ButtonGroup", "DateRange", "Checkbox", "Slider")
NOT_HERE = {"TextInput": "", "DimensionGrid": "true", "AreaMap": "true", "PointMap": "true", "BubbleMap": "true",
            "USMap": "true", "BaseMap": "true", "Areas": "true", "Points": "true", "Bubbles": "true"}  # fmt: skip
# of a slider at most so many values are offered, the first of them its least
MOST_STEPS = 8


@dataclass(frozen=True)
class Fixed:
    """The value that an input has before anything is chosen."""

    text: str = ""


def steps(given: Mapping[str, Any], first: Any = None) -> list[str]:
    """The values of a slider, evenly from `min` to `max`, with the one that it begins with."""
    low, high = _number(given.get("min"), 0), _number(given.get("max"), 100)
    step = _number(given.get("step"), 1) or 1
    count = int((high - low) / step) + 1 if high > low else 1
    every = max(1, -(-(count - 1) // (MOST_STEPS - 1)))
    values = {low + step * number for number in range(0, count, every)} | {_number(first, low)}
    return [f"{value:g}" for value in sorted(values)]


def _number(written: Any, otherwise: float) -> float:
    try:
        return float(str(written))
    except ValueError:
        return otherwise


def fixed_in_sql(sql: str, fixed: Mapping[str, Fixed]) -> str:
    """A query with the values of inputs that are not there, as texts; conditions that may be left out are."""
    if not fixed:
        return sql
    names = "|".join(map(re.escape, fixed))
    named = re.compile(rf"\$\{{\s*inputs\.({names})(?:\.[\w.]+)?\s*\}}|\{{\{{\s*({names})(?:\.\w+)?\s*\}}\}}")

    def optional(match: re.Match[str]) -> str:
        found = named.search(match[0])
        return "" if found and not fixed[found[1] or found[2]].text else match[0]

    def quoted(match: re.Match[str]) -> str:
        return named.sub(lambda found: fixed[found[1] or found[2]].text.replace("'", "''"), match[0])

    def bare(match: re.Match[str]) -> str:
        if match[0].endswith(("filter }}", "filter}}")):
            return "true"
        text = fixed[match[1] or match[2]].text
        return text if re.fullmatch(r"-?\d+(\.\d+)?|true|false", text) else "'" + text.replace("'", "''") + "'"

    sql = re.sub(r"\[\[.*?\]\]", optional, sql, flags=re.DOTALL)
    return named.sub(bare, re.sub(r"'(?:[^']|'')*'", quoted, sql))
