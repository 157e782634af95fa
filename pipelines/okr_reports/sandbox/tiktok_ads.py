"""TikTok's Business API v1.3 over Acme: advertisers, campaigns, integrated reports. Every answer is HTTP 200."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import Campaign, Figures
from okr_reports.sandbox.profiles import PROFILES
from okr_reports.sandbox.state import SandboxState

CHANNEL = "tiktok_ads"
SETTINGS = {
    "CREDENTIALS__ACCESS_TOKEN": "sandbox",
    "ACCOUNT_IDS": ",".join(account.id for account in PROFILES[CHANNEL]),
}
TOKENS_EXPIRE = False
# Requests that come too fast, and TikTok's own passing faults: all of them HTTP 200.
THROTTLED = (
    (200, b'{"code":40100,"message":"Too many requests. Please retry in some time.","request_id":"2026","data":{}}'),
    (200, b'{"code":50000,"message":"System error","request_id":"2026","data":{}}'),
    (200, b'{"code":50002,"message":"Service error","request_id":"2026","data":{}}'),
)
OFFSETS = {"Europe/Madrid": "Etc/GMT-1", "America/Los_Angeles": "Etc/GMT+8"}
LONGEST_REPORT = 30
LARGEST_PAGE = 1000
# Reports come in pages of up to fifty times an entity listing's.
ROWS_A_PAGE = 50
Metric = Callable[[Figures], Any]
METRICS: dict[str, Metric] = {
    "impressions": lambda one: one.impressions,
    "clicks": lambda one: one.clicks,
    "spend": lambda one: one.spend,
    "conversion": lambda one: one.conversions,
    "video_play_actions": lambda one: one.video_views,
    "video_watched_2s": lambda one: one.video_views * 6 // 10,
    "video_watched_6s": lambda one: one.video_views * 3 // 10,
    "likes": lambda one: one.clicks // 5,
    "comments": lambda one: one.clicks // 20,
    "shares": lambda one: one.clicks // 30,
    "follows": lambda one: one.clicks // 15,
    # metrics that do not apply to the goal
    "secondary_goal_result": lambda one: "-",
    "real_time_app_install": lambda one: "-",
}
# What a campaign sells by has a set of metrics of its own; the others do not apply to it.
_purchases: Metric = lambda one: int(one.conversions) // 2  # noqa: E731
_value: Metric = lambda one: one.conversion_value  # noqa: E731
_leads: Metric = lambda one: one.leads  # noqa: E731
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
_STATUS = {"active": "ENABLE", "paused": "DISABLE", "completed": "DISABLE"}
_FIELDS = {"advertiser_id", "name", "currency", "timezone", "display_timezone", "status", "company", "country"}


class Refused(Exception):
    """An answer that is an error: its code, under HTTP 200."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    base = "/open_api/v1.3"
    return Starlette(
        routes=[
            Route(f"{base}/advertiser/info/", api.answer(api.advertisers)),
            Route(f"{base}/campaign/get/", api.answer(api.campaigns)),
            Route(f"{base}/report/integrated/get/", api.answer(api.report)),
        ]
    )


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    def answer(self, find: Any) -> Any:
        """The handler of one endpoint, in TikTok's envelope."""

        async def handle(request: Request) -> Response:
            envelope: dict[str, Any] = {"code": 0, "message": "OK", "request_id": "202611230000"}
            try:
                self._check(request)
                envelope["data"] = find(dict(request.query_params))
            except Refused as refused:
                envelope |= {"code": refused.code, "message": str(refused), "data": {}}
            return JSONResponse(envelope)

        return handle

    def advertisers(self, asked: dict[str, str]) -> dict[str, Any]:
        ids, fields = _list(asked, "advertiser_ids"), _list(asked, "fields")
        unknown = set(fields) - _FIELDS
        if unknown or not 1 <= len(ids) <= 100:
            raise Refused(40000, f"fields: invalid value {sorted(unknown)}")
        for one in ids:
            self._may(one, denied_too=False)
        every = {one.id: one for one in self._state.company.accounts(CHANNEL)}
        return {
            "list": [
                {
                    "advertiser_id": every[one].id,
                    "name": every[one].name,
                    "currency": every[one].currency,
                    "timezone": OFFSETS[every[one].timezone],
                    "display_timezone": every[one].timezone,
                    "status": "STATUS_ENABLE",
                }
                for one in ids
            ]
        }

    def campaigns(self, asked: dict[str, str]) -> dict[str, Any]:
        account, today = asked.get("advertiser_id", ""), self._state.today
        self._may(account)
        wants_deleted = json.loads(asked.get("filtering", "{}")).get("primary_status") == "STATUS_DELETE"
        rows = [
            self._described(one, account)
            for one in self._state.company.campaigns(CHANNEL, account)
            if one.start <= today and one.is_listed(today) != wants_deleted
        ]
        return _page(asked, rows, self._state.page_size)

    def _described(self, campaign: Campaign, account: str) -> dict[str, Any]:
        today = self._state.today
        status = _STATUS[campaign.status(today)] if campaign.is_listed(today) else "DELETE"
        return {
            "campaign_id": campaign.id,
            "campaign_name": campaign.name(today),
            "advertiser_id": account,
            "operation_status": status,
            "secondary_status": f"CAMPAIGN_STATUS_{status}",
            "objective_type": _objective(campaign),
            "create_time": f"{campaign.start} 09:00:00",
        }

    def report(self, asked: dict[str, str]) -> dict[str, Any]:
        account = asked.get("advertiser_id", "")
        self._may(account)
        wanted = {"service_type": "AUCTION", "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN"}
        for name, value in wanted.items():
            if asked.get(name) != value:
                raise Refused(40000, f"{name}: this sandbox reports {value} only")
        if _list(asked, "dimensions") != ["campaign_id", "stat_time_day"]:
            raise Refused(40000, "dimensions: invalid value")
        metrics = _list(asked, "metrics")
        unknown = [name for name in metrics if name not in {*METRICS, *OF_SETS, "campaign_name"}]
        if unknown:
            raise Refused(40000, f"metrics: invalid value {unknown}")
        return _page(asked, self._rows(account, metrics, *_days(asked)), self._state.page_size * ROWS_A_PAGE)

    def _rows(self, account: str, metrics: list[str], start: date, end: date) -> list[dict[str, Any]]:
        rows = []
        for campaign in self._state.company.campaigns(CHANNEL, account):
            day = max(start, campaign.start)
            while day <= min(end, campaign.end, self._state.today):
                figures = self._state.figures(CHANNEL, campaign, day)
                if not figures.is_empty:
                    of_metrics = {**METRICS, **dict.fromkeys(OF_SETS, _no_value), **SETS[_objective(campaign)]}
                    name_now = campaign.name(self._state.today)
                    values = {
                        name: name_now if name == "campaign_name" else str(of_metrics[name](figures))
                        for name in metrics
                    }
                    rows.append(
                        {
                            "dimensions": {"campaign_id": campaign.id, "stat_time_day": f"{day} 00:00:00"},
                            "metrics": self._state.drifted(CHANNEL, values),
                        }
                    )
                day += timedelta(days=1)
        return rows

    def _check(self, request: Request) -> None:
        token = request.headers.get("access-token", "")
        if not self._state.token_works(CHANNEL, token):
            raise Refused(40105, "Access token is incorrect or has been revoked.")
        if CHANNEL in self._state.unscoped:
            raise Refused(40001, "You do not have permission to access this resource: Ad Account, Reporting")
        if CHANNEL in self._state.throttled:
            raise Refused(40100, self._state.throttled[CHANNEL])

    def _may(self, account: str, denied_too: bool = True) -> None:
        is_known = account in {one.id for one in self._state.company.accounts(CHANNEL)}
        if not is_known or (denied_too and account in self._state.denied):
            raise Refused(40001, f"No permission to operate advertiser {account}")


