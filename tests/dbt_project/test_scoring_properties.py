"""The models against docs/scoring.md in plain Python, on thousands of random definitions and data sets."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.dbt_project import companies, company_rows, reference, reference_objectives
from tests.dbt_project.companies import TODAY, Objective
from tests.dbt_project.warehouse import Warehouse

# Hypothesis makes the cases, one warehouse and one run of the models answers a whole batch of them, where a run for
# each would take 8 s a case. Each batch is scored under settings of its own; `make prove` has 500 objectives in each.
SETTINGS = (
    reference.Settings(),
    reference.Settings(on_track=0.9, at_risk=0.5, grace=0.2, committed=0.9, aspirational=0.6),
)
# Weeks begin on Monday, and on Sunday.
WEEK_STARTS = (0, 1)
OBJECTIVES = int(os.environ.get("OKR_TEST_OBJECTIVES") or (500 if os.environ.get("OKR_PROVE") else 150))
CLOSE = 1e-9


def batches() -> list[list[Objective]]:
    found: list[Objective] = []

    @settings(
        max_examples=len(SETTINGS) * OBJECTIVES,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(companies.objectives())
    def collect(objective: Objective) -> None:
        found.append(objective)

    collect()
    return [
        companies.named(found[number :: len(SETTINGS)], f"b{number}o", week_starts)
        for number, week_starts in enumerate(WEEK_STARTS)
    ]


@pytest.mark.prove
def test_models_say_what_the_page_says(warehouse: Warehouse) -> None:
    compared = 0
    for batch, chosen, week_starts in zip(batches(), SETTINGS, WEEK_STARTS, strict=True):
        warehouse.at(TODAY)
        warehouse.put("definitions.settings", [company_rows.settings_row(chosen, week_starts)])
        warehouse.clear("ops.source_loads")
        company_rows.fill(warehouse, batch)
        warehouse.build("--full-refresh")
        compared += compare(warehouse, batch, chosen)
    # One to four key results an objective, as Hypothesis likes: a number near the mean would fail with its version.
    assert compared > 1.5 * len(SETTINGS) * OBJECTIVES


def compare(warehouse: Warehouse, batch: Sequence[Objective], chosen: reference.Settings) -> int:
    """Hold every day of every key result and objective against the reference; the count of key results."""
    days = by(warehouse.rows("select * from marts.fct_key_result_daily order by key_result_id, date"), "key_result_id")
    now = {row["key_result_id"]: row for row in warehouse.rows("select * from marts.key_results")}
    objective_days = by(warehouse.rows("select * from marts.fct_objective_daily order by all"), "objective_id")
    for objective in batch:
        histories = [reference.history(kr, TODAY, chosen) for kr in objective.key_results]
        for kr, expected_days in zip(objective.key_results, histories, strict=True):
            compare_days(kr, days[kr.id], expected_days)
            assert now[kr.id]["status"] == reference.status_now(kr, expected_days, TODAY), kr
        if any(histories):
            rows = objective_days[objective.key_results[0].id.split("_")[0]]
            expected = reference_objectives.objective_history(objective.key_results, histories, TODAY, chosen)
            compare_objective(objective, rows, expected)
    return len(now)


def compare_days(
    kr: reference.KeyResult, rows: Sequence[dict[str, Any]], expected: Sequence[reference.Standing]
) -> None:
    assert [row["date"] for row in rows] == [standing.day for standing in expected], kr
    for row, standing in zip(rows, expected, strict=True):
        assert row["status"] == standing.status, (row, standing, kr)
        for name in ("value", "baseline", "target", "progress", "score", "expected"):
            assert same(row[name], getattr(standing, name)), (name, row, standing, kr)


def compare_objective(
    objective: Objective, rows: Sequence[dict[str, Any]], expected: Sequence[reference_objectives.ObjectiveStanding]
) -> None:
    assert [row["date"] for row in rows] == [standing.day for standing in expected], objective
    for row, standing in zip(rows, expected, strict=True):
        assert row["status"] == standing.status, (row, standing, objective)
        assert row["weakest_key_result_id"] == standing.weakest, (row, standing, objective)
        for name in ("score", "expected", "coverage"):
            assert same(row[name], getattr(standing, name)), (name, row, standing, objective)


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def by(rows: Sequence[dict[str, Any]], column: str) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row[column]].append(row)
    return grouped
