"""One source's new content, settled into days: from the rows that were read to what lands in the raw tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from okr_reports.channels.files import across, first_seen
from okr_reports.channels.files.connected import Connected
from okr_reports.channels.files.coverage import file_measures
from okr_reports.channels.files.ranges import spread
from okr_reports.channels.files.raw import (
    FILE_MEASURES,
    LOADED_FILES,
    LONG,
    MEASURES,
    PLACES,
    REQUESTED_DAYS,
    SPANS,
    SUPERSEDED,
    WIDE,
    Batches,
    side_by_side,
)
from okr_reports.channels.files.read import order_of
from okr_reports.channels.files.rows import Fault, FileFacts, SourceRows
from okr_reports.channels.files.spans import lay_out, show
from okr_reports.channels.tables import RawTable
from okr_reports.common.sql_text import quoted_text
from okr_reports.file_sources import FileSource, Uses

# Rows of a source that are held in memory at most.
_MANY = 200_000
_SPAN = (
    "source_file, first_day, last_day, as_of, account_id, campaign_id, campaign_name, campaign_group_name, currency,"
    " measure, value"
)
_DAY_AS_SPAN = (
    "source_file, date as first_day, date as last_day, cast(null as date) as as_of, account_id, campaign_id,"
    " campaign_name, campaign_group_name, currency, measure, value"
)


@dataclass
class Settling:
    """One source in one load. `kept` are its files that did not change; `remapped` says that its declaration did;
    `connected` is the request of a connector's records.

    `faults` are the files of which nothing lands; `said` is what a person should know of the others.
    """

    source: FileSource
    read: SourceRows
    warehouse: duckdb.DuckDBPyConnection
    kept: Sequence[str]
    gone: Sequence[str]
    today: date
    uses: Uses
    remapped: bool = False
    connected: Connected | None = None
    faults: dict[str, Fault] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    # sentences on rows that two files have alike
    equal: list[str] = field(default_factory=list)
    # whether the rows that were read are needed until they are landed
    is_streamed: bool = False
    # whether `spans` holds what stays of earlier loads
    has_carried: bool = False
    # tables made of `spans` that a file is taken out of with it
    derived: tuple[str, ...] = ()

    @property
    def has_ranges(self) -> bool:
        """Whether its rows may cover more than a day."""
        return self.source.grain in ("week", "month", "quarter") or bool(self.source.end_date)

    def land(self, batches: Batches, digests: Mapping[str, str]) -> None:
        """Add to `batches` what this load replaces."""
        self.settle()
        self.said += self.equal
        self._add(batches, digests)

    def settle(self) -> None:
        """Decide which files land, and what of them counts."""
        self.faults |= lay_out(self.read, self.source, self.uses, self._kept_days())
        self._store()
        self._run("create or replace temp table requested (source_file varchar, first_day date, last_day date)")
        holds = bool(self.warehouse.execute("select 1 from stored limit 1").fetchall())
        self._leave_out(self._lost() if holds or self.connected is not None else {})
        if holds and self.connected is None and not self.remapped:
            self.said += across.lost_accounts(self.read, self.warehouse, self._fresh())
        if holds:
            self._carry()
        self._spread()
        self._leave_out_overlaps()

    def _kept_days(self) -> list[date]:
        """Days of files that are not read now, where the source's grain follows from its days."""
        if not self.kept or self.source.grain_is_declared or self.source.grain != "day":
            return []
        rows = self.warehouse.execute(
            f"select distinct date from {PLACES} where source_id = ? and list_contains(?, source_file)",
            [self.source.id, list(self.kept)],
        ).fetchall()
        return [day for (day,) in rows]

    def _fresh(self) -> list[str]:
        """New files that land, in their order."""
        names = [name for name in self.read.files if name not in self.faults]
        return sorted(names, key=lambda name: self._order(self.read.files[name]))

    def _order(self, facts: FileFacts) -> across.Order:
        return order_of(facts.generated_on, facts.last_day, facts.name)

    def _run(self, sql: str, values: object = None) -> list[tuple[object, ...]]:
        return self.read.connection.execute(sql, values).fetchall()

    def _store(self) -> None:
        """View `stored` of the warehouse's connection: what it holds of this source.

        Of files with single days only those of new files, and the days of others that the new content touches.
        """
        columns, table = (_SPAN, f"files.{SPANS.name}") if self.has_ranges else (_DAY_AS_SPAN, LONG)
        mine = [*self.read.files, *self.gone]
        touched = ""
        if not self.has_ranges:
            first, last = self._touched(mine)
            listed = ", ".join(map(quoted_text, mine)) or "null"
            touched = f" and (source_file in ({listed}) or date between '{first}' and '{last}')"
        self.warehouse.execute(
            f"create or replace temp view stored as select {columns} from {table}"
            f" where source_id = {quoted_text(self.source.id)}{touched}"
        )

    def _touched(self, mine: Sequence[str]) -> tuple[date, date]:
        [bounds] = self.read.connection.execute("select min(first_day), max(last_day) from span_keys").fetchall()
        [old] = self.warehouse.execute(
            f"select min(date), max(date) from {PLACES} where source_id = ? and list_contains(?, source_file)",
            [self.source.id, list(mine)],
        ).fetchall()
        days = [day for day in (*bounds, *old) if day is not None] or [self.today]
        return min(days), max(days)

    def _take(self, name: str, table: pa.Table) -> None:
        self.read.connection.register("taken", table)
        self.read.connection.execute(f"create or replace temp table {name} as from taken")
        self.read.connection.unregister("taken")

    def _lost(self) -> Mapping[str, Fault]:
        """New files that say far less than was loaded of the same days."""
        if self.connected is not None:
            return self.connected.judge(self.read, self.warehouse) if self.read.files else {}
        return {} if self.remapped else dict(across.shrunken(self.read, self.warehouse, self._fresh()))

    def _leave_out(self, faults: Mapping[str, Fault]) -> None:
        self.faults |= faults
        show(self.read, self.faults)

    def _carry(self) -> None:
        others = [*self.kept, *(name for name in self.faults if name in self.read.files or name in self.read.faults)]
        across.carried(self.read, self.warehouse, self.source, others if self.has_ranges else [])
        self.has_carried = bool(self._run("select 1 from carried limit 1"))
        show(self.read, self.faults, has_carried=self.has_carried)

    def _spread(self) -> None:
        columns = "account_id, campaign_id, first_day, last_day, measure, value"
        if self.has_ranges:
            spans = self.read.connection.sql(f"select distinct {columns} from spans").to_arrow_table()
            self.warehouse.register("new_spans", spans)
            first_seen.note(self.warehouse, self.source.id, "new_spans", self.today)
            self.warehouse.unregister("new_spans")
            first_seen.seen(self.warehouse, self.source.id, "seen")
            self._take("seen", self.warehouse.sql("from seen").to_arrow_table())
        self.derived = spread(self.read.connection, self.source, self.uses.held, "seen")
        unknown = "select source_file, count(*) from known where known_through is null group by 1 order by 1"
        for name, count in self._run(unknown) if self.derived else []:
            self.said.append(
                f"{name}: {count} values of days that are not known yet do not count before {self._next()}"
            )

    def _next(self) -> date:
        return self.today + timedelta(days=1)

    def _leave_out_overlaps(self) -> None:
        connection, fresh = self.read.connection, self._fresh()
        others = [] if self.has_ranges else list(self.kept)
        if len({*self.read.files, *self.kept}) < 2:
            self._none_superseded()
            return
        columns = "source_file, account_id, campaign_id, {} as date, currency, measure, value"
        days = f"select {columns.format('first_day')} from stored where list_contains($others, source_file)"
        across.copied(self.warehouse.sql(days, params={"others": others}), connection, "others", temporary=True)
        self._run(
            f"create or replace temp view days as select {columns.format('date')} from daily union all from others"
        )
        found = [] if self.source.on_overlap == "sum" else across.overlaps(connection, self.source)
        if not found:
            self._none_superseded()
            return
        if self.source.on_overlap == "refuse":
            faults = across.refused(found, fresh, self.kept)
            for table in (*self.derived, "rows_by_file", *(["carried"] if self.has_carried else [])):
                self._run(f"delete from {table} where list_contains(?, source_file)", [list(faults)])
            self.faults |= faults
            show(self.read, self.faults, has_carried=self.has_carried)
            self._say_equal(found)
        across.superseded(connection, self.source, self._orders())

    def _none_superseded(self) -> None:
        columns = "source_file varchar, account_id varchar, campaign_id varchar, date date"
        self._run(f"create or replace temp table superseded ({columns})")

    def _say_equal(self, found: Sequence[across.Overlap]) -> None:
        fresh = self._fresh()
        for overlap in found:
            is_new = overlap.file in fresh and (overlap.other not in fresh or overlap.file > overlap.other)
            if overlap.are_equal and is_new:
                self.equal.append(
                    f"{overlap.file} and {overlap.other} have {overlap.rows:,} equal rows of the same days"
                    f" ({overlap.first} to {overlap.last}), which count once; add `on_overlap: newest`"
                    " if files restate each other,"
                    " `on_overlap: sum` if both count"
                )

    def _orders(self) -> dict[str, across.Order]:
        orders = {name: self._order(facts) for name, facts in self.read.files.items()}
        for name, generated_on, last_day in self.warehouse.execute(
            "select source_file, max(generated_on), max(data_through) from files.loaded_files"
            " left join files.file_measures using (source_id, source_file) where source_id = ? group by 1",
            [self.source.id],
        ).fetchall():
            orders.setdefault(name, order_of(generated_on, last_day, name))
        return orders

    def _add(self, batches: Batches, digests: Mapping[str, str]) -> None:
        fresh, source = self._fresh(), self.source

        def replace(table: RawTable, files: Sequence[str], sql: str) -> None:
            rows = self.read.connection.sql(sql, params={"files": list(files)}).to_arrow_table()
            batches.replace(table, source.id, source.channel, list(files), rows)

        mine = "where list_contains($files, source_file)"
        self._replace_days(batches, [*fresh, *(self.kept if self.has_ranges else [])])
        if self.has_ranges:
            replace(SPANS, fresh, f"from spans {mine}")
        self._take("digests", pa.table({"source_file": fresh, "digest": [digests[name] for name in fresh]}))
        self._count()
        replace(
            LOADED_FILES,
            fresh,
            "select source_file, coalesce(account_id, '') as account_id, coalesce(rows, 0) as rows,"
            f" data_from, data_through, digest from digests left join accounts using (source_file) {mine}",
        )
        covered = file_measures(self.read, source, self.warehouse, fresh, self.today)
        batches.replace(FILE_MEASURES, source.id, source.channel, fresh, covered)
        self._replace_superseded(batches, [*fresh, *self.kept])
        if self.connected is not None and fresh:
            batches.replace(REQUESTED_DAYS, source.id, source.channel, fresh, self.connected.days())
        if self.gone:
            batches.remove(source.id, list(self.gone))

    def _count(self) -> None:
        """Table `accounts`, grain: file and account. What is there of each, and h0, h1 ... of `span_keys`."""
        rows = "*" if self.read.is_parted and not self.has_carried else "distinct (campaign_id, first_day)"
        has = "".join(f", bool_or(h{at}) as h{at}" for at in range(len(self.read.measures)))
        self._run(
            "create or replace temp table accounts as select source_file, account_id,"
            f" count({rows}) as rows, min(first_day) as data_from,"
            f" max(last_day) as data_through{has} from span_keys group by source_file, account_id"
        )

    def _replace_days(self, batches: Batches, files: list[str]) -> None:
        connection = self.read.connection
        # days of files that are refused, or whose answer lost rows, stay with what is stored of them
        others = self._run(
            "select distinct source_file from span_keys where not list_contains(?, source_file)", [files]
        )
        listed = ", ".join(quoted_text(str(name)) for (name,) in others)
        sql = "from daily" + (f" where source_file not in ({listed})" if listed else "")
        [(count,)] = self._run(f"select count(*) from ({sql})")
        replaced = (self.source.id, self.source.channel, files)
        if int(str(count)) < _MANY:
            batches.replace(MEASURES, *replaced, connection.sql(sql).to_arrow_table())
            held = self.warehouse.execute(
                "select distinct source_file from files.wide_measures where source_id = ?", [self.source.id]
            ).fetchall()
            if wide := sorted({name for (name,) in held} & set(files)):
                batches.remove(self.source.id, wide, [WIDE])
            return
        self.is_streamed = True
        if batches.in_lake or self.derived or self.has_carried or self.read.currencies:
            batches.stream(MEASURES, *replaced, self.read, sql)
            batches.remove(self.source.id, files, [WIDE])
            return
        rows = f"(select *, first_day as date from grouped where source_file in ({', '.join(map(quoted_text, files))}))"
        batches.stream(WIDE, *replaced, self.read, side_by_side(rows, self.read.measures))
        batches.remove(self.source.id, files, [MEASURES])

    def _replace_superseded(self, batches: Batches, files: list[str]) -> None:
        """Outside the days that this load touches what was superseded stays so."""
        rows = self.read.connection.sql("from superseded").to_arrow_table()
        if not self.has_ranges:
            first, last = self._touched([*self.read.files, *self.gone])
            before = self.warehouse.sql(
                "select source_file, account_id, campaign_id, date from files.superseded_days"
                " where source_id = ? and list_contains(?, source_file) and date not between ? and ?",
                params=[self.source.id, files, first, last],
            ).to_arrow_table()
            rows = pa.concat_tables([rows, before])
        batches.replace(SUPERSEDED, self.source.id, self.source.channel, files, rows)
