"""Exports that went wrong elsewhere, each written again in the other formats: the same rows, the same findings.

The cases are public and not part of the repository: `shared/cases` beside it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from csv import writer
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from okr_reports import okrs
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.glimpse import glimpses
from okr_reports.channels.files.read import read_source
from okr_reports.file_sources import FileSource
from tests.channels.sheet_writers import WRITERS
from tests.support import ROOT

CASES = ROOT.parent / "shared" / "cases" / "files"
COLUMNS = "date, end_date, account_id, campaign_id, campaign_name, campaign_group_name, currency"
TODAY = date(2026, 11, 23)
Cells = list[list[str]]


def delimited(mark: str, encoding: str) -> Callable[[Path, Cells], None]:
    def write(path: Path, cells: Cells) -> None:
        text = io.StringIO()
        writer(text, delimiter=mark).writerows(cells)
        path.write_bytes(text.getvalue().encode(encoding))

    return write


def gzipped(path: Path, cells: Cells) -> None:
    delimited(",", "utf-8")(path, cells)
    path.write_bytes(gzip.compress(path.read_bytes()))


def zipped(path: Path, cells: Cells) -> None:
    delimited(",", "utf-8")(path, cells)
    content = path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("report.csv", content)


def json_lines(path: Path, cells: Cells) -> None:
    rows = [{name: cell for name, cell in zip(cells[0], row, strict=False) if cell} for row in cells[1:]]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def parquet(path: Path, cells: Cells) -> None:
    width = len(cells[0])
    rows = [[*row, *[""] * (width - len(row))] for row in cells[1:]]
    columns = {name: pa.array([row[at] or None for row in rows], pa.string()) for at, name in enumerate(cells[0])}
    pq.write_table(pa.table(columns), path)


TEXTS: dict[str, Callable[[Path, Cells], None]] = {
    "comma.csv": delimited(",", "utf-8"),
    "semicolon.csv": delimited(";", "utf-8-sig"),
    "tabs.csv": delimited("\t", "utf-16"),
    "packed.csv.gz": gzipped,
    "packed.zip": zipped,
    **{f"sheet.{form}": WRITERS[form] for form in ("xlsx", "ods", "xls")},
}
# Of these the first row is the header, and every row as long as it is.
RECORDS = {"records.jsonl": json_lines, "records.parquet": parquet}


def sources() -> Iterator[tuple[str, FileSource, Path]]:
    for folder in sorted(CASES.glob("*/okr_definitions")) + sorted(CASES.glob("*/step2")):
        definitions = folder if folder.name == "okr_definitions" else folder.parent / "okr_definitions"
        for source in okrs.read(definitions).file_sources:
            for path in sorted(folder / match.relative_to(definitions) for match in source.matches()):
                if path.exists() and path.suffix == ".csv":
                    yield f"{folder.parent.name}/{folder.name}/{path.name}", source, path


def cells_of(path: Path) -> Cells:
    """A text file's cells under the mark that parts most."""
    found = max(glimpses(path, None, path.parent), key=lambda glimpse: max(len(cells) for *_, cells in glimpse.records))
    return [cells for *_, cells in found.records]


def result(source: FileSource, path: Path) -> tuple[list[tuple[Any, ...]], list[str]]:
    """The rows that count; what is wrong with the file, and what is said of it."""
    with read_source(replace(source, pattern=path), {path.name: path}, TODAY, "EUR", quick=False) as read:
        values = "".join(f", v{at}" for at in range(len(read.measures)))
        rows = read.connection.execute(f"select {COLUMNS}{values} from rows order by all").fetchall()
        said = [fault.what for fault in read.faults.get(path.name, ())]
        said += read.files[path.name].said if path.name in read.files else ()
    plain = [re.sub(r"(sheet '[^']*', )?(line|row) \d+", "place", text) for text in said]
    # of .xls alone: its reader gives an error as an empty cell
    return rows, sorted(text for text in plain if not text.startswith("an error of a formula looks like"))


CHOSEN = list(sources())[:: 1 if os.environ.get("OKR_PROVE") else 4]


@pytest.mark.prove
@pytest.mark.skipif(not CHOSEN, reason="the cases are not beside the repository")
@pytest.mark.parametrize("at", range(len(CHOSEN)), ids=[name for name, *_ in CHOSEN])
def test_a_case_says_the_same_in_every_format(tmp_path: Path, at: int) -> None:
    _, source, original = CHOSEN[at]
    wanted = result(source, original)
    try:
        cells = cells_of(original)
    except Refused:
        pytest.skip("its bytes cannot be read in the first place")
    width = len(cells[0])
    flat = bool(cells) and len(set(cells[0])) == width > 1 and all(cells[0]) and all(len(row) == width for row in cells)
    for name, write in {**TEXTS, **(RECORDS if flat and len(cells) > 1 else {})}.items():
        path = tmp_path / name
        write(path, [[cell or None for cell in row] for row in cells] if name.startswith("sheet") else cells)
        assert result(source, path) == wanted, name
