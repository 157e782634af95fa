"""Every status of key results and objectives with its word in English, the worst first: the order of all lists."""

from __future__ import annotations

STATUSES = {
    "off_track": "Off track",
    "missed": "Missed",
    "at_risk": "At risk",
    "no_data": "No data",
    "too_early": "Too early",
    "scheduled": "Scheduled",
    "on_track": "On track",
    "achieved": "Achieved",
}
