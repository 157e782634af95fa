"""What each page file reads, by the names in its text: for drawing the way of the data, not for running it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from okr_reports.report_site.pages.file_check import MARTS
from okr_reports.report_site.pages.reports import SHIPPED_QUERIES

_WORD = re.compile(r"[a-z][a-z0-9_]*")


def marts_of_pages(reports_dir: Path, also: Collection[str] = ()) -> dict[str, list[str]]:
    """Page file (relative to `reports/pages`, without its ending) -> the marts it reads, through shared queries too.

    `also`: other tables that count.
    """
    return {file: marts_among(words, also) for file, words in words_of_pages(reports_dir).items()}


def marts_among(words: Collection[str], also: Collection[str] = ()) -> list[str]:
    """The marts that these words name; `also`: other tables that count."""
    return sorted({*MARTS, *also}.intersection(words))


def words_of_pages(reports_dir: Path) -> dict[str, set[str]]:
    """Page file -> every word of it, and of the shared queries that it names."""
    queries = {
        path.stem: _words_in(path)
        for folder in (SHIPPED_QUERIES, reports_dir / "queries")
        for path in sorted(folder.glob("*.sql"))
    }
    pages = reports_dir / "pages"
    return {
        path.relative_to(pages).with_suffix("").as_posix(): _closed(_words_in(path), queries)
        for path in sorted(pages.rglob("*.md"))
    }


def _words_in(path: Path) -> set[str]:
    """The words of a file; none of one that cannot be read, which `okr check` tells."""
    try:
        return set(_WORD.findall(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return set()


def _closed(words: set[str], queries: Mapping[str, set[str]]) -> set[str]:
    """The words, with those of every shared query they name, and of the queries that those name."""
    todo = list(words)
    while todo:
        more = queries.get(todo.pop(), set()) - words
        words |= more
        todo += more
    return words
