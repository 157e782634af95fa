"""Old runs are let go: a run's events take 1.7 MB, hourly refreshes 15 GB a year, and Dagster itself keeps all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


def forget_old_runs(instance: DagsterInstance) -> int:
    """Delete the old runs with their events; how many were deleted."""
    old = old_runs(instance)
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)
