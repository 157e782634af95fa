"""`okr migrate-evidence`: a project of Evidence becomes a workspace; what is left is listed with its line and why."""

from __future__ import annotations

from okr_reports.adding.evidence.project import Migrated, migrate

__all__ = ["Migrated", "migrate"]
