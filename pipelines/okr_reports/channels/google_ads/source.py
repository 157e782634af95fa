"""Google Ads: accounts of the manager tree, campaigns, daily campaign statistics (README.md: the load contract).

Everything is queried in GAQL by searchStream; field names are those of v26.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.google_ads.errors import NOT_ENABLED, classify
from okr_reports.channels.google_ads.settings import GoogleAdsSettings
from okr_reports.channels.google_auth import token_server
from okr_reports.channels.http import Http
from okr_reports.channels.oauth import RefreshedToken, refresh_form
from okr_reports.channels.tables import AMOUNT, COUNT, FIX_THE_CHANNEL, TEXT, entities, facts
from okr_reports.errors import CredentialsError, VendorError, quoted

CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager, customer_client.status, customer_client.level "
    "FROM customer_client"
)
CAMPAIGNS = "SELECT campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type FROM campaign"
# GAQL field and column. In the JSON the name is camelCase, whole numbers are strings, others are numbers.
METRICS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "interactions": "interactions",
    "cost_micros": "cost",
    "conversions": "conversions",
    "conversions_value": "conversions_value",
    "all_conversions": "all_conversions",
    "all_conversions_value": "all_conversions_value",
    "view_through_conversions": "view_through_conversions",
    "video_trueview_views": "video_trueview_views",
}
# The only metrics that may be queried together with a segment of conversion actions.
CONVERSION_METRICS = ("conversions", "conversions_value", "all_conversions", "all_conversions_value")

log = logging.getLogger("okr")


class GoogleAds(Channel[GoogleAdsSettings]):
    """Grain of `campaign_stats`: account, day of the account's zone, campaign; `campaign_conversions` by category too.

    Amounts are in the account's currency. Conversions are fractional: Google attributes shares of them.
    """

    name = "google_ads"
    settings_class = GoogleAdsSettings
    access = "access to it; below a manager, set login_customer_id to the manager's id"
    slice_days = 366
    deep_lookback_days = 90
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS, login_customer_id=TEXT),
        entities("campaigns", account_id=TEXT, name=TEXT, status=TEXT, advertising_channel_type=TEXT),
        facts(
            "campaign_stats",
            unique=("campaign_id",),
            required=("campaign_id", *METRICS.values()),
            campaign_id=TEXT,
            campaign_name=TEXT,
            currency=TEXT,
            impressions=COUNT,
            clicks=COUNT,
            interactions=COUNT,
            cost=AMOUNT,
            conversions=AMOUNT,
            conversions_value=AMOUNT,
            all_conversions=AMOUNT,
            all_conversions_value=AMOUNT,
            view_through_conversions=COUNT,
            video_trueview_views=COUNT,
        ),
        facts(
            "campaign_conversions",
            unique=("campaign_id", "conversion_action_category"),
            required=("campaign_id", "conversion_action_category", *CONVERSION_METRICS),
            campaign_id=TEXT,
            conversion_action_category=TEXT,
            currency=TEXT,
            conversions=AMOUNT,
            conversions_value=AMOUNT,
            all_conversions=AMOUNT,
            all_conversions_value=AMOUNT,
        ),
    )

    def http(self, settings: GoogleAdsSettings) -> Http:
        http = Http(self.name, settings.base_url, classify, settings.secrets)
        token_http = token_server(http)
        http.authenticator = RefreshedToken(lambda: token_http, "token", "", refresh_form(settings.credentials))
        return http

    def accounts(self, http: Http, settings: GoogleAdsSettings) -> list[Account]:
        """Every account in use below the accounts the user may enter; managers have no statistics of their own."""
        found: dict[str, Account] = {}
        for root in _roots(http, settings):
            try:
                clients = [row["customerClient"] for row in _search(http, settings, root, root, CLIENTS)]
            except CredentialsError as error:
                if NOT_ENABLED not in str(error):
                    raise
                log.warning("google_ads: customer %s is not in use any more and is left out", root)
                continue
            for client in clients:
                # a suspended one is answered as ever; of one that is over not even the history is
                if client["status"] not in ("ENABLED", "SUSPENDED"):
                    log.warning("google_ads: customer %s is %s and is left out", client["id"], client["status"])
                elif not client.get("manager"):
                    found.setdefault(str(client["id"]), _account(client, root))
        return list(found.values())

    def load_entities(self, http: Http, settings: GoogleAdsSettings, account: Account, landing: Landing) -> None:
        landing.entities(
            "campaigns",
            (
                {
                    "id": row["campaign"]["id"],
                    "account_id": account.id,
                    "name": row["campaign"].get("name"),
                    "status": row["campaign"].get("status"),
                    "advertising_channel_type": row["campaign"].get("advertisingChannelType"),
                }
                for row in _of_account(http, settings, account, CAMPAIGNS)
            ),
        )

    def load_facts(self, http: Http, settings: GoogleAdsSettings, account: Account, landing: Landing) -> None:
        days = f"FROM campaign WHERE segments.date BETWEEN '{landing.window.start}' AND '{landing.window.end}'"
        metrics = ", ".join(f"metrics.{name}" for name in METRICS)
        query = f"SELECT campaign.id, campaign.name, segments.date, {metrics} {days}"
        stats = list(_of_account(http, settings, account, query))
        zeros = _zeros(stats, METRICS)
        landing.facts(
            "campaign_stats",
            (
                {
                    "date": row["segments"]["date"],
                    "campaign_id": row["campaign"]["id"],
                    "campaign_name": row["campaign"].get("name"),
                    "currency": account.currency,
                    **_metrics(zeros | row["metrics"], METRICS),
                }
                for row in stats
            ),
        )
        metrics = ", ".join(f"metrics.{name}" for name in CONVERSION_METRICS)
        query = f"SELECT campaign.id, segments.date, segments.conversion_action_category, {metrics} {days}"
        by_category = list(_of_account(http, settings, account, query))
        zeros = _zeros(by_category, CONVERSION_METRICS)
        landing.facts(
            "campaign_conversions",
            (
                {
                    "date": row["segments"]["date"],
                    "campaign_id": row["campaign"]["id"],
                    "conversion_action_category": row["segments"]["conversionActionCategory"],
                    "currency": account.currency,
                    **_metrics(zeros | row["metrics"], {name: METRICS[name] for name in CONVERSION_METRICS}),
                }
                for row in by_category
            ),
        )


CHANNEL = GoogleAds()


def _roots(http: Http, settings: GoogleAdsSettings) -> list[str]:
    if settings.login_customer_id:
        return [settings.login_customer_id.replace("-", "")]
    reply = http.get(f"{settings.api_version}/customers:listAccessibleCustomers", headers=_headers(settings))
    return [name.rpartition("/")[2] for name in reply.data.get("resourceNames", [])]


def _account(client: dict[str, Any], root: str) -> Account:
    return Account(
        str(client["id"]),
        client.get("descriptiveName") or "",
        client["currencyCode"],
        client["timeZone"],
        client["status"],
        {"login_customer_id": root},
    )


def _of_account(http: Http, settings: GoogleAdsSettings, account: Account, query: str) -> Iterator[dict[str, Any]]:
    return _search(http, settings, account.id, account.row["login_customer_id"], query)


def _search(http: Http, settings: GoogleAdsSettings, customer: str, root: str, query: str) -> Iterator[dict[str, Any]]:
    """The rows of every batch; an answer without rows has batches without `results`, or no batches."""
    reply = http.post_json(
        f"{settings.api_version}/customers/{customer}/googleAds:searchStream",
        {"query": query},
        {**_headers(settings), "login-customer-id": root},
    )
    return (row for batch in reply.data for row in batch.get("results", ()))


def _headers(settings: GoogleAdsSettings) -> dict[str, str]:
    token = settings.credentials.developer_token
    return {"developer-token": token} if token else {}


def _zeros(rows: list[dict[str, Any]], wanted: Iterable[str]) -> dict[str, Any]:
    """What a metric is where a row leaves it out, as protobuf may do with a zero; one that no row has is not known."""
    found = set().union(*(row["metrics"] for row in rows))
    return {name: "0" if name == "costMicros" else 0 for name in map(_camel, wanted) if name in found}


def _metrics(values: dict[str, Any], wanted: dict[str, str]) -> dict[str, Any]:
    """The metrics by column; money comes in millionths."""
    row: dict[str, Any] = {column: values.get(_camel(metric)) for metric, column in wanted.items()}
    if isinstance(row.get("cost"), str) and row["cost"].lstrip("-").isdecimal():
        row["cost"] = Decimal(row["cost"]).scaleb(-6)
    elif row.get("cost") is not None:
        raise VendorError(
            "google_ads",
            f"metrics.costMicros should be whole millionths but the vendor sent {quoted(repr(str(row['cost'])[:60]))}",
            FIX_THE_CHANNEL,
        )
    return row


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
