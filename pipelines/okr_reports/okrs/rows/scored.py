"""Rows of objectives, of what is scored, and of the plans beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from okr_reports.common.folder_names import person_id
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.fields import EvidenceTarget, Texts
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.shapes import Held, KeyResult, Measure, Steps, numbers_of
from okr_reports.okrs.periods import Span
from okr_reports.okrs.provenance import Change
from okr_reports.okrs.rows.parts import (
    LINE,
    SAID_BESIDE,
    Row,
    changed,
    definition_of,
    digest_of,
    kpi_title,
    span_of,
    text_columns,
)
from okr_reports.okrs.words import from_id, plain

# docs/scoring.md: a baseline with data on a smaller share of its days gives no verdict.
LEAST_COVERAGE = 0.9


def objectives(definitions: Definitions) -> Iterator[Row]:
    language = definitions.settings.language
    for position, objective in enumerate(definitions.objectives, start=1):
        approved = objective.approved
        yield {
            "objective_id": objective.id,
            "position": position,
            **text_columns("title", objective.title, language),
            "description": objective.description.in_language(language) if objective.description else None,
            "period_id": objective.period,
            "team_id": objective.team,
            "owner": objective.owner,
            "parent_id": objective.parent,
            "ambition": objective.ambition,
            "approved_by": ", ".join(approved.by) if approved else None,
            "approved_on": approved.on if approved else None,
            "path": objective.place.path,
            "line": objective.place.line,
        }


def _scored(definitions: Definitions) -> Iterator[tuple[str, Objective, KeyResult | Measure, int]]:
    """Id, objective, key result or measure, and the place among the key results of the objective (a measure: 0)."""
    for objective in definitions.objectives:
        for position, result in enumerate(objective.key_results, start=1):
            yield result.id, objective, result, position
        if objective.measure is not None:
            yield f"objective/{objective.id}", objective, objective.measure, 0


def key_results(definitions: Definitions, changes: Mapping[str, Change]) -> Iterator[Row]:
    language = definitions.settings.language
    for identifier, objective, scored, position in _scored(definitions):
        numbers = numbers_of(scored)
        kpi = definitions.kpi_by_id[numbers.kpi] if numbers.kpi is not None else None
        title = getattr(scored, "title", None) or (kpi_title(kpi) if kpi else objective.title)
        span = span_of(definitions, objective.period)
        last_year = span.last_year()
        evidence: EvidenceTarget | None = getattr(scored, "evidence", None)
        yield {
            "key_result_id": identifier,
            "role": "key_result" if position else "objective_measure",
            "objective_id": objective.id,
            "position": position,
            **text_columns("title", title, language),
            "owner": getattr(scored, "owner", None),
            "contributors": ", ".join(dict.fromkeys(getattr(scored, "contributors", ()))) or None,
            "evidence_target": evidence.number if evidence else None,
            "evidence_of": evidence.of if evidence else None,
            "type": scored.type,
            "kpi_id": numbers.kpi,
            "unit": kpi.unit if kpi else _own_unit(scored),
            "target": numbers.target,
            "plan_kpi_id": numbers.plan,
            "change": float(numbers.change) if numbers.change is not None else None,
            "low": numbers.low,
            "high": numbers.high,
            **_baseline(definitions, numbers.baseline, span),
            "hold": scored.hold if isinstance(scored, Held) else None,
            "allowed_misses": scored.allowed_misses if isinstance(scored, Held) else None,
            "due": getattr(scored, "due", None),
            "starts": getattr(scored, "starts", None),
            "least_coverage": LEAST_COVERAGE if getattr(scored, "baseline_coverage", None) is None else 0.0,
            "weight": getattr(scored, "weight", 1.0),
            "pace_kind": scored.pace if isinstance(scored.pace, str) else "table",
            "last_year_start": last_year[0],
            "last_year_end": last_year[1],
            "signature": _signature(definitions, scored, span),
            "definition": definition_of(scored),
            "definition_signature": digest_of(definition_of(scored, leave_out=(*SAID_BESIDE, *LINE))),
            "change_reason": getattr(scored, "reason", None),
            "path": scored.place.path,
            "line": scored.place.line,
            **changed(changes, scored.place.path),
        }


def _own_unit(scored: KeyResult | Measure) -> str | None:
    if scored.rule.is_share:
        return None
    return getattr(scored, "unit", None) or ("count" if scored.rule.shape == "range" else "number")


def _baseline(definitions: Definitions, baseline: Decimal | str | None, span: Span) -> Row:
    interval: tuple[date | None, date | None] = (None, None)
    if baseline == "previous_period":
        interval = definitions.calendar.previous(span)
    elif baseline == "same_period_last_year":
        interval = span.last_year()
    elif baseline == "same_weeks_last_year":
        interval = span.same_weeks_last_year()
    relative = isinstance(baseline, str)
    return {
        "baseline_kind": None if baseline is None else baseline if relative else "number",
        "baseline_value": None if relative else baseline,
        "baseline_start": interval[0],
        "baseline_end": interval[1],
    }


def _signature(definitions: Definitions, scored: KeyResult | Measure, span: Span) -> str:
    """A digest of what fixes the target. Numbers count by value: 2, 2.0 and 2.00 are one target.

    With the period, and the days a relative baseline is taken from: a key result that moves on to the next quarter
    under its old id must not keep the old quarter's baseline.
    """
    numbers = numbers_of(scored)
    interval = _baseline(definitions, numbers.baseline, span)
    parts = [
        scored.type, numbers.kpi, numbers.target, numbers.change, numbers.low, numbers.high, numbers.baseline, span.id,
        interval["baseline_start"], interval["baseline_end"], *([numbers.plan] if numbers.plan else []),
    ]  # fmt: skip
    texts = [plain(part) if isinstance(part, Decimal) else part and str(part) for part in parts]
    return digest_of(json.dumps(texts))


def pace_points(definitions: Definitions) -> Iterator[Row]:
    for identifier, objective, scored, _ in _scored(definitions):
        if isinstance(scored.pace, str):
            continue
        span = span_of(definitions, objective.period)
        points = {span.start - timedelta(days=1): 0.0, **scored.pace, span.end: 1.0}
        for day, share in sorted(points.items()):
            yield {"key_result_id": identifier, "date": day, "share": share}


def milestones(definitions: Definitions) -> Iterator[Row]:
    language = definitions.settings.language
    for _, result in definitions.key_results():
        for position, step in enumerate(result.milestones if isinstance(result, Steps) else (), start=1):
            yield {
                "key_result_id": result.id,
                "milestone_id": step.id,
                "position": position,
                "title": (step.title or Texts(from_id(step.id))).in_language(language),
                "weight": step.weight,
                "due": step.due,
            }


def pauses(definitions: Definitions) -> Iterator[Row]:
    for _, result in definitions.key_results():
        for pause in result.pauses:
            yield {
                "key_result_id": result.id,
                "first_day": pause.first,
                "last_day": pause.last,
                "reason": pause.reason,
            }


def key_result_kpis(definitions: Definitions) -> Iterator[Row]:
    for _, result in definitions.key_results():
        for position, kpi in enumerate(dict.fromkeys(result.kpis), start=1):
            yield {"key_result_id": result.id, "kpi_id": kpi, "position": position}


def contributors(definitions: Definitions) -> Iterator[Row]:
    for _, result in definitions.key_results():
        for position, name in enumerate(dict.fromkeys(result.contributors), start=1):
            yield {"key_result_id": result.id, "position": position, "name": name}


def people(definitions: Definitions) -> Iterator[Row]:
    titles: dict[str, str] = {}
    for name in dict.fromkeys(name for objective in definitions.objectives for name in _named(objective)):
        person = person_id(name)
        yield {"name": name, "person_id": person, "title": titles.setdefault(person, name)}


def _named(objective: Objective) -> Iterator[str]:
    names = [objective.owner, *(initiative.owner for initiative in objective.initiatives)]
    for result in objective.key_results:
        names += [result.owner, *result.contributors]
    yield from (name for name in names if name is not None)


def initiatives(definitions: Definitions) -> Iterator[Row]:
    for objective in definitions.objectives:
        for position, initiative in enumerate(objective.initiatives, start=1):
            yield {
                "objective_id": objective.id,
                "position": position,
                "title": initiative.title.in_language(definitions.settings.language),
                "owner": initiative.owner,
                "state": initiative.state,
            }
