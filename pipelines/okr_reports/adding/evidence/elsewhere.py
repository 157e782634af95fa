"""Tables that pages read and no source of the project gives: each becomes an entry that asks a connection for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from okr_reports.adding.evidence.markup import FENCE
from okr_reports.adding.evidence.masked import Masked
from okr_reports.adding.evidence.queries import is_sql, name_of
from okr_reports.adding.evidence.sources import Note, Sources

_DATA = re.compile(r"\{%[^%]*?\bdata\s*=\s*[\"']\$?([A-Za-z_][\w.]*)[\"']", re.DOTALL)
# the connection of tables that are written without one, as pages of Core may
WAREHOUSE = "warehouse"


def add_tables_elsewhere(project: Path, sources: Sources, note: Note) -> None:
    """Add an entry for each of them; its url is the person's to give."""
    shared = {name.lower() for name in _names_of_shared(project)}
    known = {name.lower() for name in sources.named}
    files = (project.glob(pattern) for pattern in ("pages/**/*.md", "partials/*.md", "queries/**/*.sql"))
    for path in sorted(path for found in files for path in found):
        text = path.read_text(encoding="utf-8", errors="replace")
        own = {name for name, _, _ in fences(text)}
        for line, written in _tables(path, text):
            name = written.lower()
            if name in known or ("." not in name and name in {*shared, *own}):
                continue
            known.add(name)
            folder, _, table = written.partition(".") if "." in written else (WAREHOUSE, "", written)
            made = sources.add(folder, table, {"connection": name_of(folder), "query": f"select * from {written}"})
            if folder == WAREHOUSE and "." not in written:
                sources.named[written] = made
                del sources.named[f"{folder}.{table}"]
            todo = f"give its url under [sources.sql.{name_of(folder)}.credentials], then okr refresh"
            note(path, line, f"the table {written!r}", f"no source gives it; {todo}")


def fences(text: str) -> Iterator[tuple[str, str, int]]:
    """The queries in a page: name in small letters, SQL and line."""
    for match in FENCE.finditer(text):
        info = match["info"].split()
        name = info[1] if len(info) > 1 and info[0].lower() == "sql" else info[0] if info else ""
        if name and is_sql(match["sql"]):
            yield name.lower(), match["sql"], text.count("\n", 0, match.start()) + 2


def _names_of_shared(project: Path) -> Iterator[str]:
    for path in project.glob("queries/**/*.sql"):
        yield path.stem
        yield "_".join(path.relative_to(project / "queries").with_suffix("").parts)
    for path in project.glob("partials/*.md"):
        yield from (name for name, _, _ in fences(path.read_text(encoding="utf-8", errors="replace")))


def _tables(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Each table that SQL and tags of a file name, as it is written, with its line."""
    if path.suffix == ".sql":
        yield from ((1, name) for name in tables_of(text))
        return
    for _, sql, line in fences(text):
        yield from ((line, name) for name in tables_of(sql))
    for match in _DATA.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def tables_of(sql: str) -> Iterator[str]:
    """The tables that a query reads, as they are written; names of its own CTEs and references to queries are none."""
    import sqlglot
    from sqlglot import expressions

    for dialect in ("duckdb", "clickhouse"):
        try:
            tree = sqlglot.parse_one(Masked(sql).text, dialect=dialect)
        except sqlglot.errors.SqlglotError:
            continue
        own = {query.alias.lower() for query in tree.find_all(expressions.CTE)}
        for table in tree.find_all(expressions.Table):
            parts = [part.name for part in table.parts]
            plain = all(re.fullmatch(r"[A-Za-z_][\w-]*", part) for part in parts) and isinstance(
                table.this, expressions.Identifier
            )
            if plain and not (len(parts) == 1 and (parts[0].lower() in own or parts[0].startswith("masked_"))):
                yield ".".join(parts)
        return
