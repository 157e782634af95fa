"""adAnalytics: numbers by day and by what they are grouped by, in chunks of metrics and below the cap of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from okr_reports.channels.http import Http
from okr_reports.channels.linkedin_ads.restli import query
from okr_reports.channels.linkedin_ads.settings import LinkedInAdsSettings
from okr_reports.channels.tables import FIX_THE_CHANNEL
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError, quoted

# adAnalytics has no paging: it cuts off here without a word.
LARGEST_ANSWER = 15_000
# At most 20 fields a call, two of which are the key.
KEY_FIELDS = ("dateRange", "pivotValues")
METRICS_PER_CALL = 18
# What rows are made by, and how a row names it.
PIVOTS = {
    "CAMPAIGN": re.compile(r"urn:li:sponsoredCampaign:(\d+)"),
    "CONVERSION": re.compile(r"urn:lla:llaPartnerConversion:(\d+)"),
}
# Longer URLs are answered with 414; a tunnelled POST has no limit.
LONGEST_URL = 4_000


def analytics(
    http: Http,
    settings: LinkedInAdsSettings,
    account_id: str,
    window: Window,
    metrics: Sequence[str],
    pivots: Sequence[str] = ("CAMPAIGN",),
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The metrics of every campaign and day of the window that has any, by day and the ids of the pivots.

    Asked by account, so that campaigns deleted since are in it. LinkedIn leaves out what is 0: a row that one chunk of
    metrics has and another lacks, and a metric of a row, absent or null, that other rows have. Raises VendorError where
    no row has the field at all; one that is null in every row has no value.
    """
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for at in range(0, len(metrics), METRICS_PER_CALL):
        chunk = metrics[at : at + METRICS_PER_CALL]
        elements = list(_complete_elements(http, settings, account_id, window, chunk, pivots))
        sent = {metric for element in elements for metric in chunk if metric in element}
        if sent and (absent := set(chunk) - sent):
            raise _changed(f"adAnalytics answers without {', '.join(sorted(absent))}")
        zeros = {metric: 0 for element in elements for metric in chunk if element.get(metric) is not None}
        for element in elements:
            answered = {metric: element[metric] for metric in chunk if element.get(metric) is not None}
            row = merged.setdefault((_day(element), *_ids(element, pivots)), dict.fromkeys(metrics, 0))
            row.update({**dict.fromkeys(chunk), **zeros, **answered})
    return merged


def _complete_elements(
    http: Http,
    settings: LinkedInAdsSettings,
    account_id: str,
    window: Window,
    metrics: Sequence[str],
    pivots: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """The elements of the window, in halves where an answer reaches the cap."""
    # the finder of a single pivot, and that of several
    several = {"q": "statistics", "pivots": pivots}
    finder = query(
        **({"q": "analytics", "pivot": {"value": pivots[0]}} if len(pivots) == 1 else several),
        timeGranularity={"value": "DAILY"},
        dateRange={"start": window.start, "end": window.end},
        accounts=[f"urn:li:sponsoredAccount:{account_id}"],
    )
    answer = ask(http, settings, "adAnalytics", f"{finder}&fields={','.join((*KEY_FIELDS, *metrics))}")
    if len(answer["elements"]) < LARGEST_ANSWER:
        yield from answer["elements"]
    elif window.length == 1:
        raise VendorError(
            http.channel,
            f"{window.start} has {LARGEST_ANSWER:,} rows or more: LinkedIn cuts off",
            "split the account's campaigns over several ad accounts, or report it",
            account_id,
        )
    else:
        for half in window.slices((window.length + 1) // 2):
            yield from _complete_elements(http, settings, account_id, half, metrics, pivots)


def ask(http: Http, settings: LinkedInAdsSettings, path: str, parameters: str) -> Mapping[str, Any]:
    headers = {"LinkedIn-Version": settings.api_version, "X-Restli-Protocol-Version": "2.0.0"}
    if len(parameters) > LONGEST_URL:
        reply = http.post_form(f"rest/{path}", parameters, {**headers, "X-HTTP-Method-Override": "GET"})
    else:
        reply = http.get(f"rest/{path}", parameters, headers)
    answer: Mapping[str, Any] = reply.data
    return answer


def _ids(element: Mapping[str, Any], pivots: Sequence[str]) -> Iterator[str]:
    """The id of what each pivot names, in whatever order the row has them."""
    named = element["pivotValues"]
    for pivot in pivots:
        found = [PIVOTS[pivot].fullmatch(str(urn)) for urn in named] if isinstance(named, list) else []
        match = next(filter(None, found), None)
        if match is None:
            raise _changed(f"pivotValues should name a {pivot.lower()} but is {quoted(repr(str(named)[:60]))}")
        yield match[1]


def _changed(what: str) -> VendorError:
    return VendorError("linkedin_ads", what, FIX_THE_CHANNEL)


def _day(element: Mapping[str, Any]) -> date:
    start = element["dateRange"]["start"]
    return date(start["year"], start["month"], start["day"])
