"""What may be asked of the snapshot, and what DuckDB says against a statement, at its line of the page."""

from __future__ import annotations

import re

import duckdb

from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.queries.queries import Statement


def check_statement(statement: Statement) -> duckdb.Statement:
    """DuckDB's parse of a statement, to be run. Refuses anything but exactly one SELECT. Raises PageFault."""
    query = statement.query
    try:
        statements = duckdb.extract_statements(statement.sql)
    except duckdb.Error as error:
        raise sql_fault(statement, error) from None
    if len(statements) != 1:
        what = f"the query {query.name!r} has {len(statements)} statements"
        raise PageFault(query.path, query.line, what, "write exactly one SELECT in a fence")
    kind = statements[0].type
    if kind != duckdb.StatementType.SELECT:
        what = f"the query {query.name!r} is a {kind.name} statement"
        raise PageFault(query.path, query.line, what, "pages may only SELECT")
    return statements[0]


def sql_fault(statement: Statement, error: duckdb.Error) -> PageFault:
    """DuckDB's message in one line, at the line of the page it speaks of, with its own suggestion as what to do."""
    query, message = statement.query, str(error)
    place = re.search(r"LINE (\d+):", message)
    line = query.line
    if place is not None:
        within = int(place[1]) - 1 - statement.offset
        line = query.line + within if 0 <= within < query.sql.count("\n") + 1 else query.line
    head = re.split(r"\n\s*\n?LINE \d+:", message)[0].strip()
    hint = re.search(r"(Did you mean .*|Candidate bindings:.*|Candidate functions:.*)", head, re.DOTALL)
    what = head[: hint.start()] if hint else head
    todo = _todo(hint[1]) if hint else "fix the SQL"
    return PageFault(query.path, line, f"query {query.name!r}: {' '.join(what.split())}", todo, "query")


def _todo(hint: str) -> str:
    """DuckDB's suggestion, the nearest name first."""
    words = " ".join(hint.split())
    if words.startswith("Candidate functions"):
        return "look at the types of its columns: text is not added up"
    names = re.findall(r'"([^"]+)"', words)
    if not words.startswith("Candidate bindings") or not names:
        return words
    return f'did you mean "{names[0]}"?' + (f" Others: {', '.join(names[1:])}" if names[1:] else "")
