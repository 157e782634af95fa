"""Google Search Console: daily clicks, impressions and position of every site (README.md: the load contract)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.google_auth import google_token
from okr_reports.channels.http import Http
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.channels.search_console.settings import SearchConsoleSettings
from okr_reports.channels.tables import AMOUNT, COUNT, TEXT, entities, facts, to_amount
from okr_reports.channels.windows import DAY, Window

SCOPE = "https://www.googleapis.com/auth/webmasters.readonly"
ACCESS = "access to the site (Settings, Users and permissions), and see that the Search Console API is enabled"
# Days are cut in Pacific time for every site.
TIMEZONE = "America/Los_Angeles"
# The most rows of one answer.
PAGE = 25_000
# A quota of queries a second or a minute is worth one more try after this long.
_QUERIES_WAIT = 60.0
# Both spellings are in use: that of the reference pages and that of the discovery document.
_UNVERIFIED = ("siteUnverifiedUser", "SITE_UNVERIFIED_USER")


class SearchConsole(Channel[SearchConsoleSettings]):
    """Grain of `site_daily`: site and Pacific day, final days only.

    `position_weighted` is the average position times the impressions it is an average of, so that it can be added up.
    """

    name = "search_console"
    settings_class = SearchConsoleSettings
    access = ACCESS
    slice_days = 500
    account_ids = r"(sc-domain:|https?://)\S+"
    tables = (
        # `held_by` is the property that holds all of its numbers too: not read, and not counted if it once was
        entities("accounts", **ACCOUNT_COLUMNS, held_by=TEXT),
        facts(
            "site_daily",
            required=("clicks", "impressions", "position_weighted"),
            clicks=COUNT,
            impressions=COUNT,
            position_weighted=AMOUNT,
        ),
    )

    def http(self, settings: SearchConsoleSettings) -> Http:
        http = Http(self.name, settings.base_url, classify, settings.secrets)
        http.authenticator = google_token(http, settings.credentials, SCOPE)
        return http

    def accounts(self, http: Http, settings: SearchConsoleSettings) -> list[Account]:
        answer = http.get("webmasters/v3/sites").data
        sites = {
            site["siteUrl"]: site["permissionLevel"]
            for site in answer.get("siteEntry", ())
            if site["permissionLevel"] not in _UNVERIFIED
        }
        wanted = [site for site in settings.account_ids or sites if site in sites]
        holders = {site: next((other for other in wanted if _holds(other, site)), "") for site in wanted}
        return [_account(site, level, holders) for site, level in sites.items()]

    def load_facts(self, http: Http, settings: SearchConsoleSettings, account: Account, landing: Landing) -> None:
        rows = landing.made("rows of searchAnalytics", _days(http, settings, account.id, landing.window), _row)
        landing.facts("site_daily", rows)
        last = max((row["date"] for row in rows), default=landing.window.start - DAY)
        if last < landing.window.end:
            landing.data_through = _final_through(http, settings, account.id, Window(last + DAY, landing.window.end))


CHANNEL = SearchConsole()


def _account(site: str, level: str, holders: Mapping[str, str]) -> Account:
    """The site. One that another holds is not read; the one that holds others says so."""
    holder, held = holders.get(site, ""), [other for other, by in holders.items() if by == site]
    note = (
        f"search_console account {site}: it holds the numbers of {', '.join(held)} too, so that only {site} is read; "
        "list those you want in account_ids of [sources.search_console]"
    )
    name = site.removeprefix("sc-domain:")
    return Account(
        site, name, "", TIMEZONE, level, {"held_by": holder or None}, held_by=holder, note=note if held else ""
    )


def _holds(site: str, other: str) -> bool:
    """Whether the numbers of the one property hold those of the other.

    A domain holds every address and every domain below it; an address those that begin with it.
    """
    if site == other:
        return False
    if not site.startswith("sc-domain:"):
        return site.endswith("/") and other.startswith(site)
    domain = site.removeprefix("sc-domain:").lower()
    host = other.removeprefix("sc-domain:") if other.startswith("sc-domain:") else urlsplit(other).hostname or ""
    return f".{host.lower()}".endswith(f".{domain}")


def classify(reply: Reply) -> Verdict:
    """Search Console's dialect: a quota may be a 403, and is by the second, the minute or the day."""
    data = reply.data if isinstance(reply.data, dict) else {}
    error = data.get("error")
    found = error if isinstance(error, dict) else {}
    said = found.get("message", error)
    message = f"HTTP {reply.status}" + (f": {said}" if said else "")
    reasons = {detail.get("reason") for detail in found.get("errors", ()) if isinstance(detail, dict)}
    if reply.status == 200 and not ({"siteEntry", "rows", "responseAggregationType", "access_token"} & data.keys()):
        # a user without any site is answered with an empty object
        return classify_by_status(reply) if data == {} else Verdict("retry", "HTTP 200 without an answer")
    if reply.status == 403 and reasons & {"quotaExceeded", "dailyLimitExceeded"}:
        # of ten minutes, or of the day: they look alike
        todo = "Google renews this quota within a day: refresh again later"
        return Verdict("retry", message, reply.retry_after, todo, (900.0,))
    if reply.status == 429 or reasons & {"rateLimitExceeded", "userRateLimitExceeded"}:
        is_queries = reply.status == 403 or "QPS" in message
        wait = _QUERIES_WAIT if reply.retry_after is None and is_queries else reply.retry_after
        return Verdict("retry", message, wait)
    if reply.status == 403 and "authentication scopes" in message:
        return Verdict("forbidden", message, todo=f"authorise again with the scope {SCOPE}")
    if reply.status == 403:
        return Verdict("forbidden", message, todo=f"give the credentials' user {ACCESS}")
    return classify_by_status(reply)


