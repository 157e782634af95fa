"""The tags of report pages, as a Jinja2 extension.

    {% big_value data="leads" value="sum(leads)" fmt="num0" comparison={ compare_vs="prior period" } /%}
    {% details title="Why" %} Markdown {% /details %}

Tag and attribute names are Evidence Core's. Attributes stand side by side; values are Jinja expressions, lists, and
objects written `{ name=value }` or `{"name": value}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from jinja2 import nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.runtime import Context, StrictUndefined
from jinja2.utils import missing

from okr_reports.common.isolated import isolated_value
from okr_reports.common.plain_values import Table, field_of
from okr_reports.report_site.dialect.conditions import written_for_jinja
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.template_sandbox import PlainSandbox

SELF_CLOSE = "__close__"
# Evidence writes a variable of the page as `$name`, where Jinja has no use for the sign
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
VARIABLE = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\$(?=[A-Za-z_])""", re.DOTALL)
IN_TEXT = re.compile(r"(\{\{-?\s*)\$(?=[A-Za-z_])")
RAW = re.compile(r"(\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\})", re.DOTALL)
LINE_END = re.compile(r"^(.*)%\}([ \t]*)$", re.MULTILINE)
CONTROL = re.compile(r"(\{%-?\s*(if|elif|else|endif|for|endfor|set|endset|macro|endmacro)\b[^%]*(%\})?\s*)+")
INSERTED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
# tags of Evidence that are not here, and what to write instead
STATIC = "pages are static: write {% dropdown %}, {% button_group %} or {% range_calendar %}, whose choices are few"
INSTEAD = {
    **dict.fromkeys(("text_input", "slider", "comparison_selector", "table_filter"), STATIC),
    "waterfall": "write {% bar_chart %}", "modal": "write {% details title=... %}",
    **dict.fromkeys(("map", "custom_map", "us_map", "area_map", "point_map", "base_map", "bubble_map"),
                    "pages draw no maps: write {% horizontal_bar_chart %} or {% table %}"),
    **dict.fromkeys(("custom_echart", "e_charts", "candlestick", "chord_chart", "radar_chart", "polar_chart", "treemap",
                     "sankey_chart", "sankey_diagram", "box_plot", "bubble_chart"),
                    "write the nearest of line_chart, bar_chart, horizontal_bar_chart, scatter_chart and table"),
    **dict.fromkeys(("html", "iframe"), "pages hold no HTML of their own; make a component in reports/components/"),
    "calendar_heatmap": "write {% heatmap %}", "repeat": "write {% for row in query %} ... {% endfor %}",
    **dict.fromkeys(("else", "elif"), "write {% if ... %} before it"),
    "page": "a value is written {{ $name }}, or {{ query[0].column }}",
}  # fmt: skip
# attributes that are SQL: conditions over rows, and columns or expressions
CONDITIONS = ("where", "having", "qualify")
EXPRESSIONS = ("x", "y", "value", "series", "category", "order", "dimensions", "measures", "pivots", "numerator")
RenderTag = Callable[[Context, str, dict[str, Any], dict[str, int], int, Callable[[], Any] | None], Any]


@dataclass(frozen=True)
class TagUse:
    """One tag as written. `given` holds the values known without rendering; the others are Unknown."""

    name: str
    line: int
    given: Mapping[str, Any]
    lines: Mapping[str, int]
    parent: str | None


class Unknown:
    """Stands for an attribute whose value only rendering tells."""


