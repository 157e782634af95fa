"""Google Search Console against the sandbox: final days only, position weighted exactly, quotas that are a 403."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from okr_reports.channels.replies import Reply
from okr_reports.channels.search_console.source import _holds, classify
from tests.channels.odd_answers import odd_vendor
from tests.channels.staged import staged_measures

DOMAIN, ADDRESS = "sc-domain:acme.example", "https://us.acme-labs.example/"
FINAL = date(2026, 11, 20)
SUMS = "select date, account_id, clicks, impressions, position_weighted from search_console.site_daily order by all"


@pytest.fixture
def bench(make_bench: Any) -> Any:
    made = make_bench()
    made.set("search_console", start_date="2026-09-01")
    return made


def truth(bench: Any) -> list[tuple[Any, ...]]:
    rows = csv.DictReader(io.StringIO(bench.truth("search_console", **{"from": "2026-09-01"})))
    return sorted(
        (
            date.fromisoformat(row["date"]),
            row["account_id"],
            *(Decimal(row[name]) for name in ("clicks", "impressions", "position_weighted")),
        )
        for row in rows
    )


def test_final_days_equal_the_truth_and_no_other_day_is_there(bench: Any) -> None:
    results = bench.load("search_console")
    assert {account: (one.state, one.data_through) for account, one in results.items()} == {
        DOMAIN: ("loaded", FINAL),
        ADDRESS: ("loaded", FINAL),
    }
    rows = bench.rows(SUMS)
    assert rows == truth(bench)
    assert rows[-1][0] == FINAL
    [(position,)] = bench.rows("select sum(position_weighted) / sum(impressions) from search_console.site_daily")
    assert 5 < position < 15


def test_later_days_follow_and_nothing_is_lost_or_doubled(bench: Any) -> None:
    for today in ("2026-11-23", "2026-11-24", "2026-11-30"):
        bench.tell(today=today)
        bench.load("search_console")
    assert bench.rows(SUMS) == truth(bench)
    assert bench.load("search_console")[DOMAIN].data_through == date(2026, 11, 27)


def test_a_quiet_day_is_final_although_it_has_no_row(bench: Any) -> None:
    bench.tell(erased=[["search_console", DOMAIN, FINAL.isoformat()]])
    results = bench.load("search_console")
    assert results[DOMAIN].data_through == FINAL
    assert bench.rows("select max(date) from search_console.site_daily where account_id = ?", DOMAIN) == [
        (date(2026, 11, 19),)
    ]


def test_a_day_that_became_empty_is_emptied(bench: Any) -> None:
    bench.load("search_console")
    bench.tell(erased=[["search_console", ADDRESS, "2026-11-19"]])
    bench.load("search_console")
    assert bench.rows("select account_id from search_console.site_daily where date = '2026-11-19'") == [(DOMAIN,)]


def test_years_before_the_site_are_loaded_once(make_bench: Any) -> None:
    bench = make_bench()
    bench.set("search_console", start_date="2022-01-01")
    assert bench.load("search_console")[DOMAIN].data_through == FINAL
    assert bench.load("search_console")[DOMAIN].window_from == date(2026, 11, 17)


def test_answers_longer_than_a_page_are_read_to_the_end(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_reports.channels.search_console.source.PAGE", 27)
    bench.load("search_console")
    assert bench.rows(SUMS) == truth(bench)


def test_a_used_up_quota_is_a_403_and_ends_the_source(bench: Any) -> None:
    bench.tell(throttled={"search_console": "Quota exceeded for quota metric 'Queries'."})
    [result] = bench.load("search_console").values()
    assert "renews this quota" in (result.error or "")
    assert bench.sandbox.state.counts["search_console"] == 2


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind", "wait"),
    [
        (403, "quotaExceeded", "Quota exceeded", "retry", None),
        (403, "forbidden", "No", "forbidden", None),
        (403, "rateLimitExceeded", "Rate", "retry", 60.0),
        (401, "authError", "Login", "unauthorized", None),
        (429, "rateLimitExceeded", "Search Analytics QPS quota exceeded.", "retry", 60.0),
        (429, "rateLimitExceeded", "Too many requests.", "retry", None),
    ],
)
def test_google_says_with_one_status_what_are_different_things(
    status: int, reason: str, message: str, kind: str, wait: float | None
) -> None:
    error = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    verdict = classify(Reply(status, {}, b"", error))
    assert (verdict.kind, verdict.wait) == (kind, wait)


def test_a_site_without_permission_fails_alone_and_unverified_ones_are_left_out(bench: Any) -> None:
    bench.tell(denied=[ADDRESS])
    results = bench.load("search_console")
    assert {account: one.state for account, one in results.items()} == {DOMAIN: "loaded", ADDRESS: "failed"}
    assert "Users and permissions" in (results[ADDRESS].error or "")


def test_a_token_that_expires_is_renewed_once(bench: Any) -> None:
    bench.tell(expire_at={"search_console": [4]})
    assert {result.state for result in bench.load("search_console").values()} == {"loaded"}
    assert bench.sandbox.state.counts["search_console refreshes"] == 2
    assert bench.rows(SUMS) == truth(bench)


@pytest.mark.parametrize(
    "drift", [{"clicks": "many"}, {"position": "first"}, {"keys": []}, {"impressions": None}, {"keys": ["20261119"]}]
)
def test_no_shape_of_answer_breaks_the_load(bench: Any, drift: dict[str, Any]) -> None:
    bench.tell(drift={"search_console": drift})
    results = bench.load("search_console")
    assert {result.state for result in results.values()} == {"failed"}


def test_of_two_properties_that_overlap_one_is_read_and_said(bench: Any) -> None:
    """Rows that the other one once brought do not count any more; they may be wanted again."""
    within = "https://www.acme.example/"
    bench.tell(more={"search_console": {"sites": [within]}})
    bench.set("search_console", account_ids=f"{within},{ADDRESS}")
    assert set(bench.load("search_console")) == {within, ADDRESS}
    bench.set("search_console", account_ids="")
    results = bench.load("search_console")
    assert set(results) == {DOMAIN, ADDRESS}
    assert within in (results[DOMAIN].note or "")
    assert "account_ids" in (results[DOMAIN].note or "")
    assert results[ADDRESS].note is None
    days = bench.rows("select distinct account_id from search_console.site_daily order by 1")
    assert days == [(ADDRESS,), (within,), (DOMAIN,)]
    clicks = sum(row[4] for row in staged_measures(bench, "search_console") if row[3] == "clicks")
    assert clicks == sum(row[2] for row in truth(bench))
    bench.set("search_console", account_ids=within)
    [result] = bench.load("search_console").values()
    assert (result.account_id, result.state, result.note) == (within, "loaded", None)


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        ("sc-domain:acme.example", "https://www.acme.example/", True),
        ("sc-domain:acme.example", "http://acme.example/shop/", True),
        ("sc-domain:acme.example", "sc-domain:shop.acme.example", True),
        ("sc-domain:acme.example", "https://notacme.example/", False),
        ("sc-domain:shop.acme.example", "sc-domain:acme.example", False),
        ("https://acme.example/", "https://acme.example/shop/", True),
        ("https://acme.example/", "http://acme.example/", False),
        ("https://acme.example/", "https://acme.example/", False),
    ],
)
def test_a_property_holds_what_lies_within_it(one: str, other: str, holds: bool) -> None:
    assert _holds(one, other) is holds


def test_the_first_day_that_is_not_complete_is_read_in_both_spellings(make_bench: Any) -> None:
    bench = make_bench()
    bench.set("search_console", start_date="2026-11-18")
    body = {"metadata": {"first_incomplete_date": "2026-11-21"}, "responseAggregationType": "byProperty"}
    with odd_vendor(bench.sandbox.url, "/searchAnalytics/query", body) as url:
        bench.set("search_console", base_url=f"{url}/search_console")
        assert bench.load("search_console")[DOMAIN].data_through == FINAL
