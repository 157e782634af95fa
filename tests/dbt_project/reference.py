"""docs/scoring.md once more, in plain Python and nothing but Python: written from the page, not from the models.

Amounts are exact (Fraction), shares are floats. Slow and simple on purpose: every value is computed from scratch for
every day. test_scoring_properties.py holds the models against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
MAINTAIN = ("at_least", "at_most", "between")
# Limits are met when they are equal; the float nearest to 0.95 must not turn that into a miss.
EQUAL = 1e-9


@dataclass(frozen=True)
class Kpi:
    """What is known of a KPI: its days and the last closed day for which all its sources have data."""

    kind: str
    days: dict[date, tuple[Fraction, Fraction]]
    through: date | None

    def value(self, start: date, end: date) -> float | None:
        """The KPI over an interval, both days in; None is no data."""
        seen = [day for day in self.days if day <= end]
        if not seen:
            return None
        inside = [self.days[day] for day in seen if day >= start]
        if self.kind == "flow":
            return float(sum(numerator for numerator, _ in inside))
        if self.kind == "ratio":
            below = sum(denominator for _, denominator in inside)
            return float(sum(numerator for numerator, _ in inside) / below) if below else None
        if self.kind == "stock":
            return float(self.days[max(seen)][0])
        # Distinct: these sources speak of single days only.
        return float(self.days[end][0]) if start == end and end in self.days else None

    def total(self, start: date, end: date) -> float | None:
        """The KPI over an interval that its sources must cover to the end."""
        return None if self.through is None or self.through < end else self.value(start, end)


@dataclass(frozen=True)
class CheckIn:
    day: date
    value: float | None = None
    met: bool | None = None
    grade: float | None = None
    done: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class Milestone:
    id: str
    weight: float
    due: date | None = None


@dataclass(frozen=True)
class KeyResult:
    """A definition as YAML gives it; `baseline` is a number or the interval of a baseline period."""

    id: str
    type: str
    start: date
    end: date
    kpi: Kpi | None = None
    target: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | tuple[date, date] | None = None
    weight: float = 1.0
    ambition: str = "committed"
    pace: str = "linear"
    pace_table: tuple[tuple[date, float], ...] = ()
    last_year: tuple[date, date] | None = None
    milestones: tuple[Milestone, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    hold: str = "units"
    allowed_misses: int | None = None
    due: date | None = None

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


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
    return None if kr.kpi.through is None else min(kr.kpi.through, today - DAY)


def elapsed(kr: KeyResult, day: date) -> float:
    return min(max(((day - kr.start).days + 1) / kr.days, 0.0), 1.0)


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
    """Check-ins that count on a day: those up to it; on the last day of a period that is over, all up to today."""
    until = today if day == kr.end and today > kr.end else day
    return [check_in for check_in in sorted(kr.check_ins, key=lambda one: one.day) if check_in.day <= until]


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
        return known(last(one.value for one in check_ins))
    return known(kr.kpi.value(kr.start, day))


def done_weight(kr: KeyResult, check_ins: Sequence[CheckIn]) -> float:
    done = {milestone for one in check_ins for milestone in one.done}
    return sum(milestone.weight for milestone in kr.milestones if milestone.id in done)


def within(kr: KeyResult, number: float) -> bool:
    if kr.type == "between":
        return kr.low <= number <= kr.high
    return number >= kr.target if kr.type == "at_least" else number <= kr.target


def observed_weeks(kr: KeyResult, day: date) -> list[float]:
    """The values of the closed ISO weeks, clipped to the period, that have one."""
    values = []
    week_start = kr.start
    while week_start <= kr.end:
        week_end = min(week_start + (6 - week_start.weekday()) * DAY, kr.end)
        if week_end <= day:
            if kr.kpi is None:
                number = last(one.value for one in counted(kr, week_end, week_end))
            else:
                number = kr.kpi.value(week_start, week_end)
            if known(number) is not None:
                values.append(number)
        week_start = week_end + DAY
    return values


def share_of_weeks(kr: KeyResult, weeks: Sequence[float]) -> float | None:
    """The share of weeks within the limits; as many misses as are allowed count as kept."""
    kept = sum(within(kr, number) for number in weeks)
    return min(1.0, (kept + (kr.allowed_misses or 0)) / len(weeks)) if weeks else None


def deciding(kr: KeyResult, day: date, value: float | None) -> float | None:
    """The one number that is held against the limits; None where weeks are counted."""
    if kr.kpi is not None and kr.kpi.kind == "flow":
        return None if value is None else value / elapsed(kr, day)
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
    projected = value / elapsed(kr, day) if flow else value
    if kr.type in MAINTAIN:
        return progress_of_cap(kr, projected)
    if kr.type == "increase" and kr.kpi is not None and kr.kpi.kind in ("flow", "distinct"):
        return value / target if target else None
    if baseline is None or target is None or (target <= baseline if kr.type == "increase" else target >= baseline):
        # A resolved baseline that lies past the target already: there is nothing to measure.
        return None
    return (projected - baseline) / (target - baseline)


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
        share = share_of_last_year(kr.kpi, *kr.last_year, days=(day - kr.start).days)
        if share is not None:
            return share
    return elapsed(kr, day)


def share_of_last_year(kpi: Kpi, start: date, end: date, *, days: int) -> float | None:
    """What of last year's total was there after as many days; None where that year is not known from its first day."""
    total = kpi.total(start, end)
    if not total or total < 0 or min(kpi.days) > start or start + days * DAY > end:
        return None
    return clamp(kpi.value(start, start + days * DAY) / total)


