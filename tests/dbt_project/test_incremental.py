"""A build computes only what changed, and what it leaves is what a full build would make."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta

from tests.dbt_project import example
from tests.dbt_project.warehouse import Warehouse


def digests(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Rows and a digest of the content of every mart."""
    tables = warehouse.rows("select table_name from duckdb_tables() where schema_name = 'marts' order by 1")
    found = {}
    for table in (row["table_name"] for row in tables):
        row = warehouse.row(f"select count(*) as n, coalesce(sum(hash(t)), 0) as digest from marts.{table} as t")
        found[table] = (row["n"], row["digest"])
    return found


def full_build(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """The digests a full build would leave; the warehouse stays as it is."""
    kept = warehouse.path.with_suffix(".kept")
    shutil.copy(warehouse.path, kept)
    warehouse.build("--full-refresh")
    found = digests(warehouse)
    shutil.move(kept, warehouse.path)
    return found


def changed(warehouse: Warehouse) -> set[str]:
    return {
        row["key_result_id"] for row in warehouse.rows("select key_result_id from intermediate.int_changed_key_result")
    }


def test_a_second_build_of_the_same_day_changes_nothing(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    first = digests(warehouse)
    warehouse.build()
    assert digests(warehouse) == first
    assert not warehouse.rows("from intermediate.int_changed_input")
    # The quarter that runs is computed each time, as are those to come; the one that is over and final is not.
    assert not {name for name in changed(warehouse) if "o1" in name}
    assert first["fct_key_result_daily"][0] > 1000


def test_a_days_refresh_computes_the_open_period_and_what_was_read_again(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    next_day(warehouse)
    warehouse.build()
    inputs = {row["channel"]: row["date_from"] for row in warehouse.rows("from intermediate.int_changed_input")}
    assert inputs["linkedin_ads"] == date(2026, 10, 24)
    assert not {name for name in changed(warehouse) if "o1" in name}
    assert digests(warehouse) == full_build(warehouse)


def next_day(warehouse: Warehouse, *, days: int = 31) -> None:
    """A day later: the window of 30 days is read again, one day more, some of it restated; or fewer days of it."""
    warehouse.at(warehouse.today + timedelta(days=1))
    window_from = warehouse.today - timedelta(days=days)
    warehouse.delete("linkedin_ads.campaign_analytics", "date >= ?", window_from)
    rows = example.analytics(warehouse, window_from, warehouse.today, seed=warehouse.today.day)
    warehouse.add("linkedin_ads.campaign_analytics", rows)
    warehouse.put("definitions.exchange_rates", example.rates(warehouse.today))
    example.load(warehouse, window_from)


def restated_long_ago(warehouse: Warehouse) -> None:
    window = date(2026, 5, 10), date(2026, 5, 20)
    warehouse.delete("linkedin_ads.campaign_analytics", "date between ? and ?", *window)
    rows = example.analytics(warehouse, window[0], window[1], seed=99)
    warehouse.add("linkedin_ads.campaign_analytics", rows[: len(rows) // 2])
    warehouse.loaded("linkedin_ads", "1", window_from=window[0], window_to=window[1], data_through=window[1])


def renamed_campaign(warehouse: Warehouse) -> None:
    example.name_campaigns(warehouse, c1="Brand <b>2027</b>")


def new_campaign(warehouse: Warehouse) -> None:
    example.name_campaigns(warehouse, c9="Campaign nine")
    only_new = [
        row
        for row in example.analytics(warehouse, date(2026, 11, 1), warehouse.today, c9="1")
        if row["campaign_id"] == "c9"
    ]
    warehouse.add("linkedin_ads.campaign_analytics", only_new)
    warehouse.loaded("linkedin_ads", "1", window_from=date(2026, 11, 1))


def narrower_kpi(warehouse: Warehouse) -> None:
    example.define_kpis(warehouse, pattern="%c1%")


def corrected_rate(warehouse: Warehouse) -> None:
    rates = [dict(row) for row in example.rates(warehouse.today)]
    rates[40]["rate"] = 0.5
    warehouse.put("definitions.exchange_rates", rates)


def late_grade(warehouse: Warehouse) -> None:
    """A grade of a quarter that is over, and one of tomorrow, which counts a day later."""
    grade = {"key_result_id": "o1_k12", "date": warehouse.today, "grade": 0.9, "author": "Eva"}
    tomorrow = {"key_result_id": "o1_k11", "date": warehouse.today + timedelta(days=1), "met": False, "author": "Eva"}
    example.check_in(warehouse, grade, tomorrow)


def missing_file(warehouse: Warehouse) -> None:
    warehouse.put("files.measures", example.webinars(warehouse, files=2))


def moved_target(warehouse: Warehouse) -> None:
    example.define_objectives(warehouse, o2_k4={"target": 60000, "signature": "2"})


def heavier_key_result(warehouse: Warehouse) -> None:
    example.define_objectives(warehouse, o1_k1={"weight": 7.0}, o2_k4={"target": 60000, "signature": "2"})


def key_results_gone(warehouse: Warehouse) -> None:
    rows = warehouse.rows("select * from definitions.key_results where key_result_id not in ('o1_k3', 'o2_k5')")
    warehouse.put("definitions.key_results", [row for row in rows if not row["key_result_id"].endswith("o3")])


def stricter_settings(warehouse: Warehouse) -> None:
    row = warehouse.row("from definitions.settings")
    warehouse.put("definitions.settings", [{**row, "status_on_track": 0.99, "language": "es", "locale": "es-ES"}])


def kpi_of_no_campaign(warehouse: Warehouse) -> None:
    example.define_kpis(warehouse, pattern="no campaign")


def nothing_left(warehouse: Warehouse) -> None:
    for table in ("key_results", "objectives", "check_ins", "milestones", "kpis", "kpi_conditions"):
        warehouse.clear(f"definitions.{table}")


LIVES: list[list[Callable[[Warehouse], None]]] = [
    [restated_long_ago, renamed_campaign],
    [new_campaign, late_grade, missing_file],
    [narrower_kpi, moved_target],
    [corrected_rate, heavier_key_result, key_results_gone],
    [stricter_settings, kpi_of_no_campaign],
    [nothing_left],
]


def test_whatever_changes_it_is_as_if_all_had_been_computed_again(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    for number, changes in enumerate(LIVES):
        # Where three days are read, the day that becomes final is none of them.
        next_day(warehouse, days=3 if number == 1 else 31)
        for change in changes:
            change(warehouse)
        warehouse.build()
        made = digests(warehouse)
        warehouse.publish()
        expected = full_build(warehouse)
        assert made == expected, [change.__name__ for change in changes]


def test_a_build_that_failed_on_the_way_is_made_good_by_the_next(warehouse: Warehouse) -> None:
    example.found(warehouse)
    warehouse.build()
    next_day(warehouse)
    restated_long_ago(warehouse)
    # As if the process had died after the first tables.
    warehouse.build("--select", "+fct_measure_daily", "+fct_kpi_daily")
    warehouse.at(warehouse.today)
    warehouse.build()
    assert digests(warehouse) == full_build(warehouse)
