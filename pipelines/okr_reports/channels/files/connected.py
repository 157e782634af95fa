"""A source whose rows a connector brings: which days it is asked for, and what its answer says of them.

An answer speaks of the days that were asked for, whatever the connector's own state says: they are replaced, and a day
without records is then empty. Nothing is replaced by an answer that lost its records, half of them, or an account's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa

from okr_reports.channels.files import across
from okr_reports.channels.files.by_account import asked_account
from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.raw import LONG
from okr_reports.channels.files.rows import Fault, SourceRows
from okr_reports.channels.runners.bring import bring
from okr_reports.channels.runners.records import allow, columns_of, seen
from okr_reports.channels.runners.settings import Section
from okr_reports.channels.windows import DAY, Window, last_complete_day
from okr_reports.errors import ChannelError
from okr_reports.file_sources import FileSource

# Each may wait for its vendor or run a process of its own.
_AT_ONCE = 4
_KEPT = "what was loaded (up to {last}) stays"


@dataclass
class Connected:
    """One source's request in one load.

    `whole` says that its connector cannot be asked for days and brings all. `before` are the days asked for so far,
    `expected` the measures that had values in the window's days.
    """

    source: FileSource
    window: Window
    by_hand: bool
    whole: bool
    today: date
    before: pa.Table
    expected: Collection[str] = ()
    remapped: bool = False
    said: list[str] = field(default_factory=list)
    _days: pa.Table | None = None

    @property
    def name(self) -> str:
        """What its rows are of, where those of files have a file's name."""
        return self.source.id

    def allow_absent(self, path: Path) -> None:
        """Columns that no record has are none where none of their measures had values of these days before.

        On the first answer, and where they had, such a column is a mistake of the definition or of the vendor.
        """
        loaded = not self.remapped and any(row["records"] for row in self.before.select(["records"]).to_pylist())
        if not loaded:
            return
        count, there = seen(path)
        absent = {name: needed for name, needed in columns_of(self.source).items() if name not in there}
        may = [name for name, needed in absent.items() if not set(needed) & set(self.expected)]
        if count and may:
            self.said.append(f"no record of these days has {', '.join(map(repr, may))}")
            allow(path, may)

    def narrow(self, read: SourceRows) -> None:
        """Leave out rows of days that were not asked for: of them the answer may hold a part. Up to when it speaks."""
        facts = read.files.get(self.name)
        if facts is None:
            return
        run = read.connection.execute
        if self.whole:
            ((first,),) = run("select min(date) from rows").fetchall()
            self.window = Window(min(first or self.window.start, self.window.end), self.window.end)
        else:
            outside = "coalesce(end_date, date) < $start or date > $end"
            bounds = {"start": self.window.start, "end": self.window.end}
            ((count,),) = run(f"select count(*) from rows where {outside}", bounds).fetchall()
            if count:
                run(f"delete from rows where {outside}", bounds)
                self.said.append(f"{count:,} records of days that were not asked for are not read")
        ((rows, first, last),) = run("select count(*), min(date), max(coalesce(end_date, date)) from rows").fetchall()
        read.files[self.name] = replace(
            facts,
            rows=rows,
            first_day=first,
            last_day=last,
            generated_on=self.today,
            report_from=self.window.start,
            report_to=self._spoken_through(),
        )

    def _spoken_through(self) -> date:
        """The last day up to which every day from the first was asked for, by this load or one before."""
        days = {row["date"] for row in self.before.select(["date"]).to_pylist()} | {*self.window.days()}
        last = min(days)
        while last + DAY in days:
            last += DAY
        return last

    def judge(self, read: SourceRows, warehouse: duckdb.DuckDBPyConnection) -> Mapping[str, Fault]:
        """What is wrong with the answer beside what was loaded of its days before. Makes table `requested`'s row."""
        connection = read.connection
        connection.execute("insert into requested values (?, ?, ?)", [self.name, self.window.start, self.window.end])
        connection.register("before", self.before)
        connection.execute(
            "create or replace temp table answered as"
            " select account_id, date, count(*) as records from rows group by all"
        )
        fault = self._fault(read, warehouse)
        self._days = connection.sql(
            "select source_file, account_id, date, records from ("
            "select * from before where date not between $start and $end union all"
            " select account_id, date, records from answered where date between $start and $end union all"
            " select '', day::date, 0 from generate_series($start::date, $end::date, interval 1 day) as days(day)"
            " where day::date not in (select date from answered where account_id = '')"
            ") cross join (select $name as source_file)",
            params={"start": self.window.start, "end": self.window.end, "name": self.name},
        ).to_arrow_table()
        connection.unregister("before")
        if fault is None or self.remapped:
            return {}
        if self.by_hand:
            self.said.append(f"the answer {fault.what}: these days were loaded by hand, so it is taken as it is")
            return {}
        return {self.name: fault}

    def _fault(self, read: SourceRows, warehouse: duckdb.DuckDBPyConnection) -> Fault | None:
        connection = read.connection
        bounds = {"start": self.window.start, "end": self.window.end}
        todo = (
            f"{_KEPT}; the next refresh asks again. If that is all there is, take it by hand: okr refresh --channel"
            f" {self.source.channel} --from {self.window.start} --to {self.window.end}"
        )
        of_window = "where date between $start and $end"
        [(before, last)] = connection.execute(
            f"select coalesce(sum(records), 0), max(date) filter (where records > 0) from before {of_window}", bounds
        ).fetchall()
        [(now,)] = connection.execute(f"select coalesce(sum(records), 0) from answered {of_window}", bounds).fetchall()
        if not before:
            return None
        if 2 * now < before:
            many = f"{int(now):,} records" if now else "no records"
            return Fault(f"has {many}, where {int(before):,} were loaded for the same days", todo.format(last=last))
        gone = connection.execute(
            f"select account_id, sum(records), max(date) from before {of_window} and records > 0"
            f" and account_id not in (select account_id from answered {of_window}) group by 1 order by 1",
            bounds,
        ).fetchall()
        if gone:
            account, records, last = gone[0]
            more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
            what = f"has no records of the account {account or '(none)'}{more}, where {int(records):,} were loaded"
            return Fault(f"{what} for the same days", todo.format(last=last))
        return next((fault for _, fault in across.shrunken(read, warehouse, [self.name], todo)), None)

    def days(self) -> pa.Table:
        """The rows of `requested_days` after this load."""
        assert self._days is not None
        return self._days


