"""Every line of scoring_cases.csv, answered by the layer that meets it in life.

definitions   `okr check` refuses it, so no number is ever computed
macros        amounts are exact decimals, so NaN and infinity can only come out of a division: the models' own SQL
models        the rest, as a key result in a warehouse
rules         those with a `definition`: from their YAML through the definitions to the models (scoring_rules.py)
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_reports import okrs
from okr_reports.warehouse import transform
from tests.dbt_project import scoring_rules
from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Row, Warehouse

# Thirteen whole weeks.
START, END = date(2026, 6, 29), date(2026, 9, 27)
TYPES = {
    "reach": "increase", "maintain_between": "between", "maintain_below": "at_most", "milestone": "milestones",
}  # fmt: skip


def _cases() -> list[dict[str, str]]:
    with Path(__file__).with_name("scoring_cases.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "id": f"case_{number:02d}"} for number, row in enumerate(csv.DictReader(file))]


def layer(case: dict[str, str]) -> str:
    if case["definition"]:
        return "rules"
    if case["raw"] == "invalid":
        return "definitions"
    return "macros" if case["value"] in ("nan", "inf") else "models"


LAYERS = ("definitions", "macros", "models", "rules")
CASES = _cases()
BY_LAYER = {name: [case for case in CASES if layer(case) == name] for name in LAYERS}


def answer(case: dict[str, str]) -> tuple[Any, Any]:
    raw, score = (None if case[name] == "null" else float(case[name]) for name in ("raw", "score"))
    return pytest.approx(raw, abs=5e-7), pytest.approx(score, abs=5e-7)


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.fixture(scope="module")
def scored(only_warehouse: Warehouse) -> dict[str, Row]:
    """The key results of all cases that the models answer, by id."""
    warehouse = only_warehouse.emptied(TODAY)
    warehouse.put("definitions.periods", [{"period_id": "p", "start_date": START, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "p", "ambition": "committed"}])
    warehouse.put("definitions.channels", [{"channel": "ads", "title": "Ads", "kind": "file", "lookback_days": 0}])
    warehouse.put("definitions.kpis", [{"kpi_id": "leads", "kind": "flow", "measure": "leads"}])
    leads = {
        "source_id": "s",
        "source_file": "f.csv",
        "channel": "ads",
        "measure": "leads",
        "date": START,
        "value": 138,
    }
    warehouse.put("files.measures", [leads])
    warehouse.loaded("ads", data_through=END)
    warehouse.put("definitions.key_results", [_key_result(case) for case in BY_LAYER["models"]])
    steps = [
        {"key_result_id": case["id"], "milestone_id": f"m{place}", "weight": weight}
        for case in BY_LAYER["models"] if case["kind"] == "milestone"
        for place, weight in enumerate((2.0, 1.0, 1.0))
    ]  # fmt: skip
    warehouse.put("definitions.milestones", steps)
    check_ins = [row for case in BY_LAYER["models"] for row in _check_ins(case)]
    warehouse.put("definitions.check_ins", check_ins)
    done = [{"check_in_id": row["check_in_id"], "milestone_id": "m0"} for row in check_ins if row.get("done")]
    warehouse.put("definitions.check_in_milestones", done)
    warehouse.build()
    return {row["key_result_id"]: row for row in warehouse.rows("from marts.key_results")}


def _key_result(case: dict[str, str]) -> Row:
    return {
        "key_result_id": case["id"], "role": "key_result", "objective_id": "o", "weight": 1.0, "pace_kind": "linear",
        "signature": "1", "type": TYPES.get(case["kind"], case["kind"]),
        "kpi_id": "leads" if case["kind"] == "reach" else None, "baseline_value": number(case["start"]),
        "target": number(case["target"]) or (0 if case["kind"] == "decrease" else 5),
        "low": number(case["lo"]) or 4, "high": number(case["hi"]) or 5,
    }  # fmt: skip


def _check_ins(case: dict[str, str]) -> Iterator[dict[str, Any]]:
    common = {"key_result_id": case["id"], "date": START, "author": "Ana", "check_in_id": case["id"]}
    if case["kind"] == "maintain_between":
        for week in range(int(case["n"])):
            value = 4.5 if week < int(case["met"]) else 9
            # The first day of a week or its last, both count.
            day = START + timedelta(weeks=week, days=6 * (week % 2))
            yield {**common, "check_in_id": f"{case['id']}_{week}", "position": week, "date": day, "value": value}
    elif case["kind"] == "milestone":
        yield {**common, "done": True}
    elif case["kind"] == "qualitative":
        yield {**common, "grade": number(case["raw"]) if case["raw"] != "null" else None}
    elif case["kind"] == "binary" and case["value"]:
        yield {**common, "met": case["value"] == "True"}
    elif case["value"] and case["kind"] != "reach":
        yield {**common, "value": float(case["value"])}


@pytest.mark.parametrize("case", BY_LAYER["models"], ids=lambda case: case["case"])
def test_models_answer(scored: dict[str, Row], case: dict[str, str]) -> None:
    row = scored[case["id"]]
    assert (row["progress"], row["score"]) == answer(case)
    assert (row["status"] == "no_data") == (case["raw"] == "null")


@pytest.mark.parametrize("case", BY_LAYER["macros"], ids=lambda case: case["case"])
def test_macros_answer(only_warehouse: Warehouse, case: dict[str, str]) -> None:
    """By the SQL of int_key_result_days_measured and _scored, over a number no decimal can hold."""
    query = """
        with measured as (
            select
                cast('{value}' as double) as any_value, 'check_in' as kpi_kind, '{kind}' as type,
                {start} as baseline, {target} as target, 0 as low, 0 as high, 1.0 as elapsed,
                null as projected, null as hold, false as is_signed, null as limit_number, 0 as allowed_misses,
                0 as limit_low, 0 as limit_high,
                0 as weeks_kept, 0 as weeks_observed,
                0 as weight_done, 0 as weight_total
        ),
        known as (select *, {{{{ finite('any_value') }}}} as value from measured),
        progressed as (select {{{{ finite(progress()) }}}} as progress from known)
        select progress, {{{{ clamp_share('progress') }}}} as score from progressed
    """.format(**case)
    compiled = transform.invoke(only_warehouse.workspace, ["compile", "--inline", query])
    sql = compiled.result.results[0].node.compiled_code
    assert duckdb.connect().sql(sql).fetchall() == [answer(case)]


@pytest.fixture(scope="module")
def ruled(only_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The key results of all cases with a definition, by id."""
    return scoring_rules.score(only_warehouse.emptied(TODAY), tmp_path_factory.mktemp("rules"), BY_LAYER["rules"])