class Tags(Extension):
    """Parses component tags and hands them to `environment.render_tag`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.tags = set(environment.tag_bodies)  # type: ignore[attr-defined]
        self.uses: list[TagUse] = []
        self._open: list[str] = []
        self._source: list[str] = []

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Keep what is known of the page while a text inside it is parsed."""
        kept = self._source, self.uses, self._open
        try:
            yield
        finally:
            self._source, self.uses, self._open = kept

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        self._source, self.uses, self._open = source.split("\n"), [], []
        source = written_for_jinja(source)
        if str(name).endswith(".md"):
            source = _keep_line_ends(source)
        return TEMPLATE.sub(lambda match: VARIABLE.sub(_variable, match[0]), source)

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """`/%}` becomes a name before the end of the block, `{% /tag` the name endtag: Jinja has no such tokens."""
        tokens = list(stream)
        number = 0
        while number < len(tokens):
            token = tokens[number]
            after = tokens[number + 1] if number + 1 < len(tokens) else token
            if token.type == "div" and after.type == "block_end":
                yield Token(token.lineno, "name", SELF_CLOSE)
            elif token.type == "block_begin" and after.type == "div":
                yield token
                name = tokens[number + 2]
                yield Token(name.lineno, "name", f"end{name.value}")
                number += 2
            else:
                yield token
            number += 1

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        tag, line = token.value, token.lineno
        attributes, lines = self._attributes(parser, tag)
        closed = parser.stream.skip_if(f"name:{SELF_CLOSE}")
        given = {name: _constant(node) for name, node in attributes.items()}
        self.uses.append(TagUse(tag, line, given, lines, self._open[-1] if self._open else None))
        body = None if closed else self._body(parser, tag, line)
        pairs = [nodes.Pair(nodes.Const(name), node) for name, node in attributes.items()]
        if tag == "example" and body is not None:
            source = "\n".join(self._source[line : parser.stream.current.lineno - 1])
            pairs.append(nodes.Pair(nodes.Const("source"), nodes.Const(source.strip("\n"))))
        call = self.call_method(
            "_render",
            [
                nodes.ContextReference(),
                nodes.Const(tag),
                nodes.Dict(pairs),
                nodes.Const(list(lines.items())),
                nodes.Const(line),
            ],
        )
        if body is None:
            return nodes.Output([call]).set_lineno(line)
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _body(self, parser: Parser, tag: str, line: int) -> list[nodes.Node]:
        if not self.environment.tag_bodies[tag]:  # type: ignore[attr-defined]
            parser.fail(f"the tag {tag!r} is not closed; end it with /%}}", line)
        self._open.append(tag)
        try:
            return parser.parse_statements((f"name:end{tag}",), drop_needle=True)
        except TemplateSyntaxError:
            if parser.stream.current.type == "eof":
                parser.fail(f"the tag {tag!r} is never closed; add {{% /{tag} %}}, or end it with /%}}", line)
            raise
        finally:
            self._open.pop()

    def _attributes(self, parser: Parser, tag: str) -> tuple[dict[str, nodes.Expr], dict[str, int]]:
        attributes: dict[str, nodes.Expr] = {}
        lines: dict[str, int] = {}
        while parser.stream.current.type == "name" and parser.stream.current.value != SELF_CLOSE:
            name = next(parser.stream)
            if parser.stream.current.type != "assign":
                what = f"the attribute {name.value!r} of {tag!r} has no value"
                parser.fail(f"{what}; write {name.value}=...", name.lineno)
            next(parser.stream)
            if name.value in attributes:
                parser.fail(f"the attribute {name.value!r} of {tag!r} is given twice; keep one", name.lineno)
            attributes[name.value], lines[name.value] = _value(parser, name.value), name.lineno
            parser.stream.skip_if("comma")
        current = parser.stream.current
        if current.type != "block_end" and current.value != SELF_CLOSE:
            parser.fail(f"in {tag!r}, {str(current.value)!r} is no attribute; write name=value", current.lineno)
        return attributes, lines

    def _render(
        self,
        context: Context,
        tag: str,
        attributes: dict[str, Any],
        lines: list[tuple[str, int]],
        line: int,
        caller: Callable[[], Any] | None = None,
    ) -> Any:
        return self.environment.render_tag(context, tag, attributes, dict(lines), line, caller)  # type: ignore[attr-defined]


def _variable(match: re.Match[str]) -> str:
    return IN_TEXT.sub(r"\1page.", match[1]) if match[1] else "page."


def _keep_line_ends(source: str) -> str:
    """Jinja drops the line end behind a tag: right for a line that is only {% for %}, wrong within a text."""
    pieces = RAW.split(source)
    return "".join(piece if number % 2 else LINE_END.sub(_kept, piece) for number, piece in enumerate(pieces))


def _kept(line: re.Match[str]) -> str:
    text = line[1]
    alone = CONTROL.fullmatch(text.strip()) is not None
    return line[0] if alone or text.endswith(("-", "+")) else f"{text}+%}}{line[2]}"


