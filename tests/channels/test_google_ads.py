"""Google Ads against the sandbox over real HTTP: totals equal the truth, errors say what to do, accounts are a tree."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from typing import Any

import pytest

from okr_reports.channels.configuration import read_settings
from okr_reports.channels.google_ads import source
from okr_reports.channels.google_ads.errors import classify
from okr_reports.channels.replies import Reply
from tests.channels.daily_truth import YESTERDAY, deleted_campaign, renamed_campaign, truth_rows

CHANNEL, EUROPE, US = "google_ads", "4159262001", "6283185307"
START = "2026-07-27"
MEASURES = ("impressions", "clicks", "spend", "conversions", "conversion_value", "video_views")
SUMS = """
    select date, account_id, campaign_id, currency, sum(impressions), sum(clicks), sum(cost), sum(conversions),
           sum(conversions_value), sum(video_trueview_views)
    from google_ads.campaign_stats group by 1, 2, 3, 4 order by 1, 2, 3
"""
LEADS = """
    select date, account_id, campaign_id, currency, sum(all_conversions) from google_ads.campaign_conversions
    where conversion_action_category = 'SUBMIT_LEAD_FORM' group by 1, 2, 3, 4 order by 1, 2, 3
"""


@pytest.fixture
def google(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date=START)
    return bench


def states(results: dict[str, Any]) -> dict[str, str]:
    return {account: result.state for account, result in results.items()}


def test_every_day_equals_the_truth(google: Any) -> None:
    assert states(google.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    expected = truth_rows(google, CHANNEL, MEASURES, START)
    assert len(expected) > 500
    assert google.rows(SUMS) == expected
    assert google.rows(LEADS) == truth_rows(google, CHANNEL, ("leads",), START)


def test_conversions_are_fractions_and_money_is_exact(google: Any) -> None:
    google.load(CHANNEL)
    [(fractions, cents)] = google.rows(
        "select count(*) filter (conversions <> round(conversions)), count(*) filter (cost <> round(cost, 2)) "
        "from google_ads.campaign_stats"
    )
    assert (fractions > 100, cents) == (True, 0)


def test_the_first_refresh_of_a_week_reads_ninety_days_the_others_thirty(google: Any) -> None:
    google.load(CHANNEL)
    assert google.load(CHANNEL)[EUROPE].window_from == YESTERDAY - timedelta(days=29)
    assert google.load(CHANNEL, today=date(2026, 11, 30))[EUROPE].window_from == YESTERDAY - timedelta(days=89)


def test_restated_days_are_replaced(google: Any) -> None:
    google.load(CHANNEL)
    first = google.rows(SUMS)
    google.tell(today="2026-11-30")
    google.load(CHANNEL)
    assert google.rows(SUMS) != first
    told = truth_rows(google, CHANNEL, MEASURES, "2026-09-01")
    assert [row for row in google.rows(SUMS) if date(2026, 9, 1) <= row[0] <= YESTERDAY] == told


def test_removed_and_renamed_campaigns_keep_their_days(make_bench: Any) -> None:
    bench = make_bench()
    gone, renamed = deleted_campaign(bench, CHANNEL), renamed_campaign(bench, CHANNEL)
    bench.set(CHANNEL, start_date=str(gone.end - timedelta(days=60)))
    bench.tell(today=str(gone.end))
    bench.load(CHANNEL)
    spent = "select sum(cost) from google_ads.campaign_stats where campaign_id = ? and date < ?"
    before = bench.rows(spent, gone.id, gone.end - timedelta(days=40))
    bench.tell(today="2026-11-23")
    bench.load(CHANNEL)
    assert bench.rows(spent, gone.id, gone.end - timedelta(days=40)) == before
    assert before[0][0] > 0
    assert bench.rows("select status from google_ads.campaigns where id = ?", gone.id) == [("REMOVED",)]
    assert bench.rows("select name from google_ads.campaigns where id = ?", renamed.id) == [(renamed.names[1][1],)]


def test_accounts_are_the_ones_in_use_below_the_manager(google: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        google.load(CHANNEL)
    assert google.rows("select id, currency, timezone, login_customer_id from google_ads.accounts order by id") == [
        (EUROPE, "EUR", "Europe/Madrid", "9876543210"),
        (US, "USD", "America/New_York", "9876543210"),
    ]
    assert "customer 2468013579 is not in use any more" in caplog.text
    assert "customer 1357924680 is CANCELED" in caplog.text
    # the one logger that progress shows and tells apart
    assert {one.name for one in caplog.records if "customer" in one.getMessage()} == {"okr"}


def test_a_suspended_customer_is_read_as_ever(google: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google stops its delivery and goes on answering, its history too."""
    monkeypatch.setattr("okr_reports.sandbox.google_ads.ENABLED", "SUSPENDED")
    assert states(google.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert google.rows("select distinct status from google_ads.accounts") == [("SUSPENDED",)]
    assert google.rows(SUMS) == truth_rows(google, CHANNEL, MEASURES, START)


def test_the_manager_may_be_named(google: Any) -> None:
    google.set(CHANNEL, login_customer_id="987-654-3210")
    assert states(google.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}


def test_a_wrong_manager_says_so(google: Any) -> None:
    google.set(CHANNEL, login_customer_id="4159262001")
    [result] = google.load(CHANNEL).values()
    assert "USER_PERMISSION_DENIED" in result.error
    assert "login_customer_id" in result.error


def test_rows_of_many_batches_are_all_there(google: Any) -> None:
    google.tell(page_size=1)
    google.load(CHANNEL)
    assert google.rows(SUMS) == truth_rows(google, CHANNEL, MEASURES, START)


def test_a_delay_of_hours_ends_the_source_without_sleeping(google: Any) -> None:
    google.tell(throttled={CHANNEL: "40591s"})
    [result] = google.load(CHANNEL).values()
    assert result.state == "failed"
    assert "40591 s" in result.error
    assert google.sandbox.state.counts[CHANNEL] == 2


def test_a_refused_account_fails_alone(google: Any) -> None:
    google.tell(denied=[US])
    results = google.load(CHANNEL)
    assert states(results) == {EUROPE: "loaded", US: "failed"}
    assert "USER_PERMISSION_DENIED" in results[US].error


@pytest.mark.parametrize(
    ("field", "todo"),
    [("refresh_token", "refresh_token"), ("client_secret", "authorise again")],
)
def test_a_wrong_credential_is_named_and_never_shown(google: Any, field: str, todo: str) -> None:
    google.set(CHANNEL, **{f"credentials__{field}": "canary-4711"})
    [result] = google.load(CHANNEL).values()
    assert result.state == "failed"
    assert todo in result.error
    assert "canary-4711" not in result.error + "".join(google.said)


def test_a_missing_credential_names_the_setting(google: Any) -> None:
    google.set(CHANNEL, credentials__client_id="")
    [result] = google.load(CHANNEL).values()
    assert "SOURCES__GOOGLE_ADS__CREDENTIALS__CLIENT_ID" in result.error


def test_developer_tokens_have_ended(google: Any) -> None:
    """Since 2026-09-09 Google ignores the header: https://developers.google.com/google-ads/api/docs."""
    for token in ("", "an old one"):
        google.set(CHANNEL, credentials__developer_token=token)
        assert set(states(google.load(CHANNEL)).values()) == {"loaded"}
    assert source._headers(read_settings(source.CHANNEL.settings_class, CHANNEL))["developer-token"] == "an old one"
    google.set(CHANNEL, credentials__developer_token="")
    assert source._headers(read_settings(source.CHANNEL.settings_class, CHANNEL)) == {}


def test_an_old_version_says_which_setting_to_change(google: Any) -> None:
    google.set(CHANNEL, api_version="v19")
    [result] = google.load(CHANNEL).values()
    assert "api_version" in result.error


def test_an_expired_access_token_is_fetched_again_once(google: Any) -> None:
    google.sandbox.state.expired.add((CHANNEL, "sandbox-1"))
    assert states(google.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert google.sandbox.state.counts["google_ads refreshes"] == 2


@pytest.mark.parametrize(("drift", "column"), [({"clicks": "many"}, "clicks"), ({"conversions": "1,5"}, "conversions")])
def test_a_drifted_type_is_named(google: Any, drift: dict[str, Any], column: str) -> None:
    google.tell(drift={CHANNEL: drift})
    for result in google.load(CHANNEL).values():
        assert f".{column} should be" in result.error


def verdict(status: int, body: Any) -> Any:
    return classify(Reply(status, {}, b"", json.loads(json.dumps(body))))


def failure(kind: str, reason: str, code: int, status: str) -> dict[str, Any]:
    errors = [{"errorCode": {kind: reason}, "message": "m"}]
    return {"error": {"code": code, "status": status, "message": "m", "details": [{"errors": errors}]}}


def test_an_error_in_a_later_batch_is_an_error() -> None:
    batch = {"results": [{}], "fieldMask": "campaign.id", "requestId": "a"}
    assert verdict(200, [batch, failure("internalError", "INTERNAL_ERROR", 500, "INTERNAL")]).kind == "retry"
    assert verdict(200, [batch]).kind == "ok"
    assert verdict(200, []).kind == "ok"
    assert verdict(200, {"status": 500, "message": "Internal error"}).kind == "retry"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (failure("queryError", "UNRECOGNIZED_FIELD", 400, "INVALID_ARGUMENT"), 400, "failed"),
        (failure("authorizationError", "CUSTOMER_NOT_ENABLED", 403, "PERMISSION_DENIED"), 403, "forbidden"),
        (failure("authorizationError", "DEVELOPER_TOKEN_NOT_APPROVED", 403, "PERMISSION_DENIED"), 403, "unauthorized"),
        *(
            (failure("authorizationError", reason, 403, "PERMISSION_DENIED"), 403, "unauthorized")
            for reason in ("CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", "PROJECT_DISABLED", "MISSING_TOS")
        ),
        (failure("quotaError", "RESOURCE_EXHAUSTED", 429, "RESOURCE_EXHAUSTED"), 429, "quota"),
        (failure("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", 429, "RESOURCE_EXHAUSTED"), 429, "retry"),
        (failure("internalError", "TRANSIENT_ERROR", 503, "UNAVAILABLE"), 503, "retry"),
    ],
)
def test_errors_are_told_apart(body: dict[str, Any], status: int, kind: str) -> None:
    assert verdict(status, [body]).kind == kind
    assert verdict(status, body).kind == kind


def test_retry_info_is_a_delay() -> None:
    body = failure("quotaError", "RESOURCE_EXHAUSTED", 429, "RESOURCE_EXHAUSTED")
    body["error"]["details"].append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"})
    assert verdict(429, body).wait == 7.5
