"""From cells to rows: days, exact numbers, ids; every fault of the table is collected, none stops the search for more.

The work is DuckDB's; Python judges each distinct text once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

from okr_reports.channels.files import amounts
from okr_reports.channels.files.day_ranges import DayRanges
from okr_reports.channels.files.days import DayReader
from okr_reports.channels.files.faults import SHOWN
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.layout import Layout
from okr_reports.channels.files.money import Money, adopt_column, currency_columns, currency_of_amounts, money_measures
from okr_reports.channels.files.names import NULL_MARKS, SHORTENED, TOTAL, spaced
from okr_reports.channels.files.number_cells import NumberReader, number_of, scale_literal
from okr_reports.channels.files.rows import VALUE, Fault
from okr_reports.channels.files.totals import find_totals
from okr_reports.file_sources import FileSource, RowCondition

# A plan may be a year ahead; what is later than that is a slip of the pen.
FURTHEST_AHEAD = timedelta(days=366)
_IDS = ("account_id", "campaign_id", "campaign_name", "campaign_group_name")


@dataclass
class Typing:
    """One table being read, into the table `typed` (ROW_COLUMNS less file and sheet, v0 ...), `faults` and `said`.

    Its tables: `cells` as found; `base`, the named cells, days and `kind` of each row; `good`, those rows that count.
    """

    connection: duckdb.DuckDBPyConnection
    source: FileSource
    grid: Grid
    today: date
    reporting: str | None
    faults: list[Fault] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    money: Money = field(default_factory=Money)
    measures: list[str] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return self.grid.layout

    def run(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()

    def fault(self, what: str, todo: str, found: Sequence[tuple[Any, ...]], settles: str = "") -> None:
        """`found` are (line, cell) of all places."""
        places = tuple(self.grid.place(line) for line, *_ in found[:SHOWN])
        cells = [cell for _, cell, *_ in found[:SHOWN]]
        shown = tuple("the empty cell" if cell is None else repr(_bare(cell)[:60]) for cell in cells if cell != "")
        self.faults.append(Fault(what, todo, places, len(found), shown, settles))

    def read(self) -> None:
        """All steps. Faults of one step do not keep the next from looking."""
        adopt_column(self.source, self.layout)
        self._make_base()
        self._leave_rows_out()
        DayReader(self).read()
        ranges = DayRanges(self)
        ranges.check()
        self._check_shape()
        numbers = NumberReader(self)
        numbers.read()
        find_totals(self)
        ranges.check_second_date()
        if not any(fault.settles == "numbers" for fault in self.faults):
            numbers.check()
        self._decide_money()
        self._make_typed()
        self._check_key()

    def header(self, role: str) -> str:
        return spaced(self.layout.names[self.layout.roles[role]])

    def ids(self) -> list[str]:
        """The columns of `base` that name a row's campaign, else its account; none where the file has none."""
        named = [role for role in _IDS[1:] if role in self.layout.roles]
        return named or [role for role in _IDS[:1] if role in self.layout.roles]

    def counts_rows(self) -> bool:
        return any(self.source.measures[name].count for name in self.measures)

    def _make_base(self) -> None:
        marks = {mark.casefold() for mark in (*NULL_MARKS, *self.source.null_values)}
        listed = ", ".join(_quoted(mark) for mark in sorted(marks))
        self.run(f"create or replace macro cell(x) as if(lower(x) in ({listed}), null, x)")
        self.run(r"create or replace macro ident(x) as regexp_replace(ltrim(cell(x), chr(1)), '^\[(.*)\]$', '\1')")
        layout, parts = self.layout, ["line", "extra", "filled", "short"]
        for role in ("date", "end_date", "as_of"):
            parts.append(f"{self._column('cell', layout.roles.get(role))} as {role}_text")
        parts += [f"{self._column('ident', layout.roles.get(role))} as {role}" for role in _IDS]
        parts.append(f"upper({self._column('cell', layout.roles.get('currency_column'))}) as money")
        for at, (name, measure) in enumerate(self.source.measures.items()):
            for letter, columns in (("m", layout.measures), ("n", layout.minus), ("t", layout.times)):
                cell = self._column("cell", self._measure_column(columns, name))
                if letter == "m" and "pivot.name" in layout.roles:
                    wanted = ", ".join(_quoted(text.casefold()) for text in _texts(measure.column))
                    cell = f"if(lower(c{layout.roles['pivot.name']}) in ({wanted}), {cell}, null)"
                parts.append(f"{cell} as {letter}{at}")
        for at, key in enumerate(layout.keys):
            if isinstance(key, int):
                parts.append(f"cell(c{key}) as k{at}")
        self.run(f"create or replace table base as select {', '.join(parts)}, true as counts from cells")
        self.measures = [name for name in self.source.measures if self._is_there(name)]
        for role in ("account_id", "campaign_id"):
            if role in layout.roles:
                self._check_ids(role)

    def _check_ids(self, role: str) -> None:
        found = self.run(
            f"select line from cells where regexp_full_match(c{self.layout.roles[role]}, '(?i){SHORTENED.pattern}')"
            " order by line"
        )
        if found:
            self.said.append(
                f"column {self.header(role)!r} holds numbers of more than 15 digits, of which a spreadsheet keeps 15"
                f" ({_rows(len(found))}, first {self.grid.place(found[0][0])}): ids that differ behind them are one;"
                " make the column text, or load the file as it was downloaded"
            )

    def _measure_column(self, columns: dict[str, int], name: str) -> int | None:
        if self.source.pivot is not None and columns is self.layout.measures:
            return self.layout.roles.get("pivot.value")
        return columns.get(name)

    def _is_there(self, name: str) -> bool:
        measure = self.source.measures[name]
        return measure.count == "rows" or self.source.pivot is not None or name in self.layout.measures

    @staticmethod
    def _column(macro: str, at: int | None) -> str:
        return "cast(null as varchar)" if at is None else f"{macro}(c{at})"

    def _leave_rows_out(self) -> None:
        """Rows that no condition lets through do not count, whatever else is in them."""
        for condition in self.source.rows:
            ((before,),) = self.run("select count(*) from base where counts and filled > 1")
            self.run(
                "update base set counts = false from cells"
                f" where base.line = cells.line and not {self.meets(condition)}"
            )
            ((after,),) = self.run("select count(*) from base where counts and filled > 1")
            if after < before:
                self.said.append(f"{_rows(before - after)} left out by `rows` on {condition.column!r}")
            self._check_groups(condition)
        if self.source.pivot is not None:
            self._leave_other_names_out()

    def _check_groups(self, condition: RowCondition) -> None:
        """A report with groups writes what they have in common once, in front of rows that it is of too."""
        column = f"cells.c{self.layout.conditions[_texts(condition.column)[0]]}"
        if not self.run(f"select 1 from cells where regexp_full_match({column}, '(?i){TOTAL}') limit 1"):
            return
        found = self.run(
            f"select base.line, '' from base join cells using (line) where cell({column}) is null"
            f" and date_text is not null and ({self.some_value()}) order by 1"
        )
        if found:
            what = f"column {condition.column!r} is written once for the rows of a group, so nobody knows which count"
            self.fault(what, "export it with details only, without groups and subtotals", found)

    def _leave_other_names_out(self) -> None:
        at = self.layout.roles["pivot.name"]
        wanted = ", ".join(_quoted(text) for text in self._pivot_names())
        self.run(
            f"update base set counts = false from cells where base.line = cells.line "
            f"and not coalesce(lower(c{at}) in ({wanted}), false)"
        )
        found = self.run(
            f"select count(distinct c{at}), count(*) from cells where c{at} is not null"
            f" and lower(c{at}) not in ({wanted})"
        )
        if found[0][0]:
            self.said.append(f"{_rows(found[0][1])} of {found[0][0]} other names not read (no measure is made of them)")

    def _pivot_names(self) -> list[str]:
        return [name.casefold() for measure in self.source.measures.values() for name in _texts(measure.column)]

    def meets(self, condition: RowCondition) -> str:
        """The condition on `cells` in SQL, never NULL."""
        column = f"coalesce(ltrim(c{self.layout.conditions[_texts(condition.column)[0]]}, chr(1)), '')"
        if condition.operator in ("in", "not_in"):
            found = f"{column} in ({', '.join(_quoted(value) for value in condition.values)})"
            # JSON writes true, Parquet has no letters of its own, a sheet shows TRUE: one meaning.
            if truths := {value.lower() for value in condition.values} & {"true", "false"}:
                found += f" or lower({column}) in ({', '.join(map(_quoted, sorted(truths)))})"
        else:
            patterns = [value.replace("\\", "\\\\").replace("_", "\\_") for value in condition.values]
            found = " or ".join(f"{column} like {_quoted(pattern)} escape '\\'" for pattern in patterns)
        return f"({found})" if condition.operator in ("in", "like") else f"not ({found})"

    def _check_shape(self) -> None:
        more = self.run("select line, extra from good where extra is not null order by line")
        if more:
            self.fault("more cells than the header has", "correct that line", more)
        some = self.some_value()
        few = self.run(f"select line, null from good where short and not ({some}) order by line")
        if few:
            self.fault("fewer cells than the header has", "correct that line", [(line, "") for line, _ in few])

    def some_value(self, of: Sequence[str] = ()) -> str:
        """Whether a row has a value of one of these measures, without them of any."""
        read = [at for at, name in enumerate(self.source.measures) if name in (of or self.measures)]
        return "true" if self.counts_rows() or not read else " or ".join(f"m{at} is not null" for at in read)

    def value_columns(self) -> Iterator[tuple[str, str, int]]:
        """Every column of numbers: its name in `base`, the measure, its place in the file."""
        for at, (name, measure) in enumerate(self.source.measures.items()):
            if measure.count is not None or name not in self.measures:
                continue
            for letter, columns in (("m", self.layout.measures), ("n", self.layout.minus), ("t", self.layout.times)):
                place = self._measure_column(columns, name)
                if place is not None:
                    yield f"{letter}{at}", name, place

    def _decide_money(self) -> None:
        if "currency_column" in self.layout.roles:
            amounts_of = money_measures(self.source, self.layout)
            wrong = self.run(
                f"select line, money from good where ({self.some_value(amounts_of)})"
                " and not regexp_full_match(coalesce(money, ''), '[A-Z]{3}') order by line"
            )
            if wrong:
                self.fault(
                    "the currency column holds what is not a currency", "write its three letters, as in EUR", wrong
                )
        held = []
        for at in currency_columns(self.source, self.layout):
            found = self.run(f"select distinct upper(cell(c{at})) from cells where cell(c{at}) is not null limit 100")
            held.append({text for (text,) in found if len(text) == 3 and text.isalpha()})
        self.money = currency_of_amounts(self.source, self.layout, self.reporting, held, self._marks_of_money())
        self.faults += self.money.faults
        self.said += self.money.said

    def _marks_of_money(self) -> set[str]:
        """The signs and codes of currencies in the cells of amounts."""
        own = {name for name, measure in self.source.measures.items() if measure.currency}
        texts: set[str] = set()
        for column, name, _ in self.value_columns():
            if name in money_measures(self.source, self.layout) and name not in own:
                found = self.run(
                    f"select distinct {column} from good where not starts_with({column}, chr(1))"
                    f" and regexp_matches({column}, '[^-0-9.,()%+ ]') limit 10000"
                )
                texts |= {text for (text,) in found}
        return {mark for mark in map(amounts.currency_of, texts) if mark}

    def value(self, at: int, name: str) -> str:
        """A measure's value in SQL over `base` joined with `amounts` and `cells`."""
        measure = self.source.measures[name]
        conditions = " and ".join(self.meets(condition) for condition in measure.rows)
        if name not in self.measures:
            return "null"
        if measure.count is not None:
            counted = "true" if measure.count == "rows" else f"m{at} is not null"
            return f"if({' and '.join(filter(None, [counted, conditions]))}, 1, 0)"
        number = number_of(f"m{at}")
        if name in self.layout.minus:
            number = f"({number} - coalesce({number_of(f'n{at}')}, 0))"
        if name in self.layout.times:
            number = f"try(cast({number} as DECIMAL(24,6)) * cast({number_of(f't{at}')} as DECIMAL(14,6)))"
        if measure.scale != 1:
            number = f"{number} * {scale_literal(measure.scale)}"
        return f"if({conditions}, {number}, null)" if conditions else number

    def _make_typed(self) -> None:
        values = "".join(
            f", try_cast({self.value(at, name)} as {VALUE}) as v{at}" for at, name in enumerate(self.source.measures)
        )
        asks = any(measure.rows for measure in self.source.measures.values())
        cells = "join cells using (line)" if asks else ""
        code = _quoted(self.money.code) if self.money.code else "base.money"
        as_of = f"date '{self.source.as_of}'" if isinstance(self.source.as_of, date) else "as_of_day"
        keys = "".join(f", k{at}" for at, key in enumerate(self.layout.keys) if isinstance(key, int))
        self.run(
            "create or replace table typed as"
            f" select base.line, day as date, coalesce(end_day, day) as end_date, {as_of} as as_of,"
            " coalesce(account_id, '') as account_id, coalesce(campaign_id, campaign_name, '') as campaign_id,"
            f" campaign_name, campaign_group_name, {code} as currency{keys}{values}"
            f" from base join amounts using (line) {cells} "
            f"where counts and kind = 'row' order by base.line"
        )
        if self.counts_rows():
            return
        some = " or ".join(f"v{at} is not null" for at in range(len(self.source.measures)))
        self.run(f"delete from typed where not ({some})")

    def _check_key(self) -> None:
        if self.source.key:
            keys = ", ".join(
                "date" if key == "date" else str(key) if isinstance(key, str) else f"k{at}"
                for at, key in enumerate(self.layout.keys)
            )
            found = self.run(
                f"select min(line), max(line), {keys} from typed group by {keys} having count(*) > 1 order by 2"
            )
            if found:
                pairs = [f"{self.grid.place(first)} and {self.grid.place(last)}" for first, last, *_ in found[:SHOWN]]
                shown = tuple(
                    ", ".join(f"{k} {v}" for k, v in zip(self.source.key, pair[2:], strict=True))
                    for pair in found[:SHOWN]
                )
                self.faults.append(Fault("the same key", "remove one, or widen `key`", tuple(pairs), len(found), shown))
        if "currency_column" in self.layout.roles:
            mixed = self.run(
                "select min(line), max(line), min(currency), max(currency) from typed"
                " group by date, account_id, campaign_id having min(currency) <> max(currency) order by 1"
            )
            if mixed:
                pairs = [f"{self.grid.place(first)} and {self.grid.place(last)}" for first, last, *_ in mixed[:SHOWN]]
                what = f"rows of one campaign and day are in {mixed[0][2]} and {mixed[0][3]}"
                self.faults.append(
                    Fault(what, "give them an account or campaign of their own", tuple(pairs), len(mixed))
                )


def _texts(column: Any) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) else tuple(column)


def _bare(cell: Any) -> str:
    return str(cell).lstrip(amounts.NATIVE)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
