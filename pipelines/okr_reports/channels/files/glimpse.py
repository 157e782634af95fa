"""The first records of whatever tables a file holds, before anybody has said which columns are meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from okr_reports.channels.files import sheets
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.grid import DELIMITERS, head_records
from okr_reports.channels.files.layout import Record
from okr_reports.channels.files.opened import open_file
from okr_reports.channels.files.records import json_head, parquet_head


@dataclass(frozen=True)
class Glimpse:
    """A table that may be in the file: the first records under one separator, or of one sheet."""

    records: list[Record]
    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    member: str = ""


def glimpses(path: Path, encoding: str | None, scratch: Path) -> list[Glimpse]:
    """Every table there may be in the file. Raises Refused, and OSError where the system does not hand it out."""
    found: list[Glimpse] = []
    trouble: Refused | None = None
    for part in open_file(path, encoding, scratch):
        try:
            found += _of(part.kind, part.path, part.encoding, part.member)
        except Refused as error:
            trouble = trouble or error
    if not found and trouble is not None:
        raise trouble
    return found


def _of(kind: str, path: Path, encoding: str, member: str) -> Iterator[Glimpse]:
    if kind == "excel":
        for name, records in sheets.heads(path):
            yield Glimpse(records, kind, sheet=name, member=member)
    elif kind == "parquet":
        yield Glimpse(parquet_head(path), kind, member=member)
    elif kind == "json":
        yield Glimpse(json_head(path), kind, member=member)
    else:
        for mark in DELIMITERS:
            records = head_records(path, mark)
            if any(len(cells) > 1 for _, _, cells in records) or mark == ",":
                yield Glimpse(records, kind, encoding, mark, member=member)
