"""What a `file_sources` entry says: written by the definitions (okrs), read by the `files` channel.

It stands between the two rooms because neither imports the other.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class MeasureColumn:
    """The column a measure is read from; every value is multiplied by `scale` (micros: 0.000001)."""

    column: str
    scale: Decimal = Decimal(1)


@dataclass(frozen=True)
class FileSource:
    """One declared set of files of the same shape.

    `pattern` is the path or glob, already made relative to the file that declares it. Column fields hold column
    names. `currency` is a code for every row, `currency_column` a column of codes; both None means the reporting
    currency. Rows of one date and campaign are summed unless `key` is given, then duplicates under it are an error.
    `defined_at` is `path:line`, for messages; `folder` is that of the declaring file.
    """

    id: str
    channel: str
    pattern: Path
    date: str
    measures: dict[str, MeasureColumn]
    sheet: str | None = None
    date_format: str | None = None
    account_id: str | None = None
    campaign_id: str | None = None
    campaign_name: str | None = None
    currency: str | None = None
    currency_column: str | None = None
    key: tuple[str, ...] = ()
    defined_at: str = ""
    folder: Path = Path()

    def matches(self) -> list[Path]:
        """Its files, in order. A path that is there as it is written is that file, wildcards or not."""
        if self.pattern.is_file():
            return [self.pattern]
        pattern = Path(glob.escape(str(self.folder))) / self._below if self._below else self.pattern
        # Path.glob takes no absolute patterns
        return sorted(path for path in map(Path, glob.glob(str(pattern), recursive=True)) if path.is_file())  # noqa: PTH207

    @property
    def fixed_folder(self) -> Path:
        """The part of the pattern before its first wildcard; files are named from here."""
        if self.pattern.is_file():
            return self.pattern.parent
        below = self._below or self.pattern
        fixed = next(folder for folder in below.parents if not glob.has_magic(str(folder)))
        return self.folder / fixed

    @property
    def _below(self) -> Path | None:
        """The pattern from `folder` on; the names above it are no wildcards, whatever they hold."""
        return self.pattern.relative_to(self.folder) if self.pattern.is_relative_to(self.folder) else None
