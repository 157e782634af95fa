"""A built-in channel as a dlt source, for a pipeline of one's own: its raw tables of the days that are named.

Settings and secrets are those of every channel, `[sources.<channel>]` of dlt's configuration. Nothing of a workspace is
needed or changed: what okr knows of loaded days, re-read windows and health is not in it.

    pipeline = dlt.pipeline("ads", destination="duckdb", dataset_name="linkedin_ads")
    pipeline.run(channel_source("linkedin_ads", date(2026, 11, 1), date(2026, 11, 30)))
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from okr_reports.channels.base import Landing, find_channel
from okr_reports.channels.configuration import read_settings
from okr_reports.channels.landing import Batches, to_source
from okr_reports.channels.tables import to_arrow
from okr_reports.channels.windows import Window


def channel_source(channel: str, start: date, end: date) -> Any:
    """The dlt source: one resource a raw table, replaced by account and day where its rows are facts.

    Both days are included. Any account that fails fails the source. Raises ChannelError, as it does while it is pulled.
    """
    vendor = find_channel(channel)
    settings = read_settings(vendor.settings_class, channel)
    tables = {table.name: table for table in vendor.tables}

    @cache
    def batches() -> Batches:
        http, now = vendor.http(settings), datetime.now(UTC)
        http.within(settings.budget(), lambda _: None)
        found: Batches = defaultdict(list)
        every = vendor.visible_accounts(http, settings)
        accounts = [known for known in every if not settings.account_ids or known.id in settings.account_ids]
        for account in accounts:
            if account.error is not None:
                raise account.error
            if account.held_by:
                continue
            for number, window in enumerate(Window(start, end).slices(vendor.slice_days)):
                landing = Landing(channel, tables, account, window, now, by_hand=True)
                vendor.load_facts(http, settings, account, landing)
                if not number:
                    vendor.load_entities(http, settings, account, landing)
                for name, tables_of_it in landing.batches().items():
                    found[name] += tables_of_it
        names = ("id", "name", "currency", "timezone", "status")
        rows = [{**{name: getattr(known, name) for name in names}, **known.row} for known in accounts]
        found["accounts"] = [to_arrow(channel, tables["accounts"], rows, loaded_at=now)] if rows else []
        return found

    return to_source(channel, vendor.tables, batches)