def _days(http: Http, settings: SearchConsoleSettings, site: str, window: Window) -> list[dict[str, Any]]:
    """One row a final day that had impressions. No other dimension is requested: those leave out rare queries."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = _query(http, settings, site, window, "final", len(rows))
        page = answer.get("rows", ())
        rows += page
        if len(page) < PAGE:
            return rows


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": date.fromisoformat(row["keys"][0]),
        "clicks": row["clicks"],
        "impressions": row["impressions"],
        "position_weighted": _weighted(row),
    }


def _weighted(row: dict[str, Any]) -> Any:
    """The sum of the positions. A position has 16 digits, and a product of more than 9 decimals is rounding."""
    # of news Google gives rows without impressions, and those without a position
    position, impressions = row["position"] if row["impressions"] != 0 else 0, row["impressions"]
    if position is None or impressions is None:
        return None
    for odd in (position, impressions):
        if isinstance(odd, bool) or not isinstance(odd, int | float):
            return f"{odd}: no number"  # the landing names the column and types
    return to_amount(round(position * impressions, 6))


def _final_through(http: Http, settings: SearchConsoleSettings, site: str, tail: Window) -> date:
    """The last final day, where the end of the window has no final rows: is it still being counted, or was it empty?

    Asked for all data by date, Google names the first day that is not complete; without one all days are.
    """
    answer = _query(http, settings, site, tail, "all", 0)
    metadata = answer.get("metadata") or {}
    # The reference says the one, its examples the other.
    incomplete = metadata.get("firstIncompleteDate") or metadata.get("first_incomplete_date")
    if incomplete is None:
        return tail.end
    return min(date.fromisoformat(incomplete) - DAY, tail.end)


def _query(
    http: Http, settings: SearchConsoleSettings, site: str, window: Window, state: str, start_row: int
) -> dict[str, Any]:
    answer: dict[str, Any] = http.post_json(
        f"webmasters/v3/sites/{quote(site, safe='')}/searchAnalytics/query",
        {
            "startDate": window.start.isoformat(),
            "endDate": window.end.isoformat(),
            "dimensions": ["date"],
            "type": settings.search_type,
            "dataState": state,
            "rowLimit": PAGE,
            "startRow": start_row,
        },
    ).data
    return answer
