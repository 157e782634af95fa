"""A KPI is data: which rows belong to it, how they are added up, in which currency."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Row, Warehouse

DAY = date(2026, 11, 2)
HOSTILE = "'); drop table definitions.kpis; -- {{ 7 * 7 }} %"
CAMPAIGNS = {"c1": "Q3 launch", "c2": "q3 launch", "c3": "Brand 100% sure", "c4": HOSTILE, "c5": ""}

# KPI -> conditions of (field, operator, values), and the campaigns that meet them all.
CONDITIONS: dict[str, tuple[list[tuple[str, str, list[str]]], str]] = {
    "everything": ([], "c1 c2 c3 c4 c5"),
    "one_channel": ([("channel", "in", ["shop"])], "c1 c2 c3 c4 c5"),
    "no_channel": ([("channel", "in", ["elsewhere"])], ""),
    "like_is_case_sensitive": ([("campaign_name", "like", ["Q3%"])], "c1"),
    "like_any": ([("campaign_name", "like", ["Q3%", "q3%"])], "c1 c2"),
    "like_underscore": ([("campaign_name", "like", ["_3 launch"])], ""),
    "not_like": ([("campaign_name", "not_like", ["%launch", "Brand%"])], "c4 c5"),
    "not_in": ([("campaign_id", "not_in", ["c1", "c2"])], "c3 c4 c5"),
    "both": ([("campaign_name", "like", ["%launch"]), ("campaign_id", "not_in", ["c2"])], "c1"),
    "account_name": ([("account_name", "in", ["a"])], "c1 c2 c3 c4 c5"),
    "account_name_not": ([("account_name", "not_in", ["a"])], ""),
    "group_unknown": ([("campaign_group_name", "like", ["%x%"])], ""),
    "file": ([("source_file", "like", ["may_%"])], "c1 c2"),
    "hostile_value": ([("campaign_name", "in", [HOSTILE])], "c4"),
    "hostile_pattern": ([("campaign_name", "like", ["' or '1'='1"])], ""),
}


@pytest.fixture(scope="module")
def shop(only_warehouse: Warehouse) -> Warehouse:
    """One file channel, five campaigns, each with a power of two as its number."""
    warehouse = only_warehouse.emptied(TODAY)
    channel = {"channel": "shop", "title": "Shop", "kind": "file", "lookback_days": 0}
    warehouse.put("definitions.channels", [channel])
    warehouse.put("definitions.measures", [{"measure": "spend", "is_money": True}, {"measure": "n", "is_money": False}])
    numbers = [
        _row(DAY, "n", 2**place, campaign_id=id_, campaign_name=name, file="may_1.csv" if place < 2 else "june.csv")
        for place, (id_, name) in enumerate(CAMPAIGNS.items())
    ]
    warehouse.put("files.measures", [*numbers, *_money(), *_stock(), *_people(), *_rates_of_leads(), *_currencies()])
    _advertise(warehouse)
    rates = [("USD", date(2026, 11, 1), "0.9"), ("USD", DAY, "0.95"), ("GBP", date(2026, 10, 26), "1.2")]
    warehouse.put(
        "definitions.exchange_rates", [{"currency": code, "date": day, "rate": rate} for code, day, rate in rates]
    )
    kpis = [{"kpi_id": name, "kind": "flow", "measure": "n"} for name in CONDITIONS]
    kpis += [
        {"kpi_id": "spend", "kind": "flow", "measure": "spend"},
        {"kpi_id": "audience", "kind": "stock", "measure": "audience"},
        {"kpi_id": "people", "kind": "distinct", "measure": "people"},
        {"kpi_id": "rate", "kind": "ratio", "numerator": "won", "denominator": "asked"},
        {"kpi_id": "self", "kind": "ratio", "numerator": "won", "denominator": "won"},
    ]
    warehouse.put("definitions.kpis", kpis)
    conditions = [
        {"kpi_id": kpi, "condition_no": number, "field": field, "operator": operator, "value": value}
        for kpi, (all_, _) in CONDITIONS.items()
        for number, (field, operator, values) in enumerate(all_)
        for value in values
    ]
    warehouse.put("definitions.kpi_conditions", conditions)
    warehouse.loaded("shop", "a")
    warehouse.build(
        "--select", "+fct_kpi_daily", "+fct_measure_daily", "+fct_ad_daily", "+dim_campaign", "+source_health"
    )
    return warehouse


def _row(day: date, measure: str, value: Any, *, file: str = "f.csv", **more: Any) -> Row:
    common = {"source_id": "s", "channel": "shop", "account_id": "a", "campaign_id": "x", "currency": "EUR"}
    return {**common, "source_file": file, "date": day, "measure": measure, "value": value, **more}


def _money() -> list[Row]:
    gap = date(2026, 11, 3)
    return [
        # 10.01 EUR and 20.02 USD at the day's own rate; two files of one campaign.
        _row(DAY, "spend", "10.01"),
        _row(DAY, "spend", "20.02", currency="usd", file="g.csv"),
        # The rate of seven days before still serves; that of eight does not.
        _row(DAY, "spend", "1", currency="GBP", campaign_id="y"),
        _row(gap, "spend", "1", currency="GBP", campaign_id="y"),
        _row(gap, "spend", "5", campaign_id="z"),
        # Nothing costs nothing in every currency.
        _row(date(2026, 11, 4), "spend", "0", currency="CHF"),
    ]


def _stock() -> list[Row]:
    return [
        _row(date(2026, 10, 1), "audience", 100, campaign_id="list1", file="october.csv"),
        _row(date(2026, 10, 5), "audience", 50, campaign_id="list2", file="october.csv"),
        _row(date(2026, 11, 1), "audience", 120, campaign_id="list1", file="november.csv"),
    ]


def _people() -> list[Row]:
    return [
        _row(DAY, "people", 7),
        _row(DAY + timedelta(days=1), "people", 3),
        _row(DAY + timedelta(days=1), "people", 4, campaign_id="z"),
    ]


def _rates_of_leads() -> list[Row]:
    return [_row(DAY, "won", 1), _row(DAY, "asked", 3), _row(DAY + timedelta(days=1), "won", 2)]


def _currencies() -> list[Row]:
    """Campaigns of one day whose measures are in one currency, in two, and one of them in two by itself."""
    day = {"day": date(2026, 11, 6)}
    return [
        _row(**day, measure="spend", value=4, campaign_id="one"),
        _row(**day, measure="clicks", value=2, campaign_id="one"),
        _row(**day, measure="spend", value=4, campaign_id="two"),
        _row(**day, measure="clicks", value=2, campaign_id="two", currency="USD"),
        _row(**day, measure="spend", value=4, campaign_id="torn"),
        _row(**day, measure="spend", value=10, campaign_id="torn", currency="USD"),
        _row(**day, measure="clicks", value=2, campaign_id="torn"),
    ]


def _advertise(warehouse: Warehouse) -> None:
    """An API that lists one of two accounts and campaigns, and a file with an older day of the listed one."""
    days = {"date": date(2026, 11, 9), "currency": "EUR"}
    warehouse.put("linkedin_ads.accounts", [{"id": "7", "name": "Seven", "currency": "EUR"}])
    warehouse.put("linkedin_ads.campaigns", [{"id": "li1", "account_id": "7", "name": "Listed"}])
    warehouse.put(
        "linkedin_ads.campaign_analytics",
        [
            {**days, "account_id": "7", "campaign_id": "li1", "cost_in_local_currency": 3},
            {**days, "account_id": "8", "campaign_id": "li9", "cost_in_local_currency": 5},
        ],
    )
    older = {"channel": "linkedin_ads", "account_id": "7", "campaign_id": "li1", "campaign_name": "Said by a file"}
    warehouse.add("files.measures", [_row(date(2026, 11, 8), "spend", 2, **older)])
    warehouse.loaded("linkedin_ads", "7")


def kpi(warehouse: Warehouse, name: str) -> dict[date, dict[str, Any]]:
    rows = warehouse.rows("select * from marts.fct_kpi_daily where kpi_id = ? order by date", [name])
    return {row["date"]: row for row in rows}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_choose_campaigns(shop: Warehouse, name: str) -> None:
    chosen = CONDITIONS[name][1].split()
    total = sum(2**place for place, id_ in enumerate(CAMPAIGNS) if id_ in chosen)
    assert [row["numerator"] for row in kpi(shop, name).values()] == ([total] if chosen else [])


def test_amounts_are_exact_and_converted_by_the_days_rate(shop: Warehouse) -> None:
    values = shop.rows(
        "select campaign_id, value, value_local, currency from marts.fct_measure_daily"
        " where measure = 'spend' and date = ? order by 1",
        [DAY],
    )
    assert [tuple(str(cell) for cell in row.values()) for row in values] == [
        # 10.01 + 20.02 x 0.95; what is in two currencies is not added up in its own.
        ("x", "29.029000000", "None", "None"),
        ("y", "1.200000000", "1.000000000", "GBP"),
    ]


def test_a_missing_rate_leaves_no_partial_sum(shop: Warehouse) -> None:
    spend = kpi(shop, "spend")
    assert str(spend[DAY]["numerator"]) == "30.229000000"
    assert spend[date(2026, 11, 3)]["numerator"] is None
    assert spend[date(2026, 11, 3)]["value"] is None
    assert spend[date(2026, 11, 4)]["value"] == 0
    health = shop.row("from marts.source_health")
    assert health["state"] == "failed"
    assert (health["error_code"], health["missing_currency"], health["missing_date"], health["last_error"]) == (
        "no_rate", "GBP", date(2026, 11, 3), None,
    )  # fmt: skip


def test_a_stock_is_what_each_holder_said_last(shop: Warehouse) -> None:
    values = {day: row["value"] for day, row in kpi(shop, "audience").items()}
    assert values == {date(2026, 10, 1): 100, date(2026, 10, 5): 150, date(2026, 11, 1): 170}


def test_people_of_two_campaigns_are_not_added_up(shop: Warehouse) -> None:
    assert [row["value"] for row in kpi(shop, "people").values()] == [7, None]


def test_ratios_are_divided_after_adding_up(shop: Warehouse) -> None:
    first, second = kpi(shop, "rate").values()
    assert (first["value"], first["denominator"]) == (pytest.approx(1 / 3), 3)
    assert (second["value"], second["numerator"], second["denominator"]) == (None, 2, 0)
    assert [row["value"] for row in kpi(shop, "self").values()] == [1, 1]


def test_advertising_stands_side_by_side(shop: Warehouse) -> None:
    rows = shop.rows(
        "select campaign_id, spend, leads, currency from marts.fct_ad_daily where date = ? order by 1", [DAY]
    )
    assert [(row["campaign_id"], row["leads"], row["currency"]) for row in rows] == [
        ("x", None, None),
        ("y", None, "GBP"),
    ]


def test_the_currency_of_a_campaigns_day_is_said_where_there_is_one(shop: Warehouse) -> None:
    rows = shop.rows(
        "select campaign_id, spend, clicks, currency from marts.fct_ad_daily where date = '2026-11-06' order by 1"
    )
    # 4 EUR + 10 USD at 0.95, the rate of four days before.
    assert [tuple(row.values()) for row in rows] == [("one", 4, 2, "EUR"), ("torn", 13.5, 2, None), ("two", 4, 2, None)]


def test_names_of_an_api_win_and_days_without_a_name_stay(shop: Warehouse) -> None:
    rows = shop.rows(
        "select date, account_name, campaign_id, campaign_name, spend from marts.fct_ad_daily"
        " where channel = 'linkedin_ads' order by date, campaign_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 11, 8), "Seven", "li1", "Listed", 2),
        (date(2026, 11, 9), "Seven", "li1", "Listed", 3),
        (date(2026, 11, 9), None, "li9", None, 5),
    ]
    assert shop.rows("select campaign_name from marts.dim_campaign where campaign_id = 'li1'") == [
        {"campaign_name": "Listed"}
    ]


def test_the_marts_add_up_to_what_was_loaded(shop: Warehouse) -> None:
    totals = "select measure, sum(value) as total from {} where measure <> 'spend' group by measure order by measure"
    assert shop.rows(totals.format("marts.fct_measure_daily")) == shop.rows(totals.format("files.measures"))


RATIO = {"kind": "ratio", "numerator": "spend", "denominator": "leads"}
LIKE = {
    # a list counts as it is; a channel left out by name, or one that was never seen, is none of a list
    "unlisted": ([], {"both": True, "spends": False, "leads_only": False}),
    "all_but_one": ([("not_in", "leads_only")], {"both": True, "spends": False}),
    "listed": ([("in", "both"), ("in", "spends")], {"both": True, "spends": True}),
    "listed_unseen": ([("in", "both"), ("in", "nowhere")], {"both": True, "nowhere": True}),
    "none_has_both": ([("not_in", "both")], {"spends": True, "leads_only": True}),
}


def test_a_ratio_compares_like_with_like(warehouse: Warehouse) -> None:
    """Cost per lead must not hold the spend of a channel that reports no leads, unless that is asked for by name."""
    channels = ("both", "spends", "leads_only")
    warehouse.put("definitions.channels", [
        {"channel": name, "title": name, "kind": "file", "lookback_days": 0} for name in channels
    ])  # fmt: skip
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in ("spend", "leads")])
    warehouse.put("definitions.kpis", [{"kpi_id": name, **RATIO} for name in LIKE])
    warehouse.put("definitions.kpi_conditions", [
        {"kpi_id": name, "condition_no": 0, "field": "channel", "operator": operator, "value": value}
        for name, (conditions, _) in LIKE.items() for operator, value in conditions
    ])  # fmt: skip
    amounts = {("both", "spend"): 60, ("both", "leads"): 3, ("spends", "spend"): 40, ("leads_only", "leads"): 5}
    warehouse.put("files.measures", [
        {"source_id": "s", "source_file": "f.csv", "account_id": "a", "campaign_id": "", "date": DAY,
         "channel": channel, "measure": measure, "value": value}
        for (channel, measure), value in amounts.items()
    ])  # fmt: skip
    for channel in channels:
        warehouse.loaded(channel, "a")
    warehouse.build()
    rows = warehouse.rows("from marts.kpi_channels")
    assert {name: {row["channel"]: row["is_counted"] for row in rows if row["kpi_id"] == name} for name in LIKE} == {
        name: counted for name, (_, counted) in LIKE.items()
    }
    values = {row["kpi_id"]: row["value"] for row in warehouse.rows("from marts.fct_kpi_daily")}
    assert values == {"unlisted": 20, "all_but_one": 20, "listed": 100 / 3, "listed_unseen": 20, "none_has_both": 8}
    other = warehouse.rows("select *, numerator::double / denominator as value from marts.kpi_days_otherwise")
    assert {row["kpi_id"]: row["value"] for row in other} == {
        "unlisted": 12.5, "all_but_one": 100 / 3, "listed": 20, "listed_unseen": 20,
    }  # fmt: skip
    waited = warehouse.rows("select distinct channel from intermediate.int_kpi_sources_matched where kpi_id='unlisted'")
    assert [row["channel"] for row in waited] == ["both"]


def test_conversions_count_what_is_chosen(warehouse: Warehouse) -> None:
    """The whole history at once; a value that the vendor does not tell is no data, and a file's words are its own."""
    common = {"title": "x", "kind": "ads", "lookback_days": 30}
    warehouse.put("definitions.channels", [
        {**common, "channel": "linkedin_ads", "conversions": "leads", "conversions_from": "conversions,leads",
         "conversion_value_from": ""},
    ])  # fmt: skip
    names = ("conversions", "conversion_value", "leads")
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in names])
    warehouse.put("definitions.kpis", [{"kpi_id": name, "kind": "flow", "measure": name} for name in names])
    warehouse.put("definitions.kpi_conditions", [
        {"kpi_id": name, "field": "channel", "operator": "in", "value": "linkedin_ads"} for name in names
    ])  # fmt: skip
    day = {"account_id": "1", "campaign_id": "7", "currency": "EUR", "date": date(2026, 11, 2)}
    warehouse.put("linkedin_ads.campaign_analytics", [
        {**day, "external_website_conversions": 3, "conversion_value_in_local_currency": 99, "one_click_leads": 4},
    ])  # fmt: skip
    warehouse.put("files.measures", [
        {**day, "source_id": "s", "source_file": "f.csv", "channel": "linkedin_ads", "date": date(2026, 11, 1),
         "measure": "conversions", "value": 50},
    ])  # fmt: skip
    warehouse.loaded("linkedin_ads", "1")
    warehouse.build()
    found = {(row["kpi_id"], row["date"].day): row["value"] for row in warehouse.rows("from marts.fct_kpi_daily")}
    assert found == {("conversions", 1): 50, ("conversions", 2): 7, ("leads", 2): 4}
    covered = {row["kpi_id"]: row["data_through"] for row in warehouse.rows("from intermediate.int_kpis_covered")}
    assert covered["conversion_value"] is None
    assert covered["conversions"] == covered["leads"] == date(2026, 11, 22)
