"""Builds the whole site into one directory from the snapshot and the reports folder.

Equal inputs give equal bytes: "now" is report_context, names of files are hashes of their content, rows are ordered by
the queries. Nothing is published here; a mistake anywhere raises PagesError with all of them.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.isolated import isolated_html
from okr_reports.common.plain_values import function, plain
from okr_reports.common.progress import advance
from okr_reports.errors import PagesError, PublishError
from okr_reports.report_site.assets import Assets, load_assets
from okr_reports.report_site.database import Limits, Reader, Row
from okr_reports.report_site.downloads import Downloads
from okr_reports.report_site.faults import BadValue, PageFault
from okr_reports.report_site.formats import Formatter
from okr_reports.report_site.functions import Functions
from okr_reports.report_site.languages import Language
from okr_reports.report_site.links import broken_links
from okr_reports.report_site.page_cache import PageCache, Rendered, note_checked, was_checked
from okr_reports.report_site.public_data import public_files
from okr_reports.report_site.queries import Statement
from okr_reports.report_site.render import Renderer
from okr_reports.report_site.reports import Page, Reports, read_reports
from okr_reports.report_site.routes import Entry, SiteMap, segment
from okr_reports.report_site.source_files import Query

LAYOUT = "layout"
HEADING = re.compile(r'<h2 id="([^"]+)"[^>]*>(.*?)</h2>', re.DOTALL)
SHOWN_FAULTS = 100


@dataclass(frozen=True)
class BuildResult:
    """What one build made: pages, files and bytes of `out_dir`, and how long it took."""

    out_dir: Path
    pages: int
    files: int
    bytes: int
    seconds: float
    untranslated: tuple[str, ...]


@dataclass(frozen=True)
class Instance:
    """One page of the site: a page file with the parameters of one row, at one route."""

    page: Page
    route: str
    params: Mapping[str, Any]
    title: str
    fault: PageFault | None = None


@dataclass
class Site:
    """Everything a build needs to render one page after the other."""

    reports: Reports
    reader: Reader
    context: Row
    formatter: Formatter
    language: Language
    renderer: Renderer
    assets: Assets
    cache: PageCache | None = None
    as_of: date | None = None
    faults: list[PageFault] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    map: SiteMap = field(default_factory=lambda: SiteMap({}, ()))

    @cached_property
    def shown_map(self) -> Any:
        """The map as templates see it, made once: each page shows the whole menu."""
        return plain(self.map)


def build_site(
    snapshot: Path,
    reports_dir: Path,
    out_dir: Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
    limits: Limits | None = None,
    cache_dir: Path | None = None,
    as_of: date | None = None,
) -> BuildResult:
    """Build the site of `snapshot` and `reports_dir` into `out_dir`, which is replaced.

    With `as_of` every page says that it is the report of that day. With `cache_dir`, pages that nothing has changed for
    are taken from there: the same bytes, sooner.

    Raises PagesError for mistakes in the pages, PublishError when the snapshot cannot be read or a link is broken.
    """
    started = time.monotonic()
    if not snapshot.is_file():
        raise PublishError(f"{snapshot}: there is no snapshot to build the site from; run okr refresh first")
    with Reader(snapshot, limits) as reader:
        site = open_site(reports_dir, reader, cache_dir)
        site.as_of = as_of
        raise_faults(site.faults)
        if cache_dir is not None:
            columns = [name for name in reader.tables()["report_context"] if name not in MOMENTS]
            shared = [repr(site.context[name]) for name in columns]
            site.cache = PageCache(cache_dir, reports_dir, reader, [*shared, repr(site.map)])
        files = render_all(site, progress)
    missing = broken_links(files)
    if missing:
        raise PublishError(f"the site has {len(missing)} broken links, the first: {missing[0]}; mend the page")
    write_files(files, out_dir)
    size = sum(len(content) for content in files.values())
    return BuildResult(
        out_dir, len(site.instances), len(files), size, time.monotonic() - started, tuple(sorted(site.language.missing))
    )


def open_site(reports_dir: Path, reader: Reader, cache_dir: Path | None = None) -> Site:
    """Read the pages, check them (unless they are those checked last), and find out which pages there will be.

    Mistakes are in `faults`; a page with one in its own file has it in its instances too.
    """
    reports = read_reports(reports_dir)
    context = read_context(reader)
    formatter = Formatter(context["locale"], context["currency"], context["timezone"])
    language = Language(context["locale"], [reports_dir / "translations"])
    filters: dict[str, Callable[..., Any]] = {
        "fmt": formatter.format,
        "abs_or_zero": _abs_or_zero,
        "groupby_in_order": _in_order,
    }
    renderer = Renderer(reports, reader, filters)
    faults = list(reports.faults)
    if not was_checked(cache_dir, reports_dir, reader):
        faults += renderer.check_templates()
        if not faults:
            note_checked(cache_dir, reports_dir, reader)
    assets = load_assets(reports_dir / "theme", reports.theme)
    site = Site(reports, reader, context, formatter, language, renderer, assets, faults=faults)
    site.instances = _instances(site)
    site.map = SiteMap({one.route: one.title for one in site.instances}, _menu(site.instances))
    return site


def _in_order(rows: Iterable[Any], column: str) -> list[list[Any]]:
    """Rows with equal values together, in the order in which the values first come."""
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return list(groups.values())


def _abs_or_zero(value: Any) -> float:
    return abs(float(value or 0))


def read_context(reader: Reader) -> Row:
    """The row that says what "now" is. Raises PublishError when there is none."""
    query = Query("report_context", "select * from report_context", Path("marts.report_context"), 1)
    rows = reader.run(Statement(query, query.sql, (), 0), {}).rows
    if len(rows) != 1:
        raise PublishError(f"marts.report_context has {len(rows)} rows, not one; run okr refresh")
    return rows[0]


def raise_faults(faults: Iterable[PageFault]) -> None:
    findings = list(dict.fromkeys(fault.finding for fault in faults))
    if findings:
        raise PagesError(findings[:SHOWN_FAULTS])


def render_all(site: Site, progress: Callable[[str], None]) -> dict[str, bytes]:
    """Every file of the site by its path. Raises PagesError with the mistakes of all pages."""
    files: dict[str, bytes] = dict(site.assets.files)
    faults: list[PageFault] = []
    for number, instance in enumerate(site.instances, start=1):
        try:
            files.update(render_page(site, instance))
        except PageFault as fault:
            faults.append(fault)
        advance("pages", number, len(site.instances))
        if number % 100 == 0:
            progress(f"{number} of {len(site.instances)} pages")
    raise_faults(faults)
    files.update(public_files(site.reader))
    files["assets/search.js"] = _search_index(site)
    return files


def render_page(site: Site, instance: Instance) -> dict[str, bytes]:
    """The HTML of one page and the files it offers. Raises PageFault."""
    if instance.fault is not None:
        raise instance.fault
    # A workbook says the day it was made: with the moment, none would ever be the same as before.
    downloads = Downloads(datetime.combine(site.context["today"], clock()))
    functions = Functions(
        instance.route,
        site.map,
        site.context,
        site.formatter,
        site.language,
        downloads,
        site.assets,
        site.reports.components,
        site.reader,
    ).all()
    rendered = site.cache.get(instance.route, instance.page.file.text, instance.params) if site.cache else None
    if rendered is None:
        site.reader.asked.clear()
        content = site.renderer.render(instance.page, instance.params, functions)
        rendered = Rendered(content, downloads.files, downloads.book(instance.title))
        if site.cache:
            site.cache.put(instance.route, instance.page.file.text, instance.params, rendered, site.reader.asked)
    frame = {
        "title": instance.title,
        "site": site.shown_map,
        **_with_contents(instance.page, rendered.content),
        "page": dict(instance.page.file.front),
        "css": site.assets.css,
        "js": site.assets.js,
        "workbook": rendered.workbook,
        "marks": site.assets.marks,
        "logo": site.assets.logo,
        "logo_text": site.assets.logo_text,
        "as_of": site.as_of,
    }
    html = isolated_html(site.renderer.frame(LAYOUT, frame, functions))
    path = f"{instance.route}/index.html" if instance.route else "index.html"
    return {path: html.encode(), **rendered.files}


def _with_contents(page: Page, content: str) -> dict[str, Any]:
    """A page's content, in two pieces where it asks for a table of contents: up to its title, and the rest."""
    headings = HEADING.findall(content) if page.file.front.get("table_of_contents") else []
    title, end, rest = content.partition("</h1>") if headings else ("", "", content)
    return {
        "content": Markup(rest),
        "before_contents": Markup(title + end),
        "contents": [(anchor, Markup(text).striptags()) for anchor, text in headings],
    }


