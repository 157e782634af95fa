"""The clock: when channels are loaded, digests sent and periods closed, in the reporting time zone.

All are off until somebody turns them on in the UI: a new workspace asks no vendor and mails nobody by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster import (
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from okr_reports import refresh as stages
from okr_reports.channels.load import enabled_channels
from okr_reports.defs import jobs
from okr_reports.defs.deliver import digest
from okr_reports.defs.report_settings import report_settings, timezone
from okr_reports.defs.run_config import is_in_run, to_load
from okr_reports.settings import WEEKDAYS, Workspace

_TIMES = report_settings().refresh


def _cron(time: str, days: str = "*") -> str:
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * {days}"


def _crons(times: list[str]) -> str | list[str]:
    """Several times a day are several expressions, one of them a plain one."""
    found = [_cron(time) for time in sorted(set(times))]
    return found[0] if len(found) == 1 else found


daily_refresh = ScheduleDefinition(
    name="daily_refresh",
    job=jobs.refresh,
    cron_schedule=_crons(_TIMES.at),
    execution_timezone=timezone(),
    description="Everything, at settings.refresh.at. At six the vendors' days are closed everywhere west of UTC+6.",
)


def _refresh_of(channel: str, times: list[str]) -> ScheduleDefinition:
    @schedule(
        name=f"refresh_{channel}",
        job=jobs.refresh,
        cron_schedule=_crons(times),
        execution_timezone=timezone(),
        description=f"{channel} alone, at further times of the day (settings.refresh.channels).",
    )
    def at_its_times(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        if channel not in enabled_channels():
            return SkipReason(f"{channel} is off: it has no settings in .dlt/ or the environment")
        keys = context.repository_def.get_job(jobs.refresh.name).asset_layer.selected_asset_keys
        return RunRequest(
            run_config={"ops": to_load([channel])},
            asset_selection=[key for key in sorted(keys) if is_in_run(key.path, [channel])],
        )

    return at_its_times


channel_refreshes = [_refresh_of(channel, times) for channel, times in sorted(_TIMES.channels.items()) if times]

# Of cron's days, Sunday is 0; Python's week and ours begin on Monday: the day before our number n is n.
digest_on_the_eve = ScheduleDefinition(
    name="digest_before_check_in",
    job=digest,
    cron_schedule=_cron(_TIMES.digest, str(WEEKDAYS.index(report_settings().check_in_day))),
    execution_timezone=timezone(),
    description="Digests on the day before the check-in day of settings, at settings.refresh.digest.",
)


@schedule(
    name="close_out",
    job=jobs.refresh,
    cron_schedule="30 4 * * *",
    execution_timezone=timezone(),
    description="Loads a whole period once more when no vendor restates its days any longer, so that what is kept of it"
    " is final. Once a period.",
)
def close_out(context: ScheduleEvaluationContext) -> Iterator[RunRequest | SkipReason]:
    closing = stages.closing_periods(Workspace.from_environment())
    for period in closing:
        yield RunRequest(
            run_key=f"close-out {period.id} {period.end}",
            run_config={"ops": to_load(from_day=period.start, to_day=period.end)},
            tags={"okr/close_out": period.id},
        )
    if not closing:
        yield SkipReason("no period has become final in the last week")


ALL = [daily_refresh, *channel_refreshes, digest_on_the_eve, close_out]
