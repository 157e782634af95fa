"""Rows of TikTok's reports: what a campaign, its ad group and its ad are called, and every metric as a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from okr_reports.sandbox.company import Campaign, Figures, days_of
from okr_reports.sandbox.state import SandboxState

Metric = Callable[[Figures], Any]
METRICS: dict[str, Metric] = {
    "impressions": lambda figures: figures.impressions,
    "clicks": lambda figures: figures.clicks,
    "reach": lambda figures: figures.impressions * 9 // 10,
    "spend": lambda figures: figures.spend,
    "conversion": lambda figures: figures.conversions,
    "video_play_actions": lambda figures: figures.video_views,
    "video_watched_2s": lambda figures: figures.video_views * 6 // 10,
    "video_watched_6s": lambda figures: figures.video_views * 3 // 10,
    "likes": lambda figures: figures.clicks // 5,
    "comments": lambda figures: figures.clicks // 20,
    "shares": lambda figures: figures.clicks // 30,
    "follows": lambda figures: figures.clicks // 15,
    # metrics that do not apply to the goal
    "secondary_goal_result": lambda figures: "-",
    "real_time_app_install": lambda figures: "-",
}
# What a campaign sells by has a set of metrics of its own; the others do not apply to it.
_purchases: Metric = lambda figures: int(figures.conversions) // 2  # noqa: E731
_value: Metric = lambda figures: figures.conversion_value  # noqa: E731
_leads: Metric = lambda figures: figures.leads  # noqa: E731
SETS: dict[str, dict[str, Metric]] = {
    "WEB_CONVERSIONS": {"complete_payment": _purchases, "total_complete_payment_rate": _value, "form": _leads},
    "PRODUCT_SALES": {
        "onsite_shopping": _purchases,
        "total_onsite_shopping_value": _value,
        "onsite_form": _leads,
    },
    "APP_PROMOTION": {
        "total_purchase": _purchases,
        "purchase": _purchases,
        "total_purchase_value": _value,
        "total_sales_lead": _leads,
        "sales_lead": _leads,
    },
}
OF_SETS = {name for metrics in SETS.values() for name in metrics}

# Quotients, in per cent where they are rates; 0 where nothing is there to divide by.
RATES: dict[str, tuple[Metric, Metric, int]] = {
    "cpc": (lambda figures: figures.spend, lambda figures: figures.clicks, 1),
    "cpm": (lambda figures: figures.spend, lambda figures: figures.impressions, 1000),
    "ctr": (lambda figures: figures.clicks, lambda figures: figures.impressions, 100),
    "cost_per_conversion": (lambda figures: figures.spend, lambda figures: figures.conversions, 1),
    "conversion_rate": (lambda figures: figures.conversions, lambda figures: figures.clicks, 100),
    "cost_per_1000_reached": (lambda figures: figures.spend, lambda figures: figures.impressions * 9 // 10, 1000),
    "frequency": (lambda figures: figures.impressions, lambda figures: figures.impressions * 9 // 10, 1),
    "conversion_rate_v2": (lambda figures: figures.conversions, lambda figures: figures.clicks, 100),
}
# What a result is, is the goal's event: a conversion here. What happens is counted on its own day too.
SAME = {
    "result": "conversion",
    "real_time_conversion": "conversion",
    "real_time_result": "conversion",
    "cost_per_result": "cost_per_conversion",
    "result_rate": "conversion_rate",
    "real_time_cost_per_conversion": "cost_per_conversion",
    "real_time_cost_per_result": "cost_per_conversion",
    "real_time_conversion_rate": "conversion_rate",
    "real_time_conversion_rate_v2": "conversion_rate",
    "real_time_result_rate": "conversion_rate",
    "gross_impressions": "impressions",
    "video_views_p25": "video_watched_2s",
    "video_views_p50": "video_watched_6s",
}
# Known to the API: attributes that Acme leaves empty, and metrics of what nobody does here.
EMPTY = [
    "ad_text",
    "placement_type",
    "tt_app_id",
    "tt_app_name",
    "mobile_app_id",
    "promotion_type",
    "dpa_target_audience_type",
    "app_promotion_type",
    "split_test",
    "campaign_dedicate_type",
    "opt_status",
    "smart_target",
    "bid_strategy",
    "call_to_action",
    "image_mode",
    "billing_event",
    "rf_campaign_type",
]
NEVER = [
    "video_views_p75",
    "video_views_p100",
    "average_video_play",
    "average_video_play_per_user",
    "profile_visits",
    "profile_visits_rate",
    "clicks_on_music_disc",
    "is_smart_creative",
    "campaign_budget",
    "budget",
    "bid",
    "app_install",
    "cta_purchase",
    "vta_purchase",
    "cta_conversion",
    "vta_conversion",
]
DASHED = ("cost_per_secondary_goal_result", "secondary_goal_result_rate")
# A campaign has one ad group, and that one ad.
LEVELS = {
    "AUCTION_ADVERTISER": "advertiser_id",
    "AUCTION_CAMPAIGN": "campaign_id",
    "AUCTION_ADGROUP": "adgroup_id",
    "AUCTION_AD": "ad_id",
}
# Everybody is of one kind.
AUDIENCE = {
    "country_code": "ES",
    "platform": "ANDROID",
    "province_id": "3117735",
    "age": "AGE_25_34",
    "gender": "FEMALE",
    "language": "es",
}
ATTRIBUTES = ("campaign_name", "campaign_id", "adgroup_name", "adgroup_id", "ad_name", "objective_type")
KNOWN = {*METRICS, *OF_SETS, *RATES, *SAME, *EMPTY, *NEVER, *DASHED, *ATTRIBUTES}


def names_of(campaign: Campaign, on: date) -> dict[str, str]:
    """Ids and names of all levels, and the objective."""
    number = int(campaign.id)
    ids = {"campaign": campaign.id, "adgroup": str(number + 10**17), "ad": str(number + 2 * 10**17)}
    named = {f"{level}_name": campaign.name(on) for level in ids}
    return {
        **{f"{level}_id": identifier for level, identifier in ids.items()},
        **named,
        "objective_type": objective_of(campaign),
    }


def objective_of(campaign: Campaign) -> str:
    return sorted(SETS)[int(campaign.id) % len(SETS)]


def report_rows(
    state: SandboxState, channel: str, campaigns: list[Campaign], dimensions: list[str], metrics: list[str], span: Any
) -> Iterator[dict[str, Any]]:
    """A row a thing of the level and day, or one of all days; of an advertiser all campaigns are one."""
    found: dict[tuple[str, str], tuple[Campaign, list[Figures]]] = {}
    for campaign in campaigns:
        for day in days_of(max(span[0], campaign.start), min(span[1], campaign.end, state.today)):
            figures = state.figures(channel, campaign, day)
            whose = "" if "advertiser_id" in dimensions else campaign.id
            written = f"{day} 00:00:00" if "stat_time_day" in dimensions else ""
            if not figures.is_empty:
                found.setdefault((whose, written), (campaign, []))[1].append(figures)
    for (_, written), (campaign, parts) in found.items():
        known = {**names_of(campaign, state.today), "advertiser_id": campaign.account_id, "stat_time_day": written}
        values = {name: known[name] if name in known else _text(name, campaign, parts) for name in metrics}
        yield {
            "dimensions": {name: known.get(name) or AUDIENCE[name] for name in dimensions},
            "metrics": state.drifted(channel, values),
        }


def _text(name: str, campaign: Campaign, parts: list[Figures]) -> str:
    name = SAME.get(name, name)
    if name in RATES:
        above, below, times = RATES[name]
        divisor = sum(Decimal(below(figures)) for figures in parts)
        return f"{times * sum(Decimal(above(figures)) for figures in parts) / divisor:.2f}" if divisor else "0.00"
    if name in EMPTY or name in DASHED:
        return "" if name in EMPTY else "-"
    of_metrics = {**METRICS, **dict.fromkeys(OF_SETS, _no_value), **SETS[objective_of(campaign)]}
    if name not in of_metrics:
        return "0"
    values = [of_metrics[name](figures) for figures in parts]
    return "-" if "-" in values else str(sum(values))


def _no_value(_: Figures) -> str:
    return "-"
