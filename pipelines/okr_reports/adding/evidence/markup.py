"""Reads the markup of pages of Evidence before Core: components with their attributes, Svelte's braces, HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FENCE = re.compile(r"^[ \t]*```[ \t]*(?P<info>[^\n`]*)\n(?P<sql>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
# what is shown as it is written, and comments
_PLAIN = re.compile(
    r"^[ \t]*```.*?^[ \t]*```[ \t]*$|<!--.*?-->|`[^`\n]+`|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL | re.MULTILINE
)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*)")
_DROPPED = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(r"[\w:@|-]+")


@dataclass(frozen=True)
class Piece:
    """A part of a page. `kind`: text, plain (shown as it is), tag, end, brace or dropped; `line` counts from 1."""

    kind: str
    text: str
    line: int
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_closed: bool = False


def pieces(body: str) -> Iterator[Piece]:
    """The body of a page from its beginning to its end; nothing is left out."""
    at, begin, line = 0, 0, 1

    def text(until: int) -> Iterator[Piece]:
        if until > begin:
            yield Piece("text", body[begin:until], line)

    while at < len(body):
        found = None
        letter = body[at]
        if letter in "<{`" or (letter in " \t" and (at == 0 or body[at - 1] == "\n")):
            found = _piece(body, at)
        if found is None:
            at += 1
            continue
        yield from text(at)
        line += body.count("\n", begin, at)
        piece, end = found
        yield Piece(piece.kind, body[at:end], line, piece.name, piece.attributes, piece.is_closed)
        line += body.count("\n", at, end)
        at = begin = end
    yield from text(at)


def _piece(body: str, at: int) -> tuple[Piece, int] | None:
    if plain := _PLAIN.match(body, at):
        return Piece("plain", "", 0), plain.end()
    if body[at] == "<":
        if dropped := _DROPPED.match(body, at):
            return Piece("dropped", "", 0, dropped[1].lower()), dropped.end()
        tag = _TAG.match(body, at)
        return _tag(body, tag) if tag else None
    if body[at] == "{" and (at == 0 or body[at - 1] != "\\"):
        end = _closing(body, at)
        return (Piece("brace", "", 0), end) if end else None
    return None


def _tag(body: str, match: re.Match[str]) -> tuple[Piece, int] | None:
    at = match.end()
    attributes: dict[str, str] = {}
    while at < len(body):
        if body[at].isspace() or body[at] in ",}":
            at += 1
        elif body.startswith("/>", at):
            return Piece("end" if match["end"] else "tag", "", 0, match["name"], attributes, True), at + 2
        elif body[at] == ">":
            return Piece("end" if match["end"] else "tag", "", 0, match["name"], attributes), at + 1
        elif body[at] == "{":
            end = _closing(body, at)
            if not end:
                return None
            inside = body[at + 1 : end - 1].strip()
            attributes[inside.lstrip(".")] = "{" + inside + "}"
            at = end
        elif name := _NAME.match(body, at):
            at = name.end()
            value, at = _value(body, at)
            attributes[name[0]] = value
        else:
            return None
    return None


def _value(body: str, at: int) -> tuple[str, int]:
    """The value behind `=` as it is written, quotes and braces included; `{true}` without one."""
    after = re.compile(r"\s*=\s*").match(body, at)
    if not after:
        return "{true}", at
    at = after.end()
    if at < len(body) and body[at] in "\"'`":
        end = body.find(body[at], at + 1)
        end = len(body) if end < 0 else end + 1
        return body[at:end], end
    if at < len(body) and body[at] == "{":
        end = _closing(body, at) or len(body)
        return body[at:end], end
    bare = re.compile(r"(?:[^\s>/]|/(?!>))+").match(body, at)
    return (bare[0].rstrip(","), bare.end()) if bare else ("", at)


def _closing(body: str, at: int) -> int | None:
    """Where the brace that opens at `at` has closed; None if it never does within 60 lines."""
    depth, quote = 0, ""
    for place in range(at, min(len(body), at + 6000)):
        letter = body[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'`" and depth and not (letter == "'" and body[place - 1].isalpha()):
            quote = letter
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                return place + 1
    return None
