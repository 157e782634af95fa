"""Microsoft Ads: accounts, campaigns, the daily campaign performance report (README.md: the load contract)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from okr_reports.channels.base import ACCOUNT_COLUMNS, REPORT_IT, Account, Channel, Landing
from okr_reports.channels.http import Http
from okr_reports.channels.jobs import Part, fetch_with_splits
from okr_reports.channels.microsoft_ads import report
from okr_reports.channels.microsoft_ads.services import Services, connect
from okr_reports.channels.microsoft_ads.settings import MicrosoftAdsSettings
from okr_reports.channels.microsoft_ads.timezones import IANA, report_time_zone
from okr_reports.channels.tables import AMOUNT, COUNT, TEXT, entities, facts
from okr_reports.errors import ChannelError, VendorError, quoted

ACCOUNT_PAGE = 1000
# The other types would be left out if not named.
CAMPAIGN_TYPES = "Audience,DynamicSearchAds,Hotel,PerformanceMax,Search,Shopping"
GOAL_TYPES = "AppInstall,Duration,Event,InStoreTransaction,OfflineConversion,PagesViewedPerVisit,Url"
# What goals count, by Microsoft's own groups of their categories.
PURCHASE = "Purchase"
LEADS = frozenset({"SubmitLeadForm", "BookAppointment", "Signup", "RequestQuote", "GetDirections", "OutboundClick"})
OF_GOALS = ("purchases", "purchase_value", "goal_leads", "leads")
_CUSTOMERS, _CAMPAIGNS = "CustomerManagement/v13", "CampaignManagement/v13"


class MicrosoftAds(Channel[MicrosoftAdsSettings]):
    """Grain of `campaign_performance`: account, day of the account's zone, campaign, and what Microsoft splits by.

    Amounts are in the account's currency. Conversions are fractional. `campaign_goals` is by conversion goal.
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
        facts(
            "campaign_goals",
            unique=("campaign_id", "currency", "goal"),
            required=("campaign_id", "currency", "goal"),
            campaign_id=TEXT,
            currency=TEXT,
            goal=TEXT,
            goal_category=TEXT,
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
            for account in page:
                found[str(account["Id"])] = _account(customers.channel, account)
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
        for table in _tables(http, settings, account, landing, report.PERFORMANCE):
            landing.facts_table(report.PERFORMANCE.table, table)
        try:
            categories = _goal_categories(http, settings, account)
            if not {PURCHASE, *LEADS} & {*categories.values()}:
                landing.facts(report.GOALS.table, ())
                return
            tables = list(_tables(http, settings, account, landing, report.GOALS))
        except ChannelError as error:
            if http.is_over:
                raise
            landing.lacks(f"what each conversion goal counted cannot be read ({error.what})", error.todo, *OF_GOALS)
            return
        for table in tables:
            landing.facts_table(report.GOALS.table, _categorised(table, categories, landing))


CHANNEL = MicrosoftAds()


def _tables(
    http: Http, settings: MicrosoftAdsSettings, account: Account, landing: Landing, layout: report.Layout
) -> Iterator[pa.Table]:
    def texts(part: Part) -> list[bytes]:
        if part.of_others:
            # no scope names them
            what = f"the report of {part.window.start} was made by campaign, without those deleted since"
            landing.lacks(what, REPORT_IT)
            return []
        zone = account.row["report_time_zone"]
        return [report.fetch(_services(http), _headers(settings, account), account.id, part, zone, layout)]

    def campaigns() -> list[str]:
        return [str(campaign["Id"]) for campaign in _campaigns(http, settings, account)]

    for text in fetch_with_splits(http, account.id, Part(landing.window), texts, campaigns):
        yield report.read(http.channel, text, layout)


def _goal_categories(http: Http, settings: MicrosoftAdsSettings, account: Account) -> dict[str, str | None]:
    """The category of every goal by its name, as reports name it; None where goals of one name differ in it."""
    answer = (
        _services(http)
        .service("campaigns")
        .post_json(
            f"{_CAMPAIGNS}/ConversionGoals/QueryByIds",
            {"ConversionGoalIds": None, "ConversionGoalTypes": GOAL_TYPES, "ReturnAdditionalFields": "GoalCategory"},
            _headers(settings, account),
        )
        .data
    )
    found: dict[str, str | None] = {}
    for goal in filter(None, answer.get("ConversionGoals") or []):
        name, category = goal["Name"], goal.get("GoalCategory")
        found[name] = category if found.get(name, category) == category else None
    return found


def _categorised(table: pa.Table, categories: Mapping[str, str | None], landing: Landing) -> pa.Table:
    """The rows of goals with their category. Rows without a goal are those in which nothing was converted."""
    counted = table.filter(pc.is_valid(table["goal"]))
    goals = counted["goal"].to_pylist()
    if unknown := sorted({goal for goal in goals if not categories.get(goal)}):
        named = ", ".join(map(quoted, unknown[:5]))
        what = f"conversion goals {named} have no category: whether they count purchases or leads is unknown"
        landing.lacks(what, "name each goal's category in Microsoft Advertising (Tools, Conversion goals)")
    return counted.append_column("goal_category", pa.array([categories.get(goal) for goal in goals], TEXT))


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
        body = {
            "PageInfo": {"Index": index, "Size": ACCOUNT_PAGE},
            "Predicates": [{"Field": "UserId", "Operator": "Equals", "Value": user}],
        }
        page = customers.post_json(f"{_CUSTOMERS}/Accounts/Search", body, headers).data["Accounts"] or []
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
