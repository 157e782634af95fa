"""Sheets of Excel and OpenDocument (python-calamine): cells as text, merged ones filled, errors of the sheet kept."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.faults import NoTable, Refused, listed, refused
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.layout import HEADER_WITHIN, Record, find_header
from okr_reports.channels.files.names import trimmed
from okr_reports.channels.files.ods import CONTENT, ERROR, UNCALCULATED, largest, odd_cells
from okr_reports.channels.files.plain import sheet_columns
from okr_reports.file_sources import FileSource

_LOOKS_EMPTY = (
    "an error of a formula looks like an empty cell in .xls and .xlsb, and there are empty ones:"
    " save it as .xlsx to be sure"
)
# Each takes some 50 bytes while it is read.
_MOST_CELLS = 32_000_000
_HALF_SECOND = timedelta(milliseconds=500)
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_ROWS = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_WIDE = re.compile(rb'\br="([A-Z]{3})\d{1,7}"')
_VALUE = re.compile(rb"<(?:\w+:)?v>[^<]|<(?:\w+:)?is>")
# Of a formula: a sheet of another workbook.
_FORMULAS = re.compile(rb"<(?:\w+:)?f\b[^>]*>([^<]*)<")
_LINKED = re.compile(rb"\[[^\]<]+\][\w .$']*!|'file:[^'<]*'#")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


def find_sheets(path: Path, source: FileSource) -> list[Grid]:
    """The tables of the sheets that are asked for. Raises Refused."""
    xml = _sheet_parts(path)
    with _opened(path) as book:
        visible = _visible(book)
        return _chosen(path, book, visible, xml, source)


def heads(path: Path, most: int = 400) -> list[tuple[str, list[Record]]]:
    """The first records of each sheet that can be seen. Raises Refused."""
    xml = _sheet_parts(path)
    with _opened(path) as book:
        names = _visible(book) or [str(name) for name in book.sheet_names]
        return [(name, list(_records(_cells(path, book, name, xml)[0][:most]))) for name in names]


def _visible(book: Any) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]


def _chosen(path: Path, book: Any, visible: list[str], xml: dict[str, str], source: FileSource) -> list[Grid]:
    every = [str(name) for name in book.sheet_names]
    if source.sheets and source.sheets != ("*",):
        for name in source.sheets:
            if name not in every:
                raise refused(f"has no sheet {name!r}", f"it has {listed(every)}")
        wanted = list(source.sheets)
        grids = [_grid(path, book, name, xml, source) for name in wanted]
    elif source.sheets:
        grids = _all_tables(path, book, visible, xml, source)
        wanted = [grid.sheet for grid in grids]
    else:
        grid = _first_that_fits(path, book, visible or every, xml, source)
        wanted, grids = [grid.sheet], [grid]
    left = [name for name in every if name not in wanted]
    if left and grids:
        word = "sheet" if len(left) == 1 else "sheets"
        todo = "" if source.sheets else '; `sheet: "*"` reads all'
        grids[0].said.append(f"{word} not read: {listed(left)}{todo}")
    return grids


def _all_tables(path: Path, book: Any, names: Sequence[str], xml: dict[str, str], source: FileSource) -> list[Grid]:
    """Every sheet but those that hold none of the columns that are named: a title page, a chart."""
    found, first = [], None
    for name in names:
        try:
            found.append(_grid(path, book, name, xml, source))
        except NoTable as error:
            first = first or error
        except Refused as error:
            todo = "or name the sheets to read, as `sheet: [Oct, Nov]`"
            faults = [
                replace(fault, what=f"sheet {name!r} {fault.what}", todo=f"{fault.todo}, {todo}")
                for fault in error.faults
            ]
            raise Refused(faults) from None
    if not found:
        raise first or refused("has no sheet that can be seen", "show the one to be read")
    return found


def _first_that_fits(path: Path, book: Any, names: Sequence[str], xml: dict[str, str], source: FileSource) -> Grid:
    first: Refused | None = None
    for name in names:
        try:
            return _grid(path, book, name, xml, source)
        except Refused as error:
            first = first or error
    raise first or refused("has no sheet that can be seen", "show the one to be read")


def sheet_records(path: Path, wanted: str | None) -> tuple[str, Iterator[Record]]:
    """Every record of the sheet of that name, or of the first that can be seen, with its name. Raises Refused."""
    xml = _sheet_parts(path)
    with _opened(path) as book:
        every = [str(name) for name in book.sheet_names]
        if wanted and wanted not in every:
            raise refused(f"has no sheet {wanted!r}", f"it has {listed(every)}")
        name = wanted or next(iter(_visible(book) or every), None)
        if name is None:
            raise refused("has no sheet that can be seen", "show the one to be read")
        rows, *_ = _cells(path, book, name, xml)
        return name, _records(rows)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A workbook. What its reader says of a broken one is Refused."""
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except calamine.PasswordError:
        raise refused("is locked by a password", "save it without one") from None
    except (calamine.CalamineError, OSError, ValueError, OverflowError, MemoryError) as error:
        raise refused(
            f"is not a readable Excel file ({type(error).__name__})", "open it and save it as .xlsx"
        ) from None


