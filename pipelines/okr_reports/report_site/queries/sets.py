"""A query run once for all values of its parameters, where that gives each of them the rows it alone would get.

DuckDB plans a statement for longer than it runs it. So the values become a table, and the query a lateral join with it.
Which rows come, and in which order, must not rest on the way they are computed. What lets that choose fails where the
rows give it a choice (the value of the greatest of several equal ones, the row before among equal ones, a sum of
floating-point numbers): GUARDS. Where no guard is known the query is left as it is, as one that cuts off rows among
equal ones; and an answer is left out when its rows are in no certain order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import ne
from typing import Any

# What they give depends on the order of the rows they read, or on chance.
_OF_ORDER = frozenset({
    "first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat", "listagg", "mode",
    "arg_max", "arg_min", "argmin", "argmax", "min_by", "max_by", "arg_min_null", "arg_max_null", "histogram",
    "row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "fill", "random", "uuid", "nextval",
    "reservoir_quantile", "approx_quantile", "approx_count_distinct", "approx_top_k", "json_group_array", "array",
    "json_group_object", "json_group_structure", "bitstring_agg", "gen_random_uuid", "setseed",
})  # fmt: skip
# Of those, what an order of the values makes certain.
_LISTS = frozenset({"list", "array_agg", "string_agg", "group_concat", "listagg"})
_OF_ONE = frozenset({"any_value", "arbitrary"})
_OF_TOP = frozenset({"arg_max", "arg_min", "argmin", "argmax", "min_by", "max_by"})
_OF_PLACE = frozenset({"row_number", "lag", "lead", "first_value", "last_value", "nth_value"})
# The same of floating-point numbers, whose sums depend on the order in which they are added.
_SUMS = frozenset({
    "sum", "avg", "mean", "fsum", "favg", "sumkahan", "kahan_sum", "product", "geomean", "geometric_mean", "entropy",
    "corr", "skewness", "kurtosis", "kurtosis_pop", "sem", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop",
    "var_samp", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_sxx", "regr_sxy",
    "regr_syy",
    "sum_no_overflow", "weighted_avg", "wavg",
})  # fmt: skip
# SQL that stands for a function's call (`this_`) of `x_` and `y_`, with its filter `f_` and its keys `k_`.
_TOP = "{name}({{'x': x_, 'y': y_}}, y_, 2) filter (f_ and x_ is not null and y_ is not null)"
# What fails is a text that is no boolean: `error` is volatile, and DuckDB cannot plan some laterals with it.
_GUARD = "case when case when {} then 'uncertain'::boolean else true end then {} end"
GUARDS = {
    "sum": _GUARD.format("typeof(this_) in ('DOUBLE', 'FLOAT')", "this_"),
    "one": _GUARD.format("min(x_) filter (f_) is distinct from max(x_) filter (f_)", "min(x_) filter (f_)"),
    "top": _GUARD.format(f"({_TOP})[1].y = ({_TOP})[2].y", f"({_TOP})[1].x"),
    "list": _GUARD.format("count(distinct row(k_)) filter (f_) <> count(*) filter (f_)", "this_"),
    "place": _GUARD.format("count(*) over (range between current row and current row) > 1", "this_"),
}
TYPES: Mapping[type, str] = {str: "varchar", bool: "boolean", int: "integer", date: "date"}
_LARGEST = 2**31
Values = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class SetQuery:
    """The statement over a set: each row begins with its value's number, and ends with `keys` values to order it by."""

    sql: str
    bound: list[object]
    keys: int
    limit: int | None

    def answers(self, rows: Sequence[tuple[Any, ...]], number: int) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """Each value's number with its rows, where their order is certain."""
        found: list[list[tuple[Any, ...]]] = [[] for _ in range(number)]
        for row in rows:
            found[row[0]].append(row)
        end = len(rows[0]) - self.keys if rows else 0
        cells, keys_of = slice(1, end), slice(end, None)
        for place, mine in enumerate(found):
            seen = mine if self.limit is None else mine[: self.limit + 1]
            keys = [row[keys_of] for row in seen]
            if all(map(ne, keys, keys[1:])):
                yield place, [row[cells] for row in mine[: self.limit]]


class _Uncertain(Exception):
    """The rows of a query, or their last digits, may rest on the order in which they are read."""


