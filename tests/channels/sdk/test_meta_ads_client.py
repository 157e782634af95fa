"""Meta's own client (facebook-business) gets from the stand-in what our channel gets."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from okr_reports.channels.meta_ads.source import FIELDS, STATUSES

pytestmark = pytest.mark.sdk
CHANNEL, EUROPE = "meta_ads", "798085168510957"
PARAMS = {
    "level": "campaign",
    "time_increment": 1,
    "time_range": {"since": "2026-10-01", "until": "2026-11-22"},
    "action_attribution_windows": ["7d_click", "1d_view"],
}


@pytest.fixture
def meta(make_bench: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date="2026-10-01")
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{bench.sandbox.url}/{CHANNEL}")
    FacebookAdsApi.init(access_token="sandbox", api_version="v26.0")
    return bench


def test_a_report_job_gives_the_same_rows(meta: Any) -> None:
    meta.tell(page_size=1)
    job = AdAccount(f"act_{EUROPE}").get_insights(fields=list(FIELDS), params=PARAMS, is_async=True)
    for _ in range(5):
        job = job.api_get()
        if job[AdReportRun.Field.async_status] == "Job Completed":
            break
    theirs = sorted(
        (row["date_start"], row["campaign_id"], int(row["impressions"]), Decimal(row["spend"]))
        for row in job.get_result(params={"limit": 40})
    )
    meta.load(CHANNEL)
    ours = meta.rows(
        "select date::varchar, campaign_id, impressions, spend from meta_ads.campaign_insights "
        "where account_id = ? order by 1, 2",
        EUROPE,
    )
    assert theirs == ours
    assert len(ours) > 100


def test_accounts_and_campaigns_page_by_cursor(meta: Any) -> None:
    meta.tell(page_size=1)
    accounts = User("me").get_ad_accounts(fields=["account_id", "currency", "timezone_name"])
    assert {one["account_id"] for one in accounts} == {EUROPE, "1018257391628043"}
    campaigns = AdAccount(f"act_{EUROPE}").get_campaigns(
        fields=["name", "status"], params={"effective_status": list(STATUSES)}
    )
    meta.load(CHANNEL)
    assert sorted((one["id"], one["name"]) for one in campaigns) == meta.rows(
        "select id, name from meta_ads.campaigns where account_id = ? order by 1", EUROPE
    )


def test_rates_are_of_the_counts_beside_them(meta: Any) -> None:
    fields = ["impressions", "inline_link_clicks", "reach", "unique_clicks", "unique_ctr", "website_ctr"]
    rows = list(AdAccount(f"act_{EUROPE}").get_insights(fields=fields, params={**PARAMS, "limit": 500}))
    assert len(rows) > 100
    for row in rows:
        [link] = row["website_ctr"]
        assert link["action_type"] == "link_click"
        for rate, part, whole in (
            (row["unique_ctr"], row["unique_clicks"], row["reach"]),
            (link["value"], row["inline_link_clicks"], row["impressions"]),
        ):
            assert float(rate) == pytest.approx(100 * int(part) / int(whole), abs=1e-6)


def test_errors_are_metas(meta: Any) -> None:
    meta.tell(throttled={CHANNEL: "80000:5"})
    with pytest.raises(FacebookRequestError) as raised:
        AdAccount(f"act_{EUROPE}").get_insights(fields=list(FIELDS), params=PARAMS)
    assert raised.value.api_error_code() == 80000
    usage = json.loads(raised.value.http_headers()["x-business-use-case-usage"])
    assert usage[EUROPE][0]["estimated_time_to_regain_access"] == 5
