"""The warehouse rows that say what random definitions with random data say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.channels.spans import Reader
from tests.dbt_project.companies import CHANNEL, TODAY, Objective, decimal_of
from tests.dbt_project.reference import MAINTAIN, Settings
from tests.dbt_project.reference_days import CheckIn, KeyResult, Kpi
from tests.dbt_project.warehouse import SETTINGS, Warehouse


def settings_row(chosen: Settings, week_starts: int = 0) -> dict[str, Any]:
    """The settings as the warehouse holds them."""
    return {
        **SETTINGS, "status_on_track": chosen.on_track, "status_at_risk": chosen.at_risk, "grace": chosen.grace,
        "success_committed": chosen.committed, "success_aspirational": chosen.aspirational,
        "check_in_stale_after_days": chosen.old_after_days, "days_before_monday": week_starts,
    }  # fmt: skip


def fill(warehouse: Warehouse, found: Sequence[Objective]) -> None:
    """Write the definitions and the data into the warehouse. Each KPI has an account of its own, named like its KR."""
    krs = [kr for objective in found for kr in objective.key_results]
    _put_frame(warehouse, found)
    warehouse.put("definitions.key_results", [row for one in found for row in _key_results(one)])
    sources = [*((kr.id, kr.kpi) for kr in krs), *((f"{kr.id}_plan", kr.plan) for kr in krs)]
    kpis_by_id = {id_: kpi for id_, kpi in sources if kpi is not None}
    warehouse.put("definitions.kpis", [_kpi(id_, kpi) for id_, kpi in kpis_by_id.items()])
    conditions = [("channel", CHANNEL), ("account_id", None)]
    warehouse.put(
        "definitions.kpi_conditions",
        [
            {"kpi_id": id_, "condition_no": place, "field": name, "operator": "in", "value": value or id_}
            for id_ in kpis_by_id
            for place, (name, value) in enumerate(conditions)
        ],
    )
    points = ((kr.id, day, share) for kr in krs for day, share in kr.pace_table)
    _put_tuples(warehouse, "definitions.pace_points", ("key_result_id", "date", "share"), points)
    paused = ((kr.id, first, last) for kr in krs for first, last in kr.pauses)
    _put_tuples(warehouse, "definitions.pauses", ("key_result_id", "first_day", "last_day"), paused)
    steps = ((kr.id, place, one.id, one.weight, one.due) for kr in krs for place, one in enumerate(kr.milestones))
    columns = ("key_result_id", "position", "milestone_id", "weight", "due")
    _put_tuples(warehouse, "definitions.milestones", columns, steps)
    _put_check_ins(warehouse, krs)
    spread = [_spread_by_loading(kpis_by_id, at) for at in (0, 1)]
    rows = [row for one in kpis_by_id.items() for row in _measures(*one, spread, warehouse)]
    warehouse.put("files.measures", rows)
    warehouse.put("files.file_measures", [row for one in kpis_by_id.items() for row in _file_measures(*one)])
    warehouse.loaded_all(
        {"channel": CHANNEL, "account_id": id_, "data_through": kpi.through}
        for id_, kpi in kpis_by_id.items()
        if kpi.through is not None
    )


def _put_frame(warehouse: Warehouse, found: Sequence[Objective]) -> None:
    channel = {"channel": CHANNEL, "title": "Made", "kind": "ads", "lookback_days": 30}
    warehouse.put("definitions.channels", [channel])
    spans = sorted({(one.key_results[0].start, one.key_results[0].end) for one in found})
    columns = ("period_id", "title", "kind", "start_date", "end_date")
    periods = ((f"{start}_{end}", f"{start}", "custom", start, end) for start, end in spans)
    _put_tuples(warehouse, "definitions.periods", columns, periods)
    warehouse.put(
        "definitions.objectives",
        [
            {
                "objective_id": _objective_id(one), "position": place, "title": "", "owner": "Ana",
                "period_id": f"{one.key_results[0].start}_{one.key_results[0].end}",
                "ambition": one.key_results[0].ambition,
            }
            for place, one in enumerate(found)
        ],
    )  # fmt: skip


def _objective_id(objective: Objective) -> str:
    return objective.key_results[0].id.split("_")[0]


def _key_results(objective: Objective) -> Iterator[dict[str, Any]]:
    for place, kr in enumerate(objective.key_results):
        relative = isinstance(kr.baseline, tuple)
        start, end = kr.baseline if isinstance(kr.baseline, tuple) else (None, None)
        last_year = kr.last_year or (None, None)
        yield {
            "key_result_id": kr.id, "role": "key_result", "objective_id": _objective_id(objective), "position": place,
            "type": kr.type, "kpi_id": kr.id if kr.kpi else None,
            "plan_kpi_id": f"{kr.id}_plan" if kr.plan else None, "target": kr.target, "change": kr.change,
            "low": kr.low, "high": kr.high, "baseline_value": None if relative else kr.baseline,
            "baseline_kind": None if kr.baseline is None else "previous_period" if relative else "number",
            "baseline_start": start, "baseline_end": end, "weight": kr.weight, "pace_kind": kr.pace,
            "last_year_start": last_year[0], "last_year_end": last_year[1], "signature": "1",
            "hold": kr.hold if kr.type in MAINTAIN else None, "allowed_misses": kr.allowed_misses,
            "due": kr.due, "starts": kr.starts, "least_coverage": kr.least_coverage,
        }  # fmt: skip


def _kpi(id_: str, kpi: Kpi) -> dict[str, Any]:
    ratio = kpi.kind == "ratio"
    parts = {"numerator": "upper", "denominator": "lower"} if ratio else {"measure": "upper"}
    return {"kpi_id": id_, "kind": kpi.kind, "unit": "number", "better": "higher", **parts,
            "grain": kpi.grain, "min_denominator": kpi.min_denominator, "is_signed": kpi.signed}  # fmt: skip


def _spread_by_loading(kpis_by_id: Mapping[str, Kpi], at: int) -> dict[str, dict[date, Decimal]]:
    """By KPI the days of its ranges' upper or lower amounts, as a load of them today makes them."""
    rows = [
        (first, last, None, id_, decimal_of(of[at]))
        for id_, kpi in kpis_by_id.items()
        for first, last, *of in kpi.spans
    ]
    loaded, faults = Reader(end_date="end").load(rows, TODAY)
    assert not faults
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for (id_, day), value in loaded.items():
        found[id_][day] = value
    return found


