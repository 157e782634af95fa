"""Rows of Meta's insights: every number a string, actions in types that overlap as the real ones do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from okr_reports.sandbox.company import Campaign, Figures
from okr_reports.sandbox.profiles import AccountProfile

ACCOUNT_FIELDS = ("account_id", "name", "currency", "timezone_name", "account_status")
NODE_FIELDS = (
    "account_id",
    "name",
    "status",
    "effective_status",
    "objective",
    "created_time",
    "updated_time",
    "start_time",
)
INSIGHT_FIELDS = (
    "account_id",
    "account_currency",
    "campaign_id",
    "campaign_name",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "reach",
    "frequency",
    "spend",
    "cpc",
    "cpm",
    "ctr",
    "actions",
    "action_values",
    "date_start",
    "date_stop",
    "account_name",
    "adset_id",
    "adset_name",
    "ad_id",
    "ad_name",
    "objective",
    "unique_clicks",
    "unique_ctr",
    "website_ctr",
    # known to the API, and absent where there is nothing to say
    *[
        "conversions",
        "conversion_values",
        "results",
        "cost_per_action_type",
        "cost_per_result",
        "purchase_roas",
        "social_spend",
        "cpp",
    ],
    *["outbound_clicks", "unique_actions", "video_p25_watched_actions", "video_p50_watched_actions", "buying_type"],
)
# Parts of a row that Acme's people are all one of.
BREAKDOWNS = {
    "country": "ES",
    "region": "Madrid",
    "age": "25-34",
    "gender": "female",
    "publisher_platform": "facebook",
    "platform_position": "feed",
    "impression_device": "desktop",
    "device_platform": "desktop",
}
# A campaign has one set, and that one ad.
LEVELS = {
    "account": ("account",),
    "campaign": ("campaign",),
    "adset": ("campaign", "adset"),
    "ad": ("campaign", "adset", "ad"),
}


# How full each quota is, as every answer reports.
USAGE = {
    "x-fb-ads-insights-throttle": {
        "app_id_util_pct": 0,
        "acc_id_util_pct": 12.5,
        "ads_api_access_tier": "standard_access",
    },
    "x-app-usage": {"call_count": 28, "total_time": 25, "total_cputime": 25},
    "x-ad-account-usage": {"acc_id_util_pct": 9.6, "reset_time_duration": 120},
    "x-business-use-case-usage": {
        "798085168510957": [
            {
                "type": "ads_insights",
                "call_count": 28,
                "total_cputime": 25,
                "total_time": 25,
                "estimated_time_to_regain_access": 0,
            }
        ]
    },
}
# One account has a pixel's and a form's leads alone, without the total.
WITHOUT_TOTAL_OF_LEADS = "1018257391628043"


def insight_row(
    account: AccountProfile, campaign: Campaign, name: str, day: date, figures: Figures, windows: list[str]
) -> dict[str, Any]:
    """All fields of one campaign's day; a list of actions is absent where nothing was done."""
    row: dict[str, Any] = {
        **ids_of(campaign),
        **{f"{level}_name": name for level in ("campaign", "adset", "ad")},
        "account_name": account.name,
        "objective": "OUTCOME_LEADS",
        "unique_clicks": str(figures.clicks * 9 // 10),
        "account_id": account.id,
        "account_currency": account.currency,
        "impressions": str(figures.impressions),
        "clicks": str(figures.clicks),
        "inline_link_clicks": str(figures.link_clicks),
        "reach": str(figures.impressions * 9 // 10),
        "frequency": "1.111111",
        "spend": str(figures.spend),
        "cpc": f"{figures.spend / max(1, figures.clicks):.6f}",
        "cpm": f"{1000 * figures.spend / max(1, figures.impressions):.6f}",
        "ctr": _percent(figures.clicks, figures.impressions),
        "unique_ctr": _percent(figures.clicks * 9 // 10, figures.impressions * 9 // 10),
        "website_ctr": [{"action_type": "link_click", "value": _percent(figures.link_clicks, figures.impressions)}],
    }
    counts, values = _actions(figures, day), _values(figures, day)
    if account.id == WITHOUT_TOTAL_OF_LEADS:
        counts.pop("lead")
    for field, found in (("actions", counts), ("action_values", values)):
        if any(found.values()):
            row[field] = [_action(kind, value, windows) for kind, value in found.items() if value]
    return row


def _percent(part: int, whole: int) -> str:
    return f"{Decimal(100 * part) / max(1, whole):.6f}"


def ids_of(campaign: Campaign) -> dict[str, str]:
    number = int(campaign.id)
    return {"campaign_id": campaign.id, "adset_id": str(number + 10**16), "ad_id": str(number + 2 * 10**16)}


def _actions(figures: Figures, day: date) -> dict[str, Decimal]:
    """Totals stand beside their parts; of purchases only the parts are given every fifth day."""
    leads, bought = Decimal(figures.leads), Decimal(figures.conversions)
    on_site, in_shop = leads // 2, bought // 3
    found = {
        "link_click": Decimal(figures.link_clicks),
        "video_view": Decimal(figures.video_views),
        "landing_page_view": Decimal(figures.link_clicks * 8 // 10),
        "post_engagement": Decimal(figures.clicks),
        "lead": leads,
        "onsite_conversion.lead_grouped": on_site,
        "offsite_conversion.fb_pixel_lead": leads - on_site,
        "onsite_conversion.purchase": in_shop,
        "offsite_conversion.fb_pixel_purchase": bought - in_shop,
        "omni_add_to_cart": 2 * bought,
        "add_to_cart": 2 * bought,
    }
    if day.day % 5:
        found |= {"purchase": bought, "omni_purchase": bought}
    return found


def _values(figures: Figures, day: date) -> dict[str, Decimal]:
    in_shop = (figures.conversion_value / 3).quantize(Decimal("0.01")) if int(figures.conversions) >= 3 else Decimal(0)
    found = {
        "onsite_conversion.purchase": in_shop,
        "offsite_conversion.fb_pixel_purchase": figures.conversion_value - in_shop,
    }
    if day.day % 5:
        found |= {"purchase": figures.conversion_value, "omni_purchase": figures.conversion_value}
    return found


def _action(kind: str, value: Decimal, windows: list[str]) -> dict[str, str]:
    """A fifth of the actions followed a view, the others a click."""
    viewed = value // 5
    split = {"7d_click": value - viewed, "1d_view": viewed, "1d_click": value - viewed, "28d_click": value - viewed}
    return {
        "action_type": kind,
        "value": str(value),
        **{window: str(split[window]) for window in windows if split.get(window)},
    }


def chosen_fields(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """The fields that were requested; a node has its id in any case."""
    return {name: value for name, value in row.items() if name in fields or name == "id"}
