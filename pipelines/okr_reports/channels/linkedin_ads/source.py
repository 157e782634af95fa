"""LinkedIn Ads: accounts, campaign groups, campaigns, and daily analytics by campaign (README.md: the load contract).

What the API does is in LinkedIn's Marketing API reference (adAccounts, adAnalytics); oddities are named where met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.http import Http, doubling
from okr_reports.channels.linkedin_ads.restli import query
from okr_reports.channels.linkedin_ads.settings import LinkedInAdsSettings
from okr_reports.channels.numbers import as_code
from okr_reports.channels.oauth import RefreshedToken, has_neither, refresh_form
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.channels.tables import AMOUNT, COUNT, FIX_THE_CHANNEL, MOMENT, TEXT, entities, facts
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, VendorError, quoted

ACCESS = "a role on the ad account (Campaign Manager, Manage access; Viewer is enough)"
# A report day begins at midnight UTC for every account, wherever it is.
TIMEZONE = "UTC"
# adAnalytics has no paging: it cuts off here without a word.
LARGEST_ANSWER = 15_000
# At most 20 fields a call, two of which are the key.
KEY_FIELDS = ("dateRange", "pivotValues")
METRICS_PER_CALL = 18
METRICS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "landingPageClicks": "landing_page_clicks",
    "costInLocalCurrency": "cost_in_local_currency",
    "externalWebsiteConversions": "external_website_conversions",
    "conversionValueInLocalCurrency": "conversion_value_in_local_currency",
    "oneClickLeads": "one_click_leads",
    "videoViews": "video_views",
}
_URN = re.compile(r"urn:li:sponsoredCampaign:(\d+)")
# Longer URLs are answered with 414; a tunnelled POST has no limit.
LONGEST_URL = 4_000
ACCOUNT_PAGE, ENTITY_PAGE = 1000, 500
GROUP_STATUSES = ("ACTIVE", "ARCHIVED", "CANCELED", "DRAFT", "PAUSED", "PENDING_DELETION", "REMOVED")
CAMPAIGN_STATUSES = (*GROUP_STATUSES, "COMPLETED")
# Days after a click and after a view that a conversion rule counts; to 90 or 365 for some of its types.
WINDOWS = ("postClickAttributionWindowSize", "viewThroughAttributionWindowSize")


class LinkedInAds(Channel[LinkedInAdsSettings]):
    """Grain of `campaign_analytics`: account, UTC day, campaign; amounts in the account's currency."""

    name = "linkedin_ads"
    settings_class = LinkedInAdsSettings
    access = ACCESS
    ended_states = frozenset({"CANCELED", "PENDING_DELETION", "REMOVED"})
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS, type=TEXT, reference=TEXT, created_at=MOMENT),
        entities("campaign_groups", account_id=TEXT, name=TEXT, status=TEXT),
        entities("campaigns", account_id=TEXT, campaign_group_id=TEXT, name=TEXT, status=TEXT, objective=TEXT),
        facts(
            "campaign_analytics",
            unique=("campaign_id",),
            required=("campaign_id", "impressions", "clicks", "cost_in_local_currency"),
            campaign_id=TEXT,
            currency=TEXT,
            impressions=COUNT,
            clicks=COUNT,
            landing_page_clicks=COUNT,
            cost_in_local_currency=AMOUNT,
            external_website_conversions=COUNT,
            conversion_value_in_local_currency=AMOUNT,
            one_click_leads=COUNT,
            video_views=COUNT,
        ),
    )

    def http(self, settings: LinkedInAdsSettings) -> Http:
        given = settings.credentials
        form = refresh_form(given)
        if not given.access_token and not form:
            raise has_neither(self.name, "an access_token")
        http = Http(self.name, settings.base_url, classify, settings.secrets)
        token_http = http
        if urlsplit(settings.base_url).hostname == "api.linkedin.com":  # the real token endpoint lives on another host
            token_http = Http(self.name, "https://www.linkedin.com", secrets=settings.secrets)
        http.authenticator = RefreshedToken(lambda: token_http, "oauth/v2/accessToken", given.access_token, form)
        return http

    def accounts(self, http: Http, settings: LinkedInAdsSettings) -> list[Account]:
        if settings.account_ids:
            wanted = [f"urn:li:sponsoredAccount:{account_id}" for account_id in settings.account_ids]
            # a search by id cannot be paged (400), so it asks for one page's worth at a time
            pages = [
                query(q="search", search={"id": {"values": wanted[at : at + ACCOUNT_PAGE]}}, pageSize=ACCOUNT_PAGE)
                for at in range(0, len(wanted), ACCOUNT_PAGE)
            ]
            found = [element for page in pages for element in _ask(http, settings, "adAccounts", page)["elements"]]
        else:
            found = list(_pages(http, settings, "adAccounts", query(q="search", pageSize=ACCOUNT_PAGE)))
        return [_account(http, settings, element) for element in found]

    def load_entities(self, http: Http, settings: LinkedInAdsSettings, account: Account, landing: Landing) -> None:
        asked = query(q="search", search={"status": {"values": GROUP_STATUSES}}, pageSize=ENTITY_PAGE)
        groups = _pages(http, settings, f"adAccounts/{account.id}/adCampaignGroups", asked)
        landing.entities(
            "campaign_groups",
            (
                {
                    "id": str(group["id"]),
                    "account_id": account.id,
                    "name": group.get("name"),
                    "status": group.get("status"),
                }
                for group in groups
            ),
        )
        asked = query(q="search", search={"status": {"values": CAMPAIGN_STATUSES}}, pageSize=ENTITY_PAGE)
        campaigns = _pages(http, settings, f"adAccounts/{account.id}/adCampaigns", asked)
        landing.entities(
            "campaigns",
            (
                {
                    "id": str(campaign["id"]),
                    "account_id": account.id,
                    "campaign_group_id": _urn_id(campaign.get("campaignGroup")),
                    "name": campaign.get("name"),
                    "status": campaign.get("status"),
                    "objective": campaign.get("objectiveType"),
                }
                for campaign in campaigns
            ),
        )

    def load_facts(self, http: Http, settings: LinkedInAdsSettings, account: Account, landing: Landing) -> None:
        rows = analytics(http, settings, account.id, landing.window, tuple(METRICS))
        landing.facts(
            "campaign_analytics",
            (
                {
                    "date": day,
                    "campaign_id": campaign_id,
                    "currency": account.currency,
                    **{column: values.get(metric) for metric, column in METRICS.items()},
                }
                for (day, campaign_id), values in rows.items()
            ),
        )


