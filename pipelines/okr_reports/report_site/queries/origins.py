"""Which columns of tables a query's columns are made of, by DuckDB's own parse of it.

A column is followed through the queries that a statement chains to, its WITH and its subqueries, to the columns that
its value is made of. What only decides (conditions, filters, orders) is not followed, and of a UNION its first part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

Node = Mapping[str, Any]
# Queries by name, each with those that it may name itself.
Known = Mapping[str, tuple[Node, Any]]
# (table, column)
Origin = tuple[str, str]
_DECIDES = frozenset({"when_expr", "filter", "order_bys", "orders", "partitions", "where_clause"})


class Origins:
    """Of one statement; `parsed` is its tree as JSON, `tables` are the columns of each table there is."""

    def __init__(self, parsed: str, tables: Mapping[str, Sequence[str]]) -> None:
        statements = json.loads(parsed).get("statements") or [{}]
        self._node: Node = statements[0].get("node") or {}
        self._tables = {table.lower(): {column.lower() for column in columns} for table, columns in tables.items()}
        self._known: dict[str, list[Origin]] = {}

    def of(self, column: str) -> list[Origin]:
        """What a column of the result is made of, in the order of its expression; nothing for a count."""
        if column.lower() not in self._known:
            self._known[column.lower()] = list(dict.fromkeys(self._column(self._node, column.lower(), {})))
        return self._known[column.lower()]

    def subject(self) -> str | None:
        """The table that a row of the result is a row of, or is counted from: the first of its FROM."""
        return self._subject(self._node, {})

    def _subject(self, node: Node, above: Known) -> str | None:
        first, known = _first_part(node), _with(node, above)
        for source in _sources(first.get("from_table") or {}) if first is node else ():
            inner, scope = _inner(source, known)
            if inner is not None:
                return self._subject(inner, scope)
            if _table(source) in self._tables:
                return _table(source)
        return None if first is node else self._subject(first, known)

    def _column(self, node: Node, column: str, above: Known) -> Iterator[Origin]:
        known, first = _with(node, above), _first_part(node)
        if first is not node:
            yield from self._column(first, column, known)
            return
        sources = list(_sources(node.get("from_table") or {}))
        items = node.get("select_list", ())
        for place, item in enumerate(items):
            if item.get("class") == "STAR":
                found = list(self._of_sources(sources, str(item.get("relation_name", "")).lower(), column, known))
                if found and column not in map(str.lower, item.get("exclude_list", ())):
                    yield from found
                    return
            elif _name(item) == column:
                yield from self._expression(item, items[:place], sources, known)
                return

    def _expression(
        self, expression: Any, before: Sequence[Node], sources: Sequence[Node], known: Known
    ) -> Iterator[Origin]:
        """`before` are the items of the same SELECT that the expression may name."""
        if isinstance(expression, list):
            for part in expression:
                yield from self._expression(part, before, sources, known)
        elif isinstance(expression, dict) and expression.get("class") == "COLUMN_REF":
            *place, column = map(str.lower, expression["column_names"])
            found = list(self._of_sources(sources, place[-1] if place else "", column, known))
            for number, item in enumerate(before if not found and not place else ()):
                if _name(item) == column:
                    found = list(self._expression(item, before[:number], sources, known))
            yield from found
        elif isinstance(expression, dict) and "select_list" in expression:
            inner = _name(expression["select_list"][0])
            yield from self._column(expression, inner, known)
        elif isinstance(expression, dict):
            for key, part in expression.items():
                if key not in _DECIDES:
                    yield from self._expression(part, before, sources, known)

    def _of_sources(self, sources: Sequence[Node], place: str, column: str, known: Known) -> Iterator[Origin]:
        """The column of the first of these tables and subqueries that has it."""
        for source in sources:
            if place not in ("", str(source.get("alias") or "").lower() or _table(source)):
                continue
            inner, scope = _inner(source, known)
            if inner is not None:
                found = list(self._column(inner, column, scope))
            else:
                found = [(_table(source), column)] if column in self._tables.get(_table(source), ()) else []
            if found:
                yield from found
                return


class Parser(Protocol):
    """What parses a statement, and knows the tables that it may read."""

    def parsed(self, sql: str) -> str: ...

    def tables(self) -> Mapping[str, Sequence[str]]: ...


class OriginsOf:
    """The origins of each statement, worked out when they are first wanted."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._made: dict[str, Origins] = {}

    def __call__(self, sql: str) -> Origins:
        if sql not in self._made:
            self._made[sql] = Origins(self._parser.parsed(sql), self._parser.tables())
        return self._made[sql]


def _with(node: Node, above: Known) -> dict[str, tuple[Node, Any]]:
    """The queries that WITH names, each with those that it may name itself."""
    known = dict(above)
    for entry in (node.get("cte_map") or {}).get("map", ()):
        value = entry["value"]
        known[entry["key"].lower()] = (value.get("query_node") or value["query"]["node"], dict(known))
    return known


def _first_part(node: Node) -> Node:
    """Of a UNION or a recursive query the first part, which names the columns."""
    if "select_list" in node:
        return node
    first: Node = node.get("left") or (node.get("children") or [node])[0]
    return first


def _sources(table: Node) -> Iterator[Node]:
    if table.get("type") == "JOIN":
        yield from _sources(table["left"])
        yield from _sources(table["right"])
    else:
        yield table


def _inner(source: Node, known: Known) -> tuple[Node | None, Known]:
    """The query that a source of FROM is, if it is no table."""
    if source.get("type") == "SUBQUERY":
        return source["subquery"]["node"], known
    return known.get(_table(source), (None, {})) if not source.get("schema_name") else (None, {})


def _table(source: Node) -> str:
    return str(source.get("table_name", "")).lower()


def _name(item: Node) -> str:
    return str(item.get("alias") or (item.get("column_names") or [""])[-1]).lower()
