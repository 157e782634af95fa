"""Files that the quick way may read: text, Parquet and sheets as relations of DuckDB with the columns f0, f1 ... ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.channels.files import amounts
from okr_reports.channels.files.grid import Grid
from okr_reports.common.sql_text import quoted_text

_LONGEST_LINE = 4 * 1024**2
_SHEET = "sheet_cells"


@dataclass(frozen=True)
class PlainFile:
    """A file whose header is found. `typed` are the columns that are no text in the file itself: exact numbers
    ("number"), doubles ("double") and days ("day")."""

    name: str
    path: Path
    grid: Grid
    kind: str
    typed: dict[int, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[Any, ...]:
        """What files that are read together have in common; sheets and records are read alone."""
        layout = self.grid.layout
        alone = self.name if self.kind in ("excel", "record") else ""
        return (
            alone,
            self.kind,
            self.grid.delimiter,
            layout.last_line,
            tuple(layout.names),
            layout.preamble.currency,
            self.mark,
            *self.typed.items(),
        )

    @property
    def mark(self) -> str:
        """The decimal mark of the first rows, "" where they have none, "?" where it takes more to know."""
        layout = self.grid.layout
        if self.kind != "text":
            return "?" if any(at not in self.typed for at in layout.measures.values()) else "."
        body = [cells for line, _, cells in self.grid.head if line > layout.last_line]
        texts = [cells[at] for at in layout.measures.values() for cells in body if at < len(cells)]
        found = amounts.marks_of(texts)
        sure = [mark for mark in (".", ",") if mark in found]
        return "?" if len(sure) > 1 or ("?" in found and not sure) else "".join(sure)


def relation(connection: duckdb.DuckDBPyConnection, files: Sequence[PlainFile]) -> str:
    """What to select from: f0, f1 ... and `filename`, with `$paths` bound."""
    first = files[0]
    width = len(first.grid.layout.names)
    if first.kind == "parquet":
        names = ['"' + name.replace('"', '""') + '"' for name in first.grid.layout.names]
        columns = ", ".join(f"{_shown(name, first.typed.get(at))} as f{at}" for at, name in enumerate(names))
        return f"(select {columns}, filename from read_parquet($paths, filename=true))"
    if first.kind == "record":
        columns = ", ".join(f"ltrim(c{at}, {quoted_text(amounts.NATIVE)}) as f{at}" for at in range(width))
        return f"(select line, {columns}, $paths[1] as filename from ({first.grid.relation}))"
    if first.kind == "excel":
        connection.register(_SHEET, first.grid.columns)
        columns = ", ".join(f"{_shown(f'f{at}', first.typed.get(at))} as f{at}" for at in range(width))
        return f"(select line, {columns}, $paths[1] as filename from {_SHEET})"
    columns = ", ".join(f"'f{at}': 'VARCHAR'" for at in range(width))
    return (
        f"read_csv($paths, auto_detect=false, header=false, skip={first.grid.layout.last_line}, "
        f"delim='{first.grid.delimiter}', quote='\"', escape='\"', columns={{{columns}}}, strict_mode=true, "
        f"max_line_size={_LONGEST_LINE}, filename=true)"
    )


def _shown(column: str, kind: str | None) -> str:
    """A column as it is read on: a double in its shortest form, as people see it, a whole one as digits."""
    if kind == "double":
        whole = f"{column} = floor({column}) and abs({column}) < 9e15"
        return f"if({whole}, cast(cast({column} as bigint) as varchar), cast({column} as varchar))"
    return column if kind else f"cast({column} as varchar)"


def typed_parquet(schema: pa.Schema, wanted: set[int]) -> dict[int, str] | None:
    """The columns of numbers and days; None where a wanted one is of a type that takes care (booleans, times)."""
    found: dict[int, str] = {}
    for at, column in enumerate(schema):
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            found[at] = "number"
        elif pa.types.is_date(kind):
            found[at] = "day"
        elif pa.types.is_floating(kind):
            found[at] = "double"
        elif at in wanted and not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return None
    return found


def sheet_columns(
    rows: Sequence[Sequence[Any]], wanted: set[int], width: int
) -> tuple[pa.Table, dict[int, str]] | None:
    """The rows below the header as Arrow; None where a wanted column mixes kinds, or an empty row is among them."""
    while rows and not any(cell != "" for cell in rows[-1]):
        rows = rows[:-1]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=False)) if rows else [()] * width
    arrays, typed = [], {}
    for at in range(width):
        cells = columns[at] if at < len(columns) else ()
        kinds = set(map(type, cells))
        # most columns are of one kind: only those with texts are gone through cell by cell
        has_gaps = str in kinds and "" in cells
        if len(kinds) > 1 and has_gaps and not any(cell.__class__ is str and cell for cell in cells):
            kinds.discard(str)
        kind = _KINDS.get(next(iter(kinds), str)) if len(kinds) <= 1 else None
        if at in wanted and kind is None:
            return None
        if kind == "day" and datetime in kinds and {cell.time() for cell in cells if cell != ""} - {_MIDNIGHT}:
            return None
        values = [None if cell == "" else cell for cell in cells] if has_gaps else cells
        if kind == "text" and not any(cells):
            kind, values = "number", [None] * len(rows)
        if kind != "text" and kind is not None:
            typed[at] = "day" if kind == "day" else "double"
        arrays.append(pa.array(values if kind else [None] * len(rows), _TYPES[kind or "text"]))
    return pa.Table.from_arrays(arrays, names=[f"f{at}" for at in range(width)]), typed


_MIDNIGHT = datetime.min.time()
_KINDS: dict[type, str] = {str: "text", float: "number", int: "number", date: "day", datetime: "day"}
_TYPES = {"text": pa.string(), "number": pa.float64(), "day": pa.date32()}
