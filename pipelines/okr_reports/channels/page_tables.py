"""The rows of one `tables` entry as a DuckDB table: cells as they were found, columns typed where no doubt is left.

A column is whole numbers, numbers, days, moments or true/false if every one of its values is written so beyond doubt
(ISO for days, a point for decimals, no leading zeros); else it is text, which a page can cast. What a file itself keeps
as text is no number. Grain: one row a row of the file below its header, or of the query; blank rows are left out.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.channels.budget import Budget
from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.faults import MOST_ROWS, SHOWN, Refused, out_of_reach, refused
from okr_reports.channels.files.grid import plain_text_records
from okr_reports.channels.files.layout import Record
from okr_reports.channels.files.names import spaced
from okr_reports.channels.files.ods import ERROR, UNCALCULATED
from okr_reports.channels.files.opened import Opened, open_file
from okr_reports.channels.files.records import as_text, is_json_list, json_records, parquet_columns
from okr_reports.channels.files.rows import Fault
from okr_reports.channels.files.sheets import sheet_records
from okr_reports.channels.sql.settings import Connection
from okr_reports.channels.sql.settings import Query as SqlQuery
from okr_reports.common.page_tables import PageTable
from okr_reports.common.sql_text import quoted_name
from okr_reports.errors import ChannelError, InputFileError, quoted
from okr_reports.file_places import refusal

_CHUNK = 20_000
_MOST_COLUMNS = 2_000
# A page that asks for more of a database than it may show is better served by a question that adds up.
_SECONDS = 900.0

# The kinds of columns, in the order in which they are tried: the type, and when a text is certainly one.
# At most 18 digits: longer ones are ids, which a number would round.
_WHOLE = "-?(0|[1-9][0-9]{0,17})"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = f"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?"
_ZONE = " ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_KINDS = {
    "bigint": (_WHOLE, True),
    "decimal(28,9)": (f"{_WHOLE}([.][0-9]{{1,9}})?", True),
    "double": (f"{_WHOLE}([.][0-9]+)?(e[+-]?[0-9]{{1,3}})?", True),
    "date": (f"{_DAY}( 00:00:00)?", False),
    "timestamp": (_MOMENT, False),
    "timestamptz": (f"{_MOMENT}{_ZONE}", False),
    "boolean": ("(?i:true|false)", False),
}


def read_tables(tables: Iterable[PageTable], database: Path) -> dict[str, ChannelError]:
    """Read them into a new `database`, each into a table of its id; what is wrong with those that could not be read."""
    faults = {}
    # nothing is fetched because a file names it
    fenced: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(str(database), config=fenced) as connection:
        connection.execute("set timezone = 'UTC'")
        for table in tables:
            try:
                read_table(connection, table)
            except ChannelError as error:
                faults[table.id] = error
    return faults


def read_table(connection: duckdb.DuckDBPyConnection, table: PageTable) -> None:
    """Make the table `<id>` of `connection`, which is not there yet.

    Raises ChannelError naming the table, its file and the line, or what the database answers; nothing is made then.
    """
    try:
        if table.path is None:
            columns, rows = _queried(table)
            _typed(connection, table.id, columns, rows, keeps_types=True)
            return
        with tempfile.TemporaryDirectory(prefix="okr-table-") as scratch:
            _of_file(connection, table, table.path, Path(scratch))
    except (Refused, OSError) as error:
        faults = (error if isinstance(error, Refused) else out_of_reach(error)).faults
        what = "; ".join(f"{table.source}: {fault}" for fault in faults)
        raise InputFileError(f"table {table.id}", what, faults[0].todo) from None
    except ChannelError as error:
        raise type(error)(f"table {table.id}", error.what, error.todo) from None
    except duckdb.Error as error:
        what = f"{table.source}: DuckDB answers {quoted(str(error).splitlines()[0])}"
        raise ChannelError(f"table {table.id}", what, "look at the rows that it speaks of") from None


def _of_file(connection: duckdb.DuckDBPyConnection, table: PageTable, path: Path, scratch: Path) -> None:
    if not table.is_within_roots:
        raise refused(*refusal(path.parent))
    if not path.is_file():
        raise refused("is not there", f"put it there, or correct `path` at {table.defined_at}")
    parts = open_file(path, table.encoding, scratch)
    if len(parts) != 1:
        raise refused(f"holds {len(parts)} files", "pack one file, or unpack it")
    part = parts[0]
    if table.sheet and part.kind != "excel":
        raise refused("has no sheets", f"remove `sheet` at {table.defined_at}")
    if part.kind == "parquet":
        parquet_columns(part.path)
        # the reader is DuckDB itself, as its types are
        select = f"select * from read_parquet($path) limit {MOST_ROWS}"
        connection.execute(f"create table {quoted_name(table.id)} as {select}", {"path": str(part.path)})
        return
    is_list = part.kind == "text" and is_json_list(part.path, part.member or path.name)
    is_text = part.kind == "text" and not is_list
    names, rows, where = _records(part, table, is_list)
    _typed(connection, table.id, names, _shaped(rows, len(names), where, is_text), keeps_types=not is_text)


def _records(part: Opened, table: PageTable, is_list: bool) -> tuple[list[str], Iterator[Record], str]:
    """The names of the columns, what stands below them, and how a place is called."""
    if is_list or part.kind == "json":
        names, rows = json_records(part.path, is_list=is_list)
        return names, rows, "item" if is_list else "line"
    if part.kind == "excel":
        sheet, found = sheet_records(part.path, table.sheet)
        where = f"sheet {sheet!r}, row"
    else:
        found, where = plain_text_records(part.path, table.header), "line"
    for line, _, cells in found:
        if line == table.header or (table.header is None and any(cells)):
            while cells and not cells[-1]:
                cells.pop()
            return cells, found, where
    raise refused("has no header", "write the names of its columns into the first row, or name its row as `header`")


def _names(header: Sequence[str]) -> list[str]:
    """The columns' names, one line each, as they are written. Raises Refused for what no query could name."""
    names = [spaced(cell.removeprefix(NATIVE)) for cell in header]
    if len(names) > _MOST_COLUMNS:
        raise refused(f"has {len(names):,} columns", f"keep at most {_MOST_COLUMNS:,}")
    seen: dict[str, int] = {}
    for at, name in enumerate(names, start=1):
        if not name or "\0" in name:
            raise refused(f"column {at} has no name", "name every column, or delete the empty ones")
        if (first := seen.setdefault(name.casefold(), at)) != at:
            raise refused(f"columns {first} and {at} have the same name ({quoted(repr(name[:60]))})", "rename one")
    return names


