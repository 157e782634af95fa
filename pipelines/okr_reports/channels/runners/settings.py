"""What a connector is given: its section `[sources.<id>]`, the days it is to bring, and texts that name them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from okr_reports.channels.configuration import ChannelSettings, read_settings
from okr_reports.channels.windows import DAY, DEFAULT_HISTORY, Window
from okr_reports.errors import ChannelError
from okr_reports.file_sources import FileSource

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)(?::([^{}]*))?\}")
# What a connector brings by day, and the days of that: the names that connectors have for them.
_STARTS = ("start_date", "start_datetime", "start_time", "from_date", "date_from", "since")
_ENDS = ("end_date", "end_datetime", "end_time", "to_date", "date_to", "until")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")


@dataclass(frozen=True, kw_only=True)
class RunnerSettings(ChannelSettings):
    """What every connector's section may say beside its own names; `base_url` takes the place of a declaration's."""

    base_url: str = ""


OWN = tuple(setting.name for setting in fields(RunnerSettings))
# The column of the account that was asked for.
ACCOUNT = "okr:account_id"


@dataclass(frozen=True)
class Section:
    """One load's: `values` are the section's own names with their values, `secret` those that no text may show."""

    settings: RunnerSettings
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def read_section(source: FileSource) -> Section:
    """The channel's section of dlt's providers. Raises ChannelError where a value cannot be what it should be.

    `account_ids` are the connector's own where nothing names `{account_id}`.
    """
    channel = source.channel
    own = {*OWN} if names_account(source) else {*OWN} - {"account_ids"}
    settings = read_settings(RunnerSettings, channel)
    values = {name: value for name, value in _section(channel) if name not in own}
    return Section(settings, values, tuple(dict.fromkeys(form for text in texts_in(values) for form in _forms(text))))


def _section(channel: str) -> Iterator[tuple[str, Any]]:
    """Its names and values, those of `credentials` within it too; what comes later wins, the environment last."""
    import dlt

    for provider in (dlt.config, dlt.secrets):
        found: Any = provider.get(f"sources.{channel}")
        if isinstance(found, Mapping):
            yield from ((name, value) for name, value in found.items() if name != "credentials")
            inner = found.get("credentials")
            yield from (inner if isinstance(inner, Mapping) else {}).items()
    prefix = f"SOURCES__{channel.upper()}__"
    for name, text in os.environ.items():
        if name.upper().startswith(prefix):
            yield name[len(prefix) :].lower().removeprefix("credentials__"), text


def texts_in(value: Any) -> Iterator[str]:
    """Every text among nested settings, of mappings the values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in(list(value.values()))
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)


def _forms(text: str) -> Iterator[str]:
    """A secret as logs may have it: a key of several lines travels with its breaks written out."""
    yield text
    if "\n" in text:
        yield json.dumps(text)[1:-1]
        yield from (line for line in text.splitlines() if len(line) > 20)


def history_start(source: FileSource, section: Section, today: date) -> date:
    """The first day to load: of the settings, else of its config's start, else two years back."""
    if section.settings.start_date is not None:
        return section.settings.start_date
    config = json.loads(source.connector.config) if source.connector else {}
    for name in _STARTS:
        written = config.get(name)
        if isinstance(written, str) and (found := _DAY.fullmatch(written)):
            return date.fromisoformat(found[0][:10])
    return today - DEFAULT_HISTORY


def requested_config(source: FileSource, section: Section, window: Window) -> dict[str, Any]:
    """`config` with the window's days where it has a start or an end, its texts filled; secrets are not in it."""
    assert source.connector is not None
    config = json.loads(source.connector.config)
    for names, day in ((_STARTS, window.start), (_ENDS, window.end)):
        for name in names:
            written = config.get(name)
            if isinstance(written, str) and (found := _DAY.fullmatch(written)):
                config[name] = day.isoformat() + (found["time"] or "")
    return filled(source.channel, config, for_account(source, section), window)  # type: ignore[no-any-return]


def names_account(source: FileSource) -> bool:
    """Whether its connector can be asked for one account: its declaration or `config` names `{account_id}`."""
    assert source.connector is not None
    written = f"{source.connector.declared} {source.connector.config}"
    return any(found[1] == "account_id" for found in _NAME.finditer(written))


def asks_for_days(source: FileSource) -> bool:
    """Whether its connector is to bring certain days, so that what it does not bring is not there."""
    assert source.connector is not None
    config = json.loads(source.connector.config)
    names = {found[1] for found in _NAME.finditer(f"{source.connector.declared} {source.connector.config}")}
    return bool(names & set(_days_of(Window(date.min + DAY, date.min + DAY)))) or any(
        isinstance(config.get(name), str) and _DAY.fullmatch(config[name]) for name in _STARTS
    )


def filled(channel: str, value: Any, section: Section, window: Window) -> Any:
    """`value` with every `{name}` in its texts filled that is a day of the window or a name of the section.

    Others stay: they are the connector's own. Raises ChannelError for a format that no day has.
    """
    if isinstance(value, Mapping):
        return {key: filled(channel, part, section, window) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(channel, part, section, window) for part in value]
    if not isinstance(value, str):
        return value
    days = _days_of(window)
    whole = _NAME.fullmatch(value)
    name = whole[1].removeprefix("secrets.") if whole and whole[2] is None else ""
    if name in section.values and name not in days:
        return section.values[name]

    def text(found: re.Match[str]) -> str:
        name, form = found[1], found[2]
        if name in days:
            return _written(channel, days[name], form)
        name = name.removeprefix("secrets.")
        if form is None and isinstance(section.values.get(name), str | int | float):
            return str(section.values[name])
        if found[1].startswith("secrets."):
            raise ChannelError(channel, f"the setting {name} is missing", where_to_set(channel, name))
        return found[0]

    return _NAME.sub(text, value)


def for_account(source: FileSource, section: Section) -> Section:
    """The section with the account that is asked for as a name of its own."""
    assert source.connector is not None
    account = source.connector.account
    return replace(section, values={**section.values, "account_id": account}) if account else section


def where_to_set(channel: str, name: str) -> str:
    variable = f"SOURCES__{channel}__{name}".upper()
    return f"set {name} under [sources.{channel}] in .dlt/secrets.toml, or {variable} in the environment"


def _days_of(window: Window) -> dict[str, date | int]:
    """The names that a text may hold: both days, the day after, and the moments in UTC between which they lie."""
    after = window.end + timedelta(days=1)

    def moment(day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())

    return {
        "start_date": window.start,
        "end_date": window.end,
        "next_date": after,
        "start_unix": moment(window.start),
        "next_unix": moment(after),
    }


def _written(channel: str, day: date | int, form: str | None) -> str:
    if form is None or isinstance(day, int):
        return str(day)
    if "%" not in form:
        raise ChannelError(channel, f"{form!r} is no format of a day", "write it as {start_date:%Y%m%d}")
    return day.strftime(form)
