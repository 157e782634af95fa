"""Loading channels: the door for the rest of the house. Importing it is cheap; dlt comes in when something is loaded.

enabled_channels()   which channels have settings
check_settings()     findings for `okr check`
ensure_raw_tables()  empty tables for channels that were never loaded
load_channel()       one channel, from its accounts to the raw tables
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.catalogue import channels
from okr_reports.channels.configuration import (
    anything_configured,
    broken_files,
    conversions,
    is_configured,
    is_switched_off,
    read_settings,
)
from okr_reports.errors import ChannelError, Finding, OkrError, quoted
from okr_reports.file_sources import FileSource
from okr_reports.settings import settings_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_reports.channels.base import LoadResult
    from okr_reports.channels.tables import RawTable
    from okr_reports.file_sources import Uses

logger = logging.getLogger(__name__)
Progress = Callable[[str], None]

# What these load is declared in the definitions; they have no settings and are on when something is declared.
DECLARED = ("files",)


def enabled_channels() -> list[str]:
    """The API channels that have settings and are not switched off, in alphabetical order.

    Raises OkrError while a file of settings cannot be read.
    """
    if broken := broken_files():
        raise OkrError("\n".join(str(finding) for finding in broken))
    if not anything_configured():
        return []
    from okr_reports.channels.base import find_channel

    return [name for name in _api_channels() if is_configured(find_channel(name).settings_class, name)]


def switched_off_channels() -> list[str]:
    """The API channels whose settings say `enabled = false`, in alphabetical order."""
    return [name for name in _api_channels() if is_switched_off(name)] if anything_configured() else []


def switched_off_connectors(sources: Sequence[FileSource]) -> list[str]:
    """The connectors among these sources whose section says `enabled = false`."""
    names = [source.id for source in sources if source.connector is not None]
    return [name for name in names if is_switched_off(name)] if names and anything_configured() else []


def check_settings(connectors: Collection[str] = ()) -> list[Finding]:
    """What is wrong with the settings of the enabled channels; nothing is sent over the network.

    What sections of `connectors` say is theirs to read.

    Also a warning for every setting that nothing reads.
    """
    if broken := broken_files():
        return broken
    if not anything_configured():
        return []
    from okr_reports.channels.base import find_channel
    from okr_reports.channels.unread_settings import unread_settings

    findings = unread_settings(
        _api_channels(), lambda name: find_channel(name).settings_class, settings_folder(), connectors
    )
    for name in _api_channels():
        channel = find_channel(name)
        try:
            if is_configured(channel.settings_class, name):
                settings = read_settings(channel.settings_class, name)
                channel.http(settings)
                conversions(name, settings)
        except ChannelError as error:
            what, _, todo = str(error).partition("; ")
            findings.append(Finding(".dlt/config.toml", 1, "error", what, todo))
    return findings


def raw_schemas(name: str) -> dict[str, pa.Schema]:
    """A channel's raw tables and their columns; the dataset is named after the channel."""
    return {table.name: table.schema for table in raw_tables(name)}


def raw_tables(name: str) -> Sequence[RawTable]:
    """A channel's raw tables: their columns, and how a newer load of a key takes the place of an older one."""
    from okr_reports.channels.base import all_tables, find_channel

    if name in DECLARED:
        from okr_reports.channels.files.source import TABLES as FILES_TABLES

        return FILES_TABLES
    return all_tables(find_channel(name))


def ensure_raw_tables(warehouse: Path, pipelines_dir: Path) -> None:
    """Create every raw table that is missing, empty. (`pipelines_dir` is left alone: dlt adopts tables it finds.)"""
    from okr_reports.channels.warehouse_tables import create_missing, open_warehouse

    with open_warehouse(warehouse) as connection:
        create_missing(connection, {name: raw_tables(name) for name in channels()})


def load_channel(
    name: str,
    *,
    warehouse: Path,
    pipelines_dir: Path,
    today: date,
    window: tuple[date, date] | None = None,
    file_sources: Sequence[FileSource] = (),
    declared_sources: Collection[str] | None = None,
    uses: Mapping[str, Uses] | None = None,
    reporting: str | None = None,
    progress: Progress,
    warn: Progress | None = None,
    lake: str | None = None,
) -> list[LoadResult]:
    """Load one channel: a LoadResult an account, or one with account_id '' if nothing could be requested at all.

    `today` is the day it is in the reporting zone. Without `window` the re-read window of each account is loaded;
    with it those days, in slices that a later call with the same window resumes. `file_sources` are what `files` loads;
    `declared_sources` are the ids of all there are, so that what a removed one left behind is emptied (None: it stays),
    `uses` by source what KPIs make of its measures, `reporting` the currency of the reports.
    `warn` takes what changes a number and is no fault.
    With `lake`, the URL of a folder, rows are added to Parquet files there, for a distributed engine; `warehouse` then
    holds only how far accounts are loaded.
    Raises OkrError only where the warehouse cannot be used: whatever else goes wrong is this channel's failure.
    May run in several threads at once, for different channels.
    """
    from okr_reports.channels.base import LoadResult, find_channel
    from okr_reports.channels.loading import Load
    from okr_reports.channels.windows import Window

    started_at = datetime.now(UTC)
    try:
        if name in DECLARED:
            from okr_reports.channels.files.source import load_files

            return load_files(
                file_sources,
                declared=declared_sources,
                window=None if window is None else Window(*window),
                uses=uses,
                reporting=reporting,
                warehouse=warehouse,
                pipelines_dir=pipelines_dir,
                today=today,
                progress=progress,
                warn=warn,
                lake=lake,
            )
        requested = None if window is None else Window(*window)
        return Load(find_channel(name), warehouse, pipelines_dir, today, requested, progress, started_at, lake).run()
    except ChannelError as error:
        failure = error
    except OkrError:  # of the warehouse, which is nobody's own
        raise
    except Exception as surprise:
        logger.debug("%s: unexpected", name, exc_info=True)
        failure = _unforeseen(name, surprise)
    progress(str(failure))
    start, end = window or (None, None)
    return [
        LoadResult(
            channel=name,
            account_id=failure.account_id or "",
            state="failed",
            rows=0,
            window_from=start,
            window_to=end,
            data_through=None,
            error=failure.for_report,
            started_at=started_at,
            ended_at=datetime.now(UTC),
        )
    ]


def _unforeseen(channel: str, surprise: Exception) -> ChannelError:
    place = traceback.extract_tb(surprise.__traceback__)[-1]
    said = f"{type(surprise).__name__} {quoted(str(surprise))}"
    what = f"a mistake of okr itself ({said} at {Path(place.filename).name}:{place.lineno})"
    return ChannelError(channel, what, "the other channels went on; report it with this line")


def _api_channels() -> list[str]:
    return [name for name in channels() if name not in DECLARED]
