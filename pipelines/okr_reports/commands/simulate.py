"""What a key result needs from here, and what another target or another daily rate would mean for it.

Reads the analysts' copy; scores by the SQL of the key result's type, as the models do (key_result_types/).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.commands.simulate_weeks import Weeks, weeks_within
from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError, did_you_mean
from okr_reports.key_result_types import KeyResultType, find
from okr_reports.key_result_types.sql import expression
from okr_reports.words.chances import FLOOR

# Half an 80 % interval of a normal distribution, in standard deviations.
HALF_INTERVAL = 1.2815515655446004
LARGEST = 1e15


@dataclass(frozen=True)
class Simulation:
    """The end of a key result's period under a target and a daily rate, in the KPI's unit.

    For a flow: `daily` is the rate assumed for the days left, `needed_daily` the one that just reaches the target (for
    `at_most` and `decrease`: that just keeps to it), `end` where the period then ends. For other kinds there is no
    daily rate: both are None and `end` is what is forecast, else the value now. `probability` is the chance that the
    end meets the target, None where the models give no forecast. What is judged week by week has `weeks`; its `end` is
    the value now and its `score` that of the weeks so far. Of a band `target` is the lower limit and `high` the upper.
    """

    key_result_id: str
    title: str
    unit: str
    value: float
    target: float
    days_left: int
    daily_so_far: float | None
    needed_daily: float | None
    daily: float | None
    end: float
    score: float
    probability: float | None
    weeks: Weeks | None = None
    high: float | None = None


def simulate(snapshot: Path, key_result_id: str, *, target: float | None, daily: float | None) -> Simulation:
    """Simulate one key result. Raises OkrError where there is nothing to simulate, and says why."""
    for option, number in (("target", target), ("daily", daily)):
        if number is not None and not abs(number) < LARGEST:
            raise OkrError(f"--{option} {number:g} is no amount; write a number below {LARGEST:.0e}")
    row = _row(snapshot, key_result_id)
    type_ = find(row["type"])
    if type_.is_share:
        raise OkrError(f"{key_result_id} is of type {type_.name}: its score does not follow from one number")
    if target is not None and row["target"] is None and row["low"] is not None:
        raise OkrError(f"{key_result_id} has no target but limits: leave --target out")
    aim = next((number for number in (target, row["target"], row["low"]) if number is not None), None)
    if row["value"] is None or aim is None:
        raise OkrError(f"{key_result_id} has no number yet: {row['status_reason']}")
    if row["kind"] != "flow" and daily is not None:
        raise OkrError(f"{key_result_id} has no daily rate: its KPI is a {row['kind']}, not a flow; use --target")
    _refuse_what_is_no_target(row, type_, aim)
    days_left = max(row["period_days"] - row["day_no"], 0)
    if row["kind"] != "flow" and type_.is_held and row.get("hold") not in ("end", "average"):
        return _of_weeks(snapshot, row, type_, aim, days_left)
    if row["kind"] != "flow":
        return _of_value(row, aim, days_left)
    return _of_flow(row, aim, days_left, daily)


def _of_value(row: dict[str, Any], aim: float, days_left: int) -> Simulation:
    end = row["value"] if row["forecast"] is None else row["forecast"]
    return Simulation(
        row["key_result_id"], row["title"], row["unit"], row["value"], aim, days_left,
        daily_so_far=None, needed_daily=None, daily=None, end=end, score=_score(row, end, aim),
        probability=_probability(row, end, aim, days_left), high=row["high"],
    )  # fmt: skip


def _of_weeks(snapshot: Path, row: dict[str, Any], type_: KeyResultType, aim: float, days_left: int) -> Simulation:
    limits = {**row, "target": aim}
    low, high = (limits[column] if column else None for column in type_.limits)
    weeks = weeks_within(snapshot, row, low, high)
    counted = {"weeks_kept": weeks.kept, "weeks_observed": weeks.observed, "allowed_misses": weeks.allowed}
    return Simulation(
        row["key_result_id"], row["title"], row["unit"], row["value"], aim, days_left,
        daily_so_far=None, needed_daily=None, daily=None, end=row["value"],
        score=_score({**row, **counted, "hold": "units"}, row["value"], aim), probability=weeks.chance, weeks=weeks,
        high=row["high"],
    )  # fmt: skip


def _of_flow(row: dict[str, Any], aim: float, days_left: int, daily: float | None) -> Simulation:
    so_far = row["value"] / row["day_no"]
    expected_rest = row["forecast"] - row["value"] if row["forecast"] is not None else so_far * days_left
    rest = expected_rest if daily is None else daily * days_left
    end = row["value"] + rest
    return Simulation(
        row["key_result_id"], row["title"], row["unit"], row["value"], aim, days_left,
        daily_so_far=so_far,
        needed_daily=(aim - row["value"]) / days_left if days_left else None,
        daily=rest / days_left if days_left else None,
        end=end,
        score=_score(row, end, aim),
        probability=_probability(row, end, aim, days_left), high=row["high"],
    )  # fmt: skip


def _refuse_what_is_no_target(row: dict[str, Any], type_: KeyResultType, aim: float) -> None:
    """As `okr check` does, with the same reasons."""
    name, baseline = row["key_result_id"], row["baseline"]
    if type_.is_held and type_.has_ceiling_only and aim < 0 and not row.get("is_signed"):
        raise OkrError(f"{name} is counted from 0, so {aim:g} can never be kept; name another target")
    if type_.starts_at_zero(row["kind"]) and aim <= 0:
        raise OkrError(f"{name} is counted from 0, so a target of {aim:g} is reached before it starts; name another")
    if type_.shape != "move" or row["kind"] in type_.no_baseline_for:
        return
    if baseline is None:
        raise OkrError(f"{name} has no baseline yet: {row['status_reason']}")
    if baseline == aim:
        raise OkrError(f"{name}: the target {aim:g} equals the baseline; name another")
    if (aim > baseline) != (type_.better == "higher"):
        raise OkrError(
            f"{name} is to {type_.name}, but {baseline:g} to {aim:g} goes the other way; name another target"
        )


def _score(row: dict[str, Any], end: float, aim: float) -> float:
    """The score of a period that ends there, by the SQL of the type."""
    numbers = {**row, "target": aim, "value": end, "projected": end, "elapsed": 1.0}
    limits = (numbers[column] if column else None for column in find(row["type"]).limits)
    given = dict(zip(("limit_low", "limit_high"), limits, strict=True))
    numbers["limit_number"] = end
    for name in ("value", "baseline", "target", "low", "high", "projected", "limit_number", "elapsed"):
        given[name] = numbers[name]
    for name in ("weeks_kept", "weeks_observed", "allowed_misses", "weight_done", "weight_total"):
        given[name] = row[name] if row.get("hold") == "units" and name in row else None
    columns = ", ".join(f"cast(${name} as double) as {name}" for name in given)
    texts = {"type": row["type"], "kpi_kind": row["kind"], "hold": row.get("hold")}
    texts["is_signed"] = row.get("is_signed")
    with duckdb.connect() as connection:
        ((progress,),) = connection.execute(
            f"select {expression('progress')} from (select $type as type, $kpi_kind as kpi_kind,"
            f" cast($hold as varchar) as hold, cast($is_signed as boolean) as is_signed, {columns})",
            {**given, **texts},
        ).fetchall()
    if progress is None:
        raise OkrError(f"{row['key_result_id']}: {end:g} has no score with a target of {aim:g}; name another")
    return min(max(float(progress), 0.0), 1.0)


def _probability(row: dict[str, Any], end: float, aim: float, days_left: int) -> float | None:
    """The chance of the aim if the period ends around `end`, spread to either side as the models' forecast is."""
    type_ = find(row["type"])
    sides = type_.forecast_side, type_.limits
    if row["forecast_high"] is None or sides == (None, (None, None)):
        return None
    low: float | None = aim
    high: float | None = row["high"] if type_.shape == "band" else None
    if type_.forecast_side == "below" or (type_.has_ceiling_only and type_.is_held):
        low, high = None, aim

    def below(limit: float) -> float:
        distance = limit - end
        width = row["forecast_high"] - row["forecast"] if distance > 0 else row["forecast"] - row["forecast_low"]
        if width <= 0:
            return float(distance >= 0)
        return 0.5 * (1 + erf(distance * HALF_INTERVAL / width / sqrt(2)))

    at_least = 1.0 if low is None else (float(end >= low) if below(low) in (0.0, 1.0) else 1 - below(low))
    chance = at_least - (0.0 if high is None else 1 - below(high))
    return chance if not days_left else min(max(chance, FLOOR), 1 - FLOOR)


def _row(snapshot: Path, key_result_id: str) -> dict[str, Any]:
    with open_copy(snapshot) as connection:
        result = connection.execute(
            "select k.*, coalesce(kpi.kind, 'check_in') as kind, kpi.min_denominator from marts.key_results as k"
            " left join marts.dim_kpi as kpi using (kpi_id) where k.key_result_id = ?",
            [key_result_id],
        )
        names = [column[0] for column in result.description]
        row = result.fetchone()
        known = [name for (name,) in connection.execute("select key_result_id from marts.key_results").fetchall()]
    if row is None:
        some = f"use one of the {len(known)} there are, such as {min(known)}" if known else "none is defined yet"
        raise OkrError(f"there is no key result {key_result_id!r}; {did_you_mean(key_result_id, known, some)}")
    return dict(zip(names, row, strict=True))
