"""Settings of deliveries, from where dlt keeps a project's: `.dlt/config.toml`, `.dlt/secrets.toml`, the environment.

The environment wins over secrets, secrets over config: `[deliveries.smtp] host` is `DELIVERIES__SMTP__HOST`. Read
without dlt, whose import takes 1.2 s.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

from okr_reports.common.loopback import is_loopback_name
from okr_reports.errors import DeliveryError, did_you_mean
from okr_reports.settings import settings_folder

SECTION = "deliveries"
SILENCE_SECONDS = 60
SECURITY_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """How mail leaves: `[deliveries.smtp]`.

    `security` is starttls (default), tls, or none, the last for a relay on this machine only. `port` None is the
    usual one of that security. `ca_file` names a PEM file trusted instead of the system's authorities.
    """

    host: str
    sender: str
    security: str = "starttls"
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    attempts: int = 4
    timeout_seconds: int = 30

    def __post_init__(self) -> None:
        if self.security not in SECURITY_PORTS:
            raise _refuse("smtp.security", f"is {self.security!r}", f"write one of {', '.join(SECURITY_PORTS)}")
        if self.security == "none" and not is_loopback_name(self.host):
            raise _refuse(
                "smtp.security", f"is none for {self.host}", "use starttls or tls: mail would go out readable"
            )
        if self.security == "none" and self.password:
            raise _refuse("smtp.password", "would be sent readable", "use security starttls or tls, or remove it")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise _refuse("smtp.ca_file", f"names {self.ca_file}, which is not there", "name a PEM file")


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """One place the site is copied to: `[deliveries.targets.<name>]`.

    With `passphrase` the copy is encrypted. `options` go to fsspec as they are (endpoint_url, key, secret, ...).
    `keep_history` False keeps a git branch at one commit; `accept_clear_history` True puts a locked site upon a branch
    whose earlier commits anybody can read, `accept_readable` True a readable site in the place of a locked one.
    After `timeout_seconds` in which the place took no file it is given up.
    """

    name: str
    url: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    keep_history: bool = True
    accept_clear_history: bool = False
    accept_readable: bool = False
    timeout_seconds: int = SILENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """Everything under `[deliveries]`. `chat` maps a team's id, or `all`, to apprise URLs; `alerts` are such URLs.

    `loopback_sources`: a channel that an address of this machine answers is no sandbox but a gateway of one's own.
    """

    site_url: str | None = None
    smtp: SmtpSettings | None = None
    chat: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    alerts: tuple[str, ...] = field(default=(), repr=False)
    targets: tuple[TargetSettings, ...] = ()
    loopback_sources: bool = False


Settings = TypeVar("Settings", SmtpSettings, TargetSettings, DeliverySettings)


def read_settings(folder: Path | None = None) -> DeliverySettings:
    """The settings of this workspace; `folder` holds the TOML files. Raises DeliveryError, which shows no secret."""
    folder = folder or settings_folder()
    written: dict[str, Any] = {}
    for name in ("config.toml", "secrets.toml"):
        _merge(written, _section_of(folder / name))
    _merge(written, _of_environment())
    return _build(DeliverySettings, written, "")


def _refuse(key: str, what: str, todo: str) -> DeliveryError:
    section, _, name = f"{SECTION}.{key}".rpartition(".")
    variable = f"{section}.{name}".replace(".", "__").upper()
    place = f"{name} under [{section}] in .dlt/config.toml or .dlt/secrets.toml, or {variable} in the environment"
    return DeliveryError(f"the setting {section}.{name} {what}; {todo} ({place})")


def _section_of(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(SECTION, {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeliveryError(f"{path}: not TOML: {error}; fix it") from None
    if not isinstance(found, dict):
        raise DeliveryError(f"{path}: {SECTION} is not a table; write [{SECTION}]")
    return found


def _of_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, value in sorted(os.environ.items()):
        section, *path = variable.lower().split("__")
        # One that is there and empty is a secret that was not found, as in CI: the site would go out readable.
        if section != SECTION or not path or (not value and path[-1] != "passphrase"):
            continue
        table = found
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
    return found


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _table(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(key, "is not a table", f"write [{SECTION}.{key}] and its settings below")
    return value


def _build(settings: type[Settings], written: Mapping[str, Any], section: str) -> Settings:
    known = {setting.name: setting for setting in fields(settings)}
    hints = get_type_hints(settings)
    values = {}
    for name, value in written.items():
        key = f"{section}.{name}".lstrip(".")
        if name not in known:
            raise _refuse(key, "is not known", did_you_mean(name, known, f"use {', '.join(known)}"))
        values[name] = _CONVERTERS[hints[name]](value, key)
    for name, setting in known.items():
        if name not in values and setting.default is MISSING and setting.default_factory is MISSING:
            raise _refuse(f"{section}.{name}", "is missing", "set it")
    return settings(**values)


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise _refuse(key, "is not a text", "put it in quotes")
    if key.endswith(".passphrase") and not value.strip():
        raise _refuse(key, "is empty", "set it, or remove it if everybody may read this site")
    return _site_url(value) if key == "site_url" else value


def _number(value: Any, key: str) -> int:
    if not str(value).isdecimal() or int(value) < 1:
        raise _refuse(key, f"is {value!r}", "write a whole number of at least 1")
    return int(value)


def _flag(value: Any, key: str) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise _refuse(key, f"is {value!r}", "write true or false")
    return str(value).lower() == "true"


def _texts(value: Any, key: str) -> tuple[str, ...]:
    """A list, or its text in the environment: JSON or one URL."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else [value]
        except ValueError:
            raise _refuse(key, "cannot be read", 'write a list such as ["slack://..."]') from None
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _refuse(key, "is not a list of texts", 'write a list such as ["slack://..."]')
    return tuple(value)


def _chat(value: Any, key: str) -> dict[str, tuple[str, ...]]:
    return {team: _texts(urls, f"{key}.{team}") for team, urls in _table(value, key).items()}


def _options(value: Any, key: str) -> dict[str, Any]:
    return {name: _option(option) for name, option in _table(value, key).items()}


def _option(value: Any) -> Any:
    """An option of fsspec: from the environment, nested ones and booleans are JSON; `12345` stays a text (a key)."""
    if isinstance(value, dict):
        return {name: _option(option) for name, option in value.items()}
    if isinstance(value, str) and (value in ("true", "false") or value.startswith("{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _smtp(value: Any, key: str) -> SmtpSettings:
    return _build(SmtpSettings, _table(value, key), key)


def _targets(value: Any, key: str) -> tuple[TargetSettings, ...]:
    return tuple(
        _build(TargetSettings, {**_table(target, f"{key}.{name}"), "name": name}, f"{key}.{name}")
        for name, target in _table(value, key).items()
    )


def _site_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise _refuse("site_url", "is not an address of the web", "write it as https://okr.example.com/")
    return url.split("?")[0].split("#")[0].rstrip("/") + "/"


_CONVERTERS: dict[Any, Callable[[Any, str], Any]] = {
    str: _text,
    str | None: _text,
    int: _number,
    int | None: _number,
    bool: _flag,
    tuple[str, ...]: _texts,
    Mapping[str, tuple[str, ...]]: _chat,
    Mapping[str, Any]: _options,
    SmtpSettings | None: _smtp,
    tuple[TargetSettings, ...]: _targets,
}
