"""HubSpot's CRM API over Acme's CRM: account details, search, listings, deal pipelines, token refresh."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.crm import Crm, CrmObject, Kind, has_come, morning_of
from okr_reports.sandbox.crm_properties import changed_at, described, properties_of
from okr_reports.sandbox.crm_truth import CURRENCY, PORTAL, TIMEZONE
from okr_reports.sandbox.crm_truth import TRUTH_COLUMNS as TRUTH_COLUMNS
from okr_reports.sandbox.crm_truth import truth as truth
from okr_reports.sandbox.state import SandboxState

CHANNEL = "hubspot"
SETTINGS = {
    "CREDENTIALS__ACCESS_TOKEN": "sandbox",
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
}
THROTTLED = (
    (
        429,
        b'{"status":"error","message":"You have reached your secondly limit.","errorType":"RATE_LIMIT",'
        b'"correlationId":"6828d000-3d2f-4701-8d90-b21e53b0d005","policyName":"SECONDLY"}',
    ),
)
# Dated versions stand behind the family in a path, the numbered ones that they replace before the kind of object.
DATED, NUMBERED = ("2026-03", "2026-09"), ("v3",)
DEFAULT_PROPERTIES = ("email", "firstname", "lastname")
KINDS: dict[str, Kind] = {"contacts": "contacts", "companies": "companies", "deals": "deals"}
SEARCH_CAP, MOST_A_PAGE, SEARCHES_A_SECOND = 10_000, 200, 5


class Refused(Exception):
    """An answer that is an error, in the body HubSpot gives it."""

    def __init__(self, status: int, category: str, message: str, **more: str) -> None:
        self.status = status
        self.body = {
            "status": "error",
            "message": message,
            "category": category,
            "correlationId": "6828d000-3d2f-4701-8d90-b21e53b0d005",
            **more,
        }
        super().__init__(message)


@dataclass(frozen=True)
class _Live:
    """An object that a search may answer, what was merged into it, and when it last changed."""

    object: CrmObject
    merged: list[CrmObject]
    changed_ms: float


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/oauth/{version}/token", api.token, methods=["POST"]),
            Route("/account-info/{version}/details", api.answer(api.details, either=True), methods=["GET"]),
            Route("/crm/objects/{version}/{kind}", api.answer(api.listing), methods=["GET"]),
            Route("/crm/objects/{version}/{kind}/search", api.answer(api.search), methods=["POST"]),
            Route("/crm/pipelines/{version}/deals", api.answer(api.pipelines), methods=["GET"]),
            Route("/crm/{numbered}/objects/{kind}", api.answer(api.listing), methods=["GET"]),
            Route("/crm/{numbered}/objects/{kind}/search", api.answer(api.search), methods=["POST"]),
            Route("/crm/{numbered}/pipelines/deals", api.answer(api.pipelines), methods=["GET"]),
            Route("/crm/properties/{version}/{kind}", api.answer(api.properties), methods=["GET"]),
            Route("/crm/{numbered}/properties/{kind}", api.answer(api.properties), methods=["GET"]),
            # older lists of the same, without an envelope, which public clients still ask for
            Route("/{kind}/v2/properties", api.answer(api.old_properties), methods=["GET"]),
            Route("/properties/v1/{kind}/properties", api.answer(api.old_properties), methods=["GET"]),
            Route("/crm/{numbered}/schemas", api.answer(api.not_granted), methods=["GET"]),
        ]
    )


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._crm = Crm(state.company)
        self._live = lru_cache(maxsize=6)(self._find_live)
        self._searched: deque[float] = deque(maxlen=SEARCHES_A_SECOND)
        self._request_times: deque[float] = deque()

    def answer(self, find: Any, either: bool = False) -> Any:
        """The handler of one resource: checks what HubSpot checks of every request."""

        async def handle(request: Request) -> Response:
            limits = self._limits(request)
            try:
                self._check(request, either)
                return JSONResponse(await find(request), headers=limits)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status, limits)

        return handle

    def _check(self, request: Request, either: bool) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if (CHANNEL, token) in self._state.expired:
            raise Refused(
                401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 5 minute(s) ago."
            )
        if not self._state.token_works(CHANNEL, token):
            raise Refused(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        if CHANNEL in self._state.throttled:
            raise Refused(
                429, "RATE_LIMITS", self._state.throttled[CHANNEL], errorType="RATE_LIMIT", policyName="DAILY"
            )
        # a path with neither is an old one, of which there is one version
        version, numbered = (request.path_params.get(name) for name in ("version", "numbered"))
        if version not in (None, *DATED, *(NUMBERED if either else ())) or numbered not in (None, *NUMBERED):
            raise Refused(404, "OBJECT_NOT_FOUND", "unknown version")
        if (PORTAL in self._state.denied or CHANNEL in self._state.unscoped) and "objects" in request.url.path:
            raise _not_granted()

    def _limits(self, request: Request) -> dict[str, str]:
        """The headers that say how much of a limit is left. Search is limited by itself, and has none."""
        if request.url.path.endswith("/search"):
            return {}
        now = time.monotonic()
        while self._request_times and self._request_times[0] <= now - 10:
            self._request_times.popleft()
        self._request_times.append(now)
        return {
            "X-HubSpot-RateLimit-Max": "100",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Remaining": str(max(0, 100 - len(self._request_times))),
        }

    async def token(self, request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        if not self._state.grants(form):
            return JSONResponse({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}, 400)
        self._state.counts["hubspot refreshes"] += 1
        return JSONResponse(
            {
                "access_token": self._state.issue_token(),
                "expires_in": 1800,
                "token_type": "bearer",
                "refresh_token": form["refresh_token"],
            }
        )

    async def details(self, request: Request) -> dict[str, Any]:
        return {
            "portalId": int(PORTAL),
            "accountType": "STANDARD",
            "timeZone": TIMEZONE,
            "companyCurrency": CURRENCY,
            "additionalCurrencies": ["USD"],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }

    async def pipelines(self, request: Request) -> dict[str, Any]:
        stages = (("appointmentscheduled", "false", "0.2"), ("closedwon", "true", "1.0"), ("closedlost", "true", "0.0"))
        return {
            "results": [
                {
                    "id": "default",
                    "label": "Sales",
                    "displayOrder": 0,
                    "archived": False,
                    "stages": [
                        {
                            "id": stage,
                            "label": stage.title(),
                            "displayOrder": at,
                            "archived": False,
                            "metadata": {"isClosed": closed, "probability": probability},
                        }
                        for at, (stage, closed, probability) in enumerate(stages)
                    ],
                }
            ]
        }

    async def properties(self, request: Request) -> dict[str, Any]:
        return {"results": await self.old_properties(request)}

    async def old_properties(self, request: Request) -> list[dict[str, str | bool]]:
        """A kind's properties; of a kind that the app was given no scope for, what HubSpot says of that."""
        if request.path_params["kind"] not in KINDS:
            await self.not_granted(request)
        kind, now = self._kind(request), morning_of(self._state.today)
        return described(next(iter(self._crm.objects(kind, now))), now)

    async def not_granted(self, request: Request) -> Any:
        raise _not_granted()

    async def listing(self, request: Request) -> dict[str, Any]:
        """The live objects, or the archive of 90 days; `after` is the id the next page begins with."""
        query = request.query_params
        limit, is_archive = int(query.get("limit", "10")), query.get("archived", "").lower() == "true"
        if not 1 <= limit <= 100:
            raise Refused(400, "VALIDATION_ERROR", "limit is 1 to 100")
        if query.get("propertiesWithHistory"):
            raise Refused(400, "VALIDATION_ERROR", "the sandbox has no history of properties")
        kind, now = self._kind(request), morning_of(self._state.today)
        there = self._archive(kind, now) if is_archive else self._live(kind, now)
        there = [live for live in there if live.object.id >= int(query.get("after", "0"))]
        kept = there[: min(limit, self._state.page_size * 20)]
        # with commas, or given again and again
        wanted = [name for given in query.getlist("properties") for name in given.split(",") if name]
        answer: dict[str, Any] = {
            "results": [
                {
                    **self._object(kind, live.object, wanted or list(DEFAULT_PROPERTIES), now, live.merged),
                    "archived": is_archive,
                }
                for live in kept
            ]
        }
        if len(kept) < len(there):
            following = str(there[len(kept)].object.id)
            # whole, with all that was requested: some clients follow it, others take the `after`
            again = [(name, value) for name, value in query.multi_items() if name != "after"]
            path = request.url.path.removeprefix(f"/{CHANNEL}")
            link = f"https://api.hubapi.com{path}?{urlencode([*again, ('after', following)])}"
            answer["paging"] = {"next": {"after": following, "link": link}}
        return answer

    def _archive(self, kind: Kind, now: datetime) -> list[_Live]:
        return [
            _Live(record, [], 0.0)
            for record in self._crm.objects(kind, now)
            if record.deleted_at is not None and record.deleted_at <= now < record.deleted_at + timedelta(days=90)
        ]

    async def search(self, request: Request) -> dict[str, Any]:
        if len(self._searched) == SEARCHES_A_SECOND and time.monotonic() - self._searched[0] < 1:
            raise Refused(
                429,
                "RATE_LIMITS",
                "You have reached your secondly limit.",
                errorType="RATE_LIMIT",
                policyName="SECONDLY",
            )
        self._searched.append(time.monotonic())
        kind, now, body = self._kind(request), morning_of(self._state.today), await request.json()
        groups, after, limit = _read(body)
        found = [live for live in self._live(kind, now) if any(_meets(kind, live, group, now) for group in groups)]
        wanted = body.get("properties") or list(DEFAULT_PROPERTIES)
        results = [
            self._object(kind, live.object, wanted, now, live.merged)
            for live in found[after : min(after + limit, SEARCH_CAP)]
        ]
        page = self._page(results, after, limit, min(len(found), SEARCH_CAP))
        return {"total": len(found), **page}

    def _find_live(self, kind: Kind, now: datetime) -> list[_Live]:
        merges = self._crm.merges(kind, now)
        there = [(record, merges.get(record.id, [])) for record in self._crm.objects(kind, now) if record.exists(now)]
        return [_Live(record, merged, changed_at(record, now, merged).timestamp() * 1000) for record, merged in there]

    def _page(self, results: list[Any], after: int, limit: int, total: int) -> dict[str, Any]:
        limit = min(limit, self._state.page_size * 20)
        if after + limit >= total:
            return {"results": results[:limit]}
        following = str(after + limit)
        return {"results": results[:limit], "paging": {"next": {"after": following, "link": f"?after={following}"}}}

    def _kind(self, request: Request) -> Kind:
        if request.path_params["kind"] not in KINDS:
            raise Refused(400, "VALIDATION_ERROR", f"Unable to infer object type from: {request.path_params['kind']}")
        return KINDS[request.path_params["kind"]]

    def _object(self, kind: Kind, record: Any, wanted: list[str], now: datetime, merged: list[Any]) -> dict[str, Any]:
        known = self._state.drifted(CHANNEL, properties_of(record, now, merged))
        always = ("createdate", "hs_object_id", "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate")
        return {
            "id": str(record.id),
            "properties": {name: known[name] for name in dict.fromkeys((*always, *wanted)) if name in known},
            "createdAt": known.get("createdate"),
            "updatedAt": known.get(always[2]),
            "archived": False,
        }


