"""Markdown to HTML. Three kinds of text, kept apart:

- page text, written by the report's authors: Markdown with HTML off; values and components are in it as slots that
  are filled after Markdown ran, so data never meets the Markdown parser;
- notes and check-ins, written by anybody: Markdown with HTML off, then nh3 with our own list of elements: no images
  (nh3's default list let six of our hostile notes send requests), links to http, https and mailto only;
- everything else is plain text and escaped by the templates.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin

from okr_reports.common.isolated import isolated_value
from okr_reports.report_site.faults import BadValue
from okr_reports.report_site.formats.markup import Html

SAFE_LINK = re.compile(r"(?:https?://|mailto:|[./#]|[A-Za-z0-9_-]+(?:[/.?#]|$))[^\s]*", re.IGNORECASE)
# a page as authors write it: /objectives, objectives/grow_pipeline, sources.md#late
ROUTE = re.compile(r"(?:\.{0,2}/)*(?:[\w%.-]+/)*[\w%.-]*(?:#[^\s]*)?(?<!^)", re.ASCII)
NOTE_TAGS = {"p", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "a", "br", "blockquote", "h4", "hr"}
# eight is more than any date, id or number in a heading needs to stay apart
MAX_ANCHOR = 80


class Slots:
    """Values and components of one rendering, by the placeholders that stand for them in the page's Markdown."""

    def __init__(self) -> None:
        # data that guessed a placeholder could put one value into the place of another
        name = f"xslot{secrets.token_hex(6)}n"
        self._name = name
        self.pattern = re.compile(rf"{name}(\d+)x")
        self.lone = re.compile(rf"<p>((?:\s|{name}\d+x|<br />)*)</p>\n?")
        self._anchors = {"content", "menu"}
        self._values: list[str] = []
        self._blocks: set[int] = set()

    def put(self, value: object, block: bool = False) -> Markup:
        """Keep a value (escaped unless it is Markup) and return its placeholder."""
        number = len(self._values)
        self._values.append(str(escape(isolated_value(value))))
        if block:
            self._blocks.add(number)
        return Markup(f"{self._name}{number}x")

    def fill(self, html: str) -> str:
        """`html` with each placeholder replaced, once: what a value says is not looked at again."""
        return self.pattern.sub(lambda match: self._values[int(match[1])], html)

    def plain(self, text: str) -> str:
        """The text with values filled in, for places that are not HTML (anchors, link targets)."""
        return self.pattern.sub(lambda match: Markup(self._values[int(match[1])]).striptags(), text)

    def anchor(self, text: str) -> str:
        """The id of a heading with its values filled in; no two on a page are alike."""
        plain = re.sub(r"[^\w-]+", "-", self.plain(text).lower()).strip("-")[:MAX_ANCHOR] or "section"
        number, chosen = 1, plain
        while chosen in self._anchors:
            number += 1
            chosen = f"{plain}-{number}"
        self._anchors.add(chosen)
        return chosen

    def has_block(self, text: str) -> bool:
        return any(int(match[1]) in self._blocks for match in self.pattern.finditer(text))


def page_markdown() -> MarkdownIt:
    """The parser of page texts. Indented code is off: pages indent inside their tags."""
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False})
    return parser.enable(["table", "strikethrough"]).disable(["code"]).use(anchors_plugin, max_level=3, slug_func=str)


@lru_cache(maxsize=1)
def _page_parser() -> MarkdownIt:
    return page_markdown()


# a target as written, and whether it is an image's, to its address
Resolve = Callable[[str, bool], str]


class BadLink(BadValue):
    """A link of the page's text that leads nowhere; `written` is its target."""

    def __init__(self, written: str, error: BadValue) -> None:
        self.written = written
        super().__init__(error.what, error.todo)


def render_prose(text: str, slots: Slots, resolve: Resolve | None = None) -> Markup:
    """Page text with slots to HTML. `resolve` turns a route or an image's name into its address. Raises BadLink."""
    return Html("".join(render_pieces(text, slots, resolve)))


def render_pieces(text: str, slots: Slots, resolve: Resolve | None = None) -> list[str]:
    """The same, each paragraph, heading or component of its own."""
    parser = _page_parser()
    env: dict[str, object] = {}
    tokens = parser.parse(text, env)
    _rewrite_links(tokens, slots, resolve or _as_written)
    pieces, begin, depth = [], 0, 0
    for place, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            pieces.append(_piece(parser.renderer.render(tokens[begin : place + 1], parser.options, env), slots))
            begin = place + 1
    return pieces


def _piece(html: str, slots: Slots) -> str:
    html = slots.lone.sub(lambda match: match[1] if slots.has_block(match[1]) else match[0], html)
    html = re.sub(
        r"<p>((?:(?!</p>).)*)</p>",
        lambda match: f'<div class="p">{match[1]}</div>' if slots.has_block(match[1]) else match[0],
        html,
        flags=re.DOTALL,
    )
    return slots.fill(html)


def _as_written(target: str, _image: bool) -> str:
    return target


def _rewrite_links(tokens: Sequence[Token], slots: Slots, resolve: Resolve) -> None:
    """Routes become addresses; targets and anchors made of slots are filled as plain text, and only safe ones stay."""
    for token in tokens:
        if token.type == "heading_open" and "id" in token.attrs:
            token.attrs["id"] = slots.anchor(str(token.attrs["id"]))
        for child in token.children or ():
            if child.type == "image":
                _rewrite_image(child, slots, resolve)
            elif "href" in child.attrs and slots.pattern.search(str(child.attrs["href"])):
                target = slots.plain(str(child.attrs["href"]))
                child.attrs["href"] = target if SAFE_LINK.fullmatch(target) else "#"
            elif "href" in child.attrs and ROUTE.fullmatch(str(child.attrs["href"])):
                child.attrs["href"] = _resolved(str(child.attrs["href"]), resolve, image=False)


def _rewrite_image(token: Token, slots: Slots, resolve: Resolve) -> None:
    token.attrs["src"] = _resolved(slots.plain(str(token.attrs["src"])), resolve, image=True)
    token.attrs["class"] = "image"
    for child in token.children or ():
        child.content = slots.plain(child.content)


def _resolved(written: str, resolve: Resolve, image: bool) -> str:
    try:
        return resolve(written, image)
    except BadValue as error:
        raise BadLink(written, error) from None


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
