"""A folder of files, a warehouse, and the sheets that tests put there."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from okr_reports.channels.base import LoadResult
from okr_reports.channels.files.raw import LONG
from okr_reports.channels.load import load_channel
from okr_reports.file_sources import FileSource, MeasureColumn


class Files:
    """A folder of files and a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"
        self.said: list[str] = []

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def source(self, pattern: str = "*.csv", **changed: Any) -> FileSource:
        given = {
            "id": "ads",
            "channel": "ads",
            "date": "date",
            "measures": {"spend": MeasureColumn("spend")},
            "defined_at": "imports.yml:3",
            "roots": (self.folder.resolve(),),
            **changed,
        }
        return FileSource(pattern=self.folder / pattern, **given)

    @staticmethod
    def measures(**columns: str) -> dict[str, MeasureColumn]:
        return {name: MeasureColumn(column) for name, column in columns.items()}

    def load(self, *sources: FileSource, today: date = date(2026, 11, 23)) -> list[LoadResult]:
        return load_channel(
            "files",
            warehouse=self.warehouse,
            pipelines_dir=self.folder / "dlt",
            today=today,
            file_sources=sources,
            progress=self.said.append,
        )

    def rows(self, what: str = "date, campaign_id, measure, value") -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(f"select {what} from {LONG} order by all").fetchall()

    def counted(self, what: str = "date, campaign_id, measure, value") -> list[tuple[Any, ...]]:
        """The rows that no newer file supersedes."""
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(
                f"select {what} from {LONG} anti join files.superseded_days"
                " using (source_id, source_file, account_id, campaign_id, date) order by all"
            ).fetchall()

    def error(self, text: str | bytes, name: str = "a.csv", **source: Any) -> str:
        """The one error that a file gives, as the terminal has it: with the cell that the report may not quote."""
        self.write(name, text)
        [result] = self.load(self.source(name, **source))
        assert (result.channel, result.state, result.rows) == ("ads", "failed", 0)
        assert result.error is not None
        assert name in result.error
        assert "imports.yml:3" in result.error
        return self.said[-1]


# linux/capability.h
_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1 << 1, 1 << 2


@contextmanager
def bound_by_rights() -> Iterator[None]:
    """This thread without root's capabilities to pass over the rights of files; nobody else has them anyway."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted and inheritable ones, the lower 32 first
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    fewer = (ctypes.c_uint32 * 6)(*held)
    fewer[0] &= ~(_DAC_OVERRIDE | _DAC_READ_SEARCH)
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


def sheet(*rows: Sequence[Any]) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        if rows[0][-1] is None:
            book.active.merge_cells("A1:B1")
        book.save(path)

    return make
