"""Pages of the last build that need no rendering again.

A page depends on the engine, on its own file and whatever of the reports folder is not a page, on its parameters, the
site's map and the day, and on the marts its queries read. What it read is recorded while it is rendered; as long as
all that is the same, so is the page. A refresh that brings nothing new then renders the few pages that show when a
source was last asked, and frames the rest.

Each file of the cache begins with the digest of the rest: what was cut off or changed is left aside, said, and made
anew. What a page last was stays in its entry until a better one replaces it.

Moments change with every refresh, and few pages show one: a query that may give a moment is run again, and the page
depends on its answer.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.folder_digest import folder_digest
from okr_reports.report_site.database import Asked, Reader

logger = logging.getLogger("okr")
_BARE_STAR = re.compile(r"(?<![.\w(])\*(?=\s*(?:,|from\b|$))", re.IGNORECASE)
# Marts with columns that a refresh changes even when it brings nothing.
MOMENTS_OF = {"report_context": MOMENTS, "source_health": ("last_load_at",), "tables": ("loaded_at",)}
CHECKED = "checked"
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


class PageCache:
    """The rendered pages in a folder of its own; one entry a route, replaced when the page changes."""

    def __init__(self, folder: Path, reports_dir: Path, reader: Reader, site: Iterable[Any]) -> None:
        self.folder, self.reader = folder, reader
        self.words = {table: re.compile(rf"\b{re.escape(table)}\b") for table in reader.tables()}
        self.base = _digest([_engine_digest(), folder_digest(reports_dir, but="pages"), _versions(), *site])
        self._fingerprints: dict[str, str] = {}
        self._answers: dict[Asked, str] = {}

    def get(self, route: str, text: str, params: Mapping[str, Any]) -> Rendered | None:
        """The page as it was rendered before, if nothing that it depends on has changed. `text` is its file's."""
        entry = read_kept(self.folder / _name(route))
        if entry is None:
            return None
        asked = [(sql, tuple((name, value) for name, value in values)) for sql, values in entry["asked"]]
        try:
            same = entry["key"] == self._key(text, params, entry["reads"], asked)
        except duckdb.Error:  # a mart or column of then is not there any more
            return None
        return _rendered(entry) if same else None

    def entry(self, kept: Kept, text: str, params: Mapping[str, Any], asked: Iterable[Asked]) -> bytes | None:
        """What to keep of a page with what its queries, `asked`, read; None if that is unknown."""
        every = sorted(asked, key=repr)
        reads = sorted(table for table, word in self.words.items() if any(word.search(sql) for sql, _ in every))
        momentary = [one for one in every if any(_shows(one[0], table) for table in MOMENTS_OF)]
        if any(not isinstance(value, str | int | None) for _, values in momentary for _, value in values):
            return None
        rendered = kept.rendered
        entry = {
            "key": self._key(text, params, reads, momentary),
            "reads": reads,
            "asked": momentary,
            "route": kept.route,
            "title": kept.title,
            "page": kept.page,
            "day": kept.day,
            "content": rendered.content,
            "files": {path: b64encode(content).decode() for path, content in rendered.files.items()},
            "workbook": rendered.workbook,
        }
        return json.dumps(entry).encode()

    def _key(self, text: str, params: Mapping[str, Any], reads: Iterable[str], asked: Iterable[Asked]) -> str:
        marts = [(table, self._fingerprint(table)) for table in reads]
        answers = [(one, self._answer(one)) for one in asked]
        return _digest([self.base, text, sorted((name, repr(value)) for name, value in params.items()), marts, answers])

    def _fingerprint(self, table: str) -> str:
        if table not in self._fingerprints:
            moments = MOMENTS_OF.get(table)
            columns = f"* exclude ({', '.join(moments)})" if moments else "*"
            self._fingerprints[table] = self.reader.fingerprint(f"select {columns} from {table}")
        return self._fingerprints[table]

    def _answer(self, asked: Asked) -> str:
        if asked not in self._answers:
            self._answers[asked] = self.reader.fingerprint(asked[0], dict(asked[1]))
        return self._answers[asked]


def keep(folder: Path, entries: Mapping[str, bytes], checked: str | None) -> None:
    """Write the entries of pages by route, and that the pages were found right (`checked`), each file whole."""
    for route, entry in entries.items():
        _write(folder / _name(route), entry)
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
    try:
        seal, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if seal.decode("ascii", "replace") == hashlib.sha256(content).hexdigest():
        return json.loads(content)
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


def checked_now(reports_dir: Path, reader: Reader) -> str:
    """What `keep` writes for `was_checked`."""
    return f"{_of_files(reports_dir)} {_of_marts(reader)}"


def _rendered(entry: Mapping[str, Any]) -> Rendered:
    files = {path: b64decode(content) for path, content in entry["files"].items()}
    return Rendered(entry["content"], files, entry["workbook"])


def _name(route: str) -> str:
    return f"{hashlib.sha256(route.encode()).hexdigest()[:24]}.json"


def _write(path: Path, content: bytes) -> None:
    building = path.with_suffix(".building")
    building.unlink(missing_ok=True)
    building.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    building.replace(path)


def _of_files(reports_dir: Path) -> str:
    return _digest([_engine_digest(), folder_digest(reports_dir), _versions()])


def _of_marts(reader: Reader) -> str:
    return _digest([reader.tables()])


def _shows(sql: str, table: str) -> bool:
    """Whether a query may give a moment of this mart, by its column's name or by a star."""
    if not re.search(rf"\b{table}\b", sql):
        return False
    aliases = re.findall(rf"\b{table}\b(?:\s+as)?\s+(\w+)", sql, re.IGNORECASE)
    starred = any(re.search(rf"\b{re.escape(alias)}\.\*", sql) for alias in (*aliases, table))
    named = any(re.search(rf"\b{one}\b", sql) for one in MOMENTS_OF[table])
    return starred or named or _BARE_STAR.search(sql) is not None


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts), default=repr).encode()).hexdigest()


@cache
def _engine_digest() -> str:
    """The code that renders, as this process loaded it."""
    room = Path(__file__).parent
    return _digest(
        [
            folder_digest(room),
            folder_digest(room.parent / "common"),
            *(one.read_text() for one in sorted(room.parent.glob("*.py"))),
        ]
    )


@cache
def _versions() -> str:
    return " ".join(version(name) for name in LIBRARIES)
