"""Settings of a channel, read dlt's way: environment, `.dlt/secrets.toml`, `.dlt/config.toml`, other dlt providers.

Every field is looked up in its own section only, `[sources.<channel>]` (`SOURCES__LINKEDIN_ADS__BASE_URL`). dlt's own
resolver would fall back to `[sources]` and to bare names: a stray BASE_URL in the environment would then send a
vendor's token to another host.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

from okr_reports.catalogue import channels
from okr_reports.channels.budget import Budget
from okr_reports.common.loopback import is_loopback_name
from okr_reports.errors import ChannelError, CredentialsError, Finding
from okr_reports.settings import channels_with_settings, settings_folder


class Secret(str):
    """A text that never shows itself: repr, f-string conversions by repr and tracebacks print asterisks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"


NO_SECRET = Secret("")
# The word that the sandbox takes for every one of these.
SANDBOX = "sandbox"
TOKENS = ("access_token", "api_key", "client_id", "client_secret", "developer_token", "refresh_token")


@dataclass(frozen=True, kw_only=True)
class ChannelSettings:
    """The settings of every channel. A channel's own settings add `credentials` and may add fields.

    `account_ids` empty means every account the credentials see. `start_date` None means two years back.
    `lookback_days` None means the channel's default of `channel.toml`. The channel may use `budget_minutes` of a
    refresh, hold answers of `budget_mb` at once, and wait `wait_minutes` in sum for the vendor's limits: None means 5
    where a person looks on at a terminal, else 30. `conversions` is what the measure of that name counts, one
    of those of `channel.toml`; '' means the first.
    """

    base_url: str
    account_ids: tuple[str, ...] = ()
    start_date: date | None = None
    lookback_days: int | None = None
    enabled: bool = True
    budget_minutes: int = 60
    budget_mb: int = 2048
    wait_minutes: int | None = None
    conversions: str = ""

    def budget(self) -> Budget:
        """One load's, which begins now."""
        waiting = self.wait_minutes or (5 if sys.stdin is not None and sys.stdin.isatty() else 30)
        return Budget(seconds=60.0 * self.budget_minutes, waiting=60.0 * waiting, memory=self.budget_mb << 20)

    def made_with(self) -> str:
        """What the vendor was set to count by: rows that were loaded by something else are read again."""
        return ""

    def counted_within(self) -> str:
        """The windows that the settings name, '' where they leave that to the vendor."""
        return ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value of these settings, for redaction."""
        return tuple(_secrets_in(self))


SettingsT = TypeVar("SettingsT", bound=ChannelSettings)
AnyT = TypeVar("AnyT")


def read_settings(settings: type[AnyT], channel: str, *inner: str) -> AnyT:
    """The channel's settings, or those of a section within its own.

    Raises CredentialsError if a required field is nowhere, ChannelError if a value cannot be what it should be.
    """
    return _read(settings, channel, ("sources", channel, *inner))  # type: ignore[no-any-return]


def lookback_days(channel: str, settings: ChannelSettings) -> int:
    """How many days a refresh reads again: as set, else the channel's own. Settings take no 0, a channel may be so."""
    own = channels()[channel].lookback_days
    return own if settings.lookback_days is None else settings.lookback_days


def conversions(channel: str, settings: ChannelSettings) -> str:
    """What the channel's conversions count: as set, else its own default, '' where it has none.

    Raises ChannelError for a word that the channel cannot count by.
    """
    offered = channels()[channel].conversions
    if settings.conversions and settings.conversions not in offered:
        what = f"the setting sources.{channel}.conversions is {settings.conversions!r}, which the channel cannot tell"
        raise ChannelError(channel, what, f"write one of {', '.join(offered)}" if offered else "take it out")
    return settings.conversions or next(iter(offered), "")


def unreported_measures(channel: str, settings: ChannelSettings, measures: Collection[str]) -> frozenset[str]:
    """Those of which the vendor reports nothing, by the names that reports know: of conversions as they were chosen."""
    chosen = channels()[channel].conversions.get(settings.conversions)
    if chosen is None:
        return frozenset(measures)
    made_of = {"conversions": chosen.conversions, "conversion_value": chosen.conversion_value}
    lacking = {name for name, parts in made_of.items() if not {*measures}.isdisjoint(parts)}
    return frozenset(({*measures} - made_of.keys()) | lacking)


def is_configured(settings: type[ChannelSettings], channel: str) -> bool:
    """Whether anything is set in the channel's section and `enabled` is not false: else the channel is off."""
    section = ("sources", channel)
    found = [_look_up_field((*path, field.name), hint) for path, field, hint in _leaves(settings, section)]
    if all(value is None for value in found):
        return False
    enabled = _look_up((*section, "enabled"), bool)
    return enabled is None or bool(_convert(channel, "enabled", enabled, bool))


def is_switched_off(channel: str) -> bool:
    """Whether the channel's section has `enabled = false`: only that takes its rows out of the reports."""
    enabled = _look_up(("sources", channel, "enabled"), bool)
    return enabled is not None and not _convert(channel, "enabled", enabled, bool)


def anything_configured() -> bool:
    """Whether any channel may have settings; answers without importing dlt (1.2 s), for commands that must be quick."""
    return channels_with_settings() != set()


