"""What another limit would mean for a number that is judged week by week (or month by month)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.common.analysts_copy import open_copy

# As the models have it (forecasting/questions.py): the whole units before the period's own, oldest first, of those
# that the forecast's days reach back to.
_BEFORE = """
with units as (
    select {unit}_start as unit_start, max(date) as unit_end
    from marts.dim_date
    where {unit}_start < (select {unit}_start from marts.dim_date where date = $start)
    group by 1
    having {unit}_start >= greatest(
        $start - 850, (select min(date) from marts.fct_kpi_daily where kpi_id = $kpi and numerator is not null)
    )
), summed as (
    select
        unit_start,
        case $kind
            when 'stock' then (
                select arg_max(level.value, level.date) from marts.fct_kpi_daily as level
                where level.kpi_id = $kpi and level.date <= units.unit_end
            )
            else (
                select case when sum(denominator) >= $least then sum(numerator) / nullif(sum(denominator), 0) end
                from marts.fct_kpi_daily as days
                where days.kpi_id = $kpi and days.date between units.unit_start and units.unit_end
            )
        end::double as value
    from units
)
select value from summed order by unit_start
"""


@dataclass(frozen=True)
class Weeks:
    """Of the period's units (`unit`: week, month or quarter) those observed, of them kept in limits, and those left.

    `allowed` may be missed. `chance`: that no more are, by the models' own rule; None where they have no forecast.
    """

    unit: str
    kept: int
    observed: int
    left: int
    allowed: int
    chance: float | None


def weeks_within(snapshot: Path, row: dict[str, Any], low: float | None, high: float | None) -> Weeks:
    """The units of a key result, a row of marts.key_results with its `kind`, under these limits."""
    from okr_reports.forecasting.kinds import chance_to_keep
    from okr_reports.forecasting.questions import LEAST_UNITS, WEEKS_BEFORE

    def is_kept(value: float) -> bool:
        return not ((low is not None and value < low) or (high is not None and value > high))

    found, before = _read(snapshot, row)
    values = [value for _, value in found if value is not None]
    kept, left = sum(map(is_kept, values)), sum(week_end > row["date"] for week_end, _ in found)
    allowed = int(row["allowed_misses"] or 0)
    known = tuple(is_kept(value) for value in before[-WEEKS_BEFORE:] if value is not None)
    chance = None
    # Where a pause or a later start leaves the models without a forecast, no other limit has one.
    if row["probability"] is not None and len(values) + len(known) >= LEAST_UNITS:
        chance = chance_to_keep(kept, len(values) - kept, left, allowed, known)
    return Weeks(row["weeks_unit"], kept, len(values), left, allowed, chance)


def _read(snapshot: Path, row: dict[str, Any]) -> tuple[list[tuple[date, float | None]], list[float | None]]:
    """The units of the period by their last day, and those before it."""
    with open_copy(snapshot) as connection:
        found = connection.execute(
            "select week_end, value from marts.key_result_weeks where key_result_id = ? order by week_end",
            [row["key_result_id"]],
        ).fetchall()
        if row["kind"] not in ("ratio", "stock"):
            return found, []
        given = {"start": row["period_start"], "kpi": row["kpi_id"], "kind": row["kind"]}
        given["least"] = row["min_denominator"] or 0.0
        before = connection.execute(_BEFORE.format(unit=row["weeks_unit"]), given).fetchall()
    return found, [value for (value,) in before]
