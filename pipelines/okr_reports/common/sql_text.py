"""Names and texts in statements that take no parameters (ATTACH, COMMENT, COPY)."""

from __future__ import annotations


def quoted_text(value: str) -> str:
    """A text literal, whatever is in it."""
    return "'" + value.replace("'", "''") + "'"


def quoted_name(value: str) -> str:
    """An identifier, whatever is in it."""
    return '"' + value.replace('"', '""') + '"'
