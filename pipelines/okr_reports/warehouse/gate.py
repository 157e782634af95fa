"""The health gate: what must be true of a warehouse before it is published.

The rules are a model of their own, `marts.health_gate`, so that what was decided stands on the site, in the analysts'
copy and in Dagster alike; here it is only read and said. A failed or late source closes nothing by itself: its key
results are stamped stale and the rest is news. What closes the gate is a report that would look healthy and be empty,
or one below the lines of `settings.gate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from okr_reports.common import warehouse_file

RULES = {
    "objectives_complete": "Every objective and key result that is defined came out of the models.",
    "sources_loaded": "At least one source has ever given data, if a key result rests on one.",
    "sources_fresh": "Sources of running key results are fresh, to the share of settings.gate.least_fresh.",
    "values_kept": "Running key results kept their values since the last report, to settings.gate.least_kept.",
}


@dataclass(frozen=True)
class Ruling:
    """One rule and what it found; `reason` says in words why it closes the gate, or is empty."""

    rule: str
    is_passed: bool
    met: int
    total: int
    least_share: float | None
    reason: str


def rulings(warehouse: Path) -> list[Ruling]:
    """What each rule found, in the order of the rules."""
    with warehouse_file.connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select rule, is_passed, met_count, asked_count, least_share, first_missed"
            " from marts.health_gate order by position"
        ).fetchall()
        (last_error,) = connection.execute("select max(last_error) from marts.source_health").fetchone() or (None,)
    return [
        Ruling(rule, passed, met, total, least, "" if passed else _why(rule, met, total, least, missed, last_error))
        for rule, passed, met, total, least, missed in rows
    ]


def _why(rule: str, met: int, total: int, least: float | None, missed: str | None, last_error: str | None) -> str:
    more = f" and {total - met - 1} more" if total - met > 1 else ""
    if rule == "objectives_complete":
        return f"the models lost {missed}{more}; this is a fault of the models, please report it with the dbt log"
    if rule == "sources_loaded":
        why = f" (last error: {last_error})" if last_error else " (no channel is on)" if not total else ""
        return f"no source has ever given data{why}; fix the sources or their settings and run `okr refresh` again"
    setting, what = {
        "sources_fresh": ("least_fresh", "sources of running key results are fresh"),
        "values_kept": ("least_kept", "running key results kept their value since the last report"),
    }[rule]
    return (
        f"{met} of {total} {what}, settings.gate.{setting} asks for {least or 0:.0%}; without: {missed}{more}; fix the"
        f" sources (`okr doctor`) and run `okr refresh` again, or lower {setting}"
    )


def too_old_to_mail(made_for: date, today: date, stale_after_days: int) -> str | None:
    """Why a report made for that day must not be mailed today, in words; None if it may be."""
    age = (today - made_for).days
    if age <= stale_after_days:
        return None
    return (
        f"the last report is of {made_for}, {age} days ago, and settings.gate.stale_after_days allows"
        f" {stale_after_days}; run `okr refresh`, then `okr digest` again"
    )
