"""A site as it is being made: its pages with their parameters, and what one of them becomes.

Runs in the renderer (renderer/), which sends what is made here to `build`. Equal inputs give equal bytes: "now" is
report_context, names of files are hashes of their content, rows are ordered by the queries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from datetime import time as clock
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from okr_reports.common.folder_names import segment
from okr_reports.common.isolated import isolated_html
from okr_reports.common.plain_values import function, plain
from okr_reports.errors import PublishError
from okr_reports.report_site.faults import BadValue, PageFault
from okr_reports.report_site.formats import moment
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.output.page_cache import (
    Identity,
    Kept,
    PageCache,
    Rendered,
    engine,
    kept_templates,
    last_good,
    was_checked,
)
from okr_reports.report_site.pages.compiled import code_of
from okr_reports.report_site.pages.render import Renderer
from okr_reports.report_site.pages.reports import Page, Reports, read_reports
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.queries.rows import ReadRow, columns_of, read_of
from okr_reports.report_site.source_files import Query
from okr_reports.report_site.views.assets import Assets, load_assets
from okr_reports.report_site.views.downloads import Downloads
from okr_reports.report_site.views.functions import Functions
from okr_reports.report_site.views.routes import Entry, SiteMap

LAYOUT = "layout"
NOTICE = "broken_page"
# what stands beside the variant that is shown
OTHERS = re.compile(r"<template.*?</template>", re.DOTALL)
HEADING = re.compile(r'<h2 id="([^"]+)"[^>]*>(.*?)</h2>', re.DOTALL)


# A page of one's own may be without it.
FORM = "check_in_form"


@dataclass(frozen=True)
class Instance:
    """One page of the site: a page file with the parameters of one row, at one route.

    With a `fault` it cannot be made; `kept` is what it was when it last could.
    """

    page: Page
    route: str
    params: Mapping[str, Any]
    title: str
    fault: PageFault | None = None
    kept: Kept | None = None

    @property
    def identity(self) -> Identity:
        """What it is kept by."""
        return Identity(self.route, self.title, str(self.page.file.path), self.page.file.text, self.params)


@dataclass
class Site:
    """Everything a build needs to render one page after the other."""

    reports: Reports
    reader: Reader
    context: ReadRow
    formatter: Formatter
    language: Language
    renderer: Renderer
    assets: Assets
    cache: PageCache | None = None
    as_of: date | None = None
    clock_is_set: bool = False
    faults: list[PageFault] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    map: SiteMap = field(default_factory=lambda: SiteMap({}, ()))

    @cached_property
    def shown_map(self) -> Any:
        """The map as templates see it, made once: each page shows the whole menu."""
        return plain(self.map)


def open_site(
    reports_dir: Path,
    reader: Reader,
    cache_dir: Path | None = None,
    known: Mapping[str, PageFault] | None = None,
    beginning: Callable[[Page], None] = lambda _: None,
    renderer_class: type[Renderer] = Renderer,
) -> Site:
    """Read the pages, check them (unless they are those checked last), and find out which pages there will be.

    Mistakes are in `faults`; a page with one in its own file has it in its instances too. `known` are pages that are
    not tried again, by the path of their file or their route. `beginning` is called with each page file whose
    parameters and titles are asked for. A `renderer_class` that shows mistakes in the pages is not kept from trying.
    """
    reports = read_reports(reports_dir)
    reader.share(reports.queries)
    context = read_context(reader)
    formatter = Formatter(context["locale"], context["currency"], context["timezone"])
    language = Language(context["locale"], [reports_dir / "translations"])
    filters: dict[str, Callable[..., Any]] = {
        "fmt": formatter.format,
        "abs_or_zero": _abs_or_zero,
        "groupby_in_order": _in_order,
    }
    renderer = renderer_class(reports, reader, filters, code_of(kept_templates(cache_dir), reports, engine()))
    faults = [*reports.faults, *(known or {}).values(), *language.faults]
    if not was_checked(cache_dir, reports_dir, reader):
        faults += renderer.check_templates()
    assets = load_assets(reports_dir / "theme", reports.theme)
    site = Site(reports, reader, context, formatter, language, renderer, assets, faults=faults)
    site.instances = _instances(site, known or {}, cache_dir, beginning)
    if renderer_class is not Renderer:
        own = {str(page.file.path) for page in reports.unread} | set(known or {})
        site.instances = [
            instance if instance.fault is None or str(instance.page.file.path) in own else replace(instance, fault=None)
            for instance in site.instances
        ]
    forms = tuple(instance.route for instance in site.instances if FORM in instance.page.file.text)
    site.map = SiteMap({instance.route: instance.title for instance in site.instances}, _menu(site.instances), forms)
    return site


def _in_order(rows: Iterable[Any], column: str) -> list[list[Any]]:
    """Rows with equal values together, in the order in which the values first come."""
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return list(groups.values())


def _abs_or_zero(value: Any) -> float:
    return abs(float(value or 0))


def read_context(reader: Reader) -> ReadRow:
    """The row that says what "now" is. Raises PublishError when there is none."""
    query = Query("report_context", "select * from report_context", Path("marts.report_context"), 1)
    rows = reader.run(Statement(query, query.sql, (), 0), {}).rows
    if len(rows) != 1:
        raise PublishError(f"marts.report_context has {len(rows)} rows, not one; run okr refresh")
    return ReadRow(rows[0])


def render_page(site: Site, instance: Instance, *, framed: bool = True) -> tuple[dict[str, bytes], Rendered | None]:
    """The HTML of one page with the files it offers, and what is worth keeping of it: None if it was kept already.

    Raises PageFault.
    """
    if instance.fault is not None:
        raise instance.fault
    # A workbook says the day it was made: with the moment, none would ever be the same as before.
    downloads = Downloads(lambda: datetime.combine(site.context["today"], clock()))
    functions = _functions(site, instance.route, downloads)
    kept = site.cache.get(instance.identity) if site.cache else None
    rendered = kept
    if rendered is None:
        site.reader.questions.clear()
        read_of(site.context).clear()
        content = site.renderer.render(instance.page, instance.params, functions)
        rendered = Rendered(content, downloads.files, downloads.book(instance.title, instance.route))
    files = dict(rendered.files)
    if framed:
        files[_path(instance.route)] = _framed(site, instance, rendered, functions, instance.page.file.front)
    return files, None if kept else rendered


def render_notice(site: Site, instance: Instance, fault: PageFault, root: Path) -> dict[str, bytes]:
    """The same for a page that cannot be made: a notice, above what it last was. Nothing of the data is quoted."""
    functions = _functions(site, instance.route, Downloads(lambda: datetime.combine(site.context["today"], clock())))
    kept = instance.kept
    values = {
        "place": _place(fault, root),
        "cause": fault.cause,
        "title": instance.title,
        "as_of": None if kept is None else date.fromisoformat(kept.day),
        "content": None if kept is None else Markup(kept.rendered.content),
    }
    content = site.renderer.frame(NOTICE, values, functions)
    rendered = Rendered(content, {} if kept is None else kept.rendered.files, None)
    return {_path(instance.route): _framed(site, instance, rendered, functions, {}), **rendered.files}


def _place(fault: PageFault, root: Path) -> str:
    """`pages/index.md:12`: from the reports folder, which says nothing of the machine."""
    path, shown = Path(fault.finding.path), Path(fault.finding.path).name
    for start in (root, root.resolve()):
        if path.is_absolute() == start.is_absolute() and path.is_relative_to(start):
            shown = path.relative_to(start).as_posix()
    return f"{shown}:{fault.finding.line}"


def _path(route: str) -> str:
    return f"{route}/index.html" if route else "index.html"


def _functions(site: Site, route: str, downloads: Downloads) -> dict[str, Any]:
    return Functions(
        route, site.map, site.context, site.formatter, site.language, downloads, site.assets, site.reports.components,
        site.reader,
    ).all()  # fmt: skip


def _framed(
    site: Site, instance: Instance, rendered: Rendered, functions: Mapping[str, Any], front: Mapping[str, Any]
) -> bytes:
    frame = {
        "title": instance.title,
        "site": site.shown_map,
        **_with_contents(front, rendered.content),
        "page": dict(front),
        "css": site.assets.css,
        "js": site.assets.js,
        "moment": moment.PATH,
        "workbook": rendered.workbook,
        "marks": site.assets.marks,
        "logo": site.assets.logo,
        "logo_text": site.assets.logo_text,
        "as_of": site.as_of,
    }
    return isolated_html(site.renderer.frame(LAYOUT, frame, functions)).encode()


def _with_contents(front: Mapping[str, Any], content: str) -> dict[str, Any]:
    """A page's content, in two pieces where it asks for a table of contents: up to its title, and the rest."""
    headings = HEADING.findall(OTHERS.sub("", content)) if front.get("table_of_contents") else []
    title, end, rest = content.partition("</h1>") if headings else ("", "", content)
    if '<div class="variant' in title:
        title, end, rest = "", "", content
    return {
        "content": Markup(rest),
        "before_contents": Markup(title + end),
        "contents": [(anchor, Markup(text).striptags()) for anchor, text in headings],
    }


