"""Targets that are taken from a plan: from YAML through the definitions to the models, over changes of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from okr_reports import okrs
from tests.dbt_project.warehouse import Warehouse

DAY = timedelta(days=1)
START, END, TODAY = date(2026, 10, 1), date(2026, 12, 31), date(2026, 11, 23)
DAYS = [START + number * DAY for number in range((END - START).days + 1)]
DEFINITIONS = """
settings: {{organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}}
teams: [{{id: t, title: T}}]
periods:
  - {{id: q, title: Q, start: 2026-10-01, end: 2026-12-31}}
{periods}
file_sources:
  - {{id: made, path: made.csv, channel: made, date: date, measures: {{v: v, w: w}}}}
  - {{id: plan, path: plan.csv, channel: plan, date: date, open_range: whole, measures: {{p: p, r: r}}}}
kpis:
  - {{id: total, kind: flow, measure: v}}
  - {{id: rate, kind: ratio, numerator: v, denominator: w}}
  - {{id: level, kind: stock, measure: v}}
  - {{id: plan, kind: flow, measure: p}}
  - {{id: planned_level, kind: stock, measure: r}}
objectives:
  - id: o
    title: O
    period: q
    team: t
    owner: Ana
    ambition: committed
    key_results:
{key_results}
"""
KEY_RESULTS = """\
      - {id: up, title: K, type: increase, kpi: total, target: {kpi: plan}}
      - {id: held, title: K, type: at_least, kpi: total, target: {kpi: plan}}
      - {id: capped, title: K, type: at_most, kpi: rate, target: {kpi: planned_level}}
      - {id: grown, title: K, type: increase, kpi: level, baseline: 4, target: {kpi: planned_level}}
      - {id: later, title: K, type: increase, kpi: total, target: {kpi: plan}, starts: 2026-11-01,
         pauses: [{from: 2026-11-10, to: 2026-11-12}]}
