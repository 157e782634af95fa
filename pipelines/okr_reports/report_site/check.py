"""What `okr check` says about the report pages: what a build would say, without a site."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_reports.errors import Finding, PublishError, shown_path
from okr_reports.report_site.blank_copy import write_blank_copy
from okr_reports.report_site.build import check_blank, check_site
from okr_reports.report_site.dialect.components import SHIPPED


def check_pages(
    reports_dir: Path,
    snapshot: Path | None,
    cache_dir: Path | None = None,
    tables: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Finding]:
    """What a build would say against the pages, in the order of files and lines: every page is rendered.

    Without a snapshot over a blank one, where nothing is said that depends on rows. With `cache_dir` pages that nothing
    has changed for are not rendered again, and the answer itself is kept for as long as nothing changes. `tables` are
    those of one's own, with the columns that the blank one shall have.
    """
    if snapshot is not None and snapshot.is_file():
        kept = cache_dir if cache_dir and cache_dir.is_dir() else None
        # A copy that cannot be read is the doctor's to name; the next refresh makes another.
        with suppress(PublishError):
            found = check_site(snapshot, reports_dir, cache_dir=kept)
            if not any(Path(finding.path).is_relative_to(shown_path(SHIPPED)) for finding in found):
                return found
            # not the workspace's own: the copy is of an older version, whose marts the next refresh replaces
    with TemporaryDirectory(prefix="okr-check-") as folder:
        blank = Path(folder) / "okr.duckdb"
        write_blank_copy(blank, tables)
        return check_blank(blank, reports_dir)
