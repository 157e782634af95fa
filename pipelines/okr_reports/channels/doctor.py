"""What is wrong with a channel's settings, credentials and access, asked of the vendor itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from okr_reports.channels.base import Account, Channel, Landing, find_channel
from okr_reports.channels.collect import odd_accounts, odd_answer
from okr_reports.channels.configuration import ChannelSettings, is_configured, read_settings
from okr_reports.channels.http import Http
from okr_reports.channels.versions import version_findings
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, Finding
from okr_reports.settings import today

# Two days ago every vendor has something to say about, if only that there was nothing.
_PROBED = timedelta(days=2)


def check_channel(name: str) -> list[Finding]:
    """Errors and warnings of one channel; none if it is off or all is well. Reads one day an account, stores nothing.

    Findings name the setting or the account, and what to do; `line` is always 1.
    """
    findings: list[Finding] = []
    try:
        channel = find_channel(name)
        if not is_configured(channel.settings_class, name):
            return []
        settings = read_settings(channel.settings_class, name)
        findings = version_findings(name, settings, today("UTC"))
        http = channel.http(settings)
        http.within(settings.budget(), lambda _: None)
        accounts = channel.visible_accounts(http, settings)
    except ChannelError as error:
        return [*findings, _finding("error", error)]
    except Exception as surprise:
        return [*findings, _finding("error", odd_accounts(name, surprise))]
    visible = {account.id: account for account in accounts}
    findings += [
        Finding(
            ".dlt/config.toml",
            1,
            "error",
            f"{name} account {account_id} is not visible to these credentials",
            f"give their user {channel.access}, or take it out of sources.{name}.account_ids",
        )
        for account_id in settings.account_ids
        if account_id not in visible
    ]
    if not visible:
        findings.append(
            Finding(
                ".dlt/secrets.toml",
                1,
                "error",
                f"{name}: no account is visible to these credentials",
                f"give their user {channel.access}",
            )
        )
    for account in visible.values():
        if account.error is not None:
            findings.append(_finding("error", account.error.of_account(account.id), account))
        elif account.held_by:
            continue
        elif not settings.account_ids or account.id in settings.account_ids:
            findings += _probe(channel, http, settings, account)
    return findings


def _probe(channel: Channel[ChannelSettings], http: Http, settings: ChannelSettings, account: Account) -> list[Finding]:
    """Whether the account's figures and names can be read."""
    now = datetime.now(UTC)
    day = now.date() - _PROBED
    tables = {table.name: table for table in channel.tables}
    window = Window(day, day)
    landing = Landing(channel.name, tables, account, window, now)
    try:
        channel.load_facts(http, settings, account, landing)
    except ChannelError as error:
        return [_finding("error", error, account)]
    except Exception as surprise:
        return [_finding("error", odd_answer(channel.name, surprise, account.id, window), account)]
    try:
        channel.load_entities(http, settings, account, landing)
    except ChannelError as error:
        return [_finding("warning", error, account)]
    except Exception as surprise:
        return [_finding("warning", odd_answer(channel.name, surprise, account.id, window), account)]
    noted = [Finding(".dlt/config.toml", 1, "warning", *account.note.split("; ", 1))] if account.note else []
    missing = [ChannelError(channel.name, what, todo, account.id) for what, todo in landing.missing]
    return [*noted, *(_finding("warning", error, account) for error in missing)]


def _finding(severity: str, error: ChannelError, account: Account | None = None) -> Finding:
    what, _, todo = str(error).partition("; ")
    if account is not None and account.id not in what:
        what = f"{error.channel} account {account.id}: {what.removeprefix(f'{error.channel}: ')}"
    return Finding(".dlt/secrets.toml", 1, "error" if severity == "error" else "warning", what, todo)
