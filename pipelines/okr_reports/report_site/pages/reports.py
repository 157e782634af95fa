"""Everything of a reports folder, read once: pages, partials, shared queries, components, theme.

reports/pages/**/*.md          one route a file; `[id].md` with `one_page_per: query` one route a row
reports/partials/*.md          text that pages include
reports/queries/*.sql          queries every page may use
reports/components/*.html      the workspace's own tags
reports/theme.yaml             colours, fonts and logo
reports/theme/                 theme.css, appended to the shipped one; images/
reports/translations/*.po      texts of the pages
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from okr_reports.errors import shown_path
from okr_reports.report_site.dialect.components import SHIPPED, Component, installed_folders, load_components
from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.queries.queries import references
from okr_reports.report_site.source_files import Query, SourceFile, read_query, read_source, read_whole
from okr_reports.report_site.views.theme import Theme, read_theme

PAGE_KEYS: Mapping[str, type] = {
    "title": str,
    "name": str,
    "assetId": str,
    "type": str,
    "description": str,
    "one_page_per": str,
    "sidebar": bool,
    "sidebar_position": int,
    "page_width": str,
    "table_of_contents": bool,
    "cards": bool,
}
KINDS = {str: "a text", bool: "true or false", int: "a whole number"}
WIDTHS = ("normal", "wide", "full")
# keys of Evidence that mean nothing here; any other key is a variable of the page
REFUSED = {
    "icon": "the menu shows titles alone; leave it out",
    "theme": "the whole site has one; describe it in reports/theme.yaml",
    "queries": "put shared queries into reports/queries/, where every page finds them; leave it out",
    "sidebar_link": "write `sidebar: false` to hide a page from the menu",
    "hide_title": "the title is what the menu shows; the page's own heading is the line `# ...`",
    "full_width": "write `page_width: wide`",
}
SHIPPED_QUERIES = Path(__file__).parents[1] / "builtin" / "queries"
HEADING = re.compile(r"^#[ \t]+([^{}<>`*_$\[\]\n]+?)[ \t#]*$", re.MULTILINE)
PARAMETER = re.compile(r"\[([a-z][a-z0-9_]*)\]")


@dataclass(frozen=True)
class Page:
    """One page file. `route` keeps its `[parameter]`; `variables` are front matter keys of the author's own."""

    file: SourceFile
    route: str

    @property
    def parameter(self) -> str | None:
        match = PARAMETER.search(self.route)
        return match[1] if match else None

    @property
    def one_page_per(self) -> str | None:
        query = self.file.front.get("one_page_per")
        return query if isinstance(query, str) else None

    @property
    def variables(self) -> dict[str, Any]:
        return dict(self.file.front)


@dataclass(frozen=True)
class Reports:
    """A reports folder as read; `faults` are what its files have wrong, `unread` the pages of them."""

    root: Path
    pages: tuple[Page, ...]
    partials: Mapping[str, SourceFile]
    queries: Mapping[str, Query]
    components: Mapping[str, Component]
    faults: tuple[PageFault, ...]
    theme: Theme = field(default_factory=Theme)
    unread: tuple[Page, ...] = ()
    # shipped queries whose names the workspace's have too: what components that ship read
    ours: Mapping[str, Query] = field(default_factory=dict)

    def shared(self, file: SourceFile) -> Mapping[str, Query]:
        """The shared queries by the names that this file has for them."""
        return self._of_shipped if file.path.is_relative_to(self._shipped) else self.queries

    @cached_property
    def _of_shipped(self) -> Mapping[str, Query]:
        return {**self.queries, **self.ours}

    @cached_property
    def _shipped(self) -> Path:
        return shown_path(SHIPPED)

    def files(self) -> Iterator[tuple[SourceFile, Mapping[str, Query]]]:
        """Every file with the queries it may name."""
        for page in (*self.pages, *self.unread):
            yield page.file, {**self.queries, **page.file.queries}
        for partial in self.partials.values():
            yield partial, self.queries
        for component in self.components.values():
            yield component.file, {**self.shared(component.file), **component.file.queries}


def read_reports(root: Path) -> Reports:
    """Read a reports folder. Nothing is raised: mistakes are in `faults`, so that all are reported at once."""
    brought, unreadable = installed_folders()
    components, faults = load_components([*brought, root / "components"])
    faults.extend(unreadable)
    pages: list[Page] = []
    unread: list[Page] = []
    partials: dict[str, SourceFile] = {}
    for path in sorted((root / "pages").rglob("*.md")):
        try:
            page = _page(root / "pages", path)
        except PageFault as fault:
            faults.append(fault)
            unread.append(Page(SourceFile(shown_path(path), "", {}, {}, {}, ""), _route(root / "pages", path)))
            continue
        own = [*page.file.faults, *_page_faults(page)]
        faults.extend(own)
        if own:
            sound = {
                key: value for key, value in page.file.front.items() if isinstance(value, PAGE_KEYS.get(key, object))
            }
            unread.append(replace(page, file=replace(page.file, front=sound)))
        else:
            pages.append(page)
    for path in sorted((root / "partials").glob("*.md")):
        try:
            partials[path.stem] = _partial(path)
        except PageFault as fault:
            faults.append(fault)
    queries, ours = _beside(_queries(SHIPPED_QUERIES, faults), _queries(root / "queries", faults))
    theme = Theme()
    try:
        theme = read_theme(root)
    except PageFault as fault:
        faults.append(fault)
    if not pages and not faults:
        faults.append(PageFault(shown_path(root / "pages"), 1, "there are no pages", "add pages/index.md"))
    single, doubled = _without_doubles(pages)
    return Reports(root, single, partials, queries, components, (*faults, *doubled), theme, tuple(unread), ours)


