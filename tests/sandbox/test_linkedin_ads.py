"""The stand-in of LinkedIn's API refuses what LinkedIn refuses, and keeps its oddities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from okr_reports.sandbox import linkedin_ads
from okr_reports.sandbox.restli import NotRestli, read_query
from okr_reports.sandbox.serve import RunningSandbox, start

ACCOUNT = "508720451"
HEADERS = {"Authorization": "Bearer sandbox", "LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
DAYS = "dateRange=(start:(year:2026,month:11,day:1),end:(year:2026,month:11,day:7))"
BASE = f"q=analytics&pivot=(value:CAMPAIGN)&timeGranularity=(value:DAILY)&{DAYS}"
OF_ACCOUNT = f"{BASE}&accounts=List(urn%3Ali%3AsponsoredAccount%3A{ACCOUNT})"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = start(seed=3, today=date(2026, 11, 23))
    yield running
    running.stop()


def get(sandbox: RunningSandbox, path: str, query: str, **headers: str | None) -> requests.Response:
    # a prepared URL: requests must not encode the query again
    request = requests.Request("GET", "http://x").prepare()
    request.url = f"{sandbox.url}/linkedin_ads/rest/{path}?{query}"
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {**HEADERS, **changed}.items():
        if value is not None:
            request.headers[name] = value
    return requests.Session().send(request, timeout=10)


def test_without_fields_only_impressions_and_clicks_come_back(sandbox: RunningSandbox) -> None:
    elements = get(sandbox, "adAnalytics", OF_ACCOUNT).json()["elements"]
    assert {frozenset(element) for element in elements} == {frozenset({"impressions", "clicks"})}


def test_rows_without_any_requested_metric_are_left_out(sandbox: RunningSandbox) -> None:
    def days(fields: str) -> int:
        return len(get(sandbox, "adAnalytics", f"{OF_ACCOUNT}&fields={fields}").json()["elements"])

    assert days("dateRange,pivotValues,oneClickLeads") < days("dateRange,pivotValues,impressions")
    assert days("dateRange,pivotValues") == days("dateRange,pivotValues,impressions")
    assert days("dateRange,pivotValues,likes") == 0


def test_campaigns_can_be_asked_for_by_urn(sandbox: RunningSandbox) -> None:
    campaigns = sandbox.state.company.campaigns("linkedin_ads", ACCOUNT)
    running = next(one for one in campaigns if one.delivers(date(2026, 11, 3)))
    asked = f"{BASE}&campaigns=List(urn%3Ali%3AsponsoredCampaign%3A{running.id})&fields=pivotValues,clicks"
    elements = get(sandbox, "adAnalytics", asked).json()["elements"]
    assert {tuple(element["pivotValues"]) for element in elements} == {(f"urn:li:sponsoredCampaign:{running.id}",)}


def test_money_is_a_decimal_string_with_the_residue_of_floats(sandbox: RunningSandbox) -> None:
    fields = "dateRange,pivotValues,costInLocalCurrency,conversionValueInLocalCurrency"
    elements = get(sandbox, "adAnalytics", f"{OF_ACCOUNT}&fields={fields}").json()["elements"]
    assert all(isinstance(element["costInLocalCurrency"], str) for element in elements)
    on_the_seventh = [element for element in elements if element["dateRange"]["start"]["day"] == 7]
    assert on_the_seventh
    for element in on_the_seventh:
        assert Decimal(element["costInLocalCurrency"]).as_tuple().exponent < -9


@pytest.mark.parametrize(
    "query",
    [
        OF_ACCOUNT.replace("(", "%28").replace(")", "%29"),
        OF_ACCOUNT.replace("%3A", ":"),
        OF_ACCOUNT.replace("List(", "List[").replace(")&fields", "]&fields"),
        OF_ACCOUNT.replace("year:2026", "year:2026x"),
        OF_ACCOUNT + "&accounts=List()",
        OF_ACCOUNT.replace("urn%3Ali%3AsponsoredAccount%3A", ""),
        BASE,
        OF_ACCOUNT.replace("q=analytics", "q=search"),
        OF_ACCOUNT + "&fields=" + ",".join(("dateRange", *linkedin_ads.METRICS, *linkedin_ads.OTHER_METRICS)),
        OF_ACCOUNT + "&fields=spend",
    ],
)
def test_wrong_queries_are_refused(sandbox: RunningSandbox, query: str) -> None:
    answer = get(sandbox, "adAnalytics", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "ILLEGAL_ARGUMENT"), answer.text


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": None}, 401, "INVALID_ACCESS_TOKEN"),
        ({"Authorization": "Bearer other"}, 401, "INVALID_ACCESS_TOKEN"),
        ({"Authorization": "Bearer sandbox-99"}, 401, "INVALID_ACCESS_TOKEN"),
        ({"LinkedIn_Version": "202401"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn_Version": "202613"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn_Version": None}, 426, "NONEXISTENT_VERSION"),
        ({"X_Restli_Protocol_Version": "3.0.0"}, 400, "ILLEGAL_ARGUMENT"),
    ],
)
def test_headers_are_checked(sandbox: RunningSandbox, headers: dict[str, Any], status: int, code: str) -> None:
    answer = get(sandbox, "adAccounts", "q=search", **headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_tunnelled_post_is_a_get(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.url}/linkedin_ads/rest/adAnalytics"
    form = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
    tunnel = {**form, "X-HTTP-Method-Override": "GET"}
    tunnelled = requests.post(url, data=OF_ACCOUNT, headers=tunnel, timeout=10)
    assert tunnelled.json() == get(sandbox, "adAnalytics", OF_ACCOUNT).json()
    assert requests.post(url, data=OF_ACCOUNT, headers=form, timeout=10).status_code == 400
    assert get(sandbox, "adAnalytics", OF_ACCOUNT + "&x=" + "y" * 9000).status_code == 414


def test_pages_are_joined_by_tokens(sandbox: RunningSandbox) -> None:
    search = "q=search&search=(status:(values:List(ACTIVE,PAUSED,COMPLETED)))&pageSize=500"
    ids: list[int] = []
    token = ""
    while True:
        query = search + (f"&pageToken={token}" if token else "")
        answer = get(sandbox, f"adAccounts/{ACCOUNT}/adCampaigns", query).json()
        ids += [element["id"] for element in answer["elements"]]
        assert len(answer["elements"]) <= 10
        token = answer["metadata"].get("nextPageToken")
        if not token:
            break
    assert len(ids) == len(set(ids)) > 10
    both = get(sandbox, "adAccounts", "q=search&search=(id:(values:List(urn%3Ali%3AsponsoredAccount%3A1)))&pageToken=x")
    assert both.status_code == 400


def test_tokens_are_issued_for_the_refresh_token_only(sandbox: RunningSandbox) -> None:
    form = dict.fromkeys(("client_id", "client_secret", "refresh_token"), "sandbox")
    form["grant_type"] = "refresh_token"
    url = f"{sandbox.url}/linkedin_ads/oauth/v2/accessToken"
    token = requests.post(url, data=form, timeout=10).json()["access_token"]
    assert get(sandbox, "adAccounts", "q=search", Authorization=f"Bearer {token}").status_code == 200
    for name in form:
        assert requests.post(url, data={**form, name: "other"}, timeout=10).status_code == 400


def test_accounts_of_others_are_forbidden(sandbox: RunningSandbox) -> None:
    answer = get(sandbox, "adAnalytics", OF_ACCOUNT.replace(ACCOUNT, "1"))
    assert (answer.status_code, answer.json()["code"]) == (403, "ACCESS_DENIED")


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("a=b", {"a": "b"}),
        ("a=List()", {"a": []}),
        ("a=List(x,y%2Cz)", {"a": ["x", "y,z"]}),
        ("a=(b:(c:1),d:List((e:2)))", {"a": {"b": {"c": "1"}, "d": [{"e": "2"}]}}),
        ("fields=a,b", {"fields": ["a", "b"]}),
        ("a=%28b%29x(", None),
        ("a=List(x", None),
        ("a=(b)", None),
        ("a=(b:1", None),
        ("a=b:c", None),
        ("a=1&a=2", None),
        ("a=List(x)y", None),
        ("a=(b:1;c:2)", None),
        ("a=%28x%29", None),
    ],
)
def test_restli_is_read_strictly(raw: str, read: dict[str, Any] | None) -> None:
    if read is None:
        with pytest.raises(NotRestli):
            read_query(raw)
    else:
        assert read_query(raw) == read
