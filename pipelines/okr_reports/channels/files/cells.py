"""Reading a file into a DuckDB table `cells` of texts: `r`, the row as its reader counts it, and `c0`, `c1` ... .

Nothing is interpreted here, so that CSV, Excel and Parquet are judged by the same rules. An empty cell is NULL.
"""

from __future__ import annotations

import codecs
import csv
import errno
import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.errors import did_you_mean, quoted
from okr_reports.file_sources import CSV, EXCEL, PARQUET

LARGEST_FILE = 2 * 1024**3
LARGEST_SHEET = 300 * 1024**2
MOST_ROWS = 50_000_000
# A real sheet shrinks 5 to 50 times in its zip; a bomb a thousand times.
LARGEST_ZIP_RATIO = 200
# What stands for #DIV/0!, #N/A and the like, which pandas reads as NaN: no number and no date, so it is refused.
EXCEL_ERROR = "#ERROR"
_HEAD = 64 * 1024
_LONGEST_LINE = 4 * 1024**2
_PIECE = 1024**2
_DELIMITERS = (",", ";", "\t", "|")
# The first line with which Excel names the delimiter, and honours it.
_NAMED = re.compile(r"sep=([^\r\n])(?:\r\n|\r|\n|$)", re.IGNORECASE)
_UTF8, _UTF16 = "utf-8-sig", "utf-16"


# Python's own limit, 128 kB a cell, would end the search for a line that DuckDB has read.
csv.field_size_limit(_LONGEST_LINE)


class Unreadable(Exception):
    """What is wrong with a file and what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what, self.todo = what, todo


def out_of_reach(error: OSError) -> Unreadable:
    """What the system says of a file or folder that it does not hand out."""
    todo = "give this user the right to read it, or bring the file back"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        todo = f"make room in {tempfile.gettempdir()}, where UTF-16 is decoded"
    return Unreadable(f"cannot be read ({error.strerror or error})", todo)


@dataclass(frozen=True)
class Cells:
    """`connection` holds the table; `columns` maps the wanted names to its columns; `place` words a row for people."""

    connection: duckdb.DuckDBPyConnection
    columns: dict[str, str]
    place: Callable[[int], str]
    # written by a spreadsheet, whose language decides how it writes numbers
    decimal_commas: bool = False
    # cells that were dates in the file itself are ISO text whatever the declared format
    native_dates: bool = False


def read_cells(path: Path, wanted: Sequence[str], sheet: str | None) -> Cells:
    """The wanted columns of `path`. Raises Unreadable, and OSError where the system does not hand it out."""
    kind = path.suffix.lower()
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable(f"is larger than {LARGEST_FILE >> 30} GB", "split it by month or year")
    if kind in CSV:
        return _read_csv(path, wanted)
    if kind in EXCEL:
        return _read_excel(path, wanted, sheet)
    if kind in PARQUET:
        return _read_parquet(path, wanted)
    raise Unreadable(f"is of a kind that is not read ({kind or 'no extension'})", "save it as .csv, .xlsx or .parquet")


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("set timezone = 'UTC'")
    return connection


def _pick(header: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Where each wanted column is. Raises Unreadable if one is missing or there twice."""
    names = [name.strip() for name in header]
    for name in wanted:
        if names.count(name) > 1:
            raise Unreadable(f"has two columns named {name!r}", "rename one of them")
        if name not in names:
            shown = quoted(", ".join(names[:20])) if names else "no columns"
            hint = did_you_mean(name, names, f"it has {shown}.", repr)
            raise Unreadable(f"has no column {name!r}", f"{hint} Correct the file or the definition")
    return {name: names.index(name) for name in wanted}


def _read_csv(path: Path, wanted: Sequence[str]) -> Cells:
    layout = _sniff(path, wanted)
    positions = _pick(layout.header, wanted)
    columns = ", ".join(f"'f{at}': 'VARCHAR'" for at in range(len(layout.header)))
    taken = ", ".join(f"f{at} as c{n}" for n, at in enumerate(positions.values()))
    connection = _connect()
    try:
        with _in_utf8(path, layout) as text:
            connection.execute(
                f"create table cells as select row_number() over () as r, {taken} from read_csv(?, auto_detect=false, "
                f"skip={layout.before}, header=true, delim='{layout.delimiter}', quote='\"', escape='\"', "
                f"columns={{{columns}}}, strict_mode=true, max_line_size={_LONGEST_LINE})",
                [str(text)],
            )
    except duckdb.Error as error:
        raise _broken_csv(str(error)) from None
    return Cells(
        connection,
        {name: f"c{n}" for n, name in enumerate(positions)},
        lambda row: f"line {_line_of(path, layout, row)}",
        layout.delimiter == ";" or (layout.encoding == _UTF16 and layout.delimiter != ","),
    )


