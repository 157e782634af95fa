"""Texts of other people made harmless where they leave us: one line for headers, no mentions for chat."""

from __future__ import annotations

import unicodedata

from okr_reports.common.isolated import CONTROLS

# A line break by any standard, other control characters, unpaired surrogates, characters nobody may use.
_BREAKING = {"Cc", "Zl", "Zp", "Cs", "Cn", "Co"}
# They turn the order of what follows around.
_TURNING = {*CONTROLS}
WORD_JOINER = "\u2060"
# Slack and Teams read <!channel>, <@U1> and <at>; Discord, Mattermost and others any @everyone; Markdown [text](link).
_CHAT = {"<": "‹", ">": "›", "@": "@" + WORD_JOINER, "](": "]" + WORD_JOINER + "("}


def one_line(text: str, limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters, fit for a header, a subject, a line of a list."""
    shown = "".join(
        " " if unicodedata.category(character) in _BREAKING else character
        for character in text
        if character not in _TURNING
    )
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def header_text(text: str, limit: int = 200) -> str:
    """`text` for a mail header.

    The email package decodes encoded words in what it is given and writes what they hold as it is, line breaks
    included: the title `=?utf-8?q?=0D=0ABcc:_a@b.example?=` became a header of its own (Python 3.11). So none is left.
    """
    return one_line(text.replace("=?", "=" + WORD_JOINER + "?"), limit)


def without_mentions(text: str) -> str:
    """`text` that calls nobody and links nothing, in any chat program.

    The signs are replaced rather than escaped: what one service reads as an escape another one shows.
    """
    for sign, harmless in _CHAT.items():
        text = text.replace(sign, harmless)
    return "\n".join(one_line(line, limit=2_000) for line in text.split("\n"))
