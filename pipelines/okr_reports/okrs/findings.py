"""Short ways to say what is wrong with a definition."""

from __future__ import annotations

from okr_reports.errors import Finding


def mistake(path: str, line: int, what: str, todo: str) -> Finding:
    """A mistake: nothing is refreshed until it is fixed."""
    return Finding(path, line, "error", what, todo)


def advice(path: str, line: int, what: str, todo: str) -> Finding:
    """Something that works but is probably not meant."""
    return Finding(path, line, "warning", what, todo)
