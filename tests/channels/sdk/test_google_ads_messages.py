"""Google's own message types accept every answer of the stand-in, and know every field the channel asks for."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.ads.googleads.v26.errors.types.errors import GoogleAdsFailure
from google.ads.googleads.v26.services.types.customer_service import ListAccessibleCustomersResponse
from google.ads.googleads.v26.services.types.google_ads_service import GoogleAdsRow, SearchGoogleAdsStreamResponse
from google.protobuf.json_format import ParseDict, ParseError

from okr_reports.channels.google_ads import source
from okr_reports.sandbox.gaql import RESOURCES

pytestmark = pytest.mark.sdk
CHANNEL, EUROPE, MANAGER = "google_ads", "4159262001", "9876543210"
DAYS = "FROM campaign WHERE segments.date BETWEEN '2026-11-02' AND '2026-11-08'"
METRICS = ", ".join(f"metrics.{name}" for name in source.METRICS)
STATS = f"SELECT campaign.id, campaign.name, segments.date, {METRICS} {DAYS}"


@pytest.fixture
def google(make_bench: Any) -> Any:
    return make_bench()


def ask(bench: Any, customer: str, query: str) -> requests.Response:
    url = f"{bench.sandbox.url}/{CHANNEL}"
    form = {"grant_type": "refresh_token", **dict.fromkeys(("client_id", "client_secret", "refresh_token"), "sandbox")}
    token = requests.post(f"{url}/token", data=form, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "developer-token": "sandbox", "login-customer-id": MANAGER}
    return requests.post(
        f"{url}/v26/customers/{customer}/googleAds:searchStream", json={"query": query}, headers=headers, timeout=10
    )


@pytest.mark.parametrize(
    ("customer", "query"),
    [
        (MANAGER, source.CLIENTS),
        (EUROPE, source.CAMPAIGNS),
        (EUROPE, STATS),
        (
            EUROPE,
            "SELECT campaign.id, segments.date, segments.conversion_action_category, metrics.conversions, "
            f"metrics.all_conversions {DAYS}",
        ),
    ],
)
def test_every_batch_is_a_message(google: Any, customer: str, query: str) -> None:
    batches = ask(google, customer, query).json()
    rows = [row for batch in batches for row in ParseDict(batch, SearchGoogleAdsStreamResponse.pb()()).results]
    assert rows


def test_no_field_the_stand_in_knows_is_invented() -> None:
    for field in {name for fields in RESOURCES.values() for name in fields}:
        message = GoogleAdsRow.pb().DESCRIPTOR
        for part in field.split("."):
            assert part in message.fields_by_name, field
            message = message.fields_by_name[part].message_type


def test_an_invented_metric_is_no_message() -> None:
    with pytest.raises(ParseError):
        ParseDict({"results": [{"metrics": {"videoViews": "1"}}]}, SearchGoogleAdsStreamResponse.pb()())


def test_errors_are_googles(google: Any) -> None:
    google.tell(throttled={CHANNEL: "40591s"})
    for query, status in (("SELECT metrics.video_views FROM campaign", 429), (STATS, 429)):
        [body] = ask(google, EUROPE, query).json()
        assert body["error"]["code"] == status
        [detail] = body["error"]["details"]
        detail.pop("@type")
        ParseDict(detail, GoogleAdsFailure.pb()())
    google.tell(throttled={})
    [body] = ask(google, EUROPE, "SELECT metrics.video_views FROM campaign").json()
    [detail] = body["error"]["details"]
    detail.pop("@type")
    assert ParseDict(detail, GoogleAdsFailure.pb()()).errors[0].error_code.query_error


def test_accessible_customers_are_a_message(google: Any) -> None:
    assert ParseDict({"resourceNames": [f"customers/{MANAGER}"]}, ListAccessibleCustomersResponse.pb()()).resource_names
