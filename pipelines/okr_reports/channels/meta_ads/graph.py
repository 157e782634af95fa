"""Asking the Graph API: pages by cursor, report jobs with an end, slower when a quota is nearly full."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from okr_reports.channels.http import Http
from okr_reports.channels.jobs import JobFailed, JobLate, Part, fetch_with_splits, wait_for
from okr_reports.channels.meta_ads.errors import TOO_LARGE, TOO_MUCH, usage
from okr_reports.channels.replies import Reply
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError

ROWS_A_PAGE = 500
# How long to wait before the next request at which usage; Airbyte pauses at the same marks.
PAUSES = ((95.0, 30.0), (85.0, 5.0))


def pages(http: Http, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The records of all pages.

    The next page is requested by its cursor: `paging.next` is a whole URL of Meta's choosing with the token in it.
    Where Meta says that a page is too much, the page is halved.
    """
    limit, after = ROWS_A_PAGE, ""
    while True:
        parameters = {**query, "limit": limit, **({"after": after} if after else {})}
        try:
            answer = _slowly(http, http.get(path, urlencode(parameters))).data
        except VendorError as error:
            if TOO_MUCH not in str(error) or limit == 1:
                raise
            limit //= 2
            continue
        yield from answer["data"]
        paging = answer.get("paging") or {}
        if "next" not in paging:
            return
        if paging["cursors"]["after"] == after:
            raise VendorError(http.channel, f"{path} gave a cursor twice", "refresh again; if it stays so, report it")
        after = paging["cursors"]["after"]


def insights(
    http: Http,
    version: str,
    account_id: str,
    window: Window,
    form: Mapping[str, str],
    campaigns: Callable[[], Sequence[str]],
) -> Iterator[dict[str, Any]]:
    """The rows of a report, made by a job, or by several on parts of the window and of the ids of `campaigns`."""

    def report(part: Part) -> Iterator[dict[str, Any]]:
        days = json.dumps({"since": str(part.window.start), "until": str(part.window.end)})
        parameters = {**form, "time_range": days}
        if part.campaigns:
            operator = "NOT_IN" if part.of_others else "IN"
            parameters["filtering"] = json.dumps(
                [{"field": "campaign.id", "operator": operator, "value": part.campaigns}]
            )
        run = _finished(http, version, account_id, urlencode(parameters))
        return pages(http, f"{version}/{run}/insights")

    return fetch_with_splits(http, account_id, Part(window), report, campaigns)


def _finished(http: Http, version: str, account_id: str, form: str) -> str:
    """The id under which the rows of a new job are. Raises JobFailed."""
    try:
        started = _slowly(http, http.post_form(f"{version}/act_{account_id}/insights", form)).data
    except VendorError as error:
        if TOO_MUCH in str(error) or TOO_LARGE in str(error):
            raise JobLate(error.what) from None
        raise
    fields = urlencode({"fields": "id,account_id,async_status,async_percent_completion"})

    def look() -> str | None:
        state = _slowly(http, http.get(f"{version}/{started['report_run_id']}", fields)).data
        if state["async_status"] in ("Job Failed", "Job Skipped"):
            raise JobFailed
        # a job is complete only with both; the final id may differ from the one the POST gave
        is_complete = state["async_status"] == "Job Completed" and state["async_percent_completion"] == 100
        return str(state["id"]) if is_complete else None

    return wait_for(http, look)


def _slowly(http: Http, reply: Reply) -> Reply:
    full = usage(reply.headers)
    for mark, seconds in PAUSES:
        if full >= mark:
            http.pause(seconds, f"a quota is used to {full:.0f} %")
            break
    return reply
