"""Reading CRM objects: the live ones by search, and the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from okr_reports.channels.http import Http
from okr_reports.channels.numbers import whole
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.errors import VendorError

SEARCH_PAGE = 200
LIST_PAGE = 100
SEARCHES_A_SECOND = 5


def classify(reply: Reply) -> Verdict:
    """HubSpot's dialect: the limit a 429 is about is in `policyName`; a malformed token is a 530."""
    data = reply.data if isinstance(reply.data, dict) else {}
    message = f"HTTP {reply.status}" + (f": {data['message']}" if data.get("message") else "")
    if reply.status == 200 and not ({"results", "portalId", "access_token"} & data.keys()):
        return Verdict("retry", "HTTP 200 without results")
    if reply.status == 429 and data.get("policyName") == "DAILY":
        return Verdict("quota", message, todo="HubSpot renews it at midnight of the portal: refresh again then")
    if reply.status == 429:
        return Verdict("retry", message, reply.retry_after, waits=(10.0,) * 5)
    if reply.status == 530:
        return Verdict("unauthorized", f"{message} (the token is malformed)")
    if reply.status == 404:
        todo = "set api_version under [sources.hubspot] to a version that HubSpot still serves"
        return Verdict("failed", message, todo=todo)
    if reply.status == 403:
        return Verdict(
            "forbidden",
            message,
            todo="give the app the scopes crm.objects.contacts.read, "
            "crm.objects.companies.read, crm.objects.deals.read and crm.schemas.deals.read",
        )
    return classify_by_status(reply)


def crm_path(version: str, family: str, kind: str) -> str:
    """A dated version stands behind the family (`crm/objects/2026-09/deals`), a numbered one before (`crm/v3/...`)."""
    return f"crm/{version}/{family}/{kind}" if version.startswith("v") else f"crm/{family}/{version}/{kind}"


def search(
    http: Http, path: str, any_of: Sequence[Sequence[dict[str, str]]], properties: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every object that meets all filters of one of the groups `any_of`, by ascending id.

    Each page is a search of its own above the last id: `after` is a position, so an object that leaves the list
    between two pages would take another with it, and it ends at the ten-thousandth.
    """
    first_id, more = 0, True
    while more:
        beyond = {"propertyName": "hs_object_id", "operator": "GTE", "value": str(first_id)}
        answer = http.post_json(
            f"{path}/search",
            {
                "filterGroups": [{"filters": [*group, beyond]} for group in any_of],
                "properties": list(properties),
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "limit": SEARCH_PAGE,
            },
        ).data
        for found in answer["results"]:
            if whole(found["id"]) < first_id:
                raise VendorError(http.channel, f"{path} gave a page twice", "refresh again; if it stays so, report it")
            first_id = whole(found["id"]) + 1
            yield found
        more = bool(answer["results"]) and bool(_after(answer))


def archived(http: Http, path: str, properties: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What was deleted in the last 90 days; HubSpot then forgets it."""
    after, seen = "", set()
    while after not in seen:
        seen.add(after)
        query = {"limit": LIST_PAGE, "archived": "true", "properties": ",".join(properties)}
        answer = http.get(path, urlencode({**query, "after": after} if after else query)).data
        yield from answer["results"]
        after = _after(answer)
        if not after:
            return
    raise VendorError(http.channel, f"{path} gave a page twice", "refresh again; if it stays so, report it")


def _after(answer: dict[str, Any]) -> str:
    return str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
