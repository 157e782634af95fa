"""What a `file_sources` entry says: written by the definitions (okrs), read by the `files` channel.

It stands between the two rooms because neither imports the other.
"""

from __future__ import annotations

import datetime
import errno
import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from okr_reports.file_places import lies_within

# The kinds of files that are read, by how their names end. What a file is, its content says (channels/files).
CSV = (".csv", ".tsv", ".txt")
EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET = (".parquet", ".pq")
JSON = (".jsonl", ".ndjson")
PACKED = (".zip", ".gz")

# A column by its name, or by several of which the first that the file has is taken (presets know many languages).
Column = str | tuple[str, ...]
Grain = Literal["day", "week", "month", "quarter", "reading"]


@dataclass(frozen=True)
class RowCondition:
    """Rows count whose `column` meets it; operator is in, like, not_in or not_like, as in a KPI's `where`."""

    column: Column
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class MeasureColumn:
    """What a measure is read from: a column's values x `scale` (micros: 0.000001), less those of `minus`.

    `count` "rows" counts rows, "column" those in which the column is not empty. `times` multiplies by another column of
    the row. `rows` are conditions of this measure alone. `currency` is that of its values where it is another one
    than the row's; `money` makes a measure money that no vendor calls so. With `pivot` the column is a value of
    the name column. An `optional` measure of a preset is left out where the file has no such column.
    """

    column: Column = ()
    scale: Decimal = Decimal(1)
    count: Literal["rows", "column"] | None = None
    minus: Column = ()
    times: Column = ()
    rows: tuple[RowCondition, ...] = ()
    currency: str | None = None
    money: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Pivot:
    """A long table: the column of names and the column of values. Of a wide table the values are its cells."""

    name: Column
    value: Column = ()


@dataclass(frozen=True)
class Uses:
    """What KPIs make of measures: `summed` by a flow or a ratio, `held` as a stock and nothing else."""

    summed: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Connector:
    """What brings a channel's records where no file does (`channels` with `from`, docs/okrs.md).

    `runner` is rest, singer, airbyte or dlt. `name` is what is run as it is written: a requirement, `package:source`,
    or the file of a declaration, whose place is `path`. `declared` and `config` are JSON: what a declaration says, and
    what the connector is given beside its secrets. `stream` may be empty where there is only one. `hosts`
    are those that it may reach beside the ones that its settings name; None where the declaration does not say.
    """

    runner: Literal["rest", "singer", "airbyte", "dlt"]
    name: str
    path: Path | None = None
    declared: str = "{}"
    config: str = "{}"
    stream: str = ""
    lookback_days: int = 30
    kind: str = "other"
    # not in the repr, of which the digest of a declaration is made
    hosts: tuple[str, ...] | None = field(default=None, repr=False)
    # the one that it is asked for, "" for all
    account: str = field(default="", repr=False)


@dataclass(frozen=True)
class FileSource:
    """One declared set of files of the same shape. What the keys mean: docs/okrs.md, "File source".

    `pattern` is the path or glob, already made relative to the file that declares it; `address` is set instead of it
    for a published sheet. Column fields hold column names, () is none. `currency` is a code for every row,
    `currency_column` a column of codes, `currency_auto` takes what the file names; without all three the reporting
    currency. `as_of` is a column or a day. `sheets` are names, ("*",) all, () the first visible one. `cadence` is
    in days, 0 never goes stale, None by the grain. `day` is a preset's column of days, which wins over `date` and
    `end_date` where a file has it; in the columns of `month_first` 9/1/2026 is of September, as the vendor writes it.
    Columns of the fields in `may_miss` (a preset's) need not be there; `by_day` is how the vendor exports days. A
    grain that nobody declared is held against the dates. `defined_at` is `path:line`, for messages; `folder` is that
    of the declaring file. Nothing outside the folders of `roots` is read
    (`file_places.places`).
    """

    id: str
    channel: str
    pattern: Path
    date: Column
    measures: dict[str, MeasureColumn]
    address: str | None = None
    preset: str | None = None
    encoding: str | None = None
    header: int | None = None
    sheets: tuple[str, ...] = ()
    date_format: str | None = None
    month_first: tuple[str, ...] = ()
    timezone: str | None = None
    end_date: Column = ()
    grain: Grain = "day"
    grain_is_declared: bool = False
    dated: Literal["start", "end"] = "start"
    open_range: Literal["to_date", "whole"] = "to_date"
    as_of: Column | datetime.date = ()
    account_id: Column = ()
    campaign_id: Column = ()
    campaign_name: Column = ()
    campaign_group_name: Column = ()
    currency: str | None = None
    currency_column: Column = ()
    currency_auto: bool = False
    decimal: str | None = None
    group: str | None = None
    null_values: tuple[str, ...] = ()
    rows: tuple[RowCondition, ...] = ()
    pivot: Pivot | None = None
    wide: str | None = None
    totals: Literal["refuse", "skip", "keep"] = "refuse"
    key: tuple[str, ...] = ()
    on_overlap: Literal["refuse", "newest", "sum"] = "refuse"
    replaces: Literal["range", "all"] = "range"
    cadence: int | None = None
    ended: tuple[str, ...] = ()
    day: Column = ()
    may_miss: tuple[str, ...] = ()
    by_day: str = ""
    defined_at: str = ""
    folder: Path = Path()
    # not in the repr, of which a file's digest is made
    connector: Connector | None = field(default=None, repr=False)
    utc_days: str = field(default="", repr=False)
    roots: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def is_fetched(self) -> bool:
        """Whether its rows come over the network, and from no file here."""
        return self.address is not None or self.connector is not None

    @property
    def is_within_roots(self) -> bool:
        """Whether its files lie where files may be read, as far as the path says before its first wildcard."""
        return self.is_fetched or lies_within(self.fixed_folder, self.roots)

    def matches(self) -> list[Path]:
        """Its files, in order. A path that is there as it is written is that file, wildcards or not.

        One that cannot be looked at is among them, for whoever reads it to say so, and so is one that a link or `..`
        after a wildcard takes out of `roots`. None where the path itself leads out: what is there is not looked at.
        """
        if self.is_fetched or not self.is_within_roots:
            return []
        if self._is_one_file:
            return [self.pattern]
        return sorted(path for path in _matching(self._glob) if _is_file(path) is not False)

    def closed_folders(self) -> Iterator[tuple[Path, OSError]]:
        """Those it leads into without letting in or listing: their files match nothing, and are not gone for that."""
        if not self.is_within_roots or self._is_one_file:
            return
        lead = [self._glob, *self._glob.parents] if self._glob.name == "**" else [*self._glob.parents]
        wild = [_matching(pattern) for pattern in lead if glob.has_magic(str(pattern))]
        for folder in sorted({self.fixed_folder, *(folder for found in wild for folder in found)}):
            if not lies_within(folder, self.roots):
                continue
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
