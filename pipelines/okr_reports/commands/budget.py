"""What more money on a channel would bring a KPI, by how the KPI followed the channel's spend lately.

Reads the analysts' copy. Of a KPI that the channel itself counts its own amounts are taken, else the KPI's total.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError, did_you_mean

if TYPE_CHECKING:
    import duckdb

WEEKS_AHEAD = 4
_OBSERVED = "spend was not varied by a trial, so that what moved with it need not have come of it"
_WEEKS = """
select floor(date_diff('day', date, $last) / 7)::bigint as weeks_ago, sum({amount})::double
from marts.{mart} where {where} and date > $last - to_days(7 * $weeks) and date <= $last group by all
"""


@dataclass(frozen=True)
class Budget:
    """Four weeks with `more` spent on a channel, beside the last four.

    Money is in the reporting currency, the KPI in its unit. `gain` is what it would bring; `gain_low` to `gain_high`
    hold it 8 times in 10 if the past is a guide. `cautions` are whole sentences.
    """

    kpi_id: str
    title: str
    unit: str
    channel: str
    currency: str
    through: date
    weeks: int
    more: float
    spent: float
    came: float
    gain_low: float
    gain: float
    gain_high: float
    cautions: tuple[str, ...]


def more_on(snapshot: Path, key_result_id: str, channel: str, more: float) -> Budget:
    """What `more` on a channel would bring a key result's KPI. Raises OkrError where its past does not tell it."""
    from okr_reports.forecasting.response import MOST_WEEKS, response

    if not 0 < more < 1e12:
        raise OkrError(f"--spend {more:g} is no amount; write a number above 0")
    with open_copy(snapshot) as connection:
        kpi = _kpi(connection, key_result_id)
        through = _through(connection, channel)
        own, where, given = _amounts_of(connection, kpi, channel)
        spend = _weekly(connection, "spend", "fct_ad_daily", "channel = $channel", {"channel": channel}, through)
        amount = _weekly(connection, "value" if own else "numerator", *where, given, through)
        ((currency,),) = connection.execute("select currency from marts.report_context").fetchall()
    found = response(spend, amount)
    if isinstance(found, str):
        raise OkrError(f"nothing is known of {more:g} more on {channel}: {found}; vary what is spent, and ask again")
    spent, came = float(spend[-WEEKS_AHEAD:].sum()), float(amount[-WEEKS_AHEAD:].sum())
    if not spent or not came:
        what = "nothing was spent there" if not spent else f"none of {kpi['kpi_id']} came"
        raise OkrError(f"nothing is known of {more:g} more on {channel}: {what} in the last four weeks")
    low, middle, high = found.gains(came, spent, more)
    cautions = [_OBSERVED]
    if (spent + more) / WEEKS_AHEAD > float(spend.max()):
        cautions.append(
            f"so much was not spent in any of the last {MOST_WEEKS} weeks: beyond what is known, more brings less"
        )
    if low == 0:
        cautions.append("it may bring nothing: the past does not tell it from chance")
    if not own:
        cautions.append(
            f"{kpi['kpi_id']} is not counted by {channel} alone: its total is compared, with all else that moved it"
        )
    return Budget(
        kpi["kpi_id"], kpi["title"], kpi["unit"], channel, currency, through, found.weeks, more, spent, came,
        low, middle, high, tuple(cautions),
    )  # fmt: skip


def _kpi(connection: duckdb.DuckDBPyConnection, key_result_id: str) -> dict[str, Any]:
    row = connection.execute(
        "select kpi_id, kpi.title, kpi.kind, kpi.unit, kpi.measure, kpi.channel from marts.key_results as k"
        " left join marts.dim_kpi as kpi using (kpi_id) where k.key_result_id = ?",
        [key_result_id],
    ).fetchone()
    if row is None:
        known = [name for (name,) in connection.execute("select key_result_id from marts.key_results").fetchall()]
        some = f"use one of the {len(known)} there are" if known else "none is defined yet"
        raise OkrError(f"there is no key result {key_result_id!r}; {did_you_mean(key_result_id, known, some)}")
    kpi = dict(zip(("kpi_id", "title", "kind", "unit", "measure", "channel"), row, strict=True))
    if kpi["kind"] != "flow":
        raise OkrError(
            f"{key_result_id} counts nothing that money adds to ({kpi['kind'] or 'no KPI'}); name one of a flow"
        )
    if kpi["measure"] == "spend":
        raise OkrError(f"{key_result_id} counts the money itself; name one of what it is to bring")
    return kpi


