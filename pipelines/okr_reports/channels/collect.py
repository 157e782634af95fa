"""Reading one step of a load: the next slice of every account, several accounts at once."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from okr_reports.channels.base import LOADED_WINDOWS, Account, Channel, Landing
from okr_reports.channels.configuration import ChannelSettings, unreported_measures
from okr_reports.channels.http import Http
from okr_reports.channels.tables import to_arrow
from okr_reports.channels.windows import DAY, Coverage, Window
from okr_reports.errors import ChannelError, VendorError

_SHOWN = 200


@dataclass(frozen=True)
class Task:
    """One account's slice, and the whole window it is a part of. `by_hand`: that window was requested."""

    account: Account
    slice: Window
    request: Window
    coverage: Coverage | None
    with_entities: bool
    by_hand: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of a task. `error` without `coverage` means that nothing of it was landed.

    For `unknown_measures` the vendor gave no value.
    """

    task: Task
    coverage: Coverage | None
    rows: int
    error: ChannelError | None
    batches: dict[str, list[pa.Table]]
    unknown_measures: frozenset[str] = frozenset()


class Collection:
    """The answers of one step, read once, whoever of dlt's resources asks first."""

    def __init__(
        self,
        channel: Channel[Any],
        http: Http,
        settings: ChannelSettings,
        tasks: Sequence[Task],
        accounts: Sequence[Account],
        today: date,
        at: datetime,
    ) -> None:
        self._channel, self._http, self.settings = channel, http, settings
        self.tasks, self._accounts, self._today, self._at = tasks, accounts, today, at
        self._lock = threading.Lock()
        self._answers: list[Answer] | None = None
        self._merged: dict[str, list[pa.Table]] | None = None
        self._tables = {table.name: table for table in channel.tables}

    @property
    def answers(self) -> list[Answer]:
        """One a task, in their order. The first to read it asks the vendor, any other thread waits until then."""
        with self._lock:
            if self._answers is None:
                with ThreadPoolExecutor(self._channel.concurrency, f"okr-{self._channel.name}") as pool:
                    self._answers = list(pool.map(self._ask, self.tasks))
            return self._answers

    def batches(self) -> dict[str, list[pa.Table]]:
        """What dlt shall load: the whole answers, account rows, and how far each account is loaded now.

        Merged once; after that the answers hold no rows, and a table that is taken out of the result is let go.
        """
        if self._merged is None:
            self._merged = self._merge()
        return self._merged

    def _merge(self) -> dict[str, list[pa.Table]]:
        merged: dict[str, list[pa.Table]] = {name: [] for name in self._tables}
        answered = [answer for answer in self.answers if answer.coverage is not None]
        for answer in answered:
            for name, batches in answer.batches.items():
                merged[name] += batches
            answer.batches.clear()
        # a table without a row would still cost dlt a job
        whole = {name: pa.concat_tables(batches) for name, batches in merged.items() if batches}
        merged = {name: [whole[name]] if name in whole and whole[name].num_rows else [] for name in merged}
        if self._accounts:
            merged["accounts"] = [self._account_rows()]
        if answered:
            merged[LOADED_WINDOWS.name] = [self._window_rows(answered)]
        return merged

    def _ask(self, task: Task) -> Answer:
        """Whatever goes wrong is an error of this account: a vendor must not be able to stop another."""
        landing = Landing(self._channel.name, self._tables, task.account, task.slice, self._at, task.by_hand)
        error = self._read(self._channel.load_facts, task, landing)
        if error is not None:
            return Answer(task, None, 0, error, {})
        names_error = self._read(self._channel.load_entities, task, landing) if task.with_entities else None
        coverage = _covered(task, landing.data_through, self._today)
        error = _missing(self._channel.name, task, landing, names_error)
        unknown = unreported_measures(self._channel.name, self.settings, landing.unknown_measures)
        return Answer(task, coverage, landing.rows, error, landing.batches(), unknown)

    def _read(self, load: Callable[..., None], task: Task, landing: Landing) -> ChannelError | None:
        try:
            load(self._http, self.settings, task.account, landing)
        except ChannelError as error:
            return error.of_account(task.account.id)
        except Exception as surprise:
            return odd_answer(self._channel.name, surprise, task.account.id, task.slice)
        return None

    def _account_rows(self) -> pa.Table:
        table = self._tables["accounts"]
        rows = [
            {
                "id": account.id,
                "name": account.name,
                "currency": account.currency,
                "timezone": account.timezone,
                "status": account.status,
                **account.row,
            }
            for account in self._accounts
        ]
        return to_arrow(self._channel.name, table, rows, loaded_at=self._at)

    def _window_rows(self, answered: Sequence[Answer]) -> pa.Table:
        rows = [(answer.task.account.id, answer.coverage) for answer in answered if answer.coverage is not None]
        return pa.Table.from_pylist(
            [
                {
                    "account_id": account_id,
                    "loaded_from": known.loaded.start,
                    "loaded_through": known.loaded.end,
                    "request_from": known.request.start,
                    "request_to": known.request.end,
                    "request_end": known.request_end,
                    "loaded_on": known.loaded_on,
                    "loaded_at": self._at,
                    "made_with": self.settings.made_with(),
                }
                for account_id, known in rows
            ],
            schema=LOADED_WINDOWS.schema,
        )


def _missing(channel: str, task: Task, landing: Landing, names_error: ChannelError | None) -> ChannelError | None:
    """What the answer lacks as one error; names are of less weight than numbers."""
    if not landing.missing:
        return names_error
    *before, (what, todo) = landing.missing
    message = "".join(f"{lack}; {do}. " for lack, do in before) + what
    return ChannelError(channel, message, todo, task.account.id)


def _covered(task: Task, data_through: date, on: date) -> Coverage:
    answered = Window(task.slice.start, max(min(data_through, task.slice.end), task.slice.start - DAY))
    known = task.coverage
    if known is None:
        return Coverage(answered, on, task.request, task.slice.end)
    return replace(
        known,
        loaded=known.extended(answered),
        # a window requested by hand must not pass for the week's first refresh, which reads deeper
        loaded_on=known.loaded_on if task.by_hand else on,
        request=task.request,
        request_end=task.slice.end,
    )


def odd_answer(channel: str, surprise: Exception, account_id: str, window: Window) -> VendorError:
    """What an exception that is no ChannelError says of an account's answer to a window."""
    what = f"the answer for {window} has an unexpected shape ({_detail(channel, surprise)})"
    return VendorError(channel, what, "nothing of this answer was loaded; if it stays so, report it", account_id)


def odd_accounts(channel: str, surprise: Exception) -> VendorError:
    """What it says of the list of accounts."""
    what = f"the list of accounts has an unexpected shape ({_detail(channel, surprise)})"
    return VendorError(channel, what, "nothing was loaded; if it stays so, report it")


def _detail(channel: str, surprise: Exception) -> str:
    """The surprise, and what was read when it came: the line has the field's name in it."""
    lines = [frame.line for frame in traceback.extract_tb(surprise.__traceback__) if f"/{channel}/" in frame.filename]
    try:
        said = f"{type(surprise).__name__}({', '.join(repr(part)[:_SHOWN] for part in surprise.args)})"
    except Exception:  # a text within a text within a text
        said = type(surprise).__name__
    return said + (f" reading `{'`, `'.join(filter(None, lines[-2:]))}`" if lines else "")
