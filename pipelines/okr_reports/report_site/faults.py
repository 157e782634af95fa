"""What stops a page: one mistake at one place, with what to do about it.

Raised while one page is read or rendered, gathered over all pages and reported together as `PagesError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from okr_reports.errors import Finding, did_you_mean

SHOWN_NAMES = 12
# a tag, expression or file; a query; a limit of time, memory or size; what rows hold
Cause = Literal["page", "query", "time", "memory", "size", "data"]


class PageFault(Exception):
    """One mistake in one file of reports/. `cause` is what readers of the site may know of it."""

    def __init__(self, path: Path | str, line: int, what: str, todo: str, cause: Cause = "page") -> None:
        self.cause: Cause = cause
        self.finding = Finding(str(path), max(line, 1), "error", what, todo)
        super().__init__(str(self.finding))


class BadValue(Exception):
    """A value that cannot be used; whoever knows the place turns it into a PageFault."""

    cause: Cause = "page"

    def __init__(self, what: str, todo: str) -> None:
        self.what, self.todo = what, todo
        super().__init__(f"{what}; {todo}")

    def at(self, path: Path | str, line: int) -> PageFault:
        return PageFault(path, line, self.what, self.todo, self.cause)


class BadRows(BadValue):
    """The same, where it is the rows that a query gave: with other rows, or none, nothing can be said."""

    cause = "data"


def choose(name: str, known: Iterable[str], plural: str) -> str:
    """What to do about an unknown `name`: the nearest known one, else all of them."""
    names = sorted(set(known))
    if not names:
        return f"there are no {plural} here"
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return did_you_mean(name, names, f"known {plural}: {', '.join(names[:SHOWN_NAMES])}{more}", repr)