def _through(connection: duckdb.DuckDBPyConnection, channel: str) -> date:
    """The last final day of a channel's spend."""
    rows = connection.execute(
        "select channel, max(date) filter (where not is_provisional) from marts.fct_ad_daily where spend > 0 group by 1"
    ).fetchall()
    last = dict(rows).get(channel)
    if last is None:
        known = sorted(name for name, day in rows if day)
        some = f"those with spend: {', '.join(known)}" if known else "no channel has any yet"
        raise OkrError(f"{channel} has no spend; {did_you_mean(channel, known, some)}")
    return date.fromisoformat(str(last))


def _amounts_of(
    connection: duckdb.DuckDBPyConnection, kpi: dict[str, Any], channel: str
) -> tuple[bool, tuple[str, str], dict[str, Any]]:
    """Whether the channel's own part of the KPI is known, and where the amounts are.

    It is where the KPI is the sum of one measure over the channels that it names: with conditions it is less.
    """
    total = "marts.fct_kpi_daily where kpi_id = $kpi_id"
    ((all_of_it,),) = connection.execute(f"select sum(numerator) from {total}", {"kpi_id": kpi["kpi_id"]}).fetchall()
    ((measured,),) = connection.execute(
        "select sum(value) from marts.fct_measure_daily"
        " where measure = $measure and channel = coalesce($channel, channel)",
        {"measure": kpi["measure"], "channel": kpi["channel"]},
    ).fetchall()
    if kpi["measure"] and measured == all_of_it and kpi["channel"] in (None, channel):
        given = {"measure": kpi["measure"], "channel": channel}
        ((counted,),) = connection.execute(
            "select count(*) from marts.fct_measure_daily where measure = $measure and channel = $channel", given
        ).fetchall()
        if counted:
            return True, ("fct_measure_daily", "measure = $measure and channel = $channel"), given
    return False, ("fct_kpi_daily", "kpi_id = $kpi_id"), {"kpi_id": kpi["kpi_id"]}


def _weekly(
    connection: duckdb.DuckDBPyConnection, amount: str, mart: str, where: str, given: dict[str, Any], last: date
) -> Any:
    """Sums of whole weeks up to a day, oldest first."""
    import numpy as np

    from okr_reports.forecasting.response import MOST_WEEKS

    sql = _WEEKS.format(amount=amount, mart=mart, where=where)
    rows = dict(connection.execute(sql, {**given, "last": last, "weeks": MOST_WEEKS}).fetchall())
    return np.array([float(rows.get(ago) or 0) for ago in range(MOST_WEEKS - 1, -1, -1)])


def lines(found: Budget) -> list[str]:
    """The answer as lines of text."""
    until = found.through + timedelta(days=7 * WEEKS_AHEAD)
    average = found.came / found.spent * found.more
    return [
        f"{found.title}: {found.more:,.0f} {found.currency} more on {found.channel} over four weeks",
        f"  lately    {found.spent:,.0f} {found.currency} brought {found.came:,.1f} {found.unit} in the four weeks to"
        f" {found.through}",
        f"  would add {found.gain:,.1f}; {found.gain_low:,.1f} to {found.gain_high:,.1f} in 8 of 10 cases, by {until}",
        f"  at the average of those weeks {average:,.1f}: more of the same seldom brings as much",
        *(f"  mind: {caution}" for caution in found.cautions),
    ]