def _value(parser: Parser, name: str = "") -> nodes.Expr:
    token = parser.stream.current
    if token.type == "lbrace" and parser.stream.look().type == "lbrace":
        return _braced(parser, name)
    if token.type == "lbrace":
        return _object(parser)
    if token.type == "lbracket":
        next(parser.stream)
        items: list[nodes.Expr] = []
        while parser.stream.current.type != "rbracket":
            items.append(_value(parser, name))
            parser.stream.skip_if("comma")
        next(parser.stream)
        return nodes.List(items, lineno=token.lineno)
    if token.type == "string" and "{{" in token.value and parser.stream.look().type != "tilde":
        next(parser.stream)
        return _inserted(parser, token, name)
    if token.type == "string" and parser.stream.look().type == "string":  # Jinja would make one text of the two
        return nodes.Const(next(parser.stream).value, lineno=token.lineno)
    return parser.parse_expression()


def _braced(parser: Parser, name: str) -> nodes.Expr:
    """An attribute written `range={{ days }}`, as Core writes them."""
    parser.stream.skip(2)
    node = parser.parse_expression()
    parser.stream.expect("rbrace")
    parser.stream.expect("rbrace")
    return _choice(node, name) if name in CONDITIONS else node


def _choice(node: nodes.Expr, name: str) -> nodes.Expr:
    """What is inserted into the attribute `name`: of an input its choice, in a condition as a name to bind."""
    kind = "in_condition" if name in CONDITIONS else "in_expression" if name in EXPRESSIONS else "in_text"
    return nodes.Filter(node, kind, [], [], None, None, lineno=node.lineno)


def _inserted(parser: Parser, token: Token, name: str) -> nodes.Expr:
    """A text of the page with expressions in it, such as `title="Leads of {{ params.title }}"`."""
    pieces: list[nodes.Expr] = []
    for number, piece in enumerate(INSERTED.split(token.value)):
        if number % 2 == 0:
            pieces.append(nodes.Const(piece, lineno=token.lineno))
            continue
        try:
            node = parser.environment.parse_within("{{" + piece + "}}")  # type: ignore[attr-defined]
        except TemplateSyntaxError as error:
            parser.fail(str(error.message), token.lineno)
        for part in (node, *node.find_all(nodes.Node)):
            part.set_lineno(token.lineno, override=True)
        pieces.append(_choice(node, name))
    return nodes.Concat(pieces, lineno=token.lineno)


def _object(parser: Parser) -> nodes.Dict:
    opening = parser.stream.expect("lbrace")
    pairs: list[nodes.Pair] = []
    while parser.stream.current.type != "rbrace":
        key = next(parser.stream)
        if key.type not in ("name", "string"):
            parser.fail(f"{str(key.value)!r} is no name; write {{ name=value }}", key.lineno)
        if parser.stream.current.type not in ("assign", "colon"):
            parser.fail(f"{key.value!r} has no value; write {{ {key.value}=... }}", key.lineno)
        next(parser.stream)
        pairs.append(nodes.Pair(nodes.Const(key.value), _value(parser)))
        parser.stream.skip_if("comma")
    next(parser.stream)
    return nodes.Dict(pairs, lineno=opening.lineno)


def _constant(node: nodes.Expr) -> Any:
    """The value of a literal; Unknown for what only rendering tells."""
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        return -node.node.value
    if isinstance(node, nodes.List | nodes.Tuple):
        items = [_constant(item) for item in node.items]
        return Unknown if Unknown in items else items
    if isinstance(node, nodes.Dict):
        pairs = {pair.key.value: _constant(pair.value) for pair in node.items if isinstance(pair.key, nodes.Const)}
        return Unknown if Unknown in pairs.values() else pairs
    return Unknown


