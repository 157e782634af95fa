"""Connectors that are asked for one account at a time: each account is a source of its own, of the same channel.

So it has its own window, its own answer to be judged, and its own failure. The accounts are `account_ids` of the
section, where the declaration or `config` names `{account_id}`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from okr_reports.channels.runners.settings import ACCOUNT, Section, names_account, read_section
from okr_reports.errors import ChannelError
from okr_reports.file_sources import FileSource

ValueT = TypeVar("ValueT")
# No id of a definition has it.
_BETWEEN = ":"


@dataclass
class Sources:
    """What is to be loaded: `every` source, those that are asked by account once for each, and `errors` of the rest.

    `accounts` are the sources that are there, by id, with the accounts each is asked for: None for one that is not
    asked by account, empty where the accounts are not known.
    """

    every: list[FileSource] = field(default_factory=list)
    errors: list[tuple[FileSource, ChannelError]] = field(default_factory=list)
    accounts: dict[str, list[str] | None] = field(default_factory=dict)

    def keeps(self, source_id: str, declared: Collection[str]) -> bool:
        """Whether rows of this source stay: it is declared, and its account is asked for or nobody knows."""
        name, _, account = source_id.partition(_BETWEEN)
        if name not in declared:
            return False
        if name not in self.accounts:
            return True
        accounts = self.accounts[name]
        return not account if accounts is None else not accounts or account in accounts


def by_account(sources: Sequence[FileSource]) -> Sources:
    """The sources with each account as one."""
    found = Sources()
    for source in sources:
        mine: list[FileSource] = []
        found.accounts[source.id] = None
        try:
            if source.connector is not None and names_account(source):
                mine = list(_of_accounts(source, read_section(source)))
                found.accounts[source.id] = [asked_account(account) for account in mine]
        except ChannelError as error:
            found.errors.append((source, error))
            found.accounts[source.id] = []
        if mine == [source]:
            found.accounts[source.id] = None if _is_known(source) else []
        found.every += mine or [source]
    return found


def _of_accounts(source: FileSource, section: Section) -> Iterator[FileSource]:
    """One a listed account; the source itself where there is no list, or where it is off."""
    assert source.connector is not None
    accounts = section.settings.account_ids if section.settings.enabled else ()
    if not accounts and section.settings.enabled and source.connector.runner == "rest" and not _is_known(source):
        what = "its declaration names {account_id}, and no account is given"
        todo = f"set account_ids (a list), or account_id for one alone, under [sources.{source.channel}]"
        raise ChannelError(source.channel, what, todo)
    if accounts and source.account_id:
        what = "its accounts are those of account_ids, and `account_id` names a column for them"
        raise ChannelError(source.channel, what, f"remove `account_id` at {source.defined_at}")
    if not accounts:
        yield source
    for account in dict.fromkeys(accounts):
        connector = replace(source.connector, account=account)
        yield replace(source, id=f"{source.id}{_BETWEEN}{account}", connector=connector, account_id=ACCOUNT)


def _is_known(source: FileSource) -> bool:
    """Whether one account is given, in the section or in `config`."""
    assert source.connector is not None
    section = read_section(source)
    return section.settings.enabled and "account_id" in {**json.loads(source.connector.config), **section.values}


def asked_account(source: FileSource) -> str:
    """The account that a source asks for alone, "" for one that asks for all."""
    return source.connector.account if source.connector is not None else ""


def of_sources(found: Mapping[str, ValueT], sources: Sequence[FileSource]) -> dict[str, ValueT]:
    """What is known by the ids of definitions, by the ids of sources."""
    return {source.id: found[name] for source in sources if (name := source.id.partition(_BETWEEN)[0]) in found}
