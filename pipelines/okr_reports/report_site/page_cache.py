"""Pages of the last build that need no rendering again.

A page depends on the engine, on its own file and whatever of the reports folder is not a page, on its parameters, the
site's map and the day, and on the marts its queries read. What it read is recorded while it is rendered; as long as
all that is the same, so is the page. A refresh that brings nothing new then renders the few pages that show when a
source was last asked, and frames the rest.

Moments change with every refresh, and few pages show one: a query that may give a moment is run again, and the page
depends on its answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.folder_digest import folder_digest
from okr_reports.report_site.database import Asked, Reader

_BARE_STAR = re.compile(r"(?<![.\w(])\*(?=\s*(?:,|from\b|$))", re.IGNORECASE)
# Marts with columns that a refresh changes even when it brings nothing.
MOMENTS_OF = {"report_context": MOMENTS, "source_health": ("last_load_at",)}
CHECKED = "checked.txt"
LIBRARIES = ("jinja2", "markdown-it-py", "nh3", "babel", "xlsxwriter", "duckdb")


@dataclass(frozen=True)
class Rendered:
    """A page without its frame: the content, the files it offers, and the path of its workbook."""

    content: str
    files: dict[str, bytes]
    workbook: str | None


class PageCache:
    """The rendered pages in a folder of its own; one entry a route, replaced when the page changes."""

    def __init__(self, folder: Path, reports_dir: Path, reader: Reader, site: Iterable[Any]) -> None:
        self.folder, self.reader = folder, reader
        self.words = {table: re.compile(rf"\b{re.escape(table)}\b") for table in reader.tables()}
        self.base = _digest([_engine_digest(), folder_digest(reports_dir, but="pages"), _versions(), *site])
        self._fingerprints: dict[str, str] = {}
        self._answers: dict[Asked, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, route: str, text: str, params: Mapping[str, Any]) -> Rendered | None:
        """The page as it was rendered before, if nothing that it depends on has changed. `text` is its file's."""
        try:
            entry = json.loads(self._path(route).read_text(encoding="utf-8"))
            asked = [(sql, tuple((name, value) for name, value in values)) for sql, values in entry["asked"]]
            if entry["key"] != self._key(text, params, entry["reads"], asked):
                return None
            files = {path: b64decode(content) for path, content in entry["files"].items()}
            return Rendered(entry["content"], files, entry["workbook"])
        except (OSError, ValueError, KeyError, TypeError, duckdb.Error):
            return None

    def put(self, route: str, text: str, params: Mapping[str, Any], rendered: Rendered, asked: Iterable[Asked]) -> None:
        """Keep a page with what its queries, `asked`, read."""
        every = sorted(asked, key=repr)
        reads = sorted(table for table, word in self.words.items() if any(word.search(sql) for sql, _ in every))
        momentary = [one for one in every if any(_shows(one[0], table) for table in MOMENTS_OF)]
        if any(not isinstance(value, str | int | None) for _, values in momentary for _, value in values):
            return
        entry = {
            "key": self._key(text, params, reads, momentary),
            "reads": reads,
            "asked": momentary,
            "content": rendered.content,
            "files": {path: b64encode(content).decode() for path, content in rendered.files.items()},
            "workbook": rendered.workbook,
        }
        building = self._path(route).with_suffix(".building")
        building.write_text(json.dumps(entry), encoding="utf-8")
        building.replace(self._path(route))

    def _path(self, route: str) -> Path:
        return self.folder / f"{hashlib.sha256(route.encode()).hexdigest()[:24]}.json"

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


def was_checked(folder: Path | None, reports_dir: Path, reader: Reader | None = None) -> bool:
    """Whether the pages are, to the byte, those whose tags were found right last time, over the same marts if given."""
    try:
        found = (folder / CHECKED).read_text().split() if folder is not None else []
    except OSError:
        return False
    return bool(found) and found[0] == _of_files(reports_dir) and (reader is None or found[1:] == [_of_marts(reader)])


def note_checked(folder: Path | None, reports_dir: Path, reader: Reader) -> None:
    """Keep that they were."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CHECKED).write_text(f"{_of_files(reports_dir)} {_of_marts(reader)}\n")


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
    """This package as this process loaded it."""
    return folder_digest(Path(__file__).parent)


@cache
def _versions() -> str:
    return " ".join(version(name) for name in LIBRARIES)