def broken_files() -> list[Finding]:
    """Files of settings that cannot be read, each with the line where that shows."""
    findings = []
    for name in ("config.toml", "secrets.toml"):
        path = settings_folder() / name
        try:
            tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            line = re.search(r"at line (\d+)", str(error))
            what = f"it cannot be read: {getattr(error, 'strerror', None) or error}"
            findings.append(Finding(str(path), int(line[1]) if line else 1, "error", what, "fix it"))
    return findings


def _secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        yield str(value)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _secrets_in(getattr(value, field.name))


def _leaves(settings: type[Any], section: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Field[Any], Any]]:
    hints = get_type_hints(settings)
    for field in fields(settings):
        hint = hints[field.name]
        if is_dataclass(hint):
            yield from _leaves(hint, (*section, field.name))  # type: ignore[arg-type]
        else:
            yield section, field, hint


def _read(settings: type[Any], channel: str, section: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {}
    hints = get_type_hints(settings)
    for field in fields(settings):
        hint = hints[field.name]
        if is_dataclass(hint):
            values[field.name] = _read_credentials(hint, channel, (*section, field.name), values.get("base_url"))
            continue
        found = _look_up_field((*section, field.name), hint)
        if found is not None and found != "":
            values[field.name] = _convert(channel, field.name, found, hint)
        elif field.default is MISSING:
            raise CredentialsError(
                channel,
                f"the setting {'.'.join((*section, field.name))} is missing",
                _where_to_set(section, field.name, hint),
            )
    return settings(**values)


def _read_credentials(hint: Any, channel: str, section: tuple[str, ...], base_url: str | None) -> Any:
    """The credentials field by field, or one text for all of them (`credentials = "..."`).

    A connector pointed at this machine and given none is at the sandbox, which lets in whoever says so.
    """
    whole = _look_up(section, Secret)
    if isinstance(whole, str) and whole:
        return _filled(hint, whole)
    none_given = all(_look_up_field((*section, name), kind) is None for name, kind in get_type_hints(hint).items())
    if none_given and is_loopback_name(urlsplit(base_url or "").hostname or ""):
        return _filled(hint, SANDBOX)
    return _read(hint, channel, section)


def _filled(hint: Any, value: str) -> Any:
    kinds = get_type_hints(hint)
    return hint(**{name: kinds[name](value) for name in kinds if name in TOKENS})


def _where_to_set(section: tuple[str, ...], name: str, hint: Any) -> str:
    variable = "__".join((*section, name)).upper()
    file = ".dlt/secrets.toml" if hint is Secret else ".dlt/secrets.toml or .dlt/config.toml"
    return f"set {name} under [{'.'.join(section)}] in {file}, or {variable} in the environment (looked in both)"


def _look_up_field(path: tuple[str, ...], hint: Any) -> Any:
    """A field of the section, or of `credentials` written straight into the channel's section, as dlt allows it."""
    held_back = path[-2] == "credentials"
    found = _look_up(path, hint, held_back)
    if found is None and held_back:
        found = _look_up((*path[:-2], path[-1]), hint, held_back)
    return found


def _look_up(path: tuple[str, ...], hint: Any, held_back: bool = False) -> Any:
    """A value as dlt's providers have it. dlt writes what `dlt.config` found into its traces on disk, with the value.

    `held_back`: no secret by its type, as a client's id, but a credential; it is looked for as a secret first.
    """
    import dlt

    name = ".".join(path)
    if hint is Secret:
        return dlt.secrets.get(name)
    found = dlt.secrets.get(name) if held_back else None
    return dlt.config.get(name) if found is None else found


def _convert(channel: str, name: str, value: Any, hint: Any) -> Any:
    try:
        return _CONVERTERS.get(hint, str)(value)
    except (TypeError, ValueError):
        shown = "its value" if hint is Secret else repr(value)
        raise ChannelError(
            channel,
            f"the setting sources.{channel}.{name} cannot be read: {shown}",
            f"write {_EXAMPLES.get(hint, 'a text')}",
        ) from None


def _to_date(value: Any) -> date:
    return value if type(value) is date else date.fromisoformat(str(value))


def _to_bool(value: Any) -> bool:
    if str(value).lower() not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError(value)
    return str(value).lower() in ("true", "1", "yes")


def _to_ids(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = json.loads(value) if value.startswith("[") else value.split(",")
    elif isinstance(value, int):
        value = [value]
    return tuple(str(part).strip() for part in value if str(part).strip())


def _to_number(value: Any) -> int:
    number = int(value)
    if not 1 <= number <= 1_000_000:
        raise ValueError(value)
    return number


_CONVERTERS: dict[Any, Any] = {
    str: str,
    Secret: Secret,
    int: _to_number,
    int | None: _to_number,
    bool: _to_bool,
    date: _to_date,
    date | None: _to_date,
    tuple[str, ...]: _to_ids,
}
_EXAMPLES: dict[Any, str] = {
    int: "a whole number, at least 1",
    int | None: "a whole number, at least 1",
    bool: "true or false",
    date: "a date such as 2025-01-01",
    date | None: "a date such as 2025-01-01",
    tuple[str, ...]: 'a list such as ["508720451"]',
}