def expected(kr: KeyResult, day: date, settings: Settings) -> float | None:
    share = pace(kr, day)
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
    raw = known(progress(kr, day, value, baseline, target))
    score, share = clamp(raw), expected(kr, day, settings)
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
    return Standing(day, value, baseline, target, raw, score, share, word, elapsed(kr, day))


def history(kr: KeyResult, today: date, settings: Settings) -> list[Standing]:
    """Every day of a key result, from its start to the last day it can be judged on."""
    reach = through(kr, today)
    if reach is None:
        return []
    days = range((min(reach, kr.end) - kr.start).days + 1)
    return [standing(kr, kr.start + number * DAY, today, settings) for number in days]


def status_now(kr: KeyResult, days: Sequence[Standing], today: date) -> str:
    if today < kr.start:
        return "scheduled"
    return days[-1].status if days else "no_data"


@dataclass(frozen=True)
class ObjectiveStanding:
    day: date
    score: float | None
    expected: float | None
    coverage: float
    status: str
    weakest: str | None


def mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    weight = sum(one for one, _ in pairs)
    return sum(one * number for one, number in pairs) / weight if weight else None


def objective_history(
    krs: Sequence[KeyResult], histories: Sequence[Sequence[Standing]], today: date, settings: Settings
) -> list[ObjectiveStanding]:
    """Every day of an objective; a key result whose sources end earlier stands as on its last day."""
    longest = max(histories, key=len)
    return [
        _objective(krs, [days[: number + 1] for days in histories], today, settings) for number in range(len(longest))
    ]


def _objective(
    krs: Sequence[KeyResult], so_far: Sequence[Sequence[Standing]], today: date, settings: Settings
) -> ObjectiveStanding:
    known_now = [(kr, days[-1]) for kr, days in zip(krs, so_far, strict=True) if days]
    now = [(kr, row) for kr, row in known_now if row.score is not None]
    paced = [(kr, row) for kr, row in now if row.expected is not None]
    day = max(days[-1].day for days in so_far if days)
    score = mean([(kr.weight, row.score) for kr, row in now])
    share = mean([(kr.weight, row.expected) for kr, row in paced])
    closed = day == krs[0].end and today > krs[0].end and all(row.day == kr.end for kr, row in now)
    behind = sorted(
        (nearness_to_pace(row, settings), row.score or 0.0, place, kr.id, row.status)
        for place, (kr, row) in enumerate(known_now)
        if row.status != "no_data"
    )
    word = status(
        score=score, progress=mean([(kr.weight, row.score) for kr, row in paced]) if paced and not closed else score,
        expected=share, elapsed=elapsed(krs[0], day), closed=closed,
        ambition=krs[0].ambition, settings=settings,
    )  # fmt: skip
    if share is None and (score is None or not closed):
        # Nothing to compare with: as the weakest of them stands.
        word = behind[0][4] if behind else "no_data"
    coverage = sum(kr.weight for kr, _ in now) / sum(kr.weight for kr in krs)
    return ObjectiveStanding(day, score, share, coverage, word, behind[0][3] if behind else None)


def nearness_to_pace(row: Standing, settings: Settings) -> float:
    """How near to what is expected; where nothing is, as its status says."""
    if row.expected is not None:
        return row.score / row.expected if row.expected else 1.0
    by_status = {"on_track": 1.0, "achieved": 1.0, "too_early": 1.0, "at_risk": settings.at_risk}
    return by_status.get(row.status, 0.0)
