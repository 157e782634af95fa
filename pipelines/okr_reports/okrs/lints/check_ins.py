"""A check-in says what its key result can hear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from okr_reports.errors import Finding
from okr_reports.okrs.fields import Percentage
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.models.shapes import KeyResult, Steps, numbers_of
from okr_reports.okrs.words import nearest, shown

# docs/scoring.md, "Close".
_COUNTS_AFTER = timedelta(days=7)


def lint_check_ins(context: Context) -> Iterator[Finding]:
    """Unknown key results and milestones; values of another type; days before the period or still to come."""
    known = context.definitions.key_result_by_id
    for check_in in context.definitions.check_ins:
        place = check_in.place
        yield from context.unknown(
            "key_results", check_in.key_result, known, place, "key_result", called="the key result"
        )
        if check_in.key_result not in known:
            continue
        objective, result = known[check_in.key_result]
        yield from answers(check_in, result)
        span = context.definitions.span(objective.period)
        if span is not None and check_in.date < span.start:
            what = f"the check-in is of {check_in.date}, before its period starts on {span.start}"
            yield advice(place.path, place.at("date"), f"{what}: it counts from then", "fix the date")
        elif check_in.value is not None and any(pause.first <= check_in.date <= pause.last for pause in result.pauses):
            what = f"the check-in is of {check_in.date}, within a pause of {shown(result.id)}: its value does not count"
            yield advice(place.path, place.at("date"), what, "date it after the pause")
        elif check_in.date > context.today:
            what = f"the check-in is of {check_in.date}, and today is {context.today}: it counts from that day"
            yield advice(place.path, place.at("date"), what, "fix the date")
        elif span is not None and numbers_of(result).kpi is None and check_in.date > span.end + _COUNTS_AFTER:
            what = f"the check-in is of {check_in.date}, more than a week after its period ended on {span.end}"
            todo = "it counts for what is known now alone; `reopen` closes the key result anew with it"
            if value_key(result) and getattr(check_in, value_key(result) or "", None) not in (None, []):
                yield advice(place.path, place.at("date"), what, todo)
    yield from _twice_a_day(context)


def _twice_a_day(context: Context) -> Iterator[Finding]:
    """Two check-ins of one day that say different things: the later one counts, by path and then by line."""
    first: dict[tuple[object, ...], CheckIn] = {}
    for check_in in context.definitions.check_ins:
        for key in ("value", "met", "grade", "confidence"):
            said = getattr(check_in, key)
            before = first.get((check_in.key_result, check_in.date, key))
            if said is None:
                continue
            first[check_in.key_result, check_in.date, key] = check_in
            # An answer of a form is corrected by a written check-in of its day.
            if before is None or getattr(before, key) == said or not before.place.path.endswith((".yml", ".yaml")):
                continue
            at = f"{before.place.path}:{before.place.line}"
            name = shown(check_in.key_result)
            what = f"{name} has two check-ins of {check_in.date} that differ in {key}; the other: {at}"
            yield advice(check_in.place.path, check_in.place.at(key), what, "this one counts; remove one of them")


def lint_reopenings(context: Context) -> Iterator[Finding]:
    """Entries of `reopen` that nothing can come of."""
    known = context.definitions.key_result_by_id
    seen: dict[tuple[str, object], int] = {}
    for entry in context.definitions.reopen:
        place = entry.place
        yield from context.unknown("key_results", entry.key_result, known, place, "key_result", called="the key result")
        span = context.definitions.span(known[entry.key_result][0].period) if entry.key_result in known else None
        if span is not None and entry.on <= span.end:
            what = f"{shown(entry.key_result)} is reopened on {entry.on}, and its period ends on {span.end}"
            yield advice(place.path, place.at("on"), what, "it has no effect: name the day of the close or a later one")
        if (entry.key_result, entry.on) in seen:
            what = f"{shown(entry.key_result)} is reopened twice on {entry.on}"
            yield advice(place.path, place.line, what, "keep one of them")
        seen[entry.key_result, entry.on] = place.line


def answers(check_in: CheckIn, result: KeyResult) -> Iterator[Finding]:
    """Values the key result's type does not take, and milestones it does not have."""
    place = check_in.place
    takes = value_key(result)
    for key in ("value", "done", "met", "grade"):
        if key == takes or getattr(check_in, key) in (None, []):
            continue
        what = f"{key}: {shown(result.id)} is {result.type}" + _source(result)
        yield mistake(place.path, place.at(key), what, f"use `{takes}`" if takes else f"remove `{key}`")
    if isinstance(result, Steps):
        steps = [step.id for step in result.milestones]
        for step in check_in.done:
            if step not in steps:
                what = f"{shown(result.id)} has no milestone {shown(step)}"
                yield mistake(place.path, place.at("done"), what, nearest(step, steps))
    if check_in.evidence is not None and result.evidence is None:
        what = f"evidence: {shown(result.id)} does not say how much it needs, so that of the check-in is shown nowhere"
        yield advice(place.path, place.at("evidence"), what, "write `evidence: 5` on the key result")
    if isinstance(check_in.value, Percentage) and takes == "value" and getattr(result, "unit", None) != "percent":
        what = "value: a percentage, but the key result is not counted in percent"
        yield mistake(place.path, place.at("value"), what, "write it without %, or set unit: percent there")


def value_key(result: KeyResult) -> str | None:
    """The key by which a check-in values this key result; None if its KPI does."""
    return result.rule.reads if numbers_of(result).kpi is None else None


def _source(result: KeyResult) -> str:
    kpi = numbers_of(result).kpi
    return "" if kpi is None else f" and takes its value from the KPI {shown(kpi)}"
