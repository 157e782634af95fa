"""Google's dialect of errors: a GoogleAdsFailure in the details, an array around it where the answer is a stream."""

from __future__ import annotations

import json
import re
from typing import Any

from okr_reports.channels.http import doubling
from okr_reports.channels.numbers import seconds
from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status

# A cancelled account: nothing can be read of it any more, and nobody can fix that.
NOT_ENABLED = "CUSTOMER_NOT_ENABLED"
SCOPE = "https://www.googleapis.com/auth/adwords"
_DEVELOPER_TOKEN = (
    "Google ended developer tokens on 2026-09-09: take developer_token out of [sources.google_ads.credentials]; access "
    "belongs to the Cloud project of client_id"
)
# What is wrong with the Cloud project of the OAuth client, and with every account at once.
_PROJECT = {
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": "ask for Explorer, Basic or Standard access for the Cloud project",
    "PROJECT_DISABLED": "enable the Cloud project, and the Google Ads API in it",
    "CLOUD_PROJECT_NOT_UNDER_ORGANIZATION": "move the Cloud project below an organisation",
    "MISSING_TOS": "accept the terms of the Google Ads API for the Cloud project",
}
_ANSWERS = {"resourceNames", "results", "fieldMask", "access_token"}


def classify(reply: Reply) -> Verdict:
    """The verdict of Google's own error if there is one, even inside an answer that began well."""
    error = _error(reply.data)
    if error is None:
        whole = isinstance(reply.data, list) or (isinstance(reply.data, dict) and bool(_ANSWERS & reply.data.keys()))
        if reply.status == 200 and reply.data is not None:
            return OK if whole else Verdict("retry", "HTTP 200 without results")
        return classify_by_status(reply)
    reasons = _reasons(error)
    message = f"HTTP {error.get('code', reply.status)}: {error.get('message')} ({', '.join(reasons) or 'no reason'})"
    status = error.get("status")
    if status == "RESOURCE_EXHAUSTED" or reply.status == 429:
        return _exhausted(reply, error, reasons, message)
    if project := next((_PROJECT[reason] for reason in reasons if reason in _PROJECT), None):
        return Verdict(
            "unauthorized", message, todo=f"{project} that client_id of [sources.google_ads.credentials] is of"
        )
    if any("DEVELOPER_TOKEN" in reason for reason in reasons):
        return Verdict("unauthorized", message, todo=_DEVELOPER_TOKEN)
    if status == "UNAUTHENTICATED" or reply.status == 401:
        return Verdict("unauthorized", message)
    if status == "PERMISSION_DENIED":
        return Verdict("forbidden", message, todo=_advice(reasons))
    if status in ("INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN") or reply.status >= 500:
        return Verdict("retry", message, reply.retry_after)
    if {"UNSUPPORTED_VERSION", "UNRECOGNIZED_FIELD"} & set(reasons):
        return Verdict(
            "failed",
            message,
            todo="set api_version under [sources.google_ads] to a version Google still serves; if it is one, report it",
        )
    return Verdict("failed", message)


def _exhausted(reply: Reply, error: dict[str, Any], reasons: list[str], message: str) -> Verdict:
    """The delay may be 40,591 s: the base then ends the source. Without one, a daily quota is not worth waiting for."""
    todo = "Google renews the Cloud project's operations within 24 hours: refresh again then"
    wait = _retry_delay(error) or reply.retry_after
    if wait is None and "RESOURCE_EXHAUSTED" in reasons:
        return Verdict("quota", message, todo=todo)
    return Verdict("retry", message, wait, todo, waits=doubling(5))


def _error(data: Any) -> dict[str, Any] | None:
    """The error of a plain answer, or of the batch of a stream in which it stands."""
    for part in data if isinstance(data, list) else [data]:
        if isinstance(part, dict) and isinstance(part.get("error"), dict):
            found: dict[str, Any] = part["error"]
            return found
    return None


def _reasons(error: dict[str, Any]) -> list[str]:
    details = [detail for detail in error.get("details") or () if isinstance(detail, dict)]
    failures = [failure for detail in details for failure in detail.get("errors") or ()]
    return [str(reason) for failure in failures for reason in (failure.get("errorCode") or {}).values()]


def _retry_delay(error: dict[str, Any]) -> float | None:
    """Seconds from RetryInfo or quotaErrorDetails (`"40591s"`), or from the message ("Retry in 40591 seconds.")."""
    text = json.dumps(error)
    written = re.search(r'"retryDelay": "(\d+(?:\.\d+)?)s"', text) or re.search(r"[Rr]etry in (\d+) seconds", text)
    return seconds(written[1]) if written else None


def _advice(reasons: list[str]) -> str:
    if "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in reasons:
        return f"authorise again with the scope {SCOPE}"
    if NOT_ENABLED in reasons:
        return "the account is cancelled or not yet set up; take it out of account_ids if that stays so"
    return "give the user of the refresh token access to it; below a manager, set login_customer_id to the manager's id"
