"""Old runs are let go: a run's events take 1.7 MB, hourly refreshes 15 GB a year, and Dagster itself keeps all."""

from __future__ import annotations

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from okr_reports.defs.run_tags import of_this_workspace
from okr_reports.settings import KEEP_RUNS

# Backfills stay: their events are what the UI knows of the days that were loaded by hand.
FORGOTTEN = ("refresh", "publish_changes", "report", "digest")
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def forget_old_runs(instance: DagsterInstance) -> int:
    """Delete all but the newest KEEP_RUNS ended runs of each of our jobs, with their events; how many were deleted.

    Ours are those tagged with this workspace: other teams' jobs in the same Dagster may have the same names.
    """
    old = [
        run_id
        for job in FORGOTTEN
        for run_id in instance.get_run_ids(RunsFilter(job_name=job, statuses=_ENDED, tags=of_this_workspace()))[
            KEEP_RUNS:
        ]
    ]
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)
