"""From the channel's API to the published page, over the real parts; and what bad input does to what was published."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from okr_reports.settings import Workspace
from okr_reports.warehouse import column_lineage, history
from tests.support import AD_MEASURES, OKR, ONE_PAGE_EACH, ROOT, Refreshed, copy_pages


def query(refreshed: Refreshed, sql: str, parameters=()):
    with duckdb.connect(str(refreshed.data_dir / "okr.duckdb"), read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()


def published(refreshed: Refreshed) -> tuple[str, bytes]:
    """Which release is in place, and its first page."""
    current = refreshed.data_dir / "site" / "current"
    return str(current.readlink()), (current / "index.html").read_bytes()


def public_data(refreshed: Refreshed) -> dict[str, bytes]:
    """The site's data files by name."""
    folder = refreshed.data_dir / "site" / "current" / "data"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def truth(demo: Refreshed, channel: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{demo.sandbox_url}/truth/{channel}/daily.csv", timeout=60) as answer:
        return list(csv.DictReader(io.StringIO(answer.read().decode())))


@pytest.fixture
def workspace(demo, tmp_path):
    """A workspace of its own with the demo's data and definitions and a few of its pages, to be spoiled."""
    shutil.copytree(demo.data_dir, tmp_path / "data", symlinks=True, ignore=shutil.ignore_patterns("dagster", "*.log"))
    shutil.copytree(ROOT / "okr_definitions", tmp_path / "okr_definitions")
    copy_pages(tmp_path / "reports", ONE_PAGE_EACH)
    environment = {
        **demo.environment,
        "OKR_DATA_DIR": str(tmp_path / "data"),
        "OKR_DEFINITIONS_DIR": str(tmp_path / "okr_definitions"),
        "OKR_REPORTS_DIR": str(tmp_path / "reports"),
    }
    return Refreshed(tmp_path / "data", environment, 0, "", "")


def test_the_demo_is_published_and_says_where(demo):
    assert demo.exit_code == 0, demo.stderr
    lines = demo.stdout.splitlines()
    assert lines[0].startswith("file://")
    assert Path(lines[0].removeprefix("file://")).is_file()
    assert len(lines) == 4
    assert lines[2] == "  as of 2026-11-23, data through 2026-11-22"
    # Dagster warns here of each dbt test that it cannot place beside an asset.
    assert "WARNING" not in demo.stderr


def test_every_day_equals_the_truth(demo):
    loaded = {
        (date.isoformat(), account, campaign, measure): value
        for date, account, campaign, measure, value in query(
            demo,
            "select date, account_id, campaign_id, measure, value_local from marts.fct_measure_daily"
            " where channel = 'linkedin_ads' and value_local <> 0",
        )
        if measure in AD_MEASURES
    }
    expected = {
        (row["date"], row["account_id"], row["campaign_id"], measure): Decimal(row[measure])
        for row in truth(demo, "linkedin_ads")
        for measure in AD_MEASURES
        if Decimal(row[measure]) != 0 and "2024-11-23" <= row["date"] <= "2026-11-22"
    }
    assert len(expected) > 10_000
    assert loaded.keys() == expected.keys()
    assert max(abs(loaded[key] - expected[key]) for key in expected) <= Decimal("0.000000001")


def test_nothing_is_written_outside_the_data_folder(demo):
    assert {path.name for path in demo.data_dir.iterdir()} <= {
        "as_of", "dagster", "dbt", "dlt", "history", "okr.duckdb", "sandboxed.json", "site", "warehouse.duckdb",
        "warehouse.lock",
    }  # fmt: skip


def test_a_limit_below_one_per_cent_is_said_as_it_is(demo):
    [(said,)] = query(demo, "select status_reason from marts.key_results where key_result_id = 'ctr_held_q4'")
    assert "0,55 %" in said


def test_a_second_refresh_changes_no_number_and_a_third_builds_nothing_and_tells_the_time(workspace):
    def asked_last():
        return query(workspace, "select max(last_load_at) from marts.source_health")[0][0]

    def in_warehouse(sql):
        with duckdb.connect(str(workspace.data_dir / "warehouse.duckdb")) as connection:
            return connection.execute(sql).fetchall()

    before = query(workspace, "from marts.fct_key_result_daily order by all")
    # The definitions lie elsewhere than the first refresh found them, and in no repository.
    answer = workspace.okr("refresh")
    assert answer.returncode == 0, answer.stderr
    assert query(workspace, "from marts.fct_key_result_daily order by all") == before
    # A model that is built again gets its own comment back: source_health tells moments.
    for table in ("key_results", "source_health"):
        in_warehouse(f"comment on table marts.{table} is 'as it was'")
    then = asked_last()
    answer = workspace.okr("refresh")
    assert answer.returncode == 0, answer.stderr
    assert query(workspace, "from marts.fct_key_result_daily order by all") == before
    assert in_warehouse("select table_name from duckdb_tables() where comment = 'as it was'") == [("key_results",)]
    assert asked_last() > then


def test_a_wrong_token_and_an_api_that_is_down_fail_their_source_and_the_rest_is_published_and_stamped(workspace):
    before, _ = published(workspace)
    answer = workspace.okr("refresh", SOURCES__LINKEDIN_ADS__CREDENTIALS__ACCESS_TOKEN="stolen", OKR_TODAY="2026-11-24",
                           SOURCES__LINKEDIN_ADS__CREDENTIALS__REFRESH_TOKEN="",
                           SOURCES__TIKTOK_ADS__BASE_URL="http://127.0.0.1:9")  # fmt: skip
    assert answer.returncode == 1
    assert "linkedin_ads" in answer.stderr
    assert "tiktok_ads" in answer.stderr
    assert "stolen" not in answer.stdout + answer.stderr
    after, _ = published(workspace)
    assert after != before
    failed = "select distinct channel from marts.source_health where state = 'failed' order by 1"
    assert query(workspace, failed) == [("linkedin_ads",), ("tiktok_ads",)]
    stale = query(workspace, "select count(*) from marts.key_results where stale_since is not null")
    assert stale[0][0] > 0
    rows = query(workspace, "select count(*) from marts.fct_measure_daily where channel = 'linkedin_ads'")
    assert rows[0][0] > 10_000


BROKEN = {
    "typo.yml": ("kpis:\n  - {id: x, kind: flow, meassure: leads, unit: count}\n", "typo.yml:2: error: "),
    "twice.yml": ("notes: []\nnotes: []\n", "twice.yml:2: error: "),
    "unknown.yml": (
        "objectives:\n  - id: a_new_one\n    title: A\n    period: 2026-Q4\n    team: paid_social\n"
        "    key_results:\n"
        "      - {id: a_new_kr, title: T, type: at_most, kpi: leeds, target: 3}\n",
        "unknown.yml:7: error: ",
    ),
}


def test_broken_definitions_publish_nothing_and_name_the_line(workspace, tmp_path):
    before = published(workspace)
    for name, (text, _) in BROKEN.items():
        (tmp_path / "okr_definitions" / name).write_text(text, encoding="utf-8")
    answer = workspace.okr("refresh")
    assert answer.returncode == 2
    assert [expected for _, expected in BROKEN.values() if expected not in answer.stderr] == []
    assert published(workspace) == before
    assert workspace.okr("check").returncode == 1


def test_a_broken_page_says_so_and_the_others_are_published_unless_that_is_strict(workspace, tmp_path):
    before, _ = published(workspace)
    pages = {
        "no_query": "# T\n\n{% big_value data='no_such_query' value='x' /%}\n",
        "no_tag": "# T\n\n```sql q\nselect 1 as x\n```\n\n{% big_vallue data='q' value='x' /%}\n",
    }
    for name, text in pages.items():
        (tmp_path / "reports" / "pages" / f"{name}.md").write_text(text, encoding="utf-8")
    answer = workspace.okr("refresh")
    assert answer.returncode == 1
    after = published(workspace)
    assert after[0] != before
    for name in pages:
        assert f"{name}.md:" in answer.stderr
        notice = (workspace.data_dir / "site" / "current" / name / "index.html").read_text(encoding="utf-8")
        assert f"pages/{name}.md:" in notice
    assert workspace.okr("report").returncode == 1
    after = published(workspace)
    settings = tmp_path / "okr_definitions" / "settings.yml"
    settings.write_text(settings.read_text().replace("settings:\n", "settings:\n  publish: {strict: true}\n", 1))
    answer = workspace.okr("refresh")
    assert answer.returncode == 2
    assert [name for name in pages if f"{name}.md:" not in answer.stderr] == []
    assert published(workspace) == after


def test_a_currency_without_a_rate_is_named_with_its_day_and_never_added(workspace, tmp_path):
    folder = tmp_path / "okr_definitions"
    (folder / "imports").mkdir(exist_ok=True)
    (folder / "imports" / "yen.csv").write_text("date,spend\n2026-11-01,1000\n", encoding="utf-8")
    (folder / "yen.yml").write_text(
        "file_sources:\n  - {id: yen, path: imports/yen.csv, channel: yen_ads, date: date, currency: JPY,"
        " measures: {spend: spend}}\n",
        encoding="utf-8",
    )
    with (folder / "exchange_rates.csv").open("a", encoding="utf-8") as rates:
        rates.write("2025-01-01,JPY,0.006\n")
    answer = workspace.okr("refresh")
    assert answer.returncode == 1
    assert "JPY" in answer.stderr
    assert "2026-11-01" in answer.stderr
    assert query(workspace, "select value from marts.fct_measure_daily where channel = 'yen_ads'") == [(None,)]


def test_the_report_of_a_past_day_comes_back_to_the_byte(workspace, tmp_path):
    copy_pages(tmp_path / "reports")
    first = public_data(workspace)
    assert workspace.okr("refresh", OKR_TODAY="2026-11-30").returncode == 0
    later = public_data(workspace)
    assert later["key_results.csv"] != first["key_results.csv"]
    whole = []
    for _ in range(2):
        answer = workspace.okr("report", "--as-of", "2026-11-25", OKR_TODAY="2026-11-30")
        assert answer.returncode == 0, answer.stderr
        site = workspace.data_dir / "site" / "current"
        whole.append({str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()})
        assert {name: whole[-1][f"data/{name}"] for name in first} == first
    assert whole[0] == whole[1]
    answer = workspace.okr("report", "--as-of", "2026-11-22")
    assert answer.returncode == 1
    assert "2026-11-23" in answer.stderr


def test_a_lost_warehouse_is_rebuilt_and_what_was_reported_stays(workspace):
    reported = query(workspace, "from marts.fct_key_result_reported order by all")
    (workspace.data_dir / "warehouse.duckdb").unlink()
    answer = workspace.okr("refresh", OKR_TODAY="2026-11-24")
    # Mailchimp's days are differences of what it said from day to day.
    assert answer.returncode == 1
    assert "mailchimp" in answer.stderr
    assert "no source gives them any longer" in answer.stderr
    assert f"brought back from history of 2026-11-23: 1 publications, {len(reported)} reported values" in answer.stderr
    on_that_day = "from marts.fct_key_result_reported where reported_on = '2026-11-23' order by all"
    assert query(workspace, on_that_day) == reported
    assert workspace.okr("doctor", "--history").stdout.count("FAULT history") == 0
    refused = workspace.okr("refresh")
    assert refused.returncode == 2
    assert "today is 2026-11-23, and the newest report is of 2026-11-24" in refused.stderr


LATER_COLUMNS = {
    "report_context": ("status_on_track", "status_at_risk", "grace", "success_committed", "success_aspirational"),
    "dim_kpi": ("channel",),
    "key_results": ("disagreement", "over_range", "last_check_in_next"),
    "objectives": ("approved_by", "approved_on"),
    "source_health": ("stale_since",),
}


def by_column(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8"))))


def test_a_publication_of_an_older_version_still_makes_a_report_and_says_what_it_lacks(workspace, tmp_path):
    copy_pages(tmp_path / "reports")
    old = tmp_path / "old.duckdb"
    shutil.copyfile(workspace.data_dir / "okr.duckdb", old)
    with duckdb.connect(str(old)) as connection:
        connection.execute("drop table marts.health_gate")
        connection.execute("drop table marts.initiatives")
        for table, columns in LATER_COLUMNS.items():
            for column in columns:
                connection.execute(f"alter table marts.{table} drop column {column}")
    kept = workspace.data_dir / "history"
    history.keep(history.write_marts(old, kept), workspace.data_dir / "warehouse.duckdb", kept, date(2026, 11, 20))
    current = public_data(workspace)
    answer = workspace.okr("report", "--as-of", "2026-11-20", "--json")
    assert answer.returncode == 0, answer.stderr
    lacking = {"health_gate", "initiatives", *(f"{t}.{c}" for t, names in LATER_COLUMNS.items() for c in names)}
    assert set(json.loads(answer.stdout)["missing"]) == lacking
    assert "has no health_gate, initiatives" in answer.stderr
    site = workspace.data_dir / "site" / "current"
    assert "95" in (site / "glossary" / "index.html").read_text(encoding="utf-8")
    assert "LinkedIn Ads" in (site / "kpis" / "index.html").read_text(encoding="utf-8")
    # Columns that it lacked are at the end.
    assert by_column(public_data(workspace)["kpis.csv"]) == by_column(current["kpis.csv"])
    # a history that somebody tidied up
    for part in (workspace.data_dir / "history" / "parts").glob("objectives-*"):
        part.unlink()
    lost = workspace.okr("report", "--as-of", "2026-11-20")
    assert lost.returncode == 1
    assert "cannot be read from" in lost.stderr
    assert "backup" in lost.stderr


def test_columns_are_made_of_what_the_lineage_says(workspace):
    built = Workspace(ROOT / "okr_definitions", ROOT / "reports", workspace.data_dir)
    assert column_lineage.of_build(built) == column_lineage.read(), "run `make lineage`"


def test_two_refreshes_at_once_one_waits(workspace):
    environment = {**os.environ, **workspace.environment}
    both = [
        subprocess.Popen([OKR, "refresh"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    lock = workspace.data_dir / "warehouse.lock.json"
    while not lock.exists():
        assert [process.poll() for process in both] == [None, None]
    answer = workspace.okr("refresh", "--wait", "0")
    assert answer.returncode == 2
    assert [process.pid for process in both if f"process {process.pid}" in answer.stderr], answer.stderr
    assert [process.communicate(timeout=300) and process.returncode for process in both] == [0, 0]


def has_open(pid: int, name: str) -> bool:
    """Whether a process has a file of this name open (Linux)."""
    places = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            places.append(link.readlink().name)
    return name in places


def test_ctrl_c_while_models_are_scored_lets_go_of_the_warehouse_only_when_nothing_writes_it(workspace):
    terminal, standard_error = pty.openpty()
    process = subprocess.Popen(
        [OKR, "refresh"], cwd=ROOT, env={**os.environ, **workspace.environment}, stdout=subprocess.DEVNULL,
        stderr=standard_error,
    )  # fmt: skip
    os.close(standard_error)
    said = ""
    while "models: scoring key results" not in said:
        said += os.read(terminal, 10_000).decode(errors="replace")
    # into dbt's own writing: what comes before it has the file open for a moment only
    opened = 0
    while opened < 10:
        assert process.poll() is None, said
        time.sleep(0.05)
        opened = opened + 1 if has_open(process.pid, "warehouse.duckdb") else 0
    process.send_signal(signal.SIGINT)
    holder = workspace.data_dir / "warehouse.lock.json"
    while holder.exists():
        time.sleep(0.01)
    # refused while another process has it open
    duckdb.connect(str(workspace.data_dir / "warehouse.duckdb")).close()
    with suppress(OSError):
        while more := os.read(terminal, 10_000):
            said += more.decode(errors="replace")
    os.close(terminal)
    assert process.wait(60) == 130, said
    assert "stopped; what was there is whole, and the command can be run again" in said
    assert "Traceback" not in said
    assert workspace.okr("refresh").returncode == 0


def test_key_results_of_check_ins_alone_need_no_source(tmp_path):
    (tmp_path / "okr_definitions").mkdir()
    (tmp_path / "okr_definitions" / "all.yml").write_text(
        "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
        "teams: [{id: onboarding, title: Onboarding}]\n"
        "objectives:\n- id: faster\n  title: Onboard faster\n  period: 2026-Q4\n  team: onboarding\n  key_results:\n"
        "  - {id: days, title: From 5 days to 2, type: decrease, baseline: 5, target: 2}\n"
        "  - {id: live, title: The sequence is live, type: binary}\n"
        "check_ins: [{date: 2026-11-16, key_result: days, author: Ana, value: 3.5}]\n",
        encoding="utf-8",
    )
    environment = {name: "" for name in os.environ if name.startswith("SOURCES__")} | {
        "OKR_DATA_DIR": str(tmp_path / "data"),
        "OKR_DEFINITIONS_DIR": str(tmp_path / "okr_definitions"),
        "OKR_TODAY": "2026-11-23",
    }
    manual = Refreshed(tmp_path / "data", environment, 0, "", "")
    answer = manual.okr("refresh")
    assert answer.returncode == 0, answer.stderr
    assert query(manual, "select key_result_id, score, status from marts.key_results order by 1") == [
        ("days", 0.5, "on_track"),
        ("live", None, "no_data"),
    ]
    assert query(manual, "select data_through from marts.report_context") == [(date(2026, 11, 23),)]
