"""What a channel is: the few methods that speak a vendor's dialect. Windows, merging, retries and reporting are shared.

    accounts()       who can be read
    load_entities()  names and states of campaigns, once a refresh
    load_facts()     one account's days of one window

An account's answer is landed whole or not at all, so that an error in the middle loses nothing and doubles nothing;
an account that fails does not stop the others. See README.md in this folder for how to add a channel.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Generic, Literal

import pyarrow as pa

from okr_reports.channels.configuration import ChannelSettings, SettingsT
from okr_reports.channels.http import Http
from okr_reports.channels.tables import (
    DAY,
    DELETED,
    MOMENT,
    TEXT,
    RawTable,
    columns_to_arrow,
    settle_facts,
    to_arrow,
    tombstones,
)
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, VendorError, quoted

# What is to be done about a part of an answer.
REPORT_IT = "the rest is loaded; if it stays so, report it"
State = Literal["loaded", "partial", "failed"]


@dataclass(frozen=True)
class LoadResult:
    """What became of one account in one load; a row of `ops.source_loads`.

    `account_id` is '' where the whole channel failed. `rows` counts facts landed. `data_through` is the last day up
    to which the warehouse holds the account without a gap, None if it never was loaded. partial: something of it
    is missing, `error` says what and what to do. `load_id` is dlt's id of the channel's newest finished load: the same
    as before if the vendor had nothing new to say. `note` is what there is to know of an account that loaded as it
    should; of `unknown_measures` the vendor tells nothing, so that they are no data and not 0.
    """

    channel: str
    account_id: str
    state: State
    rows: int
    window_from: date | None
    window_to: date | None
    data_through: date | None
    error: str | None
    started_at: datetime
    ended_at: datetime
    load_id: str | None = None
    note: str | None = None
    unknown_measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """An account as the vendor describes it. `row` is its row of the raw table `accounts`.

    With `error` it cannot be read, for a reason of its own; the others go on. One that is `held_by` another account
    has no rows that the other has not: it is known by name and not read. `note` is what there is to know of it. The
    vendor restates its days for `restated_days`, 0 where the channel's own windows hold.
    """

    id: str
    name: str
    currency: str
    timezone: str
    status: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    error: ChannelError | None = None
    held_by: str = ""
    note: str = ""
    restated_days: int = 0


class Landing:
    """Where a channel puts what one account answered to one window.

    `data_through` is the window's end unless the channel says that the vendor has not got so far yet. `by_hand`: the
    window was asked for, and may have ended long ago. `missing` is what the answer lacks: the rest of it is landed, and
    the account is partial.
    """

    def __init__(
        self,
        channel: str,
        tables: Mapping[str, RawTable],
        account: Account,
        window: Window,
        at: datetime,
        by_hand: bool = False,
    ) -> None:
        self.channel, self.account, self.window, self.by_hand = channel, account, window, by_hand
        self.data_through = window.end
        self.rows = 0
        self.missing: list[tuple[str, str]] = []
        self.unknown_measures: set[str] = set()
        self.unreported_columns: set[str] = set()
        self._tables = tables
        self._at = at
        self._batches: dict[str, list[pa.Table]] = defaultdict(list)

    def lacks(self, what: str, todo: str, *measures: str) -> None:
        """Say what is not in the answer, and what to do; the vendor tells nothing of `measures`."""
        self.missing.append((what, todo))
        self.unknown_measures.update(measures)

    def made(self, what: str, records: Iterable[Any], make: Callable[[Any], Mapping[str, Any]]) -> list[Any]:
        """What `make` makes of each record. One that it cannot make anything of is left out and reported, if not all.

        `what` are the records, in the plural.
        """
        rows, refused = [], []
        for record in records:
            try:
                rows.append(make(record))
            except (AttributeError, LookupError, TypeError, ValueError) as surprise:
                refused.append(surprise)
        if refused and not rows:
            raise refused[0]
        if refused:
            what = f"{len(refused):,} of {len(rows) + len(refused):,} {what} cannot be read ({refused[0]!r:.80})"
            self.lacks(what, REPORT_IT)
        return rows

    def facts(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows with `date` and the table's columns; account_id and loaded_at are filled in."""
        raw = self._tables[table]
        filled = {"account_id": self.account.id, "loaded_at": self._at, DELETED: False}
        self.facts_table(table, to_arrow(self.channel, raw, rows, self._odd, **filled))

    def facts_pages(self, table: str, pages: Iterable[Mapping[str, list[Any]]], **constants: Any) -> None:
        """As `facts`, from pages of lists by column: of a million rows only one page is ever held as Python objects.

        `constants` fill whole columns.
        """
        raw = self._tables[table]
        filled = {"account_id": self.account.id, "loaded_at": self._at, DELETED: False, **constants}
        read = [columns_to_arrow(self.channel, raw, page, self._odd, **filled) for page in pages]
        self.facts_table(table, pa.concat_tables([raw.schema.empty_table(), *read]).combine_chunks())

    def facts_table(self, table: str, rows: pa.Table) -> None:
        """As `facts`, already in the table's Arrow types (for channels that parse without a Python loop)."""
        filled = {"account_id": self.account.id, "loaded_at": self._at, DELETED: False}
        schema = self._tables[table].schema
        rows = pa.Table.from_arrays(
            [
                pa.repeat(pa.scalar(filled[column.name], column.type), rows.num_rows)
                if column.name in filled and column.name not in rows.column_names
                else rows[column.name]
                for column in schema
            ],
            schema=schema,
        )
        raw = self._tables[table]
        rows, lacking = settle_facts(self.channel, raw, rows, self.window, self.account.id, self.unreported_columns)
        for what in lacking:
            self.lacks(what, REPORT_IT)
        self._batches[table].append(rows)
        self.rows += rows.num_rows

    def _odd(self, column: str, count: int, of: int, first: str) -> None:
        self.lacks(f"{column} cannot be read in {count:,} of {of:,} rows (first {quoted(repr(first))})", REPORT_IT)

    def entities(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows with `id` and the table's columns; the last one of an id counts."""
        by_id = {str(row["id"]): row for row in rows}
        self._batches[table].append(to_arrow(self.channel, self._tables[table], by_id.values(), loaded_at=self._at))

    def batches(self) -> dict[str, list[pa.Table]]:
        """All that was landed, with the tombstones of every facts table for the window's days."""
        days = list(self.window.days())
        keys = {"account_id": pa.repeat(pa.scalar(self.account.id, TEXT), len(days)), "date": pa.array(days, DAY)}
        marks = {name: [tombstones(table, keys)] for name, table in self._tables.items() if table.kind == "facts"}
        return {name: marks.get(name, []) + self._batches.get(name, []) for name in self._tables}


class Channel(ABC, Generic[SettingsT]):
    """A vendor's API. Instances hold no state of a load; one serves several threads.

    `tables` must hold `accounts`. `slice_days` is how much of a long window is one load: small enough that a
    break costs little, large enough that two years are few loads. `concurrency` is how many accounts are read at
    once. `access` is what the credentials' user needs of an account. `deep_lookback_days` is re-read once a week
    where the vendor restates for longer than a daily re-read pays. `account_ids` is the regular expression of the
    vendor's ids of accounts: rows of one that cannot be would stand beside the right ones for ever. An account in one
    of `ended_states` is over: it is read as long as the vendor answers, and one that is not answered any more has ended
    rather than failed.
    """

    name: ClassVar[str]
    settings_class: ClassVar[type[ChannelSettings]]
    tables: ClassVar[tuple[RawTable, ...]]
    access: ClassVar[str] = "access to it"
    slice_days: ClassVar[int] = 92
    concurrency: ClassVar[int] = 4
    deep_lookback_days: ClassVar[int] = 0
    account_ids: ClassVar[str] = r"[1-9]\d{0,18}"
    ended_states: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def http(self, settings: SettingsT) -> Http:
        """A client with this channel's credentials and `classify`."""

    @abstractmethod
    def accounts(self, http: Http, settings: SettingsT) -> list[Account]:
        """Every account that may be loaded, all if `settings.account_ids` is empty."""

    def visible_accounts(self, http: Http, settings: SettingsT) -> list[Account]:
        """The same. Raises VendorError for an account whose id cannot be one."""
        found = self.accounts(http, settings)
        for account in found:
            if account.error is None and not re.fullmatch(self.account_ids, account.id):
                what = f"{quoted(account.id[:60])} cannot be the id of an account"
                raise VendorError(self.name, what, "nothing was loaded; if it stays so, report it")
        return found

    def load_entities(self, http: Http, settings: SettingsT, account: Account, landing: Landing) -> None:
        """Land what has a name: campaigns, groups. An error here makes the account `partial`; its facts still load."""
        return None

    @abstractmethod
    def load_facts(self, http: Http, settings: SettingsT, account: Account, landing: Landing) -> None:
        """Land every fact of `landing.window`, in `landing.facts`; a day without rows is a day with nothing on it."""


ACCOUNT_COLUMNS = {"name": TEXT, "currency": TEXT, "timezone": TEXT, "status": TEXT}

# Grain: one row an account and load. Only rows whose _dlt_load_id is in _dlt_loads count: dlt writes that last.
LOADED_WINDOWS = RawTable(
    "loaded_windows",
    pa.schema(
        [
            pa.field("account_id", TEXT, False),
            pa.field("loaded_from", DAY),
            pa.field("loaded_through", DAY),
            pa.field("request_from", DAY),
            pa.field("request_to", DAY),
            pa.field("request_end", DAY),
            pa.field("loaded_on", DAY),
            pa.field("loaded_at", MOMENT),
            pa.field("made_with", TEXT),
        ]
    ),
    "log",
    (),
)


def all_tables(channel: Channel[Any]) -> tuple[RawTable, ...]:
    """Its own, and the log of how far each account is loaded."""
    return (*channel.tables, LOADED_WINDOWS)


def find_channel(name: str) -> Channel[Any]:
    """The channel of that name: `CHANNEL` in its `source.py`. Raises ChannelError if there is none."""
    module = f"okr_reports.channels.{name}.source"
    if name.isidentifier() and importlib.util.find_spec(f"okr_reports.channels.{name}") is not None:
        channel = getattr(importlib.import_module(module), "CHANNEL", None)
        if isinstance(channel, Channel):
            return channel
    raise ChannelError(name, "is not a channel with an API", "docs/channels.md lists those there are")
