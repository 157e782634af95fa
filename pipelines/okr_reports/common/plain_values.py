"""What a template may see: plain values, and nothing that leads back to the program.

Texts, numbers, days and None; lists, tuples and mappings of them; and three stand-ins that hold nothing themselves:

- `Record`: the fields of one of our objects that its type was registered with (`shows`);
- `Table`: the rows of a query, read when a template looks at them;
- `Function`: something a template may call. What it returns is plain again.

The object behind a stand-in is looked up by identity in this module, so no attribute, slot or closure of the stand-in
leads to it. `plain` turns what code has into what templates see; `live` turns it back where a template gives it to a
function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

SCALARS = frozenset({type(None), bool, int, float, str, Decimal, date, datetime, time, timedelta})
# more classes that hold plain values alone, and those whose attributes are their items
PLAIN: set[type] = set()
ROWS: set[type] = set()
# what templates see of each of our classes
_FIELDS: dict[type, tuple[str, ...]] = {}
_TABLES: dict[type, tuple[str, ...]] = {}


class StandIn:
    """Stands for an object of the program that a template must not reach."""

    __slots__ = ("__weakref__",)

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()}>"


_behind: WeakKeyDictionary[StandIn, Any] = WeakKeyDictionary()


class Record(StandIn):
    """Named plain values, asked for as attributes or items."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


ROWS.add(Record)


class Function(StandIn):
    """Something a template may call: it gives plain values and gets plain ones back."""

    __slots__ = ()

    def __call__(self, *given: Any, **named: Any) -> Any:
        found = _behind[self](*map(live, given), **{name: live(value) for name, value in named.items()})
        return plain(found)


class Table(StandIn):
    """The rows of a query by number; `fields_of` says which attributes it has."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return iter(_behind[self])

    def __len__(self) -> int:
        return len(_behind[self])

    def __getitem__(self, number: int) -> Any:
        return _behind[self][number]

    def __str__(self) -> str:
        return str(_behind[self])


PLAIN.update((Function, Table))


def shows(kind: type, *fields: str) -> None:
    """Let templates see these fields of the objects of a class; methods among them can be called."""
    _FIELDS[kind] = fields


def shows_rows(kind: type, *fields: str) -> None:
    """The same for a class whose objects are the rows of a query, not yet read; its rows are plain."""
    _TABLES[kind] = fields


def fields_of(table: Table) -> tuple[str, ...]:
    """The attributes that a table has for templates."""
    return _TABLES[type(_behind[table])]


def field_of(table: Table, name: str) -> Any:
    """One of them."""
    return _field(getattr(_behind[table], name))


def function(called: Callable[..., Any]) -> Function:
    """`called` as templates may have it."""
    made = Function()
    _behind[made] = called
    return made


def plain(value: Any) -> Any:
    """`value` as a template may see it. Raises TypeError for what is none of the kinds above."""
    kind = type(value)
    if kind in SCALARS or kind in PLAIN or kind in ROWS:
        return value
    if kind in (list, tuple):
        return kind(plain(member) for member in value)
    if kind is dict:
        return {plain(key): plain(member) for key, member in value.items()}
    if kind in _FIELDS:
        made = Record({name: _field(getattr(value, name)) for name in _FIELDS[kind]})
        _behind[made] = value
        return made
    if kind in _TABLES:
        table = Table()
        _behind[table] = value
        return table
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return plain(dict(value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return plain(list(value))
    raise TypeError(f"templates may not see a {kind.__name__}")


def _field(value: Any) -> Any:
    return function(value) if callable(value) else plain(value)


def live(value: Any) -> Any:
    """What code works with in place of what a template gave it."""
    kind = type(value)
    if kind in (Record, Table):
        return _behind.get(value, value)
    if kind in (list, tuple) and any(live(member) is not member for member in value):
        return kind(live(member) for member in value)
    if kind is dict and any(live(member) is not member for member in value.values()):
        return {key: live(member) for key, member in value.items()}
    return value
