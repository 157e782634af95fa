"""What of the copy a query reads, by its text: the columns of each mart, or all of them.

One column too many runs a page's queries again for nothing; one too few would keep an old answer. So every way to
read a column without its name counts as all columns: a star, a row as a value, a join by common names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|(?P<text>'(?:[^']|'')*'|\$\$.*?\$\$)|"(?P<name>(?:[^"]|"")*)"|(?P<word>\$?\w+)|(?P<sign>\S)""",
    re.DOTALL,
)
# words that read columns or tables of which nothing names them
_UNNAMED = frozenset({
    "columns", "pivot", "pivot_longer", "pivot_wider", "unpivot", "summarize", "describe", "show", "table", "natural",
    "u",
})  # fmt: skip
_NO_ALIAS = frozenset({
    "where", "group", "order", "on", "using", "join", "left", "right", "full", "inner", "outer", "cross", "natural",
    "limit", "union", "having", "window", "qualify", "lateral", "asof", "positional", "semi", "anti", "offset",
    "except", "intersect", "as", "select", "tablesample", "at",
})  # fmt: skip
_BEFORE_ALL = frozenset({"", ".", ",", "(", "select", "distinct", "all"})
_AFTER_ALL = frozenset({
    "", ",", ")", ";", "from", "where", "exclude", "except", "replace", "rename", "like", "ilike", "similar", "union",
    "intersect", "order", "limit", "group",
})  # fmt: skip
Columns = Mapping[str, Sequence[str]]
Read = dict[str, tuple[str, ...] | None]


def columns_read(sql: str, tables: Columns) -> Read:
    """The columns that a query may read of each of `tables` it may read; None for all of them.

    A table of which it names no column is there too: its rows may be counted.
    """
    tokens, texts = [], []
    for found in _TOKEN.finditer(sql):
        if found["text"] is not None:
            texts.append(found["text"].lower())
            tokens.append("'")
        elif token := (found["name"] or found["word"] or found["sign"]):
            tokens.append(token.lower())
    words = set(tokens)
    if words & {"query", "query_table"}:
        return dict.fromkeys(tables)
    if words & _UNNAMED or _is_starred(tokens):
        return {name: None for name in tables if name.lower() in words or any(name.lower() in one for one in texts)}
    sources = _Sources(tokens)
    read: Read = {}
    for name, columns in tables.items():
        if any(re.search(rf"\b{re.escape(name.lower())}\b", one) for one in texts) or sources.is_a_value(name.lower()):
            read[name] = None
        elif name.lower() in words:
            read[name] = tuple(column for column in columns if column.lower() in words)
    return read


def _is_starred(tokens: Sequence[str]) -> bool:
    """Whether a star is for columns, and neither multiplies nor counts; or a query begins with `from`."""
    for before, token, behind in _triples(tokens):
        if token == "from" and before in ("", "("):
            return True
        if token == "*" and (before in _BEFORE_ALL or behind in _AFTER_ALL) and not (before == "(" and behind == ")"):
            return True
    return False


def _triples(tokens: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    return zip(("", *tokens[:-1]), tokens, (*tokens[1:], ""), strict=True)


class _Sources:
    """Where tables are read from, by the names they have there."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.names: dict[str, set[str]] = {}
        self.values: set[str] = set()
        in_from, place = [False], 0
        while place < len(tokens):
            before, token = tokens[place - 1] if place else "", tokens[place]
            behind = tokens[place + 1] if place + 1 < len(tokens) else ""
            if token == "(":
                in_from.append(in_from[-1] and before in ("from", "join", ",", "("))
            elif token == ")" and len(in_from) > 1:
                in_from.pop()
            elif token in ("from", "join"):
                in_from[-1] = before != "distinct"
            elif token in ("select", "where", "on", "group", "order", "having", "limit", "qualify", "window", "using"):
                in_from[-1] = False
            elif behind != "." and before in ("from", "join", ",", "(", ".") and in_from[-1]:
                place = self._source(tokens, place)
                continue
            elif behind != ".":
                self.values.add(token)
            place += 1

    def _source(self, tokens: Sequence[str], place: int) -> int:
        """Note the table at `place` with its other name; where the next token is."""
        table, place = tokens[place], place + 1
        if place < len(tokens) and tokens[place] == "as":
            place += 1
        if place < len(tokens) and re.match(r"\w", tokens[place]) and tokens[place] not in _NO_ALIAS:
            self.names.setdefault(table, set()).add(tokens[place])
            place += 1
        return place

    def is_a_value(self, table: str) -> bool:
        """Whether a row of this table may be a value, by its own name or another."""
        return not self.values.isdisjoint({table, *self.names.get(table, ())})
