"""What the names in a page or component stand for: queries with their parameters, and the choices of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import missing

from okr_reports.common.plain_values import plain
from okr_reports.report_site.dialect.tags import Sandbox
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.pages.inputs import Chosen, prepared
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query, query_name
from okr_reports.report_site.queries.shaping import Rows, Shape
from okr_reports.report_site.source_files import Query


@dataclass
class Scope:
    """The queries that names in one file stand for, with the parameters they are run with.

    `chosen` are the choices that a page's own text and queries name, `bound` what conditions of tags may bind of them.
    """

    queries: Mapping[str, Query]
    marts: Mapping[str, list[str]]
    namespaces: Mapping[str, Mapping[str, object]]
    reader: Reader
    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    bound: Mapping[str, object] = field(default_factory=dict)
    _rows: dict[str, Rows] = field(default_factory=dict)

    def find(self, name: str) -> Rows | None:
        """The rows of a query or mart, not run yet; None when there is neither."""
        name = query_name(name)
        if name not in self._rows:
            query = self.queries.get(name)
            if query is None and name in self.marts:
                query = Query(name, f'select * from "{name}"', Path(f"marts.{name}"), 1)
            if query is None:
                return None
            spaces = {**self.namespaces, **({"inputs": self.bound} if self.chosen else {})}
            queries = self.prepared if self.chosen else self.queries
            query = prepared(query, self.chosen) if self.chosen else query
            statement = compile_query(query, queries, {space: set(of) for space, of in spaces.items()})
            self._rows[name] = Rows(statement, statement.values(spaces), self.reader, inputs=self.bound)
        return self._rows[name]

    @cached_property
    def prepared(self) -> dict[str, Query]:
        """The queries as these choices make them."""
        return {name: prepared(query, self.chosen) for name, query in self.queries.items()}

    def filtered(self, rows: Rows, filters: Sequence[str]) -> Rows:
        """Those rows that the inputs of these ids leave."""
        conditions = []
        for name in filters:
            if name not in self.chosen:
                raise BadValue(f"there is no input {name!r}", choose(str(name), self.chosen, "inputs"))
            conditions.append(self.chosen[name].input.condition())
        return rows.shaped(Shape(where=" and ".join(conditions))) if conditions else rows

    def need(self, name: str) -> Rows:
        rows = self.find(name)
        if rows is None:
            raise BadValue(f"there is no query {name!r}", choose(name, [*self.queries, *self.marts], "queries"))
        return rows


class QueryContext(Context):
    """A Jinja context in which query names stand for their rows. Templates cannot name the context itself."""

    scope: Scope | None = None

    def resolve_or_missing(self, key: str) -> Any:
        # before Jinja's own names, such as range
        if self.scope is not None and key in self.scope.chosen:
            return plain(self.scope.chosen[key].shown())
        value = super().resolve_or_missing(key)
        if value is not missing:
            return value
        rows = self.scope.find(key) if self.scope is not None else None
        if rows is not None:
            return plain(rows)
        page = super().resolve_or_missing("page")
        return page[key] if isinstance(page, Mapping) and key in page else missing


class PageSandbox(Sandbox):
    context_class = QueryContext


def scope_of(context: Context) -> Scope:
    assert isinstance(context, QueryContext)
    assert context.scope is not None
    return context.scope


@pass_context
def has_rows(context: Context, name: Any, where: Any = None) -> bool:
    """Whether a query or mart has a row, of those that meet a condition. Raises BadValue for a name there is not."""
    return len(scope_of(context).need(str(name)).shaped(Shape(where=str(where) if where else None, limit=1))) > 0
