"""What a rebuilt warehouse lacks that the last report had: rows that no source gives any longer.

A lost warehouse is loaded again from the start dates and from the files that are there. What a vendor has deleted, what
lies before a start date and what came from a file that is gone stays lost, and is named here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from okr_reports.common import warehouse_file
from okr_reports.errors import HistoryError
from okr_reports.warehouse.history.days import read_day
from okr_reports.warehouse.history.parts import damaged, read_into
from okr_reports.warehouse.snapshot import SCHEMA

MEASURES = "fct_measure_daily"
_LOST = f"""
with here as (
    select channel, account_id, date from {SCHEMA}.{MEASURES} group by all
),

starts as (
    select channel, account_id, min(date) as first_day from here group by all
),

lost as (
    select channel, account_id, date from temp.kept group by all
    except
    from here
),

spans as (
    select
        lost.channel,
        lost.account_id,
        coalesce(lost.date < starts.first_day, false) as is_before,
        count(*) as days,
        min(lost.date) as first_day,
        max(lost.date) as last_day
    from lost
    left join starts using (channel, account_id)
    group by all
)

select
    is_before,
    days,
    first_day,
    last_day,
    string_agg(trim(channel || ' ' || account_id), ', ' order by channel, account_id)
from spans
group by 1, 2, 3, 4
order by 1, 2, 3, 4
"""


def lost_days(warehouse: Path, history: Path, day: date) -> tuple[list[str], list[str]]:
    """What the report of `day` had and the warehouse lacks, in sentences: the days lost, the days not asked for.

    Days before an account's first day now are not asked for: a start date that moves with the clock has passed them.
    """
    try:
        table = next((table for table in read_day(history, day).tables if table["name"] == MEASURES), None)
    except HistoryError:
        table = None
    if table is None or list(damaged([table], history / "parts")):
        return [f"the measures of the report of {day} cannot be read, so what is lost of them is not known"], []
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        read_into(connection, "temp.kept", table, history / "parts")
        rows = connection.execute(_LOST).fetchall()
    lost = [
        f"{count:,} days from {first} to {last} of {accounts} were in the report of {day} and no source gives them any"
        " longer; put back a backup of the warehouse, or the files they came from"
        for is_before, count, first, last, accounts in rows
        if not is_before
    ]
    not_asked = [
        f"the days from {first} to {last} of {accounts} were in the report of {day} and are before the start date now;"
        " set an earlier start_date to load them again"
        for is_before, _, first, last, accounts in rows
        if is_before
    ]
    return lost, not_asked
