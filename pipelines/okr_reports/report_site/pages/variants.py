"""A page in all its variants: what is the same in all of them once, the rest once for each.

The variant shown without JavaScript is in the page, the others are beside it in `<template>`, which no reader sees and
no browser loads anything for. `site.js` puts them in place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.pages.inputs import Choice, Input

# a page: its pieces from top to bottom
Pieces = Sequence[str]


def merged(variants: Sequence[Pieces], first: int) -> Markup:
    """One page of all variants; number `first` is the one that is shown without JavaScript."""
    parts: list[str] = []
    for of in _side_by_side(variants):
        places: dict[str, list[int]] = {}
        for number, content in enumerate(of):
            places.setdefault(content, []).append(number)
        if len(places) == 1:
            parts.append(of[first])
            continue
        shown = of[first]
        others = [
            Html('<template data-for="{}">{}</template>').format(_numbers(numbers), Html(content))
            for content, numbers in places.items()
            if content != shown
        ]
        now = Html('<div class="variant" data-for="{}">{}</div>').format(_numbers(places[shown]), Html(shown))
        parts.append(Html('<div class="variants">{}{}</div>\n').format(now, Html("").join(others)))
    return Html("").join(Html(part) for part in parts)


def _numbers(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


def _side_by_side(variants: Sequence[Pieces]) -> list[list[str]]:
    """The pieces that belong together, of each variant one. Where their number differs, the middle is one piece."""
    counts = [len(pieces) for pieces in variants]
    if len(set(counts)) == 1:
        return [list(of) for of in zip(*variants, strict=True)]
    least = min(counts)
    head = next((n for n in range(least) if len({pieces[n] for pieces in variants}) > 1), least)
    rest = [pieces[head:] for pieces in variants]
    least = min(map(len, rest))
    tail = next((n for n in range(least) if len({pieces[-1 - n] for pieces in rest}) > 1), least)
    middle = ["".join(pieces[: len(pieces) - tail]) for pieces in rest]
    ends = [list(of) for of in zip(*(pieces[len(pieces) - tail :] for pieces in rest), strict=True)]
    return [[piece] * len(variants) for piece in variants[0][:head]] + [middle] + ends


def described(choices: Mapping[str, tuple[Input, Sequence[Choice], int]]) -> Markup:
    """What `site.js` needs to know: of each input its id, its choices as the address says them, and the first one."""
    listed = [[name, [choice.code for choice in many], first] for name, (_, many, first) in choices.items()]
    return Html('<div hidden data-inputs="{}"></div>\n').format(json.dumps(listed, ensure_ascii=False))
