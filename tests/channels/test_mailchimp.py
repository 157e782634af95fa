"""Mailchimp against the sandbox: totals become days by difference, corrections included; both kinds of credentials."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from okr_reports.channels.base import find_channel
from okr_reports.channels.configuration import Secret
from okr_reports.channels.mailchimp.settings import MailchimpCredentials, MailchimpSettings
from okr_reports.channels.mailchimp.source import classify
from okr_reports.channels.replies import Reply
from okr_reports.errors import CredentialsError
from okr_reports.sandbox.mailchimp import LETTER
from tests.channels.hostile_server import HEAD, at_once, hostile_server
from tests.channels.odd_answers import odd_vendor
from tests.channels.staged import staged_measures

ACCOUNT = "8d3a3db4d97663a9074efcc16"
START, TODAY = date(2026, 9, 1), date(2026, 11, 23)
NAMES = {
    "emails_sent": "emails_sent",
    "opens": "opens_total",
    "opens_unique": "unique_opens",
    "opens_proxy_excluded": "proxy_excluded_opens",
    "opens_unique_proxy_excluded": "proxy_excluded_unique_opens",
    "clicks": "clicks_total",
    "clicks_unique": "unique_subscriber_clicks",
    "unsubscribes": "unsubscribed",
    "bounces_hard": "hard_bounces",
    "bounces_soft": "soft_bounces",
    "abuse_reports": "abuse_reports",
    "orders": "total_orders",
    "revenue": "total_revenue",
    "audience_size": "audience_size",
}


@pytest.fixture
def bench(make_bench: Any) -> Any:
    made = make_bench()
    made.set("mailchimp", start_date=START.isoformat())
    return made


def truth(bench: Any, *known: str) -> dict[tuple[date, str, str], Decimal]:
    """Of audiences, of campaigns that were sent since START, and of those `known`: the others are not loaded."""
    rows = list(csv.DictReader(io.StringIO(bench.truth("mailchimp", **{"from": START.isoformat()}))))
    sent = {*known} | {
        row["campaign_id"] for row in rows if Decimal(row["emails_sent"]) or Decimal(row["audience_size"])
    }
    rows = [row for row in rows if row["campaign_id"] in sent]
    return {
        (date.fromisoformat(row["date"]), row["campaign_id"], ours): Decimal(row[theirs])
        for row in rows
        for ours, theirs in NAMES.items()
        if Decimal(row[theirs])
    }


def staged(bench: Any) -> dict[tuple[date, str, str], Decimal]:
    return {(row[0], row[2], row[3]): row[4] for row in staged_measures(bench, "mailchimp")}


def sums(days: dict[tuple[date, str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (_, campaign, measure), value in days.items():
        if measure != "audience_size":
            found[campaign, measure] += value
    return {key: value for key, value in found.items() if value}


def test_the_first_load_holds_every_campaign_whole_on_the_day_it_was_sent(bench: Any) -> None:
    result = bench.load("mailchimp")[ACCOUNT]
    assert (result.state, result.data_through) == ("loaded", TODAY - timedelta(days=1))
    days = staged(bench)
    assert sums(days) == sums(truth(bench))
    assert {day for day, _, measure in days if measure == "opens"} == {
        date(2026, 9, 1) + timedelta(days=7 * at) for at in range(12)
    }


def test_totals_become_days_by_difference_corrections_included(bench: Any) -> None:
    for at in range(14):
        bench.tell(today=(TODAY + timedelta(days=at)).isoformat())
        assert bench.load("mailchimp")[ACCOUNT].state == "loaded"
    days, told = staged(bench), truth(bench)
    assert sums(days) == sums(told)
    since = TODAY + timedelta(days=1)
    assert {key: value for key, value in days.items() if key[0] >= since} == {
        key: value for key, value in told.items() if key[0] >= since
    }
    assert any(value < 0 for (_, _, measure), value in days.items() if measure == "opens_unique")


def test_loading_twice_a_day_or_missing_days_keeps_the_sum(bench: Any) -> None:
    for today in (TODAY, TODAY, TODAY + timedelta(days=5), TODAY + timedelta(days=5)):
        bench.tell(today=today.isoformat())
        bench.load("mailchimp")
    assert sums(staged(bench)) == sums(truth(bench))
    bench.load("mailchimp", window=(START, date(2026, 10, 1)))
    assert sums(staged(bench)) == sums(truth(bench))


def test_audiences_have_a_history_of_month_ends_and_a_size_a_day(bench: Any) -> None:
    bench.load("mailchimp")
    told = truth(bench)
    sizes = {key: value for key, value in staged(bench).items() if key[2] == "audience_size"}
    assert {day for day, _, _ in sizes} == {date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 22)}
    assert sizes == {key: told[key] for key in sizes}


def test_listings_longer_than_a_page_are_read_to_the_end(bench: Any) -> None:
    bench.tell(page_size=1)
    bench.load("mailchimp")
    assert sums(staged(bench)) == sums(truth(bench))


def test_an_oauth_token_works_and_a_wrong_one_is_a_200(bench: Any) -> None:
    bench.set("mailchimp", credentials__api_key="", credentials__access_token="sandbox")
    assert bench.load("mailchimp")[ACCOUNT].state == "loaded"
    bench.set("mailchimp", credentials__access_token="mistyped-canary")
    [result] = bench.load("mailchimp").values()
    assert "invalid_token" in (result.error or "")
    assert "[sources.mailchimp.credentials]" in (result.error or "")
    assert "canary" not in (result.error or "")


def test_a_wrong_key_and_a_disabled_user_say_what_to_do(bench: Any) -> None:
    bench.set("mailchimp", credentials__api_key="mistyped-canary-us20")
    [result] = bench.load("mailchimp").values()
    assert "renew the credentials" in (result.error or "")
    assert "canary" not in (result.error or "")
    bench.set("mailchimp", credentials__api_key="sandbox")
    bench.tell(denied=[ACCOUNT])
    [result] = bench.load("mailchimp").values()
    assert "has been disabled" in (result.error or "")


def test_the_data_centre_comes_from_the_key() -> None:
    channel = find_channel("mailchimp")
    key = MailchimpCredentials(api_key=Secret("0123456789abcdef-us20"))
    assert channel.http(MailchimpSettings(credentials=key)).base_url == "https://us20.api.mailchimp.com"
    for wrong in ("0123456789abcdef", "0123456789abcdef-evil.example/"):
        with pytest.raises(CredentialsError, match="does not end in a data centre"):
            channel.http(MailchimpSettings(credentials=MailchimpCredentials(api_key=Secret(wrong))))


def test_no_subject_line_or_sender_is_landed(bench: Any) -> None:
    bench.load("mailchimp")
    for path in Path(bench.folder).rglob("*"):
        if path.is_file():
            assert b"Vogel" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"error": "invalid_token"}, "unauthorized"),
        (200, {"title": "?"}, "retry"),
        (200, {"reports": []}, "ok"),
        (429, {"title": "Too Many Requests"}, "retry"),
        (401, {}, "unauthorized"),
        (403, {}, "forbidden"),
        (404, {}, "failed"),
    ],
)
def test_mailchimps_errors_are_told_apart(status: int, body: dict[str, Any], kind: str) -> None:
    assert classify(Reply(status, {}, b"", body)).kind == kind


@pytest.mark.parametrize("drift", [{"emails_sent": "many"}, {"send_time": None}, {"clicks": 5}, {"emails_sent": 1.5}])
def test_no_shape_of_answer_breaks_the_load(bench: Any, drift: dict[str, Any]) -> None:
    bench.tell(drift={"mailchimp": drift})
    assert bench.load("mailchimp")[ACCOUNT].state == "failed"
    bench.tell(drift={})
    assert bench.load("mailchimp")[ACCOUNT].state == "loaded"


def test_an_automation_is_read_by_id_as_long_as_it_sends(bench: Any) -> None:
    """Its first letter went long ago: by the days of the window alone it would stay as it was then."""
    bench.tell(more={"mailchimp": {"automations": {"status": "sending"}}})
    for at in range(4):
        bench.tell(today=(TODAY + timedelta(days=at)).isoformat())
        assert bench.load("mailchimp")[ACCOUNT].state == "loaded"
    # days of the past that are asked for by hand must not get what is said of it today
    bench.load("mailchimp", window=(START, date(2026, 10, 1)))
    since = {key: value for key, value in staged(bench).items() if key[1] == LETTER and key[0] >= TODAY}
    told = {key: value for key, value in truth(bench, LETTER).items() if key[1] == LETTER and key[0] >= TODAY}
    assert since == told
    assert len(told) > 6
    bench.tell(more={"mailchimp": {"automations": {"status": "save"}}})
    asked = len(bench.sandbox.state.requests)
    bench.load("mailchimp")
    assert not [one for one in list(bench.sandbox.state.requests)[asked:] if LETTER in one[1]]


def test_one_report_without_a_send_time_is_left_out_and_named(bench: Any) -> None:
    bench.load("mailchimp")
    reports = requests.get(
        f"{bench.sandbox.url}/mailchimp/3.0/reports",
        params={"count": 3, "since_send_time": "2026-11-01T00:00:00+00:00"},
        auth=("any", "sandbox"),
        timeout=30,
    ).json()
    reports["total_items"] = 3
    reports["reports"][1]["send_time"] = ""
    del reports["reports"][2]["clicks"]["clicks_total"]
    with odd_vendor(bench.sandbox.url, "/3.0/reports", reports) as url:
        bench.set("mailchimp", base_url=f"{url}/mailchimp")
        result = bench.load("mailchimp")[ACCOUNT]
    assert result.state == "partial"
    for said in (reports["reports"][1]["id"], "send_time", reports["reports"][2]["id"], "clicks.clicks_total"):
        assert said in (result.error or "")
    told = sums(truth(bench))
    found = sums(staged(bench))
    assert {key for key in told if found.get(key) != told[key]} == {(reports["reports"][2]["id"], "clicks")}
    bench.set("mailchimp", base_url=f"{bench.sandbox.url}/mailchimp")
    assert bench.load("mailchimp")[ACCOUNT].state == "loaded"
    assert sums(staged(bench)) == told


@pytest.mark.parametrize("account_id", ["-Infinity", "²", "", "1e5", "8d3a3db4d97663a9074efcc16/../x", 7, None])
def test_an_account_that_cannot_be_is_refused_before_anything_is_loaded(bench: Any, account_id: Any) -> None:
    body = json.dumps({"account_id": account_id, "account_name": "Acme", "account_timezone": "Europe/Madrid"}).encode()
    with hostile_server(at_once(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)) as url:
        bench.set("mailchimp", base_url=url)
        [result] = bench.load("mailchimp").values()
    assert (result.account_id, result.state) == ("", "failed")
    assert "mailchimp: " in result.error


def test_a_total_that_is_new_counts_on_the_day_each_campaign_was_sent(bench: Any) -> None:
    """An account gets opens without proxies late: they are read from the start and stand where the others do."""
    bench.load("mailchimp")
    told = sums(truth(bench))
    with duckdb.connect(str(bench.warehouse)) as connection:
        connection.execute("update mailchimp.campaign_totals set proxy_excluded_unique_opens = null")
        connection.execute("update mailchimp.loaded_windows set made_with = null")
    bench.tell(today=(TODAY + timedelta(days=1)).isoformat())
    assert bench.load("mailchimp")[ACCOUNT].window_from == START
    days = staged(bench)
    new = {key[:2] for key in days if key[2] == "opens_unique_proxy_excluded"}
    assert {day for day, _ in new} == {day for day, _, measure in days if measure == "opens" and day < TODAY}
    assert sums(days).keys() == told.keys()
