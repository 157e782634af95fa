"""What the sandbox says a faultless load of an ads channel must sum up to, in the shape the tests compare."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

YESTERDAY = date(2026, 11, 22)


def truth_rows(bench: Any, channel: str, measures: tuple[str, ...], start: str, end: str = "") -> list[tuple[Any, ...]]:
    """(day, account, campaign, currency, *measures) of every campaign-day of the window on which one is not 0."""
    rows = csv.DictReader(io.StringIO(bench.truth(channel, **{"from": start, "to": end or YESTERDAY.isoformat()})))
    found = [
        (
            date.fromisoformat(row["date"]),
            row["account_id"],
            row["campaign_id"],
            row["currency"],
            *(Decimal(row[name]) for name in measures),
        )
        for row in rows
    ]
    return sorted(row for row in found if any(row[4:]))


def deleted_campaign(bench: Any, channel: str) -> Any:
    """The campaign that was deleted last before the tests' day."""
    gone = [one for one in _campaigns(bench, channel) if one.deleted_on and one.deleted_on < YESTERDAY]
    return max(gone, key=lambda one: one.deleted_on)


def renamed_campaign(bench: Any, channel: str) -> Any:
    """The campaign that was renamed last before the tests' day and still is listed."""
    renamed = [
        one
        for one in _campaigns(bench, channel)
        if len(one.names) > 1 and one.names[1][0] < YESTERDAY and one.is_listed(YESTERDAY)
    ]
    return max(renamed, key=lambda one: one.names[1][0])


def _campaigns(bench: Any, channel: str) -> list[Any]:
    company = bench.sandbox.state.company
    return [one for account in company.accounts(channel) for one in company.campaigns(channel, account.id)]
