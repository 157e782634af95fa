"""LinkedIn Ads: accounts, campaign groups, campaigns, and daily analytics by campaign (README.md: the load contract).

What the API does is in LinkedIn's Marketing API reference (adAccounts, adAnalytics); oddities are named where met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from okr_reports.channels.base import ACCOUNT_COLUMNS, REPORT_IT, Account, Channel, Landing
from okr_reports.channels.http import Http, doubling
from okr_reports.channels.linkedin_ads.analytics import PIVOTS, analytics, ask
from okr_reports.channels.linkedin_ads.restli import query
from okr_reports.channels.linkedin_ads.settings import LinkedInAdsSettings
from okr_reports.channels.numbers import as_code
from okr_reports.channels.oauth import RefreshedToken, has_neither, refresh_form
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.channels.tables import AMOUNT, COUNT, MOMENT, TEXT, entities, facts
from okr_reports.errors import ChannelError, VendorError

ACCESS = "a role on the ad account (Campaign Manager, Manage access; Viewer is enough)"
# A report day begins at midnight UTC for every account, wherever it is.
TIMEZONE = "UTC"
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
# What a conversion rule counted, by the names of METRICS.
COUNTED_BY_RULE = ("externalWebsiteConversions", "conversionValueInLocalCurrency")
PURCHASE = "PURCHASE"
ACCOUNT_PAGE, ENTITY_PAGE = 1000, 500
GROUP_STATUSES = ("ACTIVE", "ARCHIVED", "CANCELED", "DRAFT", "PAUSED", "PENDING_DELETION", "REMOVED")
CAMPAIGN_STATUSES = (*GROUP_STATUSES, "COMPLETED")
# Days after a click and after a view that a conversion rule counts; to 90 or 365 for some of its types.
WINDOWS = ("postClickAttributionWindowSize", "viewThroughAttributionWindowSize")


class LinkedInAds(Channel[LinkedInAdsSettings]):
    """Grain of `campaign_analytics`: account, UTC day, campaign; amounts in the account's currency.

    `campaign_conversions` by conversion rule too.
    """

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
        facts(
            "campaign_conversions",
            unique=("campaign_id", "conversion_id"),
            required=("campaign_id", "conversion_id"),
            campaign_id=TEXT,
            conversion_id=TEXT,
            conversion_type=TEXT,
            currency=TEXT,
            external_website_conversions=COUNT,
            conversion_value_in_local_currency=AMOUNT,
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
            found = [element for page in pages for element in ask(http, settings, "adAccounts", page)["elements"]]
        else:
            found = list(_pages(http, settings, "adAccounts", query(q="search", pageSize=ACCOUNT_PAGE)))
        return [_account(http, settings, element) for element in found]

    def load_entities(self, http: Http, settings: LinkedInAdsSettings, account: Account, landing: Landing) -> None:
        finder = query(q="search", search={"status": {"values": GROUP_STATUSES}}, pageSize=ENTITY_PAGE)
        groups = _pages(http, settings, f"adAccounts/{account.id}/adCampaignGroups", finder)
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
        finder = query(q="search", search={"status": {"values": CAMPAIGN_STATUSES}}, pageSize=ENTITY_PAGE)
        campaigns = _pages(http, settings, f"adAccounts/{account.id}/adCampaigns", finder)
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
        try:
            rules = {str(rule["id"]): rule.get("type") for rule in _rules(http, settings, account.id)}
        except UNREADABLE:
            if http.is_over:
                raise
            # the account's note says so
            landing.unknown_measures |= {"purchases", "purchase_value"}
            return
        _land_conversions(http, settings, landing, rules)


CHANNEL = LinkedInAds()
# How rules show that they cannot be read: refused, or in no shape that is known.
UNREADABLE = (ChannelError, AttributeError, LookupError, TypeError)


def _land_conversions(
    http: Http, settings: LinkedInAdsSettings, landing: Landing, rules: Mapping[str, str | None]
) -> None:
    """What each rule counted by campaign; requested only where a rule counts purchases."""
    account, rows = landing.account, {}
    if PURCHASE in rules.values():
        try:
            rows = analytics(http, settings, account.id, landing.window, COUNTED_BY_RULE, tuple(PIVOTS))
        except ChannelError as error:
            if http.is_over:
                raise
            what = f"what each conversion rule counted cannot be read ({error.what})"
            landing.lacks(what, error.todo, "purchases", "purchase_value")
            return
    if unknown := {rule for _, _, rule in rows} - rules.keys():
        what = f"conversion rules {', '.join(sorted(unknown))} are not listed: whether they count purchases is unknown"
        landing.lacks(what, REPORT_IT)
    landing.facts(
        "campaign_conversions",
        (
            {
                "date": day,
                "campaign_id": campaign_id,
                "conversion_id": rule,
                "conversion_type": rules.get(rule),
                "currency": account.currency,
                **{METRICS[metric]: values[metric] for metric in COUNTED_BY_RULE},
            }
            for (day, campaign_id, rule), values in rows.items()
        ),
    )


def _account(http: Http, settings: LinkedInAdsSettings, element: Mapping[str, Any]) -> Account:
    account_id, note = str(element["id"]), ""
    try:
        restated = _longest_window(http, settings, account_id)
    except UNREADABLE as error:
        if http.is_over:
            raise
        restated = 0
        why = error.what if isinstance(error, ChannelError) else type(error).__name__
        note = (
            f"linkedin_ads account {account_id}: its conversion rules cannot be read ({why}): purchases are not"
            f" known, and days older than the usual re-read are not read again; give the member {ACCESS}"
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
    rules = _rules(http, settings, account_id)
    windows = (as_code(rule.get(window)) for rule in rules if rule.get("enabled", True) for window in WINDOWS)
    return max(windows, default=0)


def _rules(http: Http, settings: LinkedInAdsSettings, account_id: str) -> list[dict[str, Any]]:
    """The account's conversion rules, those that are switched off too; read once a refresh."""
    return http.once(f"rules of {account_id}", lambda: list(_rule_pages(http, settings, account_id)))


def _rule_pages(http: Http, settings: LinkedInAdsSettings, account_id: str) -> Iterator[dict[str, Any]]:
    start = 0
    while True:
        urn = f"urn:li:sponsoredAccount:{account_id}"
        finder = query(q="account", account=urn, start=start, count=ENTITY_PAGE)
        rules = ask(http, settings, "conversions", finder)["elements"]
        yield from rules
        start += len(rules)
        if len(rules) < ENTITY_PAGE:
            return


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


def _pages(http: Http, settings: LinkedInAdsSettings, path: str, finder: str) -> Iterator[dict[str, Any]]:
    token, seen = "", set()
    while token not in seen:
        seen.add(token)
        answer = ask(http, settings, path, f"{finder}&{query(pageToken=token)}" if token else finder)
        yield from answer["elements"]
        token = (answer.get("metadata") or {}).get("nextPageToken") or ""
        if not token:
            return
    raise VendorError(http.channel, f"{path} gave a page token twice", "refresh again; if it stays so, report it")


def _urn_id(urn: str | None) -> str | None:
    return urn.rsplit(":", 1)[-1] if urn else None


def _created(element: Mapping[str, Any]) -> datetime | None:
    milliseconds = element.get("changeAuditStamps", {}).get("created", {}).get("time")
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
