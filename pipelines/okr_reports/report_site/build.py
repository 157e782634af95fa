"""Builds the whole site into one directory from the snapshot and the reports folder.

The pages are rendered by a process of their own (renderer/), which can read the two and do nothing else; here what it
sends is gathered, checked and written. A page that cannot be made becomes a notice, above what it last was; the others
are as good as ever. Nothing is published here.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath

from okr_reports.common.progress import advance
from okr_reports.errors import Finding, PagesError, PublishError
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.output.links import broken_links
from okr_reports.report_site.output.page_cache import keep, make_folder
from okr_reports.report_site.renderer.client import Job, Made, render

SHOWN_FAULTS = 100
logger = logging.getLogger("okr")


@dataclass(frozen=True)
class BuildResult:
    """What one build made: pages, files and bytes of `out_dir`, and how long it took.

    `faults` are the mistakes in the pages, each once; `broken` the routes that show a notice instead of their page,
    with the day of what is below it (None: nothing). `walls` are those that were up around the renderer.
    """

    out_dir: Path
    pages: int
    files: int
    bytes: int
    seconds: float
    untranslated: tuple[str, ...]
    faults: tuple[Finding, ...] = ()
    broken: Mapping[str, str | None] = field(default_factory=dict)
    walls: tuple[str, ...] = ()


def build_site(
    snapshot: Path,
    reports_dir: Path,
    out_dir: Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
    limits: Limits | None = None,
    cache_dir: Path | None = None,
    as_of: date | None = None,
    strict: Callable[[], bool] = lambda: True,
    purpose: str = "site",
) -> BuildResult:
    """Build the site of `snapshot` and `reports_dir` into `out_dir`, which is replaced.

    With `as_of` every page says that it is the report of that day. With `cache_dir`, pages that nothing has changed for
    are taken from there: the same bytes, sooner. `strict` is asked when a page has a mistake: whether nothing is built
    then, or the page says so and the others are built. With the purpose `preview` mistakes are shown in the pages.

    Raises PagesError for mistakes in the pages if strict, PublishError when the snapshot cannot be read.
    """
    started = time.monotonic()
    if not snapshot.is_file():
        raise PublishError(f"{snapshot}: there is no snapshot to build the site from; run okr refresh first")
    if cache_dir is not None:
        make_folder(cache_dir)
    job = Job(snapshot, reports_dir, cache_dir, limits or Limits(), as_of, purpose)
    made = render(job, lambda number, total: _tell(progress, number, total))
    findings = [*made.findings, *_of_links(made)]
    if findings and strict():
        raise PagesError(findings[:SHOWN_FAULTS])
    if "index.html" not in made.files:
        raise PagesError(findings[:SHOWN_FAULTS])
    write_files(made.files, out_dir)
    if cache_dir is not None:
        keep(cache_dir, made.entries, made.reads, made.checked)
    size = sum(len(content) for content in made.files.values())
    return BuildResult(
        out_dir, made.pages, len(made.files), size, time.monotonic() - started, made.untranslated,
        tuple(findings), made.broken, made.walls,
    )  # fmt: skip


def check_site(
    snapshot: Path, reports_dir: Path, *, limits: Limits | None = None, cache_dir: Path | None = None
) -> list[Finding]:
    """What `build_site` would say against the pages, in the order of files and lines; only the cache is written."""
    made = render(Job(snapshot, reports_dir, cache_dir, limits or Limits(), purpose="check"))
    if cache_dir is not None:
        keep(cache_dir, made.entries, made.reads, made.checked)
    return sorted(made.findings)


def check_blank(snapshot: Path, reports_dir: Path) -> list[Finding]:
    """The same over a copy with columns and no rows: what is wrong whether rows are full of nulls or of values."""
    jobs = [Job(snapshot, reports_dir, None, Limits(), purpose="check", blank=blank) for blank in ("nulls", "values")]
    with ThreadPoolExecutor(len(jobs)) as pool:
        nulls, values = pool.map(lambda job: render(job).findings, jobs)
    return sorted(finding for finding in nulls if finding in values)


def _tell(progress: Callable[[str], None], number: int, total: int) -> None:
    advance("pages", number, total)
    if number % 100 == 0:
        progress(f"{number} of {total} pages")


def _of_links(made: Made) -> Iterable[Finding]:
    """Links that lead nowhere, as mistakes of the pages that hold them."""
    for missing in broken_links(made.files):
        page, _, address = missing.partition(": ")
        path = made.sources.get(page, page)
        what = f"the link {address!r} of {page} leads nowhere"
        yield Finding(path, _line_of(path, address), "error", what, "name a page, or a heading there is on it")


def _line_of(path: str, text: str) -> int:
    """The line of a file that holds a text, else the first."""
    with suppress(OSError, ValueError):
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return next((number for number, line in enumerate(lines, start=1) if text in line), 1)
    return 1


def write_files(files: Mapping[str, bytes], out_dir: Path) -> None:
    """Write every file below `out_dir`, after emptying it. Raises PublishError for a path that would leave it."""
    if out_dir.exists():
        shutil.rmtree(out_dir)
    folders: set[Path] = set()
    for path in sorted(files):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise PublishError(f"{path}: the file would lie outside of the site; rename the page")
        target = out_dir / path
        if target.parent not in folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            folders.add(target.parent)
        target.write_bytes(files[path])
