"""People counted once over an interval: what a source says of exactly that interval, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

START, END = date(2026, 11, 2), date(2026, 11, 29)
# Property -> first and last day of an interval, and its users: the first day, the weeks, the period so far.
USERS = {
    "p1": [
        (START, START, 31), (START, date(2026, 11, 8), 100), (date(2026, 11, 9), date(2026, 11, 15), 90),
        (date(2026, 11, 16), date(2026, 11, 22), 120), (START, date(2026, 11, 22), 180),
    ],
    "p2": [(START, date(2026, 11, 22), 40)],
}  # fmt: skip
# KPI -> its conditions.
KPIS: dict[str, list[tuple[str, str, str]]] = {
    "one": [("channel", "in", "ga4"), ("account_id", "in", "p1")],
    "both": [("channel", "in", "ga4")],
    "named": [("channel", "in", "ga4"), ("account_id", "in", "p1"), ("campaign_name", "like", "Brand%")],
    "elsewhere_too": [("channel", "in", "ga4"), ("channel", "in", "crm"), ("account_id", "in", "p1")],
}
KEY_RESULTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {"type": "increase", "target": 360}) for name in KPIS},
    "weekly": ("one", {"type": "at_least", "target": 95}),
    "weekly_limit": ("one", {"type": "at_most", "target": 100}),
}


@pytest.fixture(scope="module")
def counted(only_warehouse: Warehouse) -> Warehouse:
    """Two properties of one channel, and another channel that has an account of the same id."""
    warehouse = only_warehouse.emptied(TODAY)
    channels = [{"channel": name, "title": name, "kind": "web", "lookback_days": 0} for name in ("ga4", "crm")]
    warehouse.put("definitions.channels", channels)
    warehouse.put(
        "ga4.users_by_interval",
        [
            {"account_id": id_, "interval_start": start, "date": end, "users": users}
            for id_, intervals in USERS.items()
            for start, end, users in intervals
        ],
    )
    first = {"source_id": "s", "source_file": "f", "channel": "ga4", "date": START, "measure": "users"}
    brand = {**first, "account_id": "p1", "campaign_id": "c", "campaign_name": "Brand"}
    warehouse.put("files.measures", [{**brand, "value": 30}, {**first, "account_id": "p2", "value": 20}])
    warehouse.loaded_all([{"channel": name, "account_id": id_} for name, id_ in (("ga4", "p1"), ("ga4", "p2"))])
    warehouse.loaded("crm", "p1")
    warehouse.put("definitions.kpis", [{"kpi_id": name, "kind": "distinct", "measure": "users"} for name in KPIS])
    warehouse.put(
        "definitions.kpi_conditions",
        [
            # Values of one condition stand side by side: a channel in this one or that one.
            {"kpi_id": name, "field": field, "operator": operator, "value": value}
            | {"condition_no": ["channel", "account_id", "campaign_name"].index(field)}
            for name, conditions in KPIS.items()
            for field, operator, value in conditions
        ],
    )
    warehouse.put("definitions.periods", [{"period_id": "q", "start_date": START, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    common = {"role": "key_result", "objective_id": "o", "weight": 1.0, "pace_kind": "linear", "signature": "1"}
    warehouse.put(
        "definitions.key_results",
        [{**common, "key_result_id": id_, "kpi_id": kpi, **more} for id_, (kpi, more) in KEY_RESULTS.items()],
    )
    warehouse.build()
    return warehouse


def now(warehouse: Warehouse, id_: str) -> dict[str, Any]:
    return warehouse.row("from marts.key_results where key_result_id = ?", [id_])


def test_the_period_so_far_is_what_the_source_says_of_it(counted: Warehouse) -> None:
    assert (now(counted, "one")["value"], now(counted, "one")["progress"]) == (180, 0.5)
    rows = counted.rows("select date, value from marts.fct_key_result_daily where key_result_id = 'one' order by 1")
    values = {row["date"]: row["value"] for row in rows if row["value"] is not None}
    # The first day is a day like any other; of most days the source was not asked.
    assert values == {START: 30, date(2026, 11, 8): 100, date(2026, 11, 22): 180}


def test_people_of_two_properties_are_never_added(counted: Warehouse) -> None:
    assert now(counted, "both")["value"] is None


def test_a_property_does_not_count_for_one_of_another_channel(counted: Warehouse) -> None:
    assert now(counted, "elsewhere_too")["value"] == 180


def test_a_part_of_an_account_has_no_count_of_its_own(counted: Warehouse) -> None:
    assert now(counted, "named")["value"] is None


def test_weeks_are_judged_by_what_the_source_says_of_each(counted: Warehouse) -> None:
    # 100, 90 and 120 people, against at least 95 and at most 100.
    assert now(counted, "weekly")["progress"] == pytest.approx(2 / 3)
    assert now(counted, "weekly_limit")["progress"] == pytest.approx(2 / 3)
