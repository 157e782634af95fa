"""Snapshots and sites that many tests look at, built once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pytest

from okr_reports.report_site.build import BuildResult, build_site
from tests.report_site.browser import chromium
from tests.report_site.snapshot import write_snapshot
from tests.support import made_once

REPORTS = Path(__file__).parent.parent.parent / "reports"
CONTEXT = "select today, language from report_context"


@pytest.fixture(scope="session")
def snapshot(of_all_workers) -> Path:
    """The demo company in Spanish. Look, do not change."""
    return made_once(of_all_workers, "snapshot-es", lambda folder: write_snapshot(folder / "okr.duckdb"))


@pytest.fixture(scope="session")
def english_snapshot(of_all_workers) -> Path:
    def make(folder: Path) -> Path:
        return write_snapshot(folder / "okr.duckdb", language="en", locale="en-GB")

    return made_once(of_all_workers, "snapshot-en", make)


@pytest.fixture(scope="session")
def built(snapshot, of_all_workers) -> BuildResult:
    """The repository's pages over the demo company, in Spanish. Look, do not change."""
    return made_once(of_all_workers, "site-es", lambda folder: build_site(snapshot, REPORTS, folder / "es"))


@pytest.fixture(scope="session")
def english(english_snapshot, of_all_workers) -> BuildResult:
    return made_once(of_all_workers, "site-en", lambda folder: build_site(english_snapshot, REPORTS, folder / "en"))


@pytest.fixture
def reports(tmp_path) -> Callable[[Mapping[str, str]], Path]:
    """Writes a reports folder from {path: text}; an index page is added when there is none."""

    def write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "reports"
        for name, text in {"pages/index.md": "---\ntitle: Home\n---\n", **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture
def build(reports, snapshot, tmp_path) -> Callable[[Mapping[str, str]], Callable[[str], str]]:
    """Builds such a folder over the demo company and returns a reader of its pages' <main>."""

    def make(files: Mapping[str, str], over: Path | None = None) -> Callable[[str], str]:
        site = build_site(over or snapshot, reports(files), tmp_path / "site").out_dir
        return lambda page: main_of((site / page).read_text(encoding="utf-8"))

    return make


@pytest.fixture
def changed(english_snapshot, tmp_path) -> Callable[..., Path]:
    """A copy of the English snapshot that statements have changed, in schema marts."""

    def make(*statements: str) -> Path:
        copy = tmp_path / "changed.duckdb"
        shutil.copyfile(english_snapshot, copy)
        with duckdb.connect(str(copy)) as warehouse:
            warehouse.execute("use marts")
            for statement in statements:
                warehouse.execute(statement)
        return copy

    return make


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def sites(built, english) -> dict[str, Path]:
    return {"es": built.out_dir, "en": english.out_dir}


def main_of(html: str) -> str:
    """What stands between <main> and </main>."""
    return html[html.index("<main") : html.index("</main>")]
