"""What is wrong with the files of the definitions, and what of them is not read: for `okr check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from okr_reports.channels.files.faults import listed
from okr_reports.channels.files.read import read_source
from okr_reports.channels.files.rows import Fault
from okr_reports.channels.files.spans import lay_out
from okr_reports.file_places import lies_within
from okr_reports.file_sources import FileSource, Uses


@dataclass(frozen=True)
class FileCheck:
    """One file of a source: every fault, and what is not read of it."""

    source: FileSource
    path: Path
    faults: Sequence[Fault]
    said: Sequence[str]


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
        read = read_source(source, files, today, reporting)
        faults = lay_out(read, source, uses.get(source.id, Uses()))
        try:
            for name, path in files.items():
                facts = read.files.get(name)
                grain = [faults[name]] if name in faults else []
                said = [*facts.said, *_columns(facts.unread)] if facts else []
                yield FileCheck(source, path, [*read.faults.get(name, []), *grain], said)
        finally:
            read.close()
