"""What a channel's raw schema holds already: made when missing, compared with what the channel writes, read back.

Uses DuckDB directly (a few milliseconds) where a dlt run would cost half a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa

from okr_reports.channels.tables import AMOUNT, COUNT, DAY, DELETED, FLAG, MOMENT, TEXT, RawTable
from okr_reports.channels.windows import Coverage, Window
from okr_reports.common import warehouse_file
from okr_reports.common.equal_rows import equal_rows
from okr_reports.common.finished_loads import finished_loads
from okr_reports.errors import ChannelError

DUCKDB_TYPES: dict[pa.DataType, str] = {
    TEXT: "VARCHAR",
    COUNT: "BIGINT",
    AMOUNT: "DECIMAL(28,9)",
    DAY: "DATE",
    FLAG: "BOOLEAN",
    MOMENT: "TIMESTAMP WITH TIME ZONE",
}


def open_warehouse(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the file, which is made if missing, with dlt's settings: DuckDB wants them equal in a process."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    return warehouse_file.connect(warehouse)


def create_missing(connection: duckdb.DuckDBPyConnection, schemas: dict[str, Sequence[RawTable]]) -> None:
    """Create every absent raw table, empty, so that dbt always finds its sources."""
    for schema, tables in schemas.items():
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for table in tables:
            columns = [
                f'"{column.name}" {DUCKDB_TYPES[column.type]}{"" if column.nullable else " NOT NULL"}'
                for column in table.schema
            ]
            columns.append('"_dlt_load_id" VARCHAR NOT NULL')
            connection.execute(f'CREATE TABLE IF NOT EXISTS "{schema}"."{table.name}" ({", ".join(columns)})')
            # one that an older version made
            for column in table.schema:
                if column.nullable:
                    added = f'"{column.name}" {DUCKDB_TYPES[column.type]}'
                    connection.execute(f'ALTER TABLE "{schema}"."{table.name}" ADD COLUMN IF NOT EXISTS {added}')


def check_types(connection: duckdb.DuckDBPyConnection, channel: str, tables: Sequence[RawTable]) -> None:
    """Raises ChannelError if a stored column has another type than the channel writes.

    dlt would put the new values into a column beside it, and the old one would silently turn empty.
    """
    stored = _columns(connection, channel)
    for table in tables:
        for column in table.schema:
            found = stored.get((table.name, column.name))
            wanted = DUCKDB_TYPES[column.type]
            if found is not None and found != wanted:
                raise ChannelError(
                    channel,
                    f"{channel}.{table.name}.{column.name} is {found} in the warehouse but the channel writes {wanted}",
                    f"drop the table ({channel}.{table.name}) and load the channel again from its "
                    "start_date; nothing was changed",
                )


def forget_unfinished(connection: duckdb.DuckDBPyConnection, channel: str, tables: Sequence[RawTable]) -> None:
    """Take out of the logs what loads wrote that never ended. Rows of other tables are replaced with their key."""
    stored = _columns(connection, channel)
    for table in tables:
        if table.kind == "log" and {("_dlt_loads", "status"), (table.name, "_dlt_load_id")} <= stored.keys():
            connection.execute(
                f'delete from "{channel}"."{table.name}" where _dlt_load_id not in ({finished_loads(channel)})'
            )


def read_coverage(
    connection: duckdb.DuckDBPyConnection, channel: str, today: date, made_with: str = ""
) -> dict[str, Coverage]:
    """By account, what is loaded. A load that dlt did not finish (no row in `_dlt_loads`) does not count.

    Neither does what was counted by something else than `made_with`: the history is read anew. Nor a load of a day
    that is still to come, by a clock that was wrong: the days between would never be asked for.
    """
    made = "made_with" if ("loaded_windows", "made_with") in _columns(connection, channel) else "null"
    if not {("_dlt_loads", "status"), ("loaded_windows", "loaded_on")} <= _columns(connection, channel).keys():
        return {}
    rows = connection.execute(
        f"""
        select account_id, loaded_from, loaded_through, request_from, request_to, request_end, loaded_on
        from "{channel}".loaded_windows
        where _dlt_load_id in ({finished_loads(channel)}) and loaded_on <= ?
        qualify row_number() over (partition by account_id order by loaded_at desc, _dlt_load_id desc) = 1
            and coalesce({made}, '') = ?
    """,
        [today, made_with],
    ).fetchall()
    return {row[0]: Coverage(Window(row[1], row[2]), row[6], Window(row[3], row[4]), row[5]) for row in rows}


def read_accounts(connection: duckdb.DuckDBPyConnection, channel: str) -> dict[str, tuple[str, str]]:
    """Currency and time zone of every account that was loaded before, by its id."""
    if not {("accounts", "currency"), ("accounts", "timezone")} <= _columns(connection, channel).keys():
        return {}
    rows = connection.execute(f'select id, currency, timezone from "{channel}".accounts').fetchall()
    return {account_id: (currency or "", zone or "") for account_id, currency, zone in rows}


def read_left_currencies(connection: duckdb.DuckDBPyConnection, channel: str) -> dict[str, dict[str, tuple[str, date]]]:
    """By account and currency of its newest days, the one its days were in before: that and the last such day.

    An account whose days are in several currencies at once (deals) has left none.
    """
    columns = _columns(connection, channel)
    tables = [
        name
        for name, column in columns
        if column == "currency" and {(name, "account_id"), (name, "date")} <= columns.keys()
    ]
    if not tables:
        return {}
    days = " union all ".join(
        f'select account_id, upper(currency) as currency, date from "{channel}"."{name}"' for name in tables
    )
    rows = connection.execute(
        f"""
        with of_currency as (
            select account_id, currency, min(date) as first, max(date) as last
            from ({days}) where currency <> '' group by all
        )
        select now.account_id, now.currency, before.currency, before.last
        from of_currency as now asof join of_currency as before
            on now.account_id = before.account_id and now.first > before.last
        """
    ).fetchall()
    found: dict[str, dict[str, tuple[str, date]]] = {}
    for account_id, currency, left, last in rows:
        found.setdefault(account_id, {})[currency] = (left, last)
    return found


def newest_load(connection: duckdb.DuckDBPyConnection, channel: str) -> str | None:
    """dlt's id of the channel's last finished load: as long as it is the same, so are the channel's rows."""
    if ("_dlt_loads", "status") not in _columns(connection, channel):
        return None
    found = connection.execute(f"{finished_loads(channel)} order by inserted_at desc, load_id desc limit 1").fetchall()
    return found[0][0] if found else None


