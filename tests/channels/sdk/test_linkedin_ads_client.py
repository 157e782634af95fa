"""LinkedIn's own client (linkedin-api-client) gets what our channel gets, and writes what it writes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.common import constants

from okr_reports.channels.linkedin_ads.analytics import KEY_FIELDS
from okr_reports.channels.linkedin_ads.source import CAMPAIGN_STATUSES, METRICS

pytestmark = pytest.mark.sdk
CHANNEL, EUROPE = "linkedin_ads", "508720451"
ASK = {"access_token": "sandbox", "version_string": "202609"}
DAYS = {"start": {"year": 2026, "month": 11, "day": 1}, "end": {"year": 2026, "month": 11, "day": 22}}


@pytest.fixture
def linkedin(make_bench: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date="2026-11-01", account_ids=EUROPE)
    monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{bench.sandbox.url}/{CHANNEL}/rest")
    bench.load(CHANNEL)
    return bench


def queries(bench: Any, path: str) -> list[str]:
    return [
        query.decode() or body.decode()
        for _, asked, query, body in bench.sandbox.state.requests
        if asked.endswith(path)
    ]


def pieces(query: str) -> list[str]:
    """A query's words, without the order of parameters and of a record's fields: both are free in Rest.li."""
    return sorted(re.split(r"[(),&]", query))


def test_analytics_ask_and_answer_the_same(linkedin: Any) -> None:
    ours, _ = queries(linkedin, "/adAnalytics")
    answer = RestliClient().finder(
        resource_path="/adAnalytics",
        finder_name="analytics",
        query_params={
            "pivot": {"value": "CAMPAIGN"},
            "timeGranularity": {"value": "DAILY"},
            "dateRange": DAYS,
            "accounts": [f"urn:li:sponsoredAccount:{EUROPE}"],
            "fields": ",".join((*KEY_FIELDS, *METRICS)),
        },
        **ASK,
    )
    theirs = queries(linkedin, "/adAnalytics")[-1]
    assert answer.status_code == 200
    assert pieces(theirs) == pieces(ours)
    rows = [
        (
            one["pivotValues"][0].rpartition(":")[2],
            one["dateRange"]["start"]["day"],
            one["impressions"],
            one["oneClickLeads"],
        )
        for one in answer.elements
    ]
    assert sorted(rows) == linkedin.rows(
        "select campaign_id, day(date), impressions, one_click_leads from linkedin_ads.campaign_analytics order by all"
    )
    assert len(rows) > 50


def test_a_long_query_is_tunnelled_and_named_campaigns_are_read(linkedin: Any) -> None:
    campaigns = [f"urn:li:sponsoredCampaign:{row[0]}" for row in linkedin.rows("select id from linkedin_ads.campaigns")]
    answer = RestliClient().finder(
        resource_path="/adAnalytics",
        finder_name="analytics",
        query_params={
            "pivot": {"value": "CAMPAIGN"},
            "timeGranularity": {"value": "DAILY"},
            "dateRange": DAYS,
            "campaigns": [*campaigns, *campaigns * 4],
        },
        **ASK,
    )
    method, _, query, body = linkedin.sandbox.state.requests[-1]
    assert (method, query, len(body) > 4000) == ("POST", b"", True)
    assert set(answer.elements[0]) == {"impressions", "clicks"}


def test_listings_page_by_token_and_errors_are_linkedins(linkedin: Any) -> None:
    linkedin.tell(page_size=3)
    client, token, found = RestliClient(), "", []
    while token is not None:
        page = client.finder(
            resource_path="/adAccounts/{account}/adCampaigns",
            path_keys={"account": EUROPE},
            finder_name="search",
            query_params={
                "search": {"status": {"values": list(CAMPAIGN_STATUSES)}},
                "pageSize": 500,
                **({"pageToken": token} if token else {}),
            },
            **ASK,
        )
        found += page.elements
        token = page.response.json()["metadata"].get("nextPageToken")
    assert sorted(str(one["id"]) for one in found) == [
        row[0] for row in linkedin.rows("select id from linkedin_ads.campaigns order by 1")
    ]
    linkedin.tell(denied=[EUROPE])
    refused = client.finder(
        resource_path="/adAnalytics",
        finder_name="analytics",
        query_params={
            "pivot": {"value": "CAMPAIGN"},
            "timeGranularity": {"value": "DAILY"},
            "dateRange": DAYS,
            "accounts": [f"urn:li:sponsoredAccount:{EUROPE}"],
        },
        **ASK,
    )
    assert (refused.status_code, refused.response.json()["code"]) == (403, "ACCESS_DENIED")
