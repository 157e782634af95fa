"""Meta Ads against the sandbox over real HTTP: report jobs, pages by cursor, quotas under HTTP 400, action types."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from okr_reports.channels import jobs
from okr_reports.channels.http import Http
from okr_reports.channels.meta_ads import graph
from okr_reports.channels.meta_ads.errors import classify, seconds_to_regain, usage
from okr_reports.channels.meta_ads.source import actions
from okr_reports.channels.replies import Reply
from okr_reports.channels.windows import Window
from tests.channels.daily_truth import YESTERDAY, deleted_campaign, renamed_campaign, truth_rows

CHANNEL, EUROPE, US = "meta_ads", "798085168510957", "1018257391628043"
START = "2026-07-27"
WINDOWS = ("7d_click", "1d_view")
MEASURES = ("impressions", "clicks", "link_clicks", "spend")
SUMS = """
    select date, account_id, campaign_id, currency, sum(impressions), sum(clicks), sum(inline_link_clicks), sum(spend)
    from meta_ads.campaign_insights group by 1, 2, 3, 4 order by 1, 2, 3
"""
ACTIONS = """
    select date, account_id, campaign_id, currency, sum({column}) from meta_ads.campaign_actions
    where action_type in ({types}) group by 1, 2, 3, 4 having sum({column}) <> 0 order by 1, 2, 3
