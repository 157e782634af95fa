"""Closed results: what closes when, that it never changes by itself, and why what is known now differs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.dbt_project.warehouse import Row, Warehouse

START, END = date(2026, 7, 1), date(2026, 9, 30)
LOOKBACK = 30
# The first day on which a key result of the ads channel may close.
CLOSES = END + timedelta(days=LOOKBACK + 1)
KPI = {"kpi_id": "leads", "kind": "flow", "measure": "leads", "signature": "k1", "unit": "count"}
NAMED = {"kpi_id": "leads", "condition_no": 1, "field": "campaign_name", "operator": "like", "value": "Q3%"}
KEY_RESULTS: dict[str, dict[str, Any]] = {
    "leads_up": {"type": "increase", "kpi_id": "leads", "target": 100},
    "launched": {"type": "binary"},
    "guests_up": {"type": "increase", "kpi_id": "guests", "target": 10},
}


def found(warehouse: Warehouse, only: tuple[str, ...] = tuple(KEY_RESULTS)) -> None:
    """Two objectives of one quarter; the guests' file ends a week before the quarter does."""
    warehouse.put(
        "definitions.channels",
        [
            {"channel": "ads", "title": "Ads", "kind": "file", "lookback_days": LOOKBACK},
            {"channel": "webinars", "title": "Webinars", "kind": "file", "lookback_days": 0},
        ],
    )
    warehouse.put("definitions.periods", [{"period_id": "q3", "title": "Q3", "start_date": START, "end_date": END}])
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in ("leads", "guests")])
    warehouse.put("definitions.kpis", [KPI, {**KPI, "kpi_id": "guests", "measure": "guests"}])
    warehouse.put("definitions.kpi_conditions", [NAMED])
    warehouse.put(
        "definitions.objectives",
        [
            {"objective_id": name, "position": place, "title": name, "period_id": "q3", "ambition": "committed"}
            for place, name in enumerate(("grow", "host"), 1)
        ],
    )
    define(warehouse, only)
    warehouse.put("files.measures", rows())


def define(warehouse: Warehouse, only: tuple[str, ...] = tuple(KEY_RESULTS), **changes: Row) -> None:
    warehouse.put(
        "definitions.key_results",
        [
            {
                "key_result_id": name, "role": "key_result", "title": name, "position": place, "weight": 1.0,
                "objective_id": "host" if name == "guests_up" else "grow", "pace_kind": "linear", "signature": "s1",
                "definition_signature": "d1", **KEY_RESULTS[name], **changes.get(name, {}),
            }
            for place, name in enumerate(only, 1)
        ],
    )  # fmt: skip


def rows(leads: float = 60, name: str = "Q3 brand", guests_through: date = END - timedelta(days=7)) -> Iterator[Row]:
    common = {"source_id": "s", "source_file": "f.csv", "account_id": "a", "currency": "EUR"}
    ads = {**common, "channel": "ads", "measure": "leads"}
    yield {**ads, "campaign_id": "1", "campaign_name": name, "date": START, "value": leads}
    yield {**ads, "campaign_id": "2", "campaign_name": "Q3 other", "date": END, "value": 50}
    guests = {**common, "channel": "webinars", "measure": "guests", "campaign_id": "w"}
    # Called like the campaigns of the ads, which bring what it does not.
    guests["campaign_name"] = "Q3 evening"
    yield {**guests, "date": START, "value": 4}
    yield {**guests, "date": guests_through, "value": 5}


def refresh(warehouse: Warehouse, day: date, *, publish: bool = True, guests: date = END - timedelta(days=7)) -> None:
    warehouse.at(day)
    warehouse.loaded("ads", "a")
    warehouse.loaded("webinars", "a", data_through=guests)
    warehouse.build()
    if publish:
        warehouse.publish()


def say(warehouse: Warehouse, *check_ins: tuple[date, bool]) -> None:
    warehouse.put(
        "definitions.check_ins",
        [
            {"check_in_id": f"c{place}", "position": place, "date": day, "key_result_id": "launched", "met": met}
            for place, (day, met) in enumerate(check_ins, 1)
        ],
    )


def final(warehouse: Warehouse) -> dict[str, Row]:
    return {
        f"{row['key_result_id']}/{row['closing']}": row
        for row in warehouse.rows("from marts.fct_key_result_final order by all")
    }


def closed(warehouse: Warehouse) -> list[Row]:
    """Everything that must never change."""
    return warehouse.rows("from intermediate.int_key_result_closed order by all")


def test_each_closes_on_its_day_and_what_waits_says_for_whom(warehouse: Warehouse) -> None:
    found(warehouse)
    say(warehouse, (END + timedelta(days=7), True))
    refresh(warehouse, END + timedelta(days=7))
    assert final(warehouse) == {}
    (waits,) = warehouse.rows("from marts.fct_period_closing")
    assert (waits["state"], waits["waits_for"], waits["waiting"]) == ("waits", "webinars a", 1)
    # Without sources a key result closes after a week.
    refresh(warehouse, END + timedelta(days=8))
    (only,) = final(warehouse).values()
    assert (only["key_result_id"], only["status"], only["closed_on"]) == ("launched", "achieved", warehouse.today)
    refresh(warehouse, CLOSES)
    by_id = final(warehouse)
    assert by_id.keys() == {"launched/1", "leads_up/1", "guests_up/1"}
    leads = by_id["leads_up/1"]
    assert (leads["value"], leads["score"], leads["status"], leads["closed_on"]) == (110, 1, "achieved", CLOSES)
    # Thirty days after the end of a file that is not read again.
    guests = by_id["guests_up/1"]
    assert (guests["value"], guests["status"], guests["reason_code"]) == (None, "no_data", "source_never_came")
    assert (guests["value_so_far"], guests["waits_for"]) == (9, "webinars a")
    assert {row["changed_because"] for row in by_id.values()} == {None}
    (period,) = warehouse.rows("from marts.fct_period_closing")
    numbers = (period["state"], period["closed_on"], period["achieved"], period["missed"], period["without_data"])
    assert numbers == ("closed", CLOSES, 2, 0, 1)
    objectives = {row["objective_id"]: row for row in warehouse.rows("from marts.fct_objective_final")}
    assert (objectives["grow"]["status"], objectives["grow"]["score"]) == ("achieved", 1)
    assert (objectives["host"]["status"], objectives["host"]["score"]) == ("no_data", None)


