"""What happens by itself: changed content is published, a failed run is reported, a lost run is found."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

from dagster import (
    DagsterRunStatus,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunRequest,
    RunsFilter,
    RunStatusSensorContext,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    run_failure_sensor,
    run_status_sensor,
    sensor,
)

from okr_reports import refresh
from okr_reports.common.folder_digest import files_state
from okr_reports.defs import jobs, run_tags
from okr_reports.defs.run_errors import failures
from okr_reports.deliveries.commands import send_alert
from okr_reports.settings import Workspace

logger = logging.getLogger("okr")

BACKFILL_TAG = "dagster/backfill"
# Each look is a row of Dagster's schedules.db, 1.3 kB: every five seconds they are 70 MB a day.
AFTER_A_RUN = 15


@sensor(
    job=jobs.publish_changes,
    minimum_interval_seconds=30,
    description="Definitions or report pages changed: check, score and publish. Off until turned on.",
)
def content_changed(context: SensorEvaluationContext) -> SensorResult | SkipReason:
    workspace = Workspace.from_environment()
    now = _state_of(workspace.definitions_dir, workspace.reports_dir)
    if context.cursor is None:
        context.update_cursor(now)
        return SkipReason("watching from now on")
    if context.cursor == now:
        return SkipReason("nothing has changed")
    return SensorResult(run_requests=[RunRequest(run_key=now)], cursor=now)


def _state_of(*folders: Path) -> str:
    return hashlib.sha256(repr(sorted(files_state(*folders, hidden=False))).encode()).hexdigest()


@run_failure_sensor(
    minimum_interval_seconds=AFTER_A_RUN,
    default_status=DefaultSensorStatus.RUNNING,
    description="Tells the services of `[deliveries] alerts` that a run failed, and why. Nothing where none is set.",
)
def run_failed(context: RunFailureSensorContext) -> None:
    run = context.dagster_run
    if run_tags.is_of_another_workspace(run.tags):
        return
    reasons = failures(context.get_step_failure_events()) or [context.failure_event.message or "no reason is known"]
    again = "" if run.tags.get("dagster/will_retry") != "true" else "\nIt is run again by itself."
    body = "\n".join(reasons) + f"{again}\nRun {run.run_id} in Dagster has the rest."
    for line in send_alert(f"OKR reports: {run.job_name} failed", body, run.run_id):
        logger.info("alert %s", line)
    if run.job_name == jobs.refresh.name:
        # The rest may be published, and who watches a KPI wants to know that its source fell silent.
        _tell_of_kpis()


@run_status_sensor(
    run_status=DagsterRunStatus.SUCCESS,
    monitored_jobs=[jobs.refresh, jobs.publish_changes],
    minimum_interval_seconds=AFTER_A_RUN,
    default_status=DefaultSensorStatus.RUNNING,
    description="Mails what is unusual of the KPIs that `alerts` watches, each thing once. Nothing where none is set.",
)
def kpis_unusual(context: RunStatusSensorContext) -> None:
    if not run_tags.is_of_another_workspace(context.dagster_run.tags):
        _tell_of_kpis()


def _tell_of_kpis() -> None:
    for line in refresh.tell_of_kpis(Workspace.from_environment()):
        logger.info("%s", line)


@run_status_sensor(
    run_status=DagsterRunStatus.SUCCESS,
    request_job=jobs.publish_changes,
    minimum_interval_seconds=AFTER_A_RUN,
    default_status=DefaultSensorStatus.RUNNING,
    description="Scores and publishes what a backfill has loaded.",
)
def after_backfill(context: RunStatusSensorContext) -> RunRequest | SkipReason:
    run = context.dagster_run
    if run_tags.is_of_another_workspace(run.tags):
        return SkipReason("a run of another workspace")
    if BACKFILL_TAG in run.tags or run.job_name == jobs.backfill.name:
        # One publication for all runs of a backfill that end before it begins.
        return RunRequest(run_key=f"after {run.tags.get(BACKFILL_TAG, run.run_id)} {run.run_id}")
    return SkipReason("not a backfill")


@sensor(
    minimum_interval_seconds=30,
    default_status=DefaultSensorStatus.RUNNING,
    description="Marks runs as failed whose process is gone (a power cut, a killed `okr refresh`), so that they are"
    " reported, retried, and hold nothing up.",
)
def lost_runs(context: SensorEvaluationContext) -> Iterator[SkipReason]:
    lost = mark_lost_runs(context)
    yield SkipReason(f"{lost} run(s) had lost their process" if lost else "every run has its process")


def mark_lost_runs(context: SensorEvaluationContext) -> int:
    """Report each started run of this workspace as failed whose process has ended; how many there were."""
    lost = 0
    ours = RunsFilter(statuses=[DagsterRunStatus.STARTED], tags=run_tags.of_this_workspace())
    for run in context.instance.get_runs(ours):
        tag = run.tags.get(run_tags.PROCESS)
        if tag and run_tags.has_ended(tag):
            message = f"The process of this run is gone ({tag}): it was killed, or the machine went down. Run it again."
            context.instance.report_run_failed(run, message)
            lost += 1
    return lost


ALL = [content_changed, run_failed, kpis_unusual, after_backfill, lost_runs]
