"""Settings that nobody reads: a misspelt `account_ids` would load every account there is without a word."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from okr_reports.channels.configuration import ChannelSettings
from okr_reports.errors import Finding, did_you_mean

CREDENTIALS = "credentials"
SETTINGS = tuple(field.name for field in fields(ChannelSettings))


@dataclass(frozen=True)
class _Written:
    """A setting where it is written; `inner` says that it stands under `credentials`."""

    path: str
    line: int
    shown: str
    channel: str
    name: str
    inner: bool


def unread_settings(
    channels: Sequence[str],
    settings_of: Callable[[str], type[ChannelSettings]],
    folder: Path,
    connectors: Collection[str] = (),
) -> list[Finding]:
    """A warning for each setting of a channel, in `folder` or the environment, whose name means nothing there.

    Names alone are looked at and shown. What else dlt may read under `sources` is left alone: sections within a
    channel's, sections that hold nothing of a channel, and those of `connectors`, which have names of their own.
    """
    return [
        Finding(setting.path, setting.line, "warning", f"nothing reads {setting.shown}", todo)
        for setting in [*_in_files(folder), *_in_environment(os.environ)]
        if setting.channel not in connectors and (todo := _meant(setting, channels, settings_of))
    ]


def _meant(
    setting: _Written, channels: Sequence[str], settings_of: Callable[[str], type[ChannelSettings]]
) -> str | None:
    """What was meant, or None if it is read or somebody else's."""
    if setting.channel not in channels:
        if setting.name not in SETTINGS and not setting.inner:
            return None
        return did_you_mean(setting.channel, channels, f"the channels are {', '.join(channels)}")
    hints = get_type_hints(settings_of(setting.channel))
    kept_back = [*get_type_hints(hints[CREDENTIALS])] if CREDENTIALS in hints else []
    known = kept_back if setting.inner else [*hints, *kept_back]
    if setting.name in known:
        return None
    if setting.inner:
        # a service account's key may be pasted whole
        return did_you_mean(setting.name, known, "") or None
    return did_you_mean(setting.name, known, f"remove it, or use one of {', '.join(hints)}")


def _in_files(folder: Path) -> Iterator[_Written]:
    for path in (folder / "config.toml", folder / "secrets.toml"):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        written = tomllib.loads(text).get("sources")
        for channel, section in written.items() if isinstance(written, dict) else ():
            for header, names in _sections(channel, section):
                for name in names:
                    shown = f"{name} of [{header}]"
                    line = _line(text, header, name)
                    yield _Written(str(path), line, shown, channel, name, header.endswith(f".{CREDENTIALS}"))


def _sections(channel: str, section: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(section, dict):
        yield f"sources.{channel}", [name for name, value in section.items() if not isinstance(value, dict)]
        if isinstance(inner := section.get(CREDENTIALS), dict):
            yield f"sources.{channel}.{CREDENTIALS}", [*inner]


def _line(text: str, header: str, name: str) -> int:
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if begun := re.match(r"\s*\[([^\]]+)\]", line):
            section = re.sub(r"[\s\"']", "", begun[1])
        elif section == header and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return number
    return 1


def _in_environment(environment: Mapping[str, str]) -> Iterator[_Written]:
    for variable in sorted(environment):
        sources, *parts = variable.lower().split("__")
        inner = len(parts) == 3 and parts[1] == CREDENTIALS
        if sources == "sources" and (len(parts) == 2 or inner):
            yield _Written(".dlt/config.toml", 1, f"{variable} in the environment", parts[0], parts[-1], inner)