def set_query(
    parsed: str, columns: Sequence[tuple[str, str]], values: Sequence[Values], parse: Callable[[str], Any]
) -> tuple[str, SetQuery] | None:
    """From DuckDB's own parse of a statement, its result's columns with their types, and the values of its parameters.

    `parse` gives that of an expression.

    Returns the changed parse, to be written as SQL, with a query whose `sql` has a gap for that; None where it must
    run by itself.
    """
    tree = json.loads(parsed)
    if tree.get("error") or len(tree["statements"]) != 1:
        return None
    statement = tree["statements"][0]
    kinds, names = _kinds(values), [name for name, _ in columns]
    if kinds is None or '"set_"' in parsed:
        return None
    of_floats = any("DOUBLE" in kind or "FLOAT" in kind for _, kind in columns)
    try:
        node = _Certain(parse, of_floats).of(statement["node"], at_top=True)
    except _Uncertain:
        return None
    order, limit, others = _modifiers(node)
    keys = _keys(node, order, names, bool(others)) if order else []
    if keys is None or limit is False or (limit is not None and not order):
        return None
    node["modifiers"] = others
    for key in keys:
        if key.column is None:
            node["select_list"].append({**key.expression, "alias": key.name})
    statement["node"] = _bound(node)
    statement["named_param_map"] = []
    row = f"(?::integer, {', '.join(f'?::{kind}' for kind in kinds.values())})"
    # By their places: of two columns of one name each is a column.
    columns_of = [*names, *(key.name for key in keys if key.column is None)]
    places = [f"c{place}_" for place in range(len(columns_of))]
    shown = ", ".join(f"rows_.{place}" for place in places[: len(names)])
    of_key = [f"rows_.{places[columns_of.index(key.column or key.name)]}" for key in keys]
    ordered = "".join(f", {column} {key.direction}" for column, key in zip(of_key, keys, strict=True))
    named = "".join(f", {column}" for column in of_key)
    given = ", ".join(f'"{name}"' for name in kinds)
    sql = (
        f"select set_.number_, {shown}{named} from (values {', '.join([row] * len(values))}) as set_(number_, {given}),"
        f" lateral (\n{{}}\n) as rows_({', '.join(places)}) order by 1{ordered}"
    )
    bound = [item for place, each in enumerate(values) for item in (place, *(value for _, value in each))]
    return json.dumps(tree), SetQuery(sql, bound, len(keys), limit)


@dataclass(frozen=True)
class _Key:
    """What rows are ordered by: a column of the result, or an expression to be added to it under `name`."""

    name: str
    column: str | None
    expression: Mapping[str, Any]
    direction: str


def _kinds(values: Sequence[Values]) -> dict[str, str] | None:
    """The parameters with their types, if each has one type throughout."""
    kinds: dict[str, set[type]] = {name: set() for name, _ in values[0]}
    for each in values:
        for name, value in each:
            if value is not None:
                kinds[name].add(type(value))
            if type(value) is int and not -_LARGEST <= value < _LARGEST:
                return None
    if not kinds or any(len(found) > 1 or not found <= TYPES.keys() for found in kinds.values()):
        return None
    return {name: TYPES[next(iter(found), str)] for name, found in kinds.items()}


@dataclass(frozen=True)
class _Certain:
    """Writes a query so that it fails where its rows may rest on the order in which they are read."""

    parse: Callable[[str], Any]
    of_floats: bool

    def of(self, tree: Any, at_top: bool = False) -> Any:
        """A part of a query with guards. Raises _Uncertain where there is none."""
        if isinstance(tree, list):
            return [self.of(part) for part in tree]
        if not isinstance(tree, dict):
            return tree
        if not at_top and tree.get("type") in ("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"):
            raise _Uncertain
        if tree.get("distinct_on_targets") or tree.get("sample") or tree.get("type") == "DELIM_JOIN":
            raise _Uncertain
        is_window = tree.get("class") == "WINDOW"
        if is_window and any(str(tree.get(edge, "")).endswith("_ROWS") for edge in ("start", "end")):
            raise _Uncertain
        made = {
            name: [self.of(modifier, at_top=True) for modifier in part]
            if at_top and name == "modifiers"
            else self.of(part)
            for name, part in tree.items()
        }
        name = str(tree.get("function_name", "")).lower()
        if name in _LISTS and _is_ordered(tree):
            return made
        if name in _OF_ORDER or (self.of_floats and name in _SUMS):
            return {**self._guarded(name, made, is_window), "alias": tree.get("alias", "")}
        return made

    def _guarded(self, name: str, call: dict[str, Any], is_window: bool) -> Any:
        this = {**call, "alias": ""}
        given = [argument.get("expression", argument) for argument in call.get("arguments", [])]
        orders = (call.get("order_bys") or {}).get("orders", [])
        holes = {"this_": [this], "f_": [call.get("filter") or self.parse("true")]}
        if name == "sum":
            return _filled(self.parse(GUARDS["sum"]), holes)
        if is_window and name in _OF_PLACE and call["orders"] and not call.get("arg_orders"):
            return _filled(self.parse(GUARDS["place"]), holes, call)
        if is_window or call.get("distinct"):
            raise _Uncertain
        if name in _LISTS and orders:
            return _filled(self.parse(GUARDS["list"]), {**holes, "k_": [key["expression"] for key in orders]})
        if name in _OF_ONE and len(given) == 1 and not orders:
            return _filled(self.parse(GUARDS["one"]), {**holes, "x_": given})
        if name in _OF_TOP and len(given) == 2 and not orders:
            return _filled(self.parse(GUARDS["top"].format(name=name)), {**holes, "x_": given[:1], "y_": given[1:]})
        raise _Uncertain


