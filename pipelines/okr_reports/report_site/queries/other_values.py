"""The values with which other pages will run a statement, by those of one of them.

Those of the pages' last build; what has moved since in one of them has moved in all that had the same: a page is of
days that end with the last one. Of pages that are new their parameters: where a value is one of them, pages of the same
file run the statement with theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from okr_reports.report_site.queries.sets import Values

Parameters = Mapping[str, Any]


class OtherValues:
    """The parameters of the pages that are to be rendered, by their page file; `before`: what they ran last time."""

    def __init__(
        self, pages: Iterable[tuple[str, Parameters]], before: Mapping[str, Iterable[Values]] | None = None
    ) -> None:
        self._before = {sql: dict.fromkeys(values) for sql, values in (before or {}).items()}
        self._pages: dict[str, list[Parameters]] = {}
        self._places: dict[tuple[str, object], tuple[int, str]] = {}
        for file, parameters in pages:
            of_file = self._pages.setdefault(file, [])
            for name, value in parameters.items():
                if isinstance(value, str):
                    self._places.setdefault((file, value), (len(of_file), name))
            of_file.append(parameters)
        self._used: set[tuple[str, Values]] = set()
        self._last: dict[tuple[str, str], tuple[int, list[Values]]] = {}

    def ran(self, sql: str, values: Values) -> None:
        """Note what a page runs."""
        self._used.add((sql, values))

    def of(self, sql: str, values: Values) -> list[Values]:
        """The values of a statement for other pages; none if they are not known."""
        return self._moved(sql, values) or self._of_pages(sql, values)

    def _moved(self, sql: str, values: Values) -> list[Values]:
        before = self._before.get(sql, {})
        if values in before:
            return [] if has_days(values) else list(before)
        nearest = max(before, key=lambda other: len({*other} & {*values}), default=())
        if not {*nearest} & {*values}:
            return []
        moved = {old: new for old, new in zip(nearest, values, strict=True) if old != new}
        made = (
            tuple(moved.get(pair, pair) for pair in other) for other in before if not moved.keys().isdisjoint(other)
        )
        return list(dict.fromkeys(made))

    def _of_pages(self, sql: str, values: Values) -> list[Values]:
        """By the file whose parameters most of these values are.

        Values that pages did not run, though they were expected to, are expected no more: what is no parameter is then
        of one page alone.
        """
        found: dict[str, str] = {}
        file, place = "", 0
        for candidate in self._pages:
            at, names = self._parameters(candidate, values)
            if len(names) > len(found):
                file, place, found = candidate, at, names
        if not found:
            return []
        if (file, sql) in self._last:
            begin, expected = self._last[file, sql]
            due = expected[begin + 1 : place]
            if 2 * sum((sql, values_of) in self._used for values_of in due) < max(len(due), 1):
                return []
        every = [
            tuple((name, page[found[name]] if name in found else value) for name, value in values)
            for page in self._pages[file]
        ]
        self._last[file, sql] = place, every
        return list(dict.fromkeys(every))

    def _parameters(self, file: str, values: Values) -> tuple[int, dict[str, str]]:
        """The number of a page of a file, and which of its parameters each value is."""
        for _, value in values:
            if place := self._places.get((file, value)):
                page = self._pages[file][place[0]]
                of_page = {given: name for name, given in reversed([*page.items()]) if isinstance(given, str)}
                return place[0], {
                    name: of_page[value] for name, value in values if isinstance(value, str) and value in of_page
                }
        return 0, {}


def has_days(values: Values) -> bool:
    """Whether a statement is of days, which may be others tomorrow."""
    return any(isinstance(value, date) for _, value in values)