def unrecorded_from(connection: duckdb.DuckDBPyConnection, channel: str) -> date | None:
    """The first day of windows that were loaded by a refresh that died before it wrote so into `ops.source_loads`.

    None where there are none, and where nothing is recorded at all.
    """
    if "load_id" not in {column for _, column in _columns(connection, "ops")} or not newest_load(connection, channel):
        return None
    ((first,),) = connection.execute(
        f"""
        with finished as (
            select load_id, inserted_at from "{channel}"._dlt_loads
            where load_id in ({finished_loads(channel)})
        ),
        read_before as (
            select max(inserted_at) as until from finished
            where load_id in (select load_id from ops.source_loads where channel = ?)
        )
        select min(request_from) from "{channel}".loaded_windows
        where _dlt_load_id in (select load_id from finished, read_before where inserted_at > until or until is null)
        """,
        [channel],
    ).fetchall()
    return cast("date | None", first)


def holds(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    tables: Sequence[RawTable],
    batches: Mapping[str, Sequence[pa.Table]],
) -> bool:
    """Whether landing these batches would change nothing but the moments of loading.

    Rows of a load that never ended do not count as held. Logs are not looked at.
    """
    return all(
        _holds(connection, schema, table, batch)
        for table in tables
        if table.kind != "log"
        for batch in batches.get(table.name, ())
    )


def _holds(connection: duckdb.DuckDBPyConnection, schema: str, table: RawTable, batch: pa.Table) -> bool:
    columns = ", ".join(f'"{name}"' for name in table.schema.names if name not in ("loaded_at", DELETED))
    key = ", ".join(f'"{name}"' for name in table.key)
    comes = f"where not coalesce({DELETED}, false)" if DELETED in table.schema.names else ""
    connection.register("incoming_batch", batch)
    try:
        connection.execute(
            f"""
            create or replace temporary table held as
            select {columns}, _dlt_load_id from "{schema}"."{table.name}"
            semi join (select distinct {key} from incoming_batch) using ({key})
            """
        )
        ((unfinished,),) = connection.execute(
            f"select exists (select 1 from held where _dlt_load_id not in ({finished_loads(schema)}))"
        ).fetchall()
        come = f"select {columns} from incoming_batch {comes}"
        return not unfinished and equal_rows(connection, come, f"select {columns} from held")
    except duckdb.Error:
        return False  # no table yet, or not of this shape
    finally:
        connection.execute("drop table if exists temp.held")
        connection.unregister("incoming_batch")


def _columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = ?", [schema]
    ).fetchall()
    return {(table, column): kind for table, column, kind in rows}
