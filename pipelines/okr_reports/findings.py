"""What `okr check` says: definitions first, then the channels' settings, then the report pages."""

from __future__ import annotations

from okr_reports.errors import Finding
from okr_reports.settings import Workspace


def findings(workspace: Workspace, bind: bool = True) -> list[Finding]:
    """Every error and warning there is.

    Without `bind`, for a refresh, pages are not held against the snapshot there is (the marts that it is about to write
    may have more tables and columns than those of an older version), nor parsed again if the last build found them
    right; and a file source whose path leads out is left to fail alone.
    """
    from okr_reports import okrs
    from okr_reports.channels.load import check_settings
    from okr_reports.file_places import setting_findings
    from okr_reports.okrs.lints.file_sources import misplaced_sources
    from okr_reports.report_site.check import check_pages
    from okr_reports.report_site.page_cache import was_checked

    defined, found = okrs.check(workspace.definitions_dir)
    if bind and defined is not None:
        found = [*found, *misplaced_sources(defined)]
    said = [*sorted(found), *setting_findings(), *check_settings()]
    if not bind and was_checked(workspace.page_cache_dir, workspace.reports_dir):
        return said
    snapshot = workspace.snapshot if bind and workspace.snapshot.exists() else None
    return [*said, *check_pages(workspace.reports_dir, snapshot)]


def errors(workspace: Workspace, bind: bool = True) -> list[Finding]:
    """Those that stop a refresh."""
    return [finding for finding in findings(workspace, bind) if finding.severity == "error"]
