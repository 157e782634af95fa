"""The models' questions: key results with their KPI's days, and what was known of them at each forecast origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from okr_reports.forecasting.days import Calendar
from okr_reports.forecasting.flows import LEAST_DAYS, Series, rest_of
from okr_reports.forecasting.kinds import (
    FLOOR,
    chance_to_keep,
    chance_within,
    level_end,
    ratio_end,
    reported_end,
)
from okr_reports.forecasting.members import LONGEST
from okr_reports.forecasting.mixture import Flags, Mixtures, Numbers, Places, joined

# Half an 80 % interval of a normal distribution, in standard deviations.
TENTH = 1.2815515655446004
# Weeks before the period that a held number is judged by.
WEEKS_BEFORE = 26
# Too few weeks or months to forecast those to come.
LEAST_UNITS = 4
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Question:
    """One key result. `kind`: flow, ratio, stock, distinct or check_in; `first`: the first day of its amounts.

    `amounts`, `denominators`: by day from `first` on, for check_in by report on days `reported` of the period, from 1.
    `factor`, `is_uncertain`: of events, by day from `first` to the period's end. The others hold one value a
    forecast origin: `days` (counted from `first`), value so far, limits or target (NaN: none), weeks kept, observed and
    allowed to be missed. `hold` is None for what only has to arrive. `unit`: by day from `first` to the period's end,
    the first day of the week (or month) it is judged in, in days since 1970; empty for what has no days of its own.
    """

    kind: str
    first: date
    start: date
    end: date
    hold: str | None
    amounts: Numbers
    denominators: Numbers
    reported: Numbers
    unit: Numbers
    factor: Numbers
    is_uncertain: Numbers
    days: Places
    value: Numbers
    low: Numbers
    high: Numbers
    weeks_kept: Numbers
    weeks_observed: Numbers
    weeks_left: Numbers
    allowed_misses: Numbers
    min_denominator: Numbers


@dataclass(frozen=True)
class Answer:
    """By forecast origin, NaN where there is no forecast: the 10, 50 and 90 % end, and the chance of the aim."""

    low: Numbers
    middle: Numbers
    high: Numbers
    chance: Numbers


@dataclass
class _Spread:
    """The rows of a question that have a distribution: end = so_far + mixture."""

    rows: Places
    mixtures: Mixtures
    so_far: Numbers
    half: Numbers
    may_fall: bool
    never_negative: bool


def answers(questions: Sequence[Question]) -> list[Answer]:
    """The answers to all questions; solved together, since one by one takes ten times as long."""
    spread = [_spread(question) for question in questions]
    solvable = [found for found in spread if found is not None and len(found.rows)]
    solved: list[Numbers] = []
    if solvable:
        mixtures = joined([found.mixtures for found in solvable])
        so_far = np.concatenate([found.so_far for found in solvable])
        half = np.concatenate([found.half for found in solvable])
        may_fall = np.concatenate([np.full(len(found.rows), found.may_fall) for found in solvable])
        lows = np.concatenate([q.low[t.rows] for q, t in _pairs(questions, spread)])
        highs = np.concatenate([q.high[t.rows] for q, t in _pairs(questions, spread)])
        low, middle, high = (mixtures.quantile(z) for z in (-TENTH, 0.0, TENTH))
        low, high = np.where(half > 0, np.ceil(low - half), low), np.where(half > 0, np.floor(high + half), high)
        chance = chance_within(mixtures, lows, highs, so_far, half, may_fall)
        solved = [so_far + low, so_far + middle, so_far + high, chance]
    out, place = [], 0
    for question, found in zip(questions, spread, strict=True):
        count = len(found.rows) if found is not None else 0
        out.append(_answer(question, found, [part[place : place + count] for part in solved]))
        place += count
    return out


def _pairs(questions: Sequence[Question], spread: Sequence[_Spread | None]) -> list[tuple[Question, _Spread]]:
    return [(q, t) for q, t in zip(questions, spread, strict=True) if t is not None and len(t.rows)]


def _answer(question: Question, spread: _Spread | None, solved: Sequence[Numbers]) -> Answer:
    parts = [np.full(len(question.days), np.nan) for _ in range(4)]
    if spread is not None and len(spread.rows):
        for part, values in zip(parts, solved, strict=True):
            part[spread.rows] = np.maximum(values, 0) if spread.never_negative and part is not parts[3] else values
    _end_of_period(question, parts)
    if question.hold == "units" and question.kind != "flow":
        parts[3] = _chances_of_weeks(question)
    return Answer(*parts)


def _end_of_period(question: Question, parts: list[Numbers]) -> None:
    """On the last day nothing is left open."""
    last = (question.end - question.first).days + 1
    rows = np.flatnonzero((question.days == last) & ~np.isnan(question.value))
    for part in parts[:3]:
        part[rows] = question.value[rows]
    inside = ~(question.value < question.low) & ~(question.value > question.high)
    parts[3][rows] = inside[rows].astype(float)


def _spread(question: Question) -> _Spread | None:
    last = (question.end - question.first).days + 1
    # A ratio without a denominator so far has no value, and an end all the same.
    known = ~np.isnan(question.value) | (question.kind == "ratio")
    if question.kind != "check_in":
        # A KPI's first day may lie after the period, or it has none.
        known &= question.days <= len(question.amounts)
    is_near = (question.days < last) & (last - question.days <= LONGEST)
    usable = np.flatnonzero(known & is_near & _is_enough(question))
    if not len(usable):
        return None
    if question.kind == "check_in":
        return _reported(question, usable)
    calendar = Calendar(question.first, last)
    # Of a KPI that began within the period all days so far are of the period.
    start = max((question.start - question.first).days, 0)
    series = Series(calendar, question.amounts, question.factor, question.is_uncertain)
    origins, end = question.days[usable], np.full(len(usable), last)
    if question.kind == "ratio":
        of_days = Series(calendar, question.denominators, question.factor, question.is_uncertain)
        answered, mixtures = ratio_end(
            question.amounts, of_days, origins, end, start, last_week=question.hold == "end"
        )  # fmt: skip
        positive = bool((question.amounts >= 0).all() and (question.denominators >= 0).all())
        return _of_level(usable[answered], mixtures, positive)
    if question.kind == "stock":
        answered, mixtures = level_end(series, origins, end)
        positive = bool((question.amounts >= 0).all())
        return _of_level(usable[answered], mixtures, positive)
    if question.kind == "distinct":
        # People of an interval cannot be added up; what each day adds to those so far can.
        added = np.diff(np.concatenate([[0.0], question.amounts]))
        series = Series(calendar, np.maximum(added, 0), question.factor, question.is_uncertain)
    falls = bool((series.amounts < 0).any())
    answered, mixtures = rest_of(series, origins, end, start, may_fall=falls)
    if mixtures is None:
        return None
    rows = usable[answered]
    running = np.concatenate([[0], np.cumsum(series.amounts != np.floor(series.amounts))])
    half = np.where(running[question.days[rows]] == 0, 0.5, 0.0) * (not falls)
    return _Spread(rows, mixtures, question.value[rows], half, falls, not falls)


def _is_enough(question: Question) -> Flags:
    """By forecast origin, whether its end has a forecast: of people from 14 of their days on, never of months."""
    if question.kind == "distinct":
        readings = np.arange(len(question.days)) + 1
        return (readings >= LEAST_DAYS) | (readings >= LEAST_UNITS) & (question.days >= 7 * LEAST_UNITS)
    # Months spread over their days look steadier than they are: their ends fell inside 45 times in 100.
    is_coarse = np.diff(_unit_starts(question)).max(initial=0) > 7
    return np.full(len(question.days), not is_coarse)


def _of_level(rows: Places, mixtures: Mixtures | None, is_positive: bool) -> _Spread | None:
    """The distribution of an end itself, and not of what is added to a value so far."""
    none = np.zeros(len(rows))
    return None if mixtures is None else _Spread(rows, mixtures, none, none, True, is_positive)


def _reported(question: Question, usable: Places) -> _Spread | None:
    total = (question.end - question.start).days + 1
    before = (question.start - question.first).days
    rows, found = [], []
    for row in usable:
        made = reported_end(question.reported, question.amounts, int(question.days[row]) - before, total)
        if made is not None:
            rows.append(int(row))
            found.append(made)
    if not found:
        return None
    return _of_level(np.array(rows), joined(found), bool((question.amounts >= 0).all()))


def _chances_of_weeks(question: Question) -> Numbers:
    out = np.full(len(question.days), np.nan)
    before: dict[tuple[float, ...], tuple[bool, ...]] = {}
    for row in np.flatnonzero(~np.isnan(question.weeks_observed)):
        limits = float(question.low[row]), float(question.high[row])
        if limits not in before:
            before[limits] = _kept_before(question, *limits)
        observed, kept = int(question.weeks_observed[row]), int(question.weeks_kept[row])
        if observed + len(before[limits]) < LEAST_UNITS:
            continue
        allowed = 0 if np.isnan(question.allowed_misses[row]) else int(question.allowed_misses[row])
        out[row] = chance_to_keep(kept, observed - kept, int(question.weeks_left[row]), allowed, before[limits])
    return out


def _kept_before(question: Question, low: float, high: float) -> tuple[bool, ...]:
    """Which of the weeks before the period lay within these limits, oldest first; those without a value left out."""
    kept = []
    start = (question.start - question.first).days
    for first, stop in _units(question, start)[-WEEKS_BEFORE:]:
        if question.kind == "ratio":
            whole = question.denominators[first:stop].sum()
            least = np.nan_to_num(question.min_denominator[0])
            value = question.amounts[first:stop].sum() / whole if whole > 0 and whole >= least else np.nan
        else:
            value = question.amounts[stop - 1]
        if not np.isnan(value):
            kept.append(not (value < low or value > high))
    return tuple(kept)


def _units(question: Question, day: int) -> list[tuple[int, int]]:
    """First day and the day after the last of the whole weeks (or months) before that of the day `day`, by number."""
    if not 0 < day < len(question.unit):
        return []
    starts = _unit_starts(question)
    starts = starts[starts <= question.unit[day] - (question.first - EPOCH).days]
    return list(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True))


def _unit_starts(question: Question) -> Places:
    """The days, by number, on which those weeks (or months) begin that are known from their first day on."""
    starts = np.unique(question.unit) - (question.first - EPOCH).days
    return starts[starts >= 0].astype(np.int64)


__all__ = ["FLOOR", "Answer", "Question", "answers"]
