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
