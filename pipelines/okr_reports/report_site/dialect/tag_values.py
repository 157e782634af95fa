"""The values of a tag's attributes while it is drawn: choices as texts, and the line that a message is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okr_reports.report_site.dialect.tags import in_text, is_choice


def without_choices(value: Any) -> Any:
    """An attribute's value with the text of each choice in the place of the choice."""
    if is_choice(value):
        return in_text(value)
    if isinstance(value, dict):
        return {name: without_choices(part) for name, part in value.items()}
    return [without_choices(part) for part in value] if isinstance(value, list) else value


def places_of(children: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, int]]:
    for child in children:
        yield from child.get("given_at", ())


def line_of(what: str, line: int, given_at: Sequence[tuple[Any, int]], children: Sequence[Mapping[str, Any]]) -> int:
    """The line of the attribute that holds the name a message complains about, else that of the tag."""
    names = re.findall(r"""['"]([^'"]+)['"]""", re.sub(r"query '[^']*'", "", what))
    places = [
        (str(value), at) for value, at in (*given_at, *places_of(children)) if isinstance(value, str | list | dict)
    ]
    for name in names:
        for text, at in places:
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                return at
    return line
