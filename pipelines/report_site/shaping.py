"""From a query and a tag's attributes to the rows a component shows.

A measure is a column, or an SQL aggregate such as `sum(leads)` or `sum(spend) / sum(leads) as cost_per_lead`; with an
aggregate the rows are grouped by the tag's dimensions. Everything is one more SELECT around the query, run by the
same locked reader, so ratios are divided after summing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipelines.report_site.database import Reader, Result, Row
from pipelines.report_site.faults import BadValue, choose
from pipelines.report_site.queries import Statement
from pipelines.report_site.source_files import Query

COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ALIAS = re.compile(r"^(?P<sql>.+?)\s+as\s+(?:`(?P<quoted>[^`\"]+)`|(?P<name>\w+))$", re.IGNORECASE | re.DOTALL)
GRAINS = ("day", "week", "month", "quarter", "year")
LAST = re.compile(r"last (\d{1,4}) (day|week|month)s?", re.IGNORECASE)
BETWEEN = re.compile(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)")
RANGES = (
    "last 7 days",
    "last 28 days",
    "last 90 days",
    "last 12 weeks",
    "last 12 months",
    "this week",
    "this month",
    "this quarter",
    "this year",
    "previous week",
    "previous month",
    "previous quarter",
    "all time",
    "2026-01-01 to 2026-03-31",
)


@dataclass(frozen=True)
class Measure:
    """One column to show: its SQL, the name of the result column, and whether it aggregates."""

    sql: str
    name: str
    aggregates: bool

    @classmethod
    def of(cls, written: str) -> Measure:
        aliased = ALIAS.match(written.strip())
        sql = aliased["sql"] if aliased else written.strip()
        plain = COLUMN.fullmatch(sql) is not None
        name = (aliased["quoted"] or aliased["name"]) if aliased else sql
        return cls(f'"{sql}"' if plain else sql, name, not plain)


@dataclass(frozen=True)
class Shape:
    """What of a query is wanted. `date_range` is (first day, last day) of `date_column`."""

    dimensions: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    where: str | None = None
    order: str | None = None
    limit: int | None = None
    date_grain: str | None = None
    date_column: str | None = None
    date_range: tuple[date, date] | None = None


@dataclass
class Rows:
    """The rows of a query, run when first looked at. Pages use it as a list of rows."""

    statement: Statement
    values: dict[str, object]
    reader: Reader
    _result: Result | None = field(default=None, repr=False)

    @property
    def result(self) -> Result:
        if self._result is None:
            self._result = self.reader.run(self.statement, self.values)
        return self._result

    @property
    def columns(self) -> tuple[str, ...]:
        return self.result.columns

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

    def __iter__(self) -> Iterator[Row]:
        return iter(self.result.rows)

    def __len__(self) -> int:
        return len(self.result.rows)

    def __getitem__(self, number: int) -> Row:
        rows = self.result.rows
        if not -len(rows) <= number < len(rows):
            what = f"the query {self.name!r} has {len(rows)} rows, none with number {number}"
            raise BadValue(what, "test it with {% if ... | length %}")
        return rows[number]

    def shaped(self, shape: Shape) -> Rows:
        """These rows grouped, filtered and cut. The rows themselves when nothing is asked."""
        measures = [Measure.of(one) for one in shape.measures]
        asked = (shape.where, shape.order, shape.limit, shape.date_grain, shape.date_range)
        if not any(measure.aggregates for measure in measures) and all(one is None for one in asked):
            for name in (*shape.dimensions, *(measure.name for measure in measures)):
                self.need(name)
            return self
        return Rows(self._wrapped(shape, measures), dict(self.values) | _bounds(shape), self.reader)

    def _wrapped(self, shape: Shape, measures: Sequence[Measure]) -> Statement:
        dimensions = [_dimension(one, shape) for one in shape.dimensions]
        chosen = [*dimensions, *(f'{one.sql} as "{one.name}"' for one in measures)] or ["*"]
        conditions = [f"({shape.where})"] if shape.where else []
        if shape.date_range is not None:
            conditions.append(f'"{shape.date_column}" between $range_first and $range_last')
        sql = [f"select {', '.join(chosen)} from (\n{self.statement.sql}\n) as shown"]
        if conditions:
            sql.append(f"where {' and '.join(conditions)}")
        groups = any(measure.aggregates for measure in measures)
        if groups and dimensions:
            sql.append("group by " + ", ".join(str(number + 1) for number in range(len(dimensions))))
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


def _dimension(column: str, shape: Shape) -> str:
    if shape.date_grain and column == (shape.date_column or shape.dimensions[0]):
        if shape.date_grain not in GRAINS:
            raise BadValue(f"there is no date_grain {shape.date_grain!r}", choose(shape.date_grain, GRAINS, "grains"))
        return f'date_trunc(\'{shape.date_grain}\', "{column}")::date as "{column}"'
    measure = Measure.of(column)
    return f'{measure.sql} as "{measure.name}"'


def _bounds(shape: Shape) -> dict[str, object]:
    if shape.date_range is None:
        return {}
    return {"range_first": shape.date_range[0], "range_last": shape.date_range[1]}


def named_range(text: str, through: date) -> tuple[date, date] | None:
    """First and last day of a range such as `last 28 days`; `through` is the last day with data. None is all time."""
    wanted = text.strip().lower()
    if wanted == "all time":
        return None
    last = LAST.fullmatch(wanted)
    if last is not None:
        number = int(last[1])
        if last[2] == "month":
            first = _month(through, -number)
            return _clip_day(first, through.day) + timedelta(days=1), through
        return through - timedelta(days=number * (7 if last[2] == "week" else 1) - 1), through
    between = BETWEEN.fullmatch(wanted)
    if between is not None:
        return date.fromisoformat(between[1]), date.fromisoformat(between[2])
    which, _, unit = wanted.partition(" ")
    if which in ("this", "previous") and unit in ("week", "month", "quarter", "year"):
        first = _start_of(unit, through)
        if which == "this":
            return first, through
        return _start_of(unit, first - timedelta(days=1)), first - timedelta(days=1)
    raise BadValue(f"there is no date range {text!r}", choose(wanted, RANGES, "ranges"))


def range_before(days: tuple[date, date], compare_vs: str) -> tuple[date, date]:
    """The range to compare with: as many days just before, or the same days a year before."""
    first, last = days
    if compare_vs == "prior year":
        return _clip_day(first.replace(day=1, year=first.year - 1), first.day), _clip_day(
            last.replace(day=1, year=last.year - 1), last.day
        )
    length = (last - first).days + 1
    return first - timedelta(days=length), first - timedelta(days=1)


def _start_of(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1 if unit == "year" else (day.month - 1) // 3 * 3 + 1, day=1)


def _month(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _clip_day(first_of_month: date, day: int) -> date:
    """That day of the month, or its last one when the month is shorter."""
    last = (_month(first_of_month, 1) - timedelta(days=1)).day
    return first_of_month.replace(day=min(day, last))
