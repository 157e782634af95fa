"""docs/scoring.md once more, in plain Python and nothing but Python: written from the page, not from the models.

Amounts are exact (Fraction), shares are floats. Slow and simple on purpose: every value is computed from scratch for
every day. test_scoring_properties.py holds the models against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.dbt_project import reference_plans
from tests.dbt_project.reference_days import (
    DAY,
    CheckIn,
    KeyResult,
    Kpi,
    baseline_coverage,
    elapsed,
    observed_weeks,
    projected,
    value_of_kpi,
)

MAINTAIN = ("at_least", "at_most", "between")
# Limits are met when they are equal; the float nearest to 0.95 must not turn that into a miss.
EQUAL = 1e-9


@dataclass(frozen=True)
class Settings:
    on_track: float = 0.95
    at_risk: float = 0.75
    grace: float = 0.10
    committed: float = 1.0
    aspirational: float = 0.7
    old_after_days: int = 10


@dataclass(frozen=True)
class Standing:
    """A key result (or an objective) on one day."""

    day: date
    value: float | None
    baseline: float | None
    target: float | None
    progress: float | None
    score: float | None
    expected: float | None
    status: str
    elapsed: float = field(default=0.0, compare=False)


def known(number: float | None) -> float | None:
    """Null, NaN and infinite are no data."""
    return number if number is not None and math.isfinite(number) else None


def clamp(share: float | None) -> float | None:
    return None if share is None else min(max(share, 0.0), 1.0)


def through(kr: KeyResult, today: date) -> date | None:
    """The last day a key result can be judged on; today for one without a KPI."""
    if kr.kpi is None:
        return today
    if kr.kpi.through is None:
        return None
    known = min(kr.kpi.through, today - DAY)
    # Nobody waits for the days of a pause.
    to_come = [one for one in kr.days_to(kr.end) if one > known]
    free = to_come[0] - DAY if to_come else kr.end
    return max(known, min(free, kr.end, today - DAY))


def baseline_and_target(kr: KeyResult) -> tuple[float | None, float | None]:
    baseline = kr.baseline
    if isinstance(baseline, tuple):
        assert kr.kpi is not None
        baseline = kr.kpi.total(*baseline)
    if kr.change is None:
        return baseline, kr.target
    if baseline is None:
        return None, None
    if baseline <= 0:
        return baseline, None
    return baseline, baseline * (1 - kr.change if kr.type == "decrease" else 1 + kr.change)


def counted(kr: KeyResult, day: date, today: date) -> list[CheckIn]:
    """Check-ins that count on a day: those up to it; on the last of a period that is over, up to a week later."""
    until = min(today, kr.end + 7 * DAY) if day == kr.end and today > kr.end else day
    return [check_in for check_in in sorted(kr.check_ins, key=lambda one: one.day) if check_in.day <= until]


def is_partial(kr: KeyResult) -> bool:
    """Whether a relative baseline has data on too few of its days."""
    if not isinstance(kr.baseline, tuple) or kr.kpi is None or kr.kpi.total(*kr.baseline) is None:
        return False
    return baseline_coverage(kr, *kr.baseline) < kr.least_coverage


def last(numbers: Iterable[float | bool | None]) -> float | None:
    said = [float(number) for number in numbers if number is not None]
    return said[-1] if said else None


def value_on(kr: KeyResult, day: date, today: date) -> float | None:
    check_ins = counted(kr, day, today)
    if kr.type == "milestones":
        return done_weight(kr, check_ins)
    if kr.type == "binary":
        return last(one.met for one in check_ins)
    if kr.type == "qualitative":
        return last(one.grade for one in check_ins)
    if kr.kpi is None:
        return known(last(one.value for one in check_ins if not kr.pauses_on(one.day)))
    return known(value_of_kpi(kr, kr.days_to(day), day))


def done_weight(kr: KeyResult, check_ins: Sequence[CheckIn]) -> float:
    done = {milestone for one in check_ins for milestone in one.done}
    return sum(milestone.weight for milestone in kr.milestones if milestone.id in done)


def within(kr: KeyResult, number: float) -> bool:
    if kr.type == "between":
        return kr.low <= number <= kr.high
    return number >= kr.target if kr.type == "at_least" else number <= kr.target


def share_of_weeks(kr: KeyResult, weeks: Sequence[float]) -> float | None:
    """The share of weeks within the limits; as many misses as are allowed count as kept."""
    kept = sum(within(kr, number) for number in weeks)
    return min(1.0, (kept + (kr.allowed_misses or 0)) / len(weeks)) if weeks else None


def deciding(kr: KeyResult, day: date, value: float | None) -> float | None:
    """The one number that is held against the limits; None where weeks are counted."""
    if kr.kpi is not None and kr.kpi.kind == "flow":
        return projected(kr, day, value)
    if kr.hold == "average":
        return value
    weeks = observed_weeks(kr, day)
    return weeks[-1] if kr.hold == "end" and weeks else None


def limit_missed(kr: KeyResult, number: float) -> float:
    """The limit that a number outside of them is nearest to."""
    if kr.type == "between":
        return kr.low if number < kr.low else kr.high
    return kr.target


def nearness(kr: KeyResult, number: float) -> float:
    if within(kr, number):
        return 1.0
    limit = limit_missed(kr, number)
    return max(0.0, 1 - abs(number - limit) / abs(limit)) if limit else 0.0


def progress(
    kr: KeyResult, day: date, value: float | None, baseline: float | None, target: float | None
) -> float | None:
    if kr.type in MAINTAIN and (kr.kpi is None or kr.kpi.kind != "flow"):
        if kr.hold == "units":
            return share_of_weeks(kr, observed_weeks(kr, day))
        number = deciding(kr, day, value)
        return None if number is None else nearness(kr, number)
    if kr.type == "milestones":
        total = sum(milestone.weight for milestone in kr.milestones)
        return value / total if total else None
    if value is None:
        return None
    if kr.type in ("binary", "qualitative"):
        return value
    if kr.type == "count_range":
        return 1.0 if value >= kr.low else max(value, 0.0) / kr.low
    flow = kr.kpi is not None and kr.kpi.kind == "flow"
    end = projected(kr, day, value) if flow else value
    if kr.type in MAINTAIN:
        return None if end is None else nearness(kr, end) if kr.kpi.signed else progress_of_cap(kr, end)
    if kr.type == "increase" and kr.kpi is not None and kr.kpi.kind in ("flow", "distinct"):
        return value / target if target else None
    if baseline is None or target is None or (target <= baseline if kr.type == "increase" else target >= baseline):
        # A resolved baseline that lies past the target already: there is nothing to measure.
        return None
    if kr.type == "increase":
        return (value - baseline) / (target - baseline)
    return None if end is None else (end - baseline) / (target - baseline)


def progress_of_cap(kr: KeyResult, projected: float) -> float:
    """at_most, at_least and between for a flow projected to the whole period."""
    if kr.type == "at_most":
        return 1.0 if projected <= kr.target else kr.target / projected
    if kr.type == "at_least":
        return min(1.0, projected / kr.target)
    if projected < kr.low:
        return projected / kr.low
    return kr.high / projected if projected > kr.high else 1.0


def pace(kr: KeyResult, day: date) -> float | None:
    """The share expected by a day, before ambition; None where only dates would say it and there are none."""
    if kr.type in MAINTAIN:
        return 1.0
    if kr.type == "qualitative":
        return elapsed(kr, day)
    if any(milestone.due for milestone in kr.milestones):
        due = sum(one.weight for one in kr.milestones if (one.due or kr.end) <= day)
        return due / sum(one.weight for one in kr.milestones)
    if kr.pace == "table":
        for (before, share), (after, next_share) in zip(kr.pace_table, kr.pace_table[1:], strict=False):
            if before <= day <= after:
                return share + (next_share - share) * ((day - before).days / (after - before).days)
    if kr.type in ("binary", "milestones"):
        return None
    if kr.pace == "seasonal" and kr.kpi is not None and kr.kpi.kind == "flow" and kr.last_year and day < kr.end:
        share = share_of_last_year(kr, kr.kpi, day)
        if share is not None:
            return share
    return elapsed(kr, day)


def share_of_last_year(kr: KeyResult, kpi: Kpi, day: date) -> float | None:
    """What of last year's total was there after as many days; None where that year is not known from its first day.

    Days that do not count this year do not count of last year's either.
    """
    assert kr.last_year is not None
    start, end = kr.last_year
    if kpi.through is None or kpi.through < end or not kpi.days or min(kpi.days) > start:
        return None
    if start + (day - kr.start) > end:
        return None
    amounts = {kr.start + (one - start): kpi.days[one][0] for one in kpi.days if start <= one <= end}
    amounts = {one: amount for one, amount in amounts.items() if one >= kr.first and (one > kr.end or kr.counts(one))}
    total = sum(amounts.values())
    return clamp(float(sum(amount for one, amount in amounts.items() if one <= day) / total)) if total > 0 else None


def expected(kr: KeyResult, day: date, baseline: float | None, settings: Settings) -> float | None:
    share = pace(kr, day)
    if kr.plan is not None and kr.type not in MAINTAIN:
        planned = reference_plans.share(kr, day, baseline)
        share = share if planned is None else planned
    if share is None:
        return None
    return share * settings.aspirational if kr.ambition == "aspirational" and kr.type not in MAINTAIN else share


def status(
    *, score: float | None, progress: float | None, expected: float | None, elapsed: float, closed: bool,
    ambition: str, settings: Settings,
) -> str:  # fmt: skip
    """The status of something that has begun; `closed`: the period is over and this is its last day."""
    if score is None or progress is None:
        return "no_data"
    if closed:
        lines = {"aspirational": settings.aspirational, "committed": settings.committed, "held": 1.0}
        line = lines[ambition]
        return "achieved" if score >= line - EQUAL else "missed"
    if elapsed < settings.grace - EQUAL:
        return "too_early"
    ratio = max(progress, 0.0) / expected if expected else 1.0
    if ratio >= settings.on_track - EQUAL:
        return "on_track"
    return "at_risk" if ratio >= settings.at_risk - EQUAL else "off_track"


def held_status(kr: KeyResult, day: date, value: float | None, settings: Settings, usual: str) -> str:
    """The status of what is held while it runs: limits are limits."""
    if usual not in ("on_track", "at_risk", "off_track"):
        return usual
    number = deciding(kr, day, value)
    if number is not None:
        if within(kr, number):
            return "on_track"
        limit = limit_missed(kr, number)
        return "at_risk" if abs(number - limit) <= 0.05 * abs(limit) + EQUAL else "off_track"
    if kr.allowed_misses is None:
        return usual
    misses = sum(not within(kr, one) for one in observed_weeks(kr, day))
    return "on_track" if misses <= kr.allowed_misses else "at_risk" if misses <= 2 * kr.allowed_misses else "off_track"


def falling_status(end: float | None, target: float | None, usual: str) -> str:
    """A flow that is to fall is judged by where it will end."""
    if usual not in ("on_track", "at_risk", "off_track") or end is None or target is None:
        return usual
    if end <= target + EQUAL:
        return "on_track"
    return "at_risk" if end <= target + 0.05 * abs(target) + EQUAL else "off_track"


def status_without_pace(kr: KeyResult, day: date, today: date, done: float | None, settings: Settings) -> str:
    """Done, past its day, or what its owner says of it while that is fresh."""
    if done is not None and done >= 1:
        return "on_track"
    if kr.due is not None and kr.due < day:
        return "off_track"
    said = [one for one in counted(kr, day, today) if one.confidence is not None]
    fresh = said and (day - said[-1].day).days <= settings.old_after_days
    if done is None and not fresh:
        return "no_data"
    if elapsed(kr, day) < settings.grace - EQUAL:
        return "too_early"
    if not fresh:
        return "no_data"
    sure = said[-1].confidence
    return "on_track" if sure >= 0.7 else "at_risk" if sure >= 0.4 else "off_track"


def standing(kr: KeyResult, day: date, today: date, settings: Settings) -> Standing:
    """A key result on one of its days."""
    baseline, target = baseline_and_target(kr)
    value = value_on(kr, day, today)
    has_no_plan = kr.plan is not None and target is None
    raw = None if is_partial(kr) or has_no_plan else known(progress(kr, day, value, baseline, target))
    score, share = clamp(raw), expected(kr, day, baseline, settings)
    closed = day == kr.end and today > kr.end
    word = status(
        score=score, progress=raw, expected=share, elapsed=elapsed(kr, day), closed=closed,
        ambition="held" if kr.type in MAINTAIN else kr.ambition, settings=settings,
    )  # fmt: skip
    if share is None and not closed:
        word = status_without_pace(kr, day, today, raw, settings)
    elif score is None and closed and kr.due is not None:
        word = "missed"
    if kr.type in MAINTAIN:
        word = held_status(kr, day, value, settings, word)
    if kr.type == "decrease" and kr.kpi is not None and kr.kpi.kind == "flow":
        word = falling_status(projected(kr, day, value), target, word)
    return Standing(day, value, baseline, target, raw, score, share, word, elapsed(kr, day))


def history(kr: KeyResult, today: date, settings: Settings) -> list[Standing]:
    """Every day of a key result, from its first to the last it can be judged on."""
    reach = through(kr, today)
    if reach is None:
        return []
    kr = reference_plans.with_target(kr)
    days = range((min(reach, kr.end) - kr.first).days + 1)
    return [standing(kr, kr.first + number * DAY, today, settings) for number in days]


def status_now(kr: KeyResult, days: Sequence[Standing], today: date) -> str:
    if today < kr.first:
        return "scheduled"
    return days[-1].status if days else "no_data"
