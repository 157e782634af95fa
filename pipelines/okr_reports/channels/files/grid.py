"""A table of a file as the DuckDB table `cells`: line, c0, c1 ... (text, NULL where empty), `extra`, `filled`.

Whatever the format, so that all are judged by the same rules. Cells that were numbers or days in the file itself begin
with NATIVE. The grain is one row a record from the header's end to the end of the table.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.channels.files import dates
from okr_reports.channels.files.faults import Refused, refused
from okr_reports.channels.files.layout import Layout, Record, find_header
from okr_reports.channels.files.names import EDGES, is_total, spaced, trimmed
from okr_reports.file_sources import FileSource

DELIMITERS = (",", ";", "\t", "|")
_HEAD = 256 * 1024
_CHUNK = 20_000
_LONGEST_CELL = 4 * 1024**2
_MOST_COLUMNS = 2_000
# The first line with which Excel names the delimiter, and honours it.
_NAMED = re.compile(r"sep=([^\r\n])(?:\r\n|\r|\n|$)", re.IGNORECASE)
# As `trimmed`: most cells are plain and begin and end with what can be seen, and are not gone through.
_TRIMMED = "if(strlen({0}) = length({0}) and ord({0}) > 32 and ord(right({0}, 1)) > 32, {0}, trim({0}, $edges))"
csv.field_size_limit(_LONGEST_CELL)


@dataclass
class Grid:
    """A table that was found: where it is in the file, what its columns are. `said` is what of the file is not read.

    `columns` is the body as Arrow and `typed` its columns of numbers and days, where each column is of one kind.
    `relation` selects `cells` as they are from `$paths`, which is the file at `path`, instead of `records`.
    """

    layout: Layout
    records: Iterable[Record]
    sheet: str = ""
    unit: str = "line"
    delimiter: str = ""
    skipped: int = 0
    head: Sequence[Record] = ()
    factor: int = 1
    columns: Any = None
    typed: dict[int, str] | None = None
    relation: str = ""
    path: Path | None = None
    said: list[str] = field(default_factory=list)

    def place(self, line: int) -> str:
        where = f"{self.unit} {line // self.factor}"
        return f"sheet {self.sheet!r}, {where}" if self.sheet and self.unit == "row" else where


def find_text_table(path: Path, source: FileSource) -> Grid:
    """The table of a text file: the separator under which its header holds what is named. Raises Refused."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(_HEAD)
        whole = not file.read(1)
    named = _NAMED.match(text)
    if named and named[1] not in DELIMITERS:
        raise refused(
            f"line 1 names a delimiter that is not read ({named[1]!r})", "write commas, semicolons, tabs or |"
        )
    skipped = 1 if named else 0
    text = text[named.end() :] if named else text
    best: tuple[tuple[int, int], Layout, str, list[Record]] | None = None
    trouble: list[tuple[int, Refused]] = []
    for mark in [named[1]] if named else sorted(DELIMITERS, key=text.count, reverse=True):
        records = _first_records(text, mark, skipped, whole)
        try:
            layout = find_header(records, source)
        except Refused as error:
            trouble.append((max((len(cells) for _, _, cells in records), default=0), error))
            continue
        score = (layout.found, len(layout.names))
        if best is None or score > best[0]:
            best = (score, layout, mark, records)
        if layout.found > 1:  # no other separator parts the same names
            break
    if best is None:
        raise max(trouble, key=lambda failed: failed[0])[1]
    _, layout, mark, records = best
    body = itertools.dropwhile(lambda record: record[0] <= layout.last_line, text_records(path, mark, skipped))
    return Grid(layout, body, delimiter=mark, skipped=skipped, head=records, path=path)


def plain_text_records(path: Path, header: int | None) -> Iterator[Record]:
    """Every record, by the mark under which most rows have as many cells as the header: the first line that is not
    blank, or the one that `header` names. Raises Refused."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        named = _NAMED.match(file.read(8))
    if named and named[1] not in DELIMITERS:
        raise refused(
            f"line 1 names a delimiter that is not read ({named[1]!r})", "write commas, semicolons, tabs or |"
        )

    def fit(mark: str) -> tuple[bool, int, int]:
        found = [cells for line, _, cells in head_records(path, mark) if line >= (header or 1) and any(cells)]
        width = len(found[0]) if found else 0
        return width > 1, sum(len(cells) == width for cells in found[1:]), width

    return text_records(path, named[1] if named else max(DELIMITERS, key=fit))


def head_records(path: Path, mark: str) -> list[Record]:
    """The first records of a text file under one separator."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(_HEAD)
        whole = not file.read(1)
    named = _NAMED.match(text)
    return _first_records(text[named.end() :] if named else text, mark, 1 if named else 0, whole)


def _first_records(text: str, mark: str, skipped: int, whole: bool) -> list[Record]:
    found: list[Record] = []
    try:
        for record in _read_csv(io.StringIO(text, newline=""), mark, skipped, strict=False):
            found.append(record)
            if len(found) > 400:
                return found
    except Refused:
        return found
    return found if whole else found[:-1]


def text_records(path: Path, mark: str, skipped: int | None = None) -> Iterator[Record]:
    """Every record of a text file. Raises Refused at the first that is broken.

    `skipped` are lines above them; None looks for `sep=` itself.
    """
    if skipped is None:
        with path.open(encoding="utf-8-sig", newline="") as file:
            skipped = 1 if _NAMED.match(file.read(8)) else 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(skipped):
            file.readline()
        yield from _read_csv(file, mark, skipped, strict=True)