class UnknownName(BadValue):
    """A name that stands for nothing; the renderer knows which names there are."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is nothing called {name!r}", "check the name")


class NamedUndefined(StrictUndefined):
    """Any use of an unknown name is an error."""

    def _fail_with_undefined_error(self, *_: Any, **__: Any) -> Any:
        name, owner = str(self._undefined_name), self._undefined_obj
        if owner is missing:
            raise UnknownName(name)
        if isinstance(owner, Table):
            query = field_of(owner, "name")
            what = f"{query!r} is a query of many rows, {name!r} is of one"
            raise BadValue(what, f"write {query}[0].{name}, or loop over its rows")
        known = owner if isinstance(owner, Mapping) else ()
        raise BadValue(f"there is no {name!r} here", choose(name, (str(known_name) for known_name in known), "names"))

    __str__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __hash__ = _fail_with_undefined_error
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _fail_with_undefined_error
    )
    __mod__ = __rmod__ = __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = __neg__ = __call__ = (
        _fail_with_undefined_error
    )
    __getitem__ = _fail_with_undefined_error


def is_choice(value: Any) -> bool:
    """Whether a template's value is the choice of an input (inputs.Chosen.shown)."""
    return isinstance(value, dict) and "input" in value and "literal" in value


def in_condition(value: Any) -> Any:
    """A value inside an attribute that is a condition: a choice is a name to bind, a day is a day of SQL."""
    if isinstance(value, date):
        return f"date '{value:%Y-%m-%d}'"
    return value["selected"] if is_choice(value) else value


def in_expression(value: Any) -> Any:
    """The same in one that is a column or an expression: a choice there is the name of a column."""
    if is_choice(value) and not re.fullmatch(r"[A-Za-z_]\w*", value["literal"]):
        raise BadValue(f"{value['literal']!r} is no column", "choose from names of columns")
    return in_text(value)


def in_text(value: Any) -> Any:
    """The same in any other one."""
    return value["literal"] if is_choice(value) else value


class Sandbox(PlainSandbox):
    """The sandbox with our tags, escaping on."""

    def __init__(self, tag_bodies: Mapping[str, bool], render_tag: RenderTag, **options: Any) -> None:
        options.setdefault("finalize", isolated_value)
        super().__init__(autoescape=True, undefined=NamedUndefined, trim_blocks=True, lstrip_blocks=False, **options)
        self.filters |= {"in_condition": in_condition, "in_expression": in_expression, "in_text": in_text}
        self.tag_bodies = dict(tag_bodies)
        self.render_tag = render_tag
        self.add_extension(Tags)

    @property
    def uses(self) -> list[TagUse]:
        """The tags of the text parsed last."""
        extension = self.extensions[Tags.identifier]
        assert isinstance(extension, Tags)
        return extension.uses

    def parse_within(self, text: str) -> nodes.Expr:
        """The expression of `{{ ... }}` inside a text, parsed while the page around it is."""
        extension = self.extensions[Tags.identifier]
        assert isinstance(extension, Tags)
        with extension.set_aside():
            (output,) = Parser(self, text).parse().find_all(nodes.Output)
        return output.nodes[0]


def explain_syntax(error: TemplateSyntaxError, tags: Mapping[str, bool]) -> tuple[str, str]:
    """Jinja's message as what and what to do."""
    message = error.message or "the page cannot be read"
    unknown = re.match(r"Encountered unknown tag '([^']+)'", message)
    if unknown is not None:
        name = unknown[1]
        if name.startswith("end") and name[3:] in tags:
            return f"{{% /{name[3:]} %}} closes a tag that is not open", f"remove it, or open {{% {name[3:]} %}} before"
        if name in INSTEAD:
            return f"there is no component {'$' if name == 'page' else name!r}", INSTEAD[name]
        known = [*tags, "if", "for", "set", "raw"]
        return f"there is no component {name!r}", choose(name, known, "components")
    if "Jinja was looking for" in message and "Unexpected end" in message:
        return message.split(".")[0], "close what was opened last, such as {% endif %} or {% endfor %}"
    if (unknown := re.match(r"No (filter|test) named '([^']+)'", message)) is not None:
        return f"there is no {unknown[1]} {unknown[2]!r}", "write one that there is, such as fmt or length"
    if message == "Missing end of comment tag":
        return "{# begins a comment that never ends", "end it with #}; Evidence's {#each} is {% for row in query %}"
    if message.startswith("unexpected char '\"'") or message.startswith('unexpected char "\'"'):
        return "a text in quotes is never closed", "close it in the same tag"
    if message.startswith("expected token 'end of statement block', got '='"):
        return "= gives a value, it does not compare", "write == to compare"
    what, _, todo = message.partition("; ")
    return what, todo or "fix the tag or expression in this line"
