"""Binds every query of the pages to the snapshot without running it, so that unknown columns are found at check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from okr_reports.report_site.dialect.tags import Sandbox
from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.pages.input_choices import as_checked
from okr_reports.report_site.pages.reports import Reports
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import Statement, compile_query
from okr_reports.report_site.queries.statements import check_statement, sql_fault
from okr_reports.report_site.source_files import Query, SourceFile


def check_sql(reports: Reports, reader: Reader) -> list[PageFault]:
    """What DuckDB says against the queries of pages and components, used or not."""
    faults: list[PageFault] = []
    bodies = {component.name: component.has_body for component in reports.components.values()}
    environment = Sandbox(bodies, lambda *_: "")
    for written in (*reports.pages, *reports.unread):
        page, shared, bound, _ = as_checked(reports, environment, written)
        names: dict[str, tuple[str, ...]] = {"page": tuple(page.variables), **({"inputs": bound} if bound else {})}
        if page.one_page_per in {*reports.queries, *page.file.queries}:
            try:
                names["params"] = tuple(_columns(reader, reports, page.file, page.one_page_per))
            except PageFault as fault:
                faults.append(fault)
                continue
        faults.extend(_check_file(reader, shared, page.file, names))
    for component in reports.components.values():
        file, names = component.file, {"attributes": tuple(component.attributes)}
        faults.extend(_check_file(reader, reports.shared(file), file, names))
    return faults


def _check_file(
    reader: Reader, shared: Mapping[str, Query], file: SourceFile, names: Mapping[str, tuple[str, ...]]
) -> list[PageFault]:
    faults = []
    for query in file.queries.values():
        try:
            _bind(reader, compile_query(query, {**shared, **file.queries}, names))
        except PageFault as fault:
            faults.append(fault)
    return faults


def _columns(reader: Reader, reports: Reports, file: SourceFile, name: str) -> list[str]:
    queries: Mapping[str, Query] = {**reports.queries, **file.queries}
    return _bind(reader, compile_query(queries[name], queries, {}))


def _bind(reader: Reader, statement: Statement) -> list[str]:
    check_statement(statement)
    try:
        return reader.columns_of(statement)
    except duckdb.Error as error:
        # one more line stands before the statement: DESCRIBE (
        raise sql_fault(replace(statement, offset=statement.offset + 1), error) from None
