"""What was landed and what should have been, as the conformance suite compares them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.channels.descriptions import Description

TODAY = date(2026, 11, 23)
START = TODAY - timedelta(days=45)


def loaded(bench: Any, name: str, described: Description) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """Sums by (day, account, campaign), without the days on which a campaign had nothing."""
    sums = ", ".join(f"coalesce(sum({sql}), 0)" for sql in described.measures.values())
    facts = described.facts if described.facts.startswith("(") else f"{name}.{described.facts}"
    # what is landed as objects may be older than the history, or of today
    end = bench.sandbox.state.today - timedelta(days=1)
    rows = bench.rows(
        f"select date, account_id, {described.campaign_id}, {sums} from {facts} "
        f"where date between '{START}' and '{end}' group by 1, 2, 3"
    )
    return {row[:3]: tuple(map(Decimal, row[3:])) for row in rows if any(row[3:])}


def truth(bench: Any, name: str, described: Description, start: date = START, **query: str) -> dict[Any, Any]:
    end = bench.sandbox.state.today - timedelta(days=1)
    text = bench.truth(name, **{"from": start.isoformat(), "to": end.isoformat(), **query})
    rows = {
        (date.fromisoformat(row["date"]), row["account_id"], row["campaign_id"]): tuple(
            Decimal(row[measure]) for measure in described.measures
        )
        for row in csv.DictReader(io.StringIO(text))
    }
    return {key: row for key, row in rows.items() if any(row)}
