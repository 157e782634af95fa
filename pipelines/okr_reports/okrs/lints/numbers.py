"""Targets that can be reached, directions that fit the numbers, weights and paces that add up (docs/scoring.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from okr_reports.errors import Finding
from okr_reports.okrs.fields import Percentage
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.shapes import Held, KeyResult, Measure, Move, Steps, numbers_of
from okr_reports.okrs.words import plain, shown


def lint_numbers(context: Context) -> Iterator[Finding]:
    """Everything about numbers that one entry alone does not show."""
    for objective, scored in context.definitions.scored():
        kpi = context.definitions.kpi_by_id.get(numbers_of(scored).kpi or "")
        if isinstance(scored, Move):
            yield from _move(scored, kpi)
        yield from _counted_target(scored, kpi)
        yield from _held_flow(scored, kpi)
        yield from _days(context, objective, scored, kpi)
        yield from _units(scored, kpi)
        yield from _pace(context, objective, scored, kpi)
    for objective in context.definitions.objectives:
        yield from _measure_has_kpi(objective)
        yield from _weights(objective)
        yield from _due(context, objective)


def _move(move: Move, kpi: Kpi | None) -> Iterator[Finding]:
    place = move.place
    known_kpi = kpi is not None or move.kpi is None
    counted = kpi is not None and kpi.kind in move.rule.no_baseline_for
    if move.baseline is None:
        if move.change is not None:
            what = f"the {move.size_key} is relative to a baseline, and there is none"
            yield mistake(place.path, place.at(move.size_key), what, "write baseline: previous_period or a number")
        elif known_kpi and not counted:
            what = f"this {move.type} starts nowhere: it has no baseline"
            yield mistake(place.path, place.line, what, "write baseline: with the number it starts from")
    elif isinstance(move.baseline, str) and move.kpi is None:
        what = f"{move.baseline} needs a KPI to look it up"
        yield mistake(place.path, place.at("baseline"), what, "add kpi:, or write the baseline as a number")
    if kpi is not None and kpi.kind in move.rule.refused_kinds:
        what = f"{shown(kpi.id)} is a {kpi.kind} KPI, which cannot be scored as {move.type}"
        yield mistake(place.path, place.at("type"), what, move.rule.refused_kinds[kpi.kind])
    if move.change is not None and move.target_from(Decimal(1)) < 0:
        what = f"a {move.type} of more than 100 % ends below zero"
        yield mistake(place.path, place.at(move.size_key), what, "write a smaller one, or target: with the number")
    elif isinstance(move.baseline, Decimal) and numbers_of(move).plan is None:
        yield from _direction(move, move.baseline)


def _direction(move: Move, baseline: Decimal) -> Iterator[Finding]:
    place, sign, target = move.place, -1 if move.rule.better == "lower" else 1, move.target_from(baseline)
    line = place.at("target", move.size_key)
    if target == baseline:
        what = f"the baseline {plain(baseline)} equals the target" if move.change is None else "a share of 0 is no move"
        yield mistake(place.path, line, what, "write a target that differs from the baseline")
    elif (target - baseline) * sign < 0:
        what = f"this is to {move.type}, but {plain(baseline)} to {plain(target)} goes the other way"
        yield mistake(place.path, line, what, "swap baseline and target, or fix the type")


def _counted_target(scored: KeyResult | Measure, kpi: Kpi | None) -> Iterator[Finding]:
    if kpi is None or not scored.rule.starts_at_zero(kpi.kind):
        return
    target = numbers_of(scored).target
    if target is not None and target <= 0 and not (kpi.signed and scored.rule.is_held):
        what = f"{shown(kpi.id)} is counted from 0, so a target of {plain(target)} is reached before it starts"
        yield mistake(scored.place.path, scored.place.at("target"), what, "write a target above 0")


def _held_flow(scored: KeyResult | Measure, kpi: Kpi | None) -> Iterator[Finding]:
    if not isinstance(scored, Held) or kpi is None or kpi.kind != "flow":
        return
    numbers = numbers_of(scored)
    for key in ("target", "low", "high"):
        limit = getattr(numbers, key)
        if limit is not None and limit < 0 and not kpi.signed and not scored.rule.starts_at_zero(kpi.kind):
            what = f"{key}: {plain(limit)} is below 0, and {shown(kpi.id)} is counted from 0"
            yield mistake(
                scored.place.path, scored.place.at(key), what, "write `signed: true` at a KPI that may be negative"
            )
    if scored.hold != "units" or scored.allowed_misses is not None:
        key = "allowed_misses" if scored.allowed_misses is not None else "hold"
        what = f"{key}: {shown(kpi.id)} is a flow, which is held by its projected total"
        yield mistake(scored.place.path, scored.place.at(key), what, f"remove `{key}`")


def _days(context: Context, objective: Objective, scored: KeyResult | Measure, kpi: Kpi | None) -> Iterator[Finding]:
    """`starts` and `pauses` leave some of the period, and nothing that is measured against a whole one."""
    starts, pauses = getattr(scored, "starts", None), getattr(scored, "pauses", [])
    span, place = context.definitions.span(objective.period), scored.place
    if span is None or (starts is None and not pauses):
        return
    where = f"the period {objective.period} ({span.start} to {span.end})"
    if starts is not None and not span.start <= starts <= span.end:
        yield mistake(place.path, place.at("starts"), f"{starts} lies outside {where}", "use a day of the period")
        return
    for pause in pauses:
        if not span.start <= pause.first <= pause.last <= span.end:
            what = f"the pause from {pause.first} to {pause.last} lies outside {where}"
            yield mistake(pause.place.path, pause.place.line, what, "use days of the period")
    days = (span.start + timedelta(days=number) for number in range(span.length))
    if not any(
        day >= (starts or day) and not any(pause.first <= day <= pause.last for pause in pauses) for day in days
    ):
        yield mistake(place.path, place.at("pauses"), "the pauses leave no day of the period", "leave some")
    key = "pauses" if pauses else "starts"
    if pauses and kpi is not None and kpi.kind == "distinct":
        what = f"{shown(kpi.id)} counts people once over an interval, and a pause cannot be taken out of it"
        yield mistake(place.path, place.at(key), what, "remove `pauses`, or use another KPI")
    is_relative = isinstance(scored, Move) and scored.change is not None and isinstance(scored.baseline, str)
    if isinstance(scored, Move) and is_relative and kpi is not None and kpi.kind == "flow":
        what = f"{scored.size_key}: a share of a whole period's total is no target of the days that {key} leave"
        yield mistake(place.path, place.at(scored.size_key), what, "write `target` with the number")


def _units(scored: KeyResult | Measure, kpi: Kpi | None) -> Iterator[Finding]:
    place, numbers = scored.place, numbers_of(scored)
    own_unit = getattr(scored, "unit", None)
    if own_unit is not None and numbers.kpi is not None:
        yield mistake(place.path, place.at("unit"), "the unit is the KPI's", "remove `unit` here")
    unit = kpi.unit if kpi is not None else own_unit
    if numbers.kpi is not None and kpi is None:
        return
    for key in ("baseline", "target", "low", "high"):
        number = getattr(numbers, key)
        if isinstance(number, Percentage) and unit != "percent":
            what = f"{key}: a percentage, but the number is counted in {unit or 'no unit'}"
            yield mistake(place.path, place.at(key), what, "write it without %, or set unit: percent")
        elif isinstance(number, Percentage) or not isinstance(number, Decimal):
            continue
        elif unit == "percent" and abs(number) > 1:
            what = f"{key}: {plain(number)} of a percentage is {plain(number * 100)} %"
            yield advice(place.path, place.at(key), what, f"write {plain(number)}% if that is meant")
    if kpi is not None and {kpi.better, scored.rule.better} == {"higher", "lower"}:
        what = f"{scored.type} asks for what is worse: {kpi.better} values of {shown(numbers.kpi)} are better"
        yield advice(place.path, place.at("type"), what, "fix the type, or `better` of the KPI")


def _pace(context: Context, objective: Objective, scored: KeyResult | Measure, kpi: Kpi | None) -> Iterator[Finding]:
    pace, place, span = scored.pace, scored.place, context.definitions.span(objective.period)
    line = place.at("pace")
    if pace == "linear" or span is None:
        return
    if scored.rule.is_held or not scored.rule.is_paced:
        yield mistake(place.path, line, f"a pace has no meaning for {scored.type}", "remove `pace`")
        return
    if isinstance(pace, str):
        if numbers_of(scored).kpi is None or (kpi is not None and kpi.kind != "flow"):
            yield mistake(place.path, line, "a seasonal pace needs a flow KPI", "use linear, or a table of dates")
        return
    points = sorted(pace.items())
    for day, share in points:
        if not span.start <= day <= span.end:
            what = f"{day} lies outside the period {objective.period} ({span.start} to {span.end})"
            yield mistake(place.path, line, what, "use days of the period")
        elif day == span.end and share != 1:
            yield mistake(place.path, line, "the last day of the period expects less than 100 %", "write 100%")
    if any(later[1] < earlier[1] for earlier, later in pairwise(points)):
        yield mistake(place.path, line, "the expected share falls", "let it rise from date to date")


def _measure_has_kpi(objective: Objective) -> Iterator[Finding]:
    measure = objective.measure
    if measure is not None and numbers_of(measure).kpi is None:
        what = "the objective's measure has no KPI, and check-ins are about key results"
        yield mistake(measure.place.path, measure.place.line, what, "add kpi:, or make it a key result")


def _weights(objective: Objective) -> Iterator[Finding]:
    results = objective.key_results
    if results and not any(result.weight for result in results):
        place, what = objective.place, f"all key results of {shown(objective.id)} weigh 0"
        yield mistake(place.path, place.at("key_results"), what, "give one of them a weight above 0")
    for result in results:
        if isinstance(result, Steps) and not any(step.weight for step in result.milestones):
            what = f"all milestones of {shown(result.id)} weigh 0"
            yield mistake(result.place.path, result.place.at("milestones"), what, "give one of them a weight above 0")


def _due(context: Context, objective: Objective) -> Iterator[Finding]:
    span = context.definitions.span(objective.period)
    for result in objective.key_results:
        if span is None:
            continue
        for dated in (result, *(result.milestones if isinstance(result, Steps) else ())):
            due = getattr(dated, "due", None)
            if due is not None and not span.start <= due <= span.end:
                what = f"{due} lies outside the period {objective.period} ({span.start} to {span.end})"
                yield mistake(dated.place.path, dated.place.at("due"), what, "use a day of the period")