def _filled(guard: Any, holes: Mapping[str, list[Any]], window: Mapping[str, Any] | None = None) -> Any:
    """A guard with what stands for its names, and the window of a call in the place of its own."""
    if isinstance(guard, list):
        return [part for each in guard for part in _filling(each, holes, window)]
    if not isinstance(guard, dict):
        return guard
    if (names := guard.get("column_names")) is not None and names[0] in holes:
        return holes[names[0]][0]
    made = {name: _filled(part, holes, window) for name, part in guard.items()}
    if guard.get("class") == "WINDOW" and window is not None:
        made |= {"partitions": window["partitions"], "orders": window["orders"]}
    return made


def _filling(part: Any, holes: Mapping[str, list[Any]], window: Mapping[str, Any] | None) -> list[Any]:
    """What stands for one of a guard's list: of an argument as many as there are."""
    expression = part.get("expression") if isinstance(part, dict) else None
    names = expression.get("column_names", [""]) if isinstance(expression, dict) else [""]
    if names[0] in holes and not part.get("name"):
        return [{**part, "expression": found} for found in holes[names[0]]]
    return [_filled(part, holes, window)]


def _is_ordered(function: Mapping[str, Any]) -> bool:
    """Whether a list is ordered by its own values at last: equal ones may change places."""
    keys = [_text(key["expression"]) for key in (function.get("order_bys") or {}).get("orders", [])]
    listed = [_text(argument.get("expression", argument)) for argument in function.get("arguments", [])[:1]]
    return bool(keys) and all(argument in keys for argument in listed)


def _text(tree: Any) -> Any:
    """An expression without its place in the text."""
    if isinstance(tree, list):
        return [_text(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    return {name: _text(part) for name, part in tree.items() if not name.startswith("query_location")}


def _modifiers(node: Mapping[str, Any]) -> tuple[list[Any], int | bool | None, list[Any]]:
    """How the result is ordered, after how many rows it is cut (False: in a way not known here), and the rest."""
    order: list[Any] = []
    limit: int | bool | None = None
    others = []
    for modifier in node["modifiers"]:
        if modifier["type"] == "ORDER_MODIFIER":
            order = modifier["orders"]
        elif modifier["type"] in ("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"):
            literal = (modifier.get("limit") or {}).get("literal", {})
            is_plain = (
                modifier["type"] == "LIMIT_MODIFIER"
                and modifier.get("offset") is None
                and literal.get("kind") == "INTEGER"
            )
            limit = int(literal["text"]) if is_plain else False
        else:
            others.append(modifier)
    return order, limit, others


def _keys(node: Mapping[str, Any], order: Sequence[Any], columns: Sequence[str], distinct: bool) -> list[_Key] | None:
    """What to order by; None if an expression cannot be worked out from the columns of the result."""
    lower = [column.lower() for column in columns]
    by_name = {column.lower(): column for column in columns if lower.count(column.lower()) == 1}
    twice = set(lower) - by_name.keys()
    keys = []
    for number, key in enumerate(order):
        expression, name = key["expression"], f"key_{number}_"
        direction = _direction(key)
        kind, names = expression["class"], expression.get("column_names", [])
        if kind == "STAR":
            return [_Key("", column, {}, direction) for column in columns] if len(order) == 1 and not twice else None
        if kind == "CONSTANT":
            place = expression["literal"].get("text", "")
            if not place.isdigit() or not 1 <= int(place) <= len(columns):
                return None
            if lower[int(place) - 1] in twice:
                return None
            keys.append(_Key(name, columns[int(place) - 1], {}, direction))
        elif kind == "COLUMN_REF" and len(names) == 1 and names[0].lower() in by_name:
            keys.append(_Key(name, by_name[names[0].lower()], {}, direction))
        elif (
            distinct
            or node["type"] != "SELECT_NODE"
            or node["aggregate_handling"] != "STANDARD_HANDLING"
            or _named(expression) & set(lower)
        ):
            return None
        else:
            keys.append(_Key(name, None, expression, direction))
    return keys


def _direction(order: Mapping[str, Any]) -> str:
    down = {"ORDER_DEFAULT": "", "ASCENDING": "asc", "DESCENDING": "desc"}[order["type"]]
    nulls = {"ORDER_DEFAULT": "", "NULLS FIRST": "nulls first", "NULLS LAST": "nulls last"}[order["null_order"]]
    return f"{down} {nulls}"


def _named(tree: Any) -> set[str]:
    """The names that stand alone in an expression: they may be the result's columns or its tables'."""
    if isinstance(tree, list):
        return set().union(*map(_named, tree))
    if not isinstance(tree, dict):
        return set()
    names = tree.get("column_names", [])
    return {names[0].lower()} if len(names) == 1 else set().union(*map(_named, tree.values()))


def _bound(tree: Any) -> Any:
    """Parameters as columns of the set."""
    if isinstance(tree, list):
        return [_bound(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("class") == "PARAMETER":
        place = {name: tree[name] for name in ("alias", "query_location", "query_location_length") if name in tree}
        return {"class": "COLUMN_REF", "type": "COLUMN_REF", **place, "column_names": ["set_", tree["identifier"]]}
    return {name: _bound(part) for name, part in tree.items()}
