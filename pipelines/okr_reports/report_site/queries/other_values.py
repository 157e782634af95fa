"""The values with which other pages will run a statement, by those of one of them.

A page runs it with its parameters. So where a value is one of them, pages of the same file run it with theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from okr_reports.report_site.queries.sets import Values

Parameters = Mapping[str, Any]


class OtherValues:
    """The parameters of the pages that are to be rendered, by their page file."""

    def __init__(self, pages: Iterable[tuple[str, Parameters]]) -> None:
        self._pages: dict[str, list[Parameters]] = {}
        self._places: dict[tuple[str, object], tuple[Parameters, str]] = {}
        for file, parameters in pages:
            self._pages.setdefault(file, []).append(parameters)
            for name, value in parameters.items():
                if isinstance(value, str):
                    self._places.setdefault((file, value), (parameters, name))

    def of(self, values: Values) -> list[Values]:
        """The values of a statement for each page of the file whose parameters most of these are; none if none is."""
        found: dict[str, str] = {}
        file = ""
        for candidate in self._pages:
            names = self._parameters(candidate, values)
            if len(names) > len(found):
                file, found = candidate, names
        if not found:
            return []
        return list(dict.fromkeys(
            tuple((name, page[found[name]] if name in found else value) for name, value in values)
            for page in self._pages[file]
        ))  # fmt: skip

    def _parameters(self, file: str, values: Values) -> dict[str, str]:
        """Which parameter of one page of a file each value is."""
        for _, value in values:
            if place := self._places.get((file, value)):
                of_page = {given: name for name, given in reversed([*place[0].items()]) if isinstance(given, str)}
                return {name: of_page[value] for name, value in values if isinstance(value, str) and value in of_page}
        return {}
