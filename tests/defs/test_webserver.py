"""Dagster in the real UI's place: a webserver and a daemon over one workspace whose LinkedIn is down.

Tests run in the order of the file: what one starts, a later one looks at, since each run takes seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from aiosmtpd.controller import Controller

from tests.defs.dagster_ui import started, tell, wait_until
from tests.defs.questions import MADRID, checks_run, coming, cursor_of, start_sensor, steps, tick
from tests.defs.receivers import Alerts, Mailbox
from tests.support import OKR, free_port

DOWN = "linkedin_ads"


@pytest.fixture(scope="module")
def alerts():
    service = Alerts()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def dagster(demo, alerts, mailbox, tmp_path_factory):
    environment = {
        f"SOURCES__{DOWN.upper()}__BASE_URL": f"http://127.0.0.1:{free_port()}",
        "DELIVERIES__ALERTS": f'["{alerts.url}"]',
        "DELIVERIES__SMTP__HOST": "127.0.0.1",
        "DELIVERIES__SMTP__PORT": str(mailbox[1]),
        "DELIVERIES__SMTP__SECURITY": "none",
        "DELIVERIES__SMTP__SENDER": "okr@example.com",
    }
    # meta_ads is loaded twice more a day
    times = 'refresh: {channels: {meta_ads: ["16:30", "12:00"]}, digest: "17:15"}'
    with started(demo, tmp_path_factory.mktemp("dagster"), times, **environment) as running:
        yield running


@pytest.fixture(scope="module")
def nodes(dagster):
    """Every asset as the graph shows it, by key."""
    found = dagster.ask(
        """{ assetNodes {
          assetKey { path } dependencyKeys { path } groupName kinds description pools
          owners { ... on TeamAssetOwner { team } }
          partitionDefinition { name } internalFreshnessPolicy { __typename }
          metadataEntries { label ... on TableSchemaMetadataEntry { schema { columns { name description } } } }
          assetChecksOrError { ... on AssetChecks { checks { name } } }
        } }"""
    )["assetNodes"]
    return {tuple(node["assetKey"]["path"]): node for node in found}


def columns(node) -> dict[str, str | None]:
    (schema,) = [entry["schema"] for entry in node["metadataEntries"] if entry["label"] == "dagster/column_schema"]
    return {column["name"]: column["description"] for column in schema["columns"]}


def checks(node) -> list[str]:
    return [check["name"] for check in node["assetChecksOrError"].get("checks", [])]


def test_assets_reach_from_the_api_resource_to_the_page(nodes):
    seen, todo = set(), [("pages", "key-results", "id")]
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += [tuple(above["path"]) for above in nodes[key]["dependencyKeys"]] if key in nodes else []
    assert ("linkedin_ads", "campaign_analytics") in seen
    assert ("definitions", "key_results") in seen
    assert ("marts", "fct_key_result_daily") in seen
    assert ("okr_duckdb",) in seen
    assert {key for key in nodes if key[0] == "pages"} >= {("pages", "index"), ("pages", "sources")}


def test_every_asset_has_a_group_an_owner_kinds_and_a_description(nodes):
    bare = [
        key
        for key, node in nodes.items()
        # Tables of the pipeline's own books, which no step makes.
        if key[0] != "ops"
        if not (node["groupName"] != "default" and node["owners"] and node["description"])
    ]
    assert bare == []
    without_kind = {key for key, node in nodes.items() if key[0] != "ops" and not node["kinds"]}
    assert without_kind == {("refresh_outcome",)}


def test_columns_of_raw_tables_definitions_and_marts_are_shown(nodes):
    assert "cost_in_local_currency" in columns(nodes["linkedin_ads", "campaign_analytics"])
    assert "target" in columns(nodes["definitions", "key_results"])
    described = columns(nodes["marts", "key_results"])
    assert described["key_result_id"]
    assert all(described.values())


def test_checks_come_from_dbt_the_sources_and_the_gate(nodes):
    assert "keys_of_marts_hold" in checks(nodes["marts", "fct_key_result_daily"])
    assert {"loaded", "fresh", "reconciled"} <= set(checks(nodes["linkedin_ads", "accounts"]))
    rules = {"objectives_complete", "sources_loaded", "sources_fresh", "values_kept"}
    assert set(checks(nodes["health_gate",])) == rules


def test_what_is_refreshed_has_a_freshness_policy_and_writers_share_a_pool(nodes):
    assert nodes["site",]["internalFreshnessPolicy"]["__typename"] == "TimeWindowFreshnessPolicy"
    # How new a channel's rows are says its check `fresh`, by their days.
    assert nodes["linkedin_ads", "days"]["internalFreshnessPolicy"] is None
    assert nodes["linkedin_ads", "accounts"]["internalFreshnessPolicy"] is None
    for key in (("definitions", "key_results"), ("linkedin_ads", "accounts"), ("marts", "key_results"), ("site",)):
        assert nodes[key]["pools"] == ["okr_warehouse"], key


def test_the_pool_of_the_writer_holds_one_run_at_a_time(dagster):
    pool = dagster.ask("{ instance { poolConfig { poolGranularity defaultPoolLimit } } }")["instance"]["poolConfig"]
    assert pool == {"poolGranularity": "run", "defaultPoolLimit": 1}


def test_jobs_schedules_and_sensors_are_there(dagster):
    (repository,) = dagster.ask(
        """{ repositoriesOrError { ... on RepositoryConnection { nodes {
          jobs { name } sensors { name sensorState { status } }
          schedules { name cronSchedule executionTimezone scheduleState { status } }
        } } } }"""
    )["repositoriesOrError"]["nodes"]
    jobs = {job["name"] for job in repository["jobs"]}
    assert jobs >= {"refresh", "backfill", "report", "digest", "publish_changes"}
    schedules = {one["name"]: (one["cronSchedule"], one["executionTimezone"]) for one in repository["schedules"]}
    assert schedules == {
        "daily_refresh": ("0 6 * * *", "Europe/Madrid"),
        "refresh_meta_ads": ("['0 12 * * *', '30 16 * * *']", "Europe/Madrid"),
        # the check-in day of the demo is monday
        "digest_before_check_in": ("15 17 * * 0", "Europe/Madrid"),
        "close_out": ("30 4 * * *", "Europe/Madrid"),
    }
    assert {one["scheduleState"]["status"] for one in repository["schedules"]} == {"STOPPED"}
    sensors = {one["name"]: one["sensorState"]["status"] for one in repository["sensors"]}
    assert sensors == {
        "content_changed": "STOPPED", "run_failed": "RUNNING", "kpis_unusual": "RUNNING",
        "after_backfill": "RUNNING", "lost_runs": "RUNNING"
    }  # fmt: skip


def test_a_schedule_ticks(dagster):
    assert len(tick(dagster, "daily_refresh", 1795500000.0)) == 1
    # On the demo's day the third quarter is 54 days old: closed before last week.
    assert tick(dagster, "close_out", 1795500000.0) == []


def test_a_channel_of_its_own_cadence_is_loaded_alone_at_its_times(dagster):
    day = datetime(2026, 10, 24, 6, 0, tzinfo=MADRID)
    # over the night in which the clocks go back
    assert coming(dagster, "refresh_meta_ads", day, day + timedelta(days=2)) == [
        datetime(2026, 10, at, hour, minute, tzinfo=MADRID) for at in (24, 25) for hour, minute in ((12, 0), (16, 30))
    ]
    (asked,) = tick(dagster, "refresh_meta_ads", day.timestamp())
    assert yaml.safe_load(asked["runConfigYaml"])["ops"]["load_channels"]["config"]["channels"] == ["meta_ads"]


def test_the_digest_ticks_on_the_eve_of_the_check_in_day(dagster):
    day = datetime(2026, 11, 23, 0, 0, tzinfo=MADRID)  # a Monday, as the check-in day is
    eves = [date(2026, 11, 29), date(2026, 12, 6)]
    ticks = coming(dagster, "digest_before_check_in", day, day + timedelta(days=14))
    assert ticks == [datetime(eve.year, eve.month, eve.day, 17, 15, tzinfo=MADRID) for eve in eves]
    (asked,) = tick(dagster, "digest_before_check_in", day.timestamp())
    assert yaml.safe_load(asked["runConfigYaml"]) in (None, {})


def test_nothing_listens_beyond_loopback(dagster):
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    places = [fields[1] for fields in listening if fields[3] == "0A" and fields[1].endswith(f":{dagster.port:04X}")]
    assert places == [f"0100007F:{dagster.port:04X}"]


@pytest.fixture(scope="module")
def refreshed(dagster):
    """The job `refresh` from the UI's button: its id and how it ended."""
    run_id = dagster.launch("refresh")
    return run_id, dagster.ended(run_id)


