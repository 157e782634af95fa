"""Rows that cover more than a day: the loads of one source, and what docs/scoring.md says of them in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from okr_reports.channels.files import first_seen
from okr_reports.channels.files.ranges import spread
from okr_reports.channels.files.rows import ROW_COLUMNS, SourceRows
from okr_reports.channels.files.spans import lay_out
from okr_reports.file_sources import FileSource, MeasureColumn, Uses

DAY = timedelta(days=1)
CENT = Decimal("0.000000001")
TYPES = (pa.int64(), pa.date32(), pa.date32(), pa.date32(), pa.string(), pa.decimal128(28, 9))


def source(**more) -> FileSource:
    return FileSource("s", "c", Path("f.csv"), "date", {"n": MeasureColumn("n")}, **more)


class Reader:
    """One source's loads, day after day, over one ledger of first sightings."""

    def __init__(self, **more) -> None:
        self.source = source(**more)
        self.warehouse = duckdb.connect()

    def load(self, rows, today: date, *, held=(), uses=None):
        """(campaign, day) -> value, after a load of `rows` on `today`: date, end_date, as_of, campaign, value."""
        columns = ", ".join(f"{name} {kind}" for name, kind in ROW_COLUMNS.items())
        self.warehouse.execute(f"create or replace temp table rows ({columns}, v0 decimal(28, 9))")
        names = ("line", "date", "end_date", "as_of", "campaign_name", "v0")
        filled = pa.table(
            {name: pa.array(column, kind) for name, column, kind in zip(names, _columns(rows), TYPES, strict=True)}
        )
        self.warehouse.register("filled", filled)
        self.warehouse.execute(
            "insert into rows by name select 'f.csv' as source_file, '' as account_id, '' as campaign_id, * from filled"
        )
        faults = lay_out(SourceRows(self.warehouse, ("n",)), self.source, uses or Uses())
        first_seen.note(self.warehouse, "s", "spans", today)
        first_seen.seen(self.warehouse, "s", "seen")
        spread(self.warehouse, self.source, held, "seen")
        rows = self.warehouse.execute("select campaign_id, date, value from daily").fetchall()
        return {(campaign, day): value for campaign, day, value in rows}, faults


def _columns(rows):
    return zip(*((line, *row) for line, row in enumerate(rows)), strict=True) if rows else ((),) * len(TYPES)


def plain(spans, seen, today, *, whole: bool = False):
    """The same in plain Python: spans are (first, last, as_of, campaign, value); `seen` is the ledger of this life."""
    added = defaultdict(Decimal)
    as_ofs = {}
    for first, last, as_of, campaign, value in spans:
        added[first, last, campaign] += value
        known = as_ofs.get((first, last, campaign))
        as_ofs[first, last, campaign] = max((one for one in (known, as_of) if one), default=None)
    days = defaultdict(Decimal)
    for (first, last, campaign), value in added.items():
        if last >= today and last > first:
            seen.setdefault((first, last, campaign, value), today)
    # what was filled in before it began says nothing of the range before it
    noted = {key: seen.get((*key, value)) for key, value in added.items()}
    come = [(first, owner) for (first, _, owner), on in noted.items() if on is None or on >= first]
    for (first, last, campaign), value in added.items():
        on = noted[first, last, campaign]
        through = as_ofs[first, last, campaign] or (on - DAY if on else last)
        if whole or first == last or any(other > last for other, owner in come if owner == campaign):
            through = last
        through = min(through, last)
        if through < first:
            continue
        count = (through - first).days + 1
        each = int(value / CENT) // count if value >= 0 else -(-int(value / CENT) // count)
        for number in range(count):
            share = each if number < count - 1 else int(value / CENT) - each * (count - 1)
            days[campaign, first + DAY * number] += share * CENT
    return dict(days)
