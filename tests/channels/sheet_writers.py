"""The same table as CSV, .xlsx, .ods and .xls, as programs save it: each cell of its own type, nothing of the reader.

A cell is None, a text, a Decimal, a date, a datetime, or `Error`.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter


class Error:
    """A cell with an error of the sheet."""

    text = "#DIV/0!"


Table = Sequence[Sequence[Any]]
_EPOCH = datetime(1899, 12, 30)


def shown(cell: Any) -> str:
    """A cell as a sheet in English shows it, which is what a published sheet hands out."""
    if cell is None:
        return ""
    if cell is Error:
        return Error.text
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def write_csv(path: Path, table: Table) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([shown(cell) for cell in row] for row in table)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def write_xlsx(path: Path, table: Table) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("S")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for at, row in enumerate(table):
            for column, cell in enumerate(row):
                if cell is Error:
                    sheet.write_formula(at, column, "=1/0", None, Error.text)
                elif isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, moment if isinstance(cell, datetime) else day)
                elif isinstance(cell, Decimal):
                    sheet.write_number(at, column, float(cell))
                elif cell is not None:
                    sheet.write_string(at, column, cell)


def _ods_cell(cell: Any) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if cell is Error:
        kind = 'table:formula="of:=1/0" office:value-type="float" office:value="0" calcext:value-type="error"'
    elif isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
    elif isinstance(cell, Decimal):
        kind = f'office:value-type="float" office:value={quoteattr(f"{cell:f}")}'
    else:
        kind = 'office:value-type="string"'
    # LibreOffice writes a line break as another paragraph
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in shown(cell).split("\n"))
    return f"<table:table-cell {kind}>{paragraphs}</table:table-cell>"


def write_ods(path: Path, table: Table) -> None:
    spaces = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text")}
    spaces["calcext"] = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    named = " ".join(f'xmlns:{name}="{space}"' for name, space in spaces.items())
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in table)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<office:document-content {named}><office:body><office:spreadsheet><table:table table:name="S">'
            f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", '<m xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')


# Records of BIFF8, [MS-XLS] 2.3: a number and the length of what follows.
def _record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def _string(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<HB", len(encoded) // 2, 1) + encoded


_GENERAL, _DAY, _MOMENT = 0, 1, 2


def _xls_cell(row: int, column: int, cell: Any) -> bytes:
    if cell is None:
        return b""
    if cell is Error:
        return _record(0x0205, struct.pack("<HHHBB", row, column, _GENERAL, 0x07, 1))
    if isinstance(cell, date):
        moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
        days = (moment - _EPOCH).total_seconds() / 86_400
        form = _MOMENT if isinstance(cell, datetime) else _DAY
        return _record(0x0203, struct.pack("<HHHd", row, column, form, days))
    if isinstance(cell, Decimal):
        return _record(0x0203, struct.pack("<HHHd", row, column, _GENERAL, float(cell)))
    return _record(0x0204, struct.pack("<HHH", row, column, _GENERAL) + _string(cell))


def _workbook(table: Table) -> bytes:
    begins = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    forms = b"".join(
        _record(0x00E0, struct.pack("<HHH", 0, number, 0) + bytes(14)) for number in (0, 14, 22)
    )  # 14 and 22 are built-in numbers of days and moments
    before = _record(0x0809, begins) + _record(0x0042, struct.pack("<H", 1200)) + forms
    name = struct.pack("<BB", 1, 0) + b"S"
    after = _record(0x000A, b"")
    at = len(before) + 4 + 6 + len(name) + len(after)
    bound = _record(0x0085, struct.pack("<IBB", at, 0, 0) + name)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(table), 0, max(map(len, table), default=0), 0))
    cells = (_xls_cell(row, column, cell) for row, line in enumerate(table) for column, cell in enumerate(line))
    return before + bound + after + sheet + b"".join(cells) + _record(0x000A, b"")


def write_xls(path: Path, table: Table) -> None:
    """One stream `Workbook` in a compound file, [MS-CFB] 2.1."""
    sector, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    book = _workbook(table)
    # shorter streams would lie elsewhere
    book = book.ljust(max(4096, -(-len(book) // sector) * sector), b"\0")
    used = len(book) // sector
    tables = -(-(used + 2) // (sector // 4 - 1))
    chain = [0xFFFFFFFD] * tables + [end] + [*range(tables + 2, tables + 1 + used), end]
    allocated = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * sector, b"\xff")

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        encoded = f"{name}\0".encode("utf-16-le")
        return encoded.ljust(64, b"\0") + struct.pack(
            "<HBBIII16xI16xIQ", len(encoded), kind, 1, free, free, child, 0, start, size
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, tables + 1, len(book))
    folder = folder.ljust(sector, b"\0")
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16)
    head += struct.pack("<HHHHH6xIII4xIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 4096, end, 0, end, 0)
    head += struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    path.write_bytes(head + allocated + folder + book)


WRITERS: dict[str, Callable[[Path, Table], None]] = {
    "csv": write_csv, "xlsx": write_xlsx, "ods": write_ods, "xls": write_xls,
}  # fmt: skip
