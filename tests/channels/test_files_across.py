"""Files of one source to each other, and new content to what was loaded: nothing is lost, no day counts twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from okr_reports.channels.files.check import check_files
from okr_reports.file_sources import MeasureColumn
from tests.channels.a_folder import Files

TODAY = date(2026, 11, 23)
SEPTEMBER = [date(2026, 9, day) for day in range(1, 31)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def export(days, value, campaign="c") -> str:
    return "date,c,spend\n" + "".join(f"{day},{campaign},{value}\n" for day in days)


def total(files: Files) -> int:
    return sum(int(value) for (value,) in files.counted("value"))


@pytest.mark.parametrize(
    ("on_overlap", "expected", "states"),
    [("refuse", 100, ["loaded", "partial"]), ("newest", 10 * 5 + 12 * 10, ["loaded"]), ("sum", 220, ["loaded"])],
)
def test_two_exports_that_say_otherwise(files: Files, on_overlap, expected, states) -> None:
    files.write("e_1.csv", export(SEPTEMBER[:10], 10))
    files.write("e_2.csv", export(SEPTEMBER[5:15], 12))
    source = files.source(campaign_name="c", on_overlap=on_overlap)
    checked = [(one.path.name, str(fault)) for one in check_files([source], TODAY, "EUR", {}) for fault in one.faults]
    results = files.load(source)
    assert [one.state for one in results] == states
    assert total(files) == expected
    if on_overlap == "refuse":
        assert "e_2.csv overlaps e_1.csv: 5 rows" in str(results[1].error)
        assert "`on_overlap: newest`" in str(results[1].error)
        what = "overlaps e_1.csv: 5 rows of the same account, campaign and day (2026-09-06 to 2026-09-10)"
        assert checked == [("e_2.csv", what)]
    else:
        assert not checked


def test_the_newest_file_restates_an_accounts_day_whole_and_gives_it_back(files: Files) -> None:
    source = files.source(campaign_name="c", on_overlap="newest")
    files.write("e_1.csv", export(SEPTEMBER[:4], 10) + "2026-09-02,other,7\n")
    files.load(source)
    newer = files.write("e_2.csv", export(SEPTEMBER[1:6], 12))
    files.load(source)
    assert total(files) == 10 + 5 * 12
    newer.unlink()
    files.load(source)
    assert total(files) == 47


@pytest.mark.parametrize("content", ["date,c,spend\n", export(SEPTEMBER[:1], 1) + export(SEPTEMBER[-1:], 1)[13:]])
def test_content_that_lost_its_rows_erases_nothing(files: Files, content: str) -> None:
    files.write("a.csv", export(SEPTEMBER, 1))
    source = files.source(campaign_name="c")
    files.load(source)
    files.write("a.csv", content)
    results = files.load(source)
    assert [one.state for one in results] == ["loaded", "failed"]
    assert "where 30 were loaded" in str(results[1].error)
    assert "export it again" in str(results[1].error)
    assert total(files) == 30


@pytest.mark.parametrize(("replaces", "expected"), [("range", 30 + 2 * 15), ("all", 2 * 30)])
def test_new_content_replaces_its_own_days_or_all(files: Files, replaces: str, expected: int) -> None:
    source = files.source(campaign_name="c", replaces=replaces)
    files.write("a.csv", export(SEPTEMBER, 1))
    files.load(source)
    october = [date(2026, 10, day) for day in range(1, 16)]
    files.write("a.csv", export([*SEPTEMBER[15:], *october], 2))
    files.load(source)
    assert total(files) == 15 + 60 if replaces == "range" else total(files) == 60


def test_a_month_that_runs_is_dated_by_its_first_sight_in_a_new_warehouse_too(files: Files) -> None:
    source = files.source(grain="month")
    files.write("a.csv", "date,spend\n2026-09-01,300\n2026-10-01,200\n")
    files.load(source, today=date(2026, 10, 21))
    days = files.rows("min(date), max(date), sum(value)")
    assert days == [(date(2026, 9, 1), date(2026, 10, 20), 500)]
    with duckdb.connect(str(files.warehouse)) as connection:
        kept = connection.sql("from ops.first_seen").to_arrow_table()
    files.warehouse.unlink()
    with duckdb.connect(str(files.warehouse)) as connection:
        connection.execute("create schema ops")
        connection.register("kept", kept)
        connection.execute("create table ops.first_seen as from kept")
    files.load(source, today=date(2026, 11, 5))
    assert files.rows("min(date), max(date), sum(value)") == days
    files.write("a.csv", "date,spend\n2026-09-01,300\n2026-10-01,200\n2026-11-01,40\n")
    files.load(source, today=date(2026, 11, 5))
    assert files.rows("max(date), sum(value)") == [(date(2026, 11, 4), 540)]


def test_a_changed_declaration_reads_the_whole_history_again(files: Files) -> None:
    files.write("a.csv", export(SEPTEMBER, 1))
    files.load(files.source(campaign_name="c"))
    files.load(
        files.source(campaign_name="c", measures={"spend": MeasureColumn("spend"), "twice": MeasureColumn("spend")})
    )
    assert total(files) == 60


@pytest.mark.parametrize(
    ("every", "cadence"),
    [(1, 3), (7, 14), (30, 60)],
    ids=["each day", "each Sunday, never stale on Thursday", "a month"],
)
def test_a_file_without_a_cadence_is_as_old_as_its_usual_gap_allows(files: Files, every: int, cadence: int) -> None:
    days = [date.fromordinal(SEPTEMBER[0].toordinal() + every * number) for number in range(4)]
    files.write("a.csv", export(days, 1))
    files.load(files.source(campaign_name="c"), today=date(2027, 1, 1))
    with duckdb.connect(str(files.warehouse)) as connection:
        assert connection.execute("select distinct cadence_days from files.file_measures").fetchall() == [(cadence,)]
