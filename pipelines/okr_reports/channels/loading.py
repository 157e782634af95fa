"""One load of one channel: plan every account's slices, read and land them step by step, say what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.channels.base import Account, Channel, LoadResult, State, all_tables
from okr_reports.channels.collect import Answer, Collection, Task, odd_accounts
from okr_reports.channels.configuration import ChannelSettings, lookback_days, read_settings
from okr_reports.channels.landing import run, to_source
from okr_reports.channels.warehouse_tables import (
    check_types,
    forget_unfinished,
    holds,
    newest_load,
    open_warehouse,
    read_accounts,
    read_coverage,
    read_left_currencies,
    unrecorded_from,
)
from okr_reports.channels.windows import DEFAULT_HISTORY, Coverage, Window, last_complete_day, plan
from okr_reports.errors import ChannelError, CredentialsError


@dataclass
class Load:
    """State of one `load_channel` call. `requested` is the window given by hand, if any."""

    channel: Channel[Any]
    warehouse: Path
    pipelines_dir: Path
    today: date
    requested: Window | None
    progress: Callable[[str], None]
    started_at: datetime
    lake: str | None = None
    coverage: dict[str, Coverage] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    errors: dict[str, ChannelError] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)

    def run(self) -> list[LoadResult]:
        """Load all accounts. Raises ChannelError where no account could even be listed."""
        settings = read_settings(self.channel.settings_class, self.channel.name)
        # held open until the end: dlt opens and closes the file several times, which costs nothing while it is open
        with open_warehouse(self.warehouse) as connection:
            check_types(connection, self.channel.name, self.channel.tables)
            forget_unfinished(connection, self.channel.name, all_tables(self.channel))
            self.coverage = read_coverage(connection, self.channel.name, self.today, settings.made_with())
            # Windows that no refresh has passed to the models are passed with this one.
            owed = unrecorded_from(connection, self.channel.name)
            results = self._run(settings, connection)
            newest = newest_load(connection, self.channel.name)
            return [
                replace(result, load_id=newest, window_from=_earlier(result.window_from, owed)) for result in results
            ]

    def _run(self, settings: ChannelSettings, connection: duckdb.DuckDBPyConnection) -> list[LoadResult]:
        http = self.channel.http(settings)
        http.within(settings.budget(), self.progress)
        try:
            visible = self.channel.visible_accounts(http, settings)
            accounts = self._wanted(settings, visible)
        except ChannelError:
            raise
        except Exception as surprise:
            raise odd_accounts(self.channel.name, surprise) from None
        held = [account for account in visible if account.held_by]
        self._note_changes(accounts, connection)
        plans = {account.id: self._plan_of(account, settings) for account in accounts}
        for number, step in enumerate(zip_longest(*plans.values())):
            tasks = [
                self._task(account, piece, plans[account.id], number)
                for account, piece in zip(accounts, step, strict=True)
                if piece is not None and account.id not in self.broken
            ]
            if tasks:
                self._land(
                    Collection(
                        self.channel,
                        http,
                        settings,
                        tasks,
                        [*accounts, *held] if number == 0 else (),
                        self.today,
                        datetime.now(UTC),
                    ),
                    connection,
                )
                http.budget.let_go()
        over = {account.id: account for account in accounts if account.status in self.channel.ended_states}
        gone = [account for account in over.values() if isinstance(self.errors.get(account.id), CredentialsError)]
        for account in gone:
            # an account that no load names any more has ended (int_accounts_known)
            known = self.coverage.get(account.id)
            through = f"its days after {known.loaded.end}" if known else "its days"
            self.progress(
                f"{self.channel.name} account {account.id} is {account.status} at the vendor and is not answered any"
                f" more: it has ended, and {through} are not known"
            )
        named = [
            account_id for account_id in {**plans, **self.errors} if account_id not in {account.id for account in gone}
        ]
        return [self._result(account_id, plans.get(account_id, [])) for account_id in named]

    def _note_changes(self, accounts: Sequence[Account], connection: duckdb.DuckDBPyConnection) -> None:
        """Say which accounts are over, and which count in another currency or zone than the days loaded before."""
        before = read_accounts(connection, self.channel.name)
        left = read_left_currencies(connection, self.channel.name)
        for account in accounts:
            said = [self.notes.get(account.id, "")]
            where = f"{self.channel.name} account {account.id}"
            if account.status in self.channel.ended_states:
                said.append(f"{where} is {account.status} at the vendor: days that it answers without delivery are 0")
            currency, zone = before.get(account.id, (account.currency, account.timezone))
            has_moved = currency and account.currency and currency.upper() != account.currency.upper()
            # As long as days are kept in the old one, not with the first load alone.
            was, through = left.get(account.id, {}).get(account.currency.upper(), (currency if has_moved else "", None))
            if was:
                days = f"its days through {through}" if through else "its days until now"
                said.append(
                    f"{where} counts in {account.currency} and no longer in {was}: {days} keep the currency of their"
                    " load; read older days anew with --from where the vendor restates them"
                )
            if zone and account.timezone and zone != account.timezone:
                said.append(
                    f"{where} is in the zone {account.timezone} and no longer in {zone}: days loaded before end at the"
                    f" old midnight; read them anew: okr refresh --channel {self.channel.name} --from ... --to ..."
                )
            if note := "; ".join(filter(None, said)):
                if note != self.notes.get(account.id):
                    self.progress(note)
                self.notes[account.id] = note

    def _wanted(self, settings: ChannelSettings, visible: Sequence[Account]) -> list[Account]:
        if not visible and not settings.account_ids:
            raise CredentialsError(
                self.channel.name, "no account is visible to these credentials", "give their user access to an account"
            )
        by_id = {account.id: account for account in visible}
        wanted = dict.fromkeys(settings.account_ids or by_id)
        for account_id in wanted:
            if account_id not in by_id:
                self._fail(
                    account_id,
                    CredentialsError(
                        self.channel.name,
                        "is not visible to these credentials",
                        f"give their user access to it, or take it out of sources.{self.channel.name}.account_ids",
                        account_id,
                    ),
                )
        found = [by_id[account_id] for account_id in wanted if account_id in by_id]
        found = [account for account in found if not account.held_by]
        self.notes = {account.id: account.note for account in found if account.note}
        for note in self.notes.values():
            self.progress(note)
        for account in found:
            if account.error is not None:
                self._fail(account.id, account.error.of_account(account.id))
        return [account for account in found if account.error is None]

    def _plan_of(self, account: Account, settings: ChannelSettings) -> list[Window]:
        """No window where none can be planned, as in a time zone that is none: that is this account's error."""
        try:
            return self._plan(account, settings)
        except Exception as surprise:
            self._fail(account.id, odd_accounts(self.channel.name, surprise).of_account(account.id))
            return []

    def _plan(self, account: Account, settings: ChannelSettings) -> list[Window]:
        return plan(
            self.coverage.get(account.id),
            yesterday=last_complete_day(self.today, account.timezone),
            start=settings.start_date or self.today - DEFAULT_HISTORY,
            lookback_days=lookback_days(self.channel.name, settings),
            deep_lookback_days=max(self.channel.deep_lookback_days, account.restated_days),
            slice_days=self.channel.slice_days,
            requested=self.requested,
        )

    def _task(self, account: Account, piece: Window, slices: Sequence[Window], number: int) -> Task:
        request = self.requested or _whole(slices)
        known = self.coverage.get(account.id)
        return Task(account, piece, request, known, with_entities=number == 0, by_hand=self.requested is not None)

    def _land(self, collection: Collection, connection: duckdb.DuckDBPyConnection) -> None:
        try:
            known = not self.lake and self._is_known(collection, connection)
            if any(answer.coverage for answer in collection.answers) and not known:
                run(
                    self.channel.name,
                    to_source(self.channel.name, all_tables(self.channel), collection.batches),
                    warehouse=self.warehouse,
                    pipelines_dir=self.pipelines_dir,
                    progress=self.progress,
                    lake=self.lake,
                )
        except ChannelError as error:
            for task in collection.tasks:
                self._fail(task.account.id, error.of_account(task.account.id))
            return
        for answer in collection.answers:
            account_id = answer.task.account.id
            if answer.error is not None:
                self._fail(account_id, answer.error, goes_on=answer.coverage is not None)
            if answer.coverage is not None:
                self.coverage[account_id] = answer.coverage
                self.unknown.setdefault(account_id, set()).update(answer.unknown_measures)
                self.rows[account_id] += answer.rows
                self.progress(f"{self.channel.name} account {account_id}: {answer.task.slice}, {answer.rows:,} rows")

    def _is_known(self, collection: Collection, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the vendor said nothing that is not in the warehouse already; then dlt need not write it again."""
        known = all(_adds_nothing(answer) for answer in collection.answers if answer.coverage is not None)
        return known and holds(connection, self.channel.name, self.channel.tables, collection.batches())

    def _fail(self, account_id: str, error: ChannelError, goes_on: bool = False) -> None:
        self.errors[account_id] = error
        if not goes_on:
            self.broken.add(account_id)
        self.progress(str(error))

    def _result(self, account_id: str, slices: Sequence[Window]) -> LoadResult:
        error, known = self.errors.get(account_id), self.coverage.get(account_id)
        state: State = "loaded"
        if error is not None:
            state = "partial" if account_id in self.rows else "failed"
        whole = self.requested or (_whole(slices) if slices else None)
        return LoadResult(
            channel=self.channel.name,
            account_id=account_id,
            state=state,
            rows=self.rows[account_id],
            window_from=whole.start if whole else None,
            window_to=whole.end if whole else None,
            data_through=known.loaded.end if known else None,
            error=error.for_report if error else None,
            started_at=self.started_at,
            ended_at=datetime.now(UTC),
            note=self.notes.get(account_id),
            unknown_measures=tuple(sorted(self.unknown.get(account_id, ()))),
        )


def _adds_nothing(answer: Answer) -> bool:
    """Whether the account is loaded no further than before. Of windows requested by hand the progress counts too."""
    before, after = answer.task.coverage, answer.coverage
    if before is None or after is None or answer.task.by_hand:
        return before == after
    return (before.loaded, before.loaded_on) == (after.loaded, after.loaded_on)


def _earlier(day: date | None, other: date | None) -> date | None:
    return min(filter(None, (day, other)), default=None)


def _whole(slices: Sequence[Window]) -> Window:
    return Window(min(piece.start for piece in slices), max(piece.end for piece in slices))
