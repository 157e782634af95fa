"""Sheets of OpenDocument, before they are laid out: cells that are errors or uncalculated, and how large they would be.

The reader gives an error as an empty cell or as 0, and lays out a cell that is said to be repeated a million times.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

CONTENT = "content.xml"
# What stands for an error of a sheet, and for a formula whose result the file does not hold.
ERROR, UNCALCULATED = "#ERROR", "#FORMULA"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ROW = re.compile(rb"<table:table-row\b([^>]*[^/>])?>(.*?)</table:table-row>", re.DOTALL)
_CELL = re.compile(rb"<table:table-cell\b([^>]*)>")
_ROWS = re.compile(rb'number-rows-repeated="(\d{1,9})"')
_COLUMNS = re.compile(rb'number-columns-repeated="(\d{1,9})"')
_FORMULA = re.compile(rb"<table:table-cell\b(?=[^>]*table:formula=)(?![^>]*office:value-type=)")
# An error that a row repeats more often than this is said in its first places.
_MOST_REPEATS = 100

Cells = dict[tuple[int, int], str]


def largest(xml: bytes) -> int:
    """How many cells with a value there would be, as far as they are written as repeated."""
    if b"repeated=" not in xml:
        return 0
    cells = 0
    for row in _ROW.finditer(xml):
        times = int(found[1]) if row[1] and (found := _ROWS.search(row[1])) else 1
        if times > 1 or b"columns-repeated" in row[2]:
            cells += times * sum(
                int(found[1]) if (found := _COLUMNS.search(cell[1])) else 1
                for cell in _CELL.finditer(row[2])
                if b"value-type=" in cell[1]
            )
    return cells


def odd_cells(xml: bytes, sheet: str) -> Cells:
    """Errors, and formulas without a result, of one sheet by row and column."""
    if b'value-type="error"' not in xml and not _FORMULA.search(xml):
        return {}
    from defusedxml.ElementTree import iterparse

    found: Cells = {}
    name, row = "", 0
    for event, element in iterparse(io.BytesIO(xml), events=("start", "end")):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                name, row = str(element.get(f"{_TABLE}name")), 0
        elif element.tag == f"{_TABLE}table-row":
            times = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            if name == sheet:
                for column, mark in _marks(element):
                    found |= {(at, column): mark for at in range(row, row + min(times, _MOST_REPEATS))}
            row += times
            element.clear()
    return found


def _marks(row: object) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:  # type: ignore[attr-defined]
        times = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        has_formula, kind = cell.get(f"{_TABLE}formula") is not None, cell.get(f"{_OFFICE}value-type")
        mark = ERROR if cell.get(f"{_CALC}value-type") == "error" else UNCALCULATED if has_formula and not kind else ""
        if mark:
            yield from ((at, mark) for at in range(column, column + min(times, _MOST_REPEATS)))
        column += times