def _not_granted() -> Refused:
    return Refused(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call.")


def _read(body: dict[str, Any]) -> tuple[list[list[dict[str, str]]], int, int]:
    groups = [group["filters"] for group in body["filterGroups"]]
    after, limit = str(body.get("after", "0")), body.get("limit", 10)
    if not 1 <= len(groups) <= 5 or any(len(group) > 6 for group in groups) or not 1 <= limit <= MOST_A_PAGE:
        raise Refused(400, "VALIDATION_ERROR", "There was a problem with the request.")
    if not after.isdigit() or int(after) >= SEARCH_CAP:
        raise Refused(400, "VALIDATION_ERROR", "The maximum number of results is 10,000.")
    if body.get("sorts") != [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]:
        raise Refused(400, "VALIDATION_ERROR", "the sandbox sorts by hs_object_id only")
    return groups, int(after), limit


def _meets(kind: Kind, live: _Live, filters: list[dict[str, str]], now: datetime) -> bool:
    return all(_meets_filter(kind, live, wanted, now) for wanted in filters)


def _meets_filter(kind: Kind, live: _Live, wanted: dict[str, str], now: datetime) -> bool:
    name, operator, value = wanted["propertyName"], wanted["operator"], wanted["value"]
    changed = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    if (name, operator) == (changed, "GTE"):
        return live.changed_ms >= int(value)
    if (name, operator) == ("hs_object_id", "GTE"):
        return live.object.id >= int(value)
    if (name, operator, kind) == ("hs_is_closed", "EQ", "deals"):
        return has_come(live.object.closed_at, now) == (value == "true")
    raise Refused(400, "VALIDATION_ERROR", f"Property {name} does not exist")
