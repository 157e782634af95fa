"""When rows that were still running were first seen: the one thing about a file that only the past knows.

`ops.first_seen`, append only: source, account, campaign, span, measure and value, with the reporting day on which a
load first read it. It goes by what the rows say, not by file or load, so that reading again, another row's edit and a
new warehouse (history/ gives the table back) date nothing anew.
"""

from __future__ import annotations

from datetime import date

import duckdb

from okr_reports.common.ledger_tables import FIRST_SEEN

TABLE = "ops.first_seen"
# What tells two entries apart.
KEY = ("source_id", "account_id", "campaign_id", "first_day", "last_day", "measure", "value")


def note(warehouse: duckdb.DuckDBPyConnection, source_id: str, spans: str, today: date) -> None:
    """Add what the relation `spans` holds that still runs today and was never seen with this value.

    Single days, and spans that had ended when they were first read, need no entry: they are known whole.
    """
    warehouse.execute(FIRST_SEEN)
    warehouse.execute(
        f"""
        insert into {TABLE}
        select $source, account_id, campaign_id, first_day, last_day, measure, value, $today
        from {spans} where last_day >= $today and last_day > first_day
        except
        select {", ".join(KEY)}, $today from {TABLE}
        """,
        {"source": source_id, "today": today},
    )


def seen(warehouse: duckdb.DuckDBPyConnection, source_id: str, relation: str) -> None:
    """Make temporary table `relation`: account, campaign, first_day, last_day, measure, value, seen_on, came_later.

    `came_later`: the row was known before this measure was (a mapping that grew), so that it makes the row no newer.
    """
    warehouse.execute(FIRST_SEEN)
    warehouse.execute(
        f"""
        create or replace temp table {relation} as
        select * exclude (source_id),
            min(seen_on) over (partition by account_id, campaign_id, first_day, last_day, measure)
            > min(seen_on) over (partition by account_id, campaign_id, first_day, last_day) as came_later
        from {TABLE} where source_id = ?
        """,
        [source_id],
    )


def content(
    warehouse: duckdb.DuckDBPyConnection,
    source_id: str,
    digest: str,
    rows: int,
    first: date,
    last: date,
    *,
    today: date,
) -> date:
    """The day on which a file with these rows (their digest and count) was first read: today, if it is now."""
    warehouse.execute(FIRST_SEEN)
    key = [source_id, f"content {digest}"]
    found = warehouse.execute(f"select seen_on from {TABLE} where source_id = ? and measure = ?", key).fetchall()
    if not found:
        warehouse.execute(
            f"insert into {TABLE} values (?, '', '', ?, ?, ?, ?, ?)", [source_id, first, last, key[1], rows, today]
        )
        return today
    seen_on: date = found[0][0]
    return seen_on
