"""Channels that the definitions bring: names of those that files make, and connectors with their mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from okr_reports.file_sources import Connector, FileSource
from okr_reports.okrs.fields import Id, Line, Title, Whole, choice, refuse
from okr_reports.okrs.models.file_sources import FileMapping
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

RUNNERS = ("rest", "singer", "airbyte", "dlt")
KINDS = ("ads", "analytics", "crm", "email", "social", "shop", "other")
# Vendors restate and attribute for weeks.
LOOKBACK_DAYS = 30
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])?==[A-Za-z0-9.!+_-]+")
_SOURCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+")
_OF_FILES = ("encoding", "header", "sheet", "wide", "on_overlap", "replaces")


def plain_json(value: Any) -> Any:
    """What YAML gave, as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain_json(member) for member in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _config(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(plain_json(value), ensure_ascii=False, sort_keys=True)
    raise refuse(f"{shown(value)} is no mapping", "write `config: {key: value}`; secrets belong into .dlt/secrets.toml")


def _hosts(value: Any) -> tuple[str, ...]:
    todo = 'write names alone, `hosts: [api.vendor.com, "*.vendor.com"]`'
    if not isinstance(value, list):
        raise refuse(f"{shown(value)} is no list of hosts", todo)
    for name in value:
        if not isinstance(name, str) or not _HOST.fullmatch(name):
            raise refuse(f"{shown(name)} is no host", todo)
    return tuple(name.lower() for name in value)


Hosts = Annotated[
    tuple[str, ...], PlainValidator(_hosts), WithJsonSchema({"type": "array", "items": {"type": "string"}})
]
Config = Annotated[str, PlainValidator(_config), WithJsonSchema({"type": "object"})]


class Origin(Located):
    """What brings a channel's records: one runner, and what it runs."""

    rest: Line | None = None
    singer: Line | None = None
    airbyte: Line | None = None
    dlt: Line | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        written = [name for name in RUNNERS if getattr(self, name) is not None]
        if len(written) != 1:
            what = f"`from` names {len(written)} runners" if written else "`from` names no runner"
            raise refuse(what, "write one of {rest: file.yml}, {singer: ...}, {airbyte: ...} or {dlt: ...}")
        runner, name = written[0], getattr(self, written[0])
        if runner == "rest" and not _is_yaml(name):
            raise refuse(f"{shown(name)} is no YAML file", "write `{rest: vendor.yml}`, a file beside this one")
        if runner == "dlt" and not _SOURCE.fullmatch(name):
            raise refuse(f"{shown(name)} is no source", 'write `{dlt: "package.module:source"}`')
        if runner in ("singer", "airbyte") and not _REQUIREMENT.fullmatch(name) and not self.is_manifest:
            example = "tap-vendor==1.2.3" if runner == "singer" else "airbyte-source-vendor==1.2.3"
            raise refuse(f"{shown(name)} names no package of one version", f"write `{{{runner}: {example}}}`")
        return self

    @property
    def runner(self) -> Any:
        return next(name for name in RUNNERS if getattr(self, name) is not None)

    @property
    def name(self) -> str:
        return str(getattr(self, self.runner))

    @property
    def is_manifest(self) -> bool:
        return self.airbyte is not None and _is_yaml(self.airbyte)

    @property
    def file(self) -> str | None:
        """The declaration that is a file of its own, as it is written."""
        return self.name if self.rest is not None or self.is_manifest else None


def _is_yaml(name: str) -> bool:
    return name.lower().endswith((".yml", ".yaml"))


class ChannelEntry(FileMapping):
    """The name of a channel that file sources make; with `from` a channel that a connector brings, and its mapping."""

    id: Id
    title: Title | None = None
    kind: Annotated[str, *choice(*KINDS)] | None = None
    origin: Origin | None = Field(default=None, alias="from")
    config: Config | None = None
    stream: Line | None = None
    hosts: Hosts | None = None
    lookback_days: Whole | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.origin is None:
            written = sorted(self.model_fields_set - {"id", "title", "kind"})
            if written:
                raise refuse(
                    f"`{written[0]}` is of a channel with `from`", "name its connector: `from: {rest: vendor.yml}`"
                )
            if self.title is None:
                raise refuse("the key `title` is missing", "write `title:`, or `from:` for a connector")
            return self
        if foreign := [name for name in _OF_FILES if name in self.model_fields_set]:
            raise refuse(f"`{foreign[0]}` is of files, and a connector has none", "remove it")
        if self.date is None:
            raise refuse("no column of days is named", "write `date: <column>`, such as `date: attributes.datetime`")
        if not self.measures:
            raise refuse("no measure is named", "write `measures: {name: column}` or `{name: {count: rows}}`")
        if self.hosts is not None and self.origin.runner == "rest":
            raise refuse("`hosts` is of connectors that are packages", "remove it: a declaration asks its `base_url`")
        if self.lookback_days == 0:
            raise refuse("a refresh reads at least one day again", "write `lookback_days: 1` or more")
        return self

    def to_file_source(self, folder: Path, roots: tuple[Path, ...], declared: str, utc_days: str) -> FileSource:
        """What it brings, to be read as files are; `declared` is its declaration's content as JSON."""
        origin = self.origin
        assert origin is not None
        mine = self.mapped()
        connector = Connector(
            runner=origin.runner,
            name=origin.name,
            path=folder / origin.file if origin.file else None,
            declared=declared,
            config=self.config or "{}",
            stream=self.stream or "",
            lookback_days=self.lookback_days or LOOKBACK_DAYS,
            kind=self.kind or "other",
            hosts=self.hosts,
        )
        return FileSource(
            id=self.id,
            channel=self.id,
            pattern=Path(self.id),
            connector=connector,
            utc_days=utc_days,
            defined_at=f"{self.place.path}:{self.place.line}",
            folder=folder,
            roots=roots,
            grain_is_declared=True,
            **{"totals": "keep", **mine},
        )