def _instances(
    site: Site, known: Mapping[str, PageFault], cache_dir: Path | None, beginning: Callable[[Page], None]
) -> list[Instance]:
    called: dict[str, Callable[..., Any]] = {"t": site.language.text, "tn": site.language.plural}
    functions = {name: function(handler) for name, handler in called.items()} | {"context": site.context}
    broken = {fault.finding.path: fault for fault in reversed(site.faults)} | dict(known)
    found: list[Instance] = []
    for page in site.reports.pages:
        path = str(page.file.path)
        beginning(page)
        try:
            if path in known and page.parameter is not None:
                raise known[path]
            if path in known:
                found.append(Instance(page, page.route, {}, page.route.rpartition("/")[2], known[path]))
                continue
            found += [_instance(site, page, params, functions, broken) for params in _params_of(site, page)]
        except PageFault as fault:
            site.faults.append(fault)
            found += _as_last_time(cache_dir, page, fault)
    for page in site.reports.unread:
        why = broken[str(page.file.path)]
        alone = [Instance(page, page.route, {}, page.route.rpartition("/")[2] or "index", why)]
        found += _as_last_time(cache_dir, page, why) or ([] if page.parameter else alone)
    return [
        instance if instance.fault is None or instance.kept else _with_kept(instance, cache_dir) for instance in found
    ]


