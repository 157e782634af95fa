"""A build makes only the days anew that changed, and what it leaves is what a full build would make."""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from random import Random

import pytest

from okr_reports.errors import TransformError
from okr_reports.refresh.models import build_models
from okr_reports.warehouse import build_steps, builds, transform
from tests.dbt_project import changes, example
from tests.dbt_project.warehouse import Warehouse

# `make prove` throws ten times as many changes, of which half as many come before each build, which takes ten seconds.
PROVE = bool(os.environ.get("OKR_PROVE"))
CHANGES, EACH_BUILD = (500, 5) if PROVE else (50, 10)
CARRIED = ("int_measures_converted", "int_measures_summed", "int_ads_pivoted")


def digests(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Rows and a digest of the content of every mart and carried table."""
    tables = warehouse.rows("select table_name from information_schema.tables where table_schema = 'marts' order by 1")
    names = [f"marts.{row['table_name']}" for row in tables] + [f"intermediate.{name}" for name in CARRIED]
    found = {}
    for name in names:
        row = warehouse.row(f"select count(*) as n, coalesce(sum(hash(t)), 0) as digest from {name} as t")
        found[name] = (row["n"], row["digest"])
    return found


def full_build(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """The digests a full build would leave; the warehouse stays as it is."""
    kept = warehouse.path.with_suffix(".kept")
    shutil.copy(warehouse.path, kept)
    warehouse.build("--full-refresh")
    found = digests(warehouse)
    shutil.move(kept, warehouse.path)
    return found


def changed_days(warehouse: Warehouse) -> set[tuple[str, date]]:
    rows = warehouse.rows("from intermediate.int_measure_days_changed")
    return {(row["channel"], row["date"]) for row in rows}


def test_a_day_is_made_anew_only_where_its_numbers_differ(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    first = digests(warehouse)
    assert first["marts.fct_key_result_daily"][0] > 1000
    warehouse.at(warehouse.today)
    example.load(warehouse, example.FIRST_DAY)
    warehouse.build()
    # All of it was loaded again, all of it the same; and the clock is no input.
    assert not changed_days(warehouse)
    warehouse.at(warehouse.today + timedelta(days=1))
    warehouse.build()
    assert not changed_days(warehouse)
    warehouse.delete("files.measures", "date = date '2026-08-06' and measure = 'guests'")
    rates = [{**row, "rate": 2} if row["date"] == date(2026, 9, 15) else row for row in example.rates(warehouse.today)]
    warehouse.put("definitions.exchange_rates", rates)
    warehouse.build()
    served = {("linkedin_ads", date(2026, 9, day)) for day in range(15, 20)}
    assert changed_days(warehouse) == {("webinars", date(2026, 8, 6)), *served}
    assert digests(warehouse) == full_build(warehouse)


def build_again(warehouse: Warehouse) -> bool:
    """As a refresh does it; whether by kept statements. No input changes a view."""
    workspace = warehouse.workspace
    if build_steps.repeat(workspace, builds.state(workspace).structure, None):
        return True
    build_models(workspace)
    return False


@pytest.mark.prove
def test_whatever_changes_it_is_as_if_all_had_been_computed_again(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    dice = Random(2026)
    # Each kind of change comes before any comes again.
    kinds: list[changes.Change] = []
    repeated = 0
    for _ in range(CHANGES // EACH_BUILD):
        chosen = []
        for _ in range(EACH_BUILD):
            kinds = kinds or dice.sample(changes.OF_EVERY_INPUT, len(changes.OF_EVERY_INPUT))
            chosen.append(kinds.pop())
        for change in chosen:
            change(warehouse, dice)
        repeated += build_again(warehouse)
        made = digests(warehouse)
        expected = full_build(warehouse)
        differ = {name for name in made if made[name] != expected[name]}
        assert not differ, [change.__name__ for change in chosen]
    assert repeated


@pytest.mark.parametrize("last", ["int_measure_days_changed", "int_measures_converted", "int_ads_pivoted"])
def test_a_build_that_died_on_the_way_is_made_good_by_the_next(warehouse: Warehouse, last: str) -> None:
    """Even where what it had begun to write is gone again from what was loaded."""
    example.found(warehouse)
    warehouse.build()
    expected = digests(warehouse)
    before = warehouse.rows("from linkedin_ads.campaign_analytics where date > date '2026-10-15'")
    warehouse.run("update linkedin_ads.campaign_analytics set clicks = clicks + 1 where date > date '2026-10-15'")
    warehouse.add("files.measures", [{**example.webinars(warehouse)[0], "channel": "gone", "value": 5}])
    warehouse.build("--select", f"+{last}")
    warehouse.delete("files.measures", "channel = 'gone'")
    warehouse.delete("linkedin_ads.campaign_analytics", "date > date '2026-10-15'")
    warehouse.add("linkedin_ads.campaign_analytics", before)
    warehouse.build()
    assert digests(warehouse) == expected


def test_a_carried_table_made_by_itself_stays_whole(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    expected = digests(warehouse)
    for arguments in (["--select", "int_measures_summed"], ["--full-refresh", "--select", "int_ads_pivoted"]):
        warehouse.build(*arguments)
        assert digests(warehouse) == expected
    warehouse.run("drop table intermediate.int_measures_converted")
    warehouse.run("delete from intermediate.int_measures_summed where date < date '2026-08-01'")
    warehouse.build()
    assert digests(warehouse) == expected


def test_a_day_that_failed_its_test_fails_until_it_is_put_right(warehouse: Warehouse) -> None:
    facts = ["+int_measure_days_built"]
    example.load(warehouse, example.FIRST_DAY)
    transform.build(warehouse.workspace, facts)
    warehouse.add("files.measures", [{**example.webinars(warehouse)[0], "measure": None, "value": 5}])
    for _ in range(2):
        with pytest.raises(TransformError, match="key_int_measures_summed"):
            transform.build(warehouse.workspace, facts)
    warehouse.delete("files.measures", "measure is null")
    transform.build(warehouse.workspace, facts)
    assert not warehouse.rows("from intermediate.int_measures_summed where measure is null")
