"""Reading the files of one source: opened, their tables found, their rows in one table (rows.py: what comes out)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.channels.files.clean import may_be_plain, read_clean
from okr_reports.channels.files.faults import Refused, listed, out_of_reach, refused
from okr_reports.channels.files.grid import Grid, find_text_table, to_cells
from okr_reports.channels.files.names import spaced
from okr_reports.channels.files.opened import Opened, open_file
from okr_reports.channels.files.plain import PlainFile
from okr_reports.channels.files.records import find_json_table, find_parquet_table
from okr_reports.channels.files.rows import ROW_COLUMNS, VALUE, Fault, FileFacts, SourceRows
from okr_reports.channels.files.sheets import find_sheets
from okr_reports.channels.files.typed import Typing
from okr_reports.channels.files.wide import turn
from okr_reports.channels.runners.records import find_records_table
from okr_reports.common.sql_text import quoted_text
from okr_reports.file_sources import FileSource

# Columns of a breakdown are among the first; an export of everything has hundreds.
_MOST_PARTING = 30
# Of many rows most lie in a file beside these.
_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "400MB",
}
_NUMBERS = re.compile(r"(\d+)")


@dataclass
class Table:
    """A table of a file that is to be read."""

    opened: Opened
    grid: Grid


@dataclass
class _Found:
    """What is known of one file while it is read."""

    name: str
    path: Path
    tables: list[Table] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def read_source(
    source: FileSource, files: Mapping[str, Path], today: date, reporting: str | None = None, *, quick: bool = True
) -> SourceRows:
    """All rows of these files, by the names they have in the raw tables.

    A file with any fault gives none, and all its faults; nothing is raised for it. Who calls closes what is given.

    `reporting` is the currency of the reports. With `quick` files without anything odd are read many at a time, and
    less is said of them.
    """
    folder = tempfile.TemporaryDirectory(prefix="okr-rows-")
    connection = duckdb.connect(config={**_CONFIG, "temp_directory": f"{folder.name}/spilt"})
    rows = SourceRows(connection, tuple(source.measures), folder)
    with ExitStack() as opened:
        opened.enter_context(rows)
        _fill(source, rows, files, today, reporting, quick)
        opened.pop_all()
    return rows


def _fill(
    source: FileSource, rows: SourceRows, files: Mapping[str, Path], today: date, reporting: str | None, quick: bool
) -> None:
    connection = rows.connection
    connection.execute("set timezone = 'UTC'")
    # what is lost with the process needs no log of what was written
    connection.execute(f"attach {quoted_text(str(rows.database))} as rows_of_files (recovery_mode no_wal_writes)")
    connection.execute("use rows_of_files")
    values = "".join(f", v{at} {VALUE}" for at in range(len(source.measures)))
    columns = ", ".join(f"{name} {kind}" for name, kind in ROW_COLUMNS.items())
    connection.execute(f"create table rows ({columns}{values})")
    with tempfile.TemporaryDirectory(prefix="okr-files-") as scratch:
        found = {}
        for at, (name, path) in enumerate(files.items()):
            room = Path(scratch) / str(at)
            room.mkdir()
            found[name] = _find(source, name, path, room)
        done = _read_plain(source, rows, found.values(), today, reporting) if quick else set()
        for file in found.values():
            if not file.faults and file.name not in done:
                _read(source, rows, file, today, reporting)
        rows.faults |= {name: file.faults for name, file in found.items() if file.faults}
        _date(rows.files, today)


def _find(source: FileSource, name: str, path: Path, scratch: Path) -> _Found:
    found = _Found(name, path)
    try:
        parts = open_file(path, source.encoding, scratch)
        found.tables = list(_tables(source, parts, found.said))
    except Refused as error:
        found.faults += error.faults
    except OSError as error:
        found.faults += out_of_reach(error).faults
    return found


def _tables(source: FileSource, parts: Sequence[Opened], said: list[str]) -> Iterator[Table]:
    if len(parts) == 1:
        yield from (Table(parts[0], grid) for grid in _grids(source, parts[0]))
        return
    fitting, first = 0, None
    left: list[str] = []
    for part in parts:
        try:
            grids = _grids(source, part)
        except Refused as error:
            left.append(part.member)
            first = first or error
            continue
        fitting += 1
        for grid in grids:
            grid.sheet = grid.sheet or part.member
            yield Table(part, grid)
    if not fitting:
        what = f"holds no file with the columns that are named: {first}"
        raise refused(what, f"it holds {listed(left, 8)}")
    if left:
        said.append(f"files of the archive not read: {listed(left, 8)}")


def _grids(source: FileSource, part: Opened) -> list[Grid]:
    if source.connector is not None:
        return [find_records_table(part.path, source)]
    if part.kind == "excel":
        return find_sheets(part.path, source)
    if part.kind == "parquet":
        return [find_parquet_table(part.path, source)]
    if part.kind == "json":
        return [find_json_table(part.path, source)]
    return [find_text_table(part.path, source)]


def _read_plain(
    source: FileSource, rows: SourceRows, found: Iterable[_Found], today: date, reporting: str | None
) -> set[str]:
    """The files in which nothing is odd, many at a time; the names of those."""
    candidates = {
        candidate.name: candidate
        for candidate in found
        if not candidate.faults and len(candidate.tables) == 1 and may_be_plain(source, candidate.tables[0].grid)
    }
    files = [
        file for name, candidate in candidates.items() if (file := _plain_file(name, candidate.tables[0])) is not None
    ]
    clean = read_clean(source, rows, files, today, reporting)
    for name, (count, first, last) in clean.facts.items():
        candidate = candidates[name]
        facts = _facts(candidate, candidate.tables[0].grid, _measures_there(source, candidate.tables[0].grid))
        said = (*candidate.said, *candidate.tables[0].grid.said, *clean.said.get(name, ()))
        rows.files[name] = combined(name, [facts], said, count, first, last)
    return set(clean.facts)


def _plain_file(name: str, table: Table) -> PlainFile | None:
    kind, grid = "record" if table.grid.relation else table.opened.kind, table.grid
    typed: dict[int, str] | None = {} if kind == "text" else grid.typed
    if kind == "record" and typed and grid.layout.roles.get("date") in typed:
        return None  # a day that is a number takes care
    return None if typed is None or kind == "json" else PlainFile(name, table.opened.path, grid, kind, typed)


def _measures_there(source: FileSource, grid: Grid) -> list[str]:
    return [
        name for name, measure in source.measures.items() if measure.count == "rows" or name in grid.layout.measures
    ]


def _read(source: FileSource, rows: SourceRows, found: _Found, today: date, reporting: str | None) -> None:
    facts: list[FileFacts] = []
    connection = rows.connection
    connection.execute("create or replace table of_file as select * from rows limit 0")
    for table in found.tables:
        try:
            typing = _type(source, table.grid, connection, today, reporting)
        except Refused as error:
            found.faults += error.faults
            continue
        found.faults += typing.faults
        found.said += [*table.grid.said, *typing.said, *_breakdown(typing)]
        if typing.faults:
            continue
        rows.currencies.update(typing.money.measures)
        values = "".join(f", v{at}" for at in range(len(source.measures)))
        names = ", ".join(name for name in ROW_COLUMNS if name not in ("source_file", "sheet", "line"))
        connection.execute(
            f"insert into of_file select $file, $sheet, line // {table.grid.factor}, {names}{values} from typed",
            {"file": found.name, "sheet": table.grid.sheet},
        )
        facts.append(_facts(found, table.grid, typing.measures))
    if not found.faults and len(found.tables) > 1 and source.on_overlap != "sum":
        _check_parts(connection, found)
    if found.faults:
        return
    connection.execute("insert into rows select * from of_file")
    rows.files[found.name] = summed_up(connection, "of_file", found.name, facts, tuple(found.said))


def _type(
    source: FileSource, grid: Grid, connection: duckdb.DuckDBPyConnection, today: date, reporting: str | None
) -> Typing:
    to_cells(connection, grid)
    if source.wide:
        source = turn(connection, grid, source)
    typing = Typing(connection, source, grid, today, reporting)
    try:
        typing.read()
    except duckdb.OutOfRangeException:
        raise refused("has values whose sum or product is too large", "correct them, or the scale") from None
    return typing


def _check_parts(connection: duckdb.DuckDBPyConnection, found: _Found) -> None:
    """Sheets of one file, or files of one archive, that hold the same campaign and day would count twice."""
    twice = connection.execute(
        "select min(sheet), max(sheet) from of_file group by date, account_id, campaign_id"
        " having count(distinct sheet) > 1"
    ).fetchone()
    if twice:
        what = f"{twice[0]} and {twice[1]} hold rows of the same account, campaign and day"
        todo = "keep one of them (`sheet` names those to read), or declare `on_overlap: sum` if both count"
        found.faults.append(Fault(what, todo))


def _breakdown(typing: Typing) -> Iterator[str]:
    """Rows of one campaign and day that are added, and the columns that part them (device, age): said, as a breakdown
    beside a report without it would count twice."""
    if typing.faults or typing.counts_rows() or typing.source.pivot is not None:
        return
    of_one = "group by date, end_date, account_id, campaign_id, coalesce(campaign_name, ''), currency"
    [(rows,)] = typing.run(
        f"select coalesce(sum(n), 0) from (select count(*) as n from typed {of_one} having count(*) > 1)"
    )
    if not rows:
        return
    names = typing.layout.names
    others = [at for at, name in enumerate(names) if name and at not in typing.layout.wanted]
    parting = []
    for at in others[:_MOST_PARTING]:
        texts = f"count(distinct c{at}) filter (where not regexp_full_match(ltrim(c{at}, chr(1)), '[-+]?[0-9., %]*'))"
        sql = f"select 1 from (select {texts} as n from typed join cells using (line) {of_one}) where n > 1 limit 1"
        if typing.run(sql):
            parting.append(spaced(names[at]))
    by = f" (split by {listed(parting, 4)})" if parting else ""
    yield f"{rows:,} rows share their campaign and day with another one{by}: they are added up"


def _facts(found: _Found, grid: Grid, measures: Sequence[str]) -> FileFacts:
    preamble = grid.layout.preamble
    return FileFacts(
        found.name,
        made=preamble.made,
        report_from=preamble.first,
        report_to=preamble.last,
        measures=tuple(measures),
        # of a wide table the turning says it
        unread=() if grid.factor > 1 else grid.layout.unread,
    )


def summed_up(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, facts: Sequence[FileFacts], said: tuple[str, ...]
) -> FileFacts:
    """One FileFacts of a file, from those of its tables and from its rows in `table`."""
    ((count, first, last),) = connection.execute(
        f"select count(*), min(date), max(end_date) from {table} where source_file = ?", [name]
    ).fetchall()
    return combined(name, facts, said, count, first, last)


def combined(
    name: str, facts: Sequence[FileFacts], said: tuple[str, ...], count: int, first: date | None, last: date | None
) -> FileFacts:
    report_to = max((table.report_to for table in facts if table.report_to), default=None)
    return FileFacts(
        name,
        made=next((table.made for table in facts if table.made), None),
        report_from=min((table.report_from for table in facts if table.report_from), default=None),
        report_to=report_to,
        rows=count,
        first_day=first,
        last_day=last,
        measures=tuple(dict.fromkeys(name for table in facts for name in table.measures)),
        unread=tuple(dict.fromkeys(name for table in facts for name in table.unread)),
        said=(*(("no rows in this file",) if not count else ()), *dict.fromkeys(said)),
    )


def _date(files: dict[str, FileFacts], today: date) -> None:
    """The day on which each file was made: after its last day, and never after today, in one order of day and month."""
    made = {name: facts.made for name, facts in files.items() if facts.made is not None}

    def days(month_first: bool) -> dict[str, date | None]:
        return {name: written.on(month_first and written.order != ".") for name, written in made.items()}

    def fits(found: dict[str, date | None]) -> bool:
        return all(day and (files[name].last_day or day) <= day <= today for name, day in found.items())

    either = [days(False), days(True)]
    possible = [found for found in either if fits(found)] or [found for found in either if all(found.values())]
    for name, facts in files.items():
        if name in made and possible and possible[0] == possible[-1]:
            files[name] = replace(facts, generated_on=possible[0][name])
        elif name in made and len(files) > 1:
            said = "when the file was made is not known: its date may be day/month or month/day"
            files[name] = replace(facts, said=(*facts.said, said))


def order_of(generated: date | None, last: date | None, name: str) -> tuple[str, str, tuple[tuple[int, str], ...]]:
    """What files of a source are ordered by: generation date, last day covered, natural order of names."""
    natural = tuple((int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name) if part)
    return (str(generated or ""), str(last or ""), natural)