def _cells(path: Path, book: Any, name: str, xml: dict[str, str]) -> tuple[list[list[Any]], list[Any], bool, int]:
    """The rows of a sheet, merged cells filled and errors marked, with what is merged, whether there are errors and how
    many cells are of another workbook."""
    odd, links = _examined(path, name, xml)
    sheet = book.get_sheet_by_name(name)
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    for (row, column), mark in sorted(odd.items()):
        while row >= len(rows):
            rows.append([])
        rows[row] += [""] * (column + 1 - len(rows[row]))
        rows[row][column] = mark
    merged = [area for area in sheet.merged_cell_ranges or () if area[0][0] < len(rows)]
    for (top, left), (bottom, right) in merged:
        value = rows[top][left] if left < len(rows[top]) else ""
        for row in range(top, min(bottom, len(rows) - 1) + 1):
            for column in range(left, min(right, len(rows[row]) - 1) + 1):
                rows[row][column] = value
    return rows, merged, bool(odd), links


def _grid(path: Path, book: Any, name: str, xml: dict[str, str], source: FileSource) -> Grid:
    rows, merged, odd, links = _cells(path, book, name, xml)
    head = list(_records(rows[: max(HEADER_WITHIN * 4, (source.header or 0) + 1)]))
    layout = find_header(head, source, name)
    _check_merged([*layout.measures.values(), *layout.periods], merged, layout.last_line, name)
    grid = Grid(layout, _records(rows, layout.last_line), name, "row", head=head)
    if links:
        cells = "1 cell takes its value" if links == 1 else f"{links:,} cells take their values"
        grid.said.append(f"{cells} from another workbook, as it was when this one was saved")
    if not xml and _has_gaps(rows[layout.last_line :], layout.measures.values()):
        grid.said.append(_LOOKS_EMPTY)
    if not odd and all(len(row) == len(layout.names) for row in rows[layout.last_line : layout.last_line + 1]):
        found = sheet_columns(rows[layout.last_line :], layout.wanted, len(layout.names))
        if found is not None:
            grid.columns, grid.typed = found
    return grid


def _has_gaps(rows: Sequence[Sequence[Any]], columns: Any) -> bool:
    """Whether a row with something in it has nothing where a measure is."""
    return any(
        any(at >= len(row) or row[at] == "" for at in columns) and any(cell != "" for cell in row) for row in rows
    )


def _check_merged(measures: Any, merged: Sequence[Any], header: int, sheet: str) -> None:
    for (top, left), (bottom, right) in merged:
        columns = sum(left <= column <= right for column in measures)
        times = columns * (bottom - top + 1)
        if top >= header and times > 1:
            where = f"sheet {sheet!r}, row {top + 1}"
            of = f"{bottom - top + 1} rows" if bottom > top else f"{columns} columns"
            what = f"{where}: a number in merged cells would count once for each of their {of}"
            raise refused(what, "take the merge apart and write what each row and column has")