CAUSES = {
    "restated": lambda w: w.put("files.measures", rows(leads=30)),
    "renamed": lambda w: w.put("files.measures", rows(name="Brand")),
    "source_gone": lambda w: w.clear("files.measures"),
    "target": lambda w: define(w, ("leads_up",), leads_up={"target": 220, "signature": "s2"}),
    "definition": lambda w: w.put("definitions.kpis", [{**KPI, "measure": "guests", "signature": "k2"}]),
}


def test_what_comes_later_stands_beside_it_with_its_cause(warehouse: Warehouse) -> None:
    found(warehouse, ("leads_up",))
    refresh(warehouse, CLOSES)
    before = closed(warehouse)
    for number, (cause, change) in enumerate(CAUSES.items(), 1):
        found(warehouse, ("leads_up",))
        change(warehouse)
        refresh(warehouse, CLOSES + timedelta(days=number))
        (row,) = final(warehouse).values()
        assert (row["value"], row["status"]) == (110, "achieved")
        assert (row["changed_because"], row["status_now"]) == (cause, row["status_now"]), cause
        assert (row["value_now"], row["status_now"]) != (110, "achieved"), cause
    versions = warehouse.rows("from marts.kpi_versions where kpi_id = 'leads' order by version")
    assert [(row["valid_from"], row["valid_through"]) for row in versions] == [
        (CLOSES, CLOSES + timedelta(days=4)), (CLOSES + timedelta(days=5), None),
    ]  # fmt: skip
    warehouse.clear("definitions.key_results")
    refresh(warehouse, CLOSES + timedelta(days=9))
    (row,) = final(warehouse).values()
    assert (row["changed_because"], row["status_now"], row["value"]) == ("definition", None, 110)
    assert closed(warehouse) == before


def test_check_ins_count_a_week_later_ones_stand_beside_and_reopening_closes_anew(warehouse: Warehouse) -> None:
    found(warehouse, ("launched",))
    late = END + timedelta(days=40)
    say(warehouse, (END, False), (late, True))
    refresh(warehouse, late)
    (row,) = final(warehouse).values()
    assert (row["status"], row["status_now"], row["changed_because"]) == ("missed", "achieved", "check_in")
    reopening = {"position": 1, "key_result_id": "launched", "reopened_on": late + timedelta(days=1)}
    warehouse.put("definitions.reopenings", [{**reopening, "reopened_by": "Eva", "reason": "signed late"}])
    refresh(warehouse, late)
    assert final(warehouse).keys() == {"launched/1"}, "its day has not come"
    for day in (2, 3):
        refresh(warehouse, late + timedelta(days=day))
        by_id = final(warehouse)
        assert {name: row["status"] for name, row in by_id.items()} == {
            "launched/1": "missed",
            "launched/2": "achieved",
        }
        assert (by_id["launched/2"]["reopened_by"], by_id["launched/2"]["is_last"]) == ("Eva", True)
        assert by_id["launched/2"]["changed_because"] is None
    objectives = warehouse.rows("select closing, status from marts.fct_objective_final where objective_id = 'grow'")
    assert sorted((row["closing"], row["status"]) for row in objectives) == [(1, "missed"), (2, "achieved")]


def test_a_closing_that_nobody_saw_is_taken_back(warehouse: Warehouse) -> None:
    found(warehouse, ("leads_up",))
    refresh(warehouse, CLOSES, publish=False)
    warehouse.put("files.measures", rows(leads=70))
    refresh(warehouse, CLOSES + timedelta(days=1))
    (row,) = final(warehouse).values()
    assert (row["value"], row["closed_on"]) == (120, CLOSES + timedelta(days=1))


def test_at_an_upgrade_the_past_closes_from_the_last_report(warehouse: Warehouse) -> None:
    found(warehouse, ("leads_up",))
    refresh(warehouse, CLOSES)
    # As version 0.1.0 left it: reported, and nothing closed.
    for table in ("int_key_result_closed", "int_objective_closed", "int_campaign_closed"):
        warehouse.run(f"drop table intermediate.{table}")
    warehouse.put("files.measures", rows(leads=20))
    refresh(warehouse, CLOSES + timedelta(days=200))
    (row,) = final(warehouse).values()
    assert (row["value"], row["status"], row["origin"]) == (110, "achieved", "reported")
    assert (row["value_now"], row["status_now"], row["changed_because"]) == (70, "missed", "restated")


def test_the_setting_closes_earlier_than_the_longest_window(warehouse: Warehouse) -> None:
    found(warehouse, ("leads_up",))
    warehouse.run("update definitions.settings set close_after_days = 3")
    for days, closed_then in ((3, set()), (4, {"leads_up/1"})):
        refresh(warehouse, END + timedelta(days=days))
        assert final(warehouse).keys() == closed_then
