"""What a `file_sources` entry says: written by the definitions (okrs), read by the `files` channel.

It stands between the two rooms because neither imports the other.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

# The kinds of files that are read, by how their names end.
CSV = (".csv", ".tsv", ".txt")
EXCEL = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")


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
        """Its files, in order. A path that is there as it is written is that file, wildcards or not.

        One that cannot be looked at is among them, for whoever reads it to say so.
        """
        if self._is_one_file:
            return [self.pattern]
        return sorted(path for path in _matching(self._glob) if _is_file(path) is not False)

    def closed_folders(self) -> Iterator[tuple[Path, OSError]]:
        """Those it leads into without letting in or listing: their files match nothing, and are not gone for that."""
        if self._is_one_file:
            return
        lead = [self._glob, *self._glob.parents] if self._glob.name == "**" else [*self._glob.parents]
        wild = [_matching(pattern) for pattern in lead if glob.has_magic(str(pattern))]
        for folder in sorted({self.fixed_folder, *(folder for found in wild for folder in found)}):
            try:
                os.scandir(f"{folder}/.").close()
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                    yield folder, error

    @property
    def fixed_folder(self) -> Path:
        """The part of the pattern before its first wildcard; files are named from here."""
        if self._is_one_file:
            return self.pattern.parent
        below = self._below or self.pattern
        fixed = next(folder for folder in below.parents if not glob.has_magic(str(folder)))
        return self.folder / fixed

    @property
    def _below(self) -> Path | None:
        """The pattern from `folder` on; the names above it are no wildcards, whatever they hold."""
        return self.pattern.relative_to(self.folder) if self.pattern.is_relative_to(self.folder) else None

    @property
    def _is_one_file(self) -> bool:
        is_file = _is_file(self.pattern)
        return is_file is True if glob.has_magic(str(self._below or self.pattern)) else is_file is not False

    @property
    def _glob(self) -> Path:
        return Path(glob.escape(str(self.folder))) / self._below if self._below else self.pattern


def _matching(pattern: Path) -> Iterator[Path]:
    # Path.glob takes no absolute patterns
    return map(Path, glob.glob(str(pattern), recursive=True))  # noqa: PTH207


def _is_file(path: Path) -> bool | None:
    """None where that cannot be seen: in a folder without rights, or behind a link to a share that is away."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None if path.is_symlink() else False
    except OSError:
        return None
    except ValueError:  # a name that no file can have
        return False