"""
# The plan a day of each month; October's is known by its rows from the first day to the last.
PLAN = {10: 2.0, 11: 3.0, 12: 4.0}
LEVELS = {date(2026, 10, 31): 6.0, date(2026, 11, 30): 8.0, date(2026, 12, 31): 10.0}


def rows(measure: str, channel: str, amounts: Mapping[date, float], warehouse: Warehouse) -> list[dict[str, Any]]:
    common = {
        "source_id": channel, "source_file": f"{channel}.csv", "channel": channel, "account_id": "", "campaign_id": "",
        "loaded_at": warehouse.moment, "measure": measure,
    }  # fmt: skip
    return [{**common, "date": day, "value": value} for day, value in amounts.items()]


def build(
    warehouse: Warehouse,
    folder: Path,
    plan: Mapping[date, float],
    key_results: str = KEY_RESULTS,
    periods: str = "",
    levels: Mapping[date, float] = LEVELS,
) -> dict[str, dict[str, Any]]:
    """The key results as a refresh of `warehouse.today` leaves them."""
    folder.mkdir(exist_ok=True)
    for name in ("made.csv", "plan.csv"):
        (folder / name).write_text("date,v,w,p,r\n", encoding="utf-8")
    text = DEFINITIONS.format(key_results=key_results, periods=periods)
    (folder / "all.yml").write_text(text, encoding="utf-8")
    warehouse.define(folder)
    known = [date(2026, 7, 1) + number * DAY for number in range((warehouse.today - date(2026, 7, 1)).days)]
    facts = [
        *rows("v", "made", dict.fromkeys(known, 3.0), warehouse),
        *rows("w", "made", dict.fromkeys(known, 1.0), warehouse),
        *rows("p", "plan", plan, warehouse),
        *rows("r", "plan", levels, warehouse),
    ]
    warehouse.put("files.measures", facts)
    # The levels of a plan are read by the month.
    by_month = {"source_id": "plan", "source_file": "plan.csv", "channel": "plan", "account_id": "", "measure": "r"}
    warehouse.put("files.file_measures", [{**by_month, "cadence_days": 35}])
    for channel in ("made", "plan"):
        warehouse.loaded(channel)
    warehouse.build()
    return {row["key_result_id"]: row for row in warehouse.rows("from marts.key_results")}


def daily(amounts: Mapping[int, float] = PLAN) -> dict[date, float]:
    return {day: amounts[day.month] for day in DAYS}


def test_the_plan_is_target_and_pace(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(TODAY)
    found = build(warehouse, tmp_path, daily())
    whole, so_far = 31 * 2 + 30 * 3 + 31 * 4, 31 * 2 + 22 * 3
    up = found["up"]
    assert (up["target"], up["plan_kpi_id"], up["plan_missing_from"]) == (whole, "plan", None)
    assert up["progress"] == pytest.approx(53 * 3 / whole)
    assert up["expected"] == pytest.approx(so_far / whole)
    assert (found["held"]["target"], found["held"]["expected"], found["held"]["status"]) == (whole, 1.0, "on_track")
    # A rate of 3 under a level of 10, week by week.
    assert (found["capped"]["target"], found["capped"]["status"]) == (10.0, "on_track")
    # From the baseline 4 to 6 by 31 October, to 8 by 30 November: on the 22nd 22/30 of the way between the two.
    assert found["grown"]["expected"] == pytest.approx((6 + 2 * 22 / 30 - 4) / (10 - 4))
    later = found["later"]
    assert later["target"] == 27 * 3 + 31 * 4
    assert later["expected"] == pytest.approx(19 * 3 / later["target"])
    path = warehouse.rows("from marts.key_result_pace where key_result_id = 'grown' order by date")
    assert [path[number]["expected_value"] for number in (0, 31, -1)] == pytest.approx([4, 6, 10])


def test_a_changed_row_is_a_version_from_its_day(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(TODAY - DAY)
    build(warehouse, tmp_path, daily())
    warehouse.at(TODAY)
    build(warehouse, tmp_path, daily())
    warehouse.at(TODAY + 2 * DAY)
    now = build(warehouse, tmp_path, daily({**PLAN, 12: 6.0}))
    old, new = 276.0, 31 * 2 + 30 * 3 + 31 * 6
    assert now["up"]["target"] == new
    targets = "select date, target, expected from marts.fct_key_result_daily where key_result_id = 'up' order by date"
    days = {row["date"]: row for row in warehouse.rows(targets)}
    last = TODAY + DAY
    assert {day: row["target"] for day, row in days.items()} == {day: new if day == last else old for day in days}
    assert days[date(2026, 10, 31)]["expected"] == pytest.approx(62 / old)
    versions = (
        "select version, target, plan_kpi_id from marts.key_result_versions where key_result_id = 'up' order by 1"
    )
    assert [tuple(row.values()) for row in warehouse.rows(versions)] == [(1, old, "plan"), (2, new, "plan")]


def test_a_row_changed_in_the_past_leaves_what_was_expected(warehouse: Warehouse, tmp_path: Path) -> None:
    """Also when nothing but the ledger of the past is left."""
    days = "select key_result_id, date, expected, status from marts.fct_key_result_daily order by all"
    warehouse.emptied(TODAY)
    build(warehouse, tmp_path, daily())
    before = warehouse.rows(days)
    warehouse.at(TODAY + DAY)
    # October was 2 a day and is 4 now; the level of 31 October, 6, is 5.
    moved = build(warehouse, tmp_path, daily({**PLAN, 10: 4.0}), levels={**LEVELS, date(2026, 10, 31): 5.0})
    after = warehouse.rows(days)
    last = TODAY
    assert [row for row in after if row["date"] < last] == before
    today = {row["key_result_id"]: row["expected"] for row in after if row["date"] == last}
    whole = 31 * 4 + 30 * 3 + 31 * 4
    assert today["up"] == pytest.approx((31 * 4 + 23 * 3) / whole)
    assert today["grown"] == pytest.approx((5 + 3 * 23 / 30 - 4) / (10 - 4))
    assert moved["up"]["target"] == whole
    # A rebuild of all that can be rebuilt changes none of it.
    warehouse.build("--full-refresh")
    assert warehouse.rows(days) == after


def test_the_source_of_a_plan_is_one_of_the_key_result(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(TODAY)
    build(warehouse, tmp_path, daily())
    named = "select channel, state, is_plan from marts.key_result_sources where key_result_id = 'up' order by 1"
    assert [tuple(row.values()) for row in warehouse.rows(named)] == [("made", "fresh", False), ("plan", "fresh", True)]
    assert warehouse.row("from marts.key_results where key_result_id = 'up'")["stale_since"] is None
    # Its rows reach beyond today: it is stale since the first report of the fault, on each day that it lasts.
    for day in (TODAY + DAY, TODAY + 2 * DAY):
        warehouse.at(day)
        warehouse.loaded("made")
        warehouse.loaded("plan", state="failed", error="no column p", data_through=None, window_to=None)
        warehouse.publish()
    warehouse.build()
    assert [tuple(row.values()) for row in warehouse.rows(named)] == [
        ("made", "fresh", False),
        ("plan", "failed", True),
    ]
    up = warehouse.row("from marts.key_results where key_result_id = 'up'")
    assert (up["stale_since"], up["target"]) == (TODAY + DAY, 276.0)


def test_a_plan_of_days_to_come_alone_was_loaded(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(date(2026, 9, 20))
    found = build(warehouse, tmp_path, daily(), levels={})
    (state,) = warehouse.rows("select state, data_through from marts.source_health where channel = 'plan'")
    assert tuple(state.values()) == ("fresh", None)
    assert (found["up"]["target"], found["up"]["status"]) == (276.0, "scheduled")


def test_a_plan_with_a_gap_gives_no_verdict_until_it_is_filled(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(TODAY - DAY)
    gap = date(2026, 12, 8)
    found = build(warehouse, tmp_path, {day: value for day, value in daily().items() if day != gap})
    for name in ("up", "held", "later"):
        row = found[name]
        assert (row["status"], row["reason_code"], row["score"], row["target"]) == (
            "no_data",
            "plan_partial",
            None,
            None,
        )
        assert (row["plan_missing_from"], row["value_met"]) == (gap, None)
    (said,) = warehouse.copied("select status_reason from marts.key_results where key_result_id = 'up'")
    assert "the plan plan has no number for 2026-12-08" in said["status_reason"]
    warehouse.at(TODAY)
    assert build(warehouse, tmp_path, daily())["up"]["status"] == "on_track"
    statuses = warehouse.rows("select distinct reason_code from marts.fct_key_result_daily where key_result_id = 'up'")
    assert {row["reason_code"] for row in statuses} == {"too_early", "running"}


def test_a_plan_changed_after_the_close_stands_beside_the_result(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(date(2027, 3, 1))
    build(warehouse, tmp_path, daily())
    warehouse.publish()
    warehouse.at(date(2027, 3, 2))
    build(warehouse, tmp_path, daily({**PLAN, 12: 1.0}))
    final = warehouse.row("from marts.fct_key_result_final where key_result_id = 'up'")
    assert (final["target"], final["status"], final["changed_because"]) == (276.0, "achieved", None)
    final = warehouse.row("from marts.fct_key_result_final where key_result_id = 'grown'")
    assert (final["status"], final["changed_because"]) == ("missed", None)
    warehouse.at(date(2027, 3, 3))
    build(warehouse, tmp_path, daily({**PLAN, 12: 9.0}))
    final = warehouse.row("from marts.fct_key_result_final where key_result_id = 'up'")
    assert (final["target"], final["status"], final["status_now"]) == (276.0, "achieved", "missed")
    assert final["changed_because"] == "target"


BEFORE = "  - {id: before, title: B, start: 2026-09-01, end: 2026-09-30}"
RELATIVE = "      - {id: up, title: K, type: increase, kpi: total, change: 20%, baseline: previous_period}\n"


def test_a_fixed_target_stays_whatever_period_is_listed_before_its_own(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.emptied(TODAY - DAY)
    # As many days before, of 3 each.
    first = build(warehouse, tmp_path, daily(), RELATIVE)["up"]
    assert first["target"] == pytest.approx(92 * 3 * 1.2)
    warehouse.at(TODAY)
    kept = build(warehouse, tmp_path, daily(), RELATIVE, BEFORE)["up"]
    assert (kept["target"], kept["baseline_start"]) == (first["target"], first["baseline_start"])
    assert kept["baseline_note_code"] == "baseline_stays"
    warehouse.at(TODAY + DAY)
    changed = build(warehouse, tmp_path, daily(), RELATIVE.replace("20%", "30%"), BEFORE)["up"]
    assert changed["target"] == pytest.approx(30 * 3 * 1.3)
    assert (changed["baseline_start"], changed["baseline_note_code"]) == (date(2026, 9, 1), None)


@pytest.mark.parametrize(
    ("key_result", "said"),
    [
        ("type: increase, kpi: total, target: {kpi: pla}", "the KPI `pla` does not exist"),
        ("type: increase, kpi: total, target: {kpi: total}", "the target of `total` is `total` itself"),
        (
            "type: increase, kpi: total, target: {kpi: planned_level}",
            "a stock KPI, which is no target of `total`, a flow",
        ),
        ("type: increase, kpi: total, target: {kpi: plan}, pace: seasonal", "the rows of `plan` are the pace already"),
        ("type: at_most, target: {kpi: plan}, unit: currency", "the plan `plan` is in number"),
        ("type: increase, kpi: total, target: {kpi: plan, scale: 2}", "scale"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, key_result: str, said: str) -> None:
    for name in ("made.csv", "plan.csv"):
        (tmp_path / name).write_text("date,v,w,p,r\n", encoding="utf-8")
    text = DEFINITIONS.format(key_results=f"      - {{id: up, title: K, {key_result}}}", periods="")
    (tmp_path / "all.yml").write_text(text, encoding="utf-8")
    _, findings = okrs.check(tmp_path, today=TODAY)
    assert [one for one in findings if one.severity == "error" and said in str(one)], [str(one) for one in findings]


def test_months_to_come_of_a_plan_have_to_be_declared(tmp_path: Path) -> None:
    (tmp_path / "made.csv").write_text("date,v,w\n", encoding="utf-8")
    (tmp_path / "plan.csv").write_text("date,p,r\n", encoding="utf-8")
    text = DEFINITIONS.format(key_results=KEY_RESULTS, periods="").replace("open_range: whole", "grain: month")
    (tmp_path / "all.yml").write_text(text, encoding="utf-8")
    _, findings = okrs.check(tmp_path, today=TODAY)
    assert [one for one in findings if "add open_range: whole" in str(one)], [str(one) for one in findings]
