"""Settings of databases: `[sources.sql]` names the queries, `[sources.sql.<query>]` is one of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class SqlCredentials:
    """`url` is a SQLAlchemy URL, such as postgresql+psycopg://reader:secret@db.example/crm. Give it a user that may
    only read. A query's own goes before the one of all queries.
    """

    url: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A section that says where to connect, for tables that pages query."""

    credentials: SqlCredentials = field(default_factory=SqlCredentials)


@dataclass(frozen=True, kw_only=True)
class SqlSettings(ChannelSettings):
    """`queries` are names of your own; each has a section, and stands as an account in the reports.

    `base_url` is not used: where to connect is in `url`.
    """

    queries: tuple[str, ...]
    credentials: SqlCredentials = field(default_factory=SqlCredentials)
    base_url: str = "https://localhost"


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query and what its columns are.

    `:from` and `:to` in `query` are bound to the first and last day to read. `date`, `campaign_id` and `campaign_name`
    are column names; only the date must be there. `currency` is a column or a code such as EUR; without either,
    amounts are in the reporting currency. `measures` are columns, or `measure=column`; empty means every other
    column. `timezone` says when a day is over.
    """

    query: str
    credentials: SqlCredentials = field(default_factory=SqlCredentials)
    date: str = "date"
    campaign_id: str = "campaign_id"
    campaign_name: str = "campaign_name"
    currency: str = "currency"
    measures: tuple[str, ...] = ()
    timezone: str = "UTC"
