"""Old runs are let go: a run's events take 3.5 MB, hourly refreshes 30 GB a year, and Dagster itself keeps all."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from okr_reports.defs.run_tags import of_this_workspace
from okr_reports.settings import KEEP_RUN_DAYS, KEEP_RUNS

# Backfills stay: their events are what the UI knows of the days that were loaded by hand.
FORGOTTEN = ("refresh", "publish_changes", "report", "digest")
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def old_runs(instance: DagsterInstance) -> list[str]:
    """The ids of ended runs of our jobs that may go: those beyond the newest KEEP_RUNS of each, or past KEEP_RUN_DAYS.

    The newest of each job stays. Ours are those tagged with this workspace: other teams' jobs in the same Dagster may
    have the same names.
    """
    before = datetime.now(UTC) - timedelta(days=KEEP_RUN_DAYS)
    old: list[str] = []
    for job in FORGOTTEN:
        newest_first, aged = (
            instance.get_run_ids(
                RunsFilter(job_name=job, statuses=_ENDED, tags=of_this_workspace(), created_before=until)
            )
            for until in (None, before)
        )
        old += [run for number, run in enumerate(newest_first) if number >= KEEP_RUNS or (number and run in aged)]
    return old


def outputs_of(instance: DagsterInstance, run_id: str) -> Path:
    """The folder of what the steps of a run printed, and of values that they handed on."""
    return Path(instance.storage_directory()) / run_id


def forget(instance: DagsterInstance, run_id: str) -> None:
    """Delete a run with its events, and the files of its steps, which Dagster leaves.

    Its own way to delete them is the log manager's, and a refresh from the shell has one that keeps nothing.
    """
    instance.delete_run(run_id)
    shutil.rmtree(outputs_of(instance, run_id), ignore_errors=True)


def forget_old_runs(instance: DagsterInstance) -> int:
    """Forget the old runs; how many they were."""
    old = old_runs(instance)
    for run_id in old:
        forget(instance, run_id)
    return len(old)
