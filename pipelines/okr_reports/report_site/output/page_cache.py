"""Pages of the last build that need no rendering again.

A page depends on the engine, on its own file and whatever of the reports folder is not a page, on its parameters, the
site's map, what it says of the day, and the answers to its queries. All that is recorded while it is rendered. A query
is run again when a column that it reads has changed since the last build (reads.py), of a mart or of a shared query;
as long as its answer is the same, so is the page. What is run again is remembered for the pages that are rendered.

Each file of the cache begins with the digest of the rest: what was cut off or changed is left aside, said, and made
anew. What a page last was stays in its entry until a better one replaces it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.folder_digest import folder_digest
from okr_reports.report_site.dialect.components import installed_folders
from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.output.changes import Changes
from okr_reports.report_site.queries.database import Question, Reader
from okr_reports.report_site.queries.other_values import has_days
from okr_reports.report_site.queries.rows import ReadRow, columns_of, read_of
from okr_reports.report_site.queries.sets import Values
from okr_reports.report_site.views.routes import SiteMap

logger = logging.getLogger("okr")
# Of the context, what changes with the day or the refresh: a page depends on those of them that it shows.
OF_THE_DAY = ("today", "data_through", *MOMENTS)
# What values are in JSON, and what is made of the texts of others.
JSON = (type(None), bool, int, float, str)
FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat, "datetime": datetime.fromisoformat, "Decimal": Decimal,
}  # fmt: skip
CHECKED, TEMPLATES, READS = "checked", "templates", "reads"
LIBRARIES = ("jinja2", "markdown-it-py", "nh3", "babel", "xlsxwriter", "duckdb")


@dataclass(frozen=True)
class Rendered:
    """A page without its frame: the content, the files it offers, and the path of its workbook."""

    content: str
    files: dict[str, bytes]
    workbook: str | None


@dataclass(frozen=True)
class Kept:
    """What is kept of a page: when it was made (the report's day, ISO), and what it was."""

    route: str
    title: str
    page: str
    day: str
    rendered: Rendered


@dataclass(frozen=True)
class Identity:
    """What a page is made from beside the copy: its route and title, its file and that file's text, its parameters."""

    route: str
    title: str
    page: str
    text: str
    params: Mapping[str, Any]


class PageCache:
    """The rendered pages in a folder of its own; one entry a route, replaced when the page changes."""

    def __init__(self, folder: Path, reports_dir: Path, reader: Reader, context: ReadRow, site_map: SiteMap) -> None:
        self.folder, self.reader, self.context = folder, reader, context
        settings = columns_of(context, but=OF_THE_DAY)
        self.base = _digest(
            [engine(), folder_digest(reports_dir, but="pages"), reader.shapes(), settings, repr(site_map)]
        )  # fmt: skip
        # Of the last build: what was read, and the routes whose answers are of then.
        base, then, routes = read_kept(folder / READS) or ("", {}, [])
        if base != self.base:  # a shared query may have been another one
            then, routes = {}, []
        self._routes_then: list[str] = routes
        self._changes = Changes(reader, then)
        self._routes: set[str] = set()
        self._answers: dict[Question, str] = {}
        self._statements: set[str] = set()
        self._entries: dict[Path, Any] = {}
        self._valids: dict[str, Any] = {}
        self._doubts: dict[str, list[Any]] = {}

    def ask_in_sets(self, pages: Iterable[Identity]) -> Iterator[str]:
        """Run the queries whose answers decide which of these pages are kept, each query once for all its values.

        A page with another answer will run them again, those of days with others: these come last and without it.
        Gives a query's page file before it is run.
        """
        wanted: dict[str, list[tuple[Question, str, Identity]]] = {}
        for page in pages:
            entry = self._valid(page)
            for sql, values, answer in self._doubtful(entry) if entry is not None else ():
                wanted.setdefault(sql, []).append((_question(sql, values), answer, page))
        changed: set[str] = set()
        for sql, of_pages in sorted(
            wanted.items(), key=lambda item: any(has_days(question[1]) for question, *_ in item[1])
        ):
            left = [entry for entry in of_pages if entry[2].route not in changed or not has_days(entry[0][1])]
            if not left:
                continue
            path = Path(left[0][2].page)
            yield str(path)
            self.reader.run_as_set(sql, [values for (_, values), *_ in left], path)
            changed |= {page.route for question, answer, page in left if self._answer(question, path) != answer}

    def asked_before(self, pages: Iterable[Identity]) -> dict[str, list[Values]]:
        """What the entries of these pages say that they ran, by statement."""
        found: dict[str, list[Values]] = {}
        for page in pages:
            entry = self._entry(page.route)
            for sql, values, _ in entry["asked"] if entry is not None else ():
                found.setdefault(sql, []).append(_question(sql, values)[1])
        return found

    def _doubtful(self, entry: Any) -> list[Any]:
        """The queries of an entry's page, as (sql, values, answer), that read a column that has changed since."""
        if entry["route"] not in self._doubts:
            is_known = entry["route"] in self._routes_then
            self._doubts[entry["route"]] = [
                question for question in entry["asked"] if not is_known or self._changes.may_differ(question[0])
            ]
        return self._doubts[entry["route"]]

    def _is_answered_otherwise(self, entry: Any) -> Iterator[bool]:
        page = Path(entry["page"])
        return (self._answer(_question(sql, values), page) != answer for sql, values, answer in self._doubtful(entry))

    def _entry(self, route: str) -> Any:
        path = self.folder / _name(route)
        if path not in self._entries:
            self._entries[path] = read_kept(path)
        return self._entries[path]

    def _valid(self, page: Identity) -> Any:
        """The entry of a page that differs in nothing but, maybe, its answers."""
        if page.route not in self._valids:
            entry = self._entry(page.route)
            is_valid = entry is not None and entry["key"] == self._key(page, entry["shows"])
            self._valids[page.route] = entry if is_valid else None
        return self._valids[page.route]

    def has(self, page: Identity) -> bool:
        """Whether nothing has changed that a page depends on."""
        entry = self._valid(page)
        return entry is not None and not any(self._is_answered_otherwise(entry))

    def get(self, page: Identity) -> Rendered | None:
        """The page as it was rendered before, if nothing that it depends on has changed."""
        return _rendered(self._valid(page)) if self.has(page) else None

    def settle(self, route: str) -> None:
        """Note that the page at a route is, or will be, kept with its answers over this copy."""
        self._routes.add(route)

    def reads(self) -> bytes | None:
        """What to keep of this build for the next one: digests of what pages read. None if it is kept already."""
        entries = (self._entry(route) for route in self._routes)
        statements = {sql for entry in entries if entry is not None for sql, *_ in entry["asked"]} | self._statements
        now, routes = self._changes.read_by(statements), sorted(self._routes)
        if (now, routes) == (self._changes.then, self._routes_then):
            return None
        return json.dumps([self.base, now, routes]).encode()

    def entry(self, kept: Kept, page: Identity, questions: Iterable[Question]) -> bytes | None:
        """What to keep of a page with the answers to its queries, `questions`; None if a value has no place in JSON."""
        shows = sorted(read_of(self.context).keys() & set(OF_THE_DAY))
        every = sorted(questions, key=lambda question: (question[0], repr(question[1])))
        self._statements |= {sql for sql, _ in every}
        rendered, path = kept.rendered, Path(page.page)
        try:
            return json.dumps({
                "key": self._key(page, shows),
                "shows": shows,
                "asked": [(sql, _written(values), self._answer((sql, values), path)) for sql, values in every],
                "route": kept.route,
                "title": kept.title,
                "page": kept.page,
                "day": kept.day,
                "content": rendered.content,
                "files": {path: b64encode(content).decode() for path, content in rendered.files.items()},
                "workbook": rendered.workbook,
            }).encode()  # fmt: skip
        except TypeError:
            return None

    def _key(self, page: Identity, shows: Iterable[str]) -> str:
        params = sorted((name, repr(value)) for name, value in page.params.items())
        day = [(name, repr(columns_of(self.context)[name])) for name in shows]
        return _digest([self.base, page.route, page.title, page.text, params, day])

    def _answer(self, question: Question, page: Path) -> str:
        if question not in self._answers:
            try:
                found = self.reader.again(question, page)
                written = repr((found.columns, found.truncated, [tuple(row) for row in found.rows]))
                self._answers[question] = hashlib.sha256(written.encode()).hexdigest()
            except PageFault:  # a mart or column of then is not there any more
                return ""
        return self._answers[question]


def _written(values: Iterable[tuple[str, object]]) -> list[tuple[str, str, Any]]:
    """Bound values as JSON. Raises TypeError."""
    written = [(name, type(value).__name__, value if type(value) in JSON else str(value)) for name, value in values]
    for _, kind, value in written:
        if isinstance(value, str) and kind not in ("str", *FROM_TEXT):
            raise TypeError(kind)
    return written


def _question(sql: str, written: Iterable[tuple[str, str, Any]]) -> Question:
    return sql, tuple((name, FROM_TEXT[kind](value) if kind in FROM_TEXT else value) for name, kind, value in written)


def keep(folder: Path, entries: Mapping[str, bytes], reads: bytes | None, checked: str | None) -> None:
    """Write the entries of pages by route, what they read, and that the pages were found right, each file whole.

    What they read comes after them: pages of an earlier build are not of this copy.
    """
    for route, entry in entries.items():
        _write(folder / _name(route), entry)
    if reads is not None:
        _write(folder / READS, reads)
    if checked is not None:
        _write(folder / CHECKED, json.dumps(checked).encode())


def make_folder(folder: Path) -> None:
    """The folder of a cache, also where something else has its place."""
    if folder.exists() and not folder.is_dir():
        logger.warning("%s is not a folder; it is removed and made anew", folder)
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def read_kept(path: Path) -> Any:
    """What a file of the cache holds; None if there is none. A damaged one is removed and said."""
    content = _unsealed(path)
    return None if content is None else json.loads(content)


def _unsealed(path: Path) -> bytes | None:
    try:
        seal, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if seal.decode("ascii", "replace") == hashlib.sha256(content).hexdigest():
        return content
    logger.warning("%s is damaged (its content is not what was written); it is left aside and made anew", path)
    with suppress(OSError):
        path.unlink()
    return None


def last_good(folder: Path | None, *, route: str | None = None, page: str | None = None) -> Iterator[Kept]:
    """What is kept of the page at a route, or of all that a page file became."""
    if folder is None:
        return
    for path in [folder / _name(route)] if route is not None else sorted(folder.glob("*.json")):
        entry = read_kept(path)
        if isinstance(entry, dict) and page in (None, entry["page"]):
            yield Kept(entry["route"], entry["title"], entry["page"], entry["day"], _rendered(entry))


def was_checked(folder: Path | None, reports_dir: Path, reader: Reader | None = None) -> bool:
    """Whether the pages are, to the byte, those whose tags were found right last time, over the same marts if given."""
    found = str(read_kept(folder / CHECKED) or "").split() if folder is not None else []
    return bool(found) and found[0] == _of_files(reports_dir) and (reader is None or found[1:] == [_of_marts(reader)])


def engine() -> str:
    """What renders, by its code and that of the libraries it uses."""
    return _digest([_engine_digest(), _versions()])


def templates_to_compile(folder: Path, reports_dir: Path) -> str | None:
    """What `keep_templates` writes with the templates of these files; None if those kept are of the same."""
    # a template's name is its path as it is shown from here
    state, kept = _digest([_of_files(reports_dir), Path.cwd()]), _unsealed(folder / TEMPLATES)
    return state if kept is None or kept.partition(b"\n")[0] != state.encode() else None


def keep_templates(folder: Path, state: str, code: bytes) -> None:
    """Write compiled templates, for this user's eyes alone: who may change them may run code in a renderer."""
    _write(folder / TEMPLATES, state.encode() + b"\n" + code, 0o600)


def kept_templates(folder: Path | None) -> bytes | None:
    """Compiled templates, unless somebody else may have written them."""
    path = folder / TEMPLATES if folder is not None else None
    with suppress(OSError):
        if path is not None and path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o022:
            kept = _unsealed(path)
            return None if kept is None else kept.partition(b"\n")[2]
    return None


def checked_now(reports_dir: Path, reader: Reader) -> str:
    """What `keep` writes for `was_checked`."""
    return f"{_of_files(reports_dir)} {_of_marts(reader)}"


def _rendered(entry: Mapping[str, Any]) -> Rendered:
    files = {path: b64decode(content) for path, content in entry["files"].items()}
    return Rendered(entry["content"], files, entry["workbook"])


def _name(route: str) -> str:
    return f"{hashlib.sha256(route.encode()).hexdigest()[:24]}.json"


def _write(path: Path, content: bytes, mode: int = 0o666) -> None:
    building = path.with_suffix(".building")
    building.unlink(missing_ok=True)
    building.touch(mode)
    building.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    building.replace(path)


def _of_files(reports_dir: Path) -> str:
    return _digest([engine(), folder_digest(reports_dir)])


def _of_marts(reader: Reader) -> str:
    return _digest([reader.tables()])


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts), default=repr).encode()).hexdigest()


@cache
def _engine_digest() -> str:
    """The code that renders, as this process loaded it, with the components that packages bring."""
    room = Path(__file__).parents[1]
    return _digest(
        [
            folder_digest(room),
            folder_digest(room.parent / "common"),
            *map(folder_digest, installed_folders()[0]),
            *(module.read_text() for module in sorted(room.parent.glob("*.py"))),
        ]
    )


@cache
def _versions() -> str:
    return " ".join(version(name) for name in LIBRARIES)
