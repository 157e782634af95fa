"""Reading Rest.li 2.0 query strings as strictly as LinkedIn does: what is not encoded exactly so is refused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote


class NotRestli(ValueError):
    """The query is not encoded as the protocol wants it."""


def read_query(raw: str) -> dict[str, Any]:
    """Parameters of a raw query string; lists become list, records dict, the rest text."""
    found: dict[str, Any] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        if name in found:
            raise NotRestli(f"parameter {name} is given twice")
        # `fields` is a projection mask: its commas stand at the top level
        found[name] = value.split(",") if name == "fields" else _read(name, value)
    return found


def read_first_query(raw: str) -> dict[str, Any]:
    """Parameters of the protocol's first version: lists as `accounts[0]=...`, records as `dateRange.start.day=1`."""
    found: dict[str, Any] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        *path, last = re.split(r"\.|(?=\[)", unquote(name))
        place = found
        for step in path:
            place = place.setdefault(step, {})
        if last.startswith("["):
            place[last] = unquote(value)
        else:
            # clients mix both versions, and LinkedIn reads them
            place[last] = unquote(value).split(",") if name == "fields" else _read(name, value)
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.startswith("[") for name in value):
        return list(value.values())
    return {name: _listed(member) for name, member in value.items()}


def _read(name: str, raw: str) -> Any:
    if re.search(r"%28|%29|%2C", raw, re.IGNORECASE) and "(" not in raw:
        raise NotRestli(f"parameter {name}: parentheses and commas of the syntax must not be percent-encoded")
    value, rest = _value(raw)
    if rest:
        raise NotRestli(f"parameter {name} is invalid at {rest[:20]!r}")
    return value


def _value(raw: str) -> tuple[Any, str]:
    if raw.startswith("List("):
        return _items(raw[5:])
    if raw.startswith("("):
        return _record(raw[1:])
    atom = re.match(r"[^(),:]*", raw)
    length = atom.end() if atom else 0
    return unquote(raw[:length]), raw[length:]


def _items(raw: str) -> tuple[list[Any], str]:
    items: list[Any] = []
    while not raw.startswith(")"):
        value, raw = _value(raw)
        items.append(value)
        if raw.startswith(","):
            raw = raw[1:]
        elif not raw.startswith(")"):
            raise NotRestli(f"a list is invalid at {raw[:20]!r}")
    return items, raw[1:]


def _record(raw: str) -> tuple[dict[str, Any], str]:
    record: dict[str, Any] = {}
    while not raw.startswith(")"):
        key = re.match(r"(\w+):", raw)
        if key is None:
            raise NotRestli(f"a record is invalid at {raw[:20]!r}")
        record[key[1]], raw = _value(raw[key.end() :])
        if raw.startswith(","):
            raw = raw[1:]
        elif not raw.startswith(")"):
            raise NotRestli(f"a record is invalid at {raw[:20]!r}")
    return record, raw[1:]
