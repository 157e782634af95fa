"""What Dagster's parts rest on, without Dagster running: processes, page lineage, the event log, periods to close."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from datetime import date

import pytest
import yaml
from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    DagsterInstance,
    Definitions,
    MaterializeResult,
    asset,
    build_sensor_context,
    define_asset_job,
    in_process_executor,
    job,
    op,
)
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.ref import InstanceRef
from dagster._core.scheduler.instigation import TickStatus

from okr_reports import refresh
from okr_reports.defs import retention, run_tags
from okr_reports.defs.background import events_of, wait_for_all
from okr_reports.defs.event_log import KEPT_OPEN, OpenEventLog
from okr_reports.defs.instance import open_instance
from okr_reports.okrs.models.settings import RefreshTimes
from okr_reports.report_site.pages.lineage import marts_of_pages
from okr_reports.settings import WEEKDAYS, Workspace, quiet_environment
from tests.support import ROOT


def test_a_process_that_runs_has_not_ended_and_one_that_was_killed_has():
    assert not run_tags.has_ended(run_tags.this_process())
    child = subprocess.Popen(
        [sys.executable, "-c",
         "from okr_reports.defs import run_tags; print(run_tags.this_process(), flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    tag = child.stdout.readline().strip()
    assert not run_tags.has_ended(tag)
    child.kill()
    child.wait()
    child.communicate()
    assert run_tags.has_ended(tag)
    # Its number may be given away again: to this process, say.
    _, _, started = tag.rsplit(":", 2)
    host = run_tags.this_process().split(":")[0]
    assert run_tags.has_ended(f"{host}:{os.getpid()}:{started}")
    assert not run_tags.has_ended(tag.replace(host, "elsewhere"))


def test_pages_are_drawn_below_the_marts_they_read():
    pages = marts_of_pages(ROOT / "reports")
    assert "source_health" in pages["sources"]
    assert "health_gate" in pages["sources"]
    assert "key_results" in pages["key-results/[id]"]
    assert "dim_campaign" not in pages["glossary"]


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_what_git_and_editors_write_is_no_changed_content(tmp_path, monkeypatch):
    from okr_reports.defs.sensors import content_changed

    for name in ("OKR_DEFINITIONS_DIR", "OKR_REPORTS_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "OKR_REPORTS_DIR" / ".git" / "objects" / "ab").mkdir(parents=True)
    first = build_sensor_context()
    content_changed(first)
    (tmp_path / "OKR_REPORTS_DIR" / ".git" / "objects" / "ab" / "x").touch()
    (tmp_path / "OKR_REPORTS_DIR" / "index.md~").touch()
    again = build_sensor_context(cursor=first.cursor)
    assert content_changed(again).skip_message == "nothing has changed"
    (tmp_path / "OKR_REPORTS_DIR" / "index.md").touch()
    assert len(content_changed(again).run_requests) == 1


def instance_of(home) -> DagsterInstance:
    quiet_environment(Workspace(home, home, home))
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(home / "dagster")))


def test_dagsters_settings_are_found_below_a_folder_with_brackets(tmp_path, monkeypatch):
    home = tmp_path / "okr [2026]"
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    quiet_environment(Workspace(home, home, home))
    with open_instance(home / "dagster") as instance:
        assert isinstance(instance.event_log_storage, OpenEventLog)
        assert not instance.telemetry_enabled


def test_the_event_log_keeps_what_dagsters_own_would(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))

    @op
    def one() -> int:
        return 1

    @job
    def small():
        one()

    with instance_of(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, OpenEventLog)
        seen = []
        runs = [small.execute_in_process(instance=instance).run_id for _ in range(KEPT_OPEN + 2)]
        assert len(instance.event_log_storage._engines) == KEPT_OPEN
        instance.watch_event_logs(runs[0], None, lambda event, cursor: seen.append(event))
        instance.report_engine_event("said", instance.get_run_by_id(runs[0]))
        arrived = threading.Event()
        for _ in range(100):
            if any(event.message == "said" for event in seen) or arrived.wait(0.1):
                break
        assert any(event.message == "said" for event in seen)
        ours = {run: [event.message for event in instance.all_logs(run)] for run in runs}
    text = (tmp_path / "dagster" / "dagster.yaml").read_text(encoding="utf-8")
    start = text.index("event_log_storage:")
    plain = text[:start] + text[text.index("concurrency:") :]
    (tmp_path / "dagster" / "dagster.yaml").write_text(plain, encoding="utf-8")
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path / "dagster"))) as instance:
        assert not isinstance(instance.event_log_storage, OpenEventLog)
        assert {run: [event.message for event in instance.all_logs(run)] for run in runs} == ours


def test_old_runs_are_forgotten_with_the_files_of_their_events(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setattr(retention, "KEEP_RUNS", 2)

    @asset(check_specs=[AssetCheckSpec("right", asset="site")])
    def site():
        return MaterializeResult(check_results=[AssetCheckResult(passed=True)])

    tags = run_tags.of_this_workspace()
    jobs = [define_asset_job(name, executor_def=in_process_executor, tags=tags) for name in ("refresh", "backfill")]
    defined = Definitions(assets=[site], jobs=jobs)

    with instance_of(tmp_path) as instance:
        runs = {
            name: [defined.resolve_job_def(name).execute_in_process(instance=instance).run_id for _ in range(4)]
            for name in ("refresh", "backfill")
        }
        assert retention.forget_old_runs(instance) == 2
        assert retention.forget_old_runs(instance) == 0
        kept = {*runs["refresh"][2:], *runs["backfill"]}
        assert set(instance.get_run_ids()) == kept
        for folder in ("history/runs", "storage"):
            files = {path.name.partition(".")[0] for path in (tmp_path / "dagster" / folder).iterdir()}
            assert files & {*runs["refresh"], *runs["backfill"]} == kept, folder
        latest = instance.get_latest_materialization_event(AssetKey("site"))
        assert latest.run_id == runs["backfill"][-1]
        (found,) = instance.fetch_materializations(AssetKey("site"), limit=1).records
        assert found.run_id == latest.run_id
        checked = instance.event_log_storage.get_asset_check_execution_history(
            AssetCheckKey(AssetKey("site"), "right"), 99
        )
        assert {one.run_id for one in checked} == kept


def test_no_tick_of_a_sensor_or_a_schedule_is_kept_for_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with instance_of(tmp_path) as instance:
        for kind in (InstigatorType.SENSOR, InstigatorType.SCHEDULE):
            days = instance.get_tick_retention_settings(kind)
            assert days.keys() == set(TickStatus)
            assert 0 < min(days.values()) <= max(days.values()) <= 90, days
        ours = instance.get_settings("retention")
    written = (ROOT / "docs" / "deploy" / "dagster-postgres.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(written)["retention"] == ours


def test_a_period_is_closed_once_nobody_restates_it(monkeypatch):
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__LOOKBACK_DAYS", "30")
    workspace = Workspace(ROOT / "okr_definitions", ROOT / "reports", ROOT / ".okr")

    def closing(day: date) -> list[str]:
        monkeypatch.setenv("OKR_TODAY", day.isoformat())
        return [span.id for span in refresh.closing_periods(workspace)]

    assert closing(date(2026, 10, 30)) == []
    assert closing(date(2026, 10, 31)) == ["2026-Q3"]
    assert closing(date(2026, 11, 6)) == ["2026-Q3"]
    assert closing(date(2026, 11, 7)) == []


def test_the_recipes_mail_the_digest_when_dagster_does():
    """On the eve of a Monday, at the hour that settings have by default."""
    hour, minute = RefreshTimes().digest.split(":")
    eve = f"{int(minute)} {int(hour)} * * {WEEKDAYS.index('monday')}"
    assert f"\n{eve}  cd /srv/okr/acme && /opt/okr/bin/okr digest" in (ROOT / "docs" / "deployment.md").read_text()
    timer = (ROOT / "docs" / "deploy" / "okr-digest.timer").read_text()
    assert f"OnCalendar=Sun *-*-* {hour}:{minute} Europe/Madrid" in timer


MAKE = """
import sys
from pathlib import Path
from okr_reports.settings import Workspace, quiet_environment
home = Path(sys.argv[1])
workspace = Workspace(home, home, home)
from okr_reports.defs.instance import open_instance
import dagster
print("ready", flush=True)
input()
quiet_environment(workspace)
with open_instance(workspace.dagster_home) as instance:
    print(len(instance.get_runs()), type(instance.event_log_storage).__name__)