def _read_csv(file: Iterable[str], mark: str, skipped: int, *, strict: bool) -> Iterator[Record]:
    reader = csv.reader(file, delimiter=mark, strict=strict)
    before = 0
    try:
        for cells in reader:
            yield skipped + before + 1, skipped + reader.line_num, [trimmed(cell) for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        where = f"line {skipped + before + 1}"
        if "unexpected end of data" in str(error):
            what = f"{where} opens a quotation mark that is never closed"
        elif "expected after" in str(error):
            what = f"{where} has text behind a closing quotation mark"
        else:
            what = f"{where} cannot be read ({error})"
        raise refused(what, "correct that line") from None


def to_cells(connection: duckdb.DuckDBPyConnection, grid: Grid) -> None:
    """Make the table `cells` of the grid's body, up to where the table ends."""
    width = len(grid.layout.names)
    if width > _MOST_COLUMNS:
        raise refused(f"has {width:,} columns", f"keep at most {_MOST_COLUMNS:,}")
    schema = pa.schema(
        [
            ("line", pa.int64()),
            *((f"c{at}", pa.string()) for at in range(width)),
            ("extra", pa.string()),
            ("filled", pa.int32()),
            ("short", pa.bool_()),
        ]
    )
    connection.execute("drop table if exists cells")
    if grid.relation:
        connection.execute(f"create table cells as {grid.relation}", {"paths": [str(grid.path)]})
        return
    if grid.delimiter and grid.path is not None and _read_at_once(connection, grid, grid.path, width):
        return
    made = False
    body = _until_the_end(grid)
    while True:
        chunk = list(itertools.islice(body, _CHUNK))
        if not chunk and made:
            return
        lines = [line for line, _ in chunk]
        columns = list(itertools.zip_longest(*(cells for _, cells in chunk))) if chunk else []
        empty = [None] * len(chunk)
        arrays = [
            pa.array([cell or None for cell in columns[at]] if at < len(columns) else empty, pa.string())
            for at in range(width)
        ]
        extra = [" ".join(filter(None, cells[width:])) or None for _, cells in chunk]
        filled = [sum(map(bool, cells)) for _, cells in chunk]
        short = [len(cells) < width for _, cells in chunk]
        table = pa.Table.from_arrays(
            [
                pa.array(lines, pa.int64()),
                *arrays,
                pa.array(extra, pa.string()),
                pa.array(filled, pa.int32()),
                pa.array(short),
            ],
            schema=schema,
        )
        connection.register("chunk", table)
        connection.execute(
            "insert into cells select * from chunk" if made else "create table cells as select * from chunk"
        )
        connection.unregister("chunk")
        made = True


def _read_at_once(connection: duckdb.DuckDBPyConnection, grid: Grid, path: Path, width: int) -> bool:
    """Make `cells` of a text of which every line is a row as wide as the header; whether it is one.

    Anything else (broken rows, line breaks in cells, blank lines, comments) is left to whoever goes through it by hand.
    """
    columns = ", ".join(f"'f{at}': 'VARCHAR'" for at in range(width))
    trimmed_ones = ", ".join(f"nullif({_TRIMMED.format(f'f{at}')}, '') as c{at}" for at in range(width))
    filled = " + ".join(f"(c{at} is not null)::int" for at in range(width))
    try:
        connection.execute(
            f"create or replace temp table lines as select {trimmed_ones} from read_csv($path, auto_detect=false,"
            f" header=false, skip={grid.layout.last_line}, delim='{grid.delimiter}', quote='\"', escape='\"',"
            f" columns={{{columns}}}, strict_mode=true, max_line_size={_LONGEST_CELL})",
            {"path": str(path), "edges": EDGES},
        )
    except duckdb.Error:
        return False
    found = connection.execute(
        f"select count(*), coalesce(bool_or(starts_with(c0, '#') or {filled} = 0), false) from lines"
    ).fetchall()
    if found != [(count_lines(path) - grid.layout.last_line, False)]:
        return False
    connection.execute(
        f"create table cells as select rowid + {grid.layout.last_line + 1} as line, *, cast(null as varchar) as extra,"
        f" cast({filled} as integer) as filled, false as short from lines"
    )
    return True


def count_lines(path: Path) -> int:
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while piece := file.read(1024**2):
            lines, last = lines + piece.count(b"\n"), piece[-1:]
    return lines + (last != b"\n")


def _until_the_end(grid: Grid) -> Iterator[tuple[int, Sequence[str | None]]]:
    """The records up to a comment, or to another header behind a blank line: what follows is another table."""
    blank, any_row = False, False
    day = grid.layout.roles.get("date")
    for line, _, cells in grid.records:
        if not any(cells):
            blank = any_row
            continue
        first = cells[0] or ""
        if any_row and first.startswith("#") and dates.read(first) is None and (blank or sum(map(bool, cells)) == 1):
            grid.said.append(f"another table begins in {grid.place(line)}; it is not read")
            return
        if blank and _is_header(cells, day):
            grid.said.append(f"another table begins in {grid.place(line)}; it is not read")
            return
        yield line, cells
        blank, any_row = False, True


def _is_header(cells: Sequence[str | None], day: int | None) -> bool:
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(cell.startswith("\x01") or cell[:1].isdigit() for cell in filled):
        return False
    if any(is_total(spaced(cell)) for cell in filled):
        return False
    at = cells[day] if day is not None and day < len(cells) else None
    return at is None or dates.read(at) is None
