"""Meta's dialect of errors: a code in the body, mostly under HTTP 400, and how full each quota is in headers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from okr_reports.channels.http import doubling
from okr_reports.channels.numbers import as_code, seconds
from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status

# Application, user, page and custom limits; 80000-80008 are those of a business use case (Graph API, "Rate Limits").
QUOTA_CODES = {4, 17, 32, 613, *range(80000, 80007), 80008}
# Counted by ad account; 4, 17, 32 and 613 are of the app or the user.
ACCOUNT_CODES = {*range(80000, 80007), 80008}
# The account is locked, for up to an hour.
LOCKED_SUBCODE = 2446079
# Meta's own passing faults.
PASSING_CODES = {2, 104, 960}
PASSING_SUBCODE = 99
TOKEN_CODES = {102, 190}
PERMISSION_CODES = {3, 10, *range(200, 300)}
NOT_THERE = (100, 33)
DEPRECATED_VERSION = 2635
TOO_MUCH = "reduce the amount of data"
# A report of too many days or campaigns (Insights API, "Error codes").
TOO_LARGE = "code 100/1487534"
_NEW_TOKEN = (
    "make a new access_token (best of a system user) with ads_read and set it in [sources.meta_ads.credentials]"
)
_ANSWERS = {"data", "id", "report_run_id"}
_PERCENT = ("app_id_util_pct", "acc_id_util_pct", "call_count", "total_cputime", "total_time")
_USAGE_HEADERS = ("x-fb-ads-insights-throttle", "x-business-use-case-usage", "x-app-usage", "x-ad-account-usage")


def classify(reply: Reply) -> Verdict:
    """What the code in the body says, else what the status says."""
    data = reply.data if isinstance(reply.data, dict) else {}
    error = data.get("error")
    if not isinstance(error, dict):
        if reply.status == 200 and reply.data is not None:
            return OK if _ANSWERS & data.keys() else Verdict("retry", "HTTP 200 without data")
        return classify_by_status(reply)
    code, subcode = as_code(error.get("code")), as_code(error.get("error_subcode"))
    message = f"HTTP {reply.status}, code {code}{f'/{subcode}' if subcode else ''}: {error.get('message')}"
    if TOO_MUCH in message:
        return Verdict("failed", message)
    if code in QUOTA_CODES:
        return _over_quota(reply, code, subcode, message)
    if code in TOKEN_CODES:
        return Verdict("unauthorized", message, todo=_NEW_TOKEN)
    if code in PERMISSION_CODES or (code, subcode) == NOT_THERE:
        return Verdict("forbidden", message, todo="give the token ads_read, and its user access to the ad account")
    if code == DEPRECATED_VERSION:
        return Verdict("failed", message, todo="set api_version under [sources.meta_ads] to one Meta still serves")
    if code in PASSING_CODES or subcode == PASSING_SUBCODE or error.get("is_transient") or reply.status >= 500:
        return Verdict("retry", message, reply.retry_after)
    return Verdict("failed", message)


def _over_quota(reply: Reply, code: int, subcode: int, message: str) -> Verdict:
    todo = "Meta's limits are renewed within an hour: refresh again then"
    if subcode == LOCKED_SUBCODE:
        return Verdict("quota", message, todo=todo, of_account=True)
    wait = seconds_to_regain(reply.headers) or reply.retry_after
    return Verdict("retry", message, wait, todo, doubling(60), of_account=code in ACCOUNT_CODES)


def usage(headers: Mapping[str, str]) -> float:
    """The fullest quota in percent, 0 if no header tells."""
    return max((seconds(entry.get(name)) or 0.0 for entry in _entries(headers) for name in _PERCENT), default=0.0)


def seconds_to_regain(headers: Mapping[str, str]) -> float | None:
    """How long until requests are answered again, None if no header tells."""
    waits = [0.0]
    for entry in _entries(headers):
        waits.append(60.0 * (seconds(entry.get("estimated_time_to_regain_access")) or 0))  # minutes
        if (seconds(entry.get("acc_id_util_pct")) or 0) >= 100:
            waits.append(seconds(entry.get("reset_time_duration")) or 0)
    return max(waits) or None


def _entries(headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The records of all usage headers; that of business use cases holds lists by business."""
    for name in _USAGE_HEADERS:
        try:
            header = json.loads(headers.get(name) or "{}")
        except (ValueError, RecursionError):
            continue
        if not isinstance(header, dict):
            continue
        if name != "x-business-use-case-usage":
            header = {"": [header]}
        listed = (entry for entries in header.values() if isinstance(entries, list) for entry in entries)
        yield from (entry for entry in listed if isinstance(entry, dict))
