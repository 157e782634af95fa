"""What of the copy a query reads, by its text: the columns of each mart, or all of them.

One column too many runs a page's queries again for nothing; one too few would keep an old answer. So every way to
read a column without its name counts as all columns: a star of its table, a row as a value, a join by common names.
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
_ENDS_OF_FROM = frozenset({"where", "group", "having", "window", "qualify", "order", "limit", "union", "intersect"})
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
    sources = _Sources(tokens)
    starred = _starred(tokens)
    if words & _UNNAMED or starred is None:
        return {name: None for name in tables if name.lower() in words or any(name.lower() in text for text in texts)}
    read: Read = {}
    in_texts = set(re.findall(r"\w+", " ".join(texts)))
    for name, columns in tables.items():
        table = name.lower()
        is_in_text = not in_texts.isdisjoint(re.findall(r"\w+", table))
        if is_in_text or sources.is_a_value(table) or not starred.isdisjoint({table, *sources.names.get(table, ())}):
            read[name] = None
        elif name.lower() in words:
            read[name] = tuple(column for column in columns if column.lower() in words)
    return read


def _starred(tokens: Sequence[str]) -> set[str] | None:
    """The names whose columns are all read by a star: before it, or between `from` and the end of its SELECT.

    None for all: a query begins with `from`, a name is written in codes (U&"..."), or it is not known what a star is
    of. One that multiplies or counts reads nothing.
    """
    names: set[str] = set()
    for place, (before, token, behind) in enumerate(_triples(tokens)):
        if (token == "from" and before in ("", "(")) or (before == "u" and token == "&"):
            return None
        counts = before == "(" and behind == ")" and place > 1 and tokens[place - 2] not in _BEFORE_ALL
        if token != "*" or counts or (before not in _BEFORE_ALL and behind not in _AFTER_ALL):
            continue
        if before == "." and re.match(r"\w", tokens[place - 2]):
            names.add(tokens[place - 2])
        elif sources := _sources_behind(tokens, place):
            names.update(sources)
        else:
            return None
    return names


def _sources_behind(tokens: Sequence[str], star: int) -> Sequence[str]:
    """What is between the `from` of a star's SELECT and its end, with all that is in parentheses there."""
    depth, begin = 0, None
    for place in range(star + 1, len(tokens)):
        token = tokens[place]
        depth += (token == "(") - (token == ")")
        if depth < 0 or (depth == 0 and begin is not None and token in _ENDS_OF_FROM):
            return tokens[begin:place] if begin is not None else ()
        if depth == 0 and begin is None and token == "from" and tokens[place - 1] != "distinct":
            begin = place
    return tokens[begin:] if begin is not None else ()


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
            elif token in ("select", "where", "on", "group", "order", "having", "limit", "qualify", "window"):
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
            if tokens[place : place + 1] == ["("]:  # the columns have other names by their places
                self.values.add(table)
        return place

    def is_a_value(self, table: str) -> bool:
        """Whether a row of this table may be a value, by its own name or another."""
        return not self.values.isdisjoint({table, *self.names.get(table, ())})
