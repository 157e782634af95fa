"""A kept publication in the shape that today's pages read.

Marts grow: what was published before a table or a column was there has none of it. What only says how things are
called and judged (the dimensions, `report_context`) is taken from today's copy, row by row; what was measured then and
not kept stays empty, never guessed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.key_result_types.sql import expression
from okr_reports.warehouse.snapshot import SCHEMA


def complete(copy: Path, today: Path) -> list[str]:
    """Add to `copy` the tables and columns that only `today` has; returns them as `table` and `table.column`."""
    added: list[str] = []
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted_text(str(today))} as today (read_only)")
        connection.execute(f"attach {quoted_text(str(copy))} as copy")
        there, here = _shape(connection, "copy"), _shape(connection, "today")
        for table, columns in here.items():
            name = f"{SCHEMA}.{quoted_name(table)}"
            if table not in there:
                limit = "" if _describes(table) else " limit 0"
                connection.execute(f"create table copy.{name} as from today.{name}{limit}")
                added.append(table)
                continue
            missing = [column for column in columns if column not in there[table]]
            for column in missing:
                connection.execute(f"alter table copy.{name} add column {quoted_name(column)} {columns[column]}")
                added.append(f"{table}.{column}")
            if missing and _describes(table):
                _fill(connection, table, missing, [column for column in columns if column in there[table]])
        if "key_result_pace.expected_value" in added:
            derive(connection)
    return added


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill in what follows from what was published: the kind of a key result's number, the path it was to take."""
    connection.execute(
        """
        update copy.marts.key_results as k set kpi_kind = coalesce(
            (select kind from copy.marts.dim_kpi as kpi where kpi.kpi_id = k.kpi_id), 'check_in'
        )
        """
    )
    connection.execute(
        f"""
        update copy.marts.key_result_pace as pace set expected_value = made.expected_value
        from (
            select key_result_id, date, {expression("expected_value")} as expected_value
            from (
                select
                    p.key_result_id, p.date, p.expected, k.type, k.kpi_kind, k.baseline, k.target, k.low, k.high,
                    (p.date - k.period_start + 1) / (k.period_end - k.period_start + 1) as elapsed,
                    null::double as limit_low, null::double as limit_high
                from copy.marts.key_result_pace as p
                inner join copy.marts.key_results as k on p.key_result_id = k.key_result_id
            )
        ) as made
        where pace.key_result_id = made.key_result_id and pace.date = made.date
        """
    )


def _shape(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, dict[str, str]]:
    shape: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and schema_name = ? order by table_name, column_index",
        [database, SCHEMA],
    ).fetchall():
        shape.setdefault(table, {})[column] = kind
    return shape


def _describes(table: str) -> bool:
    return table == "report_context" or table.startswith("dim_")


def _fill(connection: duckdb.DuckDBPyConnection, table: str, missing: list[str], common: list[str]) -> None:
    """Take columns of today's row with the same key: the first column, and the account and campaign below a channel."""
    name = f"{SCHEMA}.{quoted_name(table)}"
    keys = [common[0], *(key for key in ("account_id", "campaign_id") if key in common[1:])]
    keys = [] if table == "report_context" else keys
    same = " and ".join(f"old.{quoted_name(key)} = now.{quoted_name(key)}" for key in keys) or "true"
    chosen = ", ".join(f"{quoted_name(column)} = now.{quoted_name(column)}" for column in missing)
    connection.execute(f"update copy.{name} as old set {chosen} from today.{name} as now where {same}")
