"""Turns a query as written into one statement DuckDB can run: `${other}` becomes a CTE, `${params.x}` a bound value
(`{{ other }}` and `{{ $x }}`, as Evidence writes them, too).

    select * from ${orders} where country = ${params.country}

Nothing of a parameter's value ever becomes SQL text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.source_files import Query

# string, quoted identifier, line comment, block comment, reference: whichever comes first at a place
PIECE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$\{([^}\n]*)\}|\{\{([^}\n]*)\}\}", re.DOTALL
)
WITH = re.compile(r"((?:\s|--[^\n]*\n|/\*.*?\*/)*)with\b(\s+recursive\b)?", re.IGNORECASE | re.DOTALL)
BOUND = ("params", "attributes", "page", "inputs")


@dataclass(frozen=True)
class Statement:
    """SQL ready to run. `bound` are the dotted names to bind, `offset` the lines put before the query's own first."""

    query: Query
    sql: str
    bound: tuple[str, ...]
    offset: int

    def values(self, namespaces: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
        """The values for DuckDB's named parameters."""
        return {name.replace(".", "_"): namespaces[name.split(".")[0]][name.split(".")[1]] for name in self.bound}


@dataclass(frozen=True)
class Reference:
    name: str
    start: int
    end: int


def references(query: Query) -> list[Reference]:
    """Every `${...}` of the query's SQL. Raises PageFault for one inside quotes, where it would stay plain text."""
    found = []
    # `$name` is Evidence's for a variable of the page, or an attribute of the component
    own = "attributes." if "components" in query.path.parts else "page."
    for piece in PIECE.finditer(query.sql):
        written = piece[1] if piece[1] is not None else piece[2]
        if written is not None:
            name = plain_name(written.strip())
            found.append(Reference(own + name[1:] if name.startswith("$") else name, piece.start(), piece.end()))
        elif piece[0][0] in "'\"" and (inside := re.search(r"\$\{[^}]*\}|\{\{[^}]*\}\}", piece[0])):
            line = _line(query, piece.start() + inside.start())
            what = f"{inside[0]} stands inside quotes, where it is plain text"
            raise PageFault(query.path, line, what, "leave the quotes out: values are bound, never pasted")
    return found


def plain_name(name: str) -> str:
    """A query's name without the place that Evidence or SQL writes before it: marts.key_results, /queries/orders."""
    for place in ("marts.", "tables.", "/queries/", "queries/"):
        if name.startswith(place):
            return name.removeprefix(place).removesuffix(".sql")
    return name


def query_name(written: str) -> str:
    """The query that an attribute names, also as Core writes it: `$orders`."""
    return plain_name(written.removeprefix("$"))


def compile_query(query: Query, known: Mapping[str, Query], names: Mapping[str, Collection[str]]) -> Statement:
    """The statement of `query`; `known` are the queries it may chain, `names` the parameters of each namespace.

    Raises PageFault for an unknown query or parameter, or for queries that chain in a circle.
    """
    frozen = tuple(sorted((space, tuple(sorted(of))) for space, of in names.items()))
    return _compile(query, _Known(known), frozen)


class _Known(dict[str, Query]):
    """A mapping of queries that can be a key of the cache: the same queries are the same key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))


@lru_cache(maxsize=4096)
def _compile(query: Query, known: _Known, names: tuple[tuple[str, tuple[str, ...]], ...]) -> Statement:
    spaces = dict(names)
    order: list[Query] = []
    bound: dict[str, None] = {}
    _visit(query, known, spaces, (), order, bound)
    ctes = "".join(f"{chained(other.name, substituted(other))}, " for other in order if other is not query)
    text = substituted(query).rstrip().rstrip(";")
    if not ctes:
        return Statement(query, text, tuple(bound), 0)
    opening = WITH.match(text)
    if opening is None:
        prefix, rest = f"with {ctes[:-2]} ", text
    else:
        prefix, rest = f"with{opening[2] or ''} {ctes}", text[opening.end() :]
        prefix += "\n" * opening[0].count("\n")
    offset = prefix.count("\n") - (0 if opening is None else opening[0].count("\n"))
    return Statement(query, prefix + rest, tuple(bound), offset)


def _visit(
    query: Query,
    known: Mapping[str, Query],
    spaces: Mapping[str, tuple[str, ...]],
    above: tuple[str, ...],
    order: list[Query],
    bound: dict[str, None],
) -> None:
    """Depth first: what a query needs comes before it in `order`."""
    for reference in references(query):
        line = _line(query, reference.start)
        space, _, rest = reference.name.partition(".")
        # a page without inputs has no such space, and a query may have any name
        if rest and space in BOUND and (space != "inputs" or space in spaces):
            if rest not in spaces.get(space, ()):
                what = f"there is no {reference.name!r}"
                todo = choose(reference.name, [f"{space}.{name}" for name in spaces.get(space, ())], "parameters")
                raise PageFault(query.path, line, what, todo)
            bound[reference.name] = None
            continue
        other = known.get(reference.name)
        if other is None:
            known_names = [*known, *(f"{name}.{key}" for name, of in spaces.items() for key in of)]
            todo = choose(reference.name, known_names, "queries")
            raise PageFault(query.path, line, f"there is no query {reference.name!r}", todo)
        if other.name in above or other is query:
            circle = " -> ".join([*above, query.name, other.name])
            raise PageFault(query.path, line, f"the queries chain in a circle: {circle}", "break the circle")
        if other not in order:
            _visit(other, known, spaces, (*above, query.name), order, bound)
    order.append(query)


def chained(name: str, sql: str) -> str:
    """A query that another one chains to, as it is in that one's statement."""
    return f'"${{{name}}}" as (\n{sql}\n)'


def substituted(query: Query) -> str:
    """The query's SQL with references as identifiers of CTEs or as named parameters, on the same lines."""
    pieces, at = [], 0
    for reference in references(query):
        is_bound = reference.name.split(".")[0] in BOUND
        new = "$" + reference.name.replace(".", "_") if is_bound else f'"${{{reference.name}}}"'
        pieces += [query.sql[at : reference.start], new]
        at = reference.end
    return "".join([*pieces, query.sql[at:]]).rstrip().rstrip(";")


def _line(query: Query, position: int) -> int:
    return query.line + query.sql[:position].count("\n")