def stored_days(connection: duckdb.DuckDBPyConnection, source: FileSource) -> pa.Table:
    """What was asked for before: account, day and records."""
    return connection.sql(
        "select account_id, date, cast(records as bigint) as records from files.requested_days"
        " where source_id = $source",
        params={"source": source.id},
    ).to_arrow_table()


def plan(
    source: FileSource, start: date, today: date, requested: Window | None, before: pa.Table, *, remapped: bool
) -> Window | None:
    """The days to ask for: those that were never asked for, and the last `lookback_days` again. None without a day.

    All since `start` after a change of the declaration. Whole weeks, months or quarters where the grain is one.
    """
    assert source.connector is not None
    end = last_complete_day(today, source.timezone or source.utc_days or "UTC")
    if requested is not None:
        return Window(requested.start, min(requested.end, end)) if requested.start <= end else None
    known = set() if remapped else {row["date"] for row in before.select(["date"]).to_pylist()}
    if start > end:
        return None
    begin = max(start, end - DAY * (source.connector.lookback_days - 1))
    missing = next((day for day in Window(start, end).days() if day not in known), begin)
    return Window(_aligned(min(begin, missing), source), end)


def _aligned(day: date, source: FileSource) -> date:
    if source.grain == "week":
        return day - timedelta(days=(day.weekday() + 7))
    if source.grain in ("month", "quarter"):
        return day.replace(day=1, month=day.month if source.grain == "month" else 3 * ((day.month - 1) // 3) + 1)
    return day


def measures_there(connection: duckdb.DuckDBPyConnection, source: FileSource, window: Window) -> set[str]:
    """The measures that have values of these days."""
    rows = connection.execute(
        f"select distinct measure from {LONG} where source_id = ? and date between ? and ? and value is not null",
        [source.id, window.start, window.end],
    ).fetchall()
    return {name for (name,) in rows}


def bring_all(
    requests: Sequence[tuple[Connected, Section]], scratch: Path, home: Path, say: Callable[[str], None]
) -> Iterator[tuple[Connected, Path | ChannelError]]:
    """What each connector brought as a file of records, or why it did not; several are fetched at once."""

    def fetch(request: Connected, section: Section) -> Path | ChannelError:
        path = scratch / f"{quote(request.source.id, safe='')}.parquet"
        try:
            bring(request.source, section, request.window, path, home, say)
        except ChannelError as error:
            return error.of_account(account) if (account := asked_account(request.source)) else error
        except Refused as error:
            what = f"{request.source.connector.name if request.source.connector else ''} {error}"
            todo = f"correct it at {request.source.defined_at}"
            return ChannelError(request.source.channel, what, todo, asked_account(request.source) or None)
        request.allow_absent(path)
        return path

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [(request, pool.submit(fetch, request, section)) for request, section in requests]
        for request, future in found:
            yield request, future.result()