def _shaped(rows: Iterable[Record], width: int, where: str, is_text: bool) -> Iterator[list[str]]:
    """The cells of every row that has any. Raises Refused for rows that do not fit their header, and broken cells."""
    wrong: dict[str, list[int]] = {}
    todo = {
        "more cells than the header has": "correct that row, or name the header's as `header: 3`",
        "fewer cells than the header has": "correct that row",
        "an error of the sheet, or a formula without a result": "correct it, or save the file in Excel again",
    }
    more, fewer, broken = todo
    for line, _, cells in rows:
        if not any(cells):
            continue
        if any(cells[width:]):
            wrong.setdefault(more, []).append(line)
        elif is_text and len(cells) < width:
            wrong.setdefault(fewer, []).append(line)
        elif not is_text and any(cell in (ERROR, UNCALCULATED) for cell in cells):
            wrong.setdefault(broken, []).append(line)
        if not wrong:
            yield [*cells[:width], *[""] * (width - len(cells))]
    if wrong:
        raise Refused(
            [
                Fault(what, todo[what], tuple(f"{where} {line}" for line in lines[:SHOWN]), len(lines))
                for what, lines in wrong.items()
            ]
        )


def _typed(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    keeps_types: bool,
) -> None:
    names = _names(header)
    kept = pa.schema([(f"c{at}", pa.string()) for at in range(len(names))])
    connection.execute(
        f"create or replace temp table cells ({', '.join(f'{column} varchar' for column in kept.names)})"
    )
    counted, body = 0, iter(rows)
    while chunk := list(itertools.islice(body, _CHUNK)):
        counted += len(chunk)
        if counted > MOST_ROWS:
            raise refused(f"has more than {MOST_ROWS:,} rows", "split it, or add its rows up")
        columns = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*chunk, strict=True)]
        connection.register("chunk", pa.Table.from_arrays(columns, schema=kept))
        connection.execute("insert into cells select * from chunk")
        connection.unregister("chunk")
    chosen = ", ".join(
        f"{_cast(connection, f'c{at}', keeps_types)} as {quoted_name(title)}" for at, title in enumerate(names)
    )
    connection.execute(f"create table {quoted_name(name)} as select {chosen} from cells order by rowid")
    connection.execute("drop table cells")


def _cast(connection: duckdb.DuckDBPyConnection, column: str, keeps_types: bool) -> str:
    """The column in the first kind that all its values are of, in SQL."""
    text = f"ltrim({column}, chr(1))"
    tests = []
    for kind, (pattern, is_number) in _KINDS.items():
        test = f"regexp_full_match({text}, '{pattern}') and try_cast({text} as {kind}) is not null"
        if is_number and keeps_types:
            test += f" and starts_with({column}, chr(1))"
        elif kind == "double":
            test += f" and not contains({text}, 'e')"
        tests.append(f"coalesce(bool_and({test}), false)")
    (found,) = connection.execute(f"select [{', '.join(tests)}] from cells where {column} is not null").fetchall()
    first = next((kind for kind, fits in zip(_KINDS, found[0], strict=True) if fits), None)
    return text if first is None else f"cast({text} as {first})"


def _queried(table: PageTable) -> tuple[list[str], Iterator[list[str]]]:
    """What the query gives, read as the channel `sql` reads: nothing is written, no secret is in a message."""
    from okr_reports.channels.configuration import read_settings
    from okr_reports.channels.sql.database import check_url, run_query

    credentials = read_settings(Connection, "sql", table.connection).credentials
    if not credentials.url:
        credentials = read_settings(Connection, "sql").credentials
    query = SqlQuery(query=table.query, credentials=credentials)
    check_url(table.connection, query)
    columns, rows = run_query(table.connection, query, None, Budget("sql", seconds=_SECONDS))
    if not columns:
        raise ChannelError("sql", "the query gives no columns", "select some")
    return columns, ([as_text(cell) for cell in row] for row in rows)
