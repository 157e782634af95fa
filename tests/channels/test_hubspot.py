"""HubSpot against the sandbox: counts follow corrections of any age, merges and deletions; no name is landed."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okr_reports.channels.hubspot.objects import classify
from okr_reports.channels.replies import Reply
from okr_reports.sandbox.crm import Crm, morning_of
from tests.channels.staged import filled, staged_measures

PORTAL = "144512680"
START, YESTERDAY = date(2026, 8, 1), date(2026, 11, 22)
FLOWS = (
    "contacts_created",
    "companies_created",
    "mqls",
    "sqls",
    "deals_created",
    "deals_closed",
    "deals_won",
    "revenue",
    "created_pipeline_value",
)
MARKETING = ("PAID_SOCIAL", "PAID_SEARCH", "ORGANIC_SEARCH", "EMAIL_MARKETING")


@pytest.fixture
def bench(make_bench: Any) -> Any:
    made = make_bench()
    made.set("hubspot", start_date=START.isoformat())
    return made


def truth(bench: Any, end: date = YESTERDAY) -> dict[str, dict[tuple[date, str], Decimal]]:
    """By measure, (day, source) to value; zeros left out."""
    found: dict[str, dict[tuple[date, str], Decimal]] = defaultdict(dict)
    asked = {"from": START.isoformat(), "to": end.isoformat()}
    for row in csv.DictReader(io.StringIO(bench.truth("hubspot", **asked))):
        for measure in (*FLOWS, "pipeline_value"):
            if Decimal(row[measure]):
                found[measure][date.fromisoformat(row["date"]), row["campaign_id"]] = Decimal(row[measure])
    return found


def assert_equals_truth(bench: Any, end: date = YESTERDAY) -> None:
    rows, expected = staged_measures(bench, "hubspot"), truth(bench, end)
    for measure in FLOWS:
        assert {row[0:3:2]: row[4] for row in rows if row[3] == measure} == expected[measure], measure
    pipeline = filled(rows, "pipeline_value", START, end)
    assert {key: value for key, value in pipeline.items() if value} == expected["pipeline_value"]
    for measure in ("contacts_created", "deals_won", "revenue"):
        assert {row[0:3:2]: row[4] for row in rows if row[3] == f"marketing_{measure}"} == {
            key: value for key, value in expected[measure].items() if key[1] in MARKETING
        }
    assert {row[5] for row in rows} == {"EUR"}
    assert {row[1] for row in rows} == {PORTAL}


def test_every_day_equals_the_truth_as_corrections_come(bench: Any) -> None:
    """Amounts amended 40 days after closing, merges and deletions after the first load all change past days."""
    result = bench.load("hubspot")[PORTAL]
    assert (result.state, result.data_through) == ("loaded", YESTERDAY)
    assert result.rows > 1000
    assert_equals_truth(bench)
    before = truth(bench)
    for today in ("2026-11-25", "2026-12-20"):
        bench.tell(today=today)
        assert bench.load("hubspot")[PORTAL].state == "loaded"
    assert_equals_truth(bench, date(2026, 12, 19))
    after = truth(bench)
    for measure, days in (("contacts_created", 1), ("revenue", 30)):
        restated = {key for key in before[measure] if before[measure][key] != after[measure].get(key)}
        assert any(day < YESTERDAY - timedelta(days=days) for day, _ in restated), measure


def test_searches_go_on_past_ten_thousand_results(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_reports.sandbox.hubspot.SEARCH_CAP", 400)
    bench.load("hubspot")
    crm = Crm(bench.sandbox.state.company)
    now = morning_of(date(2026, 11, 23))
    changed = [one for one in crm.objects("contacts", now) if one.exists(now) and one.created.date() > START]
    assert len(changed) > 800
    landed = {row[0] for row in bench.rows("select id from hubspot.contacts")}
    assert {str(one.id) for one in changed} <= landed


def test_merged_contacts_are_known_by_what_they_became(bench: Any) -> None:
    bench.load("hubspot")
    now = morning_of(date(2026, 11, 23))
    merges = Crm(bench.sandbox.state.company).merges("contacts", now)
    expected = {
        (str(one.id), str(into))
        for into, gone in merges.items()
        for one in gone
        if one.merged_at and one.merged_at.date() > START
    }
    assert len(expected) > 5
    assert expected <= set(bench.rows("select object_id, merged_into from hubspot.merged_objects"))


def test_open_deals_older_than_the_history_are_in_the_pipeline(make_bench: Any) -> None:
    bench = make_bench()
    bench.set("hubspot", start_date="2026-10-01")
    bench.load("hubspot")
    [(forgotten,)] = bench.rows("select count(*) from hubspot.deals where created_on < '2026-01-01' and not is_closed")
    assert forgotten > 0
    # a short window asks for changes only
    bench.sandbox.state.counts["hubspot"] = 0
    bench.load("hubspot")
    assert bench.sandbox.state.counts["hubspot"] == 8


def test_no_personal_data_is_landed(bench: Any) -> None:
    bench.load("hubspot")
    for path in Path(bench.folder).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"person.example" not in content, path
            assert b"Vogel" not in content, path
            assert b"Prospect" not in content, path


def test_days_are_the_portals(bench: Any) -> None:
    bench.load("hubspot")
    crm, now = Crm(bench.sandbox.state.company), morning_of(date(2026, 11, 23))
    late = next(
        one
        for one in crm.objects("contacts", now)
        if one.created.date() > START and one.created.hour >= 22 and one.created.month < 10 and one.exists(now)
    )
    [(created_on,)] = bench.rows("select created_on from hubspot.contacts where id = ?", str(late.id))
    assert created_on == late.created.date() + timedelta(days=1)


def test_old_numbered_versions_work_and_a_wrong_one_is_named(bench: Any) -> None:
    bench.set("hubspot", api_version="v3")
    assert bench.load("hubspot")[PORTAL].state == "loaded"
    bench.set("hubspot", api_version="2031-03")
    [result] = bench.load("hubspot").values()
    assert "2031-03" in (result.error or "")


def test_a_token_that_expires_is_renewed_and_nothing_is_lost(bench: Any) -> None:
    bench.tell(expire_at={"hubspot": [5]})
    assert bench.load("hubspot")[PORTAL].state == "loaded"
    assert bench.sandbox.state.counts["hubspot refreshes"] == 1
    assert_equals_truth(bench)


def test_the_daily_limit_ends_the_source_at_once(bench: Any) -> None:
    bench.tell(throttled={"hubspot": "You have reached your daily limit."})
    [result] = bench.load("hubspot").values()
    assert "midnight of the portal" in (result.error or "")
    assert bench.sandbox.state.counts["hubspot"] == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"policyName": "SECONDLY"}, "retry"),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, "retry"),
        (429, {"policyName": "DAILY"}, "quota"),
        (530, {}, "unauthorized"),
        (403, {}, "forbidden"),
        (400, {}, "failed"),
        (200, {"status": "error"}, "retry"),
        (502, {}, "retry"),
    ],
)
def test_hubspots_errors_are_told_apart(status: int, body: dict[str, str], kind: str) -> None:
    assert classify(Reply(status, {}, b"", body)).kind == kind


def test_missing_scopes_and_mistyped_tokens_say_what_to_do(bench: Any) -> None:
    bench.tell(denied=[PORTAL])
    assert "crm.objects.contacts.read" in (bench.load("hubspot")[PORTAL].error or "")
    bench.tell(denied=[])
    bench.set("hubspot", credentials__access_token="canary-4711", credentials__refresh_token="canary-4712")
    [result] = bench.load("hubspot").values()
    assert "sources.hubspot.credentials" in (result.error or "")
    assert "canary" not in (result.error or "")


@pytest.mark.parametrize(
    "drift",
    [
        {"createdate": "yesterday"},
        {"amount_in_home_currency": "1,50"},
        {"createdate": None},
        {"hs_merged_object_ids": 5},
    ],
)
def test_no_shape_of_answer_breaks_the_load(bench: Any, drift: dict[str, Any]) -> None:
    bench.tell(drift={"hubspot": drift})
    result = bench.load("hubspot")[PORTAL]
    assert result.state == "failed"
    bench.tell(drift={})
    assert bench.load("hubspot")[PORTAL].state == "loaded"


STAGE = ("hs_v2_date_entered_marketingqualifiedlead", "hs_lifecyclestage_marketingqualifiedlead_date")


def test_a_portal_without_a_stage_has_no_data_of_it_and_names_the_setting(bench: Any) -> None:
    bench.tell(drift={"hubspot": {name: {"renamed": None} for name in STAGE}})
    result = bench.load("hubspot")[PORTAL]
    assert (result.state, result.unknown_measures) == ("partial", ("mqls",))
    assert "set mql_stage under [sources.hubspot]" in (result.error or "")
    told = truth(bench)
    staged = staged_measures(bench, "hubspot")
    for measure in ("contacts_created", "sqls", "revenue"):
        assert {row[0:3:2]: row[4] for row in staged if row[3] == measure} == told[measure], measure
    # a stage made by hand has another name
    bench.tell(drift={"hubspot": {STAGE[0]: {"renamed": "hs_v2_date_entered_4711"}}})
    bench.set("hubspot", mql_stage="4711")
    assert bench.load("hubspot", window=(START, YESTERDAY))[PORTAL].state == "loaded"
    assert {row[0:3:2]: row[4] for row in staged_measures(bench, "hubspot") if row[3] == "mqls"} == told["mqls"]


def test_deals_in_a_currency_without_a_rate_are_named(bench: Any) -> None:
    bench.tell(drift={"hubspot": {"deal_currency_code": "GBP", "amount_in_home_currency": None}})
    result = bench.load("hubspot")[PORTAL]
    assert result.state == "partial"
    assert "deals in GBP have no amount in EUR" in (result.error or "")
    rows = staged_measures(bench, "hubspot")
    assert {row[3] for row in rows} & {"deals_won", "revenue"} == {"deals_won"}