def _objective(campaign: Campaign) -> str:
    return sorted(SETS)[int(campaign.id) % len(SETS)]


def _no_value(_: Figures) -> str:
    return "-"


def _list(asked: dict[str, str], name: str) -> list[str]:
    """A list travels as JSON text; ids in it must be texts too."""
    try:
        found = json.loads(asked[name])
    except (KeyError, ValueError):
        raise Refused(40000, f"{name}: Missing data for required field.") from None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused(40000, f"{name}: Not a valid list of strings.")
    return found


def _days(asked: dict[str, str]) -> tuple[date, date]:
    try:
        start, end = date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"])
    except (KeyError, ValueError):
        raise Refused(40000, "start_date, end_date: Not a valid date.") from None
    if not 0 <= (end - start).days < LONGEST_REPORT:
        raise Refused(40000, f"The time span must be between 1 and {LONGEST_REPORT} days with stat_time_day.")
    return start, end


def _page(asked: dict[str, str], rows: list[dict[str, Any]], most: int) -> dict[str, Any]:
    page, size = int(asked.get("page", 1)), int(asked.get("page_size", 10))
    if not 1 <= size <= LARGEST_PAGE:
        raise Refused(40000, f"page_size: Must be between 1 and {LARGEST_PAGE}.")
    size = min(size, most)
    return {
        "list": rows[(page - 1) * size : page * size],
        "page_info": {
            "page": page,
            "page_size": size,
            "total_number": len(rows),
            "total_page": math.ceil(len(rows) / size),
        },
    }
