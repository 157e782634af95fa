"""Mailchimp's Marketing API 3.0 over Acme's newsletters: root, reports, lists, growth history, OAuth metadata."""

from __future__ import annotations

import asyncio
import base64
import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import FOUNDED, Company
from okr_reports.sandbox.state import SandboxState

CHANNEL = "mailchimp"
SETTINGS = {"CREDENTIALS__API_KEY": "sandbox"}
TOKENS_EXPIRE = False
ACCOUNT, TIMEZONE = "8d3a3db4d97663a9074efcc16", "Europe/Madrid"
CONNECTIONS = 10
# id, name, currency, members at the founding, growth a day
AUDIENCES = (("2aa3f1c9d0", "Boletín ES", "EUR", 2_400, 2.1), ("7be04d55e1", "Newsletter EN", "USD", 1_300, 1.6))
MEASURES = (
    "emails_sent",
    "opens_total",
    "unique_opens",
    "proxy_excluded_opens",
    "proxy_excluded_unique_opens",
    "clicks_total",
    "unique_subscriber_clicks",
    "unsubscribed",
    "hard_bounces",
    "soft_bounces",
    "abuse_reports",
    "total_orders",
    "total_revenue",
)
TRUTH_COLUMNS = ("date", "channel", "account_id", "campaign_id", "currency", *MEASURES, "audience_size")
# A welcome letter that goes on being sent, to accounts that have automations: workflow, letter, first day.
WORKFLOW, LETTER = "57f0c4e9aa", "a7c000001"
LETTERS_A_DAY = 6
# Opens by machines are taken back at this age.
CORRECTED_AFTER = 5
DAY = timedelta(days=1)
LINKS = [{"rel": "self", "href": "https://us20.api.mailchimp.com/3.0/", "method": "GET"}]
THROTTLED = (
    (
        429,
        b'{"type":"https://mailchimp.com/developer/marketing/docs/errors/","title":"Too Many Requests",'
        b'"status":429,"detail":"You have exceeded the limit of 10 simultaneous connections.","instance":""}',
    ),
)


