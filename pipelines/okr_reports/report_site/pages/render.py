"""Renders pages: Jinja for the tags and expressions, Markdown for the text, components for everything drawn.

Page text and components are templates; rows, parameters and translations are values. A value never becomes a template
and never meets the Markdown parser (see prose.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateNotFound
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context
from markupsafe import Markup

from okr_reports.common.plain_values import live, plain
from okr_reports.report_site.deadline import PageTooSlow, deadline
from okr_reports.report_site.dialect.components import IDS, Component
from okr_reports.report_site.dialect.tag_values import line_of, places_of, without_choices
from okr_reports.report_site.dialect.tags import Sandbox, UnknownName, explain_syntax, is_choice
from okr_reports.report_site.faults import BadRows, BadValue, PageFault, choose
from okr_reports.report_site.formats.formats import NO_VALUE
from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.formats.prose import BadLink, Slots, render_pieces, render_prose
from okr_reports.report_site.pages.compiled import Code, sandboxes
from okr_reports.report_site.pages.file_check import check_reports
from okr_reports.report_site.pages.input_choices import (
    Choices,
    check_count,
    choices_of,
    combinations,
    first_of,
    page_inputs,
)
from okr_reports.report_site.pages.inputs import Choice, Chosen, Input
from okr_reports.report_site.pages.reports import Page, Reports, partial_name
from okr_reports.report_site.pages.scope import QueryContext, Scope, scope_of
from okr_reports.report_site.pages.variants import described, merged
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.queries.shaping import Rows
from okr_reports.report_site.source_files import Query, SourceFile

MAX_DEPTH = 12
SQL_FUNCTIONS = ("sum", "count", "avg", "min", "max", "median", "coalesce", "nullif", "concat", "round")


@dataclass
class Drawing:
    """The state of one page's rendering."""

    slots: Slots
    children: list[list[dict[str, Any]]] = field(default_factory=list)
    depth: int = 0


