"""From texts to measures: dates, exact numbers and currencies, read strictly, then summed by campaign and day.

The work is DuckDB's, in one pass over all rows; Python sees only the first wrong cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.channels.files.cells import Cells, Unreadable, out_of_reach, read_cells
from okr_reports.errors import quoted
from okr_reports.file_sources import FileSource

_ISO = r"\d{4}-\d{2}-\d{2}([ T]00:00(:00(\.0+)?)?(Z|[+-]00(:?00)?)?)?"
_PLAIN = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
# 1.234,56 or 1234,5: how spreadsheets write in much of Europe
_EUROPEAN = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
_EUROPEAN_FOR_SURE = r".*\..*,.*|.*,(\d{1,2}|\d{4,})|[+-]?\d{1,3}(\.\d{3}){2,}"
_PLAIN_FOR_SURE = r".*\.(\d{1,2}|\d{4,})|[+-]?(0|\d{4,})?\.\d{3}"
# 1.234: a thousand and more, or one and a bit
_EITHER = r"[+-]?\d{1,3}\.\d{3}"
# Nine decimals are kept; these many are multiplied, so that a scale above 1 does not amplify the rounding.
_EXACT = "DECIMAL(38,12)"
# A plan may be a year ahead; what is later than that is a slip of the pen.
FURTHEST_AHEAD = timedelta(days=366)
_COLUMNS = ("date", "account_id", "campaign_id", "campaign_name", "currency_column")
_ROLES = ("date", "account_id", "campaign_id", "campaign_name")


@dataclass(frozen=True)
class FileMeasures:
    """`rows`: date, account_id, campaign_id, campaign_name, currency, measure, value. `accounts` is one tuple an
    account: id, rows in the file, first day, last day. `keys` are the values of the declared key, k0, k1 ... ."""

    rows: pa.Table
    accounts: list[tuple[Any, ...]]
    keys: pa.Table | None

    @property
    def last_day(self) -> date | None:
        """None of a file without rows."""
        return max((last for *_, last in self.accounts), default=None)


def read_measures(
    source: FileSource, path: Path, today: date, others: Mapping[str, pa.Table] | None = None
) -> FileMeasures:
    """All of one file. Raises Unreadable with the row and column of the first thing wrong.

    `others` are the keys of the source's other files, by name: what one of them has is a duplicate here.
    """
    source = replace(source, **{name: _first(getattr(source, name)) for name in _COLUMNS})
    wanted = [
        source.date,
        source.account_id,
        source.campaign_id,
        source.campaign_name,
        source.currency_column,
        *(_first(measure.column) for measure in source.measures.values()),
        *_key_columns(source),
    ]
    try:
        cells = read_cells(
            path,
            list(dict.fromkeys(column for column in wanted if column)),
            source.sheets[0] if source.sheets else None,
        )
        try:
            return _Reading(source, cells, today, others or {}).read()
        finally:
            cells.connection.close()
    except OSError as error:
        raise out_of_reach(error) from None


def _first(column: Any) -> Any:
    return column if isinstance(column, str) else next(iter(column), None)


def _key_columns(source: Any) -> list[str]:
    """Key names are columns of the file; a role's name (`date`, `campaign_id`) means the column declared for it."""
    declared = {role: getattr(source, role) for role in _ROLES} | {"currency": source.currency_column}
    return [declared.get(name) or name for name in source.key]


