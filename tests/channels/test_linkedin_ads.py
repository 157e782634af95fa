"""What is LinkedIn's own: encoding, caps, versions, quotas, tokens. The rest is in test_conformance.py."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_reports.channels.base import find_channel
from okr_reports.channels.configuration import read_settings
from okr_reports.channels.linkedin_ads import analytics as asked
from okr_reports.channels.linkedin_ads.analytics import analytics
from okr_reports.channels.linkedin_ads.settings import LinkedInAdsSettings
from okr_reports.channels.linkedin_ads.source import CHANNEL, METRICS
from okr_reports.channels.windows import Window
from okr_reports.sandbox import linkedin_ads as stand_in
from okr_reports.sandbox.linkedin_ads_rows import OTHER_METRICS
from okr_reports.sandbox.profiles import HOSTILE_NAMES
from tests.channels.odd_answers import odd_vendor
from tests.channels.staged import staged_measures
from tests.support import AD_MEASURES

AT_CONVERSIONS = 4 + AD_MEASURES.index("conversions")
YESTERDAY = date(2026, 11, 22)
SUMS = """
    select date, account_id, campaign_id, currency, sum(impressions), sum(clicks), sum(landing_page_clicks),
           sum(cost_in_local_currency), sum(external_website_conversions), sum(conversion_value_in_local_currency),
           sum(one_click_leads), sum(video_views)
    from linkedin_ads.campaign_analytics group by 1, 2, 3, 4 order by 1, 2, 3
