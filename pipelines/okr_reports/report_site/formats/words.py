"""Words for codes of the marts, in the report's language."""

from __future__ import annotations

from okr_reports.report_site.formats.languages import Language

STATUSES = {
    "off_track": "Off track",
    "at_risk": "At risk",
    "no_data": "No data",
    "missed": "Missed",
    "too_early": "Too early",
    "scheduled": "Scheduled",
    "on_track": "On track",
    "achieved": "Achieved",
}
SOURCE_STATES = {
    "fresh": "Up to date",
    "stale": "Stale",
    "partial": "Partial",
    "failed": "Failed",
    "never_loaded": "Never loaded",
}
# check-ins and milestones
STEPS = {"overdue": "Overdue", "in_time": "In time", "reached": "Reached", "ahead": "Still to come"}


def status_word(language: Language, status: str | None) -> str:
    """The status as a word; an unknown one is shown as it is."""
    if status is None:
        return language.text("No data")
    known = STATUSES.get(status) or SOURCE_STATES.get(status) or STEPS.get(status)
    return language.text(known) if known else status
