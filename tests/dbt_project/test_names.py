"""A renamed campaign: conditions on names go by the name of the day, or with `names: latest` by the last one."""

from __future__ import annotations

from datetime import date, timedelta

from tests.dbt_project.warehouse import Warehouse

FIRST = date(2026, 10, 1)
# Day by day; the second campaign never changes its name, the third rows have none.
NAMES = ["Q3 brand", "Q3 brand", "Brand", "Brand", "Q3 again"]


def _rows():
    common = {
        "source_id": "s", "source_file": "f.csv", "channel": "ads", "account_id": "a", "currency": "EUR",
        "measure": "spend",
    }  # fmt: skip
    for number, name in enumerate(NAMES):
        day = {**common, "date": FIRST + timedelta(days=number)}
        yield {**day, "campaign_id": "1", "campaign_name": name, "value": 10**number}
        yield {**day, "campaign_id": "2", "campaign_name": "Q3 other", "value": 100_000}
        yield {**day, "campaign_id": "", "campaign_name": None, "value": 1_000_000}


def test_a_condition_on_names_goes_by_the_day_or_by_the_last_name(warehouse: Warehouse) -> None:
    warehouse.put("definitions.channels", [{"channel": "ads", "title": "Ads", "kind": "file", "lookback_days": 0}])
    warehouse.put("definitions.measures", [{"measure": "spend", "is_money": True}])
    warehouse.put("files.measures", _rows())
    kpi = {"kind": "flow", "measure": "spend"}
    warehouse.put(
        "definitions.kpis",
        [{**kpi, "kpi_id": "of_the_day"}, {**kpi, "kpi_id": "latest", "names_of": "latest"}, {**kpi, "kpi_id": "all"}],
    )
    like = {"condition_no": 1, "field": "campaign_name", "operator": "like", "value": "Q3%"}
    warehouse.put("definitions.kpi_conditions", [{**like, "kpi_id": name} for name in ("of_the_day", "latest")])
    warehouse.loaded("ads", "a")
    warehouse.build()
    sums = warehouse.rows("select kpi_id, cast(sum(numerator) as bigint) as total from marts.fct_kpi_daily group by 1")
    assert {row["kpi_id"]: row["total"] for row in sums} == {
        "of_the_day": 1 + 10 + 10_000 + 5 * 100_000,
        "latest": 11_111 + 5 * 100_000,
        "all": 11_111 + 5 * 100_000 + 5 * 1_000_000,
    }
    named = warehouse.rows("select campaign_name from marts.fct_ad_daily where campaign_id = '1' order by date")
    assert [row["campaign_name"] for row in named] == NAMES
    last = warehouse.row("select campaign_name from marts.dim_campaign where campaign_id = '1'", [])
    assert last["campaign_name"] == "Q3 again"


def test_an_apis_campaign_is_called_what_it_was_when_each_day_was_first_loaded(warehouse: Warehouse) -> None:
    warehouse.put(
        "definitions.channels", [{"channel": "linkedin_ads", "title": "L", "kind": "ads", "lookback_days": 30}]
    )
    warehouse.put("definitions.measures", [{"measure": "spend", "is_money": True}])
    kpi = {"kind": "flow", "measure": "spend"}
    warehouse.put("definitions.kpis", [{**kpi, "kpi_id": "day"}, {**kpi, "kpi_id": "latest", "names_of": "latest"}])
    like = {"condition_no": 1, "field": "campaign_name", "operator": "like", "value": "Q3%"}
    warehouse.put("definitions.kpi_conditions", [{**like, "kpi_id": name} for name in ("day", "latest")])
    warehouse.put("linkedin_ads.accounts", [{"id": "a", "name": "A", "currency": "EUR"}])
    called: dict[date, str] = {}
    # The second load of a day brings another name than the first, and the last load a name that was there before.
    for today, name in ((5, "Q3 brand"), (6, "Q3 brand"), (8, "Brand"), (8, "Brand 2"), (9, "Q3 brand"), (11, "Over")):
        warehouse.at(FIRST + timedelta(days=today - 1))
        warehouse.put("linkedin_ads.campaigns", [{"id": "c", "account_id": "a", "name": name}])
        days = [FIRST + timedelta(days=number) for number in range(today - 1)]
        warehouse.put(
            "linkedin_ads.campaign_analytics",
            [
                {
                    "account_id": "a", "date": day, "campaign_id": "c", "currency": "EUR",
                    "cost_in_local_currency": 10 ** (number % 6),
                }
                for number, day in enumerate(days)
            ],
        )  # fmt: skip
        warehouse.loaded("linkedin_ads", "a", window_from=FIRST)
        warehouse.build()
        # In plain words: from its first load on, over all that comes; before the first of all, the first.
        called = {day: known for day, known in called.items() if day < warehouse.today}
        for number in range(40):
            day = FIRST + timedelta(days=number)
            if not called or day >= warehouse.today:
                called[day] = name
            called.setdefault(day, name)
    named = warehouse.rows("select date, campaign_name from marts.fct_ad_daily order by date")
    assert {row["date"]: row["campaign_name"] for row in named} == {row["date"]: called[row["date"]] for row in named}
    sums = warehouse.rows("select kpi_id, cast(sum(numerator) as bigint) as total from marts.fct_kpi_daily group by 1")
    of_day = sum(10 ** (number % 6) for number in range(10) if called[FIRST + timedelta(days=number)].startswith("Q3"))
    assert {row["kpi_id"]: row["total"] for row in sums if row["total"]} == {"day": of_day}
    assert 0 < of_day < sum(10 ** (number % 6) for number in range(10))
