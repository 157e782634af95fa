"""Google Analytics 4 against the sandbox: totals equal the truth, people are counted once, quotas end the source."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from okr_reports.channels.doctor import check_channel
from okr_reports.sandbox.website import WEBSITES, WebsiteFigures

YESTERDAY = date(2026, 11, 22)
COLUMNS = (
    "sessions",
    "engaged_sessions",
    "key_events",
    "total_revenue",
    "screen_page_views",
    "add_to_carts",
    "checkouts",
    "ecommerce_purchases",
    "purchase_revenue",
)
TRAFFIC = f"select date, account_id, channel_group, {', '.join(COLUMNS)} from ga4.traffic order by all"
PEOPLE = "select date, account_id, '', total_users, new_users from ga4.property_daily order by all"
EUROPE, AMERICAS = (site.property_id for site in WEBSITES)


@pytest.fixture
def bench(make_bench: Any) -> Any:
    made = make_bench()
    made.set("ga4", start_date="2026-10-20")
    return made


def truth(bench: Any, *columns: str, start: str = "2026-10-20") -> list[tuple[Any, ...]]:
    """Rows of the truth in which any of the columns is not 0."""
    rows = csv.DictReader(io.StringIO(bench.truth("ga4", to=YESTERDAY.isoformat(), **{"from": start})))
    read = (
        (
            date.fromisoformat(row["date"]),
            row["account_id"],
            row["campaign_id"],
            *(Decimal(row[name]) for name in columns),
        )
        for row in rows
    )
    return sorted(row for row in read if any(row[3:]))


def test_every_day_equals_the_truth(bench: Any) -> None:
    results = bench.load("ga4")
    assert {account: (one.state, one.data_through) for account, one in results.items()} == {
        EUROPE: ("loaded", YESTERDAY),
        AMERICAS: ("loaded", YESTERDAY),
    }
    expected = truth(bench, *COLUMNS)
    assert len(expected) > 400
    assert bench.rows(TRAFFIC) == expected
    assert bench.rows(PEOPLE) == truth(bench, "users", "new_users")
    assert bench.rows("select id, currency, timezone from ga4.accounts order by id") == [
        (EUROPE, "EUR", "Europe/Madrid"),
        (AMERICAS, "USD", "America/New_York"),
    ]


def test_people_of_an_interval_are_counted_once(bench: Any) -> None:
    bench.load("ga4")
    figures = WebsiteFigures(bench.sandbox.state.company)
    loaded = bench.rows("select account_id, interval_start, date, users from ga4.users_by_interval")
    assert {(account, start, end): users for account, start, end, users in loaded} == {
        (site.property_id, start, day): figures.users(site, start, day, date(2026, 11, 23))
        for site in WEBSITES
        for day in (date(2026, 10, 20) + timedelta(days=at) for at in range(34))
        for start in (day - timedelta(days=day.weekday()), day.replace(day=1), date(2026, 10, 1), date(2026, 1, 1))
    }
    [(month, days)] = bench.rows(
        "select (select sum(users) from ga4.users_by_interval where interval_start = '2026-11-01' "
        f"and date = '{YESTERDAY}'), sum(total_users) from ga4.property_daily where date >= '2026-11-01'"
    )
    assert 0 < month < days


def test_restated_days_are_replaced_and_the_weekly_load_goes_deeper(bench: Any) -> None:
    bench.load("ga4")
    first = bench.rows(TRAFFIC)
    bench.tell(today="2026-11-25")
    assert bench.load("ga4")[EUROPE].window_from == date(2026, 11, 20)
    # 30 November is the first load of the next ISO week
    bench.tell(today="2026-11-30")
    assert bench.load("ga4")[EUROPE].window_from == date(2026, 11, 12)
    kept = [row for row in bench.rows(TRAFFIC) if row[0] <= YESTERDAY]
    assert kept != first
    assert [row for row in kept if row[0] >= date(2026, 11, 12)] == truth(bench, *COLUMNS, start="2026-11-12")


def test_a_day_that_became_empty_is_emptied(bench: Any) -> None:
    bench.load("ga4")
    bench.tell(erased=[["ga4", EUROPE, "2026-11-21"]])
    bench.load("ga4")
    assert bench.rows("select distinct account_id from ga4.traffic where date = '2026-11-21'") == [(AMERICAS,)]


def test_reports_longer_than_a_page_are_read_to_the_end(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_reports.channels.ga4.reports.PAGE", 30)
    bench.load("ga4")
    assert bench.rows(TRAFFIC) == truth(bench, *COLUMNS)


@pytest.mark.parametrize(
    ("message", "todo"),
    [
        ("Exhausted property tokens per hour for this property.", "within the hour"),
        ("Exhausted property tokens per day for this property.", "midnight Pacific"),
    ],
)
def test_exhausted_tokens_end_the_property_at_once(bench: Any, message: str, todo: str) -> None:
    bench.load("ga4")
    before = bench.sandbox.state.counts["ga4"]
    bench.tell(throttled={"ga4": message})
    results = bench.load("ga4")
    assert set(results) == {EUROPE, AMERICAS}
    for property_id, result in results.items():
        assert result.state == "failed"
        assert property_id in (result.error or "")
        assert todo in (result.error or "")
    assert bench.sandbox.state.counts["ga4"] - before == 3  # a token and one report a property


@pytest.mark.parametrize("wrong", ["UA-1234-1", "G-ABC123", "properties/5", "../x"])
def test_an_id_that_is_no_property_fails_alone(bench: Any, wrong: str) -> None:
    bench.set("ga4", account_ids=f"{wrong},{EUROPE}")
    results = bench.load("ga4")
    assert {account: result.state for account, result in results.items()} == {wrong: "failed", EUROPE: "loaded"}
    assert "is no property id" in (results[wrong].error or "")
    assert wrong in str(check_channel("ga4"))


def test_a_property_without_permission_fails_alone(bench: Any) -> None:
    bench.tell(denied=[AMERICAS])
    results = bench.load("ga4")
    assert results[EUROPE].state == "loaded"
    assert results[AMERICAS].state == "failed"
    assert "give their user access" in (results[AMERICAS].error or "")


def test_a_mistyped_refresh_token_is_named(bench: Any) -> None:
    bench.set("ga4", credentials__refresh_token="mistyped-canary")
    [result] = bench.load("ga4").values()
    assert "set refresh_token in [sources.ga4.credentials]" in (result.error or "")
    assert "canary" not in (result.error or "")


def test_missing_settings_are_named(bench: Any) -> None:
    bench.set("ga4", account_ids="")
    [result] = bench.load("ga4").values()
    assert "sources.ga4.account_ids" in (result.error or "")
    bench.set("ga4", account_ids=EUROPE, credentials__client_id="")
    [result] = bench.load("ga4").values()
    assert "SOURCES__GA4__CREDENTIALS__SERVICE_ACCOUNT_JSON" in (result.error or "")


def test_a_token_that_expires_is_renewed_once(bench: Any) -> None:
    bench.load("ga4")
    bench.sandbox.state.counts["ga4 refreshes"] = 0
    bench.tell(expire_at={"ga4": [bench.sandbox.state.counts["ga4"] + 4]})
    assert {result.state for result in bench.load("ga4").values()} == {"loaded"}
    assert bench.sandbox.state.counts["ga4 refreshes"] == 2


@pytest.fixture
def service_account(bench: Any) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bench.tell(words=[key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()])
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"type": "service_account", "client_email": "okr@acme.iam.gserviceaccount.com", "private_key": private}


def test_a_service_account_signs_its_way_in(bench: Any, service_account: dict[str, str]) -> None:
    bench.set("ga4", credentials__refresh_token="", credentials__service_account_json=json.dumps(service_account))
    assert {result.state for result in bench.load("ga4").values()} == {"loaded"}
    bench.tell(words=[])
    [result] = bench.load("ga4").values()
    assert result.state == "failed"
    for line in service_account["private_key"].splitlines():
        assert line not in (result.error or "")


def test_a_broken_key_file_is_not_shown(bench: Any) -> None:
    bench.set("ga4", credentials__service_account_json='{"private_key": "canary-4711"}')
    [result] = bench.load("ga4").values()
    assert "is not a service account's key" in (result.error or "")
    assert "4711" not in (result.error or "")


@pytest.mark.parametrize(
    "drift",
    [
        {"sessions": "many"},
        {"keyEvents": "1,5"},
        {"dimensionValues": []},
        {"metricValues": None},
        {"totalUsers": "1.5"},
    ],
)
def test_no_shape_of_answer_breaks_the_load(bench: Any, drift: dict[str, Any]) -> None:
    bench.load("ga4")
    before = bench.rows(TRAFFIC)
    bench.tell(drift={"ga4": drift})
    assert {result.state for result in bench.load("ga4").values()} == {"failed"}
    assert bench.rows(TRAFFIC) == before


def test_a_metric_that_the_user_may_not_see_is_no_data(bench: Any) -> None:
    """GA4 answers 0 for it; the others are loaded, and the property says which is missing and what to do."""
    hidden = {"activeMetricRestrictions": [{"metricName": "totalRevenue", "restrictedMetricTypes": ["REVENUE_DATA"]}]}
    landed = "select distinct total_revenue, is_thresholded from ga4.property_daily where date = ?"
    bench.tell(more={"ga4": {"metadata": {"schemaRestrictionResponse": hidden, "subjectToThresholding": True}}})
    result = bench.load("ga4")[EUROPE]
    assert (result.state, result.unknown_measures) == ("partial", ("conversion_value",))
    assert "totalRevenue" in (result.error or "")
    assert bench.rows(landed, YESTERDAY) == [(None, True)]
    sessions = [(*row[:3], Decimal(row[3])) for row in bench.rows(TRAFFIC)]
    assert sessions == [row for row in truth(bench, "sessions") if row[3]]
    bench.tell(more={})
    assert bench.load("ga4")[EUROPE].unknown_measures == ()