"""


def truth_rows(bench: Any, **query: str) -> list[tuple[Any, ...]]:
    rows = csv.DictReader(io.StringIO(bench.truth(to=YESTERDAY.isoformat(), **query)))
    return sorted(
        (
            date.fromisoformat(row["date"]),
            row["account_id"],
            row["campaign_id"],
            row["currency"],
            *(Decimal(row[name]) for name in AD_MEASURES),
        )
        for row in rows
    )


def test_two_years_are_loaded_by_default(make_bench: Any) -> None:
    bench = make_bench()
    bench.load()
    assert bench.rows("select min(loaded_from) from linkedin_ads.loaded_windows") == [(date(2024, 11, 23),)]
    assert bench.rows(SUMS) == truth_rows(bench, **{"from": "2024-11-23"})


def test_deleted_campaigns_keep_their_days_and_names(make_bench: Any) -> None:
    bench = make_bench(today=date(2026, 8, 1))
    bench.set("linkedin_ads", start_date="2026-05-01", lookback_days="90")
    company = bench.sandbox.state.company
    gone = next(
        one
        for account in company.accounts("linkedin_ads")
        for one in company.campaigns("linkedin_ads", account.id)
        if one.deleted_on and date(2026, 8, 1) < one.deleted_on < date(2026, 11, 23) and one.start < date(2026, 7, 1)
    )
    bench.load()
    bench.tell(today="2026-11-23")
    bench.load()
    assert bench.rows("select count(*) from linkedin_ads.campaigns where id = ?", gone.id) == [(1,)]
    assert bench.rows(SUMS)[-1][0] == YESTERDAY
    spent = "select sum(cost_in_local_currency) from linkedin_ads.campaign_analytics where campaign_id = ?"
    assert bench.rows(spent, gone.id)[0][0] > 0


def test_hostile_names_arrive_as_they_are(make_bench: Any) -> None:
    bench = make_bench()
    bench.set("linkedin_ads", start_date="2026-11-01")
    bench.load()
    names = {name.removesuffix(" (v2)") for (name,) in bench.rows("select name from linkedin_ads.campaigns")}
    assert set(HOSTILE_NAMES[:2]) <= names


@pytest.mark.parametrize("field", ["access_token", "refresh_token"])
def test_a_wrong_credential_fails_the_channel_with_what_to_do(make_bench: Any, field: str) -> None:
    bench = make_bench()
    bench.set("linkedin_ads", credentials__access_token="", credentials__refresh_token="")
    bench.set("linkedin_ads", **{f"credentials__{field}": "stolen-or-mistyped"})
    [result] = bench.load().values()
    assert (result.account_id, result.state, result.data_through) == ("", "failed", None)
    assert "[sources.linkedin_ads.credentials]" in (result.error or "")
    assert "stolen" not in (result.error or "")


def test_no_credentials_at_all_name_the_settings(make_bench: Any) -> None:
    bench = make_bench()
    for name in ("access_token", "client_id", "client_secret", "refresh_token"):
        bench.set("linkedin_ads", **{f"credentials__{name}": ""})
    [result] = bench.load().values()
    assert "SOURCES__LINKEDIN_ADS__CREDENTIALS__ACCESS_TOKEN" in (result.error or "")


def test_an_account_without_permission_fails_alone(bench: Any) -> None:
    bench.tell(denied=["517004982"])
    results = bench.load()
    assert results["508720451"].state == "loaded"
    assert results["517004982"].state == "failed"
    assert "Not enough permissions" in (results["517004982"].error or "")
    assert bench.rows("select distinct account_id from linkedin_ads.campaign_analytics") == [("508720451",)]
    bench.tell(denied=[])
    assert bench.load()["517004982"].window_from == date(2026, 7, 27)
    assert bench.rows(SUMS) == truth_rows(bench, **{"from": "2026-07-27"})


def test_many_account_ids_travel_in_a_tunnelled_post(bench: Any) -> None:
    bench.set("linkedin_ads", account_ids=",".join(["508720451", *(str(900_000_000 + n) for n in range(300))]))
    results = bench.load()
    assert results["508720451"].state == "loaded"
    assert sum(result.state == "failed" for result in results.values()) == 300


def test_an_api_that_is_down_keeps_the_last_good_data(bench: Any) -> None:
    bench.load()
    before = bench.rows(SUMS)
    bench.tell(outage={"linkedin_ads": 503})
    [result] = bench.load().values()
    assert result.state == "failed"
    assert "503" in (result.error or "")
    assert bench.rows(SUMS) == before


def test_a_used_up_daily_quota_ends_the_source_at_once(bench: Any) -> None:
    message = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
    bench.tell(throttled={"linkedin_ads": message})
    [result] = bench.load().values()
    assert "midnight UTC" in (result.error or "")
    assert bench.sandbox.state.counts["linkedin_ads"] == 1


def test_an_old_api_version_says_which_setting_to_change(bench: Any) -> None:
    bench.set("linkedin_ads", api_version="202401")
    [result] = bench.load().values()
    assert "api_version" in (result.error or "")


def test_an_expired_token_is_refreshed_once_for_all_threads(bench: Any) -> None:
    bench.sandbox.state.expired.add(("linkedin_ads", "sandbox"))
    assert {result.state for result in bench.load().values()} == {"loaded"}
    assert bench.sandbox.state.counts["linkedin_ads refreshes"] == 1


def test_a_drifted_type_is_named_and_good_data_loads_afterwards(bench: Any) -> None:
    bench.tell(drift={"linkedin_ads": {"clicks": "many"}})
    results = bench.load()
    for result in results.values():
        assert result.state == "failed"
        assert "campaign_analytics.clicks should be int64 but the vendor sent str" in (result.error or "")
        assert "many" not in (result.error or "")
    assert "the vendor sent str ('many')" in bench.said[-1]
    bench.tell(drift={})
    assert {result.state for result in bench.load().values()} == {"loaded"}
    assert bench.rows(SUMS) == truth_rows(bench, **{"from": "2026-07-27"})


def test_more_metrics_than_a_call_may_ask_for_are_joined(bench: Any) -> None:
    settings = read_settings(LinkedInAdsSettings, "linkedin_ads")
    http = CHANNEL.http(settings)
    window = Window(date(2026, 11, 1), date(2026, 11, 14))
    many = analytics(http, settings, "508720451", window, (*OTHER_METRICS, *METRICS))
    assert http.requests_sent == 2
    plain = analytics(http, settings, "508720451", window, tuple(METRICS))
    assert plain
    assert {key: {name: row[name] for name in METRICS} for key, row in many.items()} == plain
    assert {row["likes"] for row in many.values()} == {0}


def test_answers_that_reach_the_cap_are_asked_again_in_halves(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asked, stand_in):
        monkeypatch.setattr(module, "LARGEST_ANSWER", 60)
    assert {result.state for result in bench.load().values()} == {"loaded"}
    assert bench.rows(SUMS) == truth_rows(bench, **{"from": "2026-07-27"})


def test_a_day_that_reaches_the_cap_is_an_alarm(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (asked, stand_in):
        monkeypatch.setattr(module, "LARGEST_ANSWER", 2)
    results = bench.load()
    assert {result.state for result in results.values()} == {"failed"}
    assert "LinkedIn cuts off" in (results["508720451"].error or "")


@pytest.mark.parametrize(
    "drift",
    [
        {"dateRange": None},
        {"pivotValues": []},
        {"clicks": {"a": 1}},
        {"clicks": 1.5},
        {"costInLocalCurrency": "1,50"},
        {"impressions": True},
    ],
)
def test_no_shape_of_answer_breaks_the_load(bench: Any, drift: dict[str, Any]) -> None:
    bench.tell(drift={"linkedin_ads": drift})
    results = bench.load()
    assert [result.state for result in results.values()] == ["failed", "failed"]
    assert all("linkedin_ads account" in (result.error or "") for result in results.values())


def test_missing_metrics_are_no_value_not_zero(bench: Any) -> None:
    bench.tell(drift={"linkedin_ads": {"videoViews": None}})
    bench.load()
    counted = "select count(video_views), count(clicks) > 0 from linkedin_ads.campaign_analytics"
    assert bench.rows(counted) == [(0, True)]


def test_days_are_read_again_for_as_long_as_the_accounts_rules_count(bench: Any) -> None:
    """A rule of 90 days changes days that the daily re-read of 30 never asks for again; the week's first load does."""
    bench.tell(more={"linkedin_ads": {"rules": {"508720451": [{"postClickAttributionWindowSize": 90}]}}})
    bench.load()
    bench.tell(today="2026-11-24")
    daily = bench.load()
    bench.tell(today="2026-11-30")
    weekly = bench.load()
    assert daily["508720451"].window_from == date(2026, 10, 24)
    assert weekly["508720451"].window_from == weekly["517004982"].window_from - timedelta(days=60)