def _with_kept(instance: Instance, cache_dir: Path | None) -> Instance:
    return replace(instance, kept=next(last_good(cache_dir, route=instance.route), None))


def _as_last_time(cache_dir: Path | None, page: Page, fault: PageFault) -> list[Instance]:
    """The pages that a file became when its query last ran."""
    kept = sorted(last_good(cache_dir, page=str(page.file.path)), key=lambda page_of: page_of.route)
    return [Instance(page, page_of.route, {}, page_of.title, fault, page_of) for page_of in kept]


def _params_of(site: Site, page: Page) -> list[dict[str, Any]]:
    """The parameters of each page that a file becomes. Raises PageFault."""
    if page.one_page_per is None:
        return [{}]
    try:
        rows = site.renderer.rows(page, page.one_page_per)
        assert page.parameter is not None
        rows.need(page.parameter)
    except BadValue as error:
        raise page.file.fault("one_page_per", error.what, error.todo) from None
    return [dict(zip(rows.columns, row, strict=True)) for row in rows]


def _instance(
    site: Site, page: Page, params: dict[str, Any], functions: Mapping[str, Any], broken: Mapping[str, PageFault]
) -> Instance:
    route, written = page.route, str(page.file.front["title"])
    if page.parameter is not None:
        route = route.replace(f"[{page.parameter}]", segment(params[page.parameter]))
    else:
        written = site.language.text(written)
    try:
        title = site.renderer.line(page, written, params, functions)
    except PageFault as fault:
        site.faults.append(fault)
        return Instance(page, route, params, route.rpartition("/")[2], fault)
    return Instance(page, route, params, title, broken.get(str(page.file.path)))


def _menu(instances: list[Instance]) -> list[Entry]:
    """Pages without a parameter, by sidebar_position; the pages of a folder hang below its index page."""
    children: dict[str, list[Entry]] = {}
    for instance in instances:
        folder = instance.route.rpartition("/")[0]
        if folder and instance.page.file.front.get("sidebar", True):
            children.setdefault(folder, []).append(Entry(instance.title, instance.route, 0))
    top = [
        Entry(
            instance.title,
            instance.route,
            int(instance.page.file.front.get("sidebar_position", 1000)),
            tuple(children.get(instance.route, ())),
        )
        for instance in instances
        if "/" not in instance.route and instance.page.file.front.get("sidebar", True)
    ]
    return sorted(top, key=lambda entry: (entry.position, entry.title))


def moment_of(site: Site) -> dict[str, bytes]:
    """The file that changes with every refresh."""
    return {moment.PATH: moment.moment_css(columns_of(site.context), site.formatter, site.language, site.clock_is_set)}


def search_index(site: Site) -> bytes:
    """Titles, addresses and what a page is `about`, as a script: a page opened from disk may load no other file."""
    pages = [
        [instance.title, instance.route, *([instance.params["about"]] if instance.params.get("about") else [])]
        for instance in site.instances
    ]
    text = json.dumps(pages, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.okrPages={isolated_html(text)};\n".encode()
