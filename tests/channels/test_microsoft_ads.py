"""Microsoft Ads against the sandbox over real HTTP: report jobs as ZIPs of CSV, tokens that rotate, a wide key."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from okr_reports.channels import jobs
from okr_reports.channels.microsoft_ads import report, source
from okr_reports.channels.microsoft_ads.errors import classify
from okr_reports.channels.microsoft_ads.services import Services
from okr_reports.channels.microsoft_ads.timezones import IANA, report_time_zone
from okr_reports.channels.replies import Reply
from okr_reports.errors import VendorError
from tests.channels.daily_truth import YESTERDAY, deleted_campaign, renamed_campaign, truth_rows
from tests.channels.staged import staged_measures

CHANNEL, EUROPE, US = "microsoft_ads", "150175881", "150298417"
START = "2026-07-27"
MEASURES = ("impressions", "clicks", "spend", "conversions", "conversion_value")
SUMS = """
    select date, account_id, campaign_id, currency, sum(impressions), sum(clicks), sum(spend),
           coalesce(sum(conversions_qualified), 0), coalesce(sum(revenue), 0)
    from microsoft_ads.campaign_performance group by 1, 2, 3, 4 order by 1, 2, 3
"""


@pytest.fixture
def microsoft(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date=START)
    return bench


def states(results: dict[str, Any]) -> dict[str, str]:
    return {account: result.state for account, result in results.items()}


def test_every_day_equals_the_truth(microsoft: Any) -> None:
    """The stand-in's store of reports refuses a request with our token, as the real one does."""
    assert states(microsoft.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    expected = truth_rows(microsoft, CHANNEL, MEASURES, START)
    assert len(expected) > 400
    assert microsoft.rows(SUMS) == expected


def test_no_row_of_the_wide_key_is_lost_and_empty_cells_are_no_value(microsoft: Any) -> None:
    microsoft.load(CHANNEL)
    [(rows, campaign_days, without, some)] = microsoft.rows(
        "select count(*), count(distinct (date, account_id, campaign_id)), count(*) filter (revenue is null), "
        "count(revenue) from microsoft_ads.campaign_performance"
    )
    assert rows == 2 * campaign_days
    assert without > 0
    assert some > 0


def test_purchases_and_leads_are_what_goals_of_their_categories_counted(microsoft: Any) -> None:
    """In the sandbox every conversion is of a goal for orders, which have all the value, or for leads."""
    microsoft.load(CHANNEL)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in staged_measures(microsoft, CHANNEL):
        sums[row[3]] += row[4]
    assert sums["purchases"] > sums["goal_leads"] > 0
    assert sums["purchases"] + sums["goal_leads"] == sums["all_conversions"]
    assert sums["purchase_value"] == sums["all_conversion_value"]
    assert "leads" not in sums


def test_an_account_without_goals_for_either_is_not_asked_for_them(microsoft: Any) -> None:
    microsoft.tell(more={CHANNEL: {"goals": [{"Name": "Page seen", "GoalCategory": "PageView"}, None]}})
    assert states(microsoft.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert microsoft.rows("select count(*) from microsoft_ads.campaign_goals") == [(0,)]


def test_a_word_for_leads_that_is_none_is_refused(microsoft: Any) -> None:
    microsoft.set(CHANNEL, leads="parts")
    [result] = microsoft.load(CHANNEL).values()
    assert 'write leads = "goals"' in result.error


def test_a_refresh_reads_thirty_days_and_replaces_them(microsoft: Any) -> None:
    microsoft.load(CHANNEL)
    first = microsoft.rows(SUMS)
    assert microsoft.load(CHANNEL)[EUROPE].window_from == YESTERDAY - timedelta(days=29)
    assert microsoft.rows(SUMS) == first
    microsoft.tell(today="2026-11-30")
    microsoft.load(CHANNEL)
    told = truth_rows(microsoft, CHANNEL, MEASURES, "2026-10-25")
    assert [row for row in microsoft.rows(SUMS) if date(2026, 10, 25) <= row[0] <= YESTERDAY] == told != first


def test_deleted_and_renamed_campaigns_keep_their_names(microsoft: Any) -> None:
    gone, renamed = deleted_campaign(microsoft, CHANNEL), renamed_campaign(microsoft, CHANNEL)
    microsoft.set(CHANNEL, start_date=str(gone.end - timedelta(days=30)))
    microsoft.load(CHANNEL)
    assert microsoft.rows("select count(*) from microsoft_ads.campaigns where id = ?", gone.id) == [(0,)]
    name = "select distinct campaign_name from microsoft_ads.campaign_performance where campaign_id = ?"
    assert microsoft.rows(name, gone.id) == [(gone.name(YESTERDAY),)]
    assert microsoft.rows("select name from microsoft_ads.campaigns where id = ?", renamed.id) == [
        (renamed.names[1][1],)
    ]


def test_accounts_come_in_pages_with_their_zones(microsoft: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ACCOUNT_PAGE", 1)
    microsoft.load(CHANNEL)
    described = "select id, currency, timezone, report_time_zone from microsoft_ads.accounts order by id"
    assert microsoft.rows(described) == [
        (EUROPE, "EUR", "Europe/Paris", "BrusselsCopenhagenMadridParis"),
        (US, "USD", "America/New_York", "EasternTimeUSCanada"),
    ]


def test_every_zone_is_known_by_both_names() -> None:
    assert {ZoneInfo(zone).key for zone in IANA.values()} == set(IANA.values())
    assert report_time_zone("IslamabadKarachiTashkent") == "IslandamabadKarachiTashkent"
    assert report_time_zone("Tehran") == "Tehran"


def test_the_rotated_refresh_token_is_the_one_used_next(microsoft: Any) -> None:
    microsoft.tell(expire_at={CHANNEL: [4]})
    assert states(microsoft.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    counts = microsoft.sandbox.state.counts
    assert (counts["microsoft_ads refreshes"], counts["microsoft_ads rotated"]) == (2, 1)


@pytest.mark.parametrize("told", [{"times": 1}, {"longer_than": 40}])
def test_failed_reports_are_made_again_in_smaller_windows(microsoft: Any, told: dict[str, int]) -> None:
    microsoft.tell(jobs={CHANNEL: {"outcome": "failed", **told}})
    assert states(microsoft.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}
    assert microsoft.rows(SUMS) == truth_rows(microsoft, CHANNEL, MEASURES, START)


def test_reports_that_fail_on_many_campaigns_are_made_by_campaign_and_that_is_said(microsoft: Any) -> None:
    """No scope names campaigns that are deleted: what may lack is partial, not silence."""
    microsoft.tell(jobs={CHANNEL: {"outcome": "failed", "more_than": 1}})
    day = date(2026, 11, 16)
    results = microsoft.load(CHANNEL, window=(day, day))
    assert states(results) == {EUROPE: "partial", US: "partial"}
    assert f"the report of {day} was made by campaign, without those deleted since" in results[EUROPE].error
    assert microsoft.rows(SUMS) == truth_rows(microsoft, CHANNEL, MEASURES, str(day), str(day))


def test_a_report_that_never_comes_is_given_up(microsoft: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LONGEST_JOB", 0.3)
    microsoft.tell(jobs={CHANNEL: {"outcome": "never"}})
    assert "cannot make the report of" in microsoft.load(CHANNEL)[EUROPE].error


def test_success_without_an_address_is_no_data(microsoft: Any) -> None:
    results = microsoft.load(CHANNEL, window=(date(2023, 12, 1), date(2023, 12, 31)))
    assert {(result.state, result.rows) for result in results.values()} == {("loaded", 0)}


def test_a_report_elsewhere_is_not_followed(microsoft: Any) -> None:
    services = Services(CHANNEL, microsoft.sandbox.url)
    for url in ("http://x.blob.core.windows.net/a.zip", "https://blob.core.windows.net.evil.example/a.zip"):
        with pytest.raises(VendorError, match="unknown host"):
            services.download(url)


def test_a_lasting_rate_limit_ends_the_source(microsoft: Any) -> None:
    microsoft.tell(throttled={CHANNEL: "You have exceeded the number of calls."})
    [result] = microsoft.load(CHANNEL).values()
    assert "code 117" in result.error
    assert microsoft.sandbox.state.counts[CHANNEL] == 2


def test_a_refused_account_fails_alone(microsoft: Any) -> None:
    microsoft.tell(denied=[US])
    results = microsoft.load(CHANNEL)
    assert states(results) == {EUROPE: "loaded", US: "failed"}
    assert "code 106" in results[US].error


@pytest.mark.parametrize("field", ["developer_token", "refresh_token"])
def test_a_wrong_credential_is_named_and_never_shown(microsoft: Any, field: str) -> None:
    microsoft.set(CHANNEL, **{f"credentials__{field}": "canary-4711"})
    [result] = microsoft.load(CHANNEL).values()
    assert field in result.error
    assert "canary-4711" not in result.error + "".join(microsoft.said)


def test_a_public_client_needs_no_secret(microsoft: Any) -> None:
    microsoft.set(CHANNEL, credentials__client_secret="")
    assert states(microsoft.load(CHANNEL)) == {EUROPE: "loaded", US: "loaded"}


@pytest.mark.parametrize(
    "drift",
    [{"Clicks": "many"}, {"Impressions": "1.5"}, {"Spend": "1.2.3"}, {"TimePeriod": "11/2/2026"}, {"TimePeriod": ""}],
)
def test_a_drifted_answer_fails_the_account(microsoft: Any, drift: dict[str, Any]) -> None:
    microsoft.tell(drift={CHANNEL: drift})
    results = microsoft.load(CHANNEL)
    assert states(results) == {EUROPE: "failed", US: "failed"}
    if "Clicks" in drift:
        assert "campaign_performance.clicks should be int64 but the vendor sent" in results[EUROPE].error
        assert "many" not in results[EUROPE].error
        assert "'many'" in microsoft.said[-1]


def line(**cells: str) -> str:
    return ",".join(f'"{cells.get(name, "")}"' for name in report.COLUMNS)


def test_rows_alike_in_the_whole_key_are_summed() -> None:
    cells = {
        "TimePeriod": "2026-11-02",
        "CampaignId": "7",
        "CampaignName": 'a ""b"", c',
        "Impressions": "1,234",
        "Clicks": "1",
        "Spend": "0.0000000001",
        "Revenue": "--",
        "ConversionsQualified": "1.5",
    }
    lines = [",".join(report.COLUMNS), line(**cells), line(**cells), line(**{**cells, "DeviceType": "Tablet"})]
    rows = report.read(CHANNEL, b"\xef\xbb\xbf" + "\n".join(lines).encode()).to_pylist()
    assert [(row["device_type"], row["impressions"], row["clicks"], row["conversions_qualified"]) for row in rows] == [
        (None, 2468, 2, Decimal(3)),
        ("Tablet", 1234, 1, Decimal("1.5")),
    ]
    assert {row["revenue"] for row in rows} == {None}
    assert {row["campaign_name"] for row in rows} == {'a "b", c'}


def test_without_the_qualified_conversions_the_deprecated_ones_are_taken() -> None:
    """ "Not everyone has this feature yet" (Microsoft, ConversionsQualified): its cell is empty then."""
    cells = {"TimePeriod": "2026-11-02", "CampaignId": "7", "Impressions": "5", "Clicks": "1", "Spend": "1"}
    with_it = {**cells, "ConversionsQualified": "1.25", "Conversions": "1", "AllConversionsQualified": "0"}
    without = {**cells, "CampaignId": "8", "Conversions": "3", "AllConversions": "1,004", "ConversionsQualified": "--"}
    neither = {**cells, "CampaignId": "9"}
    lines = [",".join(report.COLUMNS), line(**with_it), line(**without), line(**neither)]
    rows = report.read(CHANNEL, "\n".join(lines).encode()).to_pylist()
    assert [(row["conversions_qualified"], row["all_conversions_qualified"]) for row in rows] == [
        (Decimal("1.25"), 0),
        (3, 1004),
        (None, None),
    ]


def test_a_missing_column_is_no_silent_null() -> None:
    with pytest.raises(LookupError, match="Spend"):
        report.read(CHANNEL, ",".join(name for name in report.COLUMNS if name != "Spend").encode() + b"\n")


def zipped(*files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"{number}.csv", content)
    return packed.getvalue()


def test_only_a_zip_with_one_file_of_bearable_size_is_read() -> None:
    assert report.unzip(CHANNEL, EUROPE, zipped(b"a")) == b"a"
    for content in (b"no zip", zipped(), zipped(b"a", b"b")):
        with pytest.raises(VendorError, match="not a ZIP with one file"):
            report.unzip(CHANNEL, EUROPE, content)
    with pytest.raises(VendorError, match="larger than"):
        report.unzip(CHANNEL, EUROPE, zipped(b"0" * 2000), largest=1000)


@pytest.mark.parametrize(
    ("code", "where", "kind"),
    [
        (117, "OperationErrors", "retry"),
        (207, "OperationErrors", "retry"),
        (4204, "OperationErrors", "retry"),
        (0, "Errors", "retry"),
        (109, "Errors", "unauthorized"),
        (105, "Errors", "unauthorized"),
        (106, "Errors", "forbidden"),
        (106, "BatchErrors", "forbidden"),
        (2016, "OperationErrors", "failed"),
    ],
)
def test_codes_are_told_apart(code: int, where: str, kind: str) -> None:
    body = {"Type": "x", where: [{"Code": code, "ErrorCode": "Name", "Message": "m"}]}
    assert classify(Reply(400, {}, b"", body)).kind == kind


def test_an_answer_must_be_data_or_a_whole_zip() -> None:
    content = zipped(b"a" * 5000)
    assert classify(Reply(200, {}, content, None)).kind == "ok"
    assert classify(Reply(200, {}, content[: len(content) // 2], None)).kind == "retry"
    assert classify(Reply(200, {}, b"{}", {"status": 500})).kind == "retry"
    assert classify(Reply(400, {}, b"", {"Errors": [{"Code": 117}]})).waits == (60.0,) * 4