def test_a_refresh_from_the_ui_publishes_and_is_red_for_the_source_that_failed(dagster, demo, refreshed):
    assert refreshed[1] == "FAILURE"
    release = (dagster.data_dir / "site" / "current").readlink()
    assert release != (demo.data_dir / "site" / "current").readlink()
    with duckdb.connect(str(dagster.data_dir / "okr.duckdb"), read_only=True) as connection:
        states = connection.execute(
            "select distinct state, stale_since is not null or data_through is not null from marts.source_health"
            " where channel = ?",
            [DOWN],
        ).fetchall()
        assert states == [("failed", True)]
        fed = connection.execute(
            "select key_result_id, stale_since from marts.key_results where key_result_id in"
            " (select key_result_id from marts.key_result_sources where channel = ?)"
            " and date '2026-11-23' between period_start and period_end",
            [DOWN],
        ).fetchall()
    assert len(fed) >= 3
    page = (dagster.data_dir / "site" / "current" / "sources" / "index.html").read_text(encoding="utf-8")
    for key_result, since in fed:
        # what rests on it says so, with the first day that is missing
        assert since == date(2026, 11, 23)
        assert f"key-results/{key_result}/" in page


def test_what_the_gate_decided_is_a_check_in_dagster_and_stands_on_the_site(dagster, refreshed):
    by_key = checks_run(dagster)
    gate = by_key[("health_gate",), "sources_fresh"]
    assert gate["status"] == "SUCCEEDED"
    assert gate["runId"] == refreshed[0]
    said = {entry["label"]: entry.get("intValue") for entry in gate["evaluation"]["metadataEntries"]}
    assert 0 < said["asked"] - said["met"] <= 3
    first = next(key for key, name in by_key if key[0] == DOWN and name == "loaded")
    assert by_key[first, "loaded"]["status"] == "FAILED"
    assert by_key[first, "fresh"]["status"] == "FAILED"
    assert by_key[first, "reconciled"]["status"] == "SUCCEEDED"
    page = (dagster.data_dir / "site" / "current" / "sources" / "index.html").read_text(encoding="utf-8")
    assert f"{said['met']} / {said['asked']}" in page


