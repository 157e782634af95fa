"""A channel of a REST declaration: asked for its days, mapped as files are, never believed where it lost its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from tests.channels.a_vendor import CHANNEL, DECLARATION, TODAY, Answer, Vendor, VendorBench, figures
from tests.support import ROOT


def test_the_first_load_has_all_days_and_the_next_the_last_ones(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    results = bench.load()
    assert {name: (one.state, one.rows) for name, one in results.items()} == dict.fromkeys(["a0", "a1"], ("loaded", 60))
    spend = sum(Decimal(one["stats"]["spend"]) for one in vendor.rows)
    assert (bench.sum("spend"), bench.sum("clicks")) == (spend, sum(one["stats"]["clicks"] for one in vendor.rows))
    assert bench.sum("days_with_clicks") == sum(one["stats"]["clicks"] == 10 for one in vendor.rows)
    assert vendor.asked[0][1] == {"from": "2026-09-24", "to": "2026-11-22", "page": "1"}
    assert len(vendor.asked) == 2
    # a vendor restates, and one day is taken back
    vendor.asked.clear()
    vendor.rows = [one for one in figures() if one["day"] != "2026-11-20"]
    for one in vendor.rows:
        one["stats"]["clicks"] = 100
    bench.load()
    assert vendor.asked[0][1] == {"from": "2026-11-13", "to": "2026-11-22", "page": "1"}
    assert bench.rows("select min(date) from files.measures where measure = 'clicks' and value = 100") == [
        (date(2026, 11, 13),)
    ]
    assert bench.rows("select count(*) from files.measures where date = '2026-11-20'") == [(0,)]
    assert bench.sum("clicks", "date >= '2026-11-13'") == 9 * 2 * 100


def test_days_that_were_missed_are_asked_for(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.load(today=TODAY - timedelta(days=30))
    vendor.asked.clear()
    bench.load()
    assert vendor.asked[0][1]["from"] == "2026-10-24"
    assert bench.rows("select count(distinct date) from files.measures") == [(60,)]


def test_an_answer_that_lost_its_rows_erases_nothing(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.load()
    before = bench.sum("spend")
    every = vendor.rows
    few = [one for one in every if one["day"] < "2026-11-13" or one["day"] >= "2026-11-20"]
    without_one = [one for one in every if one["account"]["id"] == "a0"]
    for rows, words in (
        ([], "has no records, where 20 were loaded for the same days"),
        (few, "has 6 records, where 20 were loaded"),
        (without_one[:-1] + every[:1], "9 records, where 20 were loaded"),
    ):
        vendor.rows = rows
        results = bench.load()
        assert results[""].state == "partial", words
        assert words in str(results[""].error)
        assert "okr refresh --channel vendor --from 2026-11-13 --to 2026-11-22" in str(results[""].error)
        assert bench.sum("spend") == before
    # a third account makes the other's absence less than half
    vendor.rows = [one for one in figures(accounts=3) if one["account"]["id"] != "a1"]
    assert "has no records of the account a1, where 10 were loaded" in str(bench.load()[""].error)
    # by hand it is taken, and said
    vendor.rows = few
    results = bench.load(window=(date(2026, 11, 13), date(2026, 11, 22)))
    assert {one.state for one in results.values()} == {"loaded"}
    assert "6 records, where 20 were loaded for the same days: these days were loaded by hand" in bench.warned[-1]
    assert bench.rows("select count(distinct date) from files.measures where date >= '2026-11-13'") == [(3,)]
    # and what is there from then on is what the next answers are held against
    assert {one.state for one in bench.load().values()} == {"loaded"}


def test_a_vendor_that_is_away_leaves_the_last_good_days(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    vendor.failures = [503, 429]
    assert {one.state for one in bench.load().values()} == {"loaded"}
    before = bench.sum("spend")
    vendor.token = "another-secret"
    results = bench.load()
    assert {name: one.state for name, one in results.items()} == {"": "failed"}
    assert "renew or correct the secrets under [sources.vendor]" in str(results[""].error)
    assert bench.sum("spend") == before
    assert "a-secret-token" not in "".join([*map(str, results.values()), *bench.said, *bench.warned])


def test_secrets_go_to_the_declared_host_alone(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    other = Vendor()
    try:
        page = {"data": figures(2), "next": f"{other.url}/v1/days?page=2"}
        vendor.answers["/v1/linked"] = lambda *_: (200, page)
        vendor.answers["/v1/sent_on"] = lambda *_: (307, f"{other.url}/v1/days")
        declared = DECLARATION.format(url=vendor.url)
        paging = "{type: page_number, base_page: 1, total_path: meta.pages}"
        linked = declared.replace("path: days", "path: linked")
        linked = linked.replace(paging, "{type: json_link, next_url_path: next}")
        sent_on = declared.replace("path: days", "path: sent_on")
        for text, words in ((linked, "another host"), (sent_on, "redirect")):
            bench.write("vendor.yml", text)
            [result] = bench.load().values()
            assert (result.state, words in str(result.error)) == ("failed", True), result.error
        assert not other.asked
    finally:
        other.close()


def test_only_https_and_this_machine_are_asked(vendor_bench: VendorBench) -> None:
    bench = vendor_bench
    for url in ("http://api.example.com", "https://169.254.169.254", "https://10.0.0.1", "https://metadata.internal"):
        bench.write("vendor.yml", DECLARATION.format(url=url))
        [result] = bench.load().values()
        assert result.state == "failed"
        assert "neither https nor this machine" in str(result.error)


def test_a_changed_mapping_reads_all_days_again(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.load()
    vendor.asked.clear()
    bench.write("channels.yml", CHANNEL.replace("clicks: stats.clicks", "clicks: {column: stats.clicks, scale: 2}"))
    # days by hand too: the others would keep their old meaning
    bench.load(window=(date(2026, 11, 20), date(2026, 11, 22)))
    assert vendor.asked[0][1]["from"] == "2026-09-24"
    assert bench.sum("clicks") == 2 * sum(one["stats"]["clicks"] for one in vendor.rows)
    # how often days are read again changes none of them
    vendor.asked.clear()
    bench.tell(lookback_days="3")
    bench.load()
    assert vendor.asked[0][1]["from"] == "2026-11-20"


def test_days_by_hand_leave_no_gap(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.load(window=(date(2026, 10, 1), date(2026, 10, 10)))
    assert bench.rows("select min(date), max(date) from files.measures") == [(date(2026, 10, 1), date(2026, 10, 10))]
    vendor.asked.clear()
    bench.load()
    assert vendor.asked[0][1]["from"] == "2026-09-24"
    assert bench.rows("select distinct spoken_through from files.file_measures") == [(date(2026, 11, 22),)]
    bench.load(window=(date(2026, 10, 1), date(2026, 10, 10)))
    assert bench.rows("select distinct spoken_through from files.file_measures") == [(date(2026, 11, 22),)]
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in vendor.rows)


def test_a_column_that_no_record_has(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.write("channels.yml", CHANNEL.replace("stats.clicks\n", "stats.click\n"))
    [result] = bench.load().values()
    assert "no record has 'stats.click'; did you mean" in str(result.error)
    assert "vendor.yml" in str(result.error)
    # one that comes and goes is no mistake, but for days on which it was there
    bench.write("channels.yml", CHANNEL + "      leads: stats.leads\n")
    vendor.rows[0]["stats"]["leads"] = 7
    assert {one.state for one in bench.load().values()} == {"loaded"}
    results = bench.load()
    assert {one.state for one in results.values()} == {"loaded"}, results[""].error
    assert bench.sum("leads") == 7
    assert "no record of these days has 'stats.leads'" in bench.warned[-1]
    for one in vendor.rows:
        one["stats"].pop("clicks")
    results = bench.load()
    assert results[""].state == "failed"
    assert "no record has 'stats.clicks'" in str(results[""].error)


def test_times_of_day_are_of_the_days_of_the_reports(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    events = [
        {"attributes": {"datetime": at, "value": value}, "metric": metric}
        for at, value, metric in (
            ("2026-11-20T23:30:00+00:00", 1.10, "open"),
            ("2026-11-20T10:00:00Z", None, "open"),
            ("2026-11-21T10:00:00Z", "12.5", "order"),
            (None, 5, "order"),
        )
    ]
    vendor.answers["/v1/days"] = lambda *_: (200, {"data": events, "meta": {"pages": 1}})
    mapping = """
    channels:
      - id: vendor
        kind: email
        from: {rest: vendor.yml}
        date: attributes.datetime
        measures:
          opens: {count: rows, where: {metric: open}}
          revenue: {column: attributes.value, where: {metric: order}}
          values: {count: column, column: attributes.value}
    """
    bench.write("channels.yml", mapping)
    [result] = bench.load().values()
    assert result.state == "loaded", result.error
    found = bench.rows("select date, measure, value from files.measures where value is not null order by all")
    assert [(day.day, measure, float(value)) for day, measure, value in found] == [
        (20, "opens", 1),
        (20, "values", 0),
        (21, "opens", 1),
        (21, "revenue", 12.5),
        (21, "values", 2),
    ]
    said = "\n".join(bench.said)
    assert "times of day in UTC are of the days of Europe/Madrid" in said
    assert "1 records without a day" in said


def test_a_channel_that_is_off_keeps_its_rows_and_asks_nobody(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.load()
    vendor.asked.clear()
    bench.tell(enabled="false")
    assert bench.load() == {}
    assert (vendor.asked, bench.rows("select count(*) > 0 from files.measures")) == ([], [(True,)])


def test_rows_that_come_twice_count_once_by_the_resources_key(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.write(
        "vendor.yml",
        DECLARATION.format(url=vendor.url).replace("- name: days", "- name: days\n    primary_key: [day, id]"),
    )
    rows = [{**one, "id": number % 2} for number, one in enumerate(figures(3))]
    vendor.rows = [*rows, {**rows[0], "stats": {"clicks": 1000, "spend": "1"}}]
    bench.load()
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in vendor.rows[1:])
    # records without a part of the key would pass for one another
    vendor.rows[2].pop("id")
    assert "a key of day, id, and there are records without 'id'" in str(bench.load()[""].error)


def test_the_guide_works_as_it_is_written(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    declared, mapping, *_ = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "vendors.md").read_text(), re.DOTALL)
    deals = [
        {"id": 1, "attributes": {"closed_at": "2026-11-03", "portal": "eu", "stage": "Won", "amount": 10.5}},
        {"id": 2, "attributes": {"closed_at": "2026-11-03", "portal": "eu", "stage": "Lost", "amount": 99}},
        {"id": 3, "attributes": {"closed_at": None, "portal": "eu", "stage": "Open", "amount": 1}},
        {"id": 1, "attributes": {"closed_at": "2026-11-04", "portal": "eu", "stage": "Won", "amount": 11}},
    ]
    vendor.answers["/v1/deals"] = lambda *_: (200, {"data": deals, "meta": {"pages": 1}})
    (bench.definitions_dir / "vendor.yml").unlink()
    bench.write("crm.yml", declared.replace("https://api.crm.example", vendor.url))
    bench.write("channels.yml", mapping)
    bench.tell("crm", token="another-secret")
    [result] = bench.load().values()
    assert (result.channel, result.account_id, result.state) == ("crm", "eu", "loaded"), result.error
    assert vendor.asked[0][1]["updated_from"] == "2025-01-01"
    assert vendor.asked[0][2]["authorization"] == "Bearer another-secret"
    assert bench.rows("select date, value from files.measures where measure = 'revenue' and value is not null") == [
        (date(2026, 11, 4), Decimal(11))
    ]
    assert (bench.sum("deals_won"), bench.sum("deals_won", "date = '2026-11-03'")) == (1, 0)


def test_ways_to_say_who_asks(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.tell(
        api_key="key-of-many-letters",
        username="ana",
        password="correct-horse",
        client_id="me",
        client_secret="hush-hush",
    )
    rows = {"data": figures(3), "meta": {"pages": 1}}
    vendor.answers["/v1/days"] = lambda *_: (200, rows)
    vendor.answers["/v1/token"] = lambda *_: (200, {"access_token": "handed-out-token", "expires_in": 3600})
    declared = DECLARATION.format(url=vendor.url)
    for auth, header, value in (
        ("api_key", "authorization", "key-of-many-letters"),
        ("{type: api_key, name: X-Key}", "x-key", "key-of-many-letters"),
        ("http_basic", "authorization", "Basic YW5hOmNvcnJlY3QtaG9yc2U="),
        ("{type: bearer, token: '{api_key}'}", "authorization", "Bearer key-of-many-letters"),
        ("bearer\n  headers: {X-Both: 'a {secrets.username} b'}", "x-both", "a ana b"),
        (
            f"{{type: oauth2_client_credentials, access_token_url: '{vendor.url}/v1/token'}}",
            "authorization",
            "Bearer handed-out-token",
        ),
    ):
        bench.write("vendor.yml", declared.replace("auth: {type: bearer}", f"auth: {auth}"))
        vendor.asked.clear()
        assert {one.state for one in bench.load().values()} <= {"loaded"}, (auth, bench.said[-1])
        assert vendor.asked[-1][2][header] == value
    bench.write("vendor.yml", declared.replace("token: ", "").replace("type: bearer", "type: jwt"))
    assert "`auth` is of no type that is known (jwt)" in str(bench.load()[""].error)


def test_an_account_has_days_an_answer_and_a_failure_of_its_own(vendor_bench: VendorBench) -> None:
    bench, vendor = vendor_bench, vendor_bench.vendor
    bench.write("vendor.yml", DECLARATION.format(url=vendor.url).replace("path: days", "path: accounts/{account_id}"))
    bench.write("channels.yml", CHANNEL.replace("    account_id: account.id\n", ""))
    assert "no account is given" in str(bench.load()[""].error)

    def rows_of(account: str) -> Callable[[dict[str, str], dict[str, str]], Answer]:
        def answer(query: dict[str, str], _: dict[str, str]) -> Answer:
            within = [one for one in vendor.rows if query["from"] <= one["day"] <= query["to"]]
            return 200, {"data": [one for one in within if one["account"]["id"] == account], "meta": {"pages": 1}}

        return answer

    for account in ("a0", "a1", "a2"):
        vendor.answers[f"/v1/accounts/{account}"] = rows_of(account)
    bench.tell(account_ids="a0,a1")
    results = bench.load()
    assert {name: (one.state, one.rows) for name, one in results.items()} == dict.fromkeys(["a0", "a1"], ("loaded", 60))
    of_first = sum(Decimal(one["stats"]["spend"]) for one in vendor.rows if one["account"]["id"] == "a0")
    assert bench.sum("spend", "account_id = 'a0'") == of_first
    # a new account begins at the start of history; one that fails, or lost its rows, fails alone
    vendor.rows = figures(accounts=3)
    vendor.answers["/v1/accounts/a0"] = lambda *_: (403, {"message": "not yours"})
    vendor.answers["/v1/accounts/a1"] = lambda *_: (200, {"data": [], "meta": {"pages": 1}})
    bench.tell(account_ids="a0,a1,a2")
    vendor.asked.clear()
    results = bench.load()
    assert {name: one.state for name, one in results.items()} == {"a0": "failed", "a1": "partial", "a2": "loaded"}
    assert "vendor account a0:" in str(results["a0"].error)
    assert {(path[-2:], query["from"]) for path, query, _ in vendor.asked} == {
        ("a0", "2026-11-13"),
        ("a1", "2026-11-13"),
        ("a2", "2026-09-24"),
    }
    assert bench.rows("select account_id, count(distinct date) from files.measures group by 1 order by 1") == [
        (name, 60) for name in ("a0", "a1", "a2")
    ]
    # while nobody says which accounts there are, rows stay; one that is taken off the list is taken out
    bench.tell(account_ids="")
    bench.load()
    bench.tell(account_ids="a1,a2")
    vendor.answers["/v1/accounts/a1"] = rows_of("a1")
    assert {name: one.state for name, one in bench.load().items()} == {"a1": "loaded", "a2": "loaded"}
    assert any("vendor:a0 is gone; its rows are taken out" in sentence for sentence in bench.warned)
    assert bench.rows("select distinct account_id from files.measures order by 1") == [("a1",), ("a2",)]