"""


def test_processes_that_make_dagsters_home_at_the_same_moment_do_not_break_it(tmp_path):
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(tmp_path / "data")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for maker in makers:
        assert maker.stdout.readline() == "ready\n"
    answers = []
    for maker in makers:
        maker.stdin.write("\n")
        maker.stdin.flush()
    answers = [maker.communicate(timeout=120) for maker in makers]
    assert [out.strip() for out, _ in answers] == ["0 OpenEventLog"] * 4, answers


# Prints what the graph says of the models, and whether dbt was imported for it.
GRAPH = """
import json, sys
from okr_reports.settings import Workspace, quiet_environment
quiet_environment(Workspace.from_environment())
if sys.argv[1:] == ["with dbt"]:
    import dagster_dbt
from okr_reports.defs.transform import models

specs = [[str(one.key), sorted(str(dep.asset_key) for dep in one.deps), one.description, one.code_version]
         for one in models.specs]
checks = [[str(one.key), one.blocking, sorted(str(dep.asset_key) for dep in one.additional_deps)]
          for one in models.check_specs]
print(json.dumps([sorted(specs), sorted(checks), "dbt" in sys.modules]))
"""


@pytest.mark.parametrize("end", ["failed", "over"])
def test_work_in_a_thread_is_over_when_its_events_are(end):
    ended = threading.Event()

    def work(report):
        for number in range(3):
            report(number)
        time.sleep(0.3)
        ended.set()
        if end == "failed":
            raise ValueError("no")

    read = []
    with pytest.raises(ValueError, match="no") if end == "failed" else nullcontext():
        read.extend(events_of(work))
    assert ended.is_set()
    assert end == "failed" or read == [0, 1, 2]


@pytest.mark.parametrize("is_closed", [False, True])
def test_work_whose_events_nobody_reads_any_more_is_waited_for(is_closed):
    ended = threading.Event()

    def work(report):
        report("begun")
        time.sleep(0.3)
        ended.set()

    events = events_of(work)
    assert next(events) == "begun"
    if is_closed:
        events.close()
    wait_for_all()
    assert ended.is_set()


def test_events_may_be_closed_by_a_thread_that_the_work_waits_for():
    """As Python's collector does, in any thread: it held a run, and the writer's lock, until somebody killed it."""
    may_close = threading.Event()

    def work(report):
        report("begun")
        may_close.wait(10)
        closer = threading.Thread(target=events.close)
        closer.start()
        closer.join()

    events = events_of(work)
    assert next(events) == "begun"
    may_close.set()
    waiting = threading.Thread(target=wait_for_all, daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()


def test_the_graph_of_the_models_is_the_one_that_dbt_draws_without_its_imports(demo):
    environment = {**os.environ, **demo.environment}
    (*without, imported), (*with_dbt, imported_then) = [
        json.loads(subprocess.check_output([sys.executable, "-c", GRAPH, *how], cwd=ROOT, env=environment))
        for how in ([], ["with dbt"])
    ]
    assert (imported, imported_then) == (False, True)
    assert without == with_dbt
    models, checks = without
    assert len(models) > 50
    # A step without anything to build has no results of its tests: Dagster warned of each that was to block.
    assert checks
    assert {is_blocking for _, is_blocking, _ in checks} == {False}