@dataclass(frozen=True)
class _Layout:
    """How a CSV is written; `before` lines stand before its header."""

    header: list[str]
    delimiter: str
    encoding: str
    before: int


def _sniff(path: Path, wanted: Sequence[str]) -> _Layout:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # only a mark tells: what has none and is no UTF-8 may be any of a dozen encodings
    encoding = _UTF16 if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else _UTF8
    text = head.decode(encoding, "replace")
    if "\x00" in text:
        raise Unreadable("is not UTF-8 text", "save it as CSV UTF-8")
    named = _NAMED.match(text)
    if named and named[1] not in _DELIMITERS:
        raise Unreadable(
            f"line 1 names a delimiter that is not read ({named[1]!r})", "write commas, semicolons, tabs or |"
        )
    text = text[named.end() :] if named else text
    if not text.strip():
        raise Unreadable("is empty", "export it again, with its header line")
    try:
        headers = {mark: next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), []) for mark in _DELIMITERS}
    except csv.Error as error:
        raise Unreadable(f"has a header that cannot be read ({error})", "save it as CSV UTF-8 again") from None

    def fit(mark: str) -> tuple[int, int]:
        names = [name.strip() for name in headers[mark]]
        return sum(name in names for name in wanted), len(names)

    delimiter = named[1] if named else max(_DELIMITERS, key=fit)
    before = 1 if named else 0
    if any("\ufffd" in name for name in headers[delimiter]):
        raise Unreadable(f"line {before + 1} is not UTF-{16 if encoding == _UTF16 else 8} text", "save it as CSV UTF-8")
    return _Layout(headers[delimiter], delimiter, encoding, before)


@contextmanager
def _in_utf8(path: Path, layout: _Layout) -> Iterator[Path]:
    """The file, or a copy of it that lasts as long as it is read. Raises Unreadable with the line that is no text."""
    if layout.encoding == _UTF8:
        yield path
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv") as copy:
        for piece in _decoded(path):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def _decoded(path: Path) -> Iterator[str]:
    """A file of UTF-16, piece by piece, so that memory is no matter of its size."""
    lines, line = io.IncrementalNewlineDecoder(None, translate=True), 1
    with path.open("rb") as file:
        order = "utf-16-le" if file.read(2) == codecs.BOM_UTF16_LE else "utf-16-be"
        decoder = codecs.getincrementaldecoder(order)()
        part = b"-"
        while part:
            part = file.read(_PIECE)
            try:
                text = decoder.decode(part, final=not part)
            except UnicodeDecodeError as error:
                line += lines.decode(error.object[: error.start].decode(order), final=True).count("\n")
                raise Unreadable(f"line {line} is not UTF-16 text", "export it again, or as CSV UTF-8") from None
            line += lines.decode(text).count("\n")
            yield text


def _broken_csv(message: str) -> Unreadable:
    line = re.search(r"CSV Error on Line: (\d+)", message)
    where = f"line {line[1]}" if line else "a line"
    if "not utf-8" in message:
        return Unreadable(f"{where} is not UTF-8 text", "save it as CSV UTF-8")
    count = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if count:
        return Unreadable(f"{where} has {count[2]} columns where the header has {count[1]}", "correct that line")
    if "unterminated quote" in message:
        return Unreadable(f"{where} opens a quotation mark that is never closed", "correct that line")
    lines = message.splitlines()
    return Unreadable(
        f"{where} cannot be read: {quoted(lines[2] if len(lines) > 2 else lines[0])}", "correct that line"
    )


def _line_of(path: Path, layout: _Layout, row: int) -> int:
    """The line of the file where the `row`-th record ends: blank lines and line breaks in quotes count here.

    Columns that nobody wants may hold what is no UTF-8.
    """
    with path.open(encoding=layout.encoding, errors="replace", newline="") as file:
        for _ in range(layout.before):
            file.readline()
        reader = csv.reader(file, delimiter=layout.delimiter)
        records = (layout.before + reader.line_num for record in reader if record)
        return next(line for at, line in enumerate(records) if at == row)


