"""The jobs people start and the clock that starts them."""

from __future__ import annotations

from dagster import AssetSelection, DefaultScheduleStatus, ScheduleDefinition, define_asset_job, in_process_executor

from pipelines import okrs
from pipelines.errors import DefinitionsError
from pipelines.settings import Workspace

# One process for all steps: with the default of one process a step, a job of three assets over 2,000 rows took 44 s,
# 41 of them imports.
refresh = define_asset_job(
    "refresh",
    selection=AssetSelection.all(),
    executor_def=in_process_executor,
    description="Load every channel that is on, score the key results, publish the site.",
)


def _timezone() -> str:
    try:
        return okrs.read(Workspace.from_environment().definitions_dir).settings.timezone
    except DefinitionsError:
        # Broken definitions must not take the whole UI down; the run itself says what is wrong with them.
        return "UTC"


# At six: the vendors' own days are closed everywhere west of UTC+6, and the report is there before work begins.
daily_refresh = ScheduleDefinition(
    name="daily_refresh",
    job=refresh,
    cron_schedule="0 6 * * *",
    execution_timezone=_timezone(),
    default_status=DefaultScheduleStatus.STOPPED,
)
