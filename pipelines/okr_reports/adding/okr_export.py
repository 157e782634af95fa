"""`okr export --okrs`: objectives, key results, teams and periods as one workbook, and rows of it as they were written.

A cell is a text as it is, a number, or YAML in one line where it is neither; a text that would be taken for something
else is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from okr_reports.adding.okr_table import Table, read_tables
from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.names import UNSEEN
from okr_reports.errors import OkrError
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.written import entry_of, flow, quoted
from okr_reports.okrs.yaml_reader import read_yaml, scalar

OBJECTIVE = "objective."
OKRS, TEAMS, PERIODS = "okrs", "teams", "periods"
_LONGEST_CELL = 32_000
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]+")

Entry = Mapping[str, Any]


def export_okrs(defined: Definitions, path: Path) -> int:
    """Write the workbook, in one step; how many key results it holds. Raises OkrError where it cannot be written."""
    import xlsxwriter

    if path.suffix.lower() != ".xlsx":
        raise OkrError(f"{path} would hold a workbook of Excel; name it {path.with_suffix('.xlsx').name}")
    okrs: list[dict[str, Any]] = []
    for objective in defined.objectives:
        entry = entry_of(objective)
        results = entry.pop("key_results", [])
        named = {f"{OBJECTIVE}{key}": value for key, value in entry.items()}
        okrs += [{**named, **result} for result in results] or [named]
    lists = {OKRS: okrs, TEAMS: list(map(entry_of, defined.teams)), PERIODS: list(map(entry_of, defined.periods))}
    building = path.with_name(f".{path.name}.building")
    try:
        with xlsxwriter.Workbook(str(building), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            for name, rows in lists.items():
                if rows or name == OKRS:
                    _write(book, name, rows)
        building.replace(path)
    except OSError as error:
        raise OkrError(f"{path} cannot be written ({error.strerror or error}); choose another place") from None
    finally:
        building.unlink(missing_ok=True)
    return len([row for row in okrs if "id" in row])


def _write(book: Any, name: str, rows: Sequence[Entry]) -> None:
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    columns = list(dict.fromkeys(key for row in rows for key in row))
    columns.sort(key=lambda key: not key.startswith(OBJECTIVE))
    for at, key in enumerate(columns):
        sheet.write_string(0, at, key, bold)
        sheet.set_column(at, at, 40 if key.endswith("title") else 16)
    for line, row in enumerate(rows, start=1):
        for at, key in enumerate(columns):
            if key in row:
                _write_cell(sheet, line, at, row[key], f"{name}, {key} of {row.get('id') or row.get(f'{OBJECTIVE}id')}")
    sheet.freeze_panes(1, 0)


def _write_cell(sheet: Any, line: int, at: int, value: Any, where: str) -> None:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        # a spreadsheet keeps fifteen digits: what it would round stays text
        if Decimal(f"{float(exact):.15G}") == exact and abs(exact) < 10**15:
            sheet.write_number(line, at, float(exact))
            return
    text = _cell(value) if isinstance(value, str) else _escaped(flow(value))
    if len(text) > _LONGEST_CELL:
        raise OkrError(f"{where} is longer than a cell of Excel holds; shorten it, or keep it in YAML alone")
    sheet.write_string(line, at, text)


def _cell(text: str) -> str:
    is_taken_so = isinstance(scalar(text), str) and text[0] not in "{['\"" and "_x" not in text
    is_seen = text == text.strip() and text == text.translate(UNSEEN)
    return text if is_taken_so and is_seen and _PLAIN.fullmatch(text) else _ascii(text)


def _ascii(text: str) -> str:
    """Quoted without anything that a workbook writes in a way of its own."""
    return _escaped(quoted(text).replace("_x", "\\u005fx"))


def _escaped(flow_text: str) -> str:
    """Characters that readers of sheets leave out, as YAML escapes them: only quoted texts hold any."""
    return flow_text.translate({code: f"\\u{code:04x}" for code in UNSEEN})


def is_export(header: Sequence[str]) -> int:
    """1 where a sheet's columns are those of such a workbook."""
    return int({f"{OBJECTIVE}id", f"{OBJECTIVE}title"} <= set(header))


def read_export(path: Path) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """The entries of such a workbook by list, with the row each stands on. Raises OkrError with the cell."""
    held: dict[str, list[tuple[int, dict[str, Any]]]] = {OKRS: [], TEAMS: [], PERIODS: []}
    for name, score in ((OKRS, is_export), (TEAMS, _has_id), (PERIODS, _has_id)):
        table = {read.sheet: read for read in read_tables(path, score)}.get(name)
        if table is not None:
            held[name] = [(line, _entry(table, line, cells)) for line, cells in table.rows]
    return held


def _has_id(header: Sequence[str]) -> int:
    return int("id" in header)


def _entry(table: Table, line: int, cells: Sequence[str]) -> dict[str, Any]:
    pairs: Iterable[tuple[str, str]] = zip(table.header, cells, strict=False)
    return {key: _value(cell, f"sheet {table.sheet!r}, row {line}, {key}") for key, cell in pairs if key and cell}


def _value(cell: str, where: str) -> Any:
    if cell.startswith(NATIVE):
        return scalar(cell[1:])
    if cell[0] not in "{['\"":
        return scalar(cell) if "\n" not in cell else cell
    content, findings = read_yaml(f"v: {cell}".encode(), where)
    if findings:
        raise OkrError(f"{where}: {findings[0].what}; {findings[0].todo}")
    return content["v"]
