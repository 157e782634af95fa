"""Old runs are let go: a run's events take 1.7 MB, hourly refreshes 15 GB a year, and Dagster itself keeps all."""

from __future__ import annotations

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from okr_reports.settings import KEEP_RUNS

# Backfills stay: their events are what the UI knows of the days that were loaded by hand.
FORGOTTEN = ("refresh", "publish_changes", "report", "digest")
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def forget_old_runs(instance: DagsterInstance) -> int:
    """Delete all but the newest KEEP_RUNS runs of each job that ended, with their events; how many were deleted."""
    old = [
        run_id
        for job in FORGOTTEN
        for run_id in instance.get_run_ids(RunsFilter(job_name=job, statuses=_ENDED))[KEEP_RUNS:]
    ]
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)