@dataclass
class _Reading:
    """Table `parsed` beside `cells`: r, day, account, campaign, campaign_name, money, v0 ... (scaled values)."""

    source: Any
    cells: Cells
    today: date
    others: Mapping[str, pa.Table]

    def read(self) -> FileMeasures:
        self._parse()
        self._check_dates()
        self._check_currencies()
        for at, measure in enumerate(self.source.measures.values()):
            self._check_numbers(at, measure.column)
        keys = self._checked_keys()
        self._check_one_currency()
        accounts = self._run("select account, count(*), min(day), max(day) from parsed group by account order by 1")
        return FileMeasures(self._summed(), accounts, keys)

    def _parse(self) -> None:
        columns = self.cells.columns
        name = f"trim({columns[self.source.campaign_name]})" if self.source.campaign_name else "null"
        money = f"upper(trim({columns[self.source.currency_column]}))" if self.source.currency_column else "?"
        values = "".join(
            f", {self._value(measure.column, measure.scale)} as v{at}"
            for at, measure in enumerate(self.source.measures.values())
        )
        blank = " and ".join(f"{column} is null" for column in columns.values())
        bound: list[Any] = [] if self.source.date_format is None else [self.source.date_format]
        bound += [] if self.source.currency_column else [self.source.currency]
        try:
            self._run(
                f"create table parsed as select r, {self._day()} as day, "
                f"{self._id(self.source.account_id)} as account, "
                f"coalesce(nullif({self._id(self.source.campaign_id)}, ''), {name}, '') as campaign, "
                f"{name} as campaign_name, "
                f"cast({money} as varchar) as money{values} from cells where not ({blank})",
                bound,
            )
        except duckdb.InvalidInputException:
            raise Unreadable(
                f"cannot be read with date_format {self.source.date_format!r}",
                "write it in strptime's way, as in %d/%m/%Y",
            ) from None

    def _day(self) -> str:
        column = f"trim({self.cells.columns[self.source.date]})"
        iso = f"if(regexp_full_match({column}, '{_ISO}'), try_cast(left({column}, 10) as date), null)"
        if self.source.date_format is None:
            return iso
        declared = f"cast(try_strptime({column}, ?) as date)"
        return f"coalesce({declared}, {iso})" if self.cells.native_dates else declared

    def _value(self, name: str, scale: Decimal) -> str:
        text = self._number(name)
        exact = f"if(regexp_full_match({text}, '{_PLAIN}'), try_cast({text} as {_EXACT}), null)"
        return f"try_cast(try({exact} * {_literal(scale)}) as DECIMAL(28,9))"

    def _number(self, name: str) -> str:
        column = f"trim({self.cells.columns[name]})"
        return f"replace(replace({column}, '.', ''), ',', '.')" if self._is_european(column) else column

    def _is_european(self, column: str) -> bool:
        """Whether the column uses decimal commas: all its values fit that form, and one of the file fits no other.

        Only asked of what spreadsheets write where the comma is taken: semicolon files, and UTF-16 with tabs.
        """
        if not self._surely_written[0]:
            return False
        [(all_fit,)] = self._run(
            f"select bool_and(regexp_full_match({column}, '{_EUROPEAN}')) from cells where {column} <> ''"
        )
        return bool(all_fit)

    @cached_property
    def _surely_written(self) -> tuple[bool, bool]:
        """Whether measures of a spreadsheet's file hold decimal commas, and decimal points, beyond doubt."""
        if not self.cells.decimal_commas:
            return False, True
        columns = sorted({f"trim({self.cells.columns[one.column]})" for one in self.source.measures.values()})
        comma, point = (
            " or ".join(f"coalesce(regexp_full_match({column}, '{form}'), false)" for column in columns)
            for form in (_EUROPEAN_FOR_SURE, _PLAIN_FOR_SURE)
        )
        [(commas, points)] = self._run(f"select bool_or({comma}), bool_or({point}) from cells")
        return bool(commas), bool(points)

    def _check_dates(self) -> None:
        form = self.source.date_format
        shown = date(2026, 9, 30).strftime(form or "%Y-%m-%d")
        todo = f"dates are read as {shown}; correct it, or {'the' if form else 'give'} date_format"
        self._refuse("day is null or year(day) not between 1990 and 2199", self.source.date, "is not a date", todo)
        latest = self.today + FURTHEST_AHEAD
        todo = "correct it; what is planned for later can wait for a later file"
        self._refuse(f"day > date '{latest}'", self.source.date, f"is more than a year after today, {self.today}", todo)

    def _check_currencies(self) -> None:
        if self.source.currency_column:
            self._refuse(
                "not regexp_full_match(coalesce(money, ''), '[A-Z]{3}')",
                self.source.currency_column,
                "is not a currency",
                "write its three letters, as in EUR",
            )

    def _check_numbers(self, at: int, name: str) -> None:
        column = f"trim({self.cells.columns[name]})"
        if not self._surely_written[1] and self._number(name) == column:
            self._refuse(
                f"regexp_full_match({column}, '{_EITHER}')",
                name,
                "may be a thousand and more, or a fraction",
                "write thousands without a point; write fractions with other than three decimals",
            )
        wrong = f"v{at} is null and {column} <> ''"
        self._refuse(
            f"{wrong} and regexp_full_match({self._number(name)}, '{_PLAIN}')",
            name,
            "is too large",
            "correct it, or the scale",
        )
        self._refuse(wrong, name, "is not a number", "write it as 1234.56, and nothing where there is no value")

    def _checked_keys(self) -> pa.Table | None:
        if not self.source.key:
            return None
        columns = self.cells.columns
        named = ["day" if name == self.source.date else columns[name] for name in _key_columns(self.source)]
        values = ", ".join(f"coalesce(cast({one} as varchar), '') as k{at}" for at, one in enumerate(named))
        self._run(f"create table keys as select r, {values} from parsed join cells using (r)")
        keys = ", ".join(f"k{at}" for at in range(len(named)))
        for first, second, *repeated in self._run(
            f"select min(r), max(r), {keys} from keys group by {keys} having count(*) > 1 order by 2 limit 1"
        ):
            rows = f"{self.cells.place(first)} and {self.cells.place(second)}"
            raise Unreadable(f"{rows} have the same key ({self._words(repeated)})", "remove one, or widen `key`")
        for name, others in self.others.items():
            self.cells.connection.register("others", others)
            for row, *repeated in self._run(
                f"select r, {keys} from keys join others using ({keys}) order by r limit 1"
            ):
                raise Unreadable(
                    f"{self.cells.place(row)} has a key that {name} has too ({self._words(repeated)})",
                    "remove one, or widen `key`",
                )
        return self.cells.connection.sql(f"select {keys} from keys").to_arrow_table()

    def _words(self, values: Sequence[Any]) -> str:
        return ", ".join(f"{name} {quoted(str(value))}" for name, value in zip(self.source.key, values, strict=True))

    def _check_one_currency(self) -> None:
        if not self.source.currency_column:
            return
        for first, second, one, other in self._run(
            "select min(r), max(r), min(money), max(money) from parsed group by day, account, campaign "
            "having min(money) <> max(money) order by 1 limit 1"
        ):
            rows = f"{self.cells.place(first)} and {self.cells.place(second)}"
            raise Unreadable(
                f"{rows} are of one campaign and day but in {quoted(one)} and {quoted(other)}",
                "give them an account or campaign of their own",
            )

    def _summed(self) -> pa.Table:
        measures = list(self.source.measures)
        sums = ", ".join(f"sum(v{at}) as v{at}" for at in range(len(measures)))
        each = " union all ".join(
            f"select day as date, account as account_id, campaign as campaign_id, campaign_name, money as currency, "
            f"? as measure, cast(v{at} as DECIMAL(28,9)) as value from summed where v{at} is not null"
            for at in range(len(measures))
        )
        sql = (
            "with summed as (select day, account, campaign, max_by(campaign_name, r) as campaign_name, "
            f"max(money) as money, {sums} from parsed group by day, account, campaign) {each} "
            "order by date, account_id, campaign_id, measure"
        )
        try:
            return self.cells.connection.sql(sql, params=measures).to_arrow_table()
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            raise Unreadable(
                "has values of one day and campaign whose sum is too large", "correct them, or the scale"
            ) from None

    def _id(self, name: str | None) -> str:
        return f"coalesce(trim({self.cells.columns[name]}), '')" if name else "''"

    def _refuse(self, wrong: str, name: str, what: str, todo: str) -> None:
        column = self.cells.columns[name]
        for row, value in self._run(
            f"select r, {column} from parsed join cells using (r) where {wrong} order by r limit 1"
        ):
            shown = "the empty cell" if value is None else quoted(repr(value[:60]))
            raise Unreadable(f"{self.cells.place(row)}, column {name!r}: {shown} {what}", todo)

    def _run(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        return self.cells.connection.execute(sql, values or None).fetchall()


def _literal(scale: Decimal) -> str:
    written = f"{scale:f}"
    decimals = len(written.partition(".")[2])
    digits = len(written.replace(".", "").lstrip("-"))
    return f"cast('{written}' as DECIMAL({max(digits, decimals, 1)},{decimals}))"
