"""What only the past knows: tables that no load and no build can make again, kept in `history/` and brought back.

Each is append only. A table is added by one line in `LEDGERS`; every publication then keeps it, and a warehouse that
has lost rows of it gets them back at the start of the next refresh. tests/warehouse/test_ledgers.py holds that the list
names every model with `full_refresh=false`, which says the same of it to dbt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.sql_text import quoted_name
from okr_reports.errors import HistoryError
from okr_reports.warehouse.history.days import Day, days, read_day
from okr_reports.warehouse.history.parts import Parts, Table, comments, damaged, read_into


@dataclass(frozen=True)
class Ledger:
    """One table: where it is, the day of a row, and what tells two rows apart.

    `title` is what people call it. `name` is its name in `history/` and stays when the table is renamed.
    """

    name: str
    title: str
    schema: str
    table: str
    day: str
    key: tuple[str, ...]
    # Came after version 0.1.0: a history of before it lacks nothing.
    is_remade: bool = False

    @property
    def relation(self) -> str:
        return f"{quoted_name(self.schema)}.{quoted_name(self.table)}"


LEDGERS = (
    Ledger("publications", "publications", "ops", "publications", "published_on", ("published_on", "refresh_id")),
    Ledger(
        "reported", "reported values", "marts", "fct_key_result_reported", "reported_on",
        ("key_result_id", "reported_on"),
    ),
    Ledger(
        "target_versions", "versions of targets", "intermediate", "int_target_version", "valid_from",
        ("key_result_id", "version"),
    ),
    Ledger(
        "plan_days", "plans of targets", "intermediate", "int_plan_days_kept", "valid_from",
        ("key_result_id", "version", "date"), is_remade=True,
    ),
    Ledger(
        "resolved_targets", "fixed baselines", "intermediate", "int_resolved_target", "resolved_on",
        ("key_result_id", "signature"),
    ),
    Ledger(
        "kpi_versions", "versions of KPIs", "intermediate", "int_kpi_version", "valid_from", ("kpi_id", "version"),
        is_remade=True,
    ),
    Ledger(
        "closed_key_results", "closed results of key results", "intermediate", "int_key_result_closed", "closed_on",
        ("key_result_id", "period_id", "closing"), is_remade=True,
    ),
    Ledger(
        "closed_campaigns", "campaigns of closed results", "intermediate", "int_campaign_closed", "closed_on",
        ("key_result_id", "period_id", "closing", "channel", "account_id", "campaign_id"), is_remade=True,
    ),
    Ledger(
        "closed_objectives", "closed results of objectives", "intermediate", "int_objective_closed", "closed_on",
        ("objective_id", "period_id", "closing"), is_remade=True,
    ),
    Ledger(
        "campaign_names", "names of campaigns", "intermediate", "int_campaigns_named", "seen_on",
        ("channel", "account_id", "campaign_id", "version"), is_remade=True,
    ),
    Ledger(
        "first_seen", "days on which rows of files were first seen", "ops", "first_seen", "seen_on",
        ("source_id", "account_id", "campaign_id", "first_day", "last_day", "measure", "value"),
    ),
)  # fmt: skip


# The day that a row of a channel is of, or as of whose end it was asked.
_DAYS = ("date", "observed_on")
_LOADED = """
select c.schema_name, c.table_name, c.column_name
from duckdb_columns() as c
join duckdb_tables() as t using (database_oid, schema_oid, table_oid)
where c.column_name in (select unnest(?)) and not t.temporary and c.schema_name in (
    select schema_name from duckdb_tables() where table_name = 'loaded_windows'
)
"""


@dataclass
class Restored:
    """What came back from `history/`: rows by ledger, from which day, and what could not come back, in sentences."""

    rows: dict[str, int] = field(default_factory=dict)
    day: date | None = None
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = ", ".join(f"{count:,} {title}" for title, count in self.rows.items())
        return f"the warehouse had lost what only the past knows; brought back from history of {self.day}: {rows}"


def write_ledgers(connection: duckdb.DuckDBPyConnection, parts: Parts) -> list[Table]:
    """Write what is new of every ledger that the warehouse has."""
    there = _tables(connection)
    return [
        {"ledger": ledger.name, **parts.write_table(connection, ledger.schema, ledger.table)}
        for ledger in LEDGERS
        if (ledger.schema, ledger.table) in there
    ]


def bring_back(warehouse: Path, history: Path) -> Restored:
    """Put back every row of a ledger that `history/` holds and the warehouse has no longer.

    The count of the rows up to the newest kept day decides, since a ledger only grows. Nothing is read where none is
    missing. A part that is damaged is not used: the newest day whose parts are whole is, and `lost` says from when on
    the rows are gone.
    """
    restored = Restored()
    kept = days(history)
    if not kept:
        return restored
    with warehouse_file.connect(warehouse) as connection:
        counts = _counts(connection, kept[-1])
        # `ops` is made by every refresh at its start; without a ledger of the models nothing was ever built here.
        is_new = not any(ledger.name in counts for ledger in LEDGERS if ledger.schema != "ops")
        try:
            newest = read_day(history, kept[-1])
            missing = [
                ledger for ledger in LEDGERS if counts.get(ledger.name, 0) < _kept_rows(newest, ledger) or is_new
            ]
        except HistoryError:
            missing = [ledger for ledger in LEDGERS if is_new or ledger.name not in counts]
        for ledger in missing:
            _bring_back_one(connection, history, ledger, restored)
        if missing:
            _note_publications(connection, history, kept)
    return restored


def _note_publications(connection: duckdb.DuckDBPyConnection, history: Path, kept: list[date]) -> None:
    """Every day that is kept was published, also those of version 0.1.0, which kept no list of them."""
    for day in kept:
        written = datetime.fromtimestamp((history / "days" / f"{day.isoformat()}.json").stat().st_mtime, UTC)
        connection.execute(
            "insert into ops.publications select '', ?, ?, ''"
            " where not exists (select 1 from ops.publications where published_on = ?)",
            [day, written, day],
        )


def forget_after(warehouse: Path, day: date) -> None:
    """Take out the rows of later days than `day`: what was reported there is withdrawn, and what was loaded of them.

    Vendors say nothing of days to come; files may, in plans, and are read anew.
    """
    with warehouse_file.connect(warehouse) as connection:
        there = _tables(connection)
        for ledger in LEDGERS:
            if (ledger.schema, ledger.table) in there:
                connection.execute(f"delete from {ledger.relation} where {quoted_name(ledger.day)} > ?", [day])
        for schema, table, column in connection.execute(_LOADED, [list(_DAYS)]).fetchall():
            place = f"{quoted_name(schema)}.{quoted_name(table)}"
            connection.execute(f"delete from {place} where {quoted_name(column)} >= ?", [day])


def _bring_back_one(connection: duckdb.DuckDBPyConnection, history: Path, ledger: Ledger, restored: Restored) -> None:
    found = next(_sound(history, ledger, restored), None)
    if found is None:
        # Publications are known by the days that are kept.
        if ledger.schema != "ops" and not (ledger.is_remade and not _was_kept(history, ledger)):
            restored.lost.append(
                f"the {ledger.title} are gone with the warehouse: {history} does not hold them (version 0.1.0 did not"
                " keep them) or they are damaged; they begin anew today, unless a backup of the warehouse is put back"
            )
        return
    day, table = found
    connection.execute(f"create schema if not exists {quoted_name(ledger.schema)}")
    read_into(connection, "temp.kept", table, history / "parts")
    there = _tables(connection)
    if (ledger.schema, ledger.table) in there:
        for column in table["columns"]:  # a warehouse of an older version has fewer
            connection.execute(
                f"alter table {ledger.relation} add column if not exists {quoted_name(column['name'])} {column['type']}"
            )
        same = " and ".join(f"old.{quoted_name(key)} = kept.{quoted_name(key)}" for key in ledger.key)
        added = connection.execute(
            f"insert into {ledger.relation} by name from temp.kept"
            f" where not exists (select 1 from {ledger.relation} as old where {same})"
        ).fetchone()
    else:
        added = connection.execute(f"create table {ledger.relation} as from temp.kept").fetchone()
        for statement in comments(ledger.relation, table):
            connection.execute(statement)
    connection.execute("drop table temp.kept")
    if added and added[0]:
        restored.rows[ledger.title] = int(added[0])
        restored.day = max(day, restored.day or day)


def _sound(history: Path, ledger: Ledger, restored: Restored) -> Iterator[tuple[date, Table]]:
    """The days whose rows of this ledger are whole, newest first; days that had to be passed over are named."""
    passed: list[date] = []
    for day in reversed(days(history)):
        try:
            table = _of(read_day(history, day), ledger)
        except HistoryError:
            passed.append(day)
            continue
        if table is None:
            continue
        if list(damaged([table], history / "parts")):
            passed.append(day)
            continue
        if passed:
            restored.lost.append(
                f"the {ledger.title} that came after {day} are damaged in {history} (days {passed[-1]} to {passed[0]}):"
                " bring that folder back from a backup and run again, or they stay lost"
            )
        yield day, table


def _was_kept(history: Path, ledger: Ledger) -> bool:
    """Whether any day that can be read holds this ledger."""
    for day in reversed(days(history)):
        try:
            if _of(read_day(history, day), ledger) is not None:
                return True
        except HistoryError:
            continue
    return False


def _of(day: Day, ledger: Ledger) -> Table | None:
    """A ledger as that day kept it; reported values are a mart, which version 0.1.0 kept too."""
    for table in day.ledgers:
        if table["ledger"] == ledger.name:
            return table
    return next((table for table in day.tables if (ledger.schema, table["name"]) == ("marts", ledger.table)), None)


def _kept_rows(day: Day, ledger: Ledger) -> int:
    table = _of(day, ledger)
    # The count is in the name: <table>-<shape>-<count>...
    return sum(int(part.split("-")[2].split(".")[0]) for part in table["parts"]) if table else 0


def _tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    rows = connection.execute("select schema_name, table_name from duckdb_tables() where not temporary").fetchall()
    return set(rows)


def _counts(connection: duckdb.DuckDBPyConnection, until: date) -> dict[str, int]:
    """Rows up to a day of each ledger that is there."""
    there = _tables(connection)
    counts = {}
    for ledger in LEDGERS:
        if (ledger.schema, ledger.table) in there:
            sql = f"select count(*) from {ledger.relation} where {quoted_name(ledger.day)} <= ?"
            (counts[ledger.name],) = connection.execute(sql, [until]).fetchone() or (0,)
    return counts
