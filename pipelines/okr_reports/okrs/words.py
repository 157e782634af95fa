"""Words of messages: how values and names look in a finding."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from okr_reports.errors import did_you_mean

_LONGEST = 60


def shown(value: object) -> str:
    """`value` as it may be shown in one line of a message: quoted, cut, without control characters.

    Definitions are written by people and may hold anything; a finding is printed to a terminal.
    """
    text = ascii(value)[1:-1] if isinstance(value, str) and not value.isprintable() else str(value)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return f"`{text}`"


def plain(number: Decimal) -> str:
    """The number without an exponent and without zeros at its end: 2, 2.0 and 2.00 are all `2`."""
    return f"{number.normalize():f}"


def nearest(word: str, known: Iterable[str]) -> str:
    """What to do about a word that is not known: the nearest known one, else all of them if they are few."""
    names = sorted(set(known))
    if not names:
        return "none is defined yet"
    if len(names) > 12:
        return did_you_mean(word, names, f"use one of the {len(names)} that exist, such as `{names[0]}`", _code)
    return did_you_mean(word, names, "use one of " + ", ".join(map(_code, names)), _code)


def _code(name: str) -> str:
    return f"`{name}`"


def from_id(identifier: str) -> str:
    """A title for a thing that has only an id: `cost_per_lead` becomes `Cost per lead`."""
    return identifier.replace("_", " ").capitalize()