CHANNEL = LinkedInAds()


def _account(http: Http, settings: LinkedInAdsSettings, element: Mapping[str, Any]) -> Account:
    account_id, note = str(element["id"]), ""
    try:
        restated = _longest_window(http, settings, account_id)
    except (ChannelError, AttributeError, TypeError) as error:
        if http.is_over:
            raise
        restated = 0
        why = error.what if isinstance(error, ChannelError) else type(error).__name__
        note = (
            f"linkedin_ads account {account_id}: its conversion rules cannot be read ({why}), so that days older than"
            f" the usual re-read are not read again; give the member {ACCESS}"
        )
    return Account(
        account_id,
        element.get("name") or "",
        element["currency"],
        TIMEZONE,
        element.get("status") or "",
        {"type": element.get("type"), "reference": element.get("reference"), "created_at": _created(element)},
        note=note,
        restated_days=restated,
    )


def _longest_window(http: Http, settings: LinkedInAdsSettings, account_id: str) -> int:
    """For how many days the account's rules still count conversions for a day, by the longest of their windows."""
    longest, start = 0, 0
    while True:
        urn = f"urn:li:sponsoredAccount:{account_id}"
        asked = query(q="account", account=urn, start=start, count=ENTITY_PAGE)
        rules = _ask(http, settings, "conversions", asked)["elements"]
        for rule in rules:
            if rule.get("enabled", True):
                longest = max(longest, *(as_code(rule.get(window)) for window in WINDOWS))
        start += len(rules)
        if len(rules) < ENTITY_PAGE:
            return longest


def classify(reply: Reply) -> Verdict:
    """LinkedIn's dialect: a daily quota is a 429 like a short one, and an error may come with status 200."""
    data = reply.data if isinstance(reply.data, dict) else {}
    message = str(data.get("message") or "")
    if reply.status == 200 and not ({"elements", "access_token"} & data.keys()):
        return Verdict("retry", f"HTTP 200 without elements: {message}")
    if reply.status == 426:
        return Verdict(
            "failed",
            f"HTTP 426: {message}",
            todo="set api_version under [sources.linkedin_ads] to a month (YYYYMM) LinkedIn still serves",
        )
    if reply.status == 403:
        todo = f"authorise with the scopes r_ads and r_ads_reporting, and give the member {ACCESS}"
        return Verdict("forbidden", f"HTTP 403: {message}" if message else "HTTP 403", todo=todo)
    if reply.status == 429 and "DAY limit" in message:
        # it is renewed at midnight UTC, and every try until then counts against it
        return Verdict("quota", message, todo="LinkedIn renews it at midnight UTC: refresh again then")
    if reply.status == 429:
        # 45 million metric values in five minutes; the header that others send is never there
        is_volume = "data request limit" in message.lower() or "45 million" in message
        waits = (330.0, 330.0) if is_volume else doubling(5)
        return Verdict("retry", f"HTTP 429: {message}", reply.retry_after, waits=waits)
    return classify_by_status(reply)


