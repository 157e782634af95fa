"""Days of a channel loaded again on request: a partition is a day, a range of them one window of one run.

What a run loads is scored and published by the run that `after_backfill` starts.
"""

from datetime import timedelta

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Failure,
    MaterializeResult,
    asset,
)

from okr_reports import catalogue, refresh
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.report_settings import timezone
from okr_reports.defs.resources import POOL, Writer
from okr_reports.settings import Workspace

# Before what any of the vendors still serves; a window is loaded as far as it does.
FIRST_DAY = "2015-01-01"
# Files are read whole by every refresh.
CHANNELS = [name for name in catalogue.channels() if name != "files"]


def _days_of(channel: str) -> AssetsDefinition:
    title = catalogue.channels()[channel].title

    @asset(
        key=AssetKey([channel, "days"]),
        deps=[AssetKey(["definitions", "channels"])],
        partitions_def=DailyPartitionsDefinition(FIRST_DAY, timezone=timezone()),
        backfill_policy=BackfillPolicy.single_run(),
        group_name=channel,
        kinds={"dlt", "duckdb"},
        owners=DATA_TEAM,
        pool=POOL,
        description=f"{title}: account days loaded again. Choose days and materialize them; a range is one load, in"
        " slices, and one that broke off goes on where it was.",
    )
    def days(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
        begin, end = context.partition_time_window
        window = (begin.date(), (end - timedelta(days=1)).date())
        loads = refresh.load_channels(Workspace.from_environment(), context.run_id, [channel], window)[channel]
        if errors := [load.error for load in loads if load.error]:
            raise Failure("; ".join(errors), allow_retries=False)
        return MaterializeResult(
            metadata={
                "from": window[0].isoformat(),
                "to": window[1].isoformat(),
                "accounts": len(loads),
                "rows_loaded": sum(load.rows for load in loads),
            }
        )

    return days


channel_days = [_days_of(channel) for channel in CHANNELS]
