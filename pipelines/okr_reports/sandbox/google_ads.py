"""The Google Ads API (REST, v26) over Acme: OAuth, accessible customers, the manager tree, GAQL by searchStream."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import Campaign, Figures, days_of
from okr_reports.sandbox.gaql import RESOURCES, Query, QueryError, read_query
from okr_reports.sandbox.state import SandboxState

CHANNEL = "google_ads"
SETTINGS = {
    "CREDENTIALS__DEVELOPER_TOKEN": "sandbox",
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
}
VERSIONS = ("v23", "v24", "v25", "v26")
MANAGER = "9876543210"
# One client of the manager was cancelled; one customer that the user may enter never finished its set-up.
CANCELLED, NOT_ENABLED = "1357924680", "2468013579"
ENABLED = "ENABLED"
# Real batches hold up to 10,000 rows; here fifty pages of an entity listing.
ROWS_A_BATCH = 50
_FAILURE = "type.googleapis.com/google.ads.googleads.{}.errors.GoogleAdsFailure"
_STATUS = {"active": "ENABLED", "paused": "PAUSED", "completed": "PAUSED"}


class Refused(Exception):
    """An answer that is an error, in the body Google gives it."""

    def __init__(
        self,
        http_status: int,
        status: str,
        message: str,
        kind: str = "",
        reason: str = "",
        details: dict[str, Any] | None = None,
        version: str = "v26",
    ) -> None:
        self.http_status = http_status
        error: dict[str, Any] = {"code": http_status, "message": message, "status": status}
        if kind:
            failure = {"errorCode": {kind: reason}, "message": message, **(details or {})}
            error["details"] = [{"@type": _FAILURE.format(version), "errors": [failure], "requestId": "xN_Ka"}]
        self.body = {"error": error}
        super().__init__(message)


_EXHAUSTED = (
    b'[{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).",'
    b'"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.ads.googleads.v26.'
    b'errors.GoogleAdsFailure","errors":[{"errorCode":{"quotaError":"RESOURCE_TEMPORARILY_EXHAUSTED"},'
    b'"message":"Too many requests."%b}]}]}}]'
)
THROTTLED = (
    (429, _EXHAUSTED % b""),
    (429, _EXHAUSTED % b',"details":{"quotaErrorDetails":{"rateScope":"DEVELOPER","retryDelay":"1s"}}'),
)


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/token", api.token, methods=["POST"]),
            Route("/{version}/customers:listAccessibleCustomers", api.answer(api.accessible), methods=["GET"]),
            Route("/{version}/customers/{customer}/googleAds:searchStream", api.answer(api.stream), methods=["POST"]),
        ]
    )


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    def answer(self, find: Any) -> Any:
        """The handler of one method; a stream's errors come in an array too."""

        async def handle(request: Request) -> Response:
            try:
                self._check(request)
                return JSONResponse(await find(request))
            except Refused as refused:
                is_stream = request.url.path.endswith("searchStream")
                return JSONResponse([refused.body] if is_stream else refused.body, refused.http_status)

        return handle

    async def token(self, request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        if not self._state.grants(form):
            return JSONResponse(
                {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400
            )
        self._state.counts["google_ads refreshes"] += 1
        return JSONResponse(
            {
                "access_token": self._state.issue_token(),
                "expires_in": 3599,
                "token_type": "Bearer",
                "scope": "https://www.googleapis.com/auth/adwords",
            }
        )

    async def accessible(self, request: Request) -> dict[str, Any]:
        return {"resourceNames": [f"customers/{MANAGER}", f"customers/{NOT_ENABLED}"]}

    async def stream(self, request: Request) -> list[dict[str, Any]]:
        version, customer = request.path_params["version"], request.path_params["customer"]
        self._may(request, customer)
        try:
            query = read_query((await request.json())["query"])
        except QueryError as error:
            raise Refused(400, "INVALID_ARGUMENT", str(error), "queryError", error.reason, version=version) from None
        if query.metrics and customer == MANAGER:
            raise Refused(
                400,
                "INVALID_ARGUMENT",
                "Metrics cannot be requested for a manager account.",
                "queryError",
                "REQUESTED_METRICS_FOR_MANAGER",
                version=version,
            )
        rows = list(self._clients(query) if query.resource == "customer_client" else self._campaigns(query, customer))
        size = self._state.page_size * ROWS_A_BATCH
        mask = {"fieldMask": ",".join(_camel(name) for name in query.fields), "requestId": "xN_Ka"}
        return [{"results": rows[at : at + size], **mask} for at in range(0, len(rows), size)] or [mask]

    def _clients(self, query: Query) -> Iterator[dict[str, Any]]:
        described = [
            (MANAGER, "Acme Holding", "EUR", "Europe/Madrid", True, "ENABLED", 0),
            (CANCELLED, "Acme Search Asia", "EUR", "Asia/Tokyo", False, "CANCELED", 1),
        ]
        described += [
            (account.id, account.name, account.currency, account.timezone, False, ENABLED, 1)
            for account in self._state.company.accounts(CHANNEL)
        ]
        names = ("id", "descriptive_name", "currency_code", "time_zone", "manager", "status", "level")
        for client in described:
            values = {f"customer_client.{name}": value for name, value in zip(names, client, strict=True)}
            values["customer_client.client_customer"] = f"customers/{client[0]}"
            yield _row(query, values, f"customers/{MANAGER}/customerClients/{client[0]}")

    def _campaigns(self, query: Query, customer: str) -> Iterator[dict[str, Any]]:
        account = next(account for account in self._state.company.accounts(CHANNEL) if account.id == customer)
        described = {
            "customer.id": account.id,
            "customer.descriptive_name": account.name,
            "customer.currency_code": account.currency,
            "customer.time_zone": account.timezone,
        }
        for campaign in self._state.company.campaigns(CHANNEL, customer):
            if campaign.start > self._state.today:
                continue
            values = {**described, **self._attributes(campaign)}
            resource = f"customers/{customer}/campaigns/{campaign.id}"
            if query.days is None:
                yield _row(query, {**values, **_metrics(Figures(), None)}, resource)
                continue
            for day in days_of(max(query.days[0], campaign.start), min(query.days[1], campaign.end, self._state.today)):
                figures = self._state.figures(CHANNEL, campaign, day)
                for segments in _segments(query, figures):
                    numbers = _metrics(figures, segments.get("segments.conversion_action_category"))
                    # a segmented query leaves out the rows in which every requested metric is 0
                    if not query.is_segmented or any(numbers[name] for name in query.metrics):
                        yield self._drifted(
                            _row(query, {**values, "segments.date": str(day), **segments, **numbers}, resource)
                        )

    def _attributes(self, campaign: Campaign) -> dict[str, Any]:
        today = self._state.today
        status = _STATUS[campaign.status(today)] if campaign.is_listed(today) else "REMOVED"
        return {
            "campaign.id": campaign.id,
            "campaign.name": campaign.name(today),
            "campaign.status": status,
            "campaign.advertising_channel_type": "SEARCH",
        }

    def _drifted(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "metrics": self._state.drifted(CHANNEL, row.get("metrics", {}))}

    def _check(self, request: Request) -> None:
        version = request.path_params["version"]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._state.token_works(CHANNEL, token):
            raise Refused(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials.",
                "authenticationError",
                "OAUTH_TOKEN_EXPIRED" if (CHANNEL, token) in self._state.expired else "OAUTH_TOKEN_INVALID",
            )
        if CHANNEL in self._state.unscoped:
            raise Refused(
                403,
                "PERMISSION_DENIED",
                "Request had insufficient authentication scopes.",
                "authorizationError",
                "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            )
        if version not in VERSIONS:
            raise Refused(
                400, "INVALID_ARGUMENT", f"Version {version} is deprecated.", "requestError", "UNSUPPORTED_VERSION"
            )
        if CHANNEL in self._state.throttled:
            delay = self._state.throttled[CHANNEL]
            rate = {"rateScope": "DEVELOPER", "rateName": "Number of operations for basic access"}
            if delay.endswith("s") and delay[:-1].isdigit():
                rate["retryDelay"] = delay
            raise Refused(
                429,
                "RESOURCE_EXHAUSTED",
                f"Too many requests. {delay}",
                "quotaError",
                "RESOURCE_EXHAUSTED",
                {"details": {"quotaErrorDetails": rate}},
            )

    def _may(self, request: Request, customer: str) -> None:
        if customer in (NOT_ENABLED, CANCELLED):
            raise Refused(
                403,
                "PERMISSION_DENIED",
                "The customer account can't be accessed because it is not yet enabled or has been deactivated.",
                "authorizationError",
                "CUSTOMER_NOT_ENABLED",
            )
        through = request.headers.get("login-customer-id", "")
        known = {account.id for account in self._state.company.accounts(CHANNEL)}
        is_below = customer in known and customer not in self._state.denied
        if not (customer == MANAGER or is_below) or through != MANAGER:
            raise Refused(
                403,
                "PERMISSION_DENIED",
                "User doesn't have permission to access customer. Note: If you're "
                "accessing a client customer, the manager's customer id must be set in the "
                "'login-customer-id' header.",
                "authorizationError",
                "USER_PERMISSION_DENIED",
            )


def _segments(query: Query, figures: Figures) -> list[dict[str, Any]]:
    if "segments.conversion_action_category" not in query.fields:
        return [{}]
    return [{"segments.conversion_action_category": category} for category in ("PURCHASE", "SUBMIT_LEAD_FORM")]


def _metrics(figures: Figures, category: str | None) -> dict[str, Any]:
    """Purchases are the primary conversion action; forms sent are counted in all_conversions only."""
    sold, leads = category in (None, "PURCHASE"), category in (None, "SUBMIT_LEAD_FORM")
    conversions = figures.conversions if sold else 0
    value = figures.conversion_value if sold else Decimal(0)
    return {
        "metrics.impressions": figures.impressions,
        "metrics.clicks": figures.clicks,
        "metrics.interactions": figures.clicks,
        "metrics.cost_micros": int(figures.spend.scaleb(6)),
        "metrics.conversions": float(conversions),
        "metrics.conversions_value": float(value),
        "metrics.all_conversions": float(conversions + (figures.leads if leads else 0)),
        "metrics.all_conversions_value": float(value),
        "metrics.view_through_conversions": 0,
        "metrics.video_trueview_views": figures.video_views,
    }


def _row(query: Query, values: dict[str, Any], resource: str) -> dict[str, Any]:
    """One result: nested, camelCase, whole numbers as strings."""
    row: dict[str, Any] = {_camel(query.resource): {"resourceName": resource}}
    for name in query.fields:
        kind = RESOURCES[query.resource][name]
        value = str(values[name]) if kind == "int64" else values[name]
        message, _, field = _camel(name).partition(".")
        row.setdefault(message, {})[field] = value
    return row


def _camel(name: str) -> str:
    parts = name.split(".")
    return ".".join(part.split("_")[0] + "".join(word.capitalize() for word in part.split("_")[1:]) for part in parts)