def analytics(
    http: Http, settings: LinkedInAdsSettings, account_id: str, window: Window, metrics: Sequence[str]
) -> dict[tuple[date, str], dict[str, Any]]:
    """The metrics of every campaign and day of the window that has any, by (day, campaign id).

    Asked by account, so that campaigns deleted since are in it. LinkedIn leaves out what is 0: a row that one chunk of
    metrics has and another lacks, and a metric of a row, absent or null, that other rows have. Raises VendorError where
    no row has the field at all; one that is null in every row has no value.
    """
    merged: dict[tuple[date, str], dict[str, Any]] = {}
    for at in range(0, len(metrics), METRICS_PER_CALL):
        chunk = metrics[at : at + METRICS_PER_CALL]
        elements = list(_uncut(http, settings, account_id, window, chunk))
        sent = {metric for element in elements for metric in chunk if metric in element}
        if sent and (absent := set(chunk) - sent):
            raise _changed(f"adAnalytics answers without {', '.join(sorted(absent))}")
        zeros = {metric: 0 for element in elements for metric in chunk if element.get(metric) is not None}
        for element in elements:
            answered = {metric: element[metric] for metric in chunk if element.get(metric) is not None}
            row = merged.setdefault((_day(element), _campaign(element)), dict.fromkeys(metrics, 0))
            row.update({**dict.fromkeys(chunk), **zeros, **answered})
    return merged


def _uncut(
    http: Http, settings: LinkedInAdsSettings, account_id: str, window: Window, metrics: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The elements of the window, in halves where an answer reaches the cap."""
    asked = query(
        q="analytics",
        pivot={"value": "CAMPAIGN"},
        timeGranularity={"value": "DAILY"},
        dateRange={"start": window.start, "end": window.end},
        accounts=[f"urn:li:sponsoredAccount:{account_id}"],
    )
    answer = _ask(http, settings, "adAnalytics", f"{asked}&fields={','.join((*KEY_FIELDS, *metrics))}")
    if len(answer["elements"]) < LARGEST_ANSWER:
        yield from answer["elements"]
    elif window.length == 1:
        raise VendorError(
            http.channel,
            f"{window.start} has {LARGEST_ANSWER:,} campaigns or more: LinkedIn cuts off",
            "split the account's campaigns over several ad accounts, or report it",
            account_id,
        )
    else:
        for half in window.slices((window.length + 1) // 2):
            yield from _uncut(http, settings, account_id, half, metrics)


def _pages(http: Http, settings: LinkedInAdsSettings, path: str, asked: str) -> Iterator[dict[str, Any]]:
    token, seen = "", set()
    while token not in seen:
        seen.add(token)
        answer = _ask(http, settings, path, f"{asked}&{query(pageToken=token)}" if token else asked)
        yield from answer["elements"]
        token = (answer.get("metadata") or {}).get("nextPageToken") or ""
        if not token:
            return
    raise VendorError(http.channel, f"{path} gave a page token twice", "refresh again; if it stays so, report it")


def _ask(http: Http, settings: LinkedInAdsSettings, path: str, asked: str) -> Mapping[str, Any]:
    headers = {"LinkedIn-Version": settings.api_version, "X-Restli-Protocol-Version": "2.0.0"}
    if len(asked) > LONGEST_URL:
        reply = http.post_form(f"rest/{path}", asked, {**headers, "X-HTTP-Method-Override": "GET"})
    else:
        reply = http.get(f"rest/{path}", asked, headers)
    answer: Mapping[str, Any] = reply.data
    return answer


def _campaign(element: Mapping[str, Any]) -> str:
    pivots = element["pivotValues"]
    campaign = _URN.fullmatch(str(pivots[0])) if isinstance(pivots, list) and pivots else None
    if campaign is None:
        raise _changed(f"pivotValues should name a campaign but is {quoted(repr(str(pivots)[:60]))}")
    return campaign[1]


def _changed(what: str) -> VendorError:
    return VendorError("linkedin_ads", what, FIX_THE_CHANNEL)


def _day(element: Mapping[str, Any]) -> date:
    start = element["dateRange"]["start"]
    return date(start["year"], start["month"], start["day"])


def _urn_id(urn: str | None) -> str | None:
    return urn.rsplit(":", 1)[-1] if urn else None


def _created(element: Mapping[str, Any]) -> datetime | None:
    milliseconds = element.get("changeAuditStamps", {}).get("created", {}).get("time")
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
