"""The quick way for files without anything odd: all of one shape are read by DuckDB at once into typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from okr_reports.channels.files.rows import SourceRows
from okr_reports.file_sources import FileSource


def read_clean(
    source: FileSource, rows: SourceRows, found: Sequence[Any], today: date, reporting: str | None
) -> set[str]:
    """The names of the files that are not read this way."""
    return {one.name for one in found}
