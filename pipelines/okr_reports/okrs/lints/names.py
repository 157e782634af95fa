"""Ids are unique, every name that is used exists, and no objective is its own ancestor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from okr_reports.errors import Finding
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.shapes import Steps, numbers_of
from okr_reports.okrs.periods import is_fiscal
from okr_reports.okrs.place import Place
from okr_reports.okrs.presets import unused_presets
from okr_reports.okrs.words import shown


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def place(self) -> Place: ...


def lint_names(context: Context) -> Iterator[Finding]:
    """Duplicate ids, presets of packages that are not used for theirs, unknown names, cycles of parents."""
    definitions = context.definitions
    yield from _duplicates(definitions)
    yield from unused_presets()
    yield from _cycles(definitions)
    teams = {team.id for team in definitions.teams}
    own_periods = [period.id for period in definitions.periods]
    for objective in definitions.objectives:
        place = objective.place
        if is_fiscal(objective.period) and definitions.settings.fiscal_year is None:
            what = f"{objective.period} is a period of a fiscal year, and the settings name none"
            yield mistake(place.path, place.at("period"), what, "add `fiscal_year: {starts: 04-01}` to settings")
        elif definitions.span(objective.period) is None:
            yield from context.unknown("periods", objective.period, own_periods, place, "period", called="the period")
        if objective.team is not None:
            yield from context.unknown("teams", objective.team, teams, place, "team", called="the team")
        if objective.parent is not None:
            objectives = definitions.objective_by_id
            yield from context.unknown("objectives", objective.parent, objectives, place, "parent", called="the parent")
    yield from _unknown_kpis(context)
    yield from _unknown_in_notes(context, teams)
    yield from _unknown_in_events(context)
    yield from _unknown_in_alerts(context)


def _unknown_kpis(context: Context) -> Iterator[Finding]:
    known = context.definitions.kpi_by_id
    for _, scored in context.definitions.scored():
        numbers = numbers_of(scored)
        for key, kpi in (("kpi", numbers.kpi), ("target", numbers.plan)):
            if kpi is not None:
                yield from context.unknown("kpis", kpi, known, scored.place, key, called="the KPI")
    for _, result in context.definitions.key_results():
        for kpi in result.kpis:
            yield from context.unknown("kpis", kpi, known, result.place, "kpis", called="the KPI")


def _unknown_in_notes(context: Context, teams: set[str]) -> Iterator[Finding]:
    definitions = context.definitions
    known = {
        "kpi": ("kpis", set(definitions.kpi_by_id)),
        "key_result": ("key_results", set(definitions.key_result_by_id)),
        "objective": ("objectives", set(definitions.objective_by_id)),
        "team": ("teams", teams),
        "channel": ("file_sources", set(context.measures_by_channel)),
    }
    for note in definitions.notes:
        kind, identifier = note.on
        list_name, names = known[kind]
        called = "the " + kind.replace("_", " ")
        yield from context.unknown(list_name, identifier, names, note.place, "on", called=called)


def _unknown_in_events(context: Context) -> Iterator[Finding]:
    kpis, channels = context.definitions.kpi_by_id, set(context.measures_by_channel)
    settings = context.definitions.settings
    for name in settings.overview_kpis:
        yield from context.unknown("kpis", name, kpis, settings.place, "overview_kpis", called="the KPI")
    for event in context.definitions.events:
        for name in event.kpis:
            yield from context.unknown("kpis", name, kpis, event.place, "kpis", called="the KPI")
        for name in event.channels:
            yield from context.unknown("file_sources", name, channels, event.place, "channels", called="the channel")


def _unknown_in_alerts(context: Context) -> Iterator[Finding]:
    definitions = context.definitions
    known, alerts = definitions.kpi_by_id, definitions.alerts
    for mute in definitions.mutes:
        yield from context.unknown("kpis", mute.kpi, known, mute.place, "kpi", called="the KPI")
    if alerts is None or alerts.kpis == "all":
        return
    for name in alerts.kpis:
        yield from context.unknown("kpis", name, known, alerts.place, "kpis", called="the KPI")
        if name in known and not definitions.is_daily(known[name]):
            what = f"the days of {shown(name)} say nothing by themselves, so no value of it can be called unusual"
            todo = "know that its sources and targets alone are watched"
            yield advice(alerts.place.path, alerts.place.at("kpis"), what, todo)


def _duplicates(definitions: Definitions) -> Iterator[Finding]:
    results = [result for _, result in definitions.key_results()]
    groups: list[tuple[str, Sequence[_Named]]] = [
        ("period", definitions.periods),
        ("team", definitions.teams),
        ("KPI", definitions.kpis),
        ("objective", definitions.objectives),
        ("key result", results),
        ("channel", definitions.channels),
        ("check-in source", definitions.check_in_source_entries),
        ("file source", definitions.file_source_entries),
        ("table", definitions.table_entries),
        ("event", definitions.events),
        *(("milestone", result.milestones) for result in results if isinstance(result, Steps)),
    ]
    for called, entries in groups:
        first: dict[str, Place] = {}
        for entry in entries:
            seen = first.setdefault(entry.id, entry.place)
            if seen is not entry.place:
                place = entry.place
                what = f"the {called} {shown(entry.id)} stands already at {seen.path}:{seen.at('id')}"
                yield mistake(place.path, place.at("id"), what, "give one of them another id")


def _cycles(definitions: Definitions) -> Iterator[Finding]:
    objectives = definitions.objective_by_id
    done: set[str] = set()
    for start in definitions.objectives:
        path: list[str] = []
        current: Objective | None = start
        while current is not None and current.id not in done:
            if current.id in path:
                circle = [*path[path.index(current.id) :], current.id]
                what = "the parents go round in a circle: " + " -> ".join(circle)
                place = current.place
                yield mistake(place.path, place.at("parent"), what, "remove one of these parents")
                break
            path.append(current.id)
            current = objectives.get(current.parent) if current.parent is not None else None
        done.update(path)
