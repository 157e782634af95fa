"""The Search Console API (webmasters/v3) over Acme's websites: sites, searchAnalytics/query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import FOUNDED, days_of
from okr_reports.sandbox.google_token import token_endpoint
from okr_reports.sandbox.state import SandboxState
from okr_reports.sandbox.website import WEBSITES, Website, WebsiteFigures

CHANNEL = "search_console"
SETTINGS = {
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
}
THROTTLED = (
    (
        429,
        b'{"error":{"code":429,"message":"Too many requests.","errors":[{"message":"Too many requests.",'
        b'"domain":"global","reason":"rateLimitExceeded"}],"status":"RESOURCE_EXHAUSTED"}}',
    ),
)
SCOPE = "https://www.googleapis.com/auth/webmasters.readonly"
# Days younger than this are not final yet; of today there is nothing.
FINAL_AFTER = 3
TYPES = ("web", "image", "video", "news", "discover", "googleNews")
MOST_ROWS = 25_000
DIMENSIONS = {"date", "country", "device", "page", "query", "searchAppearance"}
TRUTH_COLUMNS = (
    "date",
    "channel",
    "account_id",
    "campaign_id",
    "currency",
    "clicks",
    "impressions",
    "position_weighted",
)


class Refused(Exception):
    """An answer that is an error, in the body Google gives it."""

    def __init__(self, code: int, message: str, reason: str) -> None:
        self.code = code
        self.body = {
            "error": {
                "code": code,
                "message": message,
                "errors": [{"message": message, "domain": "global", "reason": reason}],
            }
        }
        super().__init__(message)


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/token", token_endpoint(state, CHANNEL, SCOPE), methods=["POST"]),
            Route("/webmasters/v3/sites", api.answer(api.sites), methods=["GET"]),
            # a site is percent-encoded in the path, and decoded here before routing
            Route("/webmasters/v3/sites/{site:path}/searchAnalytics/query", api.answer(api.query), methods=["POST"]),
            Route("/webmasters/v3/sites/{site:path}/sitemaps", api.answer(api.sitemaps), methods=["GET"]),
            Route("/webmasters/v3/sites/{site:path}", api.answer(api.site), methods=["GET"]),
        ]
    )


def truth(state: SandboxState, start: date, end: date, asked_on: date) -> Iterator[tuple[Any, ...]]:
    """Final days only."""
    figures = WebsiteFigures(state.company)
    for site in WEBSITES:
        for day in days_of(max(start, FOUNDED), min(end, asked_on - timedelta(days=FINAL_AFTER))):
            if (CHANNEL, site.search_site, day) not in state.erased:
                found = figures.search(site, day)
                yield (day, CHANNEL, site.search_site, "", "", found.clicks, found.impressions, found.positions)


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._figures = WebsiteFigures(state.company)

    def answer(self, find: Any) -> Any:
        async def handle(request: Request) -> Response:
            try:
                token = request.headers.get("authorization", "").removeprefix("Bearer ")
                if not self._state.token_works(CHANNEL, token):
                    raise Refused(401, "Request had invalid authentication credentials.", "authError")
                if CHANNEL in self._state.unscoped:
                    raise Refused(403, "Request had insufficient authentication scopes.", "insufficientPermissions")
                if CHANNEL in self._state.throttled:
                    raise Refused(403, self._state.throttled[CHANNEL], "quotaExceeded")
                return JSONResponse(await find(request))
            except Refused as refused:
                return JSONResponse(refused.body, refused.code)

        return handle

    async def sites(self, request: Request) -> dict[str, Any]:
        known = [{"siteUrl": site.search_site, "permissionLevel": "siteFullUser"} for site in WEBSITES]
        known += [{"siteUrl": domain, "permissionLevel": "siteOwner"} for domain in self._within]
        return {"siteEntry": [*known, {"siteUrl": "https://left.example/", "permissionLevel": "siteUnverifiedUser"}]}

    async def query(self, request: Request) -> dict[str, Any]:
        if "%2F" not in request.scope["raw_path"].decode() and "://" in request.path_params["site"]:
            raise Refused(404, "Requested entity was not found.", "notFound")
        site = self._may(request.path_params["site"])
        body = await request.json()
        start, end, first, most = _read(body)
        final = self._state.today - timedelta(days=FINAL_AFTER)
        there = self._state.today - timedelta(days=1) if body.get("dataState") == "all" else final
        days = [
            day
            for day in days_of(max(start, FOUNDED), min(end, there))
            if (CHANNEL, site.search_site, day) not in self._state.erased
        ]
        # the websites are found by their pages alone
        is_web = body.get("type", body.get("searchType", "web")) == "web"
        rows = list(self._rows(site, days, body.get("dimensions") or [])) if days and is_web else []
        answer: dict[str, Any] = {"responseAggregationType": "byProperty"}
        if rows[first : first + most]:
            answer["rows"] = rows[first : first + most]
        if body.get("dataState") == "all" and end > final:
            answer["metadata"] = {"firstIncompleteDate": max(final + timedelta(days=1), start).isoformat()}
        return answer

    @property
    def _within(self) -> list[str]:
        """Properties that have the numbers of the first website too."""
        return list(self._state.more.get(CHANNEL, {}).get("sites", ()))

    def _may(self, site_url: str) -> Website:
        wanted = WEBSITES[0].search_site if site_url in self._within else site_url
        site = next((site for site in WEBSITES if site.search_site == wanted), None)
        if site is None or site_url in self._state.denied:
            raise Refused(
                403,
                f"User does not have sufficient permission for site '{site_url}'. See also: "
                "https://support.google.com/webmasters/answer/2451999.",
                "forbidden",
            )
        return site

    async def site(self, request: Request) -> dict[str, Any]:
        site = self._may(request.path_params["site"])
        return {"siteUrl": site.search_site, "permissionLevel": "siteFullUser"}

    async def sitemaps(self, request: Request) -> dict[str, Any]:
        self._may(request.path_params["site"])
        return {"sitemap": []}

    def _rows(self, site: Website, days: list[date], dimensions: list[str]) -> Iterator[dict[str, Any]]:
        """A row a day, or one of all days; other dimensions part it in two, and the parts add up to the whole."""
        spans = [(day, [day]) for day in days] if "date" in dimensions else [(days[0], days)]
        parts = [""] if set(dimensions) <= {"date"} else ["first", "second"]
        for first, covered in spans:
            found = [self._figures.search(site, day) for day in covered]
            whole = [sum(figures.clicks for figures in found), sum(figures.impressions for figures in found)]
            positions = sum(figures.positions for figures in found)
            position = positions / whole[1]
            left = list(whole)
            for part in parts:
                clicks, impressions = left if part != "first" else [total // 3 for total in whole]
                left = [left[0] - clicks, left[1] - impressions]
                keys = [
                    str(first) if dimension == "date" else _value(site, dimension, part) for dimension in dimensions
                ]
                row = {
                    **({"keys": keys} if keys else {}),
                    "clicks": clicks,
                    "impressions": impressions,
                    "ctr": clicks / max(1, impressions),
                    "position": position,
                }
                if impressions:
                    yield self._state.drifted(CHANNEL, row)


def _value(site: Website, dimension: str, part: str) -> str:
    """What a breakdown calls its two parts; whole rows are of the second."""
    values = {
        "country": ("fra", "esp"),
        "device": ("MOBILE", "DESKTOP"),
        "query": ("okr template", "acme"),
        "page": (f"https://{site.search_site.removeprefix('sc-domain:')}/okr", f"https://{site.search_site}/"),
        "searchAppearance": ("AMP_BLUE_LINK", "RICHCARD"),
    }
    return values[dimension][part != "first"]


def _read(body: dict[str, Any]) -> tuple[date, date, int, int]:
    try:
        start, end = date.fromisoformat(body["startDate"]), date.fromisoformat(body["endDate"])
    except (KeyError, ValueError):
        raise Refused(400, "Invalid value at 'start_date'.", "invalidParameter") from None
    first, most = body.get("startRow", 0), body.get("rowLimit", 1000)
    if not isinstance(most, int) or not 1 <= most <= MOST_ROWS or not isinstance(first, int) or start > end:
        raise Refused(400, "Request contains an invalid argument.", "badRequest")
    known = body.get("dataState", "final") in ("final", "all")
    known = known and body.get("type", body.get("searchType", "web")) in TYPES
    # a filter that is not understood must not be passed over
    if not known or body.get("dimensionFilterGroups") or not set(body.get("dimensions") or ()) <= DIMENSIONS:
        raise Refused(400, "Request contains an invalid argument.", "badRequest")
    return start, end, first, most
