"""SQL that ClickHouse reads, as Core's pages have it, as DuckDB reads it: functions and types by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from okr_reports.adding.evidence.masked import Masked

_TYPES = re.compile(r"\b(Float(32|64)|U?Int(8|16|32|64|128)|Nullable\s*\(|DateTime64|LowCardinality)\b", re.IGNORECASE)
# a function of one value that is a cast, and the type
_CASTS = {
    "tostring": "varchar", "todate": "date", "todate32": "date", "todatetime": "timestamp", "tobool": "boolean",
    **{f"tofloat{bits}": "double" for bits in (32, 64)},
    **{f"to{sign}int{bits}": "bigint" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"to{kind}ornull": f"try {of}" for kind, of in (("date", "date"), ("float64", "double"), ("int64", "bigint"))},
}  # fmt: skip
_NAMES = {
    "replaceall": "replace", "arrayelement": "list_extract", "toyear": "year", "tomonth": "month",
    "toquarter": "quarter", "todayofmonth": "day", "tohour": "hour", "tominute": "minute", "todayofweek": "isodow",
    "toisoweek": "week", "todayofyear": "dayofyear", "grouparray": "list", "laginframe": "lag",
    "leadinframe": "lead", "arrayjoin": "unnest", "tounixtimestamp": "epoch",
    "lowerutf8": "lower", "upperutf8": "upper", "lengthutf8": "length", "substringutf8": "substring",
}  # fmt: skip
_UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


def in_duckdb(sql: str) -> tuple[str, list[str]]:
    """The query as DuckDB reads it, and the functions that it has no word for; as it is where DuckDB reads it."""
    import sqlglot

    kept = Masked(sql)
    if _is_duckdbs(kept.text):
        return sql, []
    try:
        tree: Any = sqlglot.parse_one(kept.text, dialect="clickhouse")
        for node in reversed(list(tree.walk())):  # what is inside first
            made = _replaced(node)
            if made is not node:
                node.replace(made)
        made = tree.sql(dialect="duckdb", pretty=True, normalize_functions="lower")
    except sqlglot.errors.SqlglotError:
        return sql, []
    return kept.restored(made, lambda condition: _condition(condition)), sorted(_unknown(made) or ())


def _condition(condition: str) -> str:
    made, _ = in_duckdb(f"select 1 where {condition}")
    return re.sub(r"(?is)^\s*select\s+1\s+where\s+", "", made)


def _is_duckdbs(sql: str) -> bool:
    return not _TYPES.search(sql) and _unknown(sql) == set()


def _unknown(sql: str) -> set[str] | None:
    """Functions in it that DuckDB has not; None where it cannot be parsed."""
    import duckdb
    import sqlglot
    from sqlglot import expressions

    try:
        duckdb.extract_statements(sql)
        tree: Any = sqlglot.parse_one(sql, dialect="duckdb")
    except (sqlglot.errors.SqlglotError, duckdb.Error):
        return None
    return {call.name.lower() for call in tree.find_all(expressions.Anonymous)} - _functions()


@cache
def _functions() -> frozenset[str]:
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute("select distinct lower(function_name) from duckdb_functions()").fetchall()
    return frozenset(row[0] for row in rows)


def _replaced(node: Any) -> Any:
    from sqlglot import expressions as e

    if isinstance(node, e.ApproxDistinct):
        return e.Count(this=e.Distinct(expressions=[node.this]))
    if isinstance(node, e.Quantile):  # between two values, as there
        return _call("quantile_cont", node.this, node.args["quantile"])
    if not isinstance(node, e.Anonymous | e.CombinedAggFunc | e.AnonymousAggFunc):
        return node
    name, given = str(node.this).lower(), list(node.expressions)
    if isinstance(node, e.CombinedAggFunc) or (name.endswith("if") and len(given) > 1 and name != "multiif"):
        kept = e.Anonymous(this=name.removesuffix("if"), expressions=given[:-1])
        return e.Filter(this=_replaced(kept), expression=e.Where(this=given[-1]))
    if (kind := _CASTS.get(name)) and len(given) == 1:
        cast = e.TryCast if kind.startswith("try ") else e.Cast
        return cast(this=given[0], to=e.DataType.build(kind.removeprefix("try ")))
    if name == "uniqexact":
        return e.Count(this=e.Distinct(expressions=given))
    if name == "tostartofweek" and (len(given) == 1 or given[1].name in ("0", "2", "4", "6")):
        return _week_from_sunday(given[0])
    if (unit := name.removeprefix("tostartof")) in _UNITS and given:
        return _call("date_trunc", e.Literal.string(unit), given[0])
    made = _BY_SHAPE.get(name)
    if made is not None and len(given) in made[0]:
        return made[1](given)
    if match := re.fullmatch(r"(add|subtract)(\w+)s", name):
        sign = e.Add if match[1] == "add" else e.Sub
        if match[2] in _UNITS and len(given) == 2:
            return sign(this=given[0], expression=e.Interval(this=e.Paren(this=given[1]), unit=e.Var(this=match[2])))
    return e.Anonymous(this=_NAMES[name], expressions=given) if name in _NAMES else node


def _call(name: str, *given: Any) -> Any:
    from sqlglot import expressions as e

    return e.Anonymous(this=name, expressions=list(given))


def _week_from_sunday(of: Any) -> Any:
    from sqlglot import expressions as e

    day = e.Interval(this=e.Literal.string("1"), unit=e.Var(this="day"))
    monday = _call("date_trunc", e.Literal.string("week"), e.Add(this=of, expression=day))
    return e.Sub(this=monday, expression=day.copy())


def _case(given: list[Any]) -> Any:
    from sqlglot import expressions as e

    pairs = [e.If(this=condition, true=then) for condition, then in zip(given[:-1:2], given[1:-1:2], strict=True)]
    return e.Case(ifs=pairs, default=given[-1])


def _number(given: list[Any]) -> Any:
    from sqlglot import expressions as e

    return e.Cast(this=_call("strftime", given[0], e.Literal.string("%Y%m")), to=e.DataType.build("bigint"))


def _is_empty(given: list[Any]) -> Any:
    from sqlglot import expressions as e

    return e.EQ(this=given[0], expression=e.Literal.string(""))


_BY_SHAPE: Mapping[str, tuple[tuple[int, ...], Callable[[list[Any]], Any]]] = {
    "multiif": (tuple(range(3, 41, 2)), _case),
    "toyyyymm": ((1,), _number),
    "empty": ((1,), _is_empty),
    "splitbychar": ((2,), lambda given: _call("string_split", given[1], given[0])),
    "tostartofinterval": ((2,), lambda given: _call("time_bucket", given[1], given[0])),
}
