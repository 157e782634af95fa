"""Which hosts a connector may reach: those that its declaration and its settings name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from okr_reports.channels.runners.gate import Allowed
from okr_reports.channels.runners.settings import Section
from okr_reports.file_sources import FileSource

_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:]+\]?|localhost")
_MOST = 253


def allowed_hosts(source: FileSource, section: Section) -> Allowed:
    """The hosts of `hosts`, of `config` and of the section: what is written there as an address or as a host's name.

    Closed where the declaration has `hosts`, be it an empty list.
    """
    assert source.connector is not None
    written = [json.loads(source.connector.config), dict(section.values), section.settings.base_url]
    found = frozenset(name for value in written for name in _hosts(value))
    declared = source.connector.hosts
    return Allowed(found | frozenset(declared or ()), is_closed=declared is not None)


def _hosts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _hosts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _hosts(part)
    elif isinstance(value, str) and "://" in value:
        try:
            yield (urlsplit(value).hostname or "").rstrip(".")
        except ValueError:
            return
    elif isinstance(value, str) and len(value) <= _MOST and _HOST.fullmatch(value):
        yield value.strip("[]").lower()
