"""Loads that break, resume, run side by side or lose dlt's folder: the warehouse ends up equal to the truth."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_reports import refresh
from okr_reports.channels.base import LOADED_WINDOWS, LoadResult, find_channel
from okr_reports.channels.doctor import check_channel
from okr_reports.channels.load import check_settings, enabled_channels, ensure_raw_tables, load_channel
from okr_reports.channels.tables import entities, facts
from okr_reports.file_sources import FileSource, MeasureColumn
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops
from tests.channels.odd_answers import odd_vendor

FACTS = "linkedin_ads.campaign_analytics"
TOTALS = f"select date, count(*), sum(impressions), sum(one_click_leads) from {FACTS} group by 1 order by 1"
UNFINISHED = f"""
    select count(*) from (
        select _dlt_load_id from {FACTS} union all select _dlt_load_id from linkedin_ads.loaded_windows
    ) where _dlt_load_id not in (select load_id from linkedin_ads._dlt_loads)
"""


def truth_totals(bench: Any, start: str, end: str = "2026-11-22") -> list[tuple[Any, ...]]:
    totals: dict[str, list[int]] = {}
    header, *lines = bench.truth(**{"from": start, "to": end}).splitlines()
    impressions, leads = header.split(",").index("impressions"), header.split(",").index("leads")
    for line in lines:
        cells = line.split(",")
        day = totals.setdefault(cells[0], [0, 0, 0])
        day[0], day[1], day[2] = day[0] + 1, day[1] + int(cells[impressions]), day[2] + int(cells[leads])
    return [(date.fromisoformat(day), *sums) for day, sums in sorted(totals.items())]


def break_after(bench: Any, slices: int) -> Any:
    """A progress function that takes the API down after some slices."""
    seen = 0

    def progress(text: str) -> None:
        nonlocal seen
        seen += " rows" in text
        if seen >= slices * 2:
            bench.sandbox.state.outage = {"linkedin_ads": 400}

    return progress


def test_a_first_load_that_breaks_goes_on_with_the_next(make_bench: Any) -> None:
    bench = make_bench()
    bench.set("linkedin_ads", start_date="2025-11-23")
    results = bench.load(progress=break_after(bench, 2))
    for result in results.values():
        assert result.state == "partial"
        assert (result.window_from, result.data_through) == (date(2025, 11, 23), date(2026, 5, 25))
    bench.tell(outage={})
    broken = bench.sandbox.state.counts["linkedin_ads"]
    results = bench.load()
    assert {result.window_from for result in results.values()} == {date(2026, 4, 26)}
    rest = bench.sandbox.state.counts["linkedin_ads"] - broken
    reports = [query for _, _, query, _ in list(bench.sandbox.state.requests)[-rest:] if b"q=analytics" in query]
    assert len(reports) == 6, "three slices of each account are left"
    assert bench.rows(TOTALS) == truth_totals(bench, "2025-11-23")


def test_a_backfill_that_breaks_resumes_where_it_broke(bench: Any) -> None:
    bench.load()
    asked = (date(2025, 1, 1), date(2025, 12, 31))
    assert {one.state for one in bench.load(window=asked, progress=break_after(bench, 2)).values()} == {"partial"}
    bench.tell(outage={})
    bench.said.clear()
    results = bench.load(window=asked)
    assert {one.state for one in results.values()} == {"loaded"}
    assert not any("2025-01-01" in line for line in bench.said)
    assert bench.rows(TOTALS.replace("group", "where date < '2026-01-01' group")) == truth_totals(
        bench, "2025-01-01", "2025-12-31"
    )
    # the gap between it and the loaded days stays a gap, which data_through does not hide
    assert {one.data_through for one in results.values()} == {date(2026, 11, 22)}
    assert bench.rows("select max(loaded_from) from linkedin_ads.loaded_windows") == [(date(2026, 7, 27),)]


def test_the_first_refresh_of_a_week_reads_deeper_even_after_a_backfill_by_hand(bench: Any) -> None:
    sunday, monday = date(2026, 11, 22), date(2026, 11, 23)
    bench.set("google_ads", start_date="2026-05-01")
    bench.load("google_ads", today=sunday)
    bench.load("google_ads", today=monday, window=(date(2026, 5, 1), date(2026, 5, 10)))
    loads = [bench.load("google_ads", today=monday).values() for _ in range(2)]
    # ninety days before the last loaded one, then thirty
    assert [{one.window_from for one in results} for results in loads] == [{date(2026, 8, 24)}, {date(2026, 10, 24)}]


def test_a_load_of_a_day_that_has_not_come_covers_no_day(bench: Any) -> None:
    """A clock was in February; back in November a week passes without a refresh, longer than what is read again."""
    bench.set("linkedin_ads", start_date="2026-11-01", lookback_days="3")
    bench.load(today=date(2026, 11, 10))
    bench.load(today=date(2027, 2, 10))
    bench.rows(f"delete from {FACTS} where date > '2026-11-09'")  # vendors say nothing of days to come
    bench.load(today=date(2026, 11, 20))
    days = bench.rows(f"select distinct date from {FACTS} order by 1")
    assert [day.day for (day,) in days] == list(range(1, 20))
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-11-01", "2026-11-19")


def test_an_earlier_start_date_loads_the_time_before(bench: Any) -> None:
    bench.load()
    bench.set("linkedin_ads", start_date="2026-03-01")
    bench.load()
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-03-01")
    assert bench.rows("select min(loaded_from) from linkedin_ads.loaded_windows") == [(date(2026, 3, 1),)]


def test_what_is_known_already_is_not_written_again(bench: Any) -> None:
    loads = "select count(*) from linkedin_ads._dlt_loads"
    first = bench.load()
    written, newest = bench.rows(loads), bench.rows(f"select max(_dlt_load_id) from {FACTS}")
    again = bench.load()
    assert bench.rows(loads) == written
    assert {one.load_id for one in (*first.values(), *again.values())} == {newest[0][0]}
    assert {(one.state, one.rows > 0) for one in again.values()} == {("loaded", True)}
    assert bench.rows(f"update {FACTS} set impressions = impressions + 1 where date = '2026-11-20'") != [(0,)]
    fixed = bench.load()
    assert bench.rows(loads) == [(written[0][0] + 1,)]
    assert {one.load_id for one in fixed.values()} != {newest[0][0]}
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-07-27")


def test_days_that_a_dead_refresh_loaded_are_reported_with_the_next_load(bench: Any) -> None:
    def recorded(results: dict[str, LoadResult]) -> set[date | None]:
        ops.record_loads(bench.warehouse, "r", results.values())
        return {one.window_from for one in results.values()}

    ops.ensure_tables(bench.warehouse)
    recorded(bench.load())
    bench.load(window=(date(2026, 3, 1), date(2026, 3, 31)))
    assert recorded(bench.load()) == {date(2026, 3, 1)}
    assert recorded(bench.load()) == {date(2026, 10, 24)}


def test_losing_dlts_folder_loses_nothing(bench: Any) -> None:
    bench.load()
    shutil.rmtree(bench.folder / "dlt")
    results = bench.load()
    assert {one.window_from for one in results.values()} == {date(2026, 10, 24)}
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-07-27")


# Imports once (3 s), then forks a process a case, which kills itself in the middle of a load.
KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from okr_reports.channels import landing
from okr_reports.channels.load import load_channel
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.job_client_impl import SqlLoadJob

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(job):
    ran = job.run
    job.run = lambda self: (ran(self), die())

def arm(where):
    if where == "before_load":
        landing.dlt.Pipeline.load = die
    elif where == "after_copy":
        die_after(DuckDbCopyJob)
    elif where == "after_merge":
        die_after(SqlLoadJob)
    else:
        DuckDbClient.complete_load = die

for where in sys.argv[2:]:
    folder = Path(sys.argv[1]) / where
    folder.mkdir()
    if os.fork() == 0:
        arm(where)
        load_channel("linkedin_ads", warehouse=folder / "warehouse.duckdb", pipelines_dir=folder / "dlt",
                     today=date(2026, 11, 23), progress=print)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == -signal.SIGKILL, where
"""


