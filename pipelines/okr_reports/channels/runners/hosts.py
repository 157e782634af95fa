"""Which hosts a connector may reach: those that its declaration and its settings name."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from urllib.parse import urlsplit

from okr_reports.channels.runners.gate import Allowed
from okr_reports.channels.runners.settings import Section, texts_in
from okr_reports.file_sources import FileSource

_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:]+\]?|localhost")
_MOST = 253


def allowed_hosts(source: FileSource, section: Section) -> Allowed:
    """The hosts of `hosts`, of `config` and of the section: what is written there as an address or as a host's name.

    Closed where the declaration has `hosts`, be it an empty list.
    """
    assert source.connector is not None
    written = [json.loads(source.connector.config), dict(section.values), section.settings.base_url]
    found = frozenset(name for text in texts_in(written) if (name := _host(text)))
    declared = source.connector.hosts
    return Allowed(found | frozenset(declared or ()), is_closed=declared is not None)


def _host(text: str) -> str:
    """The host of an address, or the text where it is a host's name; else nothing."""
    if "://" in text:
        with suppress(ValueError):
            return (urlsplit(text).hostname or "").rstrip(".")
        return ""
    return text.strip("[]").lower() if len(text) <= _MOST and _HOST.fullmatch(text) else ""
