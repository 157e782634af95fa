"""Warnings: definitions that work but that OKR practice advises against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from okr_reports.errors import Finding
from okr_reports.okrs.findings import advice
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.settings import FEWEST_OVERVIEW_KPIS, MOST_OVERVIEW_KPIS
from okr_reports.okrs.words import shown


def lint_practice(context: Context) -> Iterator[Finding]:
    """Too few or too many objectives, lonely owners, unapproved parents, unsupported objectives, stale check-ins."""
    yield from _objectives_per_team(context)
    supported = {objective.parent for objective in context.definitions.objectives}
    for objective in context.definitions.objectives:
        place, name = objective.place, shown(objective.id)
        if objective.owner is not None and objective.team is None:
            what = f"{name} is owned by {shown(objective.owner)} and by no team"
            yield advice(place.path, place.at("owner"), what, "add team:, so that it outlives a holiday")
        if is_company_objective(objective) and objective.id not in supported and context.complete:
            what = f"no team supports the company objective {name}"
            yield advice(place.path, place.line, what, f"write parent: {objective.id} at an objective of a team")
        if not objective.key_results and objective.measure is None:
            what = f"{name} has neither key results nor a measure, so it will never have a score"
            yield advice(place.path, place.line, what, "add key_results")
        yield from _unapproved_parent(context, objective)
    head = context.definitions.settings.overview_kpis
    if 0 < len(head) < FEWEST_OVERVIEW_KPIS:
        place, count = context.definitions.settings.place, f"{len(head)} KPI{'s head' if len(head) > 1 else ' heads'}"
        what, todo = f"{count} the overview", f"name {FEWEST_OVERVIEW_KPIS} to {MOST_OVERVIEW_KPIS}, or none"
        yield advice(place.path, place.at("overview_kpis"), what, todo)
    yield from _stale(context)


def is_company_objective(objective: Objective) -> bool:
    """One that the whole company stands for, whoever answers for it: no team, and nothing above it."""
    return objective.team is None and objective.parent is None


def _active(context: Context, objective: Objective) -> bool:
    span = context.definitions.span(objective.period)
    return span is not None and span.start <= context.today <= span.end


def _objectives_per_team(context: Context) -> Iterator[Finding]:
    limits = context.definitions.settings.objectives_per_team
    groups: defaultdict[tuple[str, str], list[Objective]] = defaultdict(list)
    for objective in context.definitions.objectives:
        if objective.team is not None:
            groups[objective.team, objective.period].append(objective)
    for (team, period), objectives in groups.items():
        if limits.min <= len(objectives) <= limits.max or not context.complete or context.broken.get("objectives"):
            continue
        count, place = len(objectives), objectives[0].place
        what = f"the team {shown(team)} has {count} objective{'s' if count > 1 else ''} in {period}"
        todo = f"aim for {limits.min} to {limits.max} (settings.objectives_per_team)"
        yield advice(place.path, place.at("team"), what, todo)


def _unapproved_parent(context: Context, objective: Objective) -> Iterator[Finding]:
    parent = context.definitions.objective_by_id.get(objective.parent or "")
    if parent is None or not _active(context, objective):
        return
    if parent.approved is None or parent.approved.on > context.today:
        what = f"{shown(objective.id)} runs, but its parent {shown(parent.id)} is not approved"
        yield advice(objective.place.path, objective.place.at("parent"), what, "add approved: to the parent")


def _stale(context: Context) -> Iterator[Finding]:
    days = context.definitions.settings.check_in_stale_after_days
    last: dict[str, date] = {}
    for check_in in context.definitions.check_ins:
        if check_in.date <= context.today:
            last[check_in.key_result] = max(check_in.date, last.get(check_in.key_result, check_in.date))
    for objective, result in context.definitions.key_results():
        span = context.definitions.span(objective.period)
        if span is None or not _active(context, objective) or not context.complete:
            continue
        since = last.get(result.id)
        if context.today - (since or span.start) <= timedelta(days=days):
            continue
        what = (
            f"the last check-in of {shown(result.id)} is of {since}"
            if since
            else f"{shown(result.id)} has had no check-in since its period started on {span.start}"
        )
        yield advice(result.place.path, result.place.line, what, f"say how it stands: `okr check-in {result.id}`")
