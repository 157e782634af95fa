"""Rows without a day: totals, footers, headers that come again; what is left is a mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from okr_reports.channels.files import dates
from okr_reports.channels.files.amounts import NATIVE, take_apart
from okr_reports.channels.files.faults import SHOWN
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.names import ends_in_total, is_total, plain, spaced
from okr_reports.channels.files.preamble import currency_in

if TYPE_CHECKING:
    from okr_reports.channels.files.typed import Typing

_SHORT_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{2}(?:[ ,T].*)?")
_SEPARATED = re.compile(r"[,;\t|]")
_MOST_ODD = 10_000
UNDATED_TOTAL = "a total without a day,"


class OddRows:
    """Sets `kind` of the rows of `base` that have no day; `undecided` says that nobody knows how days are read."""

    def __init__(self, typing: Typing, undecided: bool) -> None:
        self.typing, self.source, self.layout, self.undecided = typing, typing.source, typing.layout, undecided

    def sort(self) -> None:
        run, width = self.typing.run, len(self.layout.names)
        if self.source.connector is not None:
            undated = run("update base set kind = 'skip' where counts and day is null and date_text is null")[0][0]
            if undated:
                self.typing.said.append(f"{undated:,} records without a day are not read")
        columns = ", ".join(f"cells.c{at}" for at in range(width))
        rows = run(
            f"select cells.line, date_text, {columns}, cells.extra from base join cells using (line) "
            f"where counts and kind = 'row' and day is null order by line limit {_MOST_ODD}"
        )
        if not rows:
            return
        kinds: dict[int, str] = {}
        wrong: list[tuple[int, str | None]] = []
        with_ids = self._rows_with_ids()
        for line, text, *cells in rows:
            kind = self._kind_of(text, cells, with_ids)
            if kind is None:
                wrong.append((line, text))
            else:
                kinds[line] = kind
        if wrong and "date" in self.layout.roles and not self.undecided:
            self._say_wrong(wrong)
        self.typing.connection.register(
            "odd",
            pa.table(
                {
                    "line": pa.array(kinds, pa.int64()),
                    "kind": pa.array([k.split(":")[0] for k in kinds.values()], pa.string()),
                }
            ),
        )
        run("update base set kind = odd.kind from odd where base.line = odd.line")
        self.typing.connection.unregister("odd")
        for word in dict.fromkeys(kinds.values()):
            lines = [line for line, kind in kinds.items() if kind == word]
            if ":" in word:
                self.typing.said.append(not_read(word.partition(":")[2], self.typing.grid, lines))

    def _rows_with_ids(self) -> int:
        some = " or ".join(
            f"{column} is not null" for column in self.typing.ids() or [f"c{at}" for at in other_texts(self.typing)]
        )
        sql = "select count(*) from base join cells using (line) where counts and day is not null"
        return int(self.typing.run(f"{sql} and ({some})")[0][0]) if some else 0

    def _kind_of(self, text: str | None, cells: list[Any], with_ids: int) -> str | None:
        """What a row without a day is; None is a mistake."""
        filled = [cell for cell in cells if cell]
        values = [cells[at] for _, _, at in self.typing.value_columns() if at < len(cells)]
        header = [plain(name) for name in self.layout.names]
        if filled and all(plain(cell) == header[at] for at, cell in enumerate(cells[:-1]) if cell and at < len(header)):
            return "skip:the header again,"
        if filled and filled[0].startswith("#") and len(filled) == 1:
            return "skip:a comment,"
        if text is None and not any(values) and not self.typing.counts_rows():
            return "skip"
        other = dates.read(_SEPARATED.split(text)[0].strip('"')) if text else None
        is_alone = text is None or len(self.layout.names) > 2 or not self.typing.counts_rows()
        has_number = any(value and (value.startswith(NATIVE) or take_apart(value)) for value in values)
        if len(filled) <= 1 and is_alone and not has_number and other is None:
            self.layout.preamble.currency = self.layout.preamble.currency or currency_in("".join(filled))
            return "skip:a line that is no row of the table,"
        if any(is_total(spaced(cell)) or (text is None and ends_in_total(spaced(cell))) for cell in filled):
            return f"total:{UNDATED_TOTAL}"
        if text is None and with_ids >= 2 and self._lacks_ids(cells):
            return "total:a total without a day or name,"
        return None

    def _lacks_ids(self, cells: list[Any]) -> bool:
        ids = self.typing.ids()
        places = [at for role, at in self.layout.roles.items() if role in ids] if ids else other_texts(self.typing)
        return not any(cells[at] for at in places)

    def _say_wrong(self, wrong: list[tuple[int, str | None]]) -> None:
        form = self.source.date_format
        if form is None and (todo := _short_years([text for _, text in wrong if text])):
            what = f"column {self.typing.header('date')!r} holds years of two digits"
            self.typing.fault(what, todo, wrong, "date_format")
            return
        shown = date(2026, 9, 30).strftime(form or "%Y-%m-%d")
        other = "the" if form else "give"
        todo = f"dates are read as {shown}; correct it, or {other} date_format"
        self.typing.fault(f"column {self.typing.header('date')!r} holds what is not a date", todo, wrong)


def not_read(what: str, grid: Grid, lines: Sequence[int]) -> str:
    """What to say of lines that are left out."""
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"{what} not read: {', '.join(map(grid.place, lines[:SHOWN]))}{more}"


def other_texts(typing: Typing) -> list[int]:
    """Columns of names that the definition does not name: text, and no numbers, in rows that have a day."""
    numbers = {at for _, _, at in typing.value_columns()} | {typing.layout.roles.get("date", -1)}
    found = []
    for at in sorted(set(range(len(typing.layout.names))) - numbers):
        sql = f"select distinct c{at} from base join cells using (line) where day is not null and c{at} is not null"
        texts = [text for (text,) in typing.run(f"{sql} limit 50")]
        if texts and not any(text.startswith(NATIVE) or take_apart(text) for text in texts):
            found.append(at)
    return found


def _short_years(texts: list[str]) -> str:
    """What to declare of days such as 9/30/26, "" if they are none. Only the month first can be proved: 30/9/26 may be
    of 2030."""
    found = [day for day in map(_SHORT_YEAR.fullmatch, texts) if day]
    if not found or len(found) < len(texts):
        return ""
    mark = found[0][2]
    forms = [f'"%m{mark}%d{mark}%y"']
    if not any(int(day[3]) > 12 for day in found):
        forms.insert(0, f'"%d{mark}%m{mark}%y"')
    return f"declare `date_format: {forms[0]}`" + "".join(f" or {form}" for form in forms[1:])