def _read_excel(path: Path, wanted: Sequence[str], sheet: str | None) -> Cells:
    import pandas

    _check_zip(path)
    try:
        with pandas.ExcelFile(path, engine="openpyxl") as book:
            if sheet is not None and sheet not in book.sheet_names:
                raise Unreadable(f"has no sheet {sheet!r}", f"it has {', '.join(map(str, book.sheet_names))}")
            visible = [one.title for one in book.book.worksheets if one.sheet_state == "visible"]
            name = sheet or visible[0]
            frame = pandas.read_excel(book, sheet_name=name, header=None, dtype=object, na_filter=False)
    except Unreadable:
        raise
    except Exception as error:  # openpyxl lets KeyError, zlib.error, ParseError and more of a broken book through
        what = f"is not a readable Excel file ({type(error.__cause__ or error.__context__ or error).__name__})"
        raise Unreadable(what, "open it and save it again") from None
    if frame.empty:
        raise Unreadable("is empty", "export it again, with its header row")
    positions = _pick([_as_text(cell) or "" for cell in frame.iloc[0]], wanted)
    _check_formulas(path, name, frame, sorted(positions.values()))
    texts = {
        f"c{n}": pa.array([_as_text(cell) for cell in frame.iloc[1:, at]], pa.string())
        for n, at in enumerate(positions.values())
    }
    return _from_arrow(
        pa.table({"r": pa.array(range(2, len(frame) + 1), pa.int64()), **texts}), positions, lambda row: f"row {row}"
    )


def _check_formulas(path: Path, sheet: str, frame: Any, columns: Sequence[int]) -> None:
    """Refuse a formula whose result the file does not hold, as programs write that do not calculate: it reads as empty.

    Only books with formulas are read once more for it.
    """
    if not _has_formulas(path):
        return
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        book[sheet].reset_dimensions()
        for row, cells in enumerate(book[sheet].iter_rows()):
            for column in columns:
                read = frame[column].iloc[row] if row < len(frame) else None
                if (read is None or read == "") and column < len(cells) and cells[column].data_type == "f":
                    place = f"sheet {sheet!r}, cell {cells[column].coordinate}"
                    shown = repr(str(cells[column].value)[:60])
                    raise Unreadable(
                        f"{place}: the formula has no result in the file ({quoted(shown)})",
                        "open it in Excel or LibreOffice and save it, or export it as CSV",
                    )
    finally:
        book.close()


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for part in archive.namelist():
            if not part.startswith("xl/worksheets/"):
                continue
            with archive.open(part) as opened:
                end = b""
                while chunk := opened.read(1 << 20):
                    if re.search(rb"<(\w+:)?f[ >/]", end + chunk):
                        return True
                    end = chunk[-16:]
    return False


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
            declares = size <= LARGEST_SHEET and any(_declares_a_type(archive, part) for part in archive.namelist())
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error):
        raise Unreadable("is not a readable Excel file", "open it and save it as .xlsx") from None
    if size > LARGEST_SHEET or (size > 1024**2 and size > LARGEST_ZIP_RATIO * path.stat().st_size):
        raise Unreadable(
            f"unpacks to {size / 1024**2:,.0f} MB, which is suspiciously much", "export it as CSV or Parquet"
        )
    if declares:
        raise Unreadable("declares entities, which Excel never does", "open it and save it again as .xlsx")


def _declares_a_type(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether an XML part has a document type, where entities are declared.

    Asked here because openpyxl asks only where lxml is not installed.
    """
    with archive.open(part) as opened:
        start = opened.read(4096)
    return any("<!DOCTYPE".encode(coding) in start for coding in ("utf-8", "utf-16-le", "utf-16-be"))


def _as_text(cell: Any) -> str | None:
    """A cell as a reader would type it in; None if it is empty."""
    if cell is None or cell == "":
        return None
    if cell != cell:
        return EXCEL_ERROR
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _read_parquet(path: Path, wanted: Sequence[str]) -> Cells:
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            positions = _pick(file.schema_arrow.names, wanted)
            if file.metadata.num_rows > MOST_ROWS:
                raise Unreadable(f"has more than {MOST_ROWS:,} rows", "split it by month or year")
            table = file.read(columns=list(wanted)).select(list(wanted))
    except Unreadable:
        raise
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"is not a readable Parquet file ({type(error).__name__})", "export it again") from None
    nested = [column.name for column in table.schema if pa.types.is_nested(column.type)]
    if nested:
        raise Unreadable(f"column {nested[0]!r} holds lists or records", "flatten it")
    table = table.rename_columns([f"c{n}" for n in range(len(wanted))])
    rows = pa.array(range(1, table.num_rows + 1), pa.int64())
    return _from_arrow(table.add_column(0, "r", rows), positions, lambda row: f"row {row}")


def _from_arrow(table: pa.Table, positions: dict[str, int], place: Callable[[int], str]) -> Cells:
    connection = _connect()
    connection.register("given", table)
    # a whole number that a spreadsheet or pandas kept as a double is written without its .0, as ids must be
    texts = ", ".join(
        f"regexp_replace(cast(c{n} as varchar), '^(-?\\d+)\\.0$', '\\1') as c{n}" for n in range(len(positions))
    )
    connection.execute(f"create table cells as select r, {texts} from given")
    return Cells(connection, {name: f"c{n}" for n, name in enumerate(positions)}, place, native_dates=True)
