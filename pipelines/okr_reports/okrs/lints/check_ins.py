"""A check-in says what its key result can hear."""

from __future__ import annotations

from collections.abc import Iterator

from okr_reports.errors import Finding
from okr_reports.okrs.fields import Percentage
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.models.shapes import KeyResult, Steps, numbers_of
from okr_reports.okrs.words import nearest, shown


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
            yield advice(place.path, place.at("date"), what, "mend the date")
        elif check_in.date > context.today:
            what = f"the check-in is of {check_in.date}, and today is {context.today}"
            yield advice(place.path, place.at("date"), what, "mend the date")


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
    elif isinstance(check_in.value, Percentage) and takes == "value" and getattr(result, "unit", None) != "percent":
        what = "value: a percentage, but the key result is not counted in percent"
        yield mistake(place.path, place.at("value"), what, "write it without %, or set unit: percent there")


def value_key(result: KeyResult) -> str | None:
    """The key by which a check-in values this key result; None if its KPI does."""
    return result.rule.reads if numbers_of(result).kpi is None else None


def _source(result: KeyResult) -> str:
    kpi = numbers_of(result).kpi
    return "" if kpi is None else f" and takes its value from the KPI {shown(kpi)}"
