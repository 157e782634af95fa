"""LinkedIn's Marketing API over Acme: adAccounts, adCampaignGroups, adCampaigns, adAnalytics, token refresh."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import FOUNDED, Campaign, Figures, days_of, sum_of
from okr_reports.sandbox.linkedin_ads_rows import (
    CONVERSION,
    FIRST_RULE,
    METRICS,
    OTHER_METRICS,
    PIVOTS,
    SAME,
    SPANS,
    USUAL_RULES,
    element_of,
    of_rules,
)
from okr_reports.sandbox.restli import NotRestli, read_first_query, read_query
from okr_reports.sandbox.state import SandboxState

CHANNEL = "linkedin_ads"
# What a connector's settings must hold to be let in.
SETTINGS = {
    "CREDENTIALS__ACCESS_TOKEN": "sandbox",
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
}
# Each version is served for a year, to the 16th of its month; 202512 never came.
LAST_DAY, NEVER_CAME = 16, "202512"
LONGEST_URL = 8_000
MOST_FIELDS, MOST_PIVOTS = 20, 3
LARGEST_ANSWER = 15_000
_CAMPAIGN_STATUS = {"active": "ACTIVE", "paused": "PAUSED", "completed": "COMPLETED"}


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str, service_code: int = 100) -> None:
        self.status = status
        self.body = {"status": status, "serviceErrorCode": service_code, "code": code, "message": message}
        super().__init__(message)


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    routes = [
        Route("/oauth/v2/accessToken", api.token, methods=["POST"]),
        Route("/oauth/v2/introspectToken", api.introspect, methods=["POST"]),
        # Acme's accounts have no users to name, and no videos
        Route("/rest/adAccountUsers", api.answer(api.none_of("accounts")), methods=["GET", "POST"]),
        Route("/rest/posts", api.answer(api.none_of("dscAdAccount")), methods=["GET", "POST"]),
        Route("/rest/adAccounts/{account}/creatives", api.answer(api.creatives), methods=["GET", "POST"]),
        Route("/rest/adAccounts", api.answer(api.accounts), methods=["GET", "POST"]),
        Route("/rest/adAccounts/{account}/adCampaignGroups", api.answer(api.groups), methods=["GET", "POST"]),
        Route("/rest/adAccounts/{account}/adCampaigns", api.answer(api.campaigns), methods=["GET", "POST"]),
        Route("/rest/conversions", api.answer(api.rules), methods=["GET", "POST"]),
        Route("/rest/adAnalytics", api.answer(api.analytics), methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes)


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    def answer(self, find: Any) -> Any:
        """The handler of one resource: checks what LinkedIn checks of every request, then finds the elements."""

        async def handle(request: Request) -> Response:
            try:
                self._check(request)
                is_second = request.headers.get("x-restli-protocol-version") == "2.0.0"
                read = read_query if is_second else read_first_query
                return JSONResponse(find(read(await _raw_query(request)), **request.path_params))
            except NotRestli as error:
                return JSONResponse({"status": 400, "code": "ILLEGAL_ARGUMENT", "message": str(error)}, 400)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status)

        return handle

    async def token(self, request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        if not self._state.grants(form):
            return JSONResponse({"error": "invalid_grant", "error_description": "The refresh token is not valid"}, 400)
        self._state.counts["linkedin_ads refreshes"] += 1
        return JSONResponse(
            {
                "access_token": self._state.issue_token(),
                "expires_in": 5_184_000,
                "refresh_token": form["refresh_token"],
                "refresh_token_expires_in": 31_536_000,
            }
        )

    async def introspect(self, request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        made = int(datetime.combine(self._state.today, time(), UTC).timestamp())
        lives = {
            "status": "active",
            "created_at": made,
            "expires_at": made + 5_184_000,
            "scope": "r_ads_reporting",
        }
        known = self._state.token_works(CHANNEL, form.get("token", ""))
        return JSONResponse({"active": known, **(lives if known else {})})

    def none_of(self, finder: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def find(query: dict[str, Any]) -> dict[str, Any]:
            _want(query, q=finder)
            return {"paging": {"start": 0, "count": 10, "links": []}, "elements": []}

        return find

    def creatives(self, query: dict[str, Any], account: str) -> dict[str, Any]:
        """One of each campaign."""
        _want(query, q="criteria")
        self._may(account)
        wanted = {_id_of(urn) for urn in query.get("campaigns", ())}
        elements = [
            {
                "id": PIVOTS["CREATIVE"](campaign),
                "campaign": PIVOTS["CAMPAIGN"](campaign),
                "account": PIVOTS["ACCOUNT"](campaign),
                "intendedStatus": _CAMPAIGN_STATUS[campaign.status(self._state.today)],
                "isServing": campaign.status(self._state.today) == "active",
                "createdAt": _stamps(campaign.start)["created"]["time"],
                "lastModifiedAt": _stamps(campaign.start)["created"]["time"],
            }
            for campaign in self._listed(account)
            if not wanted or campaign.id in wanted
        ]
        return self._page(query, elements)

    def accounts(self, query: dict[str, Any]) -> dict[str, Any]:
        _want(query, q="search")
        ids = None
        if "search" in query:
            if "pageToken" in query:
                raise Refused(400, "ILLEGAL_ARGUMENT", "search cannot be used together with pageToken")
            ids = {_id_of(urn) for urn in query["search"].get("id", {}).get("values", [])} or None
        statuses = query.get("search", {}).get("status", {}).get("values", ["ACTIVE"])
        found = [account for account in self._state.company.accounts(CHANNEL) if ids is None or account.id in ids]
        found = found if "ACTIVE" in statuses else []
        return self._page(
            query,
            [
                {
                    "id": int(account.id),
                    "name": account.name,
                    "currency": account.currency,
                    "type": "BUSINESS",
                    "status": "ACTIVE",
                    "servingStatuses": ["RUNNABLE"],
                    "reference": "urn:li:organization:64265083",
                    "test": False,
                    "version": {"versionTag": "6"},
                    "changeAuditStamps": _stamps(FOUNDED),
                }
                for account in found
            ],
        )

    def groups(self, query: dict[str, Any], account: str) -> dict[str, Any]:
        self._listing(query, account)
        ids = sorted({campaign.group_id for campaign in self._listed(account)})
        return self._page(
            query,
            [
                {
                    "id": int(group),
                    "account": f"urn:li:sponsoredAccount:{account}",
                    "name": f"Programme {int(group) % 10}",
                    "status": "ACTIVE",
                    "test": False,
                    "changeAuditStamps": _stamps(FOUNDED),
                }
                for group in ids
            ],
        )

    def campaigns(self, query: dict[str, Any], account: str) -> dict[str, Any]:
        statuses = self._listing(query, account)
        today = self._state.today
        elements = [
            {
                "id": int(campaign.id),
                "account": f"urn:li:sponsoredAccount:{account}",
                "campaignGroup": f"urn:li:sponsoredCampaignGroup:{campaign.group_id}",
                "name": campaign.name(today),
                "status": _CAMPAIGN_STATUS[campaign.status(today)],
                "type": "SPONSORED_UPDATES",
                "costType": "CPM",
                "objectiveType": "LEAD_GENERATION",
                "version": {"versionTag": "1"},
                "changeAuditStamps": _stamps(campaign.start),
            }
            for campaign in self._listed(account)
        ]
        return self._page(query, [element for element in elements if element["status"] in statuses])

    def rules(self, query: dict[str, Any]) -> dict[str, Any]:
        """Conversion rules of one account, by start and count; the state may hold others than the usual one."""
        _want(query, q="account")
        account = _id_of(query.get("account", ""))
        self._may(account)
        rules = self._rules(account)
        elements = [
            {
                "id": FIRST_RULE + at,
                "name": "Order placed",
                "account": query["account"],
                "type": "PURCHASE",
                "enabled": True,
                "attributionType": "LAST_TOUCH_BY_CAMPAIGN",
                "postClickAttributionWindowSize": 30,
                "viewThroughAttributionWindowSize": 7,
                **rule,
            }
            for at, rule in enumerate(rules)
        ]
        start, count = int(query.get("start", 0)), int(query.get("count", 10))
        page = elements[start : start + count]
        return {"paging": {"start": start, "count": count, "total": len(elements), "links": []}, "elements": page}

    def analytics(self, query: dict[str, Any]) -> dict[str, Any]:
        pivots, granularity = _pivots_of(query), _plain(query.get("timeGranularity"))
        if not {*pivots} <= {*PIVOTS, CONVERSION} or granularity not in SPANS:
            raise Refused(400, "ILLEGAL_ARGUMENT", f"no pivots {pivots} by {granularity}")
        fields = query.get("fields", ["impressions", "clicks"])
        if len(fields) > MOST_FIELDS:
            raise Refused(400, "ILLEGAL_ARGUMENT", f"at most {MOST_FIELDS} fields may be requested")
        unknown = [name for name in fields if name not in (*METRICS, *SAME, *OTHER_METRICS, "dateRange", "pivotValues")]
        if unknown:
            raise Refused(400, "ILLEGAL_ARGUMENT", f"unknown fields {', '.join(unknown)}")
        start, end = (_day(query["dateRange"][side]) for side in ("start", "end"))
        parts: dict[tuple[tuple[str, ...], date, date], list[Figures]] = {}
        for campaign in self._requested(query):
            for day in days_of(max(start, campaign.start), min(end, campaign.end, self._state.today)):
                first, last = SPANS[granularity](day, start, end)
                figures = self._state.figures(CHANNEL, campaign, day)
                by_rule = {"": figures}
                if CONVERSION in pivots:
                    by_rule = of_rules(figures, len(self._rules(campaign.account_id)))
                for rule, part in by_rule.items():
                    urns = tuple(rule if pivot == CONVERSION else PIVOTS[pivot](campaign) for pivot in pivots)
                    parts.setdefault((urns, first, last), []).append(part)
        found = [element_of(*key, sum_of(all_of), fields) for key, all_of in parts.items()]
        elements = [self._state.drifted(CHANNEL, element) for element in found if element is not None]
        elements = elements[:LARGEST_ANSWER]
        return {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements}

    def _rules(self, account: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self._state.more.get(CHANNEL, {}).get("rules", {}).get(account, USUAL_RULES)
        return rules

    def _requested(self, query: dict[str, Any]) -> list[Campaign]:
        if "accounts" in query:
            accounts = [_id_of(urn) for urn in query["accounts"]]
            for account in accounts:
                self._may(account)
            return [campaign for account in accounts for campaign in self._state.company.campaigns(CHANNEL, account)]
        if "campaigns" not in query:
            raise Refused(400, "ILLEGAL_ARGUMENT", "one of accounts, campaigns is required")
        ids = {_id_of(urn) for urn in query["campaigns"]}
        accounts = [account.id for account in self._state.company.accounts(CHANNEL)]
        return [
            campaign
            for account in accounts
            for campaign in self._state.company.campaigns(CHANNEL, account)
            if campaign.id in ids
        ]

    def _check(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._state.token_works(CHANNEL, token):
            if (CHANNEL, token) in self._state.expired:
                raise Refused(401, "EXPIRED_ACCESS_TOKEN", "Expired access token", 65602)
            raise Refused(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
        if CHANNEL in self._state.unscoped:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: adAccounts.FINDER-search", 100)
        if CHANNEL in self._state.throttled:
            raise Refused(429, "TOO_MANY_REQUESTS", self._state.throttled[CHANNEL], 101)
        version = request.headers.get("linkedin-version", "")
        if not _is_served(version, self._state.today):
            raise Refused(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")
        if request.headers.get("x-restli-protocol-version", "1.0.0") not in ("1.0.0", "2.0.0"):
            raise Refused(400, "ILLEGAL_ARGUMENT", "X-Restli-Protocol-Version must be 1.0.0 or 2.0.0")
        if len(request.scope["query_string"]) > LONGEST_URL:
            raise Refused(414, "URI_TOO_LONG", "Request URI too long")

    def _may(self, account: str) -> None:
        known = {profile.id for profile in self._state.company.accounts(CHANNEL)}
        if account in self._state.denied or account not in known:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: partnerApiAdAccounts")

    def _listing(self, query: dict[str, Any], account: str) -> list[str]:
        _want(query, q="search")
        self._may(account)
        statuses: list[str] = query.get("search", {}).get("status", {}).get("values", list(_CAMPAIGN_STATUS.values()))
        return statuses

    def _listed(self, account: str) -> list[Campaign]:
        return [
            campaign
            for campaign in self._state.company.campaigns(CHANNEL, account)
            if campaign.is_listed(self._state.today)
        ]

    def _page(self, query: dict[str, Any], elements: list[dict[str, Any]]) -> dict[str, Any]:
        size = min(int(query.get("pageSize", 100)), self._state.page_size)
        at = 0
        if "pageToken" in query:
            at = int(base64.urlsafe_b64decode(query["pageToken"]).decode().removeprefix("after:"))
        metadata = {}
        if at + size < len(elements):
            metadata["nextPageToken"] = base64.urlsafe_b64encode(f"after:{at + size}".encode()).decode()
        return {"elements": elements[at : at + size], "metadata": metadata}


async def _raw_query(request: Request) -> str:
    if request.method == "POST":
        if request.headers.get("x-http-method-override") != "GET":
            raise Refused(400, "ILLEGAL_ARGUMENT", "POST is not supported without X-HTTP-Method-Override: GET")
        return (await request.body()).decode()
    raw: bytes = request.scope["query_string"]
    return raw.decode()


def _pivots_of(query: dict[str, Any]) -> list[Any]:
    """One of the analytics finder, up to three of the statistics finder."""
    if query.get("q") != "statistics":
        _want(query, q="analytics")
        return [_plain(query.get("pivot"))]
    pivots = [_plain(pivot) for pivot in query.get("pivots", ())]
    if not 1 <= len(pivots) <= MOST_PIVOTS:
        raise Refused(400, "ILLEGAL_ARGUMENT", f"1 to {MOST_PIVOTS} pivots may be requested")
    return pivots


def _plain(value: Any) -> Any:
    """A parameter that may be written as a record of one value."""
    return value.get("value") if isinstance(value, dict) else value


def _is_served(version: str, today: date) -> bool:
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version) or version == NEVER_CAME:
        return False
    year, month = int(version[:4]), int(version[4:])
    # The sandbox's clock is set back at will, which takes no version back.
    return today < date(year + 1, month, LAST_DAY)


def _want(query: dict[str, Any], **wanted: Any) -> None:
    for name, value in wanted.items():
        if query.get(name) != value:
            raise Refused(400, "ILLEGAL_ARGUMENT", f"parameter {name} must be {value}")


def _id_of(urn: str) -> str:
    if not re.fullmatch(r"urn:li:\w+:\d+", urn):
        raise Refused(400, "ILLEGAL_ARGUMENT", f"{urn!r} is not a URN")
    return urn.rsplit(":", 1)[-1]


def _day(written: dict[str, str]) -> date:
    try:
        return date(int(written["year"]), int(written["month"]), int(written["day"]))
    except (KeyError, ValueError):
        raise Refused(400, "ILLEGAL_ARGUMENT", "dateRange is invalid") from None


def _stamps(day: date) -> dict[str, Any]:
    moment = int(datetime.combine(day, time(9), UTC).timestamp() * 1000)
    return {"created": {"time": moment}, "lastModified": {"time": moment}}
