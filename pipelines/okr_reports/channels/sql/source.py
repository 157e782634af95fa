"""Databases: the rows of a query over any SQLAlchemy URL become measures (README.md: the load contract)."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.configuration import read_settings
from okr_reports.channels.http import Http
from okr_reports.channels.sql.database import check_url, run_query
from okr_reports.channels.sql.rows import read_rows
from okr_reports.channels.sql.settings import Query, SqlSettings
from okr_reports.channels.tables import AMOUNT, TEXT, entities, facts
from okr_reports.channels.windows import DAY
from okr_reports.errors import ChannelError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Sql(Channel[SqlSettings]):
    """Grain of `measures`: query (as the account), day, campaign, measure. currency NULL is the reporting currency."""

    name = "sql"
    settings_class = SqlSettings
    slice_days = 36_500
    account_ids = r".+"
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        facts(
            "measures",
            unique=("campaign_id", "measure"),
            campaign_id=TEXT,
            campaign_name=TEXT,
            currency=TEXT,
            measure=TEXT,
            value=AMOUNT,
        ),
    )

    def http(self, settings: SqlSettings) -> Http:
        """Nothing is sent through it; that all queries are complete is checked here, before anything connects."""
        for name in settings.queries:
            _query(name, settings)
        return Http(self.name, settings.base_url)

    def accounts(self, http: Http, settings: SqlSettings) -> list[Account]:
        return [Account(name, name, "", _query(name, settings).timezone) for name in settings.queries]

    def load_facts(self, http: Http, settings: SqlSettings, account: Account, landing: Landing) -> None:
        query = _query(account.id, settings)
        columns, rows = run_query(account.id, query, landing.window, http.budget)
        measures = read_rows(account.id, query, columns, rows, landing.window)
        landing.facts("measures", measures)
        # a query cannot say whether a day without rows is empty or not there yet
        last = max((row["date"] for row in measures), default=landing.window.start - DAY)
        landing.data_through = min(last, landing.data_through)


CHANNEL = Sql()


def _query(name: str, settings: SqlSettings) -> Query:
    """The section of a query. Raises ChannelError naming the setting that is missing or wrong."""
    if not _NAME.fullmatch(name):
        raise ChannelError(
            "sql", f"{name!r} is not a name for a query", "write small letters, digits and _ in [sources.sql] queries"
        )
    query = read_settings(Query, "sql", name)
    if not query.credentials.url:
        query = replace(query, credentials=settings.credentials)
    check_url(name, query)
    try:
        ZoneInfo(query.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ChannelError(
            "sql",
            f"{query.timezone!r} is not a time zone",
            f"write one such as Europe/Madrid as timezone under [sources.sql.{name}]",
            name,
        ) from None
    return query