class Refused(Exception):
    """An answer that is an error, as problem+json."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        self.status = status
        self.body = {
            "type": "https://mailchimp.com/developer/marketing/docs/errors/",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": "b9b4f1e2",
        }
        super().__init__(title)


class Mailings:
    """A letter to each audience every Tuesday."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def members(self, audience: tuple[Any, ...], day: date) -> int:
        return int(audience[3] + audience[4] * (day - FOUNDED).days + 20 * math.sin((day - FOUNDED).days / 9))

    def campaigns(self, until: date) -> Iterator[tuple[str, tuple[Any, ...], date]]:
        """Id, audience and day of every letter sent by the end of a day."""
        first = FOUNDED + DAY * ((1 - FOUNDED.weekday()) % 7)
        for week in range((until - first).days // 7 + 1):
            for audience in AUDIENCES:
                yield f"{audience[0][:4]}{week:06d}", audience, first + DAY * 7 * week

    def totals(self, campaign_id: str, audience: tuple[Any, ...], sent: date, day: date) -> dict[str, Any]:
        """What the report states at the end of a day."""
        if day < sent:
            return dict.fromkeys(MEASURES, 0)
        age = (day - sent).days
        part = 1 - math.exp(-(age + 1) / 3)
        count = self.members(audience, sent)
        opens = int(count * (0.25 + 0.15 * self._company.chance(campaign_id, "opens")) * part)
        taken_back = opens // 10 if age >= CORRECTED_AFTER else 0
        clicks = int(opens * 0.2)
        orders = int(clicks * 0.05)
        return {
            "emails_sent": count,
            "opens_total": int(opens * 1.6),
            "unique_opens": opens - taken_back,
            "proxy_excluded_opens": int(opens * 0.9),
            "proxy_excluded_unique_opens": int(opens * 0.6),
            "clicks_total": int(clicks * 1.4),
            "unique_subscriber_clicks": clicks,
            "unsubscribed": int(opens * 0.01),
            "hard_bounces": count // 400,
            "soft_bounces": count // 250,
            "abuse_reports": int(age > 2),
            "total_orders": orders,
            "total_revenue": round(orders * 49.9, 2),
        }


def letter_totals(day: date) -> dict[str, Any]:
    """What the report of the welcome letter states at the end of a day."""
    days = max(0, (day - FOUNDED).days + 1)
    sent = LETTERS_A_DAY * days
    found = dict.fromkeys(MEASURES, 0)
    opens = {"opens_total": sent // 2, "unique_opens": sent // 3}
    opens |= {"proxy_excluded_opens": sent // 4, "proxy_excluded_unique_opens": sent // 5}
    return {**found, "emails_sent": sent, **opens, "total_revenue": 0.0}


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/oauth2/metadata", api.metadata, methods=["GET"]),
            Route("/3.0/", api.answer(api.root), methods=["GET"]),
            Route("/3.0/ping", api.answer(api.ping), methods=["GET"]),
            Route("/3.0/campaigns", api.answer(api.campaigns), methods=["GET"]),
            Route("/3.0/reports/{campaign}", api.answer(api.one_report), methods=["GET"]),
            Route("/3.0/reports", api.answer(api.reports), methods=["GET"]),
            Route("/3.0/automations", api.answer(api.automations), methods=["GET"]),
            Route("/3.0/automations/{flow}/emails", api.answer(api.emails), methods=["GET"]),
            Route("/3.0/lists", api.answer(api.lists), methods=["GET"]),
            Route("/3.0/lists/{audience}/growth-history", api.answer(api.growth), methods=["GET"]),
            # Acme keeps no people, segments or lists of who left here
            Route("/3.0/lists/{audience}/members", api.answer(api.nobody("members")), methods=["GET"]),
            Route("/3.0/lists/{audience}/segments", api.answer(api.nobody("segments")), methods=["GET"]),
            Route("/3.0/reports/{campaign}/unsubscribed", api.answer(api.nobody("unsubscribes")), methods=["GET"]),
            Route("/3.0/reports/{campaign}/email-activity", api.answer(api.nobody("emails")), methods=["GET"]),
        ]
    )


def truth(state: SandboxState, start: date, end: date, asked_on: date) -> Iterator[tuple[Any, ...]]:
    """What happened on each day; audience_size, a stock, is in rows of the audience."""
    mailings, last = Mailings(state.company), min(end, asked_on - DAY)
    for campaign_id, audience, sent in mailings.campaigns(last):
        day = max(start, sent)
        while day <= last:
            now, before = (mailings.totals(campaign_id, audience, sent, as_of) for as_of in (day, day - DAY))
            changes = [round(now[name] - before[name], 2) for name in MEASURES]
            if any(changes):
                yield (day, CHANNEL, ACCOUNT, campaign_id, audience[2], *changes, 0)
            day += DAY
    if "automations" in state.more.get(CHANNEL, {}):
        for at in range((last - start).days + 1):
            now, before = letter_totals(start + DAY * at), letter_totals(start + DAY * (at - 1))
            changes = [now[name] - before[name] for name in MEASURES]
            yield (start + DAY * at, CHANNEL, ACCOUNT, LETTER, "EUR", *changes, 0)
    for audience in AUDIENCES:
        for at in range((last - start).days + 1):
            day = start + DAY * at
            yield (day, CHANNEL, ACCOUNT, audience[0], "", *(0 for _ in MEASURES), mailings.members(audience, day))


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._mailings = Mailings(state.company)
        self._connections = 0

    def answer(self, find: Any) -> Any:
        async def handle(request: Request) -> Response:
            self._connections += 1
            try:
                self._check(request)
                await asyncio.sleep(0)
                return JSONResponse(find(request))
            except Refused as refused:
                return JSONResponse(refused.body, refused.status, media_type="application/problem+json")
            finally:
                self._connections -= 1

        return handle

    async def metadata(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("OAuth ")
        if not self._state.token_works(CHANNEL, token):
            return JSONResponse({"error": "invalid_token"})
        return JSONResponse(
            {"dc": "us20", "role": "owner", "api_endpoint": "https://us20.api.mailchimp.com", "accountname": "Acme"}
        )

    def root(self, request: Request) -> dict[str, Any]:
        return {"account_id": ACCOUNT, "account_name": "Acme", "account_timezone": TIMEZONE}

    def ping(self, request: Request) -> dict[str, Any]:
        return {"health_status": "Everything's Chimpy!"}

    def reports(self, request: Request) -> dict[str, Any]:
        return self._page(request, "reports", list(self._sent(request)))

    def one_report(self, request: Request) -> dict[str, Any]:
        wanted = request.path_params["campaign"]
        if wanted == LETTER and self._flow:
            return self._letter()
        found = next((mailing for mailing in self._sent(request) if mailing["id"] == wanted), None)
        if found is None:
            raise Refused(404, "Resource Not Found", "The requested resource could not be found.")
        return found

    def campaigns(self, request: Request) -> dict[str, Any]:
        return self._page(
            request,
            "campaigns",
            [
                {
                    "id": mailing["id"],
                    "type": mailing["type"],
                    "status": "sent",
                    "emails_sent": mailing["emails_sent"],
                    "send_time": mailing["send_time"],
                    "recipients": {"list_id": mailing["list_id"], "list_name": mailing["list_name"]},
                    "settings": {"title": mailing["campaign_title"], "subject_line": mailing["subject_line"]},
                }
                for mailing in self._sent(request)
            ],
        )

    def _sent(self, request: Request) -> Iterator[dict[str, Any]]:
        """Reports of what was sent in the time asked for, as they stood at the end of yesterday."""
        query = request.query_params
        since = datetime.fromisoformat(query.get("since_send_time", "1970-01-01T00:00:00+00:00"))
        before = datetime.fromisoformat(query.get("before_send_time", "9999-01-01T00:00:00+00:00"))
        yesterday = self._state.today - DAY
        for campaign_id, audience, sent in self._mailings.campaigns(yesterday):
            at = datetime.combine(sent, time(9), UTC)
            if since <= at <= before:
                totals = self._mailings.totals(campaign_id, audience, sent, yesterday)
                report = {
                    "id": campaign_id,
                    "campaign_title": f"{audience[1]} {sent:%Y-%m-%d}",
                    "type": "regular",
                    "list_id": audience[0],
                    "list_name": audience[1],
                    "send_time": at.isoformat(),
                    "subject_line": "Canaria Vogel, mira esto",
                    **_report(totals, audience[2]),
                }
                yield self._state.drifted(CHANNEL, report)

    @property
    def _flow(self) -> dict[str, Any]:
        """The workflow as the state says it, such as {"status": "sending"}; empty where the account has none."""
        return dict(self._state.more.get(CHANNEL, {}).get("automations", {}))

    def _letter(self) -> dict[str, Any]:
        return {
            "id": LETTER,
            "campaign_title": "Bienvenida",
            "type": "automation-email",
            "list_id": AUDIENCES[0][0],
            "send_time": datetime.combine(FOUNDED, time(9), UTC).isoformat(),
            **_report(letter_totals(self._state.today - DAY), "EUR"),
        }

    def automations(self, request: Request) -> dict[str, Any]:
        flows = [{"id": WORKFLOW, "emails_sent": 9, **self._flow}] if self._flow else []
        return self._page(request, "automations", flows)

    def emails(self, request: Request) -> dict[str, Any]:
        if request.path_params["flow"] != WORKFLOW or not self._flow:
            raise Refused(404, "Resource Not Found", "The requested resource could not be found.")
        return self._page(request, "emails", [{"id": LETTER, "workflow_id": WORKFLOW, **self._flow}])

    def lists(self, request: Request) -> dict[str, Any]:
        yesterday = self._state.today - DAY
        return self._page(
            request,
            "lists",
            [
                {
                    "id": audience[0],
                    "name": audience[1],
                    "contact": {"company": "Acme"},
                    "campaign_defaults": {"from_name": "Canaria Vogel", "from_email": "canaria@person.example"},
                    "stats": {"member_count": self._mailings.members(audience, yesterday), "open_rate": 33.1},
                }
                for audience in AUDIENCES
            ],
        )

    def nobody(self, key: str) -> Any:
        return lambda request: self._page(request, key, [])

    def growth(self, request: Request) -> dict[str, Any]:
        audience = next((audience for audience in AUDIENCES if audience[0] == request.path_params["audience"]), None)
        if audience is None:
            raise Refused(404, "Resource Not Found", "The requested resource could not be found.")
        months = []
        month, yesterday = FOUNDED.replace(day=1), self._state.today - DAY
        while month <= yesterday:
            following = (month + DAY * 32).replace(day=1)
            size = self._mailings.members(audience, min(following - DAY, yesterday))
            months.append({"list_id": audience[0], "month": f"{month:%Y-%m}", "subscribed": size, "unsubscribed": 9})
            month = following
        return self._page(request, "history", months[::-1])

    def _page(self, request: Request, key: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        query = request.query_params
        count, offset = int(query.get("count", 10)), int(query.get("offset", 0))
        if not 0 <= count <= 1000 or offset < 0:
            raise Refused(400, "Invalid Resource", "count is 0 to 1000")
        kept = items[offset : offset + min(count, self._state.page_size)]
        linked = [{"_links": LINKS, **item} for item in kept]
        page = {key: [_only(item, query.get("fields"), key) for item in linked], "total_items": len(items)}
        return page | ({"_links": LINKS} if "_links" in query.get("fields", "_links").split(",") else {})

    def _check(self, request: Request) -> None:
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ").removeprefix("OAuth ")
        if header.startswith("Basic "):
            token = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[2]
            # the data centre is a part of a key
            token = re.sub(r"-[a-z]{2}\d+$", "", token)
        if (CHANNEL, header) in self._state.expired or not self._state.token_works(CHANNEL, token):
            raise Refused(
                401,
                "API Key Invalid",
                "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
            )
        if CHANNEL in self._state.throttled or self._connections > CONNECTIONS:
            raise Refused(
                429,
                "Too Many Requests",
                self._state.throttled.get(CHANNEL, "You have exceeded the limit of 10 simultaneous connections."),
            )
        if CHANNEL in self._state.unscoped:
            raise Refused(403, "Forbidden", "You don't have permission to access this resource.")
        if ACCOUNT in self._state.denied and not request.url.path.endswith("/3.0/"):
            raise Refused(403, "User Disabled", "This account has been disabled.")


def _report(totals: dict[str, Any], currency: str) -> dict[str, Any]:
    """The shape of a report; open_rate is a fraction here and a percentage in lists."""
    return {
        "emails_sent": totals["emails_sent"],
        "abuse_reports": totals["abuse_reports"],
        "unsubscribed": totals["unsubscribed"],
        "bounces": {"hard_bounces": totals["hard_bounces"], "soft_bounces": totals["soft_bounces"], "syntax_errors": 0},
        "opens": {name: totals[name] for name in MEASURES if "opens" in name} | {"open_rate": 0.331},
        "clicks": {
            "clicks_total": totals["clicks_total"],
            "unique_clicks": totals["unique_subscriber_clicks"] + 3,
            "unique_subscriber_clicks": totals["unique_subscriber_clicks"],
        },
        "ecommerce": {
            "total_orders": totals["total_orders"],
            "total_spent": totals["total_revenue"],
            "total_revenue": totals["total_revenue"],
            "currency_code": currency,
        },
    }


def _only(item: dict[str, Any], fields: str | None, key: str) -> dict[str, Any]:
    """`fields` keeps what it names; `reports.opens` keeps all within, `lists.stats.member_count` just that."""
    if not fields:
        return item
    kept: dict[str, Any] = {}
    for path in unquote(fields).split(","):
        first, _, rest = path.removeprefix(f"{key}.").partition(".")
        if path.startswith(f"{key}.") and first in item:
            kept[first] = {rest: item[first].get(rest)} if rest and isinstance(item[first], dict) else item[first]
    return kept
