"""Rows of Microsoft's campaign performance report: a campaign's day split by device, numbers and gaps as in the CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from okr_reports.sandbox.company import Campaign, Figures
from okr_reports.sandbox.state import SandboxState

COLUMNS = (
    "TimePeriod",
    "AccountId",
    "CampaignId",
    "CampaignName",
    "CampaignStatus",
    "CurrencyCode",
    "AdDistribution",
    "DeviceType",
    "Network",
    "DeliveredMatchType",
    "DeviceOS",
    "TopVsOther",
    "BidMatchType",
    "Impressions",
    "Clicks",
    "Spend",
    "Conversions",
    "ConversionsQualified",
    "Revenue",
    "AllConversions",
    "AllConversionsQualified",
    "AllRevenue",
    "Goal",
)
# Orders, which bring all the value and most conversions, and people who asked for a demonstration.
GOALS = (
    {"Id": "7001", "Name": "Order placed", "Type": "Event", "GoalCategory": "Purchase", "Status": "Active"},
    {"Id": "7002", "Name": "Demo asked for", "Type": "Event", "GoalCategory": "SubmitLeadForm", "Status": "Active"},
)
TENTHS_OF_ORDERS = 6
REPORT_ZONES = ("BrusselsCopenhagenMadridParis", "EasternTimeUSCanada", "GreenwichMeanTimeDublinEdinburghLisbonLondon")
# Devices and systems, and how many tenths of a campaign's day were on each.
DEVICES = (("Computer", "Windows", 6), ("Smartphone", "Android", 4))


def campaign_rows(state: SandboxState, channel: str, account: str, start: date, end: date) -> list[dict[str, Any]]:
    """Everything delivered on the requested days, every column."""
    currency = next(profile.currency for profile in state.company.accounts(channel) if profile.id == account)
    rows = []
    for campaign in state.company.campaigns(channel, account):
        day = max(start, campaign.start)
        while day <= min(end, campaign.end, state.today):
            figures = state.figures(channel, campaign, day)
            if not figures.is_empty:
                common = {
                    "TimePeriod": str(day),
                    "AccountId": account,
                    "CurrencyCode": currency,
                    **_names(state, campaign),
                }
                rows += [{**common, **part} for part in _parts(figures, day)]
            day += timedelta(days=1)
    return rows


def by_goal(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row of each goal; one without a goal where nothing was converted."""
    whole = Decimal(row["AllConversionsQualified"])
    orders = _share(whole, TENTHS_OF_ORDERS)
    if not whole and not Decimal(row["AllRevenue"]):
        yield {**row, "Goal": ""}
        return
    for goal, conversions, value in zip(GOALS, (orders, whole - orders), (row["AllRevenue"], "0.00"), strict=True):
        counted = {"AllConversions": str(int(conversions)), "AllConversionsQualified": f"{conversions:.2f}"}
        yield {**row, "Goal": goal["Name"], **counted, "AllRevenue": value}


def csv_of(columns: list[str], rows: list[dict[str, Any]]) -> bytes:
    """UTF-8 with a byte order mark, every cell quoted, a line of column names."""
    written = io.StringIO()
    out = csv.DictWriter(written, columns, quoting=csv.QUOTE_ALL, extrasaction="ignore")
    out.writeheader()
    out.writerows(rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _names(state: SandboxState, campaign: Campaign) -> dict[str, str]:
    status = "Active" if campaign.is_listed(state.today) else "Deleted"
    return {"CampaignId": campaign.id, "CampaignName": campaign.name(state.today), "CampaignStatus": status}


def _parts(figures: Figures, day: date) -> Iterator[dict[str, Any]]:
    """The figures in tenths by device; the last device gets what is left, so that the sum is whole."""
    left = [
        Decimal(value)
        for value in (figures.impressions, figures.clicks, figures.spend, figures.conversions, figures.conversion_value)
    ]
    whole = list(left)
    for number, (device, system, tenths) in enumerate(DEVICES):
        is_last = number == len(DEVICES) - 1
        parts = [rest if is_last else _share(value, tenths) for value, rest in zip(whole, left, strict=True)]
        left = [rest - part for rest, part in zip(left, parts, strict=True)]
        impressions, clicks, spend, conversions, value = parts
        yield {
            "AdDistribution": "Search",
            "DeviceType": device,
            "Network": "Bing and Yahoo! search",
            "DeliveredMatchType": "Exact" if day.day % 2 else "Phrase",
            "DeviceOS": system,
            "TopVsOther": "Bing and Yahoo! search - Top",
            "BidMatchType": "Broad",
            "Impressions": f"{int(impressions):,}",
            "Clicks": str(int(clicks)),
            "Spend": f"{spend:.2f}",
            # deprecated since 2022, and cut to whole ones
            "Conversions": str(int(conversions)),
            "AllConversions": str(int(conversions)),
            # a cell of nothing is empty
            "ConversionsQualified": f"{conversions:.2f}" if conversions else "",
            "Revenue": f"{value:.2f}" if value else "",
            "AllConversionsQualified": f"{conversions:.2f}",
            "AllRevenue": f"{value:.2f}",
        }


def _share(value: Decimal, tenths: int) -> Decimal:
    exact = value * tenths / 10
    return exact.quantize(Decimal(1)) if value == value.to_integral_value() else exact.quantize(Decimal("0.01"))
