"""The SQL of a project's pages: names of queries and tables as they are here, parameters without quotes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

PARAMETER = re.compile(r"'(%?)\$\{\s*params\.(\w+)\s*\}(%?)'")
# a number is no text: DuckDB compares it with a pattern only where that is a literal
LIKE_INPUT = re.compile(r"((?:\b[\w.]+|\"[^\"]+\")(?:\([^()]*\))?)\s+(i?like)\s+('?%?\$\{\s*inputs)", re.IGNORECASE)
LIKE_ALONE = re.compile(r"(\bi?like)\s+'(\$\{\s*inputs\.(\w+)[^}]*\})'", re.IGNORECASE)
# a value of another query's first row
FIRST_ROW = re.compile(r"'?\$\{\s*(\w+)\s*\[\s*0\s*\]\??\.(\w+)\s*\}'?")
# a literal of a type whose text is a value: what is bound is no literal
TYPED = re.compile(r"\b(date|timestamp)\s+'(\$\{\s*(?:inputs|params)\.[^}]*\})'", re.IGNORECASE)
# one of the values of an input of which several can be chosen: there its text has the brackets
AMONG = re.compile(r"([\w.]+|\"[^\"]+\")\s+(not\s+)?in\s+(\$\{\s*inputs\.[^}]*\})", re.IGNORECASE)
QUOTED_INPUT = re.compile(r"\$\{\s*inputs\.(\w+)(?:\.(\w+))?(?:\.\w+)*\s*\}")


def is_sql(text: str) -> bool:
    """Whether a text begins as a query does."""
    return re.match(r"(?is)\s*(--[^\n]*\n\s*)*(select|with|from)\b", text) is not None


def name_of(written: str) -> str:
    """A query's or table's name: small letters, digits and _, a letter first."""
    name = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"\.sql$", "", written.strip()).lower()).strip("_") or "query"
    return (name if name[0].isalpha() else f"q_{name}")[:60]


def rewritten(sql: str, tables: Mapping[str, str], names: Mapping[str, str], options: Collection[str]) -> str:
    """A query with the names of this workspace. `options` are the inputs whose values the page itself lists."""
    for written, table in sorted(tables.items(), key=lambda pair: -len(pair[0])):
        folder, _, name = written.partition(".")
        sql = re.sub(rf'(?i)(?<![\w.])"?{re.escape(folder)}"?\."?{re.escape(name)}"?(?!\w)', table, sql)
    sql = TYPED.sub(r"\2::\1", sql)
    sql = AMONG.sub(r"(\3 is null or \1 \2in (\3))", sql)
    sql = LIKE_INPUT.sub(r"\1::varchar \2 \3", sql)

    def alone(match: re.Match[str]) -> str:
        listed = f"'${{inputs.{match[3]}.literal}}'"
        return f"{match[1]} {listed if match[3] in options else match[2] + '::varchar'}"

    sql = LIKE_ALONE.sub(alone, sql)
    sql = re.sub(r"\bparams\.(\w+)(?=\s*\})", lambda match: f"params.{name_of(match[1])}", sql)
    sql = PARAMETER.sub(lambda match: _bound(match, "params"), sql)
    sql = FIRST_ROW.sub(lambda match: f"(select {match[2]} from ${{{match[1]}}} limit 1)", sql)
    sql = re.sub(r"\$\{\s*([\w-]+)\s*\}", lambda match: "${" + names.get(match[1], name_of(match[1])) + "}", sql)
    quotes = re.compile(r"'(?:[^']|'')*'|" + QUOTED_INPUT.pattern)

    def bare(match: re.Match[str]) -> str:
        if match[0].startswith("'") or match[1] not in options or match[2] in ("label", "start", "end"):
            return match[0]
        return f"${{inputs.{match[1]}.literal}}"

    return quotes.sub(bare, sql).replace("\t", "  ")


def _bound(match: re.Match[str], space: str) -> str:
    value = f"${{{space}.{match[2]}}}"
    if not match[1] and not match[3]:
        return value
    before, after = ("'%', " if match[1] else ""), (", '%'" if match[3] else "")
    return f"concat({before}{value}{after})"


def columns_of(sql: str) -> list[str]:
    """The columns that a query gives, as far as its text says so; none where it says `*`."""
    import sqlglot
    from sqlglot import expressions

    plain = re.sub(r"\$\{([^}]*)\}", lambda match: re.sub(r"\W+", "_", match[1]), sql)
    try:
        tree: Any = sqlglot.parse_one(plain, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return []
    if not isinstance(tree, expressions.Query):
        return []
    names = [column.alias_or_name for column in tree.selects]
    return [] if "*" in names or "" in names else names


def pages_of(sql: str, parameter: str) -> str | None:
    """A query of the values that a page is made for, from one that is filtered by them."""
    where = re.search(
        rf"(?is)\bfrom\s+(?P<table>[\w.\"]+|\$\{{\w+\}})(?:(?!\bfrom\b).)*?(?P<column>[\w.\"]+)\s*(?:=|like|ilike)\s*"
        rf"(?:concat\(.{{0,8}})?\$\{{params\.{parameter}\}}",
        sql,
    )
    if where is None:
        return None
    column = where["column"].split(".")[-1]
    if column.strip('"').lower() == parameter:  # as an aggregate it has the parameter's letters, not the table's
        column_of_many = f"min({column}) as {parameter} from {where['table']} where {column} is not null"
        return f"select {column_of_many}\ngroup by {column} order by 1 limit 200"
    return (
        f"select distinct {column} as {parameter} from {where['table']} where {column} is not null\n"
        f"order by 1 limit 200"
    )