def test_materialisations_say_how_many_rows_there_are(dagster, refreshed):
    def rows(*path: str) -> int:
        node = dagster.ask(
            """query Rows($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
              assetMaterializations(limit: 1) {
                metadataEntries { label ... on IntMetadataEntry { intValue } } } } } }""",
            key={"path": list(path)},
        )["assetNodeOrError"]
        (materialization,) = node["assetMaterializations"]
        (count,) = [e["intValue"] for e in materialization["metadataEntries"] if e["label"] == "dagster/row_count"]
        return count

    with duckdb.connect(str(dagster.data_dir / "okr.duckdb"), read_only=True) as connection:
        for mart in ("key_results", "fct_kpi_daily"):
            (count,) = connection.execute(f"select count(*) from marts.{mart}").fetchone()
            assert rows("marts", mart) == count
    assert rows("linkedin_ads", "campaign_analytics") > 1000
    assert rows("definitions", "settings") == 1


def test_a_failed_run_is_told(dagster, alerts, refreshed):
    wait_until(lambda: alerts.told, 60)
    (alert,) = alerts.told
    assert alert["title"] == "OKR reports: refresh failed"
    assert DOWN in alert["message"]
    assert refreshed[0] in alert["message"]


def test_the_digest_goes_out_from_the_ui(dagster, mailbox, refreshed):
    run_id = dagster.launch("digest")
    assert dagster.ended(run_id) == "SUCCESS"
    recipients = {recipient for to, _ in mailbox[0].mails for recipient in to}
    assert "paid-social@example.com" in recipients


