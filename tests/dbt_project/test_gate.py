"""The health gate's rules over a warehouse made for them, and what it says when it stays closed."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from okr_reports import refresh
from okr_reports.errors import GateError
from okr_reports.warehouse import gate
from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

YESTERDAY = TODAY - timedelta(days=1)
CHANNELS = ("well", "silent")
SINCE_REFUSED = "select rule from marts.health_gate where last_refused_at is not null"


def define(warehouse: Warehouse, **settings: object) -> Warehouse:
    """Two channels, one of which never gave anything, and a key result over each."""
    made = warehouse.emptied(TODAY, **settings)
    channels = [{"channel": name, "title": name, "kind": "ads", "lookback_days": 30} for name in CHANNELS]
    made.put("definitions.channels", channels)
    made.put("definitions.measures", [{"measure": "n", "is_money": False}])
    quarter = {"period_id": "q", "start_date": date(2026, 10, 1), "end_date": date(2026, 12, 31)}
    made.put("definitions.periods", [quarter])
    made.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    made.put("definitions.kpis", [{"kpi_id": name, "kind": "flow", "measure": "n"} for name in CHANNELS])
    made.put(
        "definitions.kpi_conditions",
        [{"kpi_id": name, "condition_no": 1, "field": "channel", "operator": "in", "value": name} for name in CHANNELS],
    )
    made.put(
        "definitions.key_results",
        [
            {
                "key_result_id": name, "objective_id": "o", "role": "key_result", "position": number, "title": name,
                "type": "at_least", "kpi_id": name, "target": 10, "weight": 1.0, "ambition": "committed",
            }
            for number, name in enumerate(CHANNELS)
        ],
    )  # fmt: skip
    return made


def load_one_of_two(warehouse: Warehouse) -> None:
    day = {
        "source_id": "s", "source_file": "f.csv", "channel": "well", "account_id": "a", "currency": "EUR",
        "measure": "n", "value": 10, "date": YESTERDAY,
    }  # fmt: skip
    warehouse.put("files.measures", [day])
    warehouse.loaded("well", "a", data_through=YESTERDAY)
    warehouse.loaded("silent", "", state="failed", data_through=None, error="silent: no answer")


def decided(warehouse: Warehouse) -> list[gate.Ruling]:
    return refresh.evaluate_gate(warehouse.workspace, "r1")


def change(warehouse: Warehouse, statement: str) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(statement)


def test_a_failed_source_is_no_reason_to_publish_nothing_unless_the_settings_say_so(only_warehouse: Warehouse) -> None:
    warehouse = define(only_warehouse)
    load_one_of_two(warehouse)
    warehouse.build()
    rulings = decided(warehouse)
    refresh.require_open_gate(rulings)
    assert {one.rule: (one.is_passed, one.met, one.total) for one in rulings} == {
        "objectives_complete": (True, 3, 3),
        "sources_loaded": (True, 1, 2),
        "sources_fresh": (True, 1, 2),
        "values_kept": (True, 0, 0),
    }
    assert warehouse.rows("select * from ops.gate_refusals") == []


def test_below_the_line_of_the_settings_it_stays_closed_says_why_and_is_remembered(only_warehouse: Warehouse) -> None:
    warehouse = define(only_warehouse, gate_least_fresh=0.8)
    load_one_of_two(warehouse)
    warehouse.build()
    rulings = decided(warehouse)
    with pytest.raises(GateError) as caught:
        refresh.require_open_gate(rulings)
    said = str(caught.value)
    assert "1 of 2 sources of running key results are fresh, settings.gate.least_fresh asks for 80%" in said
    assert "without: silent" in said
    assert "okr doctor" in said
    # The next report shows that this one was held back.
    warehouse.build("--select", "health_gate")
    assert [row["rule"] for row in warehouse.rows(SINCE_REFUSED)] == ["sources_fresh"]


def test_an_empty_report_is_never_published(only_warehouse: Warehouse) -> None:
    warehouse = define(only_warehouse)
    warehouse.build()
    rulings = decided(warehouse)
    with pytest.raises(GateError, match="no source has ever given data"):
        refresh.require_open_gate(rulings)


def test_a_key_result_that_the_models_lose_closes_it(only_warehouse: Warehouse) -> None:
    warehouse = define(only_warehouse)
    load_one_of_two(warehouse)
    warehouse.build()
    change(warehouse, "delete from marts.key_results where key_result_id = 'well'")
    warehouse.build("--select", "health_gate")
    rulings = decided(warehouse)
    with pytest.raises(GateError, match="the models lost key_result well; this is a fault of the models"):
        refresh.require_open_gate(rulings)


def test_values_that_were_reported_and_are_gone_close_it_below_the_line(only_warehouse: Warehouse) -> None:
    warehouse = define(only_warehouse, gate_least_kept=0.5)
    load_one_of_two(warehouse)
    warehouse.build()
    before = TODAY - timedelta(days=2)
    change(
        warehouse,
        f"update marts.fct_key_result_reported set reported_on = date '{before}', value = 5"
        " where key_result_id = 'silent'",
    )
    warehouse.build("--select", "health_gate")
    rulings = decided(warehouse)
    with pytest.raises(GateError, match=r"0 of 1 running key results kept their value .* without: key_result silent"):
        refresh.require_open_gate(rulings)


def test_a_report_too_old_is_not_mailed() -> None:
    assert gate.too_old_to_mail(TODAY - timedelta(days=3), TODAY, 3) is None
    said = gate.too_old_to_mail(TODAY - timedelta(days=4), TODAY, 3)
    assert said is not None
    assert f"the last report is of {TODAY - timedelta(days=4)}, 4 days ago" in said
