"""How each source is doing, and what that does to the key results it feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

YESTERDAY = TODAY - timedelta(days=1)
LAST_WEEK = TODAY - timedelta(days=7)
CHANNELS = {
    "well": "ads", "late": "ads", "slow": "ads", "refused": "ads", "halved": "ads", "silent": "ads", "unknown": "ads",
    "moved": "ads", "abroad": "ads", "sheet": "file", "torn_sheet": "file", "lost_sheet": "file", "sheets": "file",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(only_warehouse: Warehouse) -> Warehouse:
    """Thirteen channels after two refreshes a week apart, each in another state, with a key result over each."""
    warehouse = only_warehouse.emptied(TODAY)
    channels = [
        {"channel": name, "title": name, "kind": kind, "lookback_days": 30 if kind == "ads" else 0}
        for name, kind in CHANNELS.items()
    ]
    warehouse.put("definitions.channels", channels)
    warehouse.put("definitions.measures", [{"measure": "spend", "is_money": True}, {"measure": "n", "is_money": False}])
    in_euro = ("well", "late", "slow", "refused", "halved", "sheet", "torn_sheet", "moved")
    warehouse.put("files.measures", [*_days(*in_euro), *_days("abroad", currency="USD")])
    _define(warehouse)
    warehouse.at(LAST_WEEK)
    accounts = ["well", "late", "slow", "halved", "moved", "abroad"]
    warehouse.loaded_all([{"channel": name, "account_id": "a"} for name in accounts])
    warehouse.loaded_all([{"channel": "refused", "account_id": account} for account in ("a", "b")])
    warehouse.loaded("moved", "left")
    warehouse.loaded("sheet", "a", data_through=date(2026, 10, 20))
    warehouse.loaded("torn_sheet", "a", data_through=date(2026, 10, 20))
    warehouse.loaded_all([{"channel": "sheets", "account_id": account} for account in ("north", "south")])
    warehouse.at(TODAY)
    warehouse.loaded("sheets", "north")
    warehouse.loaded_all([{"channel": name, "account_id": "a"} for name in ("well", "moved", "abroad")])
    warehouse.loaded("late", "a", data_through=TODAY - timedelta(days=5))
    warehouse.loaded("slow", "a", data_through=TODAY - timedelta(days=4))
    warehouse.loaded("refused", "", state="failed", data_through=None, error="refused: 401; renew the token")
    warehouse.loaded("halved", "a", state="partial", data_through=TODAY - timedelta(days=3), error="halved: page 7")
    warehouse.loaded("silent", "", state="failed", data_through=None, error="silent: no answer")
    warehouse.loaded("sheet", "a", data_through=date(2026, 10, 20))
    warehouse.loaded("torn_sheet", "a", data_through=date(2026, 10, 21))
    warehouse.loaded("torn_sheet", "", state="failed", data_through=None, error="b.csv: row 3")
    warehouse.loaded("lost_sheet", "", state="failed", data_through=None, error="c.csv: not found")
    warehouse.build()
    return warehouse


def _days(*channels: str, currency: str = "EUR") -> Iterable[dict[str, Any]]:
    common = {"source_id": "s", "source_file": "f.csv", "account_id": "a", "currency": currency, "measure": "spend"}
    return [
        {**common, "channel": channel, "date": date(2026, 9, 1) + timedelta(days=number), "value": 10}
        for channel in channels
        for number in range(50)
    ]


def _define(warehouse: Warehouse) -> None:
    quarter = {"period_id": "q", "start_date": date(2026, 10, 1), "end_date": date(2026, 12, 31)}
    # Two that end about when a source that failed last had data.
    ended = {"through_monday": LAST_WEEK, "through_sunday": LAST_WEEK - timedelta(days=1)}
    over = [{"period_id": name, "start_date": date(2026, 10, 1), "end_date": day} for name, day in ended.items()]
    warehouse.put("definitions.periods", [quarter, *over])
    objectives = {"o": "q", **{name: name for name in ended}}
    warehouse.put(
        "definitions.objectives",
        [{"objective_id": id_, "period_id": period, "ambition": "committed"} for id_, period in objectives.items()],
    )
    where = {
        **{name: [name] for name in CHANNELS},
        "two": ["well", "late"],
        "one_off": ["well", "gone"],
        "off": ["gone"],
    }
    warehouse.put(
        "definitions.kpis", [{"kpi_id": name, "kind": "flow", "measure": "spend"} for name in [*where, "all"]]
    )
    warehouse.put(
        "definitions.kpi_conditions",
        [
            {"kpi_id": name, "condition_no": 1, "field": "channel", "operator": "in", "value": channel}
            for name, channels in where.items()
            for channel in channels
        ],
    )
    common = {"role": "key_result", "objective_id": "o", "type": "increase", "target": 100, "weight": 1.0}
    warehouse.put(
        "definitions.key_results",
        [
            {**common, "key_result_id": name, "kpi_id": name, "pace_kind": "linear", "signature": "1"}
            for name in [*where, "all"]
        ]
        + [{**common, "key_result_id": name, "objective_id": name, "kpi_id": "refused"} for name in ended],
    )


def health(warehouse: Warehouse, channel: str) -> dict[str, dict[str, Any]]:
    rows = warehouse.rows("select * from marts.source_health where channel = ?", [channel])
    return {row["account_id"]: row for row in rows}


@pytest.mark.parametrize(
    ("channel", "account", "state", "data_through", "stale_since"),
    [
        ("well", "a", "fresh", YESTERDAY, None),
        # Three days of lag are the vendor's own.
        ("slow", "a", "fresh", TODAY - timedelta(days=4), None),
        ("late", "a", "stale", TODAY - timedelta(days=5), TODAY - timedelta(days=4)),
        # The channel refused: each account keeps what it had.
        ("refused", "a", "failed", LAST_WEEK - timedelta(days=1), LAST_WEEK),
        ("refused", "b", "failed", LAST_WEEK - timedelta(days=1), LAST_WEEK),
        # What the last good load said holds; this one said less.
        ("halved", "a", "partial", TODAY - timedelta(days=3), TODAY - timedelta(days=2)),
        ("silent", "", "failed", None, None),
        ("unknown", "", "never_loaded", None, None),
        # A file older than its cadence is stale, whatever its load said; one broken beside it is said.
        ("sheet", "a", "stale", date(2026, 10, 20), date(2026, 10, 21)),
        ("torn_sheet", "a", "partial", date(2026, 10, 20), date(2026, 10, 21)),
        # Taken out of account_ids: its past counts.
        ("moved", "left", "ended", LAST_WEEK - timedelta(days=1), None),
        ("lost_sheet", "", "failed", None, None),
        # Files are loaded one by one: the one that was not read today keeps what it said.
        ("sheets", "north", "fresh", YESTERDAY, None),
        ("sheets", "south", "fresh", LAST_WEEK - timedelta(days=1), None),
        # No rate for its currency from its first amount on.
        ("abroad", "a", "failed", YESTERDAY, date(2026, 9, 1)),
    ],
)
def test_state_of_a_source(
    told: Warehouse, channel: str, account: str, state: str, data_through: date | None, stale_since: date | None
) -> None:
    row = health(told, channel)[account]
    assert (row["state"], row["data_through"], row["stale_since"]) == (state, data_through, stale_since)


def test_errors_are_said_while_they_last(told: Warehouse) -> None:
    copied = {row["channel"]: row["last_error"] for row in told.copied("from marts.source_health")}
    assert health(told, "refused")["b"]["last_error"] == "refused: 401; renew the token"
    assert health(told, "torn_sheet")["a"]["last_error"] == "b.csv: row 3"
    assert health(told, "well")["a"]["last_error"] is None
    assert copied["torn_sheet"] == "b.csv: row 3"
    assert copied["abroad"] == ("no exchange rate for USD on 2026-09-01; add it to okr_definitions/exchange_rates.csv")


def test_days_are_provisional_as_long_as_they_are_read_again(told: Warehouse) -> None:
    assert health(told, "well")["a"]["provisional_from"] == TODAY - timedelta(days=30)
    assert health(told, "sheet")["a"]["provisional_from"] is None


def test_an_account_no_longer_read_holds_nothing_back(told: Warehouse) -> None:
    assert set(health(told, "moved")) == {"a", "left"}
    assert key_result(told, "moved")["data_through"] == YESTERDAY


def key_result(warehouse: Warehouse, name: str) -> dict[str, Any]:
    return warehouse.row("select * from marts.key_results where key_result_id = ?", [name])


@pytest.mark.parametrize(
    ("name", "data_through", "stale_since"),
    [
        ("well", YESTERDAY, None),
        ("refused", LAST_WEEK - timedelta(days=1), LAST_WEEK),
        ("two", TODAY - timedelta(days=5), TODAY - timedelta(days=4)),
        # A channel that is not on is left out.
        ("one_off", YESTERDAY, None),
        ("sheet", date(2026, 10, 20), date(2026, 10, 21)),
    ],
)
def test_a_key_result_reaches_as_far_as_its_latest_source(
    told: Warehouse, name: str, data_through: date, stale_since: date | None
) -> None:
    row = key_result(told, name)
    assert (row["data_through"], row["stale_since"], row["date"]) == (data_through, stale_since, data_through)


def test_a_source_that_stopped_holds_back_what_it_had_not_finished(told: Warehouse) -> None:
    assert key_result(told, "through_monday")["stale_since"] == LAST_WEEK
    assert key_result(told, "through_sunday")["stale_since"] is None


@pytest.mark.parametrize("name", ["unknown", "silent", "off", "abroad"])
def test_no_source_no_number(told: Warehouse, name: str) -> None:
    row = key_result(told, name)
    assert (row["status"], row["value"], row["score"]) == ("no_data", None, None)


def test_a_kpi_without_conditions_waits_for_those_that_bring_its_measure(told: Warehouse) -> None:
    rows = told.rows("select distinct channel from marts.key_result_sources where key_result_id = 'all'")
    bringing = {"well", "late", "slow", "refused", "halved", "sheet", "torn_sheet", "moved", "abroad"}
    assert {row["channel"] for row in rows} == bringing


def test_the_report_stands_on_its_refresh(told: Warehouse) -> None:
    row = told.row("from marts.report_context")
    assert (row["today"], row["refresh_id"], row["data_through"]) == (TODAY, told.refresh_id, YESTERDAY)


def test_what_is_switched_off_does_not_count_until_it_is_on(only_warehouse: Warehouse) -> None:
    warehouse = only_warehouse.emptied(TODAY)
    on = {"channel": "ads", "title": "Ads", "kind": "ads", "lookback_days": 30, "is_off": False}
    warehouse.put("definitions.measures", [{"measure": "spend", "is_money": True}])
    warehouse.put("files.measures", _days("ads"))
    states = []
    for is_off in (False, True, False):
        warehouse.put("definitions.channels", [{**on, "is_off": is_off}])
        warehouse.at(TODAY)
        warehouse.loaded("ads", "a")
        warehouse.build()
        [(count,)] = [tuple(row.values()) for row in warehouse.rows("select count(*) from marts.fct_measure_daily")]
        states.append((health(warehouse, "ads")["a"]["state"], count))
    assert states == [("fresh", 50), ("off", 0), ("fresh", 50)]


def test_each_measure_of_a_file_says_how_far_it_reaches(only_warehouse: Warehouse) -> None:
    warehouse = only_warehouse.emptied(TODAY)
    warehouse.put("definitions.channels", [{"channel": "sheet", "title": "S", "kind": "file", "lookback_days": 0}])
    names = ("spend", "leads", "plan")
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in names])
    days = {"spend": (20, 1), "leads": (20, 9), "plan": (-3, -10)}  # of days before today, first and last
    common = {"source_id": "s", "source_file": "f.csv", "channel": "sheet", "account_id": "a", "currency": "EUR"}
    rows = [
        {**common, "measure": name, "date": TODAY - timedelta(days=number), "value": 1}
        for name, (first, last) in days.items()
        for number in range(last, first + 1)
    ]
    warehouse.put("files.measures", rows)
    warehouse.loaded("sheet", "a")
    warehouse.build()
    found = {row.pop("measure"): tuple(row.values()) for row in warehouse.rows("from marts.source_measures")}
    # The plan has days to come alone: it was loaded, and says nothing of the days so far.
    assert found == {
        "spend": ("sheet", "a", "fresh", YESTERDAY, YESTERDAY),
        "leads": ("sheet", "a", "stale", TODAY - timedelta(days=9), YESTERDAY),
        "plan": ("sheet", "a", "fresh", None, YESTERDAY),
    }


def test_what_a_vendor_does_not_tell_is_no_data(warehouse: Warehouse) -> None:
    """A KPI reaches no further than the last day the measure was told of; days less than whole are counted."""
    warehouse.put("definitions.channels", [{"channel": "ga4", "title": "GA4", "kind": "analytics", "lookback_days": 3}])
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in ("sessions", "purchases")])
    warehouse.put(
        "definitions.kpis",
        [{"kpi_id": name, "kind": "flow", "measure": name} for name in ("sessions", "purchases", "checkouts")],
    )
    warehouse.put("definitions.kpi_conditions", [
        {"kpi_id": name, "field": "channel", "operator": "in", "value": "ga4"}
        for name in ("sessions", "purchases", "checkouts")
    ])  # fmt: skip
    for day, purchases, less in ((LAST_WEEK, 2, False), (YESTERDAY, None, True)):
        warehouse.run(
            "insert into ga4.property_daily by name select '1' as account_id, ?::date as date, 5 as sessions,"
            " ? as ecommerce_purchases, ? as is_thresholded, ? as is_sampled, ? as loaded_at, '' as _dlt_load_id",
            *(day, purchases, less, less, warehouse.moment),
        )
    warehouse.loaded("ga4", "1", state="partial", error="no", note="n", unknown_measures=("checkouts", "purchases"))
    warehouse.build()
    covered = {row["kpi_id"]: row["data_through"] for row in warehouse.rows("from intermediate.int_kpis_covered")}
    assert covered == {"sessions": YESTERDAY, "purchases": LAST_WEEK, "checkouts": None}
    [row] = health(warehouse, "ga4").values()
    assert (row["state"], row["note"], row["last_flagged_day"]) == ("partial", "n", YESTERDAY)
    assert (row["withheld_days"], row["sampled_days"], row["grouped_days"]) == (1, 1, 0)