"""


@pytest.fixture
def meta(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date=START)
    return bench


def states(results: dict[str, Any]) -> dict[str, str]:
    return {account: result.state for account, result in results.items()}


def test_every_day_equals_the_truth(meta: Any) -> None:
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    expected = truth_rows(meta, CHANNEL, MEASURES, START)
    assert len(expected) > 500
    assert meta.rows(SUMS) == expected


@pytest.mark.parametrize(
    ("parts", "column", "measure"),
    [
        ("'onsite_conversion.lead_grouped', 'offsite_conversion.fb_pixel_lead'", "actions", "leads"),
        ("'onsite_conversion.purchase', 'offsite_conversion.fb_pixel_purchase'", "actions", "conversions"),
        ("'onsite_conversion.purchase', 'offsite_conversion.fb_pixel_purchase'", "action_value", "conversion_value"),
        ("'video_view'", "actions", "video_views"),
    ],
)
def test_actions_are_whole_and_kept_by_type(meta: Any, parts: str, column: str, measure: str) -> None:
    meta.load(CHANNEL)
    assert meta.rows(ACTIONS.format(column=column, types=parts)) == truth_rows(meta, CHANNEL, (measure,), START)
    # the totals beside the parts would double them
    totals = "'lead'" if measure == "leads" else "'omni_purchase', 'purchase'"
    if measure != "video_views":
        assert meta.rows(ACTIONS.format(column=column, types=totals))


def test_two_windows_are_one_value() -> None:
    row = {
        "actions": [
            {"action_type": "lead", "value": "3", "7d_click": "2", "1d_view": "1"},
            {"action_type": "purchase", "7d_click": "2", "1d_view": "0.5"},
        ],
        "action_values": [{"action_type": "purchase", "value": "12.50"}],
    }
    lead, purchase = actions(row, WINDOWS)
    assert (str(lead["actions"]), str(purchase["actions"]), purchase["action_value"]) == ("3", "2.5", "12.50")
    assert "action_value" not in lead


def test_a_refresh_reads_twenty_eight_days_and_replaces_them(meta: Any) -> None:
    meta.load(CHANNEL)
    first = meta.rows(SUMS)
    assert meta.load(CHANNEL)[EUROPE].window_from == YESTERDAY - timedelta(days=27)
    assert meta.rows(SUMS) == first
    meta.tell(today="2026-11-30")
    meta.load(CHANNEL)
    told = truth_rows(meta, CHANNEL, MEASURES, "2026-10-26")
    assert [row for row in meta.rows(SUMS) if date(2026, 10, 26) <= row[0] <= YESTERDAY] == told != first


def test_deleted_and_renamed_campaigns_keep_their_names(meta: Any) -> None:
    gone, renamed = deleted_campaign(meta, CHANNEL), renamed_campaign(meta, CHANNEL)
    meta.set(CHANNEL, start_date=str(gone.end - timedelta(days=30)))
    meta.load(CHANNEL)
    assert meta.rows("select status from meta_ads.campaigns where id = ?", gone.id) == [("DELETED",)]
    assert meta.rows("select name from meta_ads.campaigns where id = ?", renamed.id) == [(renamed.names[1][1],)]
    spent = "select sum(spend) > 0 from meta_ads.campaign_insights where campaign_id = ?"
    assert meta.rows(spent, gone.id) == [(True,)]


def test_the_token_travels_in_the_header_only_and_no_next_url_is_followed(meta: Any) -> None:
    meta.tell(page_size=1)
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert meta.rows(SUMS) == truth_rows(meta, CHANNEL, MEASURES, START)
    assert meta.sandbox.state.counts["meta_ads tokens in the URL"] == 0


def test_a_failed_job_is_tried_again(meta: Any) -> None:
    meta.tell(jobs={CHANNEL: {"outcome": "failed", "times": 1}})
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert meta.rows(SUMS) == truth_rows(meta, CHANNEL, MEASURES, START)


def test_jobs_that_fail_on_long_windows_are_asked_in_halves(meta: Any) -> None:
    meta.tell(jobs={CHANNEL: {"outcome": "failed", "longer_than": 40}})
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert meta.rows(SUMS) == truth_rows(meta, CHANNEL, MEASURES, START)


def test_jobs_that_fail_on_many_campaigns_are_asked_by_campaign(meta: Any) -> None:
    """A campaign that no list has any more is in the report of all others, so that its rows are not lost."""
    meta.tell(jobs={CHANNEL: {"outcome": "failed", "more_than": 2}})
    window = (date(2026, 11, 16), date(2026, 11, 17))
    assert states(meta.load(CHANNEL, window=window)) == {EUROPE: "loaded", US: "loaded"}
    assert meta.rows(SUMS) == truth_rows(meta, CHANNEL, MEASURES, "2026-11-16", "2026-11-17")
    asked = [parse_qs(body.decode()) for method, _, _, body in meta.sandbox.state.requests if method == "POST"]
    operators = {json.loads(one["filtering"][0])[0]["operator"] for one in asked if "filtering" in one}
    assert operators == {"IN", "NOT_IN"}


def test_jobs_that_never_work_fail_the_account_after_few_tries(meta: Any) -> None:
    meta.tell(jobs={CHANNEL: {"outcome": "failed"}})
    results = meta.load(CHANNEL)
    assert states(results) == {EUROPE: "failed", US: "failed"}
    assert "cannot make the report of 2026-07-27, not even of the campaign" in results[EUROPE].error
    assert meta.sandbox.state.counts[CHANNEL] < 100


def test_a_job_that_never_ends_is_given_up(meta: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LONGEST_JOB", 0.3)
    meta.tell(jobs={CHANNEL: {"outcome": "never"}})
    assert "cannot make the report of" in meta.load(CHANNEL)[EUROPE].error


def test_a_late_job_is_split_without_trying_it_again(meta: Any) -> None:
    """Meta allows a job an hour: what is not made by then is made in smaller parts."""
    window, asked = Window(date(2026, 11, 1), date(2026, 11, 8)), []

    def report(part: jobs.Part) -> list[date]:
        asked.append(part.window.length)
        if part.window.length > 2:
            raise jobs.JobLate
        return [*part.window.days()]

    http = Http(CHANNEL, meta.sandbox.url)
    assert list(jobs.fetch_with_splits(http, EUROPE, jobs.Part(window), report, list)) == [*window.days()]
    assert asked == [8, 4, 2, 2, 4, 2, 2]


def test_too_much_data_halves_the_page(meta: Any) -> None:
    meta.tell(jobs={CHANNEL: {"most_rows": 70}})
    meta.load(CHANNEL)
    assert meta.rows(SUMS) == truth_rows(meta, CHANNEL, MEASURES, START)


@pytest.mark.parametrize("told", ["17", "80000:60", "4:2"])
def test_a_used_up_quota_ends_the_source(meta: Any, told: str) -> None:
    meta.tell(throttled={CHANNEL: told})
    [result] = meta.load(CHANNEL).values()
    assert result.state == "failed"
    assert meta.sandbox.state.counts[CHANNEL] == 1


def test_a_refused_account_fails_alone(meta: Any) -> None:
    meta.tell(denied=[US])
    results = meta.load(CHANNEL)
    assert states(results) == {EUROPE: "loaded", US: "failed"}
    assert "ads_read" in results[US].error


def told_of(meta: Any, **described: Any) -> None:
    meta.tell(more={CHANNEL: {"described": {US: described}}})


def test_a_closed_account_is_read_as_long_as_it_is_answered(meta: Any) -> None:
    """Closed and empty is 0, and said; closed and unreadable has ended, which is no failure of the channel."""
    meta.load(CHANNEL)
    told_of(meta, account_status=101)
    results = meta.load(CHANNEL)
    assert states(results) == {EUROPE: "loaded", US: "loaded"}
    assert f"meta_ads account {US} is CLOSED at the vendor" in results[US].note
    meta.tell(denied=[US])
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded"}
    assert f"it has ended, and its days after {YESTERDAY} are not known" in "".join(meta.said)
    # an account that is not over fails as ever
    told_of(meta)
    assert states(meta.load(CHANNEL)) == {EUROPE: "loaded", US: "failed"}


def test_another_currency_or_zone_is_said(meta: Any) -> None:
    meta.load(CHANNEL)
    told_of(meta, currency="GBP", timezone_name="Europe/London")
    results = meta.load(CHANNEL)
    assert f"{US} counts in GBP and no longer in USD" in results[US].note
    assert "is in the zone Europe/London and no longer in America/Los_Angeles" in results[US].note
    assert results[EUROPE].note is None
    again = meta.load(CHANNEL)
    assert re.search(
        rf"{US} counts in GBP and no longer in USD: its days through \d{{4}}-\d\d-\d\d keep", again[US].note
    )
    assert again[EUROPE].note is None


def test_a_wrong_token_says_what_to_do_and_is_never_shown(meta: Any) -> None:
    meta.set(CHANNEL, credentials__access_token="canary-4711")
    [result] = meta.load(CHANNEL).values()
    assert "system user" in result.error
    assert "canary-4711" not in result.error + "".join(meta.said)


def test_an_old_version_says_which_setting_to_change(meta: Any) -> None:
    meta.set(CHANNEL, api_version="v19.0")
    [result] = meta.load(CHANNEL).values()
    assert "api_version" in result.error


def test_days_beyond_37_months_are_refused_by_the_vendor_and_said(meta: Any) -> None:
    results = meta.load(CHANNEL, window=(date(2023, 1, 1), date(2023, 1, 31)))
    assert "37 months" in results[EUROPE].error


@pytest.mark.parametrize("drift", [{"clicks": "many"}, {"actions": "none"}, {"date_start": None}, {"spend": "1,50"}])
def test_a_drifted_answer_fails_the_account(meta: Any, drift: dict[str, Any]) -> None:
    meta.tell(drift={CHANNEL: drift})
    assert states(meta.load(CHANNEL)) == {EUROPE: "failed", US: "failed"}


def reply(
    status: int, code: int, subcode: int = 0, *, message: str = "m", headers: dict[str, str] | None = None, **more: Any
) -> Reply:
    error = {"error": {"code": code, "message": message, **({"error_subcode": subcode} if subcode else {}), **more}}
    return Reply(status, headers or {}, b"", json.loads(json.dumps(error)))


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (4, 0, "retry"),
        (17, 0, "retry"),
        (17, 2446079, "quota"),
        (32, 0, "retry"),
        (613, 0, "retry"),
        (80000, 0, "retry"),
        (80006, 0, "retry"),
        (80008, 0, "retry"),
        (2, 0, "retry"),
        (960, 0, "retry"),
        (104, 0, "retry"),
        (1, 99, "retry"),
        (190, 463, "unauthorized"),
        (190, 460, "unauthorized"),
        (200, 0, "forbidden"),
        (100, 33, "forbidden"),
        (100, 0, "failed"),
        (80007, 0, "failed"),
    ],
)
def test_codes_are_told_apart_whatever_the_status(code: int, subcode: int, kind: str) -> None:
    assert classify(reply(400, code, subcode)).kind == kind


def test_what_meta_calls_transient_is_tried_again() -> None:
    assert classify(reply(400, 1, is_transient=True)).kind == "retry"
    assert classify(reply(500, 1)).kind == "retry"
    assert classify(reply(500, 1, message="Please reduce the amount of data you're asking for")).kind == "failed"
    assert classify(Reply(200, {}, b"", {"status": 500})).kind == "retry"


def test_the_wait_is_what_the_headers_say() -> None:
    told = {
        "x-business-use-case-usage": json.dumps(
            {"1": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 1}]}
        )
    }
    assert classify(reply(400, 80000, headers=told)).wait == 60
    locked = {"x-ad-account-usage": json.dumps({"acc_id_util_pct": 100, "reset_time_duration": 120})}
    assert seconds_to_regain(locked) == 120
    assert seconds_to_regain({"x-app-usage": "not json"}) is None


@pytest.mark.parametrize(("full", "pauses"), [(84.9, []), (85, [5.0]), (96, [30.0])])
def test_requests_slow_down_when_a_quota_is_nearly_full(meta: Any, full: float, pauses: list[float]) -> None:
    slept: list[float] = []
    headers = {"x-fb-ads-insights-throttle": json.dumps({"app_id_util_pct": 3, "acc_id_util_pct": full})}
    assert usage(headers) == full
    http = Http(CHANNEL, meta.sandbox.url, sleep=slept.append)
    graph._slowly(http, Reply(200, headers, b"", {}))
    assert slept == pauses


def test_actions_count_within_each_ad_sets_windows_unless_others_are_set(meta: Any) -> None:
    """As Ads Manager counts: the list of windows is asked for only where one is set."""
    meta.load(CHANNEL)
    asked = parse_qs([body for method, _, _, body in meta.sandbox.state.requests if method == "POST"][-1].decode())
    assert "action_attribution_windows" not in asked
    row = {"actions": [{"action_type": "lead", "value": "5", "7d_click": "2", "1d_view": "1"}]}
    assert [one["actions"] for one in actions(row, ())] == ["5"]


def test_another_window_reads_the_history_anew(meta: Any) -> None:
    """Days that the daily re-read would never ask for again must not stay counted by the old window."""
    meta.load(CHANNEL)
    meta.set(CHANNEL, click_window="28", view_window="0")
    first = min(result.window_from for result in meta.load(CHANNEL).values())
    asked = parse_qs([body for method, _, _, body in meta.sandbox.state.requests if method == "POST"][-1].decode())
    assert json.loads(asked["action_attribution_windows"][0]) == ["28d_click"]
    assert first == meta.rows("select min(request_from) from meta_ads.loaded_windows")[0][0]
    again = min(result.window_from for result in meta.load(CHANNEL).values())
    assert again > first
    meta.set(CHANNEL, click_window="9")
    [result] = meta.load(CHANNEL).values()
    assert "click_window = 1, 7 or 28" in (result.error or "")
