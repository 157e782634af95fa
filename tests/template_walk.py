"""Walks everything a template could reach and says what is not on the list of plain values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import MethodType
from typing import Any

from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Namespace
from markupsafe import Markup

from okr_reports.common.plain_values import SCALARS, Function, Record, Table, fields_of
from okr_reports.report_site.faults import BadValue, PageFault
from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.queries.rows import ReadRow, Row
from okr_reports.template_sandbox import TextFormat

ALLOWED = {
    *SCALARS,
    Markup,
    Html,
    list,
    tuple,
    dict,
    Record,
    Row,
    ReadRow,
    Table,
    Function,
    TextFormat,
    Macro,
    Namespace,
}
METHODS = (type("".upper), MethodType)
FEW = 3
# what these have depends on their class alone
ALIKE = {*SCALARS, Markup, Html, Function, *METHODS}
_looked_at: set[tuple[int, str]] = set()


def outside(environment: SandboxedEnvironment, name: str, value: Any) -> list[str]:
    """The ways from `value`, called `name`, to something that is no plain value."""
    found: list[str] = []
    seen: set[int] = set()
    kept: list[Any] = []  # so that no two objects share an id
    todo: list[tuple[str, Any]] = [(name, value)]
    while todo:
        way, one = todo.pop()
        if id(one) in seen or isinstance(one, Undefined):
            continue
        seen.add(id(one))
        kept.append(one)
        if type(one) in ALIKE:
            alike = (id(environment), f"{type(one)}{getattr(one, '__name__', '')}")
            if alike in _looked_at:
                continue
            _looked_at.add(alike)
        if type(one) in METHODS and type(one.__self__) in ALLOWED:
            todo += _attributes(environment, way, one)
        elif type(one) in ALLOWED:
            todo += [*_attributes(environment, way, one), *_items(way, one), *_held(way, one)]
        else:
            found.append(f"{way}: {type(one).__name__}")
    return found


def _attributes(environment: SandboxedEnvironment, way: str, one: Any) -> Iterator[tuple[str, Any]]:
    """All that the environment gives for any name there is, also those of the class, by dot and by bracket."""
    names = {*dir(one), *dir(type(one)), "__globals__", "__self__", "__closure__", "__code__", "reader", "statement"}
    if isinstance(one, Table):
        names |= set(fields_of(one))
    for name in sorted(names):
        for ask in (environment.getattr, environment.getitem):
            try:
                yield f"{way}.{name}", ask(one, name)
            except (BadValue, UndefinedError, SecurityError):
                continue


def _items(way: str, one: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(one, dict | Record):
        yield from ((f"{way}[{key!r}]", one[key]) for key in one)
    elif isinstance(one, list | tuple | Row):
        yield from ((f"{way}[{number}]", item) for number, item in enumerate(list(one)[:FEW]))
    elif isinstance(one, Table):
        yield from ((f"{way}[{number}]", one[number]) for number in range(min(len(one), FEW)))


def _held(way: str, one: Any) -> Iterator[tuple[str, Any]]:
    """What an object of ours holds in its slots, which no template may name: even there nothing of the program is."""
    if isinstance(one, Record | Table | Function | Row | TextFormat):
        assert not hasattr(one, "__dict__"), way
        for kind in type(one).__mro__:
            for slot in getattr(kind, "__slots__", ()):
                if slot != "__weakref__":
                    yield f"{way}!{slot}", getattr(one, slot)


@contextmanager
def watched(monkeypatch: Any) -> Iterator[dict[str, list[str]]]:
    """Watches every template that is rendered meanwhile: template name -> what it could reach outside of the list.

    Looked at are its variables, every name of its context's queries, and whatever a function returned.
    """
    found: dict[str, list[str]] = {}
    made: list[Context] = []
    start, call = Context.__init__, Function.__call__

    def started(self: Context, *given: Any, **named: Any) -> None:
        start(self, *given, **named)
        made.append(self)
        variables = {**self.parent, **self.vars}
        queries = getattr(self, "scope", None)
        assert queries is None
        found.setdefault(str(self.name), []).extend(_of(self, variables))

    def called(self: Function, *given: Any, **named: Any) -> Any:
        answer = call(self, *given, **named)
        if made:
            found[str(made[-1].name)] += outside(made[-1].environment, "returned", answer)  # type: ignore[arg-type]
        return answer

    def _of(context: Context, variables: dict[str, Any]) -> list[str]:
        return [
            way
            for name, value in variables.items()
            for way in outside(context.environment, name, value)  # type: ignore[arg-type]
        ]

    monkeypatch.setattr(Context, "__init__", started)
    monkeypatch.setattr(Function, "__call__", called)
    yield found
    monkeypatch.undo()
    for context in made:
        scope = getattr(context, "scope", None)
        for name in scope.queries if scope is not None else ():
            # a component's query may need attributes that this use of it does not have
            with suppress(PageFault):
                found[str(context.name)] += outside(context.environment, name, context.resolve_or_missing(name))  # type: ignore[arg-type]
