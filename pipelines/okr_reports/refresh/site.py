"""Stages 5 and 6: the analysts' copy and the site made from it, of today or as it was known on a past day."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports import okrs, settings
from okr_reports.common import warehouse_file
from okr_reports.common.folder_digest import folder_digest
from okr_reports.errors import (
    HistoryError,
    OkrError,
)
from okr_reports.refresh.tables import loaded_tables
from okr_reports.settings import KEEP_RELEASES, Workspace
from okr_reports.warehouse import history, older_copy, ops, page_tables, snapshot
from okr_reports.warehouse.history import refreshing

if TYPE_CHECKING:
    pass

logger = logging.getLogger("okr")


def write_snapshot(workspace: Workspace) -> None:
    """Replace the analysts' copy."""
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    translations = [workspace.reports_dir / "translations"]
    with loaded_tables(workspace) as tables:
        wrong = snapshot.write_snapshot(workspace.warehouse, workspace.snapshot, translations, tables)
    if wrong:
        ops.record_model_failures(workspace.warehouse, {**wrong, **ops.model_failures(workspace.warehouse)})
    logger.info("analysts' copy: %s", workspace.snapshot)


@dataclass(frozen=True)
class Publication:
    """A site in its place: its release, how many pages, the moment, and which marts a past day was kept without.

    `faults` are the mistakes in pages, in words; `broken_pages` the page files that became notices.
    """

    release_id: str
    path: Path
    pages: int
    published_at: datetime
    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    broken_pages: frozenset[Path] = frozenset()


def publish_site(workspace: Workspace, refresh_id: str | None = None) -> Publication:
    """Build the site from the analysts' copy, put it in place in one step and keep what it showed for its day.

    With a refresh_id the publication is recorded in the warehouse. Raises PagesError or PublishError.
    """
    if not refresh_id:
        return _build_and_publish(workspace, workspace.snapshot, as_of=None)
    # Beside the pages, which leave DuckDB and a processor free; it counts once they are published.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="history") as pool:
        kept = pool.submit(history.write_marts, workspace.snapshot, workspace.history_dir)
        published = _build_and_publish(workspace, workspace.snapshot, as_of=None)
        _, day = snapshot.reporting_day(workspace.snapshot)
        with warehouse_file.kept_open(workspace.warehouse):
            ops.record_publication(
                workspace.warehouse,
                refresh_id=refresh_id,
                published_on=day,
                published_at=published.published_at,
                release_id=published.release_id,
            )
            refreshing.after_publication(
                kept.result(), workspace.warehouse, workspace.history_dir, refresh_id=refresh_id, day=day
            )
    return published


def settings_not_reported(workspace: Workspace) -> str | None:
    """What the settings say otherwise than the report can: its numbers and texts are of the last refresh."""
    try:
        now = okrs.read(workspace.definitions_dir).settings
    except OkrError:
        return None
    reported = snapshot.reported_settings(workspace.snapshot)
    changed = [
        f"{name} is {getattr(now, name)}, the report's {before}"
        for name, before in reported.items()
        if str(getattr(now, name)) != str(before)
    ]
    if not changed:
        return None
    return (
        f"settings changed since the last refresh ({'; '.join(changed)}): amounts, days and texts of the report are of"
        " the old ones; run `okr refresh`"
    )


def publish_as_of(workspace: Workspace, day: date) -> Publication:
    """Put in place the site as it was known at the end of `day`. The next refresh or `okr report` replaces it.

    What was published before a mart or a column was there is completed in today's shape; `missing` names them. Tables
    of one's own are as they are now.

    Raises OkrError if nothing had been published by then, or what was kept of it is damaged.
    """
    known = history.known_on(workspace.history_dir, day)
    zone, _ = snapshot.reporting_day(workspace.snapshot)
    if day > settings.today(zone):
        raise OkrError(f"nobody knows yet what will be known on {day}; name a day up to today, {settings.today(zone)}")
    copy = workspace.data_dir / "as_of" / f"{known.isoformat()}.duckdb"
    try:
        missing = _bring_back(workspace, known, copy)
        return replace(_build_and_publish(workspace, copy, as_of=day), missing=tuple(missing))
    finally:
        copy.unlink(missing_ok=True)


def _bring_back(workspace: Workspace, known: date, copy: Path) -> list[str]:
    import duckdb

    try:
        history.restore(workspace.history_dir, known, copy)
        if names := page_tables.copy_tables(workspace.snapshot, copy):
            logger.warning("the tables of your own are as they are now, not as on %s: %s", known, ", ".join(names))
        return older_copy.complete(copy, workspace.snapshot)
    except (duckdb.Error, HistoryError, ValueError, KeyError) as error:
        said = str(error).splitlines()[0]
        what = f"what was published on {known} cannot be read from {workspace.history_dir} any more ({said})"
        raise OkrError(f"{what}; bring that folder back from a backup, or name another day") from None


def _build_and_publish(workspace: Workspace, source: Path, *, as_of: date | None) -> Publication:
    from okr_reports.report_site.build import build_site
    from okr_reports.report_site.output.publish import one_at_a_time, publish

    building = workspace.site_dir / "building"
    zone, _ = snapshot.reporting_day(source)
    with one_at_a_time(workspace.site_dir):
        shutil.rmtree(building, ignore_errors=True)
        result = build_site(
            source,
            workspace.reports_dir,
            building,
            progress=logger.info,
            cache_dir=workspace.page_cache_dir if as_of is None else None,
            as_of=as_of,
            strict=lambda: okrs.read(workspace.definitions_dir).settings.publish.strict,
        )
        published_at = settings.now(zone)
        release_id = f"{published_at:%Y%m%dT%H%M%S}-{folder_digest(building)[:12]}"
        path = publish(building, workspace.site_dir, keep=KEEP_RELEASES, release_id=release_id)
    logger.info("site: %d pages in %s (walls around the renderer: %s)", result.pages, path, ", ".join(result.walls))
    faults = (*map(str, result.faults), *(_as_shown(route, day) for route, day in result.broken.items()))
    write_page_faults(workspace, faults)
    return Publication(
        release_id, path, result.pages, published_at, faults=faults,
        broken_pages=frozenset(Path(finding.path) for finding in result.faults),
    )  # fmt: skip


def _as_shown(route: str, day: str | None) -> str:
    """What readers see in place of a page that could not be made."""
    page = f"{route or 'index'}: the site says that this page could not be built"
    return f"{page}, above its content of {day}" if day else f"{page}; there was no earlier content to show below"


def write_page_faults(workspace: Workspace, faults: Sequence[str]) -> None:
    """Keep what is wrong with the pages of the site in place, for whoever says how the run went."""
    path = workspace.site_dir / "page_faults.json"
    building = path.with_suffix(".building")
    building.write_text(json.dumps(list(faults)), encoding="utf-8")
    building.replace(path)


def table_faults(workspace: Workspace) -> list[str]:
    """What is wrong with tables of one's own in the analysts' copy in place."""
    return page_tables.failures(workspace.snapshot)


def model_faults(workspace: Workspace) -> list[str]:
    """What is wrong with models of the workspace's own; the rest was built without them."""
    return list(ops.model_failures(workspace.warehouse).values())


def page_faults(workspace: Workspace) -> list[str]:
    """What is wrong with the pages of the site in place; empty if all could be made."""
    try:
        return [str(fault) for fault in json.loads((workspace.site_dir / "page_faults.json").read_bytes())]
    except (OSError, TypeError, ValueError):
        return []
