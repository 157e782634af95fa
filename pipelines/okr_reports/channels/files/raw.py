"""The raw tables of files, and rows put into their shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain

import duckdb
import pyarrow as pa

from okr_reports.channels.files.rows import SourceRows
from okr_reports.channels.landing import StreamedRows
from okr_reports.channels.tables import AMOUNT, COUNT, DAY, DELETED, FLAG, MOMENT, TEXT, RawTable, tombstones
from okr_reports.channels.warehouse_tables import newest_load
from okr_reports.common.finished_loads import finished_loads
from okr_reports.common.sql_text import quoted_name, quoted_text

CHANNEL = "files"


def _table(name: str, **columns: pa.DataType) -> RawTable:
    """Rows of files, all of one file replaced together."""
    fields = [pa.field("source_id", TEXT, False), pa.field("source_file", TEXT, False), pa.field("channel", TEXT)]
    fields += [pa.field(column, kind) for column, kind in columns.items()]
    fields += [pa.field("loaded_at", MOMENT), pa.field(DELETED, FLAG)]
    return RawTable(name, pa.schema(fields), "facts", ("source_id", "source_file"))


# Grain: one row a source, file, day, account, campaign, currency and measure: what rows that cover more than a day come
# to on each of their days. currency NULL means the reporting currency; account_id and campaign_id are '' where none is
# declared.
MEASURES = _table(
    "measures",
    date=DAY, account_id=TEXT, campaign_id=TEXT, campaign_name=TEXT, campaign_group_name=TEXT, currency=TEXT,
    measure=TEXT, value=AMOUNT,
)  # fmt: skip
# Grain: one row a source, file, day, account, campaign, currency and list of measures: what would be many rows of
# `measures`, side by side. `measures` are the names of value_1, value_2 ... in their order, with spaces between; of
# more than `_SIDE_BY_SIDE` there is another row. A file lies in one of the two tables.
_SIDE_BY_SIDE = 4
_VALUES = [f"value_{at}" for at in range(1, _SIDE_BY_SIDE + 1)]
WIDE = _table(
    "wide_measures",
    date=DAY, account_id=TEXT, campaign_id=TEXT, campaign_name=TEXT, campaign_group_name=TEXT, currency=TEXT,
    measures=TEXT, **dict.fromkeys(_VALUES, AMOUNT),
)  # fmt: skip
# Grain: one row a source, file and account: what the file held when it was loaded. `digest` tells whether it changed.
LOADED_FILES = _table("loaded_files", account_id=TEXT, rows=COUNT, data_from=DAY, data_through=DAY, digest=TEXT)
# Grain: one row a source, file, account, campaign, currency, first day, last day and measure, of files with rows that
# cover more than a day: what `measures` are spread from, again whenever one of the source's files changes.
SPANS = _table(
    "spans",
    first_day=DAY, last_day=DAY, as_of=DAY, account_id=TEXT, campaign_id=TEXT, campaign_name=TEXT,
    campaign_group_name=TEXT, currency=TEXT, measure=TEXT, value=AMOUNT,
)  # fmt: skip
# Grain: one row a source, file, account, campaign and day that does not count in `measures`: a newer file has it.
SUPERSEDED = _table("superseded_days", account_id=TEXT, campaign_id=TEXT, date=DAY)
# Grain: one row a source, file, account and measure. `spoken_through`: the day up to which the file speaks of it beyond
# its last value, NULL if it does not say so. `cadence_days`: older than that is stale, 0: never. `is_ended`: the
# account is over. `generated_on`: the day the file says it was made.
FILE_MEASURES = _table(
    "file_measures",
    account_id=TEXT, measure=TEXT, spoken_through=DAY, cadence_days=COUNT, is_ended=FLAG, generated_on=DAY,
)  # fmt: skip
# Grain: one row a source, file, account and day that a connector was asked for, with the records that it brought; of
# account '' the day itself, which may have brought none.
REQUESTED_DAYS = _table("requested_days", account_id=TEXT, date=DAY, records=COUNT)
TABLES = (MEASURES, WIDE, LOADED_FILES, SPANS, SUPERSEDED, FILE_MEASURES, REQUESTED_DAYS)

_PLACE = (
    "source_id, source_file, channel, date, account_id, campaign_id, campaign_name, campaign_group_name, currency,"
    " loaded_at"
)
# Relations of the warehouse over both tables of days: where values are, and the rows of `measures` that they are.
PLACES = f"(select {_PLACE} from files.measures union all select {_PLACE} from files.wide_measures)"
LONG = (
    f"(select {_PLACE}, measure, value from files.measures"
    + "".join(
        f" union all select {_PLACE}, split_part(measures, ' ', {at}), {name} from files.wide_measures"
        f" where {name} is not null"
        for at, name in enumerate(_VALUES, 1)
    )
    + ")"
)


def side_by_side(relation: str, measures: Sequence[str]) -> str:
    """The query of rows of `wide_measures` from a relation with their other columns and v0, v1 ..., the values of
    `measures`; places without a value are left out."""
    parts = []
    for first in range(0, len(measures), _SIDE_BY_SIDE):
        named = measures[first : first + _SIDE_BY_SIDE]
        values = [f"try_cast(v{first + at} as decimal(28, 9))" for at in range(len(named))]
        values += ["cast(null as decimal(28, 9))"] * (_SIDE_BY_SIDE - len(values))
        columns = ", ".join(f"{value} as {name}" for value, name in zip(values, _VALUES, strict=True))
        there = " or ".join(f"v{first + at} is not null" for at in range(len(named)))
        names = quoted_text(" ".join(named))
        parts.append(f"select *, {names} as measures, {columns} from {relation} where {there}")
    return " union all ".join(parts)


class Batches:
    """What a load writes, by table: keys of files that are replaced, and their rows."""

    def __init__(self, *, in_lake: bool = False) -> None:
        self.in_lake = in_lake
        self.keys: dict[str, list[pa.Table]] = {table.name: [] for table in TABLES}
        self.rows: dict[str, list[pa.Table]] = {table.name: [] for table in TABLES}
        self.streamed: dict[str, list[StreamedRows]] = {table.name: [] for table in TABLES}

    def __bool__(self) -> bool:
        return any(self.keys.values())

    def replace(self, table: RawTable, source_id: str, channel: str, files: list[str], rows: pa.Table) -> None:
        """Replace the rows of these files in one table; `rows` has `source_file` and the table's own columns."""
        self._answer(table, source_id, files)
        constants = {"source_id": source_id, "channel": channel, "loaded_at": datetime.now(UTC), DELETED: False}
        columns = [
            rows[column.name].cast(column.type)
            if column.name in rows.column_names
            else pa.repeat(pa.scalar(constants[column.name], column.type), rows.num_rows)
            for column in table.schema
        ]
        self.rows[table.name].append(pa.Table.from_arrays(columns, schema=table.schema))

    def stream(
        self, table: RawTable, source_id: str, channel: str, files: list[str], read: SourceRows, sql: str
    ) -> None:
        """As `replace`, of rows that `read` gives when they are landed; it stays open until then."""
        self._answer(table, source_id, files)
        constants = {
            "source_id": quoted_text(source_id),
            "channel": quoted_text(channel),
            "loaded_at": f"timestamptz '{datetime.now(UTC)}'",
            DELETED: "false",
        }
        columns = ", ".join(f"{constants.get(name, name)} as {name}" for name in table.schema.names)
        read.connection.execute(f"create or replace view landed as select {columns} from ({sql})")
        # else written when it is closed, where nothing says that there was no room
        read.connection.execute("checkpoint")
        [(count,)] = read.connection.execute("select count(*) from landed").fetchall()
        self.streamed[table.name].append(StreamedRows(read.connection, read.database, count, self.in_lake))

    def detach(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        """Let go of the files that rows were streamed from: what one connection attaches its process has attached."""
        for stream in chain.from_iterable(self.streamed.values()):
            warehouse.execute(f"detach database if exists {quoted_name(stream.alias)}")

    def remove(self, source_id: str, files: list[str], tables: Sequence[RawTable] = TABLES) -> None:
        """Take these files of a source out of these tables."""
        for table in tables:
            self._answer(table, source_id, files)

    def _answer(self, table: RawTable, source_id: str, files: list[str]) -> None:
        keys = {"source_id": pa.array([source_id] * len(files), TEXT), "source_file": pa.array(files, TEXT)}
        self.keys[table.name].append(tombstones(table, keys))

    def whole(self, *, adds: bool = False) -> dict[str, list[pa.Table | StreamedRows]]:
        """One Arrow table for each raw table with rows, then those that are streamed; with `adds` without the keys that
        are replaced."""
        every = {name: [*(() if adds else self.keys[name]), *self.rows[name]] for name in self.rows}
        held = {name: [pa.concat_tables(parts)] if parts else [] for name, parts in every.items()}
        whole = {name: [*parts, *self.streamed[name]] for name, parts in held.items()}
        return {name: parts for name, parts in whole.items() if parts}


def stored_digests(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Digests by source and file, '' where all that is there is of a load that died, be it the first one."""
    there = connection.execute(
        f"select source_id, source_file from files.loaded_files union select source_id, source_file from {PLACES}"
    ).fetchall()
    if newest_load(connection, CHANNEL) is None:
        return dict.fromkeys(there, "")
    whole = connection.execute(
        "select distinct source_id, source_file, digest from files.loaded_files"
        f" where _dlt_load_id in ({finished_loads(CHANNEL)})"
    ).fetchall()
    return dict.fromkeys(there, "") | {(source_id, source_file): digest for source_id, source_file, digest in whole}
