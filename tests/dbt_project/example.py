"""A small company: two LinkedIn accounts in two currencies, a file channel, quarters with every type of key result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.dbt_project.warehouse import Row, Warehouse

FIRST_DAY = date(2026, 3, 1)
QUARTERS = {
    "2026-Q3": (date(2026, 7, 1), date(2026, 9, 30)),
    "2026-Q4": (date(2026, 10, 1), date(2026, 12, 31)),
    "2027-Q1": (date(2027, 1, 1), date(2027, 3, 31)),
}
BASELINES = {
    "2026-Q3": (date(2026, 4, 1), date(2026, 6, 30)),
    "2026-Q4": (date(2026, 7, 1), date(2026, 9, 30)),
    "2027-Q1": (date(2026, 10, 1), date(2026, 12, 31)),
}
ACCOUNTS = {"1": "EUR", "2": "USD"}
CAMPAIGNS = {"c1": "1", "c2": "1", "c3": "2"}
MONEY = ("spend", "conversion_value")
AD_MEASURES = ("impressions", "clicks", "link_clicks", "conversions", "leads", "video_views")

KEY_RESULTS: list[dict[str, Any]] = [
    {"type": "increase", "kpi_id": "leads", "change": 0.2, "relative": True, "pace_kind": "seasonal"},
    {"type": "decrease", "kpi_id": "cost_per_lead", "change": 0.1, "relative": True},
    {"type": "decrease", "kpi_id": "spend", "target": 15000, "relative": True},
    {"type": "at_most", "kpi_id": "spend", "target": 50000},
    {"type": "at_least", "kpi_id": "webinar_guests", "target": 100},
    {"type": "between", "kpi_id": "cost_per_lead", "low": 10, "high": 60},
    {"type": "increase", "kpi_id": "audience", "target": 2000, "baseline_value": 1000, "baseline_kind": "number"},
    {"type": "decrease", "target": 2, "baseline_value": 5, "baseline_kind": "number", "pace_kind": "table"},
    {"type": "count_range", "low": 3, "high": 5},
    {"type": "milestones"},
    {"type": "binary"},
    {"type": "qualitative"},
]


def found(warehouse: Warehouse) -> None:
    """Fill an empty warehouse with the company as it is on its day."""
    channels = [
        {"channel": "linkedin_ads", "title": "LinkedIn Ads", "kind": "ads", "lookback_days": 30},
        {"channel": "webinars", "title": "Webinars", "kind": "file", "lookback_days": 0},
    ]
    warehouse.put("definitions.channels", channels)
    measures = [*MONEY, *AD_MEASURES, "guests", "audience"]
    warehouse.put("definitions.measures", [{"measure": name, "is_money": name in MONEY} for name in measures])
    periods = [
        {"period_id": id_, "title": id_, "kind": "quarter", "start_date": start, "end_date": end}
        for id_, (start, end) in QUARTERS.items()
    ]
    warehouse.put("definitions.periods", periods)
    warehouse.put("definitions.teams", [{"team_id": "paid", "title": "Paid", "title_texts": "{}"}])
    warehouse.put("definitions.exchange_rates", rates(warehouse.today))
    define_kpis(warehouse)
    define_objectives(warehouse)
    check_in(warehouse)
    accounts = [{"id": id_, "name": f"Acme {id_}", "currency": money} for id_, money in ACCOUNTS.items()]
    warehouse.put("linkedin_ads.accounts", accounts)
    name_campaigns(warehouse)
    warehouse.put("linkedin_ads.campaign_analytics", analytics(warehouse, FIRST_DAY, warehouse.today))
    warehouse.put("files.measures", webinars(warehouse))
    load(warehouse, FIRST_DAY)


def load(warehouse: Warehouse, window_from: date) -> None:
    """Record that both channels were loaded, LinkedIn from `window_from` on."""
    for account in ACCOUNTS:
        warehouse.loaded("linkedin_ads", account, window_from=window_from)
    warehouse.loaded("webinars", data_through=date(2026, 11, 15), window_from=date(2026, 7, 2))


def rates(today: date) -> list[Row]:
    days = (today - FIRST_DAY).days // 5 + 2
    return [
        {"date": FIRST_DAY + timedelta(days=5 * number - 2), "currency": "USD", "rate": 0.9 + number / 1000}
        for number in range(days)
    ]


def define_kpis(warehouse: Warehouse, pattern: str = "%") -> None:
    kpis = [
        {"kpi_id": "leads", "kind": "flow", "measure": "leads", "unit": "count", "better": "higher"},
        {"kpi_id": "spend", "kind": "flow", "measure": "spend", "unit": "currency", "better": "neutral"},
        {"kpi_id": "cost_per_lead", "kind": "ratio", "numerator": "spend", "denominator": "leads", "unit": "currency"},
        {"kpi_id": "webinar_guests", "kind": "flow", "measure": "guests", "unit": "count", "better": "higher"},
        {"kpi_id": "audience", "kind": "stock", "measure": "audience", "unit": "count", "better": "higher"},
    ]
    warehouse.put("definitions.kpis", [{"title": kpi["kpi_id"], **kpi} for kpi in kpis])
    channel = {"webinar_guests": "webinars", "audience": "webinars"}
    conditions = [
        {"kpi_id": kpi["kpi_id"], "condition_no": 1, "field": "channel", "operator": "in",
         "value": channel.get(str(kpi["kpi_id"]), "linkedin_ads")}
        for kpi in kpis
    ]  # fmt: skip
    name = {"kpi_id": "leads", "condition_no": 2, "field": "campaign_name", "operator": "like", "value": pattern}
    warehouse.put("definitions.kpi_conditions", [*conditions, name])


def define_objectives(warehouse: Warehouse, **changes: dict[str, Any]) -> None:
    """One objective a quarter with all types; `changes` replaces fields of key results, by id."""
    warehouse.put(
        "definitions.objectives",
        [
            {"objective_id": f"o{place}", "position": place, "title": id_, "period_id": id_, "team_id": "paid",
             "owner": "Ana", "ambition": "aspirational" if place == 2 else "committed"}
            for place, id_ in enumerate(QUARTERS, 1)
        ],
    )  # fmt: skip
    rows = [{**row, **changes.get(str(row["key_result_id"]), {})} for row in _key_results()]
    warehouse.put("definitions.key_results", rows)
    quarters = {f"o{place}": days for place, days in enumerate(QUARTERS.values(), 1)}
    points = [
        {"key_result_id": row["key_result_id"], "date": day, "share": share}
        for row in rows
        if row["pace_kind"] == "table"
        for start, end in [quarters[row["objective_id"]]]
        for day, share in ((start - timedelta(days=1), 0.0), (start + timedelta(days=20), 0.5), (end, 1.0))
    ]
    warehouse.put("definitions.pace_points", points)
    steps = [
        {"key_result_id": row["key_result_id"], "milestone_id": f"m{place}", "position": place, "title": f"M{place}",
         "weight": float(place), "due": quarters[row["objective_id"]][0] + timedelta(days=30) if place == 1 else None}
        for row in rows if row["type"] == "milestones" for place in (1, 2)
    ]  # fmt: skip
    warehouse.put("definitions.milestones", steps)


def _key_results() -> Iterator[dict[str, Any]]:
    for number, quarter in enumerate(QUARTERS, 1):
        for place, kr in enumerate(KEY_RESULTS, 1):
            relative = kr.get("relative", False)
            start, end = BASELINES[quarter] if relative else (None, None)
            yield {
                "key_result_id": f"o{number}_k{place}", "role": "key_result", "objective_id": f"o{number}",
                "position": place, "title": f"{kr['type']} {place}", "weight": 1.0 + place % 2, "pace_kind": "linear",
                "signature": "1", **kr, "baseline_kind": "previous_period" if relative else kr.get("baseline_kind"),
                "baseline_start": start, "baseline_end": end,
                "last_year_start": QUARTERS[quarter][0] - timedelta(days=365),
                "last_year_end": QUARTERS[quarter][1] - timedelta(days=365),
            }  # fmt: skip
        yield {
            "key_result_id": f"objective/o{number}", "role": "objective_measure", "objective_id": f"o{number}",
            "position": 0, "title": "Leads", "weight": 0.0, "pace_kind": "linear", "type": "increase",
            "kpi_id": "leads", "target": 2000, "signature": "1",
        }  # fmt: skip


def check_in(warehouse: Warehouse, *more: Row) -> None:
    """Two rounds of check-ins on what has no KPI, in each quarter that has begun, and `more`."""
    rounds = [("o1", date(2026, 7, 20), 1), ("o1", date(2026, 9, 7), 2), ("o2", date(2026, 10, 12), 1)]
    said: dict[int, Row] = {8: {"value": 4}, 9: {"value": 2}, 11: {"met": True}, 12: {"grade": 0.6}}
    rows = [
        {
            "key_result_id": f"{objective}_k{place}",
            "date": day,
            "confidence": 0.8,
            "author": "Ana",
            "note": "n",
            **values,
        }
        for objective, day, _ in rounds
        for place, values in said.items()
    ]
    done = [{"key_result_id": f"{objective}_k10", "date": day, "author": "Ana"} for objective, day, _ in rounds]
    numbered = [
        {"check_in_id": f"c{number:03d}", "position": number, **row} for number, row in enumerate([*rows, *done, *more])
    ]
    warehouse.put("definitions.check_ins", numbered)
    reports = numbered[len(rows) : len(rows) + len(done)]
    warehouse.put(
        "definitions.check_in_milestones",
        [
            {"check_in_id": row["check_in_id"], "milestone_id": f"m{step}"}
            for row, (_, _, step) in zip(reports, rounds, strict=True)
        ],
    )


def name_campaigns(warehouse: Warehouse, **names: str) -> None:
    rows = [
        {"id": id_, "account_id": account, "name": names.get(id_, f"Campaign {id_}")}
        for id_, account in {**CAMPAIGNS, **dict.fromkeys(names, "1")}.items()
    ]
    warehouse.put("linkedin_ads.campaigns", rows)


def analytics(warehouse: Warehouse, first: date, until: date, *, seed: int = 1, **more: str) -> list[Row]:
    """Days of every campaign from `first` up to, not including, `until`; the same for the same seed."""
    rows: list[Row] = []
    for id_, account in {**CAMPAIGNS, **more}.items():
        for number in range((until - first).days):
            day = first + timedelta(days=number)
            dice = Random(f"{seed} {id_} {day}")
            rows.append(
                {
                    "account_id": account, "date": day, "campaign_id": id_, "currency": ACCOUNTS[account],
                    "impressions": dice.randint(100, 3000), "clicks": dice.randint(1, 60),
                    "landing_page_clicks": dice.randint(1, 50), "cost_in_local_currency": dice.randint(1, 9999) / 100,
                    "external_website_conversions": dice.randint(0, 30) / 10,
                    "conversion_value_in_local_currency": dice.randint(0, 9999) / 100,
                    "one_click_leads": dice.randint(0, 5), "video_views": dice.randint(0, 100),
                    "loaded_at": warehouse.moment,
                }
            )  # fmt: skip
    return rows


def webinars(warehouse: Warehouse, *, files: int = 3) -> list[Row]:
    """Guests of a webinar each week and the audience of the newsletter each month, a file a month and a half."""
    rows = [
        {"source_file": f"webinars_{number // 7}.csv", "date": date(2026, 7, 2) + timedelta(days=7 * number),
         "measure": measure, "value": value}
        for number in range(20)
        for measure, value in (("guests", 10 + 3 * number % 7), ("audience", 1000 + 40 * number))
        if number // 7 < files and (measure == "guests" or number % 4 == 0)
    ]  # fmt: skip
    common = {"source_id": "webinars", "channel": "webinars", "loaded_at": warehouse.moment}
    return [{**common, **row} for row in rows]