def test_a_killed_load_is_forgotten_and_read_again(bench: Any) -> None:
    moments = ["before_load", "after_copy", "after_merge", "before_loads_row"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(bench.folder), *moments],
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert killed.returncode == 0, killed.stderr
    expected = truth_totals(bench, "2026-07-27")
    top = bench.folder
    for keep_dlt, moment in zip([True, False, True, False], moments, strict=True):
        bench.folder = top / moment
        if not keep_dlt:
            shutil.rmtree(bench.folder / "dlt")
        results = bench.load()
        assert {one.state for one in results.values()} == {"loaded"}, moment
        assert {one.window_from for one in results.values()} == {date(2026, 7, 27)}
        assert bench.rows(TOTALS) == expected, moment
        assert bench.rows(UNFINISHED) == [(0,)], moment


def test_channels_load_side_by_side_in_threads(bench: Any) -> None:
    (bench.folder / "a.csv").write_text("date,spend\n2026-09-01,1\n")
    source = FileSource(
        "ads", "ads", bench.folder / "a.csv", "date", {"spend": MeasureColumn("spend")}, roots=(bench.folder,)
    )
    names = [*enabled_channels(), "files"]
    for name in names:
        bench.set(name, start_date="2026-11-10" if name != "linkedin_ads" else "2026-07-27")
    results: dict[str, list[LoadResult]] = {}

    def load(name: str) -> None:
        results[name] = load_channel(
            name,
            warehouse=bench.warehouse,
            pipelines_dir=bench.folder / "dlt",
            today=date(2026, 11, 23),
            progress=bench.said.append,
            file_sources=[source],
        )

    for _ in range(2):
        threads = [threading.Thread(target=load, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {one.state for of_channel in results.values() for one in of_channel} == {"loaded"}, results
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-07-27")
    assert bench.rows("select count(*) from files.measures") == [(1,)]


def test_a_log_that_has_lost_a_column_gets_it_back(bench: Any) -> None:
    definitions = bench.folder / "okr_definitions"
    definitions.mkdir()
    (definitions / "a.csv").write_text("date,spend\n2026-09-01,1\n")
    (definitions / "a.yml").write_text(
        "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: es-ES}\n"
        "file_sources:\n- {id: ads, path: a.csv, channel: ads, date: date, measures: {spend: spend}}\n"
    )
    workspace = Workspace(definitions, bench.folder / "reports", bench.folder)
    refresh.load_channels(workspace, "first", ["linkedin_ads", "ads"])
    bench.rows("alter table files.loaded_files drop column data_from")
    refresh.load_channels(workspace, "second", ["linkedin_ads", "ads"])
    recorded = "select distinct refresh_id, channel, state from ops.source_loads order by all"
    assert bench.rows(recorded) == [
        ("first", "ads", "loaded"),
        ("first", "linkedin_ads", "loaded"),
        ("second", "ads", "loaded"),
        ("second", "linkedin_ads", "loaded"),
    ]


def test_one_reader_may_hold_the_warehouse_open_meanwhile(bench: Any) -> None:
    bench.load()
    with duckdb.connect(str(bench.warehouse)) as connection:
        assert connection.execute(f"select count(*) > 0 from {FACTS}").fetchall() == [(True,)]
        assert {one.state for one in bench.load().values()} == {"loaded"}


def test_empty_raw_tables_are_there_before_anything_was_loaded_and_dlt_adopts_them(bench: Any) -> None:
    ensure_raw_tables(bench.warehouse, bench.folder / "dlt")
    ensure_raw_tables(bench.warehouse, bench.folder / "dlt")
    channel = find_channel("linkedin_ads")
    for table in (*channel.tables, LOADED_WINDOWS):
        assert bench.rows(f"select count(*) from linkedin_ads.{table.name}") == [(0,)]
    assert bench.rows("select count(*) from files.measures") == [(0,)]
    bench.load()
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-07-27")


def test_a_stored_column_of_another_type_is_named_and_nothing_changes(bench: Any) -> None:
    bench.load()
    bench.rows(f"alter table {FACTS} alter clicks type varchar")
    [result] = bench.load().values()
    assert result.state == "failed"
    assert "linkedin_ads.campaign_analytics.clicks is VARCHAR in the warehouse but the channel writes BIGINT" in (
        result.error or ""
    )


def test_a_channel_is_on_when_it_has_settings_and_is_not_switched_off(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "linkedin_ads" in enabled_channels()
    bench.set("linkedin_ads", enabled="false")
    assert "linkedin_ads" not in enabled_channels()
    for name in list(os.environ):
        if name.startswith("SOURCES__"):
            monkeypatch.delenv(name)
    assert enabled_channels() == []
    (bench.folder / ".dlt").mkdir()
    (bench.folder / ".dlt" / "config.toml").write_text("[sources.linkedin_ads]\nstart_date = 2026-07-27\n")


def test_settings_that_cannot_be_are_findings(bench: Any) -> None:
    assert check_settings() == []
    bench.set("linkedin_ads", lookback_days="many")
    [finding] = check_settings()
    assert "sources.linkedin_ads.lookback_days" in finding.what
    assert "whole number" in finding.todo
    [result] = bench.load().values()
    assert (result.state, "lookback_days" in (result.error or "")) == ("failed", True)


@pytest.mark.parametrize("campaigns", [{"elements": [{"name": "without id"}]}, {"elements": 7}, {"elements": [None]}])
def test_names_of_an_odd_shape_leave_the_facts(bench: Any, campaigns: Any) -> None:
    with odd_vendor(bench.sandbox.url, "/adCampaigns", campaigns) as url:
        bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads")
        results = bench.load()
        findings = check_channel("linkedin_ads")
    assert {one.state for one in results.values()} == {"partial"}
    for account_id, result in results.items():
        assert f"linkedin_ads account {account_id}: the answer for " in (result.error or "")
        assert "has an unexpected shape" in (result.error or "")
    assert bench.rows(TOTALS) == truth_totals(bench, "2026-07-27")
    assert [(one.severity, "unexpected shape" in one.what) for one in findings] == [("warning", True)] * len(results)


def test_a_list_of_accounts_of_an_odd_shape_is_named_by_what_was_read(bench: Any) -> None:
    with odd_vendor(bench.sandbox.url, "/adAccounts", {"elements": [{"id": 1}]}) as url:
        bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads")
        [result] = bench.load().values()
        [finding] = check_channel("linkedin_ads")
    assert (result.state, finding.severity) == ("failed", "error")
    assert result.error == f"{finding.what}; {finding.todo}"
    assert "the list of accounts has an unexpected shape (KeyError('currency') reading" in finding.what


def test_figures_of_an_odd_shape_are_named_alike_by_the_doctor(bench: Any) -> None:
    with odd_vendor(bench.sandbox.url, "/adAnalytics", {"elements": [{"pivotValues": None}]}) as url:
        bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads")
        results = bench.load()
        findings = check_channel("linkedin_ads")
    # The doctor asks for one day, the load for its window.
    said = [
        {re.sub(r"\d{4}-\d\d-\d\d", "D", text) for text in texts}
        for texts in ([f"{one.what}; {one.todo}" for one in findings], [one.error or "" for one in results.values()])
    ]
    assert said[0] == said[1]


def test_unknown_channels_fail(bench: Any) -> None:
    for name in ("no_such", "../files", ""):
        [result] = bench.load(name).values()
        assert "is not a channel with an API" in (result.error or "")


def test_tables_say_what_they_hold() -> None:
    assert facts("daily", unique=("campaign_id",), campaign_id=entities("x").schema.field("id").type).schema.names == [
        "account_id",
        "date",
        "campaign_id",
        "loaded_at",
        "_deleted",
    ]
