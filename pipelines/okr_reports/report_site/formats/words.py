"""Words for codes of the marts, in the report's language."""

from __future__ import annotations

from okr_reports.report_site.formats.languages import Language
from okr_reports.words.statuses import STATUSES

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
