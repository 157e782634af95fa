"""TikTok Ads: advertisers, campaigns, the daily report of auction campaigns (README.md: the load contract)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.http import Http
from okr_reports.channels.jobs import JobLate, Part, fetch_with_splits
from okr_reports.channels.oauth import FixedToken
from okr_reports.channels.tables import AMOUNT, COUNT, FIX_THE_CHANNEL, TEXT, entities, facts
from okr_reports.channels.tiktok_ads.errors import TOO_LARGE, classify
from okr_reports.channels.tiktok_ads.settings import TikTokAdsSettings
from okr_reports.errors import CredentialsError, VendorError

PAGE = 1000
ADVERTISERS_A_CALL = 100
# With stat_time_day a report may span at most this many days.
LONGEST_REPORT = 30
# Web, TikTok's own shop and app have three sets of metrics that never overlap: a campaign has one of them. That
# `total_complete_payment_rate` is the value of web purchases, and no rate, public connectors agree on.
METRICS = {
    "campaign_name": TEXT,
    "impressions": COUNT,
    "clicks": COUNT,
    "spend": AMOUNT,
    "conversion": AMOUNT,
    "complete_payment": AMOUNT,
    "total_complete_payment_rate": AMOUNT,
    "form": AMOUNT,
    "onsite_shopping": AMOUNT,
    "total_onsite_shopping_value": AMOUNT,
    "onsite_form": AMOUNT,
    "total_purchase": AMOUNT,
    "total_purchase_value": AMOUNT,
    "total_sales_lead": AMOUNT,
    "sales_lead": AMOUNT,
    "video_play_actions": COUNT,
    "video_watched_6s": COUNT,
    "likes": COUNT,
    "follows": COUNT,
}
# How TikTok writes that a metric does not apply.
NO_VALUE = "-"


class TikTokAds(Channel[TikTokAdsSettings]):
    """Grain of `campaign_report`: account, day of the account's zone, campaign; amounts in the account's currency."""

    name = "tiktok_ads"
    settings_class = TikTokAdsSettings
    access = "an authorisation by the advertiser's admin, with Ad Account and Reporting"
    slice_days = 180
    ended_states = frozenset({"STATUS_DISABLE"})
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        entities("campaigns", account_id=TEXT, name=TEXT, status=TEXT, secondary_status=TEXT, objective=TEXT),
        facts(
            "campaign_report",
            unique=("campaign_id",),
            required=("campaign_id", "impressions", "clicks", "spend"),
            campaign_id=TEXT,
            currency=TEXT,
            **METRICS,
        ),
    )

    def http(self, settings: TikTokAdsSettings) -> Http:
        token = FixedToken("Access-Token", settings.credentials.access_token)
        return Http(self.name, settings.base_url, classify, settings.secrets, token)

    def accounts(self, http: Http, settings: TikTokAdsSettings) -> list[Account]:
        ids = settings.account_ids
        if not ids:
            raise CredentialsError(
                self.name,
                "has no account_ids",
                "set account_ids under [sources.tiktok_ads] to the advertiser ids to load",
            )
        pieces = (ids[at : at + ADVERTISERS_A_CALL] for at in range(0, len(ids), ADVERTISERS_A_CALL))
        return [account for piece in pieces for account in _accounts(http, settings, piece)]

    def load_entities(self, http: Http, settings: TikTokAdsSettings, account: Account, landing: Landing) -> None:
        landing.entities(
            "campaigns",
            (
                {
                    "id": campaign["campaign_id"],
                    "account_id": account.id,
                    "name": campaign.get("campaign_name"),
                    "status": campaign.get("operation_status"),
                    "secondary_status": campaign.get("secondary_status"),
                    "objective": campaign.get("objective_type"),
                }
                for campaign in _campaigns(http, settings, account)
            ),
        )

    def load_facts(self, http: Http, settings: TikTokAdsSettings, account: Account, landing: Landing) -> None:
        def report(part: Part) -> Iterable[list[dict[str, Any]]]:
            # deleted ones are listed too, so that there are no others
            return () if part.of_others else _report(http, settings, account, part)

        def campaigns() -> list[str]:
            return [campaign["campaign_id"] for campaign in _campaigns(http, settings, account)]

        for piece in landing.window.slices(LONGEST_REPORT):
            pages = fetch_with_splits(http, account.id, Part(piece), report, campaigns)
            landing.facts_pages("campaign_report", map(_columns, pages), currency=account.currency)


CHANNEL = TikTokAds()


def _campaigns(http: Http, settings: TikTokAdsSettings, account: Account) -> Iterator[dict[str, Any]]:
    """All of them: a list leaves deleted ones out, and names only them on request."""
    for filtering in ({}, {"filtering": json.dumps({"primary_status": "STATUS_DELETE"})}):
        for page in _pages(http, settings, "campaign/get/", advertiser_id=account.id, **filtering):
            yield from page


def _report(http: Http, settings: TikTokAdsSettings, account: Account, part: Part) -> Iterator[list[dict[str, Any]]]:
    """The pages of a report. Raises JobLate where TikTok calls it too large."""
    narrowed = {"field_name": "campaign_ids", "filter_type": "IN", "filter_value": json.dumps(part.campaigns)}
    pages = _pages(
        http,
        settings,
        "report/integrated/get/",
        advertiser_id=account.id,
        service_type="AUCTION",
        report_type="BASIC",
        data_level="AUCTION_CAMPAIGN",
        dimensions=json.dumps(["campaign_id", "stat_time_day"]),
        metrics=json.dumps(list(METRICS)),
        start_date=str(part.window.start),
        end_date=str(part.window.end),
        query_lifetime="false",
        **({"filtering": json.dumps([narrowed])} if part.campaigns else {}),
    )
    try:
        return chain([next(pages)], pages)
    except StopIteration:
        return iter(())
    except VendorError as error:
        if TOO_LARGE in error.what:
            raise JobLate(error.what) from None
        raise


def _accounts(http: Http, settings: TikTokAdsSettings, ids: Sequence[str]) -> list[Account]:
    """Those of `ids` the token may read. One it may not spoils the answer for all: each is requested alone then."""
    try:
        reply = http.get(
            _path(settings, "advertiser/info/"),
            urlencode(
                {
                    "advertiser_ids": json.dumps(list(ids)),
                    "fields": json.dumps(
                        ["advertiser_id", "name", "currency", "timezone", "display_timezone", "status"]
                    ),
                }
            ),
        )
    except CredentialsError as error:
        if "code 4000" not in str(error):
            raise
        return [] if len(ids) == 1 else [account for each in ids for account in _accounts(http, settings, [each])]
    # `timezone` may be a bare offset (Etc/GMT+8), `display_timezone` is the place
    return [
        Account(
            str(advertiser["advertiser_id"]),
            advertiser.get("name") or "",
            advertiser["currency"],
            advertiser.get("display_timezone") or advertiser["timezone"],
            advertiser.get("status") or "",
        )
        for advertiser in reply.data["data"]["list"]
    ]


def _pages(http: Http, settings: TikTokAdsSettings, path: str, **query: str) -> Iterator[list[dict[str, Any]]]:
    """The records of every page. Raises VendorError if TikTok gives fewer or more than it says there are."""
    page, seen, last = 1, 0, 1
    while page <= last:
        parameters = urlencode({**query, "page": page, "page_size": PAGE})
        data = http.get(_path(settings, path), parameters).data["data"]
        last, total = data["page_info"]["total_page"], data["page_info"]["total_number"]
        if not data["list"] and page < last:
            break
        seen += len(data["list"])
        yield data["list"]
        page += 1
    if seen != total:
        raise VendorError(
            http.channel, f"{path} gave {seen} of {total} records", "refresh again; if it stays so, report it"
        )


def _path(settings: TikTokAdsSettings, path: str) -> str:
    return f"open_api/{settings.api_version}/{path}"


def _columns(page: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """A page's rows by column."""
    dimensions, metrics = [row["dimensions"] for row in page], [row["metrics"] for row in page]
    columns = {
        "date": [keys["stat_time_day"] for keys in dimensions],
        "campaign_id": [keys["campaign_id"] for keys in dimensions],
    }
    for name in METRICS:
        if metrics and not any(name in values for values in metrics):
            raise VendorError("tiktok_ads", f"the report answers without {name}", FIX_THE_CHANNEL)
        values = [row.get(name) for row in metrics]
        columns[name] = [None if value == NO_VALUE else value for value in values] if NO_VALUE in values else values
    return columns
