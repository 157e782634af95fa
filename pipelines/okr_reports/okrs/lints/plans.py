"""A target that is taken from a plan: of the same unit, of a kind that says the same, with rows of the days to come."""

from __future__ import annotations

from collections.abc import Iterator

from okr_reports.errors import Finding
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.models.shapes import KeyResult, Measure, numbers_of
from okr_reports.okrs.words import shown

# What a plan may be for a KPI: its total for a total, a level for a level or a rate.
_PLANS = {"flow": ("flow",), "ratio": ("ratio", "stock"), "stock": ("stock",), None: ("flow", "ratio", "stock")}


def lint_plans(context: Context) -> Iterator[Finding]:
    """Everything about targets that are another KPI's."""
    known = context.definitions.kpi_by_id
    for _, scored in context.definitions.scored():
        numbers = numbers_of(scored)
        plan = known.get(numbers.plan or "")
        if plan is None or (numbers.kpi is not None and numbers.kpi not in known):
            continue
        kpi = known.get(numbers.kpi or "")
        yield from _fits(scored, kpi, plan)
        if "pace" in scored.model_fields_set:
            what = f"the rows of {shown(plan.id)} are the pace already"
            yield mistake(scored.place.path, scored.place.at("pace"), what, "remove `pace`")
    yield from _days_to_come(context)


def _fits(scored: KeyResult | Measure, kpi: Kpi | None, plan: Kpi) -> Iterator[Finding]:
    place, line = scored.place, scored.place.at("target")
    if kpi is plan:
        what = f"the target of {shown(plan.id)} is {shown(plan.id)} itself"
        yield mistake(place.path, line, what, "name the KPI of the plan, whose rows are its own")
        return
    plans = _PLANS.get(kpi.kind if kpi else None, ())
    if plan.kind not in plans:
        what = f"{shown(plan.id)} is a {plan.kind} KPI, which is no target of " + (
            f"{shown(kpi.id)}, a {kpi.kind}" if kpi else "a number by check-in"
        )
        todo = f"name a plan of kind {' or '.join(plans)}" if plans else "write `target` with the number"
        yield mistake(place.path, line, what, todo)
    unit = kpi.unit if kpi else getattr(scored, "unit", None) or "number"
    if plan.unit != unit:
        what = f"the plan {shown(plan.id)} is in {plan.unit}, and what it is a target of in {unit}"
        at = f"at {shown(plan.id)}" if kpi else "here"
        yield mistake(place.path, line, what, f"write unit: {unit if kpi else plan.unit} {at}")


def _days_to_come(context: Context) -> Iterator[Finding]:
    """Rows of a plan's months to come count only where they are declared to."""
    definitions = context.definitions
    planned = dict.fromkeys(numbers_of(scored).plan for _, scored in definitions.scored())
    plans = [kpi for name, kpi in definitions.kpi_by_id.items() if name in planned]
    sources = {source.id: source for source in definitions.file_sources}
    for entry in definitions.file_source_entries:
        source = sources[entry.id]
        uses = [plan.id for plan in plans if plan.takes(source.channel) and set(plan.measures) & set(source.measures)]
        if uses and source.open_range != "whole" and (source.grain not in ("day", "reading") or source.end_date):
            what = (
                f"the plan {shown(uses[0])} takes rows of a {source.grain}, which count only up to the day they reach"
            )
            yield advice(entry.place.path, entry.place.line, what, "add open_range: whole")
