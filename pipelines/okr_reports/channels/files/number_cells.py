"""The numbers of a table: one decimal mark a file, each text judged once, and every cell that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from okr_reports.channels.files import amounts
from okr_reports.channels.files.marks import decide_mark
from okr_reports.channels.files.names import COUNTS, SHEET_ERROR, spaced
from okr_reports.channels.files.rows import VALUE

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

# Nine decimals are kept; these many are multiplied, so that a scale above 1 does not amplify the rounding.
EXACT = "DECIMAL(38,12)"
# What a text says of the decimal mark where it says it plainly: "" where it has none (amounts.py judges all others).
_FORM = (
    "case when regexp_full_match(text, '-?[0-9]+') then ''"
    r" when regexp_full_match(text, '-?[0-9]+[.]([0-9]{1,2}|[0-9]{4,})') then '.'"
    r" when regexp_full_match(text, '-?[0-9]+,([0-9]{1,2}|[0-9]{4,})') then ',' end"
)
_NO_TEXT = "select '' as text where false"


def number_of(column: str) -> str:
    """The number of a column of `base`, in SQL over `amounts`."""
    return f"amounts.x_{column}"


def scale_literal(scale: Any) -> str:
    written = f"{scale:f}"
    decimals = len(written.partition(".")[2])
    digits = len(written.replace(".", "").lstrip("-"))
    return f"cast('{written}' as DECIMAL({max(digits, decimals, 1)},{decimals}))"


class NumberReader:
    """Makes table `amounts`: of each line of `base` the numbers x_m0 ... of its columns of numbers, NULL where one is
    none."""

    def __init__(self, typing: Typing) -> None:
        self.typing, self.source, self.run = typing, typing.source, typing.run
        self.columns = list(typing.value_columns())

    def read(self) -> None:
        every = " union all ".join(
            f"select {column} as text from base where {column} is not null and not starts_with({column}, chr(1))"
            for column, _, _ in self.columns
        )
        self.run(f"create or replace table texts as select distinct text, {_FORM} as form from ({every or _NO_TEXT})")
        # whole numbers, and those whose mark is beyond doubt, need nobody to look at each of them
        sure = self.run("select min(text) from texts where form in ('.', ',') group by form")
        others = [text for (text,) in self.run("select text from texts where form is null order by text")]
        mark = decide_mark(self.typing, [*others, *(text for (text,) in sure)])
        values = [amounts.value(text, mark or ".", self.source.group) for text in others]
        connection = self.typing.connection
        connection.register(
            "read_numbers", pa.table({"text": pa.array(others, pa.string()), "written": pa.array(values, pa.string())})
        )
        self.run(
            "create or replace table numbers as"
            f" select text, written, try_cast(written as {EXACT}) as number from ("
            "select text, case form when '' then text when $mark then replace(text, ',', '.') end as written"
            " from texts where form is not null union all from read_numbers)",
            {"mark": mark or "."},
        )
        connection.unregister("read_numbers")
        found = "".join(
            f", coalesce(n_{column}.number, {_native(column)}) as x_{column}" for column, _, _ in self.columns
        )
        joins = " ".join(
            f"left join numbers n_{column} on n_{column}.text = base.{column}" for column, _, _ in self.columns
        )
        self.run(f"create or replace table amounts as select line{found} from base {joins}")

    def check(self) -> None:
        """A fault for each kind of cell that is no number."""
        layout = self.typing.layout
        for column, name, place in self.columns:
            header = layout.names[place] if place < len(layout.names) else name
            scale = scale_literal(self.source.measures[name].scale)
            found = self.run(
                f"select line, {column}, written is null and not starts_with({column}, chr(1)) from good"
                f" join amounts using (line) left join numbers on text = {column} where {column} is not null"
                f" and try_cast(try({number_of(column)} * {scale}) as {VALUE}) is null order by line"
            )
            self._say(header, found)
            if name in COUNTS and self.source.measures[name].scale == 1:
                self._check_counts(column, header)
            if self.run(f"select 1 from good where {column} like '%\\%' escape '\\' limit 1"):
                self.typing.said.append(f"column {spaced(header)!r} holds percentages: 12.5 % is read as 12.5")

    def _check_counts(self, column: str, header: str) -> None:
        """Fractions of a count are thousands that a program took for them (12.345 of an export of another language),
        unless one of them cannot be."""
        if self.source.decimal is not None or self.source.group is not None:
            return
        number = number_of(column)
        fractions = f"from good join amounts using (line) where {number} % 1 <> 0"
        if self.run(f"select 1 {fractions} and (abs({number}) >= 1000 or {number} * 1000 % 1 <> 0) limit 1"):
            return
        found = self.run(f"select line, ltrim({column}, chr(1)) {fractions} order by line")
        if found:
            what = f"column {header!r} holds fractions of what is counted: thousands were taken for them"
            todo = (
                "load the export as it was downloaded, not saved again by a program of another language, or declare"
                ' `numbers: {decimal: "."}` if they are fractions'
            )
            self.typing.fault(what, todo, found, "numbers")

    def _say(self, header: str, found: list[tuple[Any, ...]]) -> None:
        broken = [cell for cell in found if SHEET_ERROR.fullmatch(cell[1]) or cell[1] == "#ERROR"]
        unfinished = [cell for cell in found if cell[1] == "#FORMULA"]
        large = [cell for cell in found if cell not in broken and cell not in unfinished and not cell[2]]
        wrong = [cell for cell in found if cell not in broken and cell not in unfinished and cell not in large]
        where = f"column {header!r} holds"
        if broken:
            self.typing.fault(f"{where} an error of the sheet", "correct the formula there", broken)
        if unfinished:
            todo = "open it in Excel or LibreOffice and save it, or export it as CSV"
            self.typing.fault(f"{where} a formula that has no result in the file", todo, unfinished)
        if large:
            self.typing.fault(f"{where} a number that is too large", "correct it, or the scale", large)
        if wrong:
            todo = "write it as 1234.56, and nothing where there is no value"
            self.typing.fault(f"{where} what is not a number", todo, wrong)


def _native(column: str) -> str:
    """The number of a cell that was one in the file itself."""
    return f"if(starts_with({column}, chr(1)), try_cast(substr({column}, 2) as {EXACT}), null)"
