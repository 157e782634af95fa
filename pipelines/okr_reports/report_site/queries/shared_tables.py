"""Shared queries without parameters that others chain to, each run once and kept as a table in memory.

A statement holds the queries that it chains to as texts of its own, and DuckDB plans and runs them again in each. The
text of a shared query is the same in all, so a table with its rows can take its place. Results, faults and their
lines are those of the statement as written; where a table cannot be made, or would be large, the text stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.queries.queries import Statement, chained, compile_query, references, substituted
from okr_reports.report_site.queries.statements import check_statement
from okr_reports.report_site.source_files import Query

# A table with more rows is not kept: what reads few of them is quicker without.
MOST_ROWS = 20_000
# Where its rows are, and its columns.
SharedTable = tuple[str, list[str]]


@dataclass(frozen=True)
class _Shared:
    """One query: its place in statements, its own statement, and the texts of all that it chains to."""

    name: str
    text: str
    statement: Statement
    chain: tuple[str, ...]

    @classmethod
    def of(cls, query: Query, queries: Mapping[str, Query]) -> _Shared | None:
        """None for a query that binds a parameter, or cannot be compiled."""
        try:
            statement = compile_query(query, queries, {})
        except PageFault:  # the statement that names the query fails, with its line
            return None
        return cls(query.name, _text(query), statement, tuple(_chain(query, queries)))

    def is_in(self, sql: str) -> bool:
        """Whether a statement chains to this query, and to the same queries by way of it."""
        return self.text in sql and all(link in sql for link in self.chain)

    def read_from(self, table: str) -> str:
        """What takes its place, with as many lines."""
        lines = self.text.count("\n") - chained(self.name, "").count("\n")
        return chained(self.name, f"from {table}" + "\n" * lines)


def _text(query: Query) -> str:
    return chained(query.name, substituted(query))


def _chain(query: Query, queries: Mapping[str, Query]) -> Iterator[str]:
    for reference in references(query):
        yield _text(queries[reference.name])
        yield from _chain(queries[reference.name], queries)


class SharedTables:
    """The tables of one connection, made when a statement first needs them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, queries: Mapping[str, Query]) -> None:
        self._connection = connection
        found = (_Shared.of(query, queries) for query in queries.values())
        self._shared = {f"${{{shared.name}}}": shared for shared in found if shared is not None}
        self._tables: dict[str, str | None] = {}
        self._columns: dict[str, list[str]] = {}
        self._written: dict[str, str] = {}

    def written(self, sql: str) -> str:
        """The statement with tables in place of shared queries, on the same lines.

        Raises duckdb.InterruptException if it was stopped.
        """
        if sql not in self._written:
            text = sql
            for shared in self._shared.values():
                if shared.is_in(sql) and (table := self._table(shared)) is not None:
                    text = text.replace(shared.text, shared.read_from(table))
            self._written[sql] = text
        return self._written[sql]

    def apart(self, sql: str) -> tuple[str, list[str]]:
        """A statement without the shared queries that it chains to, and their names in it."""
        names = [name for name, shared in self._shared.items() if shared.is_in(sql)]
        for name in names:
            sql = sql.replace(self._shared[name].text, "")
        return sql, names

    def sql_of(self, name: str) -> str | None:
        """The statement of a shared query by its name in others; None if there is none."""
        return self._shared[name].statement.sql if name in self._shared else None

    def table_of(self, name: str) -> SharedTable | None:
        """Where its rows are, if they are a table. Raises duckdb.InterruptException if it was stopped."""
        table = self._table(self._shared[name])
        return None if table is None else (table, self._columns[table])

    def _table(self, shared: _Shared) -> str | None:
        if shared.name not in self._tables:
            self._tables[shared.name] = self._made(shared)
        return self._tables[shared.name]

    def _made(self, shared: _Shared) -> str | None:
        try:
            check_statement(shared.statement)
            table, sql = f'temp.main."shared {shared.name}"', self.written(shared.statement.sql)
            columns = self._connection.execute(f"describe (\n{sql}\n)").fetchall()
            # a column of nulls has no type in a query, and has one in a table
            if any("NULL" in kind.upper() for _, kind, *_ in columns):
                return None
            self._connection.execute(f"create temp table {table} as select * from (\n{sql}\n) limit {MOST_ROWS + 1}")
            (number,) = self._connection.execute(f"select count(*) from {table}").fetchone() or (0,)
            if number <= MOST_ROWS:
                self._columns[table] = [name for name, *_ in columns]
                return table
            self._connection.execute(f"drop table {table}")
        except duckdb.InterruptException:
            raise
        except (duckdb.Error, PageFault):  # the statement that chains to it says so, at its line
            return None
        return None
