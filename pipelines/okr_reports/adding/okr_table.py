"""The table of a sheet of OKRs: found by its header, as rows of cells."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from okr_reports.channels.files import sheets
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.grid import DELIMITERS, text_records
from okr_reports.channels.files.layout import HEADER_WITHIN, Record
from okr_reports.channels.files.opened import Opened, open_file
from okr_reports.errors import OkrError, plain_text

MOST_ROWS = 20_000


@dataclass(frozen=True)
class Table:
    """One table that may hold OKRs: its sheet ("" of a text), the header and the rows below, each with its line."""

    sheet: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_tables(path: Path, score: Callable[[Sequence[str]], int], encoding: str | None = None) -> list[Table]:
    """The table of each sheet whose header scores best, best first. Raises OkrError if the file cannot be read."""
    try:
        with tempfile.TemporaryDirectory(prefix="okr-okrs-") as scratch:
            found = [
                (best, table)
                for part in open_file(path, encoding, Path(scratch))
                for sheet, records in _records(part)
                if (table := _table(sheet, records, score)) is not None and (best := score(table.header))
            ]
    except Refused as error:
        lines = [plain_text(f"{path.name}: {fault}; {fault.todo}") for fault in error.faults]
        raise OkrError("\n".join(lines)) from None
    except OSError as error:
        raise OkrError(f"{path} cannot be read ({error.strerror or error}); check its name and rights") from None
    return [table for _, table in sorted(found, key=lambda scored: -scored[0])]


def _records(part: Opened) -> Iterator[tuple[str, list[Record]]]:
    if part.kind == "excel":
        yield from sheets.heads(part.path, MOST_ROWS + HEADER_WITHIN)
        return
    for mark in DELIMITERS:
        try:
            yield "", list(text_records(part.path, mark))
        except Refused:  # the quotes of another separator
            if mark == DELIMITERS[-1]:
                raise


def _table(sheet: str, records: list[Record], score: Callable[[Sequence[str]], int]) -> Table | None:
    head = records[:HEADER_WITHIN]
    at = max(range(len(head)), key=lambda place: (score(head[place][2]), -place), default=None)
    if at is None:
        return None
    if len(records) - at > MOST_ROWS:
        raise OkrError(f"the sheet has more than {MOST_ROWS:,} rows; keep the table of OKRs alone")
    return Table(sheet, head[at][2], [(line, cells) for line, _, cells in records[at + 1 :] if any(cells)])
