"""What a renderer does: opens the snapshot behind its walls, renders page after page, and sends what it made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from okr_reports.errors import PublishError
from okr_reports.report_site.faults import BadValue, PageFault
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.output.page_cache import (
    Kept,
    PageCache,
    checked_now,
    engine,
    kept_templates,
    last_good,
    was_checked,
)
from okr_reports.report_site.output.public_data import public_files
from okr_reports.report_site.output.site import (
    Instance,
    Site,
    moment_of,
    open_site,
    render_notice,
    render_page,
    search_index,
)
from okr_reports.report_site.pages.check_sql import check_sql
from okr_reports.report_site.pages.compiled import compiled
from okr_reports.report_site.pages.file_check import warnings_of
from okr_reports.report_site.pages.preview import PreviewRenderer
from okr_reports.report_site.pages.render import Renderer
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.other_values import OtherValues
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.renderer.walls import limit_processor, raise_walls
from okr_reports.report_site.source_files import Query

# what is imported at first use elsewhere; a fork of the server has it already
LAZY = (
    "sqlglot", "sqlglot.dialects.duckdb", "xlsxwriter", "babel.messages.mofile", "babel.messages.pofile", "difflib",
)  # fmt: skip
SPARE_SECONDS = 5.0


def import_all() -> None:
    """Import what rendering may need, while nothing is open yet."""
    for name in LAZY:
        import_module(name)


class Say(Protocol):
    """Sends a message with what it carries."""

    def __call__(self, message: dict[str, Any], *blobs: bytes) -> None: ...


class Worn(Exception):
    """This process hit its limit of memory and is of no use for another page."""

    def __init__(self, fault: PageFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def run(job: Mapping[str, Any], say: Say) -> None:
    """Do one job (see client.Job)."""
    os.chdir(job["here"])
    limits = Limits(**job["limits"])
    places = [Path(job[name]) for name in ("snapshot", "reports_dir", "cache_dir") if job[name]]
    say({"kind": "up", "walls": raise_walls(places, limits.process_mb, job["without"])})
    if job["purpose"] == "walls":
        return say({"kind": "end"})
    if job["purpose"] == "compile":
        say({"kind": "opened"})
        limit_processor(limits.page_seconds + SPARE_SECONDS)
        kept = kept_templates(Path(job["cache_dir"]))
        say({"kind": "answer"}, compiled(Path(job["reports_dir"]), kept, engine()))
        return say({"kind": "end"})

    def heard(query: Query | None) -> None:
        at = {} if query is None else {"name": query.name, "path": str(query.path), "line": query.line}
        say({"kind": "query" if at else "ran", **at})

    try:
        with Reader(Path(job["snapshot"]), limits, heard, blank=job["blank"]) as reader:
            say({"kind": "opened"})
            limit_processor(limits.page_seconds + SPARE_SECONDS)
            if job["purpose"] == "query":
                return _one_query(job["sql"], say, reader)
            _Work(job, say, reader).all()
    except (PublishError, BadValue) as error:
        say({"kind": "failed", "message": str(error)})
    except Worn as end:
        say({"kind": "worn", "fault": written(end.fault)})


def _one_query(sql: str, say: Say, reader: Reader) -> None:
    query = Query("sql", sql, Path("sql"), 1)
    try:
        found = reader.run(Statement(query, sql, (), 0), {})
    except PageFault as fault:
        say({"kind": "fault", "fault": written(fault)})
    else:
        rows = {"columns": found.columns, "rows": [list(row) for row in found.rows], "truncated": found.truncated}
        say({"kind": "answer"}, json.dumps(rows, default=str).encode())
    say({"kind": "end"})


@dataclass
class _Work:
    job: Mapping[str, Any]
    say: Say
    reader: Reader

    @property
    def cache_dir(self) -> Path | None:
        return Path(self.job["cache_dir"]) if self.job["cache_dir"] else None

    def all(self) -> None:
        job, reports_dir, cache_dir = self.job, Path(self.job["reports_dir"]), self.cache_dir
        known = {key: fault_of(written) for key, written in job["broken"].items()}
        site = open_site(
            reports_dir, self.reader, cache_dir, known,
            lambda page: self.say({"kind": "page", "route": None, "path": str(page.file.path)}),
            PreviewRenderer if job["purpose"] == "preview" else Renderer,
        )  # fmt: skip
        site.as_of = date.fromisoformat(job["as_of"]) if job["as_of"] else None
        site.clock_is_set = job["clock_is_set"]
        site.renderer.compiled = lambda name, lines: self.say({"kind": "lines", "path": name, "lines": lines})
        if cache_dir is not None:
            site.cache = PageCache(cache_dir, reports_dir, self.reader, site.context, site.map)
            if not site.faults and not was_checked(cache_dir, reports_dir, self.reader):
                self.say({"kind": "checked", "text": checked_now(reports_dir, self.reader)})
        if job["purpose"] == "check":
            site.faults += check_sql(site.reports, self.reader)
            for warning in warnings_of(site.reports):
                self.say({"kind": "warning", "fault": written(warning)})
        for fault in site.faults:
            self._fault(fault)
        done = set(job["done"])
        to_come = [instance for instance in site.instances if instance.route not in done]
        new, before = to_come, {}
        if site.cache is not None:
            for path in site.cache.ask_in_sets(instance.identity for instance in to_come):
                self.say({"kind": "page", "route": None, "path": path})
                limit_processor(self.reader.limits.page_seconds + SPARE_SECONDS)
            new = [instance for instance in to_come if not site.cache.has(instance.identity)]
            before = site.cache.asked_before(instance.identity for instance in new)
        if not self.reader.blank:
            pages = ((str(instance.page.file.path), instance.params) for instance in new)
            self.reader.others = OtherValues(pages, before)
        for instance in to_come:
            self._page(site, replace(instance, fault=known.get(f"/{instance.route}", instance.fault)), reports_dir)
        if site.cache is not None and (reads := site.cache.reads()) is not None:
            self.say({"kind": "reads"}, reads)
        if job["purpose"] != "check":
            shared = {**site.assets.files, **public_files(self.reader), **moment_of(site)}
            self._files("", {**shared, "assets/search.js": search_index(site)})
        missing = sorted(site.language.missing)
        self.say({"kind": "end", "pages": len(site.instances), "untranslated": missing})

    def _page(self, site: Site, instance: Instance, root: Path) -> None:
        self.say({"kind": "page", "route": instance.route, "path": str(instance.page.file.path)})
        limit_processor(self.reader.limits.page_seconds + SPARE_SECONDS)
        try:
            files, rendered = render_page(site, instance, framed=self.job["purpose"] != "check")
            self._measure(instance, files)
        except PageFault as fault:
            if fault.cause == "memory" and fault is not instance.fault:
                raise Worn(fault) from None
            self._fault(fault)
            if instance.kept is None:
                instance = replace(instance, kept=next(last_good(self.cache_dir, route=instance.route), None))
            files, rendered = {}, None
            if self.job["purpose"] != "check":
                files = render_notice(site, instance, fault, root)
            self._files(instance.route, files, broken=None if instance.kept is None else instance.kept.day)
            return
        entry = None
        shown = site.renderer.shown if isinstance(site.renderer, PreviewRenderer) and rendered is not None else ()
        for shown_fault in shown:
            self._fault(shown_fault)
        if rendered is not None and site.cache is not None and not shown:
            day = site.context["today"].isoformat()
            kept = Kept(instance.route, instance.title, str(instance.page.file.path), day, rendered)
            entry = site.cache.entry(kept, instance.identity, self.reader.questions)
        if site.cache is not None and (rendered is None or entry is not None):
            site.cache.settle(instance.route)
        self._files(instance.route, files, entry)

    def _measure(self, instance: Instance, files: Mapping[str, bytes]) -> None:
        size, most = sum(map(len, files.values())) / 1e6, self.reader.limits.page_mb
        if size > most:
            what = f"the page and its files have {size:,.0f} MB, more than {most}"
            raise PageFault(instance.page.file.path, 1, what, "show fewer rows, or sums of them", "size")

    def _files(self, route: str, files: Mapping[str, bytes], entry: bytes | None = None, **more: Any) -> None:
        message = {"kind": "files", "route": route, "paths": list(files), "entry": entry is not None, **more}
        self.say(message, *files.values(), *([entry] if entry is not None else []))

    def _fault(self, fault: PageFault) -> None:
        if self.reader.blank and fault.cause == "data":
            return  # other rows would say something else
        self.say({"kind": "fault", "fault": written(fault)})


def written(fault: PageFault) -> list[Any]:
    """A fault as JSON."""
    finding = fault.finding
    return [finding.path, finding.line, finding.what, finding.todo, fault.cause]


def fault_of(written: list[Any]) -> PageFault:
    """And back."""
    path, line, what, todo, cause = written
    return PageFault(str(path), int(line), str(what), str(todo), cause)