def test_purchases_are_what_rules_of_that_type_counted(bench: Any) -> None:
    """In the sandbox a second rule counts half of the conversions, and no value."""
    bench.load()
    expected = {
        (*row[:3], measure): value
        for row in truth_rows(bench, **{"from": "2026-07-27"})
        for measure, value in (
            ("purchases", row[AT_CONVERSIONS] - row[AT_CONVERSIONS] // 2),
            ("purchase_value", row[AT_CONVERSIONS + 1]),
        )
        if row[AT_CONVERSIONS]
    }
    found = {row[:4]: row[4] for row in staged_measures(bench, "linkedin_ads") if row[3].startswith("purchase")}
    assert found == expected
    assert len(found) > 50


def test_rules_of_an_account_are_read_once_a_refresh(bench: Any) -> None:
    settings = read_settings(LinkedInAdsSettings, "linkedin_ads")
    http = CHANNEL.http(settings)
    accounts = CHANNEL.accounts(http, settings)
    sent = http.requests_sent
    assert sent > len(accounts) > 1
    assert CHANNEL.accounts(http, settings) == accounts
    assert http.requests_sent == sent + 1


def test_an_account_without_a_rule_for_purchases_is_not_asked_for_them(bench: Any) -> None:
    bench.tell(more={"linkedin_ads": {"rules": {"508720451": [{"type": "LEAD"}]}}})
    bench.load()
    assert bench.rows("select distinct account_id from linkedin_ads.campaign_conversions") == [("517004982",)]


def test_rules_that_cannot_be_read_are_said_and_stop_nothing(bench: Any) -> None:
    with odd_vendor(bench.sandbox.url, "/conversions", {"elements": "none"}) as url:
        bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads")
        results = bench.load()
    assert {result.state for result in results.values()} == {"loaded"}
    assert "conversion rules cannot be read" in (results["508720451"].note or "")
    assert results["508720451"].unknown_measures == ("purchase_value", "purchases")


def test_what_is_not_told_is_named_as_reports_know_it(bench: Any) -> None:
    """Where purchases are what counts as conversions, conversions are not known without them."""
    bench.set("linkedin_ads", conversions="purchases")
    with odd_vendor(bench.sandbox.url, "/conversions", {"elements": "none"}) as url:
        bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads")
        result = bench.load()["508720451"]
    assert {*result.unknown_measures} == {"purchases", "purchase_value", "conversions", "conversion_value"}


def element(day: int, **figures: Any) -> dict[str, Any]:
    start = {"year": 2026, "month": 11, "day": day}
    return {"dateRange": {"start": start, "end": start}, "pivotValues": ["urn:li:sponsoredCampaign:7"], **figures}


WHOLE = dict.fromkeys(METRICS, 4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("written", ["absent", "null"])
def test_a_metric_that_one_row_lacks_is_0_there(bench: Any, metric: str, written: str) -> None:
    """LinkedIn gives no value for what is 0; Singer's tap notes it too. The row, and the account, load."""
    odd = {name: value for name, value in WHOLE.items() if name != metric}
    if written == "null":
        odd[metric] = None
    with odd_vendor(bench.sandbox.url, "/adAnalytics", {"elements": [element(1, **WHOLE), element(2, **odd)]}) as url:
        settings = replace(read_settings(LinkedInAdsSettings, "linkedin_ads"), base_url=f"{url}/linkedin_ads")
        window = Window(date(2026, 11, 1), date(2026, 11, 2))
        found = analytics(CHANNEL.http(settings), settings, "508720451", window, tuple(METRICS))
    assert found == {(date(2026, 11, 1), "7"): WHOLE, (date(2026, 11, 2), "7"): {**WHOLE, metric: 0}}


def test_a_metric_that_no_row_has_is_refused(bench: Any) -> None:
    for odd in ({"clicks": None}, {}):
        figures = {name: value for name, value in WHOLE.items() if name != "clicks"} | odd
        rows = [element(1, **figures), element(2, **figures)]
        with odd_vendor(bench.sandbox.url, "/adAnalytics", {"elements": rows}) as url:
            bench.set("linkedin_ads", base_url=f"{url}/linkedin_ads", account_ids="508720451")
            [result] = bench.load(window=(date(2026, 11, 1), date(2026, 11, 2))).values()
        assert result.state == "failed"
        assert "clicks" in (result.error or "")


def test_the_channel_is_a_source_of_dlt_too(make_bench: Any, tmp_path: Path) -> None:
    import dlt

    from okr_reports.channels.as_source import channel_source

    bench, days = make_bench(), (date(2026, 11, 1), date(2026, 11, 20))
    bench.load("linkedin_ads", window=days)
    pipeline = dlt.pipeline(
        "own",
        destination=dlt.destinations.duckdb(str(tmp_path / "own.duckdb")),
        dataset_name="linkedin_ads",
        pipelines_dir=str(tmp_path / "own"),
    )
    for _ in range(2):  # what comes again is replaced
        pipeline.run(channel_source("linkedin_ads", *days))
    tables = [table.name for table in find_channel("linkedin_ads").tables]
    with duckdb.connect(str(tmp_path / "own.duckdb")) as connection:
        counted = [connection.execute(f"select count(*) from linkedin_ads.{table}").fetchone() for table in tables]
    assert counted == [bench.rows(f"select count(*) from linkedin_ads.{table}")[0] for table in tables]
    assert counted[0] != (0,)
