"""Stage 2: channels are loaded side by side; which there are, and what a request may ask of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from okr_reports import catalogue, distributed, okrs, settings
from okr_reports.common import progress, warehouse_file
from okr_reports.common.dlt_packages import drop_finished_packages
from okr_reports.deliveries.sandboxed import forget, note_asked, note_loads
from okr_reports.errors import (
    ChannelError,
    OkrError,
    UnknownChannelError,
    did_you_mean,
)
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops, origins
from okr_reports.warehouse.history import refreshing
from okr_reports.warehouse.lock import reader_lock

if TYPE_CHECKING:
    from okr_reports.channels.base import LoadResult
    from okr_reports.file_sources import FileSource

logger = logging.getLogger("okr")


def check_request(
    workspace: Workspace, only: Sequence[str], from_day: date | None, *, into_the_past: bool = False
) -> None:
    """Raise OkrError for what no refresh can do: load a channel that is not on, or days that have not ended.

    IntoThePastError for a day before that of the newest report, unless that is meant.
    """
    from okr_reports.channels.load import enabled_channels

    defined = okrs.read(workspace.definitions_dir)
    today = settings.today(defined.settings.timezone)
    if not into_the_past:
        refreshing.refuse_the_past(today, refreshing.newest_report(workspace.history_dir))
    with reader_lock(workspace) as nobody_writes:
        if nobody_writes:  # otherwise the run looks, once it has the lock
            origins.refuse_mixture(workspace.warehouse)
    if only:
        _chosen(enabled_channels(), defined.file_sources, only)
    if from_day and from_day >= today:
        raise OkrError(f"--from {from_day}: no day from there on has ended, today is {today}; name an earlier day")


def load_channels(
    workspace: Workspace, refresh_id: str, only: Sequence[str] = (), window: tuple[date, date] | None = None
) -> dict[str, list[LoadResult]]:
    """Load the channels that are on (or those in `only`) side by side; failures are results, not exceptions.

    A name in `only` is a channel, a file source's id or the channel it makes. Raises UnknownChannelError.
    """
    with warehouse_file.kept_open(workspace.warehouse):
        return _load_channels(workspace, refresh_id, only, window)


def _load_channels(
    workspace: Workspace, refresh_id: str, only: Sequence[str], window: tuple[date, date] | None
) -> dict[str, list[LoadResult]]:
    from okr_reports.channels.load import enabled_channels, ensure_raw_tables, load_channel

    defined = okrs.read(workspace.definitions_dir)
    day = settings.today(defined.settings.timezone)
    names, sources = _chosen(enabled_channels(), defined.file_sources, only)
    pipelines_dir = workspace.pipelines_dir
    lake = distributed.lake(workspace)
    ops.ensure_tables(workspace.warehouse)
    ensure_raw_tables(workspace.warehouse, pipelines_dir)

    def load(name: str) -> list[LoadResult]:
        return load_channel(
            name,
            warehouse=workspace.warehouse,
            pipelines_dir=pipelines_dir,
            today=day,
            window=window,
            file_sources=sources,
            declared_sources=[source.id for source in defined.file_sources],
            uses=defined.uses,
            reporting=defined.settings.currency,
            progress=logger.info,
            warn=logger.warning,
            lake=lake,
        )

    api_channels = [name for name in names if name != "files"]
    origins.refuse_mixture(workspace.warehouse)
    marked = origins.mark(workspace.warehouse, api_channels)
    asked_here = note_asked(workspace.data_dir, {name: _base_url(name) for name in api_channels})
    progress.advance("channels", 0, len(names))
    with distributed.loading(), ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        loads_of = {pool.submit(load, name): name for name in names}
        for number, _ in enumerate(as_completed(loads_of), start=1):
            progress.advance("channels", number, len(names))
    results = {name: future.result() for future, name in loads_of.items() if future.exception() is None}
    lost = {} if only else {name: [_without_settings(workspace, name)] for name in lost_channels(workspace)}
    results |= lost
    ops.record_loads(workspace.warehouse, refresh_id, [load for loads in results.values() for load in loads])
    origins.unmark(
        workspace.warehouse,
        [name for name in marked if all(report.state == "failed" for report in results.get(name, []))],
    )
    note_loads(
        workspace.data_dir,
        {name: _base_url(name) for name, loads in results.items() if any(load.rows for load in loads)},
    )
    forget(
        workspace.data_dir,
        [name for name in asked_here if all(report.state == "failed" for report in results.get(name, []))],
    )
    drop_finished_packages(workspace)
    # An error that no channel foresaw ends the refresh, but not before what the others loaded is written down.
    return {**lost, **{name: future.result() for future, name in loads_of.items()}}


def _chosen(
    enabled: Sequence[str], sources: Sequence[FileSource], only: Sequence[str]
) -> tuple[list[str], list[FileSource]]:
    """The channels to load and the file sources among them."""
    # Files even when none is declared: what a removed source left behind is emptied.
    on = [*(name for name in enabled if name != "files"), "files"]
    if not only:
        return on, list(sources)
    of_files = {name for source in sources for name in (source.id, source.channel)} | ({"files"} if sources else set())
    for name in only:
        if name not in on and name not in of_files:
            known = sorted({*on, *of_files})
            hint = did_you_mean(name, known, f"those that are on: {', '.join(known) or 'none'}")
            raise UnknownChannelError(
                f"channel {name!r} is not on; {hint} (a channel is on once it has settings in .dlt/ or the environment)"
            )
    chosen = [source for source in sources if "files" in only or {source.id, source.channel} & set(only)]
    return [name for name in on if name in only and name != "files"] + (["files"] if chosen else []), chosen


def _base_url(name: str) -> str | None:
    """Where a channel asks, None for one that asks nobody (files)."""
    from okr_reports.channels.base import find_channel
    from okr_reports.channels.configuration import read_settings

    if name == "files":
        return None
    with suppress(ChannelError):  # its load says what is wrong with its settings
        return getattr(read_settings(find_channel(name).settings_class, name), "base_url", None)
    return None


def lost_channels(workspace: Workspace) -> list[str]:
    """API channels that were loaded before and have no settings now: nobody said that they are over."""
    from okr_reports.channels.load import enabled_channels, switched_off_channels

    if not warehouse_file.is_made(workspace.warehouse):
        return []
    ops.ensure_tables(workspace.warehouse)
    known = {*enabled_channels(), *switched_off_channels(), "files"}
    return [name for name in ops.last_loads(workspace.warehouse) if name in catalogue.channels() and name not in known]


def _without_settings(workspace: Workspace, name: str) -> LoadResult:
    """The failure of a channel that has lost its settings; its rows stay and count."""
    from okr_reports.channels.base import LoadResult

    last = ops.last_loads(workspace.warehouse)[name]
    error = (
        f"{name}: it was loaded until {last:%Y-%m-%d} and has no settings any more; put them back into .dlt/ or the"
        f" environment, or write `enabled = false` under [sources.{name}] so that its rows no longer count"
    )
    logger.warning(error)
    now = datetime.now(UTC)
    return LoadResult(name, "", "failed", 0, None, None, None, error, now, now)


# The measure that takes the place of leads, by a channel's setting of that name.
LEADS = {"parts": "lead_parts", "goals": "goal_leads"}


def channel_row(name: str) -> dict[str, Any]:
    from okr_reports.channels.base import find_channel
    from okr_reports.channels.configuration import conversions, lookback_days, read_settings
    from okr_reports.channels.versions import version_in_use

    settings = read_settings(find_channel(name).settings_class, name)
    row = {**known_row(name), "lookback_days": lookback_days(name, settings)}
    if leads := LEADS.get(getattr(settings, "leads", "")):
        row["leads_from"] = leads
    version = version_in_use(name, settings)
    if version is not None:
        row |= {"api_version": version.version, "api_version_ends": version.ends}
        row |= {"api_version_is_estimate": version.is_estimate, "api_announced": catalogue.channels()[name].announced}
    offered, word = catalogue.channels()[name].conversions, conversions(name, settings)
    if word:
        counted = offered[word]
        row |= {"conversions": word, "conversions_means": counted.means, "conversions_source": counted.source}
    parts = settings.counted_within(), row.get("leads_from"), word if word != next(iter(offered), "") else ""
    row["counted_by"] = ", ".join(filter(None, parts)) or None
    if word and word != next(iter(offered)):
        row["conversions_from"] = ",".join(counted.conversions)
        row["conversion_value_from"] = ",".join(counted.conversion_value)
    return row


def known_row(name: str) -> dict[str, Any]:
    info = catalogue.channels()[name]
    days = info.lookback_days
    return {"channel": name, "title": info.title, "kind": info.kind, "lookback_days": days, "is_off": False}