def _queries(folder: Path, faults: list[PageFault]) -> dict[str, Query]:
    found = {}
    for path in sorted(folder.glob("*.sql")):
        try:
            found[path.stem] = read_query(path)
        except PageFault as fault:
            faults.append(fault)
    return found


def _beside(shipped: Mapping[str, Query], own: Mapping[str, Query]) -> tuple[dict[str, Query], dict[str, Query]]:
    """All shared queries, and those that ship under names which the workspace has given to others.

    The workspace's files read the workspace's. What ships, queries among it, goes on reading what ships: an upgrade
    that brings a name changes no page, and a name of a workspace changes no component.
    """
    taken = shipped.keys() & own.keys()

    def apart(name: str) -> str:
        return f"okr-reports/{name}" if name in taken else name

    ours = {}
    for name, query in shipped.items():
        pieces, at = [], 0
        for reference in references(query):
            pieces += [query.sql[at : reference.start], f"${{{apart(reference.name)}}}"]
            at = reference.end
        ours[name] = replace(query, sql="".join([*pieces, query.sql[at:]]))
    everything = {**{apart(name): replace(query, name=apart(name)) for name, query in ours.items()}, **own}
    return everything, {name: ours[name] for name in taken}


def _page(folder: Path, path: Path) -> Page:
    if path.is_symlink():
        raise PageFault(shown_path(path), 1, "the page is a symbolic link", "put the file itself here")
    file = read_source(path)
    if not file.front.get("title") and (title := _title_of(file)):
        file = replace(file, front={**file.front, "title": title})
    return Page(file, _route(folder, path))


def _title_of(file: SourceFile) -> str:
    """The title of a page without the key: Core's `name`, or its first heading where that is plain text."""
    if isinstance(file.front.get("name"), str):
        return str(file.front["name"])
    heading = HEADING.search(file.body)
    return heading[1].strip() if heading and file.has_readable_front else ""


def _page_faults(page: Page) -> Iterator[PageFault]:
    """What a page's name and front matter have wrong, where its front matter could be read."""
    file = page.file
    if not file.has_readable_front:
        return
    for key, value in file.front.items():
        kind = PAGE_KEYS.get(key)
        if kind is not None and not isinstance(value, kind):
            yield file.fault(key, f"{key} is {value!r}", f"give {KINDS[kind]}")
        if key in REFUSED:
            yield file.fault(key, f"{key} has no effect", REFUSED[key])
    if file.front.get("page_width", "wide") not in WIDTHS:
        width = file.front["page_width"]
        yield file.fault("page_width", f"page_width is {width!r}", choose(width, WIDTHS, "widths"))
    if not file.front.get("title"):
        yield file.fault("title", "the page has no title", "add `title: ...` to its front matter")
    if page.parameter is None and page.one_page_per is not None:
        todo = "name the file [id].md, with a column of that query in the brackets"
        yield file.fault("one_page_per", "the page has one_page_per but no [parameter] in its name", todo)
    if page.parameter is not None and page.one_page_per is None:
        todo = f"add `one_page_per: query` to its front matter; the query has a column {page.parameter!r}"
        yield file.fault("title", f"the page is called [{page.parameter}] but does not say which pages", todo)
    if len(PARAMETER.findall(page.route)) > 1:
        yield file.fault("title", "the route has more than one [parameter]", "keep one of them")


def _route(folder: Path, path: Path) -> str:
    parts = PurePosixPath(path.relative_to(folder).with_suffix("").as_posix()).parts
    return "/".join(parts[:-1] if parts[-1] == "index" else parts)


def _partial(path: Path) -> SourceFile:
    file = read_whole(path)
    for query in file.queries.values():
        todo = f"put it in queries/{query.name}.sql"
        raise PageFault(file.path, query.line - 1, "a partial has a SQL fence", todo)
    return file


def _without_doubles(pages: list[Page]) -> tuple[tuple[Page, ...], list[PageFault]]:
    """The first page at each address, and what is wrong with the others."""
    seen: dict[str, Page] = {}
    faults: list[PageFault] = []
    for page in pages:
        key = PARAMETER.sub("[]", page.route).lower()
        if key in seen:
            what = f"the page has the same address as {seen[key].file.path}"
            faults.append(page.file.fault("title", what, "rename one of them"))
        else:
            seen[key] = page
    return tuple(seen.values()), faults


def partial_name(written: str) -> str:
    """A partial's name, also as Evidence writes its place: /partials/intro."""
    return written.removeprefix("/").removeprefix("partials/").removesuffix(".md")
