"""How past forecasts fared: as they were published, and by back-test of the weeks before the first publication."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.dbt_project.warehouse import Warehouse

DAY = timedelta(days=1)
FIRST, START, END = date(2026, 5, 1), date(2026, 10, 1), date(2026, 12, 31)
DEFINITIONS = """
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}
teams: [{id: t, title: T}]
file_sources: [{id: made, path: made.csv, channel: made, date: date, measures: {v: v}}]
kpis: [{id: total, kind: flow, measure: v}]
objectives:
  - {id: o, title: O, period: 2026-Q4, team: t, owner: Ana, key_results: [
      {id: up, title: K, type: increase, kpi: total, target: 900}, {id: said, title: S, type: increase, baseline: 0,
      target: 5}]}
"""
PUBLISHED = (date(2026, 11, 30), date(2026, 12, 7))


def refresh(warehouse: Warehouse, folder: Path, today: date, more: int = 0) -> None:
    """A refresh of a day, all days of whose file are `more` above what they were."""
    warehouse.at(today)
    warehouse.define(folder)
    days = [FIRST + number * DAY for number in range((today - FIRST).days)]
    common = {"source_id": "made", "source_file": "made.csv", "channel": "made", "account_id": "", "campaign_id": ""}
    rows = [
        {**common, "measure": "v", "date": day, "value": 9 + more + Random(f"{day}").randint(-3, 3)} for day in days
    ]
    warehouse.put("files.measures", rows)
    warehouse.loaded("made")
    warehouse.build()


def fared(warehouse: Warehouse) -> dict[int, dict[str, Any]]:
    rows = warehouse.rows("from marts.fct_key_result_forecast where key_result_id = 'up'")
    return {row["week"]: row for row in rows}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "made.csv").write_text("date,v\n", encoding="utf-8")
    (tmp_path / "all.yml").write_text(DEFINITIONS, encoding="utf-8")
    return tmp_path


def test_what_was_published_counts_and_before_it_the_back_test(warehouse: Warehouse, folder: Path) -> None:
    warehouse.emptied(PUBLISHED[0])
    ranges = "forecast_low, forecast, forecast_high, probability"
    published = []
    for today in PUBLISHED:
        refresh(warehouse, folder, today)
        warehouse.publish()
        published.append(warehouse.row(f"select date, {ranges} from marts.key_results where key_result_id = 'up'"))
        assert fared(warehouse) == {}
    # All of the past is another one by now: what was published is what it was.
    refresh(warehouse, folder, date(2027, 1, 2), more=2)
    record = fared(warehouse)
    # Seven days from 1 October on are a week: two were published in the ninth and tenth, and nothing after that.
    assert {week: row["is_published"] for week, row in record.items()} == {
        **dict.fromkeys(range(1, 9), False), 9: True, 10: True,
    }  # fmt: skip
    for row, said in zip((record[9], record[10]), published, strict=True):
        assert {name: row[name] for name in said} == said
        assert said["forecast"] is not None
    days = warehouse.rows(f"select date, {ranges} from marts.fct_key_result_daily where key_result_id = 'up'")
    by_day = {row["date"]: row for row in days}
    for week in range(1, 9):
        tested = by_day[START + (7 * week - 1) * DAY]
        assert {name: record[week][name] for name in tested} == tested
    came = warehouse.row("select value, status from marts.key_results where key_result_id = 'up'")
    for row in record.values():
        assert (row["kpi_id"], row["value"], row["is_reached"]) == ("total", came["value"], True)
        assert row["is_held"] == (row["forecast_low"] <= came["value"] <= row["forecast_high"])
    assert came["status"] == "achieved"
