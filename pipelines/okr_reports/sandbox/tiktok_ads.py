"""TikTok's Business API v1.3 over Acme: advertisers, campaigns, integrated reports. Every answer is HTTP 200."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import FOUNDED, Campaign
from okr_reports.sandbox.profiles import PROFILES
from okr_reports.sandbox.state import SandboxState
from okr_reports.sandbox.tiktok_ads_rows import AUDIENCE, KNOWN, LEVELS, names_of, report_rows

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
_STATUS = {"active": "ENABLE", "paused": "DISABLE", "completed": "DISABLE"}
_FIELDS = {"advertiser_id", "name", "currency", "timezone", "display_timezone", "status", "create_time", "country"}


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
            Route(f"{base}/user/info/", api.answer(api.user)),
            Route(f"{base}/user/info", api.answer(api.user)),
            Route(f"{base}/oauth2/advertiser/get/", api.answer(api.authorised)),
            Route(f"{base}/campaign/get/", api.answer(api.campaigns)),
            Route(f"{base}/adgroup/get/", api.answer(api.campaigns)),
            Route(f"{base}/ad/get/", api.answer(api.campaigns)),
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

    def user(self, query: dict[str, str]) -> dict[str, Any]:
        return {"core_user_id": "7026437653402", "display_name": "Acme", "email": "a***@acme.example"}

    def authorised(self, query: dict[str, str]) -> dict[str, Any]:
        found = self._state.company.accounts(CHANNEL)
        return {"list": [{"advertiser_id": account.id, "advertiser_name": account.name} for account in found]}

    def advertisers(self, query: dict[str, str]) -> dict[str, Any]:
        ids, fields = _list(query, "advertiser_ids"), _list(query, "fields") if "fields" in query else []
        unknown = set(fields) - _FIELDS
        if unknown or not 1 <= len(ids) <= 100:
            raise Refused(40000, f"fields: invalid value {sorted(unknown)}")
        for account in ids:
            self._may(account, denied_too=False)
        every = {account.id: account for account in self._state.company.accounts(CHANNEL)}
        return {
            "list": [
                {
                    "advertiser_id": every[account].id,
                    "name": every[account].name,
                    "currency": every[account].currency,
                    "timezone": OFFSETS[every[account].timezone],
                    "display_timezone": every[account].timezone,
                    "status": "STATUS_ENABLE",
                    "create_time": int(datetime.combine(FOUNDED, time(), UTC).timestamp()),
                }
                for account in ids
            ]
        }

    def campaigns(self, query: dict[str, str]) -> dict[str, Any]:
        account, today = query.get("advertiser_id", ""), self._state.today
        self._may(account)
        wants_deleted = json.loads(query.get("filtering", "{}")).get("primary_status") == "STATUS_DELETE"
        rows = [
            self._described(campaign, account)
            for campaign in self._state.company.campaigns(CHANNEL, account)
            if campaign.start <= today and campaign.is_listed(today) != wants_deleted
        ]
        return _page(query, rows, self._state.page_size)

    def _described(self, campaign: Campaign, account: str) -> dict[str, Any]:
        today = self._state.today
        status = _STATUS[campaign.status(today)] if campaign.is_listed(today) else "DELETE"
        return {
            **names_of(campaign, today),
            "advertiser_id": account,
            "operation_status": status,
            "secondary_status": f"CAMPAIGN_STATUS_{status}",
            "create_time": f"{campaign.start} 09:00:00",
            "modify_time": f"{campaign.start} 09:00:00",
        }

    def report(self, query: dict[str, str]) -> dict[str, Any]:
        account = query.get("advertiser_id", "")
        self._may(account)
        level = query.get("data_level", "")
        if level not in LEVELS or query.get("service_type", "AUCTION") != "AUCTION":
            raise Refused(40000, f"data_level: this sandbox has no {level} reports")
        dimensions, metrics = _list(query, "dimensions"), _list(query, "metrics")
        audience = AUDIENCE if query.get("report_type") == "AUDIENCE" else {}
        if LEVELS[level] not in dimensions or not set(dimensions) <= {LEVELS[level], "stat_time_day", *audience}:
            raise Refused(40000, "dimensions: invalid value")
        unknown = [name for name in metrics if name not in KNOWN]
        if unknown:
            raise Refused(40000, f"metrics: invalid value {unknown}")
        (start, end), only = _days(query), _filtered(query)
        running = [c for c in self._state.company.campaigns(CHANNEL, account) if c.start <= end and c.end >= start]
        count = sum(only is None or campaign.id in only for campaign in running)
        if self._state.job_outcome(CHANNEL, 0, (end - start).days + 1, count):
            raise Refused(40067, "The query is too large. Please narrow the range of your query.")
        campaigns = [
            campaign
            for campaign in self._state.company.campaigns(CHANNEL, account)
            if only is None or campaign.id in only
        ]
        rows = list(report_rows(self._state, CHANNEL, campaigns, dimensions, metrics, (start, end)))
        return _page(query, rows, self._state.page_size * ROWS_A_PAGE)

    def _check(self, request: Request) -> None:
        token = request.headers.get("access-token", "")
        if not self._state.token_works(CHANNEL, token):
            raise Refused(40105, "Access token is incorrect or has been revoked.")
        if CHANNEL in self._state.unscoped:
            raise Refused(40001, "You do not have permission to access this resource: Ad Account, Reporting")
        if CHANNEL in self._state.throttled:
            raise Refused(40100, self._state.throttled[CHANNEL])

    def _may(self, account: str, denied_too: bool = True) -> None:
        is_known = account in {profile.id for profile in self._state.company.accounts(CHANNEL)}
        if not is_known or (denied_too and account in self._state.denied):
            raise Refused(40001, f"No permission to operate advertiser {account}")


def _list(query: dict[str, str], name: str) -> list[str]:
    """A list travels as JSON text; ids in it must be texts too."""
    try:
        found = json.loads(query[name])
    except (KeyError, ValueError):
        raise Refused(40000, f"{name}: Missing data for required field.") from None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise Refused(40000, f"{name}: Not a valid list of strings.")
    return found


def _filtered(query: dict[str, str]) -> set[str] | None:
    """The campaigns that a report is narrowed to; None for all."""
    if "filtering" not in query:
        return None
    [narrowed] = json.loads(query["filtering"])
    if (narrowed["field_name"], narrowed["filter_type"]) != ("campaign_ids", "IN"):
        raise Refused(40000, f"filtering: invalid value {narrowed}")
    return set(json.loads(narrowed["filter_value"]))


def _days(query: dict[str, str]) -> tuple[date, date]:
    try:
        start, end = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
    except (KeyError, ValueError):
        raise Refused(40000, "start_date, end_date: Not a valid date.") from None
    if not 0 <= (end - start).days < LONGEST_REPORT:
        raise Refused(40000, f"The time span must be between 1 and {LONGEST_REPORT} days with stat_time_day.")
    return start, end


def _page(query: dict[str, str], rows: list[dict[str, Any]], most: int) -> dict[str, Any]:
    page, size = int(query.get("page", 1)), int(query.get("page_size", 10))
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
