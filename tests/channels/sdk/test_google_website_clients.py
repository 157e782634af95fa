"""Google's own clients for GA4 (google-analytics-data) and Search Console (google-api-python-client).

The first parses every answer into protobuf and refuses unknown fields; the second brings the discovery document, whose
schemas judge the answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta.services.beta_analytics_data.transports import BetaAnalyticsDataRestTransport
from google.analytics.data_v1beta.types import BatchRunReportsRequest, RunReportRequest
from google.api_core.exceptions import Forbidden, TooManyRequests
from google.oauth2.credentials import Credentials
from google.protobuf.json_format import ParseDict
from googleapiclient.discovery import build
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

pytestmark = pytest.mark.sdk
PROPERTY, SITE = "properties/250400001", "sc-domain:acme.example"


@pytest.fixture
def google(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set("ga4", start_date="2026-11-01")
    bench.set("search_console", start_date="2026-11-01")
    return bench


def bodies(bench: Any, path: str) -> Iterator[dict[str, Any]]:
    for method, asked, _, body in bench.sandbox.state.requests:
        if method == "POST" and asked.endswith(path):
            yield json.loads(body)


def analytics(bench: Any) -> Any:
    transport = BetaAnalyticsDataRestTransport(
        host=f"{bench.sandbox.url.removeprefix('http://')}/ga4", credentials=Credentials("sandbox"), url_scheme="http"
    )
    return BetaAnalyticsDataClient(transport=transport)


def test_every_report_our_channel_asks_for_is_a_message_and_so_is_its_answer(google: Any) -> None:
    google.load("ga4")
    there = analytics(google)
    name = google.rows("select account_id from ga4.traffic order by 1")[0][0]
    sums = {}
    for ours in [*bodies(google, f"{name}:runReport")][-3:]:
        asked = ParseDict(ours, RunReportRequest.pb()())
        asked.property = f"properties/{name}"
        answer = there.run_report(RunReportRequest.deserialize(asked.SerializeToString()))
        theirs = [*bodies(google, f"{name}:runReport")][-1]
        assert {key: theirs.get(key) for key in ("dateRanges", "dimensions", "metrics", "orderBys", "limit")} == {
            key: ours.get(key) for key in ("dateRanges", "dimensions", "metrics", "orderBys", "limit")
        }
        names = [header.name for header in answer.metric_headers]
        if "sessions" in names:  # people are in a report of their own
            at = names.index("sessions")
            sums[len(ours["dimensions"])] = sum(int(row.metric_values[at].value) for row in answer.rows)
        assert answer.row_count == len(answer.rows)
    [(traffic, daily)] = google.rows(
        "select (select sum(sessions) from ga4.traffic where account_id = $1), "
        "(select sum(sessions) from ga4.property_daily where account_id = $1)",
        name,
    )
    assert sums == {2: traffic, 1: daily}
    [batch, *_] = bodies(google, f"{name}:batchRunReports")
    asked = ParseDict(batch, BatchRunReportsRequest.pb()())
    asked.property = f"properties/{name}"
    answered = there.batch_run_reports(BatchRunReportsRequest.deserialize(asked.SerializeToString()))
    assert len(answered.reports) == len(batch["requests"])


def test_quotas_and_errors_are_ga4s(google: Any) -> None:
    google.load("ga4")
    name = google.rows("select account_id from ga4.traffic order by 1")[0][0]
    there = analytics(google)
    asked = {
        "property": f"properties/{name}",
        "metrics": [{"name": "sessions"}],
        "date_ranges": [{"start_date": "2026-11-01", "end_date": "2026-11-02"}],
    }
    answer = there.run_report({**asked, "return_property_quota": True})
    assert answer.property_quota.tokens_per_day.remaining == 199_997
    google.tell(throttled={"ga4": "Exhausted property tokens per hour."})
    with pytest.raises(TooManyRequests):
        there.run_report(asked)
    google.tell(throttled={}, denied=[name])
    with pytest.raises(Forbidden):
        there.run_report(asked)


@pytest.fixture
def search_console(google: Any) -> Iterator[Any]:
    with build(
        "searchconsole",
        "v1",
        static_discovery=True,
        credentials=Credentials("sandbox"),
        client_options={"api_endpoint": f"{google.sandbox.url}/search_console/"},
    ) as there:
        yield there


def conforms(answer: dict[str, Any], schema: str) -> None:
    """The discovery document's schema, closed: a field it does not name is refused.

    Its enumerations are left out: it writes BY_PROPERTY where the API answers byProperty.
    """
    schemas = json.loads(get_static_doc("searchconsole", "v1"))["schemas"]
    for schema_of_one in schemas.values():
        for field in schema_of_one["properties"].values():
            field.pop("enum", None)
    closed = {name: {**one, "additionalProperties": False} for name, one in schemas.items()}
    written = json.dumps({**closed[schema], "definitions": closed}).replace('"$ref": "', '"$ref": "#/definitions/')
    jsonschema.validate(answer, json.loads(written.replace('"id": "', '"title": "')))


def test_search_analytics_ask_and_answer_the_same(google: Any, search_console: Any) -> None:
    google.load("search_console")
    there = search_console
    sites = there.sites().list().execute()
    conforms(sites, "SitesListResponse")
    site = google.rows("select account_id from search_console.site_daily order by 1")[0][0]
    assert site in {one["siteUrl"] for one in sites["siteEntry"]}
    ours = next(body for body in bodies(google, "searchAnalytics/query") if body["dataState"] == "final")
    before = len([*bodies(google, "searchAnalytics/query")])
    answer = there.searchanalytics().query(siteUrl=site, body=ours).execute()
    conforms(answer, "SearchAnalyticsQueryResponse")
    assert [*bodies(google, "searchAnalytics/query")][before:] == [ours]
    assert [(row["keys"][0], row["clicks"]) for row in answer["rows"]] == google.rows(
        "select date::varchar, clicks from search_console.site_daily where account_id = ? order by 1", site
    )
    conforms(
        there.searchanalytics().query(siteUrl=site, body={**ours, "dataState": "all"}).execute(),
        "SearchAnalyticsQueryResponse",
    )
    google.tell(throttled={"search_console": "Quota exceeded"})
    with pytest.raises(HttpError) as raised:
        there.searchanalytics().query(siteUrl=site, body=ours).execute()
    assert (raised.value.status_code, raised.value.error_details[0]["reason"]) == (403, "quotaExceeded")
