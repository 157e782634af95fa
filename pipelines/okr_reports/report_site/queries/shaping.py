"""From a query and a tag's attributes to the rows a component shows.

A measure is a column, or an SQL aggregate such as `sum(leads)` or `sum(spend) / sum(leads) as cost_per_lead`; with an
aggregate the rows are grouped by the tag's dimensions. Everything is one more SELECT around the query, run by the
same locked reader, so ratios are divided after summing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from okr_reports.common.plain_values import shows_rows
from okr_reports.report_site.faults import BadRows, BadValue, PageFault, choose
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.queries.rows import Result, Row
from okr_reports.report_site.source_files import Query

COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# what a column's name has not
SQL = re.compile(r"[()*/+|=<>'\"`]|\bas\b|\bcase\b", re.IGNORECASE)
ALIAS = re.compile(r"^(?P<sql>.+?)\s+as\s+(?:`(?P<quoted>[^`\"]+)`|(?P<name>\w+))$", re.IGNORECASE | re.DOTALL)
INPUT = re.compile(r"\$inputs_(\w+)")
GRAINS = ("day", "week", "month", "quarter", "year", "hour")
# what stands for a calendar's grain: an expression over the column, of which the first day with that name is shown
SEASONS = {
    "day of week": "date '2024-01-01' + (isodow({0}) - 1)::int",
    "month of year": "make_date(2024, month({0})::int, 1)",
    "quarter of year": "'Q' || quarter({0})",
    "day of month": "day({0})",
    "week of year": "weekofyear({0})",
    "day of year": "dayofyear({0})",
}
GRAIN_FORMATS = {"day of week": "dddd", "month of year": "mmmm", "month": "mmm-yy", "year": "yyyy"}


@dataclass(frozen=True)
class Measure:
    """One column to show: its SQL, the name of the result column, whether it aggregates, whether it was named."""

    sql: str
    name: str
    aggregates: bool
    named: bool = False

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, written: str) -> Measure:
        aliased = ALIAS.match(written.strip())
        sql = aliased["sql"] if aliased else written.strip()
        plain = COLUMN.fullmatch(sql) is not None
        name = (aliased["quoted"] or aliased["name"]) if aliased else sql.replace('"', "")
        return cls(f'"{sql}"' if plain else sql, name, not plain and _aggregates(sql), aliased is not None)


def _aggregates(sql: str) -> bool:
    """Whether an expression needs grouping. What cannot be read is left to DuckDB to complain about."""
    import sqlglot
    from sqlglot import expressions

    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return True
    return any(not aggregate.find_ancestor(expressions.Window) for aggregate in tree.find_all(expressions.AggFunc))


@dataclass(frozen=True)
class Shape:
    """What of a query is wanted. `date_grain` is of `date_column`, `date_range` (first, last day) of `range_column`."""

    dimensions: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    where: str | None = None
    order: str | None = None
    limit: int | None = None
    date_grain: str | None = None
    date_column: str | None = None
    date_range: tuple[date, date] | None = None
    having: str | None = None
    range_column: str | None = None
    grains: tuple[tuple[str, str], ...] = ()
    star: bool = False

    def grain_of(self, column: str) -> str | None:
        """The grain that a dimension is cut to."""
        return self.date_grain if self.date_grain and column == self.date_column else dict(self.grains).get(column)

    def check(self, dimensions: Sequence[Measure], measures: Sequence[Measure]) -> None:
        """Raises BadValue where many rows become one and a column does not say which of its values is shown."""
        plain = [measure.name for measure in measures if not measure.aggregates]
        columns = [name for name in plain if COLUMN.fullmatch(name) and name not in self.dimensions]
        for dimension in dimensions:
            if dimension.aggregates:
                what = (
                    f"{dimension.name!r} is worked out of many rows, and stands where a column to group them by belongs"
                )
                raise BadValue(what, f"swap it with {columns[0]!r}" if columns else "name a column of the query")
        whole = next((measure.name for measure in measures if measure.aggregates), None)
        if whole and columns:
            what = f"{whole!r} puts many rows into one, and {columns[0]!r} beside it does not say how"
            raise BadValue(what, f'write an aggregate such as "max({columns[0]})", or make it a dimension')
        grain = self.date_grain or next((grain for _, grain in self.grains), None)
        if grain and plain:
            what = f"date_grain={grain!r} puts many rows into one, and {plain[0]!r} does not say how"
            raise BadValue(what, f'write an aggregate such as "sum({plain[0]})"')


@dataclass
class Rows:
    """The rows of a query, run when first looked at. Pages use it as a list of rows.

    `inputs` are the choices of the page's inputs, which conditions of a tag may name as `$inputs_region`.
    """

    statement: Statement
    values: dict[str, object]
    reader: Reader
    inner: Rows | None = None
    inputs: Mapping[str, object] = field(default_factory=dict, repr=False)
    _result: Result | None = field(default=None, repr=False)

    @property
    def result(self) -> Result:
        """The rows. Raises PageFault for the query's own mistake, BadValue for one of the tag that shapes it."""
        if self._result is None:
            try:
                self._result = self.reader.run(self.statement, self.values)
            except PageFault as fault:
                if self.inner is None:
                    raise
                self.inner.result  # noqa: B018 - raises if the mistake is the query's
                error = BadValue(fault.finding.what, fault.finding.todo)
                error.cause = fault.cause
                raise error from None
        return self._result

    @property
    def columns(self) -> tuple[str, ...]:
        return self.result.columns

    @property
    def date_columns(self) -> list[str]:
        """The columns of dates and moments, without running the query."""
        types = self.reader.types_of(self.statement, self.values)
        return [name for name, kind in types.items() if kind == "DATE" or kind.startswith("TIMESTAMP")]

    @property
    def truncated(self) -> bool:
        return self.result.truncated

    @property
    def first(self) -> Row | None:
        return self.result.rows[0] if self.result.rows else None

    @property
    def name(self) -> str:
        return self.statement.query.name

    def column(self, name: str) -> list[object]:
        """All values of one column."""
        self.need(name)
        return [row[name] for row in self.result.rows]

    def need(self, name: str) -> None:
        """Raises BadValue when the query has no such column."""
        if name not in self.columns:
            todo = choose(name, self.columns, "columns")
            raise BadValue(f"the query {self.name!r} has no column {name!r}", todo)

    def __str__(self) -> str:
        what = f"{self.name!r} is a query of many rows, not one value"
        raise BadValue(what, f"write {self.name}[0].column, or loop over its rows")

    def __iter__(self) -> Iterator[Row]:
        return iter(self.result.rows)

    def __len__(self) -> int:
        return len(self.result.rows)

    def __getitem__(self, number: int) -> Row:
        rows = self.result.rows
        if not -len(rows) <= number < len(rows):
            what = f"the query {self.name!r} has {len(rows)} rows, none with number {number}"
            raise BadRows(what, "test it with {% if ... | length %}")
        return rows[number]

    def _measure(self, written: str) -> Measure:
        """A measure of these rows; columns may have names such as `Total sales`."""
        if COLUMN.fullmatch(written) or SQL.search(written) or written not in self.columns:
            return Measure.of(written)
        return Measure(f'"{written}"', written, False)

    def shaped(self, shape: Shape) -> Rows:
        """These rows grouped, filtered and cut. The rows themselves when the shape changes nothing."""
        measures = [self._measure(measure) for measure in shape.measures]
        options = (shape.where, shape.order, shape.limit, shape.date_grain, shape.date_range, shape.having)
        plain = not any(SQL.search(expression) for expression in (*shape.dimensions, *shape.measures))
        if plain and not shape.grains and all(option is None for option in options):
            for name in (*shape.dimensions, *(measure.name for measure in measures)):
                self.need(name)
            return self
        shape.check([self._measure(dimension) for dimension in shape.dimensions], measures)
        self._need_columns(shape.dimensions)
        statement = self._wrapped(shape, measures)
        named = {name: self.inputs[name] for name in INPUT.findall(statement.sql) if name in self.inputs}
        values = dict(self.values) | _bounds(shape) | {f"inputs_{name}": value for name, value in named.items()}
        return Rows(statement, values, self.reader, self, self.inputs)

    def _need_columns(self, names: Sequence[str]) -> None:
        """Raises BadValue for a dimension that is no column: DuckDB would complain of an alias."""
        known = self.reader.types_of(self.statement, self.values)
        lowered = {name.lower() for name in known}
        for name in names:
            if COLUMN.fullmatch(name) and name.lower() not in lowered:
                raise BadValue(f"the query {self.name!r} has no column {name!r}", choose(name, known, "columns"))

    def _wrapped(self, shape: Shape, measures: Sequence[Measure]) -> Statement:
        dimensions = [_dimension(self._measure(dimension), dimension, shape) for dimension in shape.dimensions]
        chosen = [*dimensions, *(f'{measure.sql} as "{measure.name}"' for measure in measures)] or ["*"]
        chosen = ["*", *(column for column in chosen if column != "*")] if shape.star else chosen
        conditions = [f"({shape.where})"] if shape.where else []
        if shape.date_range is not None:
            conditions.append(f'"{shape.range_column}"::date between $range_first and $range_last')
        sql = [f"select {', '.join(chosen)} from (\n{self.statement.sql}\n) as shown"]
        if conditions:
            sql.append(f"where {' and '.join(conditions)}")
        groups = any(measure.aggregates for measure in measures)
        if groups and dimensions:
            sql.append("group by " + ", ".join(str(number + 1) for number in range(len(dimensions))))
        if shape.having:
            sql.append(f"having {shape.having}")
        if shape.order:
            sql.append(f"order by {shape.order}")
        elif groups and dimensions:
            sql.append("order by all")
        if shape.limit is not None:
            sql.append(f"limit {int(shape.limit)}")
        query = self.statement.query
        return Statement(
            Query(query.name, query.sql, query.path, query.line), "\n".join(sql), (), self.statement.offset + 1
        )


shows_rows(Rows, "columns", "truncated", "first", "name", "column")


def _dimension(measure: Measure, column: str, shape: Shape) -> str:
    grain = shape.grain_of(column)
    if grain is None:
        return f'{measure.sql} as "{measure.name}"'
    if grain in SEASONS:
        return f'{SEASONS[grain].format(measure.sql)} as "{measure.name}"'
    if grain not in GRAINS:
        raise BadValue(f"there is no date_grain {grain!r}", choose(grain, (*GRAINS, *SEASONS), "grains"))
    kind = "timestamp" if grain == "hour" else "date"
    return f"date_trunc('{grain}', {measure.sql})::{kind} as \"{measure.name}\""


def _bounds(shape: Shape) -> dict[str, object]:
    if shape.date_range is None:
        return {}
    return {"range_first": shape.date_range[0], "range_last": shape.date_range[1]}