class Renderer:
    """Renders the pages of one reports folder over one snapshot.

    `functions` are what templates may call, given anew for each page (links are relative to it).
    """

    def __init__(
        self,
        reports: Reports,
        reader: Reader,
        filters: Mapping[str, Callable[..., Any]],
        code: Code,
    ) -> None:
        self.reports, self.reader = reports, reader
        self.marts = reader.tables()
        sources: dict[str, SourceFile] = {str(file.path): file for file, _ in reports.files()}
        self._sources = sources
        self._ids: dict[str, frozenset[str]] = {}
        self._lines: dict[str, Template] = {}
        # of each template: (line of the file, line of the compiled code); `compiled` is called with each
        self.lines: dict[str, list[tuple[int, int]]] = {}
        self.compiled: Callable[[str, list[tuple[int, int]]], None] = lambda *_: None

        self.pages, self.components = sandboxes(
            reports, sources, code, filters, self._page_tag, self._component_tag, self._finalize
        )
        self._drawing = Drawing(Slots())
        self._functions: dict[str, Any] = {}
        self._bound: Mapping[str, object] = {}
        self._known_inputs: dict[str, Mapping[str, Input]] = {}

    def check_templates(self) -> list[PageFault]:
        """Parse every file and check its tags as written."""
        return check_reports(self.reports, tuple(self.marts))

    def render(self, page: Page, params: Mapping[str, Any], functions: Mapping[str, Any]) -> Markup:
        """The content of one page as HTML, with inputs in all its variants. Raises PageFault."""
        inputs = self._inputs(page)
        namespaces = {"params": params, "page": page.variables}
        with deadline(self.reader.limits.page_seconds):
            if not inputs:
                return Html("".join(self._pieces(page, params, functions, namespaces)))
            choices = self._choices(page, namespaces, inputs, functions)
            shown = {
                name: [(choice.code, choice.label, place == first) for place, choice in enumerate(many)]
                for name, (_, many, first) in choices.items()
            }
            offered = {**functions, "page_inputs": shown}
            variants = [
                self._pieces(page, params, offered, namespaces, chosen) for chosen in combinations(choices.values())
            ]
        return described(choices) + merged(variants, first_of(choices.values()))

    def _pieces(
        self, page: Page, params: Mapping[str, Any], functions: Mapping[str, Any],
        namespaces: Mapping[str, Mapping[str, object]], chosen: Mapping[str, Chosen] | None = None,
    ) -> list[str]:  # fmt: skip
        self._drawing = Drawing(Slots())
        self._bound = {name: value for choice in (chosen or {}).values() for name, value in choice.values().items()}
        scope = self._scope(page.file, namespaces, chosen)
        inputs = {"inputs": {name: choice.shown() for name, choice in chosen.items()}} if chosen else {}
        self._functions = {**functions, "params": params, **inputs}
        text = self._run(self.pages, page.file, {**self._functions, "page": page.variables}, scope)
        try:
            return render_pieces(text, self._drawing.slots, self._functions.get("resolve_link"))
        except BadLink as error:
            raise error.at(page.file.path, page.file.line_of(error.written)) from None

    def _inputs(self, page: Page) -> Mapping[str, Input]:
        """The inputs of a page by their ids. Raises PageFault."""
        path = str(page.file.path)
        if path not in self._known_inputs:
            self._known_inputs[path], faults = page_inputs(self.reports, self.pages, page)
            if faults:
                raise faults[0]
        return self._known_inputs[path]

    def _choices(
        self, page: Page, namespaces: Mapping[str, Mapping[str, object]], inputs: Mapping[str, Input],
        functions: Mapping[str, Any],
    ) -> Choices:  # fmt: skip
        """What can be chosen, an input after the other: those above it are as they are first. Raises PageFault."""
        found: dict[str, tuple[Input, list[Choice], int]] = {}
        for name, input_ in inputs.items():
            chosen = {other: Chosen(of[0], of[1][of[2]]) for other, of in found.items()}
            self._bound = {key: value for each in chosen.values() for key, value in each.values().items()}
            try:
                found[name] = (input_, *choices_of(input_, self._scope(page.file, namespaces, chosen), functions))
                check_count([of[1] for of in found.values()])
            except BadValue as error:
                raise error.at(page.file.path, input_.line) from None
        return found

    def rows(self, page: Page, query: str) -> Rows:
        """The rows of a page's query that needs no parameters."""
        return self._scope(page.file, {"page": page.variables}).need(query)

    def line(self, page: Page, text: str, params: Mapping[str, Any], functions: Mapping[str, Any]) -> str:
        """A front matter text such as `title: "{{ params.title }}"` with its expressions, as plain text."""
        if "{{" not in text:
            return text
        try:
            if text not in self._lines:
                self._lines[text] = self.components.from_string(text)
            made = self._lines[text].render({**functions, "params": params})
        except Exception as error:
            what = error.what if isinstance(error, BadValue) else str(error)
            raise page.file.fault("title", f"title: {what}", "use {{ params.column }} of one_page_per") from None
        return Markup(made).unescape()

    def frame(self, name: str, values: Mapping[str, Any], functions: Mapping[str, Any]) -> str:
        """A whole page: the component `name` around the content."""
        file = self.reports.components[name].file
        scope = self._scope(file, {})
        self._functions = dict(functions)
        return self._run(self.components, file, {**functions, **values}, scope).lstrip()

    def _scope(
        self, file: SourceFile, namespaces: Mapping[str, Mapping[str, object]],
        chosen: Mapping[str, Chosen] | None = None,
    ) -> Scope:  # fmt: skip
        queries = {**self.reports.shared(file), **file.queries}
        return Scope(queries, self.marts, namespaces, self.reader, chosen or {}, self._bound)

    def _run(self, environment: Sandbox, file: SourceFile, variables: Mapping[str, Any], scope: Scope) -> str:
        name = str(file.path)
        try:
            template = environment.get_template(name)
            if name not in self.lines:
                self.lines[name] = template.debug_info
                self.compiled(name, template.debug_info)
            context = template.new_context({key: plain(value) for key, value in variables.items()})
            assert isinstance(context, QueryContext)
            context.scope = scope
            try:
                return environment.concat(template.root_render_func(context))
            except Exception:
                environment.handle_exception()
        except PageFault:
            raise
        except TemplateSyntaxError as error:
            raise PageFault(name, error.lineno, *explain_syntax(error, environment.tag_bodies)) from None
        except Exception as error:
            raise self._fault(error, file, variables) from error

    def _fault(self, error: Exception, file: SourceFile, variables: Mapping[str, Any]) -> PageFault:
        path, line = self._place(error.__traceback__, file)
        if isinstance(error, UnknownName):
            return PageFault(path, line, error.what, self._known(error.name, file, variables))
        if isinstance(error, BadValue):
            return error.at(path, line)
        if isinstance(error, PageTooSlow):
            what = f"the page took more than {self.reader.limits.page_seconds:g} s to render and was stopped"
            return PageFault(path, line, what, "loop over fewer rows, or count in SQL", "time")
        if isinstance(error, MemoryError):
            what = f"the page needs more than {self.reader.limits.process_mb} MB of memory"
            return PageFault(path, line, what, "make shorter texts, or count in SQL", "memory")
        if isinstance(error, SecurityError):
            return PageFault(path, line, str(error), "pages may not do that")
        if isinstance(error, UndefinedError | TemplateNotFound):
            return PageFault(path, line, str(error), "look at the names in this line")
        return PageFault(path, line, f"{type(error).__name__}: {error}", "fix the expression in this line", "data")

    def _known(self, name: str, file: SourceFile, variables: Mapping[str, Any]) -> str:
        """What to do about a name that stands for nothing."""
        if name in SQL_FUNCTIONS:
            return f'SQL is in quotes: "{name}(...)"'
        if name in self.pages.filters:
            return f"it is a filter: write {{{{ value | {name} }}}}"
        return choose(name, [*variables, *self.reports.queries, *file.queries], "names")

    def _place(self, traceback: TracebackType | None, file: SourceFile) -> tuple[str, int]:
        """The innermost line of a template in the traceback; Jinja has put the templates' own lines there."""
        path, line = str(file.path), 1
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_filename
            if name in self._sources:
                path, line = name, traceback.tb_lineno
            traceback = traceback.tb_next
        return path, line

    # tags

    def _finalize(self, value: Any) -> Any:
        """What `{{ }}` prints in a page: a slot, unless it is page text itself (translations, captured blocks)."""
        if isinstance(value, Markup) and not isinstance(value, Html):
            return value
        if isinstance(value, float) and not math.isfinite(value):
            value = NO_VALUE
        value = value["label"] if is_choice(value) else value
        return self._drawing.slots.put("" if value is None else value)

    def _page_tag(
        self,
        context: Context,
        tag: str,
        given: dict[str, Any],
        lines: dict[str, int],
        line: int,
        caller: Callable[[], Any] | None,
    ) -> Markup:
        component = self.reports.components[tag]
        if tag == "partial":
            return self._partial(context, given, line)
        drawing = self._drawing
        body = self._children(lambda: self._prose(caller(), context)) if caller else (Markup(""), [])
        html = self._draw(context, component, given, lines, line, body)
        return drawing.slots.put(html, block=not component.inline) if html else Markup("")

    def _component_tag(
        self,
        context: Context,
        tag: str,
        given: dict[str, Any],
        lines: dict[str, int],
        line: int,
        caller: Callable[[], Any] | None,
    ) -> Markup:
        body = self._children(lambda: Markup(caller())) if caller else (Markup(""), [])
        return self._draw(context, self.reports.components[tag], given, lines, line, body)

    def _prose(self, text: str, context: Context) -> Markup:
        try:
            return render_prose(text, self._drawing.slots, self._functions.get("resolve_link"))
        except BadLink as error:
            file = self._sources[str(context.name)]
            raise error.at(file.path, file.line_of(error.written)) from None

    def _children(self, render: Callable[[], Markup]) -> tuple[Markup, list[dict[str, Any]]]:
        self._drawing.children.append([])
        body = render()
        return body, self._drawing.children.pop()

    def _partial(self, context: Context, given: dict[str, Any], line: int) -> Markup:
        name = partial_name(str(given.get("file")))
        partial = self.reports.partials.get(name)
        if partial is None:
            todo = choose(name, self.reports.partials, "partials")
            raise PageFault(str(context.name), line, f"there is no partial {name!r}", todo)
        given_page = context.get("page")
        page = {
            **(given_page if isinstance(given_page, Mapping) else {}),
            **partial.front,
            **(given.get("variables") or {}),
        }
        return Markup(self._run(self.pages, partial, {**context.get_all(), "page": page}, scope_of(context)))

    def _draw(
        self,
        context: Context,
        component: Component,
        given: dict[str, Any],
        lines: dict[str, int],
        line: int,
        body: tuple[Markup, list[dict[str, Any]]],
    ) -> Markup:
        path = str(context.name)
        given = {name: without_choices(value) for name, value in given.items()}
        for name, wrong in component.check(given):
            raise wrong.at(path, lines.get(name, line))
        scope = scope_of(context)
        given_at = [(value, lines.get(name, line)) for name, value in given.items()]
        try:
            values = {
                attribute.name: self._resolve(scope, attribute.type, given.get(attribute.name, attribute.default))
                for attribute in component.attributes.values()
            }
            if values.get("filters") and "data" in component.attributes:
                if values["data"] is None:
                    raise BadValue("filters are of the rows of data, and there is none", "give data, or leave them out")
                values["data"] = plain(scope.filtered(live(values["data"]), values["filters"]))
        except BadValue as error:
            raise error.at(
                path,
                next((lines[n] for n, a in component.attributes.items() if a.type == "query" and n in lines), line),
            ) from None
        if component.child_of:
            if not self._drawing.children:
                raise PageFault(path, line, f"{component.name!r} stands alone", f"put it in {component.child_of[0]}")
            self._drawing.children[-1].append(
                {"tag": component.name, **values, "body": body[0], "given_at": (*given_at, *places_of(body[1]))}
            )
            return Markup("")
        return self._component(component, values, body, path, line, given_at)

    def _component(
        self,
        component: Component,
        values: dict[str, Any],
        body: tuple[Markup, list[dict[str, Any]]],
        path: str,
        line: int,
        given_at: Sequence[tuple[Any, int]],
    ) -> Markup:
        drawing = self._drawing
        drawing.depth += 1
        if drawing.depth > MAX_DEPTH:
            raise PageFault(path, line, f"components call each other more than {MAX_DEPTH} deep", "break the circle")
        variables = {
            **self._functions,
            **values,
            "attributes": values,
            "page": values,
            "body": body[0],
            "children": body[1],
        }
        scope = self._scope(component.file, {"attributes": {name: live(value) for name, value in values.items()}})
        try:
            if component.file.path.suffix == ".md":
                return render_prose(self._run(self.pages, component.file, variables, scope), drawing.slots)
            return Markup(self._run(self.components, component.file, variables, scope))
        except PageFault as fault:
            if fault.__cause__ is not None and isinstance(fault.__cause__, BadValue):
                line = line_of(fault.finding.what, line, given_at, body[1])
                what = f"{component.name}: {fault.finding.what}"
                raise PageFault(path, line, what, fault.finding.todo, fault.cause) from None
            raise
        finally:
            drawing.depth -= 1

    def _resolve(self, scope: Scope, kind: str, value: Any) -> Any:
        if kind == "query" and isinstance(value, str):
            return plain(scope.need(value))
        if kind in IDS and isinstance(value, str):
            self._need_id(kind, value)
        return value

    def _need_id(self, kind: str, value: str) -> None:
        """Raises BadValue for an id that no row of its mart has: an empty place would say nothing."""
        mart, words = IDS[kind]
        query = Query(mart, f"select {kind}_id from {mart}", Path(f"marts.{mart}"), 1)
        rows = self.reader.run(compile_query(query, {}, {}), {}).rows
        if kind not in self._ids:
            self._ids[kind] = frozenset(row[0] for row in rows)
        if value not in self._ids[kind]:
            raise BadRows(f"there is no {words} {value!r}", choose(value, self._ids[kind], f"{words}s"))
