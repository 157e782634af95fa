"""What can be chosen on a page: its inputs with their values from the data, and all combinations of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from jinja2.exceptions import TemplateSyntaxError

from okr_reports.report_site.dialect.date_ranges import FIRST, LAST_DAY
from okr_reports.report_site.dialect.tags import Sandbox, TagUse
from okr_reports.report_site.faults import BadRows, PageFault
from okr_reports.report_site.pages.inputs import (
    MAX_VARIANTS,
    WRITTEN,
    Choice,
    Chosen,
    Input,
    inputs_of,
    listed_choices,
    prepared,
    range_choices,
)
from okr_reports.report_site.pages.reports import Page, Reports, partial_name
from okr_reports.report_site.pages.scope import Scope
from okr_reports.report_site.queries.queries import query_name
from okr_reports.report_site.queries.shaping import Rows, Shape
from okr_reports.report_site.source_files import Query, SourceFile

# of each input by its id: what can be chosen, and the place of what is shown first
Choices = Mapping[str, tuple[Input, Sequence[Choice], int]]


def page_inputs(reports: Reports, environment: Sandbox, page: Page) -> tuple[dict[str, Input], list[PageFault]]:
    """The inputs of a page and of the partials in it."""
    files = [page.file, *reports.partials.values()]
    if not any(WRITTEN.search(file.body) for file in files):
        return {}, []
    uses = list(_uses(reports, environment, page.file, set()))
    found, faults = inputs_of(page.file.path, uses)
    for name in found.keys() & {*reports.queries, *page.file.queries}:
        what = f"the input {name!r} has the name of a query"
        faults.append(PageFault(page.file.path, found[name].line, what, "rename one of them"))
    return found, faults


def _uses(reports: Reports, environment: Sandbox, file: SourceFile, seen: set[str]) -> Iterator[TagUse]:
    try:
        environment.parse(file.body, name=str(file.path), filename=str(file.path))
    except TemplateSyntaxError:
        return
    for use in list(environment.uses):
        yield use
        name = partial_name(str(use.given.get("file"))) if use.name == "partial" else ""
        if name in reports.partials and name not in seen:
            seen.add(name)
            yield from _uses(reports, environment, reports.partials[name], seen)


def choices_of(input_: Input, scope: Scope, functions: Mapping[str, Any]) -> tuple[list[Choice], int]:
    """The choices of an input and the place of the one shown first. Raises BadValue."""
    everything = functions["t"]("All")
    write = functions["written"]
    if input_.is_range:
        return range_choices(input_, functions["context"]["data_through"], write, everything)
    rows: list[tuple[Any, str]] = []
    if input_.given.get("data") and input_.given.get("value_column"):
        rows = list(_values(input_, scope, write))
    return listed_choices(input_, rows, everything)


def _values(input_: Input, scope: Scope, write: Any) -> Iterator[tuple[Any, str]]:
    """The distinct values of the input's column with their labels: in the order of a query, of a mart in their own."""
    name, column = str(input_.given["data"]), str(input_.given["value_column"])
    label = str(input_.given.get("label_column") or column)
    source = scope.need(name)
    where, order = input_.given.get("where"), input_.given.get("order")
    rows: Rows = source.shaped(Shape(where=where, order=order)) if where or order else source
    if query_name(name) not in scope.queries or rows.truncated:
        columns = tuple(dict.fromkeys((column, label)))
        rows = source.shaped(Shape(columns, ("count(*) as `__rows`",), where, order))
    seen: set[Any] = set()
    for value, said in zip(rows.column(column), rows.column(label), strict=True):
        if value is not None and value not in seen:
            seen.add(value)
            yield value, write(said)


def check_count(many: Collection[Sequence[Choice]]) -> None:
    """Raises BadRows for more variants than a page may have."""
    count = prod(map(len, many))
    if count > MAX_VARIANTS:
        product_of = " x ".join(str(len(choices)) for choices in many)
        what = f"the page has {count} variants ({product_of} choices), more than {MAX_VARIANTS}; all are computed"
        raise BadRows(what, "leave an input out, or offer fewer values: where=..., options, preset_ranges")


def combinations(choices: Iterable[tuple[Input, Sequence[Choice], int]]) -> Iterator[dict[str, Chosen]]:
    """Every combination, the last input changing fastest."""
    every = [[Chosen(input_, choice) for choice in many] for input_, many, _ in choices]
    for chosen in product(*every):
        yield {choice.input.id: choice for choice in chosen}


def first_of(choices: Iterable[tuple[Input, Sequence[Choice], int]]) -> int:
    """The number of the combination that is shown first."""
    number = 0
    for _, many, first in choices:
        number = number * len(many) + first
    return number


def as_checked(
    reports: Reports, environment: Sandbox, page: Page
) -> tuple[Page, dict[str, Query], tuple[str, ...], list[PageFault]]:
    """A page and the shared queries with any choice made, what SQL may bind of it, and what is wrong with inputs."""
    inputs, faults = page_inputs(reports, environment, page)
    if not inputs:
        return page, dict(reports.queries), (), faults
    any_days = Choice("last 7 days", "", (FIRST, LAST_DAY))
    chosen = {
        name: Chosen(input_, any_days if input_.is_range else next(iter(input_.options), Choice("", "")))
        for name, input_ in inputs.items()
    }

    def made(queries: Mapping[str, Query]) -> Iterator[tuple[str, Query]]:
        for name, query in queries.items():
            try:
                yield name, prepared(query, chosen)
            except PageFault as fault:
                faults.append(fault)

    file = replace(page.file, queries=dict(made(page.file.queries)))
    shared = dict(made(reports.queries))
    return (
        replace(page, file=file),
        shared,
        tuple(name for choice in chosen.values() for name in choice.values()),
        faults,
    )
