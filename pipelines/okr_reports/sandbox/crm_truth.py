"""What a faultless load of the CRM must count: by day of the portal and original source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from okr_reports.sandbox.crm import Crm, morning_of
from okr_reports.sandbox.state import SandboxState

PORTAL, TIMEZONE, CURRENCY = "144512680", "Europe/Madrid", "EUR"
MEASURES = (
    "contacts_created",
    "companies_created",
    "mqls",
    "sqls",
    "deals_created",
    "deals_closed",
    "deals_won",
    "revenue",
    "pipeline_value",
    "created_pipeline_value",
)
TRUTH_COLUMNS = ("date", "channel", "account_id", "campaign_id", "currency", *MEASURES)
_ZONE = ZoneInfo(TIMEZONE)


def truth(state: SandboxState, start: date, end: date, asked_on: date) -> Iterator[tuple[Any, ...]]:
    """By original source, as the CRM knows it on the morning of `asked_on`; pipeline_value is open at the day's end."""
    crm, now = Crm(state.company), morning_of(asked_on)
    sums: dict[tuple[date, str], dict[str, Any]] = {}
    for day, source, measure, value in (*_of_people(crm, now), *_of_deals(crm, now, start, end)):
        if start <= day <= end:
            sums.setdefault((day, source), dict.fromkeys(MEASURES, 0))[measure] += value
    for (day, source), values in sorted(sums.items()):
        yield (day, "hubspot", PORTAL, source, CURRENCY, *values.values())


def _of_people(crm: Crm, now: datetime) -> Iterator[tuple[date, str, str, Any]]:
    for kind in ("contacts", "companies"):
        for record in crm.objects(kind, now):
            if record.exists(now):
                yield _day(record.created), record.source, f"{kind}_created", 1
                for measure, moment in (("mqls", record.mql_at), ("sqls", record.sql_at)):
                    if moment is not None and moment <= now:
                        yield _day(moment), record.source, measure, 1


def _of_deals(crm: Crm, now: datetime, start: date, end: date) -> Iterator[tuple[date, str, str, Any]]:
    for deal in crm.objects("deals", now):
        if not deal.exists(now):
            continue
        amount, created = deal.home_amount_at(now), _day(deal.created)
        yield created, deal.source, "deals_created", 1
        yield created, deal.source, "created_pipeline_value", amount
        closed = _day(deal.closed_at) if deal.closed_at is not None and deal.closed_at <= now else None
        if closed is not None:
            yield closed, deal.source, "deals_closed", 1
        if closed is not None and deal.is_won:
            yield closed, deal.source, "deals_won", 1
            yield closed, deal.source, "revenue", amount
        day, last = max(created, start), min(end, closed - timedelta(days=1) if closed else end)
        while day <= last:
            yield day, deal.source, "pipeline_value", amount
            day += timedelta(days=1)


def _day(moment: datetime) -> date:
    return moment.astimezone(_ZONE).date()
