"""What a `file_sources` entry says: written by the definitions (okrs), read by the `files` channel.

It stands between the two rooms because neither imports the other.
"""

from __future__ import annotations

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
    `defined_at` is `path:line`, for messages.
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
