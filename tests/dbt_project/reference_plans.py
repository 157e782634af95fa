"""Targets taken from a plan, in docs/scoring.md once more: its number over the days that count, and its pace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.dbt_project.reference_days import KeyResult, Kpi

# A level is read once a month.
MOST_DAYS = 31


def with_target(kr: KeyResult) -> KeyResult:
    """The key result with the number that its plan comes to; None where the plan leaves out a day."""
    return kr if kr.plan is None else replace(kr, target=_target(kr, kr.plan))


def _target(kr: KeyResult, plan: Kpi) -> float | None:
    days = kr.days_to(kr.end)
    read = [one for one in days if one in plan.days]
    if plan.kind == "stock":
        known = read and (days[-1] - read[-1]).days <= MOST_DAYS
        return float(plan.days[read[-1]][0]) if known else None
    if len(read) < len(days):
        return None
    above = sum(plan.days[one][0] for one in days)
    if plan.kind == "flow":
        return float(above)
    below = sum(plan.days[one][1] for one in days)
    # Amounts have nine places.
    return round(float(above / below), 9) if below else None


def share(kr: KeyResult, day: date, baseline: float | None) -> float | None:
    """What the plan asks for by a day, as a share of the way; None where it says nothing."""
    assert kr.plan is not None
    stands = _stands(kr, kr.plan, day, baseline)
    if stands is None or kr.target is None:
        return None
    if kr.kpi is not None and kr.kpi.kind == "flow":
        return _clamp(stands / kr.target) if kr.target else None
    if baseline is None or kr.target == baseline:
        return None
    return _clamp((stands - baseline) / (kr.target - baseline))


def _stands(kr: KeyResult, plan: Kpi, day: date, baseline: float | None) -> float | None:
    so_far = kr.days_to(day)
    if plan.kind == "stock":
        return _level(kr, plan, len(so_far), baseline)
    above = sum(plan.days[one][0] for one in so_far if one in plan.days)
    if plan.kind == "flow":
        return float(above)
    below = sum(plan.days[one][1] for one in so_far if one in plan.days)
    return float(above / below) if below else None


def _level(kr: KeyResult, plan: Kpi, place: int, baseline: float | None) -> float | None:
    """In straight lines over the days that count: from the baseline to the first reading, from each to the next."""
    points = [(0, baseline)]
    points += [(at, float(plan.days[one][0])) for at, one in enumerate(kr.days_to(kr.end), 1) if one in plan.days]
    before = [one for one in points if one[0] <= place][-1]
    after = [one for one in points if one[0] > place][:1]
    if before[1] is None or not after:
        return before[1]
    (at, level), (next_at, next_level) = before, after[0]
    assert next_level is not None
    return level + (next_level - level) * (place - at) / (next_at - at)


def _clamp(number: float) -> float:
    return min(max(number, 0.0), 1.0)
