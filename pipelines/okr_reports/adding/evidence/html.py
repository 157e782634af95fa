"""HTML in pages of before Core as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from okr_reports.adding.evidence.expressions import literal
from okr_reports.adding.evidence.markup import Piece

INLINE = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


class Tags(Protocol):
    """The page as it is being made: what closes the tags that are open, and values of attributes."""

    ends: list[tuple[str, str]]

    @property
    def note(self) -> Callable[[int, str, str], None]: ...

    def end_of(self, name: str) -> str: ...

    def value(self, written: str, line: int) -> Any: ...


def as_markdown(piece: Piece, line: int, page: Tags) -> str:
    """One tag of HTML; of what has no like here nothing, and it is listed."""
    name, ends = piece.name.lower(), piece.kind == "end"
    if name in INLINE:
        return INLINE[name]
    if name in HEADINGS:
        return "\n\n" if ends else f"\n\n{HEADINGS[name]} "
    if name == "br":
        return "\n\n"
    if name == "hr":
        return "\n\n---\n\n"
    if name == "li":
        return "" if ends else "\n- "
    if name == "a":
        if ends:
            return page.end_of("a")
        url = str(page.value(piece.attributes.get("href", '"#"'), line) or "#")
        url = re.sub(r'^"|"$', "", url)
        page.ends.append(("a", f"]({url})"))
        return "["
    if name == "img":
        source = str(literal(piece.attributes.get("src", "")) or "")
        what = str(literal(piece.attributes.get("alt", "")) or "image")
        return f"![{what}]({source})"
    if name in ("p", "div", "section", "center", "ul", "ol", "article", "main", "header", "footer", "blockquote"):
        return "\n\n" if piece.text.count("\n") or ends or name == "p" else "\n"
    if name in ("span", "small", "sub", "sup", "u", "font", "mark", "button", "table", "tr", "td", "th", "tbody",
                "thead", "nav", "label"):  # fmt: skip
        return " " if ends and name in ("td", "th") else ""
    page.note(line, f"<{name}>", "pages hold no HTML of their own; the element is left out")
    return ""
