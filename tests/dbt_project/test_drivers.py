"""Who moved a number: the parts add up to the move exactly, at every level, for counts, ratios and levels."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from okr_reports.words import moves as words
from okr_reports.words.numbers import PlainNumbers
from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

START, END = date(2026, 10, 1), date(2026, 12, 31)
FIRST = date(2025, 9, 1)
LAST = TODAY - timedelta(days=1)
# Campaign -> its first and last day, leads and spend a day.
CAMPAIGNS = {
    ("a1", "brand"): (FIRST, LAST, 3, "20.333333"),
    ("a1", "old"): (FIRST, LAST - timedelta(days=28), 2, "50.01"),
    ("a2", "new"): (LAST - timedelta(days=27), LAST, 4, "75.77"),
    ("a2", "test"): (LAST - timedelta(days=5), LAST, 0, "5.123456789"),
}


@pytest.fixture(scope="module")
def moved(only_warehouse: Warehouse) -> Warehouse:
    warehouse = only_warehouse.emptied(TODAY)
    warehouse.put("definitions.channels", [{"channel": "made", "title": "Made", "kind": "file", "lookback_days": 0}])
    rows: list[dict[str, Any]] = []
    random = Random(5)
    for (account, campaign), (first, last, leads, spend) in CAMPAIGNS.items():
        for number in range((last - first).days + 1):
            common = {
                "source_id": "s", "source_file": "f", "channel": "made", "account_id": account, "campaign_id": campaign,
                "date": first + timedelta(days=number), "campaign_name": campaign.title(),
            }  # fmt: skip
            rows += [
                {**common, "measure": "leads", "value": leads and leads + random.randint(-2, 3)},
                {**common, "measure": "spend", "value": Decimal(spend) * random.randint(1, 3)},
                {**common, "measure": "members", "value": 100 + number // 3},
            ]
    warehouse.put("files.measures", rows)
    warehouse.loaded_all([{"channel": "made", "account_id": account} for account in ("a1", "a2")])
    ratio = {"kpi_id": "cost", "kind": "ratio", "numerator": "spend", "denominator": "leads"}
    flows = [{"kpi_id": name, "kind": "flow", "measure": name} for name in ("leads", "spend")]
    flows += [{**flows[1], "kpi_id": f"by_{grain}", "grain": grain} for grain in ("month", "quarter")]
    warehouse.put("definitions.kpis", [*flows, ratio, {"kpi_id": "members", "kind": "stock", "measure": "members"}])
    warehouse.put("definitions.periods", [{"period_id": "q", "start_date": START, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    usual = {"role": "key_result", "objective_id": "o", "type": "increase", "weight": 1.0, "pace_kind": "linear"}
    warehouse.put(
        "definitions.key_results",
        [
            {**usual, "key_result_id": kpi, "kpi_id": kpi, "signature": "1", "target": 900, "baseline_value": 1,
             "baseline_kind": "number"}
            for kpi in ("leads", "spend", "cost", "members", "by_month", "by_quarter")
        ],
    )  # fmt: skip
    warehouse.build("--select", "+key_result_drivers", "+fct_kpi_daily")
    return warehouse


def total(warehouse: Warehouse, kpi: str, first: date, last: date) -> Decimal:
    row = warehouse.row(
        "select sum(numerator) as total from marts.fct_kpi_daily where kpi_id = ? and date between ? and ?",
        [kpi, first, last],
    )
    return Decimal(row["total"])


def parts(warehouse: Warehouse, key_result: str, comparison: str, dimension: str) -> dict[str, dict[str, Any]]:
    rows = warehouse.rows(
        "from marts.key_result_drivers where key_result_id = ? and comparison = ? and dimension = ?",
        [key_result, comparison, dimension],
    )
    return {row["member"]: row for row in rows}


@pytest.mark.parametrize("dimension", ["channel", "account", "campaign_group", "campaign"])
def test_parts_of_a_count_add_up_to_the_cent(moved: Warehouse, dimension: str) -> None:
    middle = LAST - timedelta(days=28)
    for kpi in ("leads", "spend"):
        found = parts(moved, kpi, "previous", dimension)
        move = total(moved, kpi, middle + timedelta(days=1), LAST) - total(
            moved, kpi, LAST - timedelta(days=55), middle
        )
        assert sum(row["contribution"] for row in found.values()) == move
        assert all(row["volume_effect"] + row["rate_effect"] == row["contribution"] for row in found.values())


@pytest.mark.parametrize(
    ("unit", "before", "after"),
    [("month", (9, 30), (10, 31)), ("quarter", (4, 30), (7, 30))],
)
def test_whole_units_are_compared_where_a_kpi_is_known_by_them(
    moved: Warehouse, unit: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    """October against September; the third quarter against the second, while the fourth runs."""
    found = parts(moved, f"by_{unit}", "previous", "account")
    months = 1 if unit == "month" else 3

    def whole(first_month: int, last_day: int) -> Decimal:
        last = date(2026, first_month + months - 1, last_day)
        return total(moved, f"by_{unit}", date(2026, first_month, 1), last)

    assert sum(row["contribution"] for row in found.values()) == whole(*after) - whole(*before)
    assert {row["weeks_unit"] for row in found.values()} == {unit}
    rows = moved.rows(
        "from marts.key_result_drivers where key_result_id = ? and comparison = 'previous'", [f"by_{unit}"]
    )
    assert f" against the {unit} before: " in words.moved("Spend", "currency", rows, str, PlainNumbers("en", "EUR"))


def test_what_began_and_what_ended_is_named(moved: Warehouse) -> None:
    found = parts(moved, "leads", "previous", "campaign")
    states = {member: row["member_state"] for member, row in found.items()}
    assert states == {
        "made/a1/brand": "both", "made/a1/old": "ended", "made/a2/new": "new", "made/a2/test": "new",
    }  # fmt: skip
    assert found["made/a1/old"]["contribution"] < 0 < found["made/a2/new"]["contribution"]
    assert found["made/a2/new"]["position"] == 1


@pytest.mark.parametrize("comparison", ["previous", "last_year"])
def test_parts_of_a_ratio_add_up_to_twelve_places_and_over_levels(moved: Warehouse, comparison: str) -> None:
    by = {one: parts(moved, "cost", comparison, one) for one in ("channel", "account", "campaign")}
    sums = {one: sum(row["contribution"] for row in found.values()) for one, found in by.items()}
    (row,) = by["channel"].values()
    assert len(set(sums.values())) == 1
    assert float(sums["channel"]) == pytest.approx(row["value_after"] - row["value_before"], abs=1e-11)
    for account, whole in by["account"].items():
        of_campaigns = [one["contribution"] for member, one in by["campaign"].items() if member.startswith(account)]
        assert float(sum(of_campaigns)) == pytest.approx(float(whole["contribution"]), abs=1e-11)
    # Spent without a lead: nothing of it is a rate.
    assert by["campaign"]["made/a2/test"]["contribution"] > 0


def test_a_level_is_split_by_what_each_said_last(moved: Warehouse) -> None:
    found = parts(moved, "members", "previous", "campaign")
    row = next(iter(found.values()))
    assert float(sum(one["contribution"] for one in found.values())) == row["value_after"] - row["value_before"]


def test_the_pace_is_shared_out_as_before(moved: Warehouse) -> None:
    found = parts(moved, "leads", "pace", "campaign")
    row = next(iter(found.values()))
    assert row["value_before"] == pytest.approx(900 * ((LAST - START).days + 1) / 92)
    assert row["value_after"] == float(total(moved, "leads", START, LAST))
    assert float(sum(one["contribution"] for one in found.values())) == pytest.approx(
        row["value_after"] - row["value_before"], abs=1e-9
    )
    assert parts(moved, "cost", "pace", "campaign") == {}
