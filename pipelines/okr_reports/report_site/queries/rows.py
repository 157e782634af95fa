"""Rows as templates see them: plain values by column name or number, and which columns of a row were read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from okr_reports.common.plain_values import ROWS, SCALARS, plain
from okr_reports.report_site.faults import BadValue, choose


class Row:
    """One row: values by column name or number. It has no other attributes, so every column name can be used."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: Mapping[str, int], values: tuple[Any, ...]) -> None:
        self._columns, self._values = columns, values

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, int):
            return self._values[key]
        try:
            return self._values[self._columns[key]]
        except KeyError:
            raise BadValue(f"there is no column {key!r}", choose(key, self._columns, "columns")) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __repr__(self) -> str:
        return repr(dict(zip(self._columns, self._values, strict=False)))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class ReadRow(Row):
    """A row that knows which of its columns were read."""

    __slots__ = ("_read",)

    def __init__(self, row: Row) -> None:
        super().__init__(row._columns, row._values)
        self._read: dict[str, None] = {}

    def __getitem__(self, key: str | int) -> Any:
        value = super().__getitem__(key)
        self._read[key if isinstance(key, str) else list(self._columns)[key]] = None
        return value

    def __repr__(self) -> str:
        self._read.update(dict.fromkeys(self._columns))
        return super().__repr__()

    def __iter__(self) -> Iterator[Any]:
        self._read.update(dict.fromkeys(self._columns))
        return super().__iter__()


ROWS.update((Row, ReadRow))


def read_of(row: ReadRow) -> dict[str, None]:
    """The columns of a row that were read, to be looked at and to be emptied."""
    return row._read


def columns_of(row: Row, but: Collection[str] = ()) -> dict[str, Any]:
    """A row's values by column name."""
    if type(row) is Row and not but:
        return {name: row._values[place] for name, place in row._columns.items()}
    return {name: row[name] for name in row._columns if name not in but}


@dataclass(frozen=True)
class Result:
    """The rows of a query, of plain values. `truncated`: there were more than the limit."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    truncated: bool

    @classmethod
    def of(cls, columns: Sequence[str], values: Sequence[tuple[Any, ...]], truncated: bool = False) -> Result:
        places = {name: number for number, name in enumerate(columns)}
        if not SCALARS.issuperset(map(type, chain.from_iterable(values))):
            values = [tuple(map(_plain_cell, cells)) for cells in values]
        return cls(tuple(columns), tuple(Row(places, cells) for cells in values), truncated)


def _plain_cell(value: Any) -> Any:
    """A list or structure as it is; what templates do not know (a UUID, bytes) as text."""
    try:
        return plain(value)
    except TypeError:
        return str(value)