def _measures(
    id_: str, kpi: Kpi, spread: Sequence[Mapping[str, Mapping[date, Decimal]]], warehouse: Warehouse
) -> Iterator[dict[str, Any]]:
    common = {"source_id": "s", "source_file": "f.csv", "channel": CHANNEL, "account_id": id_, "campaign_id": ""}
    for at, measure in enumerate(("upper", "lower") if kpi.kind == "ratio" else ("upper",)):
        days = spread[at][id_] if kpi.spans else {day: decimal_of(amounts[at]) for day, amounts in kpi.days.items()}
        for day, value in days.items():
            yield {**common, "date": day, "measure": measure, "value": value, "loaded_at": warehouse.moment}


def _file_measures(id_: str, kpi: Kpi) -> Iterator[dict[str, Any]]:
    common = {"source_id": "s", "source_file": "f.csv", "channel": CHANNEL, "cadence_days": 3, "is_ended": False}
    spoken_through = kpi.through if kpi.speaks else None
    for measure in ("upper", "lower") if kpi.kind == "ratio" else ("upper",):
        yield {**common, "account_id": id_, "measure": measure, "spoken_through": spoken_through}


def _put_check_ins(warehouse: Warehouse, krs: Iterable[KeyResult]) -> None:
    # The later one of a day counts: their order in the definitions is their position.
    rows = [(f"c{number:06d}", number, kr.id, one) for kr in krs for number, one in _numbered(kr)]
    warehouse.put(
        "definitions.check_ins",
        [
            {
                "check_in_id": f"{kr_id}_{id_}", "position": place, "date": one.day, "key_result_id": kr_id,
                "author": "Ana", "value": one.value, "met": one.met, "grade": one.grade,
                "confidence": one.confidence,
            }
            for id_, place, kr_id, one in rows
        ],
    )  # fmt: skip
    done = ((f"{kr_id}_{id_}", step) for id_, _, kr_id, one in rows for step in one.done)
    _put_tuples(warehouse, "definitions.check_in_milestones", ("check_in_id", "milestone_id"), done)


def _numbered(kr: KeyResult) -> Iterator[tuple[int, CheckIn]]:
    return iter(enumerate(kr.check_ins))


def _put_tuples(warehouse: Warehouse, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    warehouse.put(table, [dict(zip(columns, row, strict=True)) for row in rows])
