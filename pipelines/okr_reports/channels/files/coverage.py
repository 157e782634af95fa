"""Up to when a file speaks of each of its accounts and measures, beyond the last value it has of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import compress, pairwise
from statistics import median

import duckdb
import pyarrow as pa

from okr_reports.channels.files import first_seen
from okr_reports.channels.files.rows import SourceRows
from okr_reports.file_sources import FileSource

DAY = timedelta(days=1)
# After how many days without anything newer a source of a grain is stale (docs/scoring.md, "Sources").
CADENCE = {"day": 3, "week": 10, "month": 40, "quarter": 100}
_SCHEMA = pa.schema(
    {
        "source_file": pa.string(), "account_id": pa.string(), "measure": pa.string(), "spoken_through": pa.date32(),
        "cadence_days": pa.int64(), "is_ended": pa.bool_(), "generated_on": pa.date32(),
    }
)  # fmt: skip


def file_measures(
    read: SourceRows, source: FileSource, warehouse: duckdb.DuckDBPyConnection, files: Sequence[str], today: date
) -> pa.Table:
    """One row a file, account and measure of table `accounts`.

    A file speaks up to its `as_of`; of what it counts, and of the range its report names, no further than the day
    before its content was first seen.
    """
    as_of = dict(read.connection.execute("select source_file, max(as_of) from rows group by 1").fetchall())
    cadence = _cadence(read, source)
    rows = []
    has = "".join(f", h{at}" for at in range(len(read.measures)))
    found = read.connection.execute(
        f"select source_file, account_id{has} from accounts where list_contains(?, source_file) order by all",
        [list(files)],
    ).fetchall()
    every = sorted(
        (name, account, measure) for name, account, *there in found for measure in compress(read.measures, there)
    )
    for name, account, measure in every:
        facts = read.files[name]
        spoken = as_of.get(name)
        if spoken is None and (facts.report_to or source.measures[measure].count):
            known = facts.generated_on or _content_seen(read, source, warehouse, name, today) - DAY
            spoken = min(facts.report_to or known, known)
        rows.append((name, account, measure, spoken, cadence, account in source.ended, facts.generated_on))
    names = _SCHEMA.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=_SCHEMA)


def _cadence(read: SourceRows, source: FileSource) -> int:
    """Days after which the source is stale: declared, or of its grain, or twice the usual gap between its days."""
    if source.cadence is not None:
        return source.cadence
    if source.grain not in ("day", "reading"):
        return CADENCE[source.grain]
    [(length,)] = read.connection.execute("select median(last_day - first_day + 1) from span_keys").fetchall()
    if source.grain == "day" and (length or 1) > 2:
        return CADENCE["quarter" if length > 45 else "month" if length > 10 else "week"]
    days = [row[0] for row in read.connection.execute("select distinct first_day from span_keys order by 1").fetchall()]
    gaps = [(after - before).days for before, after in pairwise(days)]
    alone = CADENCE["day" if source.grain == "day" else "month"]
    return max(CADENCE["day"], 2 * round(median(gaps))) if gaps else alone


def _content_seen(
    read: SourceRows, source: FileSource, warehouse: duckdb.DuckDBPyConnection, name: str, today: date
) -> date:
    """The day on which a file of this content was first read, whatever its name and the rest of its mapping."""
    [found] = read.connection.execute(
        "select md5(list_sort(list((account_id, campaign_id, first_day, last_day, measure, value)))::varchar),"
        " count(*), min(first_day), max(last_day) from spans where source_file = ?",
        [name],
    ).fetchall()
    return first_seen.content(warehouse, source.id, *found, today=today)
