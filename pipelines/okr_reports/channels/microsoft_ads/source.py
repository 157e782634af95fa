"""Microsoft Ads: accounts, campaigns, the daily campaign performance report (README.md: the load contract)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from okr_reports.channels.base import ACCOUNT_COLUMNS, REPORT_IT, Account, Channel, Landing
from okr_reports.channels.http import Http
from okr_reports.channels.jobs import Part, in_halves
from okr_reports.channels.microsoft_ads import report
from okr_reports.channels.microsoft_ads.services import Services, connect
from okr_reports.channels.microsoft_ads.settings import MicrosoftAdsSettings
from okr_reports.channels.microsoft_ads.timezones import IANA, report_time_zone
from okr_reports.channels.tables import AMOUNT, COUNT, TEXT, entities, facts
from okr_reports.errors import VendorError

ACCOUNT_PAGE = 1000
# The other types would be left out if not named.
CAMPAIGN_TYPES = "Audience,DynamicSearchAds,Hotel,PerformanceMax,Search,Shopping"
_CUSTOMERS, _CAMPAIGNS = "CustomerManagement/v13", "CampaignManagement/v13"


class MicrosoftAds(Channel[MicrosoftAdsSettings]):
    """Grain of `campaign_performance`: account, day of the account's zone, campaign, and what Microsoft splits by.

    Amounts are in the account's currency. Conversions are fractional.
    """

    name = "microsoft_ads"
    settings_class = MicrosoftAdsSettings
    access = "a role on the account"
    slice_days = 184
    ended_states = frozenset({"Inactive", "Suspended"})
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS, customer_id=TEXT, number=TEXT, report_time_zone=TEXT),
        entities("campaigns", account_id=TEXT, name=TEXT, status=TEXT, campaign_type=TEXT),
        facts(
            "campaign_performance",
            unique=tuple(name for name in report.KEY.values() if name != "date"),
            required=("campaign_id", "currency", "impressions", "clicks", "spend"),
            **{name: TEXT for name in (*report.KEY.values(), "campaign_name") if name != "date"},
            impressions=COUNT,
            clicks=COUNT,
            spend=AMOUNT,
            conversions_qualified=AMOUNT,
            revenue=AMOUNT,
            all_conversions_qualified=AMOUNT,
            all_revenue=AMOUNT,
        ),
    )

    def http(self, settings: MicrosoftAdsSettings) -> Http:
        return connect(self.name, settings)

    def accounts(self, http: Http, settings: MicrosoftAdsSettings) -> list[Account]:
        customers, headers = _services(http).service("customers"), _headers(settings)
        user = customers.post_json(f"{_CUSTOMERS}/User/Query", {"UserId": None}, headers).data["User"]["Id"]
        found: dict[str, Account] = {}
        for page in _pages(customers, headers, str(user)):
            for one in page:
                found[str(one["Id"])] = _account(customers.channel, one)
        return list(found.values())

    def load_entities(self, http: Http, settings: MicrosoftAdsSettings, account: Account, landing: Landing) -> None:
        landing.entities(
            "campaigns",
            (
                {
                    "id": campaign["Id"],
                    "account_id": account.id,
                    "name": campaign.get("Name"),
                    "status": campaign.get("Status"),
                    "campaign_type": campaign.get("CampaignType"),
                }
                for campaign in _campaigns(http, settings, account)
            ),
        )

    def load_facts(self, http: Http, settings: MicrosoftAdsSettings, account: Account, landing: Landing) -> None:
        def texts(part: Part) -> list[bytes]:
            if part.of_others:
                # no scope names them
                what = f"the report of {part.window.start} was made by campaign, without those deleted since"
                landing.lacks(what, REPORT_IT)
                return []
            zone = account.row["report_time_zone"]
            return [report.fetch(_services(http), _headers(settings, account), account.id, part, zone)]

        def campaigns() -> list[str]:
            return [str(one["Id"]) for one in _campaigns(http, settings, account)]

        for text in in_halves(http, account.id, Part(landing.window), texts, campaigns):
            landing.facts_table("campaign_performance", report.read(self.name, text))


CHANNEL = MicrosoftAds()


def _campaigns(http: Http, settings: MicrosoftAdsSettings, account: Account) -> list[dict[str, Any]]:
    answer = (
        _services(http)
        .service("campaigns")
        .post_json(
            f"{_CAMPAIGNS}/Campaigns/QueryByAccountId",
            {"AccountId": account.id, "CampaignType": CAMPAIGN_TYPES},
            _headers(settings, account),
        )
        .data
    )
    return answer.get("Campaigns") or []


def _services(http: Http) -> Services:
    if not isinstance(http, Services):
        raise TypeError(http)
    return http


def _pages(customers: Http, headers: dict[str, str], user: str) -> Iterator[list[dict[str, Any]]]:
    """Pages of the accounts the user may enter, until one is not full."""
    index = 0
    page: list[dict[str, Any]] = [{}] * ACCOUNT_PAGE
    while len(page) == ACCOUNT_PAGE:
        asked = {
            "PageInfo": {"Index": index, "Size": ACCOUNT_PAGE},
            "Predicates": [{"Field": "UserId", "Operator": "Equals", "Value": user}],
        }
        page = customers.post_json(f"{_CUSTOMERS}/Accounts/Search", asked, headers).data["Accounts"] or []
        yield page
        index += 1


def _account(channel: str, found: dict[str, Any]) -> Account:
    zone = found.get("TimeZone") or ""
    if zone not in IANA:
        raise VendorError(channel, f"has an account in the unknown time zone {zone!r}", "report it", str(found["Id"]))
    return Account(
        str(found["Id"]),
        found.get("Name") or "",
        found["CurrencyCode"],
        IANA[zone],
        found.get("AccountLifeCycleStatus") or "",
        {
            "customer_id": str(found["ParentCustomerId"]),
            "number": found.get("Number"),
            "report_time_zone": report_time_zone(zone),
        },
    )


def _headers(settings: MicrosoftAdsSettings, account: Account | None = None) -> dict[str, str]:
    headers = {"DeveloperToken": str(settings.credentials.developer_token)}
    if account is None:
        return headers
    return {**headers, "CustomerAccountId": account.id, "CustomerId": account.row["customer_id"]}
