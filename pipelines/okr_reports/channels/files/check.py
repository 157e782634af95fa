"""What is wrong with the files of the definitions, and what of them is not read: for `okr check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from okr_reports.catalogue import is_money
from okr_reports.channels.files.faults import listed
from okr_reports.channels.files.raw import CHANNEL, TABLES
from okr_reports.channels.files.read import read_source
from okr_reports.channels.files.rows import Fault, SourceRows
from okr_reports.channels.files.settle import Settling
from okr_reports.channels.warehouse_tables import create_missing
from okr_reports.file_places import lies_within
from okr_reports.file_sources import FileSource, Uses


@dataclass(frozen=True)
class FileCheck:
    """One file of a source: every fault, and what is not read of it; or its pattern, with what is said of several.
    `currencies` are the codes of its amounts."""

    source: FileSource
    path: Path
    faults: Sequence[Fault]
    said: Sequence[str]
    currencies: frozenset[str] = frozenset()


def _columns(unread: Sequence[str]) -> Iterator[str]:
    if unread:
        yield f"columns not read: {listed(unread, 8)}"


def check_files(
    sources: Sequence[FileSource], today: date, reporting: str, uses: Mapping[str, Uses]
) -> Iterator[FileCheck]:
    """Open every file of these sources, as a load of all of them would. Published sheets are not asked for."""
    for source in sources:
        paths = [path for path in source.matches() or () if not path.name.startswith((".", "~$"))]
        readable = [path for path in paths if path.is_file() and lies_within(path, source.roots)]
        folder = source.fixed_folder
        files = {path.relative_to(folder).as_posix(): path for path in readable}
        if not files:
            continue
        with read_source(source, files, today, reporting) as read:
            settling = _settled(source, read, today, uses.get(source.id, Uses()))
            codes = _currencies(read)
            for name, path in files.items():
                facts = read.files.get(name)
                across = [settling.faults[name]] if name in settling.faults else []
                said = [*facts.said, *_columns(facts.unread)] if facts else []
                yield FileCheck(source, path, [*read.faults.get(name, []), *across], said, codes.get(name, frozenset()))
            if settling.equal:
                yield FileCheck(source, source.pattern, [], settling.equal)


def _currencies(read: SourceRows) -> dict[str, frozenset[str]]:
    """By file the codes of its amounts; those that the definition names are none of the file's."""
    if not any(map(is_money, read.measures)):
        return {}
    rows = read.connection.execute(
        "select source_file, list(distinct currency) from rows where currency is not null group by 1"
    ).fetchall()
    return {name: frozenset(codes) for name, codes in rows}


def _settled(source: FileSource, read: SourceRows, today: date, uses: Uses) -> Settling:
    """The files as the first load would take them, where nothing is loaded yet."""
    with duckdb.connect() as nothing:
        create_missing(nothing, {CHANNEL: TABLES})
        settling = Settling(source, read, nothing, [], [], today, uses)
        settling.settle()
    return settling
