"""The mistakes of page files as they are written, before a page is rendered.

Files, front matter, tags with their attributes, query chains, names of queries that tags use are looked at as written;
queries are chained by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from okr_reports.errors import shown_path
from okr_reports.report_site.dialect.components import SHIPPED
from okr_reports.report_site.dialect.foreign import html_elements
from okr_reports.report_site.dialect.tags import Sandbox
from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.pages.input_choices import as_checked
from okr_reports.report_site.pages.reports import PAGE_KEYS, REFUSED, Page, Reports
from okr_reports.report_site.pages.tag_check import check_tags, without_effect
from okr_reports.report_site.queries.queries import compile_query, references
from okr_reports.report_site.source_files import Query, SourceFile

# the public tables of schema marts, which tags may name like queries
MARTS = (
    "dim_account",
    "dim_campaign",
    "dim_channel",
    "dim_date",
    "dim_key_result_type",
    "dim_kpi",
    "dim_measure",
    "dim_period",
    "dim_person",
    "dim_team",
    "fct_ad_daily",
    "fct_check_in",
    "fct_key_result_daily",
    "fct_key_result_forecast",
    "fct_key_result_reported",
    "fct_kpi_daily",
    "fct_measure_daily",
    "fct_note",
    "fct_objective_daily",
    "health_gate",
    "initiatives",
    "key_result_drivers",
    "key_result_kpis",
    "key_result_milestones",
    "key_result_pace",
    "key_result_people",
    "key_result_sources",
    "key_result_versions",
    "key_result_weeks",
    "key_results",
    "kpi_events",
    "objectives",
    "report_context",
    "source_health",
    "source_measures",
)


def check_reports(reports: Reports, tables: tuple[str, ...] = MARTS) -> list[PageFault]:
    """The mistakes of files that could be read."""
    bodies = {component.name: component.has_body for component in reports.components.values()}
    environment = Sandbox(bodies, lambda *_: "")
    faults = check_tags(reports, environment, tables)
    for page in (*reports.pages, *reports.unread):
        faults.extend(_check_page(reports, environment, page))
    for component in reports.components.values():
        names = {"attributes": tuple(component.attributes)}
        faults.extend(_check_queries(component.file, reports.shared(component.file), names))
    return faults


def warnings_of(reports: Reports) -> Iterator[PageFault]:
    """What of the workspace's files is likely meant otherwise and does no harm to a page."""
    yield from _unknown_keys(reports)
    bodies = {component.name: component.has_body for component in reports.components.values()}
    yield from without_effect(reports, Sandbox(bodies, lambda *_: ""))
    shipped = shown_path(SHIPPED)
    for file, _ in reports.files():
        if not file.path.is_relative_to(shipped):
            yield from html_elements(file)


def _unknown_keys(reports: Reports) -> Iterator[PageFault]:
    """Keys of front matters that are no variables of their page either: no tag, text or query names them."""
    shared = [
        *(file.body for file in reports.partials.values()), *(query.sql for query in reports.queries.values())
    ]  # fmt: skip
    for page in (*reports.pages, *reports.unread):
        texts = [*shared, page.file.body, *(query.sql for query in page.file.queries.values())]
        for key in page.variables.keys() - PAGE_KEYS.keys() - REFUSED.keys():
            named = re.compile(rf"(?:\$|\bpage\.|\bpage\[['\"]){re.escape(str(key))}\b")
            if not any(named.search(text) for text in texts):
                todo = f"{choose(str(key), PAGE_KEYS, 'keys')}; a variable of the page is written ${key}"
                yield page.file.fault(key, f"{key} is no key of a page, and nothing in the page uses it", todo)


def _check_page(reports: Reports, environment: Sandbox, page: Page) -> list[PageFault]:
    page, shared, bound, faults = as_checked(reports, environment, page)
    queries = {**shared, **page.file.queries}
    if page.one_page_per is not None and page.one_page_per not in queries:
        todo = choose(page.one_page_per, queries, "queries")
        what = f"one_page_per names {page.one_page_per!r}, which is no query"
        return [page.file.fault("one_page_per", what, todo)]
    # which columns one_page_per has is known only with data: any parameter passes here when there are parameters
    names = {"params": _named(page.file.queries, queries)} if page.parameter else {}
    names |= {"page": tuple(page.variables), **({"inputs": bound} if bound else {})}
    return [*faults, *_check_queries(page.file, shared, names)]


def _named(of: Mapping[str, Query], queries: Mapping[str, Query]) -> tuple[str, ...]:
    found: set[str] = set()
    for query in {**queries, **of}.values():
        try:
            found |= {
                reference.name.partition(".")[2]
                for reference in references(query)
                if reference.name.startswith("params.")
            }
        except PageFault:
            continue
    return tuple(sorted(found))


def _check_queries(
    file: SourceFile, shared: Mapping[str, Query], names: Mapping[str, tuple[str, ...]]
) -> list[PageFault]:
    faults = []
    for query in file.queries.values():
        try:
            compile_query(query, {**shared, **file.queries}, names)
        except PageFault as fault:
            faults.append(fault)
    return faults
