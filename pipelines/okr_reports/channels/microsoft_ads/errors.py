"""Microsoft's dialect of errors: lists of numbered errors in the body, under several names."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from okr_reports.channels.numbers import as_code
from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status

# Internal error, call rate, concurrent requests, polled too soon.
RETRY_CODES = {0, 117, 207, 4204}
# The call rate is counted by the minute; of reports at once one must end first.
WAITS = {117: (60.0,) * 4, 207: (60.0,) * 14}
TOKEN_EXPIRED, WRONG_CREDENTIALS, NO_PERMISSION = 109, 105, 106
_LISTS = ("Errors", "OperationErrors", "BatchErrors")
_ANSWERS = {
    "User",
    "Accounts",
    "Campaigns",
    "ConversionGoals",
    "ReportRequestId",
    "ReportRequestStatus",
    "access_token",
}


def classify(reply: Reply) -> Verdict:
    """The verdict of the first numbered error, else of the status. A downloaded report must be a whole ZIP."""
    errors = _errors(reply.data)
    if not errors:
        if reply.status != 200:
            return classify_by_status(reply)
        whole = isinstance(reply.data, dict) and _ANSWERS & reply.data.keys()
        return OK if whole or zipfile.is_zipfile(io.BytesIO(reply.body)) else Verdict("retry", "HTTP 200 without data")
    codes = {as_code(error.get("Code")) for error in errors}
    first = errors[0]
    message = f"HTTP {reply.status}, code {first.get('Code')} {first.get('ErrorCode')}: {first.get('Message')}"
    if TOKEN_EXPIRED in codes:
        return Verdict("unauthorized", message)
    if WRONG_CREDENTIALS in codes:
        return Verdict(
            "unauthorized",
            message,
            todo="check developer_token and refresh_token in "
            "[sources.microsoft_ads.credentials]: both must be of production",
        )
    if NO_PERMISSION in codes:
        return Verdict("forbidden", message, todo="give the user of the refresh token a role on the account")
    if codes & RETRY_CODES:
        waits = next((WAITS[code] for code in WAITS if code in codes), ())
        return Verdict("retry", message, reply.retry_after, waits=waits)
    if reply.status in (401, 429) or reply.status >= 500:
        return classify_by_status(reply)
    return Verdict("failed", message)


def _errors(data: Any) -> list[dict[str, Any]]:
    if not isinstance(data, dict):
        return []
    return [error for name in _LISTS for error in data.get(name) or () if isinstance(error, dict)]
