"""HubSpot's own client (hubspot-api-client) gets from the stand-in what our channel gets, and asks as it asks."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hubspot.crm import contacts, deals
from urllib3 import Retry

from okr_reports.channels.hubspot.source import PROPERTIES

pytestmark = pytest.mark.sdk
CHANNEL = "hubspot"
# The stages' dates by both names that a portal may have: HubSpot's since 2024, and the one before.
STAGE_DATES = [
    "hs_v2_date_entered_marketingqualifiedlead",
    "hs_lifecyclestage_marketingqualifiedlead_date",
    "hs_v2_date_entered_salesqualifiedlead",
    "hs_lifecyclestage_salesqualifiedlead_date",
]
MIDNIGHT = "1793487600000"  # 2026-11-01 in Madrid


@pytest.fixture
def hubspot(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date="2026-11-01")
    bench.load(CHANNEL)
    return bench


def client(bench: Any, module: Any, patient: bool = False) -> Any:
    there = module.Configuration(host=f"{bench.sandbox.url}/{CHANNEL}")
    there.access_token = "sandbox"
    if patient:
        # Searches are limited by the second, here as there.
        there.retries = Retry(total=5, backoff_factor=0.5, status_forcelist=[429], allowed_methods=None)
    return module.ApiClient(there)


def search_bodies(bench: Any, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(body)
        for method, path, _, body in bench.sandbox.state.requests
        if method == "POST" and path.endswith(f"{kind}/search")
    ]


def test_a_search_asks_and_answers_the_same(hubspot: Any) -> None:
    [ours, *_] = search_bodies(hubspot, "contacts")
    api = contacts.SearchApi(client(hubspot, contacts, patient=True))
    changed = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": MIDNIGHT}
    found, first_id, more = [], 0, True
    while more:
        beyond = {"propertyName": "hs_object_id", "operator": "GTE", "value": str(first_id)}
        page = api.do_search(
            contacts.PublicObjectSearchRequest(
                filter_groups=[contacts.FilterGroup(filters=[changed, beyond])],
                sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                properties=[*PROPERTIES["contacts"], *STAGE_DATES],
                limit=200,
            )
        )
        found += page.results
        first_id, more = int(page.results[-1].id) + 1, page.paging is not None
    theirs = next(body for body in search_bodies(hubspot, "contacts")[::-1] if "v3" not in body)
    assert ours == {**theirs, "filterGroups": ours["filterGroups"]}
    assert {str(one) for one in ours["filterGroups"][0]["filters"]} >= {str(changed)}
    assert sorted(int(one.id) for one in found) == [
        int(row[0]) for row in hubspot.rows("select id from hubspot.contacts where not archived order by id::bigint")
    ]
    assert len(found) > 200


def test_listings_page_by_id_and_the_archive_is_listed(hubspot: Any) -> None:
    api = deals.BasicApi(client(hubspot, deals))
    seen: list[str] = []
    page = api.get_page(limit=100, properties=["amount", "dealstage"])
    while page.paging is not None:
        seen += [one.id for one in page.results]
        following = urlsplit(page.paging.next.link)
        assert f"{following.scheme}://{following.netloc}" == "https://api.hubapi.com"
        assert parse_qs(following.query) == {
            "limit": ["100"],
            "properties": ["amount", "dealstage"],
            "after": [page.paging.next.after],
        }
        page = api.get_page(limit=100, properties=["amount", "dealstage"], after=page.paging.next.after)
    seen += [one.id for one in page.results]
    assert len(seen) == len(set(seen)) > 300
    assert page.results[0].properties["amount"]
    archived = api.get_page(limit=100, archived=True)
    assert {one.archived for one in archived.results} == {True}


def test_errors_and_limits_are_hubspots(hubspot: Any) -> None:
    api = contacts.BasicApi(client(hubspot, contacts))
    _, status, headers = api.get_page_with_http_info(limit=1)
    assert (status, headers["X-HubSpot-RateLimit-Max"]) == (200, "100")
    assert int(headers["X-HubSpot-RateLimit-Remaining"]) < 100
    with pytest.raises(contacts.ApiException, match="no history of properties"):
        api.get_page(properties_with_history=["lifecyclestage"])
    hubspot.tell(throttled={CHANNEL: "You have reached your daily limit."})
    with pytest.raises(contacts.ApiException) as raised:
        api.get_page(limit=1)
    assert raised.value.status == 429
    assert json.loads(raised.value.body)["errorType"] == "RATE_LIMIT"
