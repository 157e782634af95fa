"""Reading CRM objects: search past its cap of 10,000 results, the archive, and no faster than HubSpot allows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from pipelines.channels.http import Http, Reply, Verdict, classify_by_status
from pipelines.errors import VendorError

# A search answers 200 objects a page, and none past the ten-thousandth.
SEARCH_PAGE, SEARCH_CAP = 200, 10_000
LIST_PAGE = 100
SEARCHES_A_SECOND = 5
# HubSpot's clock and ours differ by the time a request travels.
_SECOND = 1.05


def classify(reply: Reply) -> Verdict:
    """HubSpot's dialect: the limit a 429 is about stands in `policyName`; a malformed token is a 530."""
    data = reply.data if isinstance(reply.data, dict) else {}
    message = f"HTTP {reply.status}: {data.get('message')}"
    if reply.status == 200 and not ({"results", "portalId", "access_token"} & data.keys()):
        return Verdict("retry", "HTTP 200 without results")
    if reply.status == 429 and data.get("policyName") == "DAILY":
        return Verdict("quota", message, todo="HubSpot renews it at midnight of the portal: refresh again then")
    if reply.status == 429:
        return Verdict("retry", message, reply.retry_after if reply.retry_after is not None else 1.0)
    if reply.status == 530:
        return Verdict("unauthorized", f"{message} (the token is malformed)")
    if reply.status == 403:
        return Verdict(
            "forbidden",
            message,
            todo="give the app the scopes crm.objects.contacts.read, "
            "crm.objects.companies.read, crm.objects.deals.read and crm.schemas.deals.read",
        )
    return classify_by_status(reply)


class Pace:
    """At most SEARCHES_A_SECOND searches in any second, of one portal."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._sent: deque[float] = deque(maxlen=SEARCHES_A_SECOND)

    def wait(self) -> None:
        if len(self._sent) == SEARCHES_A_SECOND:
            left = self._sent[0] + _SECOND - time.monotonic()
            if left > 0:
                self._http.sleep(left)
        self._sent.append(time.monotonic())


def search(
    http: Http, pace: Pace, path: str, any_of: Sequence[Sequence[dict[str, str]]], properties: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every object that meets all filters of one of the groups `any_of`, by ascending id."""
    first_id = 0
    while True:
        answered = last_id = 0
        for found in _search_from(http, pace, path, any_of, properties, first_id):
            answered, last_id = answered + 1, int(found["id"])
            yield found
        if answered < SEARCH_CAP:
            return
        first_id = last_id + 1


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


def _search_from(
    http: Http,
    pace: Pace,
    path: str,
    any_of: Sequence[Sequence[dict[str, str]]],
    properties: Sequence[str],
    first_id: int,
) -> Iterator[dict[str, Any]]:
    beyond = {"propertyName": "hs_object_id", "operator": "GTE", "value": str(first_id)}
    body = {
        "filterGroups": [{"filters": [*group, beyond]} for group in any_of],
        "properties": list(properties),
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": SEARCH_PAGE,
    }
    after = "0"
    while after and int(after) < SEARCH_CAP:
        pace.wait()
        answer = http.post_json(f"{path}/search", {**body, "after": after}).data
        yield from answer["results"]
        following = _after(answer)
        if following and int(following) <= int(after):
            raise VendorError(http.channel, f"{path} gave a page twice", "refresh again; if it stays so, report it")
        after = following


def _after(answer: dict[str, Any]) -> str:
    return str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
