"""Checks the tags of all files as written: names, attributes, types, and the queries, partials and pages they name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from okr_reports.errors import shown_path
from okr_reports.report_site.dialect.components import SHIPPED
from okr_reports.report_site.dialect.foreign import foreign_markup
from okr_reports.report_site.dialect.tags import Sandbox, TagUse, explain_syntax
from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.pages.reports import Reports, partial_name
from okr_reports.report_site.queries.queries import query_name
from okr_reports.report_site.source_files import Query

# what the renderer adds to Jinja's own filters
FILTERS = ("fmt", "abs_or_zero", "groupby_in_order", "has_rows")


def check_tags(reports: Reports, environment: Sandbox, tables: Collection[str]) -> list[PageFault]:
    """The mistakes of every file of a reports folder. `tables` are the marts that tags may name."""
    faults: list[PageFault] = []
    shipped = shown_path(SHIPPED)
    for file, queries in reports.files():
        path = str(file.path)
        if not file.path.is_relative_to(shipped):
            faults.extend(foreign_markup(file, queries, environment.tag_bodies))
        try:
            tree = environment.parse(file.body, name=path, filename=path)
        except TemplateSyntaxError as error:
            faults.append(PageFault(path, error.lineno, *explain_syntax(error, environment.tag_bodies)))
            continue
        if not file.path.is_relative_to(shipped):
            faults.extend(_check_filters(path, tree, environment))
        for use in environment.uses:
            faults.extend(reports.components[use.name].check_use(path, use))
            faults.extend(_check_names(reports, path, use, queries, tables))
    return faults


def without_effect(reports: Reports, environment: Sandbox) -> Iterator[PageFault]:
    """Attributes of the workspace's own tags that are accepted and change nothing."""
    shipped = shown_path(SHIPPED)
    for file, _ in reports.files():
        if file.path.is_relative_to(shipped):
            continue
        try:
            environment.parse(file.body, name=str(file.path), filename=str(file.path))
        except TemplateSyntaxError:
            continue
        for use in environment.uses:
            for line, name, why in reports.components[use.name].without_effect(use):
                what = f"the attribute {name!r} of {use.name!r} changes nothing here"
                yield PageFault(file.path, line, what, f"{why}; leave it out")


def _check_filters(path: str, tree: nodes.Template, environment: Sandbox) -> list[PageFault]:
    """Filters and tests that do not exist; Jinja itself says so only when a page is rendered."""
    faults = []
    for found in tree.find_all((nodes.Filter, nodes.Test)):
        is_filter = isinstance(found, nodes.Filter)
        kind, known = ("filter", environment.filters) if is_filter else ("test", environment.tests)
        if found.name not in known and found.name not in FILTERS:
            todo = choose(found.name, [*known, *FILTERS], f"{kind}s")
            faults.append(PageFault(path, found.lineno, f"there is no {kind} {found.name!r}", todo))
    return faults


def _check_names(
    reports: Reports, path: str, use: TagUse, queries: Mapping[str, Query], tables: Collection[str]
) -> list[PageFault]:
    component = reports.components[use.name]
    faults = []
    for name, value in use.given.items():
        attribute = component.attributes.get(name)
        if attribute is None or not isinstance(value, str):
            continue
        line = use.lines[name]
        name_of = query_name(value)
        if attribute.type == "query" and name_of not in queries and name_of not in tables:
            todo = choose(value, [*queries, *tables], "queries")
            faults.append(PageFault(path, line, f"there is no query {value!r}", todo))
        if use.name == "partial" and name == "file" and partial_name(value) not in reports.partials:
            todo = choose(value, reports.partials, "partials")
            faults.append(PageFault(path, line, f"there is no partial {value!r}", todo))
    return faults