def _records(rows: Sequence[Sequence[Any]], after: int = 0) -> Iterator[Record]:
    for at in range(after, len(rows)):
        yield at + 1, at + 1, [_as_text(cell) for cell in rows[at]]


def _as_text(cell: Any) -> str:
    """A cell as a reader would type it in, marked where it is a number or a day of the sheet itself."""
    if cell.__class__ is str:
        return trimmed(str(cell))
    if cell.__class__ is float or cell.__class__ is int:
        if cell != cell or cell in (float("inf"), float("-inf")):
            return ERROR
        if abs(cell) < 2**63 and cell == int(cell):
            return f"{NATIVE}{int(cell)}"
        return f"{NATIVE}{cell!r}"
    if isinstance(cell, datetime):
        # a fraction of a day in binary is off by less than a millisecond
        return f"{NATIVE}{(cell + _HALF_SECOND).isoformat(sep=' ', timespec='seconds')}"
    if isinstance(cell, date):
        return f"{NATIVE}{cell.isoformat()}"
    if isinstance(cell, time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _sheet_parts(path: Path) -> dict[str, str]:
    """The part of each sheet by its name, of an .ods one for all ("*"); nothing of other kinds."""
    from defusedxml.ElementTree import fromstring

    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in names:
                return _ods_parts(path) if CONTENT in names else {}
            links = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            targets = {link.get("Id"): str(link.get("Target")) for link in links}
            book = fromstring(archive.read("xl/workbook.xml"))
            sheets = [node for node in book.iter() if node.tag.endswith("}sheet")]
            named = {str(node.get("name")): targets.get(node.get(relation), "") for node in sheets}
            return {name: f"xl/{part.removeprefix('/xl/').removeprefix('xl/')}" for name, part in named.items() if part}
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError, RuntimeError):
        return {}


def _ods_parts(path: Path) -> dict[str, str]:
    """Raises Refused for one too large to be laid out, which its reader does when it opens it."""
    if (cells := largest(_part(path, CONTENT))) > _MOST_CELLS:
        raise refused(f"is {cells:,} cells large", "delete what lies far to the right or below, or export it as CSV")
    return {"*": CONTENT}


def _part(path: Path, part: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(part)
    except Exception as error:  # a broken archive raises zlib.error, EOFError, KeyError and more
        what = f"is not a readable Excel file ({type(error).__name__})"
        raise refused(what, "open it and save it again") from None


def _examined(path: Path, name: str, parts: dict[str, str]) -> tuple[dict[tuple[int, int], str], int]:
    """Errors, and formulas without a result, by row and column: the reader gives them as empty cells. And how many
    formulas read another workbook.

    Raises Refused for a sheet too large to be laid out: one cell in the last column of the last row would be a table of
    17 thousand million.
    """
    part = parts.get(name) or parts.get("*")
    if part is None:
        return {}, 0
    xml = _part(path, part)
    if part == CONTENT:
        return odd_cells(xml, name), len(_LINKED.findall(xml)) if b"'file:" in xml else 0
    if _WIDE.search(xml):
        wide = max(_column(found[1]) for found in _WIDE.finditer(xml))
        rows = max((int(found[1]) for found in _ROWS.finditer(xml)), default=0)
        if wide * rows > _MOST_CELLS:
            what = f"sheet {name!r} is {rows:,} rows by {wide:,} columns"
            raise refused(what, "delete what lies far to the right or below, or export it as CSV")
    if not any(mark in xml for mark in (b't="e"', b"<f", b":f")):
        return {}, 0
    links = sum(bool(_LINKED.search(formula)) for formula in _FORMULAS.findall(xml)) if b"]" in xml else 0
    return dict(_odd_cells(xml)), links


def _odd_cells(xml: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for cell in _CELL.finditer(xml):
        attributes, content = cell[1], cell[2] or b""
        is_error = b't="e"' in attributes
        unfinished = _FORMULA.search(content) and not _VALUE.search(content) and b't="str"' not in attributes
        reference = _REFERENCE.search(attributes) if is_error or unfinished else None
        if reference:
            place = (int(reference[2]) - 1, _column(reference[1]) - 1)
            yield place, ERROR if is_error else UNCALCULATED


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
