"""What the definitions say to the clock: settings, or defaults while they cannot be read."""

from __future__ import annotations

from functools import cache

from okr_reports import okrs
from okr_reports.errors import DefinitionsError
from okr_reports.okrs.models.settings import Settings
from okr_reports.settings import Workspace


@cache
def report_settings() -> Settings:
    """The settings when this code was loaded; while they are broken their defaults, and a run says what is wrong."""
    try:
        return okrs.read(Workspace.from_environment().definitions_dir).settings
    except DefinitionsError:
        return Settings()


def timezone() -> str:
    """The reporting time zone."""
    return report_settings().timezone