@pytest.mark.parametrize("case", BY_LAYER["rules"], ids=lambda case: case["case"])
def test_definitions_and_models_answer(ruled: dict[str, Row], case: dict[str, str]) -> None:
    row = ruled[case["id"]]
    assert (row["progress"], row["score"]) == answer(case), row
    assert row["expected"] == pytest.approx(None if case["expected"] == "null" else float(case["expected"]), abs=5e-7)
    assert (row["status"], row["reason_code"]) == (case["status"], case["reason"]), row
    for found in re.findall(r"(\w+)=(\S+)", case["more"]):
        name, value = found
        told = row[name]
        assert (str(told) if not isinstance(told, float) else f"{told:g}") == value, (name, row)


# Progress, expected, elapsed, final day or not, and the status: just met, just missed.
LIMITS = [
    (0.95, 1.0, 0.5, False, "on_track"),
    (0.949, 1.0, 0.5, False, "at_risk"),
    (0.475, 0.5, 0.5, False, "on_track"),
    (0.75, 1.0, 0.5, False, "at_risk"),
    (0.749, 1.0, 0.5, False, "off_track"),
    (0.0, 0.5, 0.1, False, "off_track"),
    (0.0, 0.5, 0.099, False, "too_early"),
    (0.7, 0.7, 1.0, True, "achieved"),
    (0.699, 0.7, 1.0, True, "missed"),
    # Nothing is expected yet: whatever there is will do.
    (-0.5, 0.0, 0.5, False, "on_track"),
    (0.0, 0.0, 0.5, False, "on_track"),
]


def test_limits_are_met_when_they_are_equal(only_warehouse: Warehouse) -> None:
    rows = ", ".join(str(row[:4]) for row in LIMITS)
    query = f"""
        with judged as (
            select
                *, case when progress < 0 then 0 else progress end as score, 0.95 as status_on_track,
                0.75 as status_at_risk, 0.1 as grace, 0.7 as success_line
            from (values {rows}) as given(progress, expected, elapsed, is_final_day)
        )
        select {{{{ status() }}}} as status from judged
    """
    compiled = transform.invoke(only_warehouse.workspace, ["compile", "--inline", query])
    found = duckdb.connect().sql(compiled.result.results[0].node.compiled_code).fetchall()
    assert [row[0] for row in found] == [row[4] for row in LIMITS]


@pytest.mark.parametrize("case", BY_LAYER["definitions"], ids=lambda case: case["case"])
def test_definitions_refuse(tmp_path: Path, case: dict[str, str]) -> None:
    key_result, check_in = {
        "increase": (f"type: increase, baseline: {case['start']}, target: {case['target']}", "value: 7"),
        "milestone": ("type: milestones, milestones: []", "note: nothing"),
        "qualitative": ("type: qualitative", "grade: 7"),
    }[case["kind"]]
    (tmp_path / "all.yml").write_text(
        "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
        "teams:\n  - {id: t, title: T}\n"
        "objectives:\n  - id: o\n    title: O\n    period: 2026-Q3\n    team: t\n    owner: Ana\n    key_results:\n"
        f"      - {{id: kr, title: KR, {key_result}}}\n"
        f"check_ins:\n  - {{date: 2026-08-03, key_result: kr, author: Ana, {check_in}}}\n",
        encoding="utf-8",
    )
    definitions, findings = okrs.check(tmp_path, today=TODAY)
    errors = [finding for finding in findings if finding.severity == "error"]
    assert definitions is None
    assert len(errors) == 1, errors


def test_no_line_is_left_out() -> None:
    counted = {name: len(cases) for name, cases in BY_LAYER.items() if name != "rules"}
    assert counted == {"definitions": 4, "macros": 2, "models": 25}
    assert sum(map(len, BY_LAYER.values())) == len(CASES)
