"""Rest.li 2.0 query strings: `( ) , :` stand literally as syntax and are percent-encoded inside values.

`requests` would encode the syntax too, which LinkedIn refuses, so queries are built here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import quote

Value = str | int | date | Sequence["Value"] | Mapping[str, "Value"]


def query(**parameters: Value) -> str:
    """The query string of `parameters`, in their order."""
    return "&".join(f"{name}={encode(value)}" for name, value in parameters.items())


def encode(value: Value) -> str:
    """`value` in Rest.li's notation: `(key:value)`, `List(a,b)`, a date as `(year:2026,month:11,day:1)`."""
    if isinstance(value, date):
        return encode({"year": value.year, "month": value.month, "day": value.day})
    if isinstance(value, Mapping):
        return "(" + ",".join(f"{key}:{encode(inner)}" for key, inner in value.items()) + ")"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "List(" + ",".join(encode(inner) for inner in value) + ")"
    return quote(str(value), safe="")
