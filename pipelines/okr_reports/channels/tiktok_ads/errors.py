"""TikTok's dialect of errors: everything is HTTP 200, and a code in the body says what it is."""

from __future__ import annotations

from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status

# Too many requests: the limit is counted by the second, the minute and the day.
RATE_CODE = 40100
RETRY_CODES = {RATE_CODE, 40200, 40201, 40202, 40700}
# 60001 is maintenance.
INTERNAL_CODES = {*range(50000, 60000), 60001}
# "The query is too large": of too many days or campaigns.
TOO_LARGE = "code 40067"
TOKEN_CODES = {40102, 40104, 40105}
NO_PERMISSION_CODES = {40001, 40002}


def classify(reply: Reply) -> Verdict:
    """The verdict of the code; an answer without one is not TikTok's."""
    data = reply.data if isinstance(reply.data, dict) else {}
    code = data.get("code")
    if not isinstance(code, int):
        return Verdict("retry", "HTTP 200 without a code") if reply.status == 200 else classify_by_status(reply)
    if code == 0:
        return OK if isinstance(data.get("data"), dict) else Verdict("retry", "code 0 without data")
    message = f"code {code}: {data.get('message')}"
    if code in RETRY_CODES or code in INTERNAL_CODES:
        todo = "TikTok renews its daily limit at midnight UTC: refresh again then" if code == RATE_CODE else ""
        # the limits of the second, the minute and the day look alike
        waits = (1.0, 300.0, 300.0) if code == RATE_CODE else ()
        return Verdict("retry", message, reply.retry_after, todo, waits)
    if code in TOKEN_CODES:
        return Verdict(
            "unauthorized",
            message,
            todo="authorise the app again and set the new access_token in [sources.tiktok_ads.credentials]",
        )
    if code in NO_PERMISSION_CODES:
        return Verdict(
            "forbidden",
            message,
            todo="let the advertiser's admin authorise the app with Ad Account and Reporting, or take it out of "
            "sources.tiktok_ads.account_ids",
        )
    return Verdict("failed", message)
