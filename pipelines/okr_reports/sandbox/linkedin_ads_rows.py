"""Rows of adAnalytics: whose they are, which days, and numbers as LinkedIn writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from okr_reports.sandbox.company import Campaign, Figures

METRICS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "landingPageClicks": "link_clicks",
    "costInLocalCurrency": "spend",
    "externalWebsiteConversions": "conversions",
    "conversionValueInLocalCurrency": "conversion_value",
    "oneClickLeads": "leads",
    "videoViews": "video_views",
}
# Acme sells after clicks alone, and every lead is a good one.
SAME = {"externalWebsitePostClickConversions": "conversions", "qualifiedLeads": "leads"}
# Known to the API, always 0 here.
OTHER_METRICS = (
    "externalWebsitePostViewConversions",
    "likes",
    "comments",
    "shares",
    "follows",
    "totalEngagements",
    "videoCompletions",
    "videoStarts",
    "oneClickLeadFormOpens",
    "sends",
    "opens",
    "reactions",
    "cardClicks",
    "companyPageClicks",
    "textUrlClicks",
    "viralClicks",
    "viralImpressions",
)


# The accounts' conversion rules: orders, and people who signed up. A pivot of its own, as it parts a campaign's day.
CONVERSION, FIRST_RULE = "CONVERSION", 104012
USUAL_RULES: list[dict[str, Any]] = [{}, {"name": "Signed up", "type": "SIGN_UP"}]


def of_rules(figures: Figures, count: int) -> dict[str, Figures]:
    """Of what the first rule and the second of the account counted, by their URNs: half of it each, and all the value
    the first. The only rule counted all.
    """
    second = int(figures.conversions) // 2 if count > 1 else 0
    parts = [Figures(conversions=figures.conversions - second, conversion_value=figures.conversion_value)]
    parts += [Figures(conversions=second)] if count > 1 else []
    return {f"urn:lla:llaPartnerConversion:{FIRST_RULE + at}": part for at, part in enumerate(parts)}


def _month(day: date, start: date, end: date) -> tuple[date, date]:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return max(start, day.replace(day=1)), min(end, following - timedelta(days=1))


# What rows are made of: whose they are, and which days.
PIVOTS: dict[str, Callable[[Campaign], str]] = {
    "CAMPAIGN": lambda campaign: f"urn:li:sponsoredCampaign:{campaign.id}",
    "CREATIVE": lambda campaign: f"urn:li:sponsoredCreative:{campaign.id}",
    "CAMPAIGN_GROUP": lambda campaign: f"urn:li:sponsoredCampaignGroup:{campaign.group_id}",
    "ACCOUNT": lambda campaign: f"urn:li:sponsoredAccount:{campaign.account_id}",
}
SPANS: dict[str, Callable[[date, date, date], tuple[date, date]]] = {
    "DAILY": lambda day, start, end: (day, day),
    "MONTHLY": _month,
    "ALL": lambda day, start, end: (start, end),
}


def element_of(
    urns: tuple[str, ...], first: date, last: date, figures: Figures, fields: list[str]
) -> dict[str, Any] | None:
    """One row; None where every requested metric is 0 (or, without a requested metric, the day had nothing at all)."""
    metrics = [name for name in fields if name not in ("dateRange", "pivotValues")]
    known = METRICS | SAME
    values = {name: getattr(figures, known[name]) if name in known else 0 for name in metrics}
    if figures.is_empty or (values and not any(values.values())):
        return None
    element: dict[str, Any] = {}
    if "dateRange" in fields:
        start, end = ({"year": day.year, "month": day.month, "day": day.day} for day in (first, last))
        element["dateRange"] = {"start": start, "end": end}
    if "pivotValues" in fields:
        element["pivotValues"] = [*urns]
    for name, value in values.items():
        element[name] = _money(value, first) if isinstance(value, Decimal) else value
    return element


def _money(amount: Decimal, day: date) -> str:
    """As LinkedIn writes money: a decimal string, now and then with the residue of a float (seen: -2e-18)."""
    if day.day == 7:
        return str(amount - Decimal("4e-14")) if amount else "-2e-18"
    return str(amount)
