"""The GA4 Data API (v1beta) over Acme's websites: runReport, batchRunReports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import days_of
from okr_reports.sandbox.google_token import token_endpoint
from okr_reports.sandbox.state import SandboxState
from okr_reports.sandbox.website import CHANNEL_GROUPS, WEBSITES, Traffic, Website, WebsiteFigures

CHANNEL = "ga4"
SETTINGS = {
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
    "ACCOUNT_IDS": ",".join(site.property_id for site in WEBSITES),
}
THROTTLED = (
    (
        429,
        b'{"error":{"code":429,"message":"Exhausted concurrent requests quota. Please send fewer requests '
        b'concurrently.","status":"RESOURCE_EXHAUSTED"}}',
    ),
)
SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
TRAFFIC_METRICS = {
    "sessions": "sessions",
    "engagedSessions": "engaged_sessions",
    "keyEvents": "key_events",
    "totalRevenue": "total_revenue",
    "purchaseRevenue": "purchase_revenue",
    "screenPageViews": "screen_page_views",
    "addToCarts": "add_to_carts",
    "checkouts": "checkouts",
    "ecommercePurchases": "ecommerce_purchases",
}
ROW_PARTS = ("dimensionValues", "metricValues")
PEOPLE_METRICS = ("totalUsers", "newUsers")
DIMENSIONS = ("date", "sessionDefaultChannelGroup")
# What a report of this size costs of what a standard property has.
PROPERTY_QUOTA = {
    "tokensPerDay": {"consumed": 3, "remaining": 199_997},
    "tokensPerHour": {"consumed": 3, "remaining": 39_997},
    "tokensPerProjectPerHour": {"consumed": 3, "remaining": 13_997},
    "concurrentRequests": {"consumed": 0, "remaining": 10},
    "serverErrorsPerProjectPerHour": {"consumed": 0, "remaining": 10},
    "potentiallyThresholdedRequestsPerHour": {"consumed": 0, "remaining": 120},
}
_TYPES = {"keyEvents": "TYPE_FLOAT", "totalRevenue": "TYPE_CURRENCY", "purchaseRevenue": "TYPE_CURRENCY"}
TRUTH_COLUMNS = (
    "date",
    "channel",
    "account_id",
    "campaign_id",
    "currency",
    *(column.name for column in fields(Traffic)),
    "users",
    "new_users",
)


class Refused(Exception):
    """An answer that is an error, in the body Google gives it."""

    def __init__(self, code: int, status: str, message: str) -> None:
        self.code = code
        self.body = {"error": {"code": code, "message": message, "status": status}}
        super().__init__(message)


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/token", token_endpoint(state, CHANNEL, SCOPE), methods=["POST"]),
            Route("/v1beta/properties/{call}", api.answer, methods=["POST"]),
        ]
    )


def truth(state: SandboxState, start: date, end: date, asked_on: date) -> Iterator[tuple[Any, ...]]:
    """Traffic by channel group; the people of a day are in a row of their own, with campaign_id ''."""
    figures = WebsiteFigures(state.company)
    for site in WEBSITES:
        for day in days_of(start, min(end, asked_on)):
            if (CHANNEL, site.property_id, day) in state.erased:
                continue
            key = (day, CHANNEL, site.property_id)
            for group in CHANNEL_GROUPS:
                found = figures.traffic(site, day, group, asked_on)
                if not found.is_empty:
                    yield (*key, group, site.currency, *vars(found).values(), 0, 0)
            people = (figures.users(site, day, day, asked_on), figures.new_users(site, day, asked_on))
            yield (*key, "", site.currency, *vars(Traffic()).values(), *people)


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._figures = WebsiteFigures(state.company)

    async def answer(self, request: Request) -> Response:
        try:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not self._state.token_works(CHANNEL, token):
                raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
            if CHANNEL in self._state.unscoped:
                raise Refused(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
            if CHANNEL in self._state.throttled:
                raise Refused(429, "RESOURCE_EXHAUSTED", self._state.throttled[CHANNEL])
            property_id, _, method = request.path_params["call"].partition(":")
            site = self._may(property_id)
            body = await request.json()
            if method == "runReport":
                return JSONResponse(self._report(site, body))
            if method != "batchRunReports":
                raise Refused(404, "NOT_FOUND", "Requested entity was not found.")
            if not 1 <= len(body["requests"]) <= 5:
                raise Refused(400, "INVALID_ARGUMENT", "Batches hold 1 to 5 requests.")
            return JSONResponse(
                {
                    "kind": "analyticsData#batchRunReports",
                    "reports": [self._report(site, query) for query in body["requests"]],
                }
            )
        except Refused as refused:
            return JSONResponse(refused.body, refused.code)

    def _may(self, property_id: str) -> Website:
        site = next((site for site in WEBSITES if site.property_id == property_id), None)
        if site is None or property_id in self._state.denied:
            raise Refused(
                403,
                "PERMISSION_DENIED",
                "User does not have sufficient permissions for this property. To "
                "learn more about Property ID, see https://developers.google.com/analytics.",
            )
        return site

    def _report(self, site: Website, body: dict[str, Any]) -> dict[str, Any]:
        dimensions, metrics, ranges = _read(body)
        offset, limit = (_int64(body, name, default) for name, default in (("offset", 0), ("limit", 10_000)))
        # a page is never longer than what the state says, so that paging is tried at all
        limit = min(limit, self._state.page_size * 20)
        named = ["dateRange"] if len(ranges) > 1 else []
        rows = [
            self._row((*keys, name) if named else keys, metrics, values)
            for name, start, end in ranges
            for keys, values in self._values(site, dimensions, metrics, start, end)
        ]
        answer: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in (*dimensions, *named)],
            "metricHeaders": [
                {"name": name, "type": _TYPES.get(name, "TYPE_INTEGER")}
                for name in self._state.drifted(CHANNEL, dict.fromkeys(metrics))
                if name not in ROW_PARTS
            ],
            "metadata": {"currencyCode": site.currency, "timeZone": site.timezone},
            "kind": "analyticsData#runReport",
        }
        answer["metadata"] |= self._state.more.get(CHANNEL, {}).get("metadata", {})
        if body.get("returnPropertyQuota"):
            answer["propertyQuota"] = PROPERTY_QUOTA
        if rows:
            answer |= {"rows": rows[offset : offset + limit], "rowCount": len(rows)}
        return answer

    def _row(self, keys: tuple[str, ...], metrics: list[str], values: dict[str, Any]) -> dict[str, Any]:
        drift = self._state.drift.get(CHANNEL, {})
        metadata = self._state.more.get(CHANNEL, {}).get("metadata", {})
        hidden = metadata.get("schemaRestrictionResponse", {}).get("activeMetricRestrictions", ())
        values = {**values, **dict.fromkeys((metric["metricName"] for metric in hidden), "0")}
        drifted = self._state.drifted(CHANNEL, {name: values[name] for name in metrics})
        settings = {
            "dimensionValues": [{"value": key} for key in keys],
            "metricValues": [{"value": value} for name, value in drifted.items() if name not in ROW_PARTS],
        }
        return {**settings, **{name: value for name, value in drift.items() if name in settings}}

    def _values(
        self,
        site: Website,
        dimensions: list[str],
        metrics: list[str],
        start: date,
        end: date,
    ) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        days = [
            day
            for day in days_of(start, min(end, self._state.today))
            if (CHANNEL, site.property_id, day) not in self._state.erased
        ]
        parts: list[tuple[tuple[str, ...], list[date], list[str]]]
        if "date" not in dimensions:
            parts = [((), days, list(CHANNEL_GROUPS))] if days else []
        elif len(dimensions) == 1:
            parts = [((f"{day:%Y%m%d}",), [day], list(CHANNEL_GROUPS)) for day in days]
        else:
            parts = [((f"{day:%Y%m%d}", group), [day], [group]) for day in days for group in CHANNEL_GROUPS]
        for keys, covered, groups in parts:
            columns = {name: column for name, column in TRAFFIC_METRICS.items() if name in metrics}
            found = (
                [self._figures.traffic(site, day, group, self._state.today) for day in covered for group in groups]
                if columns
                else []
            )
            values = {name: str(sum(getattr(traffic, column) for traffic in found)) for name, column in columns.items()}
            if set(PEOPLE_METRICS) & set(metrics):
                values["totalUsers"] = str(self._figures.users(site, covered[0], covered[-1], self._state.today))
                new_users = (self._figures.new_users(site, day, self._state.today) for day in covered)
                values["newUsers"] = str(sum(new_users))
            if any(value != "0" for value in values.values()):
                yield keys, values


def _read(body: dict[str, Any]) -> tuple[list[str], list[str], list[tuple[str, date, date]]]:
    dimensions = [dimension["name"] for dimension in body.get("dimensions", [])]
    metrics = [metric["name"] for metric in body.get("metrics", [])]
    for name in metrics:
        if name not in (*TRAFFIC_METRICS, *PEOPLE_METRICS):
            raise Refused(400, "INVALID_ARGUMENT", f"Field {name} is not a valid metric.")
    for name in dimensions:
        if name not in DIMENSIONS:
            raise Refused(400, "INVALID_ARGUMENT", f"Field {name} is not a valid dimension.")
    if not 1 <= len(metrics) <= 10 or not 1 <= len(body.get("dateRanges", [])) <= 4:
        raise Refused(400, "INVALID_ARGUMENT", "Requests have 1 to 10 metrics and 1 to 4 dateRanges.")
    try:
        ranges = [
            (
                span.get("name", f"date_range_{at}"),
                date.fromisoformat(span["startDate"]),
                date.fromisoformat(span["endDate"]),
            )
            for at, span in enumerate(body["dateRanges"])
        ]
    except (KeyError, ValueError):
        raise Refused(400, "INVALID_ARGUMENT", "Invalid date format; expected YYYY-MM-DD.") from None
    if any(start > end for _, start, end in ranges):
        raise Refused(400, "INVALID_ARGUMENT", "startDate must be before or equal to endDate.")
    return dimensions, metrics, ranges


def _int64(body: dict[str, Any], name: str, default: int) -> int:
    written = body.get(name, str(default))
    if not isinstance(written, str) or not written.isdigit():
        raise Refused(400, "INVALID_ARGUMENT", f"Invalid value at '{name}' (TYPE_INT64), {written!r}")
    return int(written)