def _instances(site: Site) -> list[Instance]:
    called: dict[str, Callable[..., Any]] = {"t": site.language.text, "tn": site.language.plural}
    functions = {name: function(one) for name, one in called.items()} | {"context": site.context}
    broken = {fault.finding.path: fault for fault in reversed(site.faults)}
    found: list[Instance] = []
    for page in site.reports.pages:
        try:
            found += [_instance(site, page, params, functions, broken) for params in _params_of(site, page)]
        except PageFault as fault:
            site.faults.append(fault)
    return found


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
    for one in instances:
        folder = one.route.rpartition("/")[0]
        if folder and one.page.file.front.get("sidebar", True):
            children.setdefault(folder, []).append(Entry(one.title, one.route, 0))
    top = [
        Entry(
            one.title,
            one.route,
            int(one.page.file.front.get("sidebar_position", 1000)),
            tuple(children.get(one.route, ())),
        )
        for one in instances
        if "/" not in one.route and one.page.file.front.get("sidebar", True)
    ]
    return sorted(top, key=lambda entry: (entry.position, entry.title))


def _search_index(site: Site) -> bytes:
    """Titles and addresses as a script: a page opened from disk may load scripts, but not read other files."""
    pages = [[one.title, one.route] for one in site.instances]
    text = json.dumps(pages, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.okrPages={isolated_html(text)};\n".encode()


def write_files(files: Mapping[str, bytes], out_dir: Path) -> None:
    """Write every file below `out_dir`, after emptying it. Raises PublishError for a path that would leave it."""
    if out_dir.exists():
        shutil.rmtree(out_dir)
    root = out_dir.resolve()
    folders: set[Path] = set()
    for path in sorted(files):
        target = (root / path).resolve()
        if not target.is_relative_to(root):
            raise PublishError(f"{path}: the file would lie outside of the site; rename the page")
        if target.parent not in folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            folders.add(target.parent)
        target.write_bytes(files[path])
