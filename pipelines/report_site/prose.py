"""Markdown to HTML. Three kinds of text, kept apart:

- page text, written by the report's authors: Markdown with HTML off; values and components stand in it as slots that
  are filled after Markdown ran, so data never meets the Markdown parser;
- notes and check-ins, written by anybody: Markdown with HTML off, then nh3 with our own list of elements: no images
  (nh3's default list let six of our hostile notes send requests), links to http, https and mailto only;
- everything else is plain text and escaped by the templates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin

from pipelines.report_site.faults import BadValue
from pipelines.report_site.markup import Html

SLOT = re.compile(r"xSLOT(\d+)x")
LONE_SLOTS = re.compile(r"<p>((?:\s|xSLOT\d+x|<br />)*)</p>\n?")
SAFE_LINK = re.compile(r"(?:https?://|mailto:|[./#]|[A-Za-z0-9_-]+(?:[/.?#]|$))[^\s]*", re.IGNORECASE)
# a page as authors write it: /objectives, objectives/grow_pipeline, sources.md#late
ROUTE = re.compile(r"/?(?:[\w%-]+/)*[\w%-]*(?:\.md)?/?(?:#[^\s]*)?(?<!^)", re.ASCII)
NOTE_TAGS = {"p", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "a", "br", "blockquote", "h4", "hr"}
# eight is more than any date, id or number in a heading needs to stay apart
MAX_ANCHOR = 80


class Slots:
    """Values and components of one rendering, by the placeholders that stand for them in the page's Markdown."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._blocks: set[int] = set()

    def put(self, value: object, block: bool = False) -> Markup:
        """Keep a value (escaped unless it is Markup) and return its placeholder."""
        number = len(self._values)
        self._values.append(str(escape(value)))
        if block:
            self._blocks.add(number)
        return Markup(f"xSLOT{number}x")

    def fill(self, html: str) -> str:
        """`html` with each placeholder replaced, once: what a value says is not looked at again."""
        return SLOT.sub(lambda match: self._values[int(match[1])], html)

    def plain(self, text: str) -> str:
        """The text with values filled in, for places that are not HTML (anchors, link targets)."""
        return SLOT.sub(lambda match: Markup(self._values[int(match[1])]).striptags(), text)

    def has_block(self, text: str) -> bool:
        return any(int(match[1]) in self._blocks for match in SLOT.finditer(text))


def page_markdown() -> MarkdownIt:
    """The parser of page texts. Indented code is off: pages indent inside their tags."""
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False})
    return (
        parser.enable(["table", "strikethrough"])
        .disable(["code", "image"])
        .use(anchors_plugin, max_level=3, slug_func=str)
    )


@lru_cache(maxsize=1)
def _page_parser() -> MarkdownIt:
    return page_markdown()


class BadLink(BadValue):
    """A link of the page's text that leads nowhere; `written` is its target."""

    def __init__(self, written: str, error: BadValue) -> None:
        self.written = written
        super().__init__(error.what, error.todo)


def render_prose(text: str, slots: Slots, resolve: Callable[[str], str] | None = None) -> Markup:
    """Page text with slots to HTML. `resolve` turns a page's route into its address. Raises BadLink."""
    parser = _page_parser()
    env: dict[str, object] = {}
    tokens = parser.parse(text, env)
    _mend_links(tokens, slots, resolve or str)
    html = parser.renderer.render(tokens, parser.options, env)
    html = LONE_SLOTS.sub(lambda match: match[1] if slots.has_block(match[1]) else match[0], html)
    html = re.sub(
        r"<p>((?:(?!</p>).)*)</p>",
        lambda match: f'<div class="p">{match[1]}</div>' if slots.has_block(match[1]) else match[0],
        html,
        flags=re.DOTALL,
    )
    return Html(slots.fill(html))


def _mend_links(tokens: Sequence[Token], slots: Slots, resolve: Callable[[str], str]) -> None:
    """Routes become addresses; targets and anchors made of slots are filled as plain text, and only safe ones stay."""
    taken = {"content", "menu"}
    for token in tokens:
        if token.type == "heading_open" and "id" in token.attrs:
            token.attrs["id"] = _anchor(slots.plain(str(token.attrs["id"])), taken)
        for child in token.children or ():
            for name in ("href", "src"):
                if name in child.attrs and SLOT.search(str(child.attrs[name])):
                    target = slots.plain(str(child.attrs[name]))
                    child.attrs[name] = target if SAFE_LINK.fullmatch(target) else "#"
                elif name in child.attrs and ROUTE.fullmatch(str(child.attrs[name])):
                    written = str(child.attrs[name])
                    try:
                        child.attrs[name] = resolve(written)
                    except BadValue as error:
                        raise BadLink(written, error) from None


def _anchor(words: str, taken: set[str]) -> str:
    """The words of a heading as an id: letters and digits joined by hyphens, numbered where it is taken."""
    base = re.sub(r"\W+", "-", words.lower()).strip("-")[:MAX_ANCHOR] or "part"
    anchor, number = base, 2
    while anchor in taken:
        anchor, number = f"{base}-{number}", number + 1
    taken.add(anchor)
    return anchor


@lru_cache(maxsize=1)
def _note_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "heading", "lheading"])


@lru_cache(maxsize=8192)
def render_note(text: str | None) -> Markup:
    """A note or check-in, written by anybody, to harmless HTML."""
    if not text:
        return Html("")
    html = nh3.clean(
        _note_parser().render(text),
        tags=NOTE_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Html(html)
