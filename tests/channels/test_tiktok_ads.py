"""TikTok Ads against the sandbox over real HTTP: errors under HTTP 200, thirty-day reports, ids beyond 2^53."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from okr_reports.channels.replies import Reply
from okr_reports.channels.tiktok_ads import source
from okr_reports.channels.tiktok_ads.errors import classify
from tests.channels.daily_truth import YESTERDAY, deleted_campaign, renamed_campaign, truth_rows

CHANNEL, EUROPE, US = "tiktok_ads", "7093456789012345678", "7106543210987654321"
START = "2026-07-27"
MEASURES = ("impressions", "clicks", "spend", "conversions", "conversion_value", "leads", "video_views")
SUMS = """
    select date, account_id, campaign_id, currency, sum(impressions), sum(clicks), sum(spend), sum(conversion),
           sum(coalesce(total_complete_payment_rate, 0) + coalesce(total_onsite_shopping_value, 0)
               + coalesce(total_purchase_value, 0)),
           sum(coalesce(form, 0) + coalesce(onsite_form, 0) + coalesce(total_sales_lead, 0)), sum(video_play_actions)
    from tiktok_ads.campaign_report group by 1, 2, 3, 4 order by 1, 2, 3
"""


@pytest.fixture
def tiktok(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date=START)
    return bench


def states(results: dict[str, Any]) -> dict[str, str]:
    return {account: result.state for account, result in results.items()}


def test_every_day_equals_the_truth(tiktok: Any) -> None:
    assert states(tiktok.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    expected = truth_rows(tiktok, CHANNEL, MEASURES, START)
    assert len(expected) > 400
    assert tiktok.rows(SUMS) == expected


def test_ids_beyond_2_to_the_53_stay_whole(tiktok: Any) -> None:
    tiktok.load(CHANNEL)
    company = tiktok.sandbox.state.company
    known = {one.id for account in (EUROPE, US) for one in company.campaigns(CHANNEL, account)}
    found = {row[0] for row in tiktok.rows("select distinct campaign_id from tiktok_ads.campaign_report")}
    assert found <= known
    assert min(map(int, found)) > 2**53
    assert tiktok.rows(
        "select count(*) from tiktok_ads.campaign_report where account_id not in (?, ?)", EUROPE, US
    ) == [(0,)]


def test_each_campaign_sells_by_one_of_three_sets_and_all_are_read(tiktok: Any) -> None:
    tiktok.load(CHANNEL)
    sets = ("total_complete_payment_rate", "total_onsite_shopping_value", "total_purchase_value")
    known = " + ".join(f"({name} is not null)::int" for name in sets)
    assert tiktok.rows(f"select distinct {known} from tiktok_ads.campaign_report") == [(1,)]
    sums = tiktok.rows(f"select {', '.join(f'sum({name})' for name in sets)} from tiktok_ads.campaign_report")[0]
    assert all(value > 0 for value in sums), sums


def test_a_metric_that_is_not_answered_is_named(tiktok: Any) -> None:
    tiktok.tell(drift={CHANNEL: {"total_complete_payment_rate": {"renamed": None}}})
    for result in tiktok.load(CHANNEL).values():
        assert result.state == "failed"
        assert "without total_complete_payment_rate" in result.error


def test_a_dash_is_no_value(tiktok: Any) -> None:
    tiktok.load(CHANNEL)
    [(without, some)] = tiktok.rows(
        "select count(*) filter (total_purchase_value is null), count(total_purchase_value) "
        "from tiktok_ads.campaign_report"
    )
    assert without > 0
    assert some > 0


def test_a_refresh_reads_twenty_eight_days_and_replaces_them(tiktok: Any) -> None:
    tiktok.load(CHANNEL)
    first = tiktok.rows(SUMS)
    assert tiktok.load(CHANNEL)[EUROPE].window_from == YESTERDAY - timedelta(days=27)
    assert tiktok.rows(SUMS) == first
    tiktok.tell(today="2026-11-30")
    tiktok.load(CHANNEL)
    told = truth_rows(tiktok, CHANNEL, MEASURES, "2026-10-26")
    assert [row for row in tiktok.rows(SUMS) if date(2026, 10, 26) <= row[0] <= YESTERDAY] == told != first


def test_deleted_and_renamed_campaigns_keep_their_names(tiktok: Any) -> None:
    gone, renamed = deleted_campaign(tiktok, CHANNEL), renamed_campaign(tiktok, CHANNEL)
    tiktok.set(CHANNEL, start_date=str(gone.end - timedelta(days=30)))
    tiktok.load(CHANNEL)
    named = "select name, status from tiktok_ads.campaigns where id = ?"
    assert tiktok.rows(named, gone.id) == [(gone.name(YESTERDAY), "DELETE")]
    assert tiktok.rows(named, renamed.id)[0][0] == renamed.names[1][1]


def test_all_pages_are_read(tiktok: Any) -> None:
    tiktok.tell(page_size=1)
    tiktok.load(CHANNEL)
    assert tiktok.rows(SUMS) == truth_rows(tiktok, CHANNEL, MEASURES, START)


def test_another_number_of_records_than_announced_is_an_error(tiktok: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = source.urlencode

    def skip_the_second_page(query: dict[str, Any]) -> str:
        return asked({**query, "page": query["page"] + 1} if query.get("page", 1) > 1 else query)

    monkeypatch.setattr(source, "urlencode", skip_the_second_page)
    tiktok.tell(page_size=1)
    results = tiktok.load(CHANNEL)
    assert states(results) == {EUROPE: "failed", US: "failed"}
    assert "records" in results[EUROPE].error


@pytest.mark.parametrize("told", [{"longer_than": 7}, {"more_than": 1}])
def test_a_query_that_is_too_large_is_asked_in_smaller_ones(tiktok: Any, told: dict[str, int]) -> None:
    """By days, then by campaigns; those deleted since are listed too, so that none is lost."""
    tiktok.tell(jobs={CHANNEL: {"outcome": "too_large", **told}})
    window = (date(2026, 11, 1), date(2026, 11, 16)) if "longer_than" in told else (date(2026, 11, 16),) * 2
    assert states(tiktok.load(CHANNEL, window=window)) == {EUROPE: "loaded", US: "loaded"}
    assert tiktok.rows(SUMS) == truth_rows(tiktok, CHANNEL, MEASURES, *map(str, window))


def test_account_ids_are_needed(tiktok: Any) -> None:
    tiktok.set(CHANNEL, account_ids="")
    [result] = tiktok.load(CHANNEL).values()
    assert "set account_ids under [sources.tiktok_ads]" in result.error


def test_an_advertiser_that_may_not_be_read_does_not_spoil_the_others(tiktok: Any) -> None:
    tiktok.set(CHANNEL, account_ids=f"{EUROPE},7777777777777777777,{US}")
    assert states(tiktok.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded", "7777777777777777777": "failed"}


def test_a_refused_account_fails_alone(tiktok: Any) -> None:
    tiktok.tell(denied=[US])
    results = tiktok.load(CHANNEL)
    assert states(results) == {EUROPE: "loaded", US: "failed"}
    assert "code 40001" in results[US].error


def test_a_lasting_rate_limit_fails_with_what_to_do(tiktok: Any) -> None:
    tiktok.tell(throttled={CHANNEL: "Too many requests. Please retry in some time."})
    for minutes, asked in ((1, 2), (30, 4)):
        tiktok.set(CHANNEL, wait_minutes=str(minutes))
        before = tiktok.sandbox.state.counts[CHANNEL]
        [result] = tiktok.load(CHANNEL).values()
        assert "code 40100" in result.error
        assert "midnight UTC" in result.error
        # after 1, 300 and 300 seconds, as far as they may be waited for
        assert tiktok.sandbox.state.counts[CHANNEL] - before == asked


def test_a_wrong_token_says_what_to_do_and_is_never_shown(tiktok: Any) -> None:
    tiktok.set(CHANNEL, credentials__access_token="canary-4711")
    [result] = tiktok.load(CHANNEL).values()
    assert "[sources.tiktok_ads.credentials]" in result.error
    assert "canary-4711" not in result.error + "".join(tiktok.said)


@pytest.mark.parametrize("drift", [{"clicks": "many"}, {"spend": "1,50"}, {"impressions": 1.5}])
def test_a_drifted_answer_fails_the_account(tiktok: Any, drift: dict[str, Any]) -> None:
    tiktok.tell(drift={CHANNEL: drift})
    results = tiktok.load(CHANNEL)
    assert states(results) == {EUROPE: "failed", US: "failed"}
    assert f"campaign_report.{next(iter(drift))} should be" in results[EUROPE].error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40100, "retry"),
        (40200, "retry"),
        (40201, "retry"),
        (40202, "retry"),
        (40700, "retry"),
        (50000, "retry"),
        (50002, "retry"),
        (51010, "retry"),
        (40105, "unauthorized"),
        (40102, "unauthorized"),
        (40001, "forbidden"),
        (40002, "forbidden"),
        (40000, "failed"),
        (60001, "retry"),
        (40067, "failed"),
    ],
)
def test_codes_are_told_apart(code: int, kind: str) -> None:
    assert classify(Reply(200, {}, b"", {"code": code, "message": "m", "data": {}})).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"code": 0, "data": {"list": []}}, "ok"),
        (200, {"code": 0}, "retry"),
        (200, {"status": 500}, "retry"),
        (200, None, "retry"),
        (502, None, "retry"),
        (404, None, "failed"),
    ],
)
def test_an_answer_without_a_code_is_not_tiktoks(status: int, body: Any, kind: str) -> None:
    assert classify(Reply(status, {}, b"", body)).kind == kind
