"""The rows of a table tag: grouped by its dimensions, each measure over its own days and against its own comparison.

Measures with a date range, a comparison or a sparkline of their own are queried apart and joined by the dimensions.
Totals and subtotals are queried as well, never added up from rows: so a ratio's total is a ratio of sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.formats.comparison import Comparison, target_number
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import SQL, Measure, Rows, Shape

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

Child = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Grid:
    """What a table shows: rows by column name, and the total of each column where there is one."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    truncated: bool
    totals: Mapping[str, Any] = field(default_factory=dict)
    subtotals: Mapping[Any, Mapping[str, Any]] = field(default_factory=dict)

    def need(self, name: str) -> None:
        if name not in self.columns:
            raise BadValue(f"the table has no column {name!r}", choose(name, self.columns, "columns"))


def names_of(children: Sequence[Child]) -> list[str]:
    """A column's name for each child; equal ones (the same measure over two ranges) get a number behind."""
    names: list[str] = []
    for child in children:
        name = Measure.of(child["value"]).name
        taken = sum(other == name or other.startswith(f"{name} (") for other in names)
        names.append(f"{name} ({taken + 1})" if taken else name)
    return names


@dataclass
class Gathering:
    """Asks for the rows of one table. `names` are the columns of `children`."""

    functions: Functions
    data: Rows
    children: Sequence[Child]
    names: Sequence[str]
    options: Mapping[str, Any]

    def grid(self) -> Grid:
        """All rows with all columns, totals and subtotals."""
        base = self._shaped(self._plain(), self.options.get("date_range"), all_rows=True)
        extra = {name: self._special(child) for child, name in self._specials()}
        columns = (*base.columns, *(name for name in extra if name not in base.columns))
        places = {name: number for number, name in enumerate(columns)}
        rows = []
        for row in base:
            key = self._key(row)
            rows.append(Row(places, (*row, *(extra[name].get(key) for name in columns[len(base.columns) :]))))
        return Grid(columns, rows, base.truncated, self._totals(), self._subtotals())

    # columns

    @property
    def dimensions(self) -> list[Child]:
        return [child for child in self.children if child["tag"] == "dimension"]

    @property
    def grouped(self) -> bool:
        """Whether rows are put together: some measure is an aggregate, or a date is cut to its month."""
        grained = any(child.get("date_grain") for child in self.children)
        return grained or any(
            Measure.of(child["value"]).aggregates for child in self.children if child["tag"] == "measure"
        )

    def _specials(self) -> list[tuple[Child, str]]:
        pairs = zip(self.children, self.names, strict=True)
        return [(child, name) for child, name in pairs if child["tag"] == "measure" and _is_special(child)]

    def _plain(self) -> list[str]:
        """The measures queried together, with the expressions that links and colours are made of."""
        pairs = list(zip(self.children, self.names, strict=True))
        wanted = [
            f"{Measure.of(child['value']).sql} as `{name}`"
            if name != Measure.of(child["value"]).name
            else child["value"]
            for child, name in pairs
            if child["tag"] == "measure" and not _is_special(child)
        ]
        for number, (child, _) in enumerate(pairs):
            for what in ("link", "conditional_colors"):
                if child.get(what) and SQL.search(child[what]) and "{" not in child[what]:
                    wanted.append(f"{child[what]} as `__{what}_{number}`")
        if self.options.get("row_colors"):
            wanted.append(f"{self.options['row_colors']} as `__row_colors`")
        if self.grouped and not any(Measure.of(expression).aggregates for expression in wanted):
            wanted.append("count(*) as `__rows`")
        return wanted

    def _shaped(
        self, measures: Sequence[str], date_range: Any, dimensions: int | None = None, all_rows: bool = False
    ) -> Rows:
        functions, options = self.functions, self.options
        known = self.dimensions if dimensions is None else self.dimensions[:dimensions]
        if not self.grouped:
            known, measures = [], [measure for measure in measures if SQL.search(measure)]
        days = functions.date_range(date_range)
        column = functions.date_column(self.data, date_range) if days else None
        order = (options.get("order") or self._order()) if all_rows else None
        grains = tuple((child["value"], child["date_grain"]) for child in known if child.get("date_grain"))
        return self.data.shaped(
            Shape(
                tuple(child["value"] for child in known),
                tuple(measures),
                options.get("where"),
                order,
                options.get("limit") if all_rows else None,
                date_range=days,
                having=options.get("having") if all_rows else None,
                range_column=column,
                grains=grains,
                star=not self.grouped,
            )
        )

    def _order(self) -> str | None:
        """By the columns that ask for it; with subtotals, groups stay together."""
        first = [f'"{self.names[0]}"'] if self.options.get("subtotals") and self.dimensions else []
        pairs = zip(self.children, self.names, strict=True)
        sorts = [f'"{name}" {child["sort"]} nulls last' for child, name in pairs if child.get("sort")]
        return ", ".join([*first, *sorts]) or None

    def _key(self, row: Row) -> Key:
        return tuple(row[Measure.of(child["value"]).name] for child in self.dimensions)

    # measures with days of their own

    def _special(self, child: Child, dimensions: int | None = None) -> dict[Key, Any]:
        """A special measure's value for each row, by the values of the dimensions."""
        measure, days = child["value"], child.get("date_range") or self.options.get("date_range")
        if _sparkline(child):
            return self._histories(child, days)
        now = self._by_key(measure, days, dimensions)
        comparison = child.get("comparison")
        if not comparison:
            return now
        against = comparison.get("compare_vs") or "target"
        if against == "target":
            target = comparison.get("target")
            number = target_number(target)
            before = self._by_key(target, days, dimensions) if number is None else dict.fromkeys(now, number)
        else:
            first, last = self.functions.days_before(days, against)
            column = self.functions.date_column(self.data, days)
            before = self._by_key(measure, {"range": f"{first} to {last}", "date": column}, dimensions)
        better = "lower" if comparison.get("down_is_good") else child.get("better") or "higher"
        neutral = comparison.get("neutral_range", 0.0005)
        compare = self.functions.compare
        return {key: compare(value, before.get(key), better, neutral) for key, value in now.items()}

    def _by_key(self, measure: str, days: Any, dimensions: int | None) -> dict[Key, Any]:
        parsed = Measure.of(measure)
        name = parsed.name
        if not parsed.aggregates:
            what = f"{name!r} is compared or has days of its own, and does not say how rows are put together for that"
            raise BadValue(what, f'write an aggregate such as "sum({name})"')
        rows = self._shaped([measure], days, dimensions)
        known = self.dimensions if dimensions is None else self.dimensions[:dimensions]
        return {tuple(row[Measure.of(dimension["value"]).name] for dimension in known): row[name] for row in rows}

    def _histories(self, child: Child, days: Any) -> dict[Key, Any]:
        """The values of a measure over x, in a list for each row."""
        how = child.get("sparkline_options") or {}
        if not how.get("x"):
            raise BadValue('viz="sparkline" does not say over what', 'add sparkline_options={ x="date" }')
        across = {"tag": "dimension", "value": how["x"], "date_grain": how.get("date_grain")}
        wider = Gathering(self.functions, self.data, [*self.dimensions, across], [], {**self.options, "limit": None})
        found: dict[Key, list[Any]] = {}
        for key, value in wider._by_key(child["value"], how.get("date_range") or days, None).items():
            found.setdefault(key[:-1], []).append((key[-1], value))
        return {key: [value for _, value in sorted(pairs, key=lambda pair: pair[0])] for key, pairs in found.items()}

    # totals

    def _totals(self) -> dict[str, Any]:
        return self._summed(0).get((), {}) if self.options.get("total") and self.grouped else {}

    def _subtotals(self) -> dict[Any, Mapping[str, Any]]:
        if not self.options.get("subtotals") or not self.grouped or len(self.dimensions) < 2:
            return {}
        return {key[0]: values for key, values in self._summed(1).items()}

    def _summed(self, dimensions: int) -> dict[Key, dict[str, Any]]:
        """The aggregates over all rows, or over the groups of the first dimensions."""
        found: dict[Key, dict[str, Any]] = {}
        for child, name in zip(self.children, self.names, strict=True):
            if child["tag"] != "measure" or not Measure.of(child["value"]).aggregates or _sparkline(child):
                continue
            special = _is_special(child)
            days = self.options.get("date_range")
            values = self._special(child, dimensions) if special else self._by_key(child["value"], days, dimensions)
            for key, value in values.items():
                found.setdefault(key, {})[name] = value
        return found


def _is_special(child: Child) -> bool:
    return bool(child.get("date_range") or child.get("comparison") or _sparkline(child))


def _sparkline(child: Child) -> bool:
    return child.get("viz") == "sparkline" and Measure.of(child["value"]).aggregates


def plain_value(value: Any) -> Any:
    """A cell's value for a file: a comparison as its share."""
    if isinstance(value, Comparison):
        return value.share
    return ", ".join(map(str, value)) if isinstance(value, list) else value
