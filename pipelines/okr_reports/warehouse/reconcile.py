"""Does the mart hold what the channels gave? Sums of both, compared channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from okr_reports.common import warehouse_file

Ask = Callable[[str], list[tuple[Any, ...]]]

# As far back as vendors restate; older days were compared when they were new.
DAYS = 62
# Nothing more is asked of a source that is switched off or has ended.
NOT_LATE = ("fresh", "off", "ended")


def differences(ask: Ask, channels: Sequence[str]) -> dict[str, list[str]]:
    """By channel the measures whose sum in `marts.fct_measure_daily` is not that of the staged rows, in words.

    The last `DAYS` days, amounts in the accounts' own currencies. Exact: both sides are decimals. `ask` gives the rows
    of a query of the engine that holds both.
    """
    return {channel: _of_channel(ask, channel) for channel in channels}


def _of_channel(ask: Ask, channel: str) -> list[str]:
    rows = ask(
        f"""
        with days as (select today - {DAYS} as first_day, today - 1 as last_day from marts.report_context),
        staged as (
            select channel, measure, sum(value_local) as total from staging.stg_{channel}__measures, days
            where date between first_day and last_day group by all
        ),
        published as (
            select channel, measure, sum(value_local) as total from marts.fct_measure_daily, days
            where date between first_day and last_day and channel in (select channel from staged) group by all
        )
        select channel || ' ' || measure, staged.total, published.total
        from staged full join published using (channel, measure)
        where staged.total is distinct from published.total order by 1
        """
    )
    return [f"{name}: {staged} staged, {published} in the mart" for name, staged, published in rows]


@dataclass(frozen=True)
class Freshness:
    """What is known of the sources of one channel: those that are not fresh, in words, and the last whole day of all.

    `data_through` is None while one of them has never given data.
    """

    late: list[str]
    data_through: date | None


def freshness(warehouse: Path) -> dict[str, Freshness]:
    """By channel that has a source: whether its data is as new as it should be."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select channel, account_id, state, stale_since, last_error, data_through from marts.source_health"
            " order by 1, 2"
        ).fetchall()
    found: dict[str, Freshness] = {}
    for channel, of_channel in groupby(rows, key=lambda row: str(row[0])):
        late, through = [], []
        for _, account, state, since, error, to in of_channel:
            through.append(to)
            if state not in NOT_LATE:
                text = f"{account or 'the channel'} is {state}" + (f" since {since}" if since else "")
                late.append(text + (f": {error}" if error else ""))
        found[channel] = Freshness(late, None if None in through else min(through))
    return found