def test_a_gate_that_is_closed_stops_the_run_and_the_site_stays_what_it_was(dagster, alerts, refreshed, tmp_path):
    current = dagster.data_dir / "site" / "current"
    before = (current.readlink(), (dagster.data_dir / "okr.duckdb").stat().st_mtime_ns)
    settings = dagster.definitions_dir / "settings.yml"
    kept = settings.read_bytes()
    tell(dagster.definitions_dir, "gate: {least_fresh: 1}")
    try:
        # from a shell that has nothing of the workspace but the address
        url = f"http://127.0.0.1:{dagster.port}"
        asked = subprocess.run(
            [OKR, "refresh", "--dagster", url, "--channel", "search_console", "--json"],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        settings.write_bytes(kept)
    answer = json.loads(asked.stdout)
    run_id = answer["run"]
    assert (asked.returncode, answer["published"]) == (2, False)
    assert len(answer["errors"]) == 1
    assert "sources of running key results are fresh" in answer["errors"][0]
    assert "load_channels" in answer["seconds"]
    assert (current.readlink(), (dagster.data_dir / "okr.duckdb").stat().st_mtime_ns) == before
    gate = checks_run(dagster)[("health_gate",), "sources_fresh"]
    assert (gate["status"], gate["runId"]) == ("FAILED", run_id)
    ran = {
        step["stepKey"]: step["status"] for step in steps(dagster, run_id) if step["status"] in ("SUCCESS", "FAILURE")
    }
    assert {step for step, status in ran.items() if status == "FAILURE"} == {"health_gate"}
    assert "load_channels" in ran
    assert not {"okr_duckdb", "site"} & ran.keys()
    wait_until(lambda: any(run_id in alert["message"] for alert in alerts.told), 60)


def test_a_changed_page_is_published_even_when_the_first_run_is_killed(dagster, alerts, refreshed):
    start_sensor(dagster, "content_changed")
    wait_until(lambda: cursor_of(dagster, "content_changed"), 90)
    told = len(alerts.told)
    with (dagster.reports_dir / "pages" / "glossary.md").open("a", encoding="utf-8") as page:
        page.write("\n\nA line that somebody has just written.\n")
    run = wait_until(lambda: next(iter(dagster.runs(pipelineName="publish_changes")), None), 90)
    holder = dagster.data_dir / "warehouse.lock.json"
    wait_until(holder.exists, 90)
    pid = json.loads(holder.read_text(encoding="utf-8"))["pid"]
    os.kill(pid, signal.SIGKILL)
    assert dagster.ended(run["runId"], 60) == "FAILURE"
    again = wait_until(
        lambda: next((r for r in dagster.runs() if r["parentRunId"] == run["runId"]), None),
        60,
    )
    assert dagster.ended(again["runId"]) == "SUCCESS"
    page = dagster.data_dir / "site" / "current" / "glossary" / "index.html"
    assert "A line that somebody has just written." in page.read_text(encoding="utf-8")
    assert not {tuple(one["path"]) for one in again["assetSelection"] or []} & {("linkedin_ads", "accounts")}
    wait_until(lambda: len(alerts.told) > told, 60)
    assert "publish_changes failed" in alerts.told[told]["title"]


def test_a_range_of_days_is_loaded_again_in_one_run_and_published(dagster, refreshed):
    published = len(dagster.runs(pipelineName="publish_changes"))
    launched = dagster.ask(
        """mutation Backfill($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
          __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        params={
            "assetSelection": [{"path": ["google_ads", "days"]}],
            "partitionNames": ["2026-11-01", "2026-11-02", "2026-11-03"],
        },
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def runs() -> list[dict]:
        wanted = [{"key": "dagster/backfill", "value": launched["backfillId"]}]
        return dagster.runs(tags=wanted)

    (run,) = wait_until(runs, 60)
    assert dagster.ended(run["runId"]) == "SUCCESS"
    shutil.copy(dagster.data_dir / "warehouse.duckdb", dagster.data_dir / "looked_at.duckdb")
    with duckdb.connect(str(dagster.data_dir / "looked_at.duckdb"), read_only=True) as connection:
        windows = connection.execute(
            "select distinct channel, state, window_from::varchar, window_to::varchar"
            " from ops.source_loads where refresh_id = ?",
            [run["runId"]],
        ).fetchall()
    assert windows == [("google_ads", "loaded", "2026-11-01", "2026-11-03")]
    wait_until(lambda: len(dagster.runs(pipelineName="publish_changes")) > published, 60)
