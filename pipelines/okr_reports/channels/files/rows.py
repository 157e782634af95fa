"""What reading a source's files gives: the seam between reading (what is in them) and time (which days it is of).

Reading knows nothing of the warehouse, of other loads or of today; time knows nothing of files' formats.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

import duckdb

from okr_reports.channels.files.dates import Written
from okr_reports.errors import quoted

# Columns of the table `rows` before those of the measures, with their types. Grain: one row a row of a sheet that
# counts (totals, filtered, blank and repeated header rows are left out; long and wide tables are already turned).
ROW_COLUMNS: dict[str, str] = {
    "source_file": "VARCHAR",
    "sheet": "VARCHAR",
    "line": "BIGINT",
    "date": "DATE",
    "end_date": "DATE",
    "as_of": "DATE",
    "account_id": "VARCHAR",
    "campaign_id": "VARCHAR",
    "campaign_name": "VARCHAR",
    "campaign_group_name": "VARCHAR",
    "currency": "VARCHAR",
}
# Of each measure's column, v0, v1 ... in the order of the source's measures.
VALUE = "DECIMAL(28,9)"


@dataclass(frozen=True)
class FileFacts:
    """What a file says of itself, beside its rows.

    `name` is as in the raw tables. `generated_on`, `report_from` and `report_to` are of the lines above the header;
    `made` is the first of them as it is written, which may leave open what is the month. `rows` counts those of the
    table `rows`, `first_day` and `last_day` are theirs. `measures` are those whose columns it has, `unread` the columns
    that nothing is made of. `said` are sentences about what was not read (sheets, tables, totals, rows by filter) or
    taken for granted (currency, UTC days); no cell is quoted.
    """

    name: str
    generated_on: date | None = None
    made: Written | None = None
    report_from: date | None = None
    report_to: date | None = None
    rows: int = 0
    first_day: date | None = None
    last_day: date | None = None
    measures: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """One kind of thing wrong with a file: where (the first five places, `count` in all) and what to do.

    `shown` are the cells in those places; in words they are marked as quoted, so that the report leaves them out.
    `settles` is the key of the definition that would settle it, where one does.
    """

    what: str
    todo: str
    places: tuple[str, ...] = ()
    count: int = 1
    shown: tuple[str, ...] = ()
    settles: str = ""

    def __str__(self) -> str:
        cells = [f" ({quoted(cell)})" for cell in self.shown] + [""] * len(self.places)
        where = ", ".join(f"{place}{cell}" for place, cell in zip(self.places, cells, strict=False))
        more = f" and {self.count - len(self.places):,} more" if self.count > len(self.places) > 0 else ""
        return f"{where}{more}: {self.what}" if where else self.what


@dataclass
class SourceRows:
    """The readable files of one source. `connection` holds the table `rows`: ROW_COLUMNS, v0, v1 ... ; `folder` is what
    its database lies in, unless that is in memory.

    `end_date` is inclusive, and `date` itself for a row of one day; grains are not applied to it yet. NULL in a measure
    is no data (a blank cell, a null mark), which is not 0. `as_of` is NULL where neither definition nor file says it.
    `account_id` and `campaign_id` are '' where there are none, `currency` is NULL where nobody names one, except in
    `currencies`: measures whose amounts have a currency of their own. `faults` are the files that are refused, by name:
    nothing of them is in `rows`. `is_parted` says that no two rows have the same file, account, campaign and first day.
    """

    connection: duckdb.DuckDBPyConnection
    measures: tuple[str, ...]
    folder: tempfile.TemporaryDirectory[str] | None = None
    files: dict[str, FileFacts] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    is_parted: bool = False

    @property
    def database(self) -> Path:
        """The file that all is in, but for what is temporary."""
        assert self.folder is not None
        return Path(self.folder.name) / "rows.duckdb"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the rows and of the disk they take; who has read them must, or leave a `with`."""
        self.connection.close()
        if self.folder is not None:
            self.folder.cleanup()
