"""Jinja with an allow-list: what is not named here, a template cannot reach.

Jinja's own sandbox forbids what is known to be dangerous: names with an underscore and some internals. Here it is the
other way round. Attributes exist for plain values alone (plain_values.py), and of those only the names below; only
functions that were given to the template, its own macros, and these methods can be called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import BuiltinMethodType, CodeType, MethodType
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.filters import FILTERS, _GroupTuple
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEscapeFormatter, SandboxedFormatter, safe_range
from jinja2.utils import Namespace
from markupsafe import Markup

from okr_reports.common.plain_values import PLAIN, ROWS, Function, Table, field_of, fields_of, function

PLAIN.update({Markup, Namespace})
MAX_TEXT = 1_000_000
MAX_NESTED = 100
TOO_DEEP = "tags or expressions are nested too deep, or a chain is too long; take it apart with {% set %}"
WIDTH = re.compile(r"%[^%a-zA-Z]*\d{5}|%[^%a-zA-Z]*\*")
PADDING = ("center", "ljust", "rjust", "zfill", "expandtabs")
# filters that would turn a value into HTML
UNSAFE_FILTERS = ("safe", "e", "escape", "forceescape", "urlize", "xmlattr")
TEXT = frozenset({
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "index", "isalnum", "isalpha",
    "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip",
    "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit",
    "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
})  # fmt: skip
DAY = frozenset({"year", "month", "day", "weekday", "isoweekday", "isocalendar", "isoformat", "strftime", "toordinal"})
CLOCK = frozenset({"hour", "minute", "second", "microsecond"})
NAMES: dict[type, frozenset[str]] = {
    str: TEXT,
    Markup: TEXT | {"striptags", "unescape"},
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    date: DAY,
    datetime: DAY | CLOCK | {"date", "time", "timestamp", "utcoffset", "tzname"},
    time: CLOCK | {"isoformat", "strftime"},
    timedelta: frozenset({"days", "seconds", "total_seconds"}),
    float: frozenset({"is_integer"}),
    Decimal: frozenset({"is_finite", "is_nan"}),
    LoopContext: frozenset({
        "index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth",
        "depth0", "cycle", "changed",
    }),
    _GroupTuple: frozenset({"grouper", "list"}),
}  # fmt: skip


def _too_deep(tree: nodes.Node) -> int | None:
    """The line where a template is nested deeper than what reads it can follow, found without recursion."""
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_NESTED):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return None
    return level[0].lineno


def names_of(kind: type) -> frozenset[str]:
    """The attributes that templates may ask a value of this class for."""
    return NAMES.get(kind) or (NAMES[Markup] if issubclass(kind, Markup) else frozenset())


class TextFormat:
    """`"...".format`, which looks nothing up but plain values."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Unrun(CodeGenerator):
    """Compiles a template and runs nothing of it: Jinja's own runs filters of literals, to print what they give."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> str:
        if not isinstance(node, nodes.TemplateData | nodes.Const):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class PlainSandbox(ImmutableSandboxedEnvironment):
    """An environment whose templates see plain values alone. Variables must be plain (`plain_values.plain`)."""

    code_generator_class = Unrun
    intercepted_binops = frozenset(["*", "**", "%"])
    # what would reach other templates, or switch escaping off
    refused: tuple[type[nodes.Node], ...] = (
        nodes.Extends, nodes.Block, nodes.Include, nodes.Import, nodes.FromImport, nodes.EvalContextModifier,
        nodes.ScopedEvalContextModifier,
    )  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(optimized=False, **options)
        self.globals = {
            "range": function(lambda *bounds: list(safe_range(*bounds))),
            "dict": function(dict),
            "namespace": function(Namespace),
        }
        for name in UNSAFE_FILTERS:
            self.filters.pop(name)
        self.filters["format"] = _format

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        try:
            tree = super()._parse(source, name, filename)
        except RecursionError:
            raise TemplateSyntaxError(TOO_DEEP, 1, name, filename) from None
        if (line := _too_deep(tree)) is not None:
            raise TemplateSyntaxError(TOO_DEEP, line, name, filename)
        kinds: tuple[type[nodes.Node], ...] = (*self.refused, nodes.Name)
        for node in tree.find_all(kinds):
            if not isinstance(node, nodes.Name):
                what = f"{{% {type(node).__name__.lower()} %}} is not for pages; name a partial or a component"
                raise TemplateSyntaxError(what, node.lineno, name, filename)
            if node.name == "self":
                raise TemplateSyntaxError("there is nothing called 'self'; check the name", node.lineno, name, filename)
        return tree

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        try:
            return super()._generate(source, name, filename, defer_init)
        except RecursionError:
            raise TemplateSyntaxError(TOO_DEEP, 1, name, filename) from None

    def _compile(self, source: str, filename: str) -> CodeType:
        """Python nests no more than twenty loops."""
        try:
            return super()._compile(source, filename)
        except (SyntaxError, RecursionError, MemoryError):
            raise TemplateSyntaxError(TOO_DEEP, 1, filename, filename) from None

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute on the list, or the item of that name."""
        kind = type(obj)
        if kind in ROWS:
            return self._item(obj, attribute)
        if kind is Table:
            return field_of(obj, attribute) if attribute in fields_of(obj) else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Undefined):
            return obj._fail_with_undefined_error()
        if attribute in names_of(kind):
            return getattr(obj, attribute)
        if attribute == "format" and issubclass(kind, str):
            return TextFormat(obj)
        if kind is Namespace and not attribute.startswith("_"):
            with suppress(AttributeError):
                return getattr(obj, attribute)
        if kind is dict and attribute in obj:
            return obj[attribute]
        if hasattr(kind, attribute):
            return self.unsafe_undefined(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item, or the attribute of that name if it is on the list."""
        if isinstance(obj, Undefined) or (isinstance(argument, str) and type(obj) not in (dict, *ROWS)):
            return self.getattr(obj, argument)
        return self._item(obj, argument)

    def _item(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (TypeError, LookupError, AttributeError):
            if isinstance(argument, str) and type(obj) is dict:
                return self.getattr(obj, argument)
            return self.undefined(obj=obj, name=argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have this attribute: only what is on the list."""
        return attr in names_of(type(obj)) or (type(obj) is Table and attr in fields_of(obj))

    def is_safe_callable(self, obj: Any) -> bool:
        """Functions given to templates, their own macros and loops, and the methods on the list."""
        if isinstance(obj, BuiltinMethodType | MethodType):
            if isinstance(obj.__self__, Extension):  # a tag, of which templates have no name
                return True
            return obj.__name__ in names_of(type(obj.__self__))
        return isinstance(obj, Function | Macro | LoopContext | TextFormat)

    def call(self, context: Context, called: Any, /, *given: Any, **named: Any) -> Any:
        """Call what may be called; methods of texts may not make endless ones."""
        if isinstance(called, Function | TextFormat):
            for name in ("_loop_vars", "_block_vars"):  # Jinja's own, for functions that want the context
                named.pop(name, None)
            return (
                self._formatted(called.text, given, named)
                if isinstance(called, TextFormat)
                else called(*given, **named)
            )
        if isinstance(called, Undefined):
            return called()
        if not self.is_safe_callable(called):
            raise SecurityError(f"a {type(called).__name__} cannot be called from a template")
        long = any(isinstance(argument, int) and argument > MAX_TEXT for argument in given)
        if long and getattr(called, "__name__", "") in PADDING:
            raise SecurityError(f"the text would be longer than {MAX_TEXT} characters")
        return context.call(called, *given, **named)

    def _formatted(self, text: str, given: tuple[Any, ...], named: dict[str, Any]) -> str:
        if isinstance(text, Markup):
            return Markup(SandboxedEscapeFormatter(self, escape=text.escape).vformat(text, given, named))
        return SandboxedFormatter(self).vformat(text, given, named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Operators that make long texts and large numbers of small ones."""
        if operator == "**" and isinstance(right, int | float) and abs(right) > 64:
            raise SecurityError("the exponent is above 64")
        if operator == "%" and isinstance(left, str):
            _check_width(left)
        if operator == "*":
            for repeated, times in ((left, right), (right, left)):
                if (
                    isinstance(repeated, str | list | tuple)
                    and isinstance(times, int)
                    and len(repeated) * times > MAX_TEXT
                ):
                    raise SecurityError(f"the text would be longer than {MAX_TEXT} characters")
        return super().call_binop(context, operator, left, right)


def _check_width(text: str) -> None:
    if WIDTH.search(text):
        raise SecurityError("a width in a format is above 9999")


def _format(value: str, *given: Any, **named: Any) -> str:
    """The filter of that name."""
    _check_width(value)
    made: Callable[..., str] = FILTERS["format"]
    return made(value, *given, **named)
