"""Random definitions with random data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from okr_reports.okrs.periods import Calendar, FiscalYear, Interval
from tests.channels.spans import plain
from tests.dbt_project.reference import MAINTAIN
from tests.dbt_project.reference_days import DAY, CheckIn, KeyResult, Kpi, Milestone

TODAY = date(2026, 11, 23)
CHANNEL = "made"

shares = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 1.0])
numbers = st.decimals(-50, 500, places=2).map(float)
positive = st.decimals("0.01", 500, places=2).map(float)


@dataclass(frozen=True)
class Objective:
    """Key results of one period and ambition."""

    key_results: tuple[KeyResult, ...]


@st.composite
def objectives(draw: st.DrawFn) -> Objective:
    start, end = draw(fiscal_periods() if draw(st.integers(0, 2)) == 0 else own_periods())
    ambition = draw(st.sampled_from(["committed", "aspirational"]))
    count = draw(st.integers(1, 4))
    return Objective(tuple(draw(key_results(start, end, ambition, place == 0)) for place in range(count)))


@st.composite
def own_periods(draw: st.DrawFn) -> Interval:
    """Any days around today."""
    start = TODAY + timedelta(days=draw(st.integers(-130, 15)))
    return start, start + timedelta(days=draw(st.sampled_from([0, 6, 9, 13, 29, 44, 91])))


@st.composite
def fiscal_periods(draw: st.DrawFn) -> Interval:
    """The month or quarter around today, or the one before, of a fiscal year that starts on any day it may."""
    year = FiscalYear(draw(st.integers(1, 12)), draw(st.integers(1, 28)), draw(st.sampled_from(["start", "end"])))
    calendar = Calendar(fiscal_year=year)
    parts = draw(
        st.sampled_from([[f"Q{number}" for number in range(1, 5)], [f"M{number:02}" for number in range(1, 13)]])
    )
    names = [f"FY{named}-{part}" for named in range(TODAY.year - 1, TODAY.year + 2) for part in parts]
    (around,) = [span for span in map(calendar.span, names) if span and span.start <= TODAY <= span.end]
    return (around.start, around.end) if draw(st.booleans()) else calendar.previous(around)


@st.composite
def key_results(draw: st.DrawFn, start: date, end: date, ambition: str, weighs: bool) -> KeyResult:
    type_ = draw(
        st.sampled_from(["increase", "decrease", *MAINTAIN, "count_range", "milestones", "binary", "qualitative"])
    )
    common: dict[str, Any] = {
        "id": "", "type": type_, "start": start, "end": end, "ambition": ambition,
        # The lints refuse an objective whose key results all weigh nothing.
        "weight": draw(st.sampled_from([1.0, 0.5, 2.0, 3.25] if weighs else [1.0, 0.0, 0.5, 2.0, 3.25])),
        "check_ins": tuple(draw(st.lists(check_ins(type_, start), max_size=5))),
        **draw(paces(start, end)),
        **draw(own_days(start, end)),
    }  # fmt: skip
    if type_ == "milestones":
        return KeyResult(**common, milestones=draw(milestones(start, end)))
    if type_ == "binary":
        common["due"] = draw(st.none() | st.integers(0, (end - start).days).map(lambda number: start + number * DAY))
    if type_ in ("binary", "qualitative"):
        # Paces have no meaning for them.
        return KeyResult(**{**common, "pace": "linear", "pace_table": ()})
    kinds = ["flow", "ratio", "stock", "distinct", None]
    kind = draw(st.sampled_from([one for one in kinds if (type_, one) != ("decrease", "distinct")]))
    if kind == "distinct":
        common["pauses"] = ()
    baseline_period = (start - timedelta(days=draw(st.integers(20, 40))), start - DAY)
    kpi = draw(kpis(kind, start, end, baseline_period, common["last_year"])) if kind else None
    if type_ in MAINTAIN and kind != "flow":
        common["hold"] = draw(st.sampled_from(["units", "units", "end", "average"]))
        if common["hold"] == "units":
            common["allowed_misses"] = draw(st.sampled_from([None, None, 0, 1, 2]))
    goal = draw(goals(type_, kind, baseline_period))
    if kind == "flow" and "change" in goal:
        common.update(starts=None, pauses=())
    if kpi and kind == "flow" and type_ in MAINTAIN and draw(st.integers(0, 3)) == 0:
        # Limits below 0 too, and what lies outside of them by its distance.
        kpi = replace(kpi, signed=True)
        goal = {name: number - draw(st.sampled_from([0, 100, 600])) for name, number in goal.items()}
        if type_ == "between":
            goal = dict(zip(("low", "high"), sorted(goal.values()), strict=True))
    common["least_coverage"] = draw(st.sampled_from([0.9, 0.0]))
    if "target" in goal and kind != "distinct" and not (kpi and kpi.signed) and draw(st.integers(0, 2)) == 0:
        of_kind = {"flow": ["flow"], "ratio": ["ratio", "stock"]}.get(kind or "", ["stock"])
        del goal["target"]
        # Its rows are the pace.
        common.update(plan=draw(plans(draw(st.sampled_from(of_kind)), start, end)), pace="linear", pace_table=())
    return KeyResult(**common, kpi=kpi, **goal)


@st.composite
def plans(draw: st.DrawFn, kind: str, start: date, end: date) -> Kpi:
    """Every day of the period, in one of four without some; a level on some of its days."""
    length = (end - start).days + 1
    noise = draw(st.binary(min_size=length, max_size=length))
    if kind == "stock":
        kept = {number for number, byte in enumerate(noise) if byte % 16 == 0 or number == length - 1}
    else:
        gaps = draw(st.sampled_from([0, 0, 0, 40]))
        kept = {number for number, byte in enumerate(noise) if byte >= gaps}
    days = {
        start + number * DAY: (Fraction(noise[number] * 7 + 7, 100), Fraction(noise[number] % 5)) for number in kept
    }
    return Kpi(kind, days, end)


@st.composite
def own_days(draw: st.DrawFn, start: date, end: date) -> dict[str, Any]:
    """A later start and pauses, in one of three; some day is left."""
    length = (end - start).days + 1
    if length < 3 or draw(st.integers(0, 2)):
        return {}
    starts = start + draw(st.integers(0, length // 2)) * DAY if draw(st.booleans()) else None
    spans = draw(st.lists(st.tuples(st.integers(0, length - 1), st.integers(0, length // 2)), max_size=2))
    pauses = tuple((start + at * DAY, min(start + (at + more) * DAY, end)) for at, more in spans)
    if not KeyResult("", "binary", start, end, starts=starts, pauses=pauses).days_to(end):
        pauses = ()
    return {"starts": starts, "pauses": pauses}


@st.composite
def goals(draw: st.DrawFn, type_: str, kind: str | None, baseline_period: tuple[date, date]) -> dict[str, Any]:
    """What is to be reached, as the lints allow it: no zero moves, no direction against the numbers."""
    if type_ in ("between", "count_range"):
        low = draw(positive)
        return {"low": low, "high": low + draw(positive)}
    if type_ in MAINTAIN:
        return {"target": draw(positive | st.just(0.0)) if type_ == "at_most" else draw(positive)}
    # Often enough that a few hundred objectives see a wrong rule of relative changes.
    if kind in ("flow", "ratio", "stock") and draw(st.sampled_from([True, True, False])):
        if draw(st.sampled_from([True, True, False])):
            return {"baseline": baseline_period, "change": draw(st.sampled_from([0.05, 0.2, 0.5, 1.0]))}
        return {"baseline": baseline_period, "target": draw(positive)}
    if type_ == "increase" and kind in ("flow", "distinct"):
        return {"target": draw(positive)}
    baseline, move = draw(numbers), draw(positive)
    return {"baseline": baseline, "target": baseline + move if type_ == "increase" else baseline - move}


@st.composite
def kpis(draw: st.DrawFn, kind: str, start: date, end: date, *intervals: tuple[date, date]) -> Kpi:
    """Days in the period, its baseline and last year; from a byte each: one in three has no row."""
    days: dict[date, tuple[Fraction, Fraction]] = {}
    for first, last_ in ((start, end), *intervals):
        length = (last_ - first).days + 1
        noise = draw(st.binary(min_size=length, max_size=length))
        for number, byte in enumerate(noise):
            if byte % 3 == 0:
                continue
            amount = Fraction((byte - 12 if byte % 16 == 1 else byte) * 7, 100)
            days[first + number * DAY] = (amount, Fraction(byte % 5))
    through = draw(st.none() | st.integers(-3, (end - start).days + 5).map(lambda number: start + number * DAY))
    least = draw(st.sampled_from([None, 5.0])) if kind == "ratio" else None
    grain = draw(st.sampled_from(["day", "day", "day", "week", "month"]))
    speaks, is_known = draw(st.booleans()), draw(st.integers(0, 15)) > 0
    ranges = () if grain == "day" or kind not in ("flow", "ratio") else draw(spans(grain, ((start, end), *intervals)))
    days = _spread(ranges) if ranges else days
    return Kpi(kind, days if is_known else {}, through, grain, least, speaks=speaks, spans=ranges if is_known else ())


@st.composite
def spans(
    draw: st.DrawFn, grain: str, intervals: Sequence[tuple[date, date]]
) -> tuple[tuple[date, date, Fraction, Fraction], ...]:
    """The weeks or months that reach into some intervals, one in four without a row; cut by no period."""
    weekday, found = draw(st.integers(0, 6)), {}
    for first, last in intervals:
        day = first
        while day <= last:
            begin = day.replace(day=1) if grain == "month" else day - (day.weekday() - weekday) % 7 * DAY
            day = (begin + 31 * DAY).replace(day=1) if grain == "month" else begin + 7 * DAY
            found[begin] = (begin, day - DAY)
    noise = draw(st.binary(min_size=len(found), max_size=len(found)))
    return tuple(
        (*found[begin], Fraction((byte - 12 if byte % 16 == 1 else byte) * 7, 10), Fraction(byte % 40))
        for begin, byte in zip(sorted(found), noise, strict=True)
        if byte % 4
    )


def _spread(ranges: Sequence[tuple[date, date, Fraction, Fraction]]) -> dict[date, tuple[Fraction, Fraction]]:
    """What ranges come to day by day, known today."""
    upper, lower = (
        plain([(first, last, None, "", decimal_of(of[at])) for first, last, *of in ranges], {}, TODAY) for at in (0, 1)
    )
    return {day: (Fraction(upper[key]), Fraction(lower[key])) for key in upper for day in key[1:]}


def decimal_of(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / Decimal(amount.denominator)


@st.composite
def paces(draw: st.DrawFn, start: date, end: date) -> dict[str, Any]:
    last_year = (start - timedelta(days=365), end - timedelta(days=365 + draw(st.sampled_from([0, 0, 1, -1]))))
    last_year = (last_year[0], max(last_year))
    kind = draw(st.sampled_from(["linear", "table", "seasonal"]))
    table: list[tuple[date, float]] = []
    if kind == "table":
        inner = draw(st.lists(st.integers(0, (end - start).days), unique=True, max_size=3))
        steps = sorted(draw(st.lists(shares, min_size=len(inner), max_size=len(inner))))
        points = {start + number * DAY: share for number, share in zip(sorted(inner), steps, strict=True)}
        table = sorted({start - DAY: 0.0, **points, end: 1.0}.items())
    return {"pace": kind, "pace_table": tuple(table), "last_year": last_year}


@st.composite
def milestones(draw: st.DrawFn, start: date, end: date) -> tuple[Milestone, ...]:
    due = st.none() | st.integers(0, (end - start).days).map(lambda number: start + number * DAY)
    weights = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=3))
    return tuple(Milestone(f"m{place}", weight, draw(due)) for place, weight in enumerate(weights))


@st.composite
def check_ins(draw: st.DrawFn, type_: str, start: date) -> CheckIn:
    day = start + timedelta(days=draw(st.integers(-10, 150)))
    confidence = draw(st.none() | st.sampled_from([0.0, 0.39, 0.4, 0.69, 0.7, 1.0]))
    if type_ == "milestones":
        done = tuple(draw(st.sets(st.sampled_from(["m0", "m1", "m2"]), max_size=2)))
        return CheckIn(day, done=done, confidence=confidence)
    if type_ == "binary":
        return CheckIn(day, met=draw(st.none() | st.booleans()), confidence=confidence)
    if type_ == "qualitative":
        return CheckIn(day, grade=draw(st.none() | shares))
    return CheckIn(day, value=draw(st.none() | numbers))


def named(found: Sequence[Objective], prefix: str, week_starts: int = 0) -> list[Objective]:
    """The same with ids, those of one prefix unlike those of another: what a target was is kept by id."""
    return [
        Objective(
            tuple(
                KeyResult(**{**vars(kr), "id": f"{prefix}{number:04d}_k{place}", "week_starts": week_starts})
                for place, kr in enumerate(objective.key_results)
            )
        )
        for number, objective in enumerate(found)
    ]
