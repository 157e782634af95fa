"""Mailchimp: totals of every campaign and the size of every audience, as they stood at each load (README.md)."""

from __future__ import annotations

import base64
import calendar
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from okr_reports.channels.base import ACCOUNT_COLUMNS, REPORT_IT, Account, Channel, Landing
from okr_reports.channels.http import Http, doubling
from okr_reports.channels.mailchimp.settings import MailchimpSettings
from okr_reports.channels.oauth import FixedToken
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.channels.tables import AMOUNT, COUNT, FIX_THE_CHANNEL, TEXT, entities
from okr_reports.channels.tables import DAY as DAY_TYPE
from okr_reports.channels.windows import DAY, Window
from okr_reports.errors import CredentialsError, VendorError, quoted

LOGIN = "https://login.mailchimp.com"
ACCESS = "the role Viewer or above (Account, Settings, Users), and see that neither it nor the account is disabled"
_DATA_CENTRE = re.compile(r"[a-z]{2,6}\d{1,3}")
PAGE = 1000
# In a window longer than this, the ends of past months are read too: a first load then has a history of audiences.
LONG_WINDOW = 31
# Column and where it is in a report. All only ever state the whole of a campaign.
TOTALS = {
    "emails_sent": ("emails_sent",),
    "opens_total": ("opens", "opens_total"),
    "unique_opens": ("opens", "unique_opens"),
    "proxy_excluded_opens": ("opens", "proxy_excluded_opens"),
    "proxy_excluded_unique_opens": ("opens", "proxy_excluded_unique_opens"),
    "clicks_total": ("clicks", "clicks_total"),
    "unique_subscriber_clicks": ("clicks", "unique_subscriber_clicks"),
    "unsubscribed": ("unsubscribed",),
    "hard_bounces": ("bounces", "hard_bounces"),
    "soft_bounces": ("bounces", "soft_bounces"),
    "abuse_reports": ("abuse_reports",),
    "total_orders": ("ecommerce", "total_orders"),
    "total_revenue": ("ecommerce", "total_revenue"),
}
# Mailchimp does not state these of every account.
OPTIONAL = frozenset({"proxy_excluded_opens", "proxy_excluded_unique_opens"})
_COLUMNS = dict.fromkeys(TOTALS, COUNT) | {"total_revenue": AMOUNT}
_WANTED = ("id", "campaign_title", "list_id", "send_time", *dict.fromkeys(place[0] for place in TOTALS.values()))
_ANSWERS = {"automations", "emails", "id", "account_id", "reports", "lists", "history", "dc"}


class Mailchimp(Channel[MailchimpSettings]):
    """Grain of `campaign_totals`: campaign and day, as of the end of that day. Days are of the account's zone.

    Totals are cumulative; the daily numbers are their differences and are made by dbt.
    """

    name = "mailchimp"
    settings_class = MailchimpSettings
    access = ACCESS
    slice_days = 36_500
    account_ids = r"[0-9a-f]{8,64}"
    # Opens and clicks of a campaign trickle in for months.
    deep_lookback_days = 120
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        entities("campaigns", account_id=TEXT, name=TEXT, audience_id=TEXT, sent_on=DAY_TYPE),
        entities(
            "campaign_totals",
            account_id=TEXT,
            campaign_id=TEXT,
            observed_on=DAY_TYPE,
            sent_on=DAY_TYPE,
            currency=TEXT,
            **_COLUMNS,
        ),
        entities("audiences", account_id=TEXT, name=TEXT),
        entities("audience_sizes", account_id=TEXT, audience_id=TEXT, date=DAY_TYPE, members=COUNT),
    )

    def http(self, settings: MailchimpSettings) -> Http:
        key, token = settings.credentials.api_key, settings.credentials.access_token
        if not key and not token:
            raise CredentialsError(
                self.name,
                "has neither an api_key nor an access_token",
                "set one under [sources.mailchimp.credentials] in .dlt/secrets.toml, or as "
                "SOURCES__MAILCHIMP__CREDENTIALS__API_KEY in the environment",
            )
        base_url = settings.base_url
        if "{dc}" in base_url:
            base_url = LOGIN if token else base_url.replace("{dc}", self._data_centre(key.rpartition("-")[2]))
        # the user's name may be anything
        basic = base64.b64encode(f"okr:{key}".encode()).decode()
        return Http(
            self.name,
            base_url,
            classify,
            (*settings.secrets, basic),
            FixedToken("Authorization", f"Bearer {token}" if token else f"Basic {basic}"),
        )

    def accounts(self, http: Http, settings: MailchimpSettings) -> list[Account]:
        if settings.credentials.access_token:
            found = http.send(
                "GET",
                "oauth2/metadata",
                authenticated=False,
                headers={"Authorization": f"OAuth {settings.credentials.access_token}"},
            ).data
            if "{dc}" in settings.base_url:
                http.base_url = settings.base_url.replace("{dc}", self._data_centre(found["dc"]))
        root = http.get("3.0/", "fields=account_id,account_name,account_timezone").data
        return [Account(root["account_id"], root.get("account_name") or "", "", root.get("account_timezone") or "UTC")]

    def load_facts(self, http: Http, settings: MailchimpSettings, account: Account, landing: Landing) -> None:
        window, zone = landing.window, ZoneInfo(account.timezone)
        found = {report["id"]: report for report in _sent_in(http, window, zone)}
        sent = _dated(landing, found.values(), zone)
        reports = [(report, sent_on) for report, sent_on in sent if window.start <= sent_on <= window.end]
        if not landing.by_hand:
            # they go on sending, however long ago the first letter went
            reports += _dated(landing, _automated(http, landing, {report["id"] for report, _ in reports}), zone)
        totals = _totals(landing, [report for report, _ in reports])
        landing.entities(
            "campaigns",
            (
                {
                    "id": report["id"],
                    "account_id": account.id,
                    "name": report.get("campaign_title"),
                    "audience_id": report.get("list_id"),
                    "sent_on": sent_on,
                }
                for report, sent_on in reports
            ),
        )
        landing.entities(
            "campaign_totals",
            (
                {
                    "id": f"{report['id']}/{window.end}",
                    "account_id": account.id,
                    "campaign_id": report["id"],
                    "observed_on": window.end,
                    "sent_on": sent_on,
                    "currency": (report.get("ecommerce") or {}).get("currency_code"),
                    **stated,
                }
                for (report, sent_on), stated in zip(reports, totals, strict=True)
            ),
        )
        sizes = list(_audiences(http, account, landing))
        landing.entities("audience_sizes", sizes)
        landing.rows += len(reports) + len(sizes)

    def _data_centre(self, name: str) -> str:
        if not _DATA_CENTRE.fullmatch(name):
            raise CredentialsError(
                self.name,
                "the api_key does not end in a data centre, such as -us20",
                "copy the whole key into [sources.mailchimp.credentials]",
            )
        return name


CHANNEL = Mailchimp()


def classify(reply: Reply) -> Verdict:
    """Mailchimp's dialect: an OAuth token that is not valid is answered with 200 and an `error`."""
    data = reply.data if isinstance(reply.data, dict) else {}
    if reply.status == 200 and data.get("error"):
        return Verdict("unauthorized", str(data["error"]))
    if reply.status == 200 and not (_ANSWERS & data.keys()):
        return Verdict("retry", "HTTP 200 without an answer")
    # ten requests at once are the limit; its bare 403 is no fault of permissions
    if reply.status == 429 or (reply.status == 403 and reply.data is None):
        return Verdict("retry", f"HTTP {reply.status}: too many requests", reply.retry_after, waits=doubling(1))
    verdict = classify_by_status(reply)
    return replace(verdict, todo=f"give the key's user {ACCESS}") if reply.status == 403 else verdict


def _dated(landing: Landing, reports: Iterable[dict[str, Any]], zone: ZoneInfo) -> list[tuple[dict[str, Any], date]]:
    """The reports with the day they were sent on. One without is left out and named."""
    taken = list(reports)
    unsent = [report for report in taken if not report.get("send_time")]
    if unsent and len(unsent) == len(taken):
        raise VendorError("mailchimp", "no report has a send_time", FIX_THE_CHANNEL)
    for report in unsent:
        name = f"{report['id']} ({quoted(report.get('campaign_title') or '')})"
        landing.lacks(f"the report of campaign {name} has no send_time and is left out", REPORT_IT)
    return [(report, _day(report["send_time"], zone)) for report in taken if report.get("send_time")]


def _automated(http: Http, landing: Landing, known: Collection[str]) -> Iterator[dict[str, Any]]:
    """The reports of the letters of automations that are not stopped, but for those that are known."""
    try:
        flows = list(_pages(http, "automations", "automations", ("id", "status")))
        emails = [
            email
            for flow in flows
            if flow["status"] != "save"
            for email in _emails(http, flow["id"])
            if email["status"] != "save" and email["id"] not in known
        ]
    except VendorError as error:
        if http.is_over:
            raise
        landing.lacks(f"automations cannot be listed ({error.what}): they stay as last read", error.todo)
        return
    for email in emails:
        report: dict[str, Any] = http.get(f"3.0/reports/{email['id']}", f"fields={','.join(_WANTED)}").data
        if report.get("emails_sent") or report.get("send_time"):
            yield report


def _emails(http: Http, flow: str) -> list[dict[str, Any]]:
    """All letters of an automation; the listing has no pages."""
    fields = "fields=emails.id,emails.status"
    found: list[dict[str, Any]] = http.get(f"3.0/automations/{flow}/emails", fields).data["emails"]
    return found


def _sent_in(http: Http, window: Window, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    begin, end = (
        datetime.combine(day, time(), zone).astimezone(UTC).isoformat() for day in (window.start, window.end + DAY)
    )
    return _pages(http, "reports", "reports", _WANTED, since_send_time=begin, before_send_time=end)


def _totals(landing: Landing, reports: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The totals of each report. One that a single report lacks is empty and named.

    Raises VendorError where all lack it, but for those that are optional; only an audience without a shop has no
    `ecommerce`.
    """
    stated: list[dict[str, Any]] = [{} for _ in reports]
    for column, (name, *inner) in TOTALS.items():
        without = []
        for report, row in zip(reports, stated, strict=True):
            value = report.get(name)
            row[column] = (value or {}).get(inner[0]) if inner else value
            if row[column] is None and (name != "ecommerce" or value):
                without.append(report["id"])
        if without:
            field = ".".join((name, *inner))
            if len(without) == len(reports):
                if column in OPTIONAL:
                    continue
                raise VendorError("mailchimp", f"the report of campaign {without[0]} has no {field}", FIX_THE_CHANNEL)
            landing.lacks(f"the reports of campaigns {', '.join(map(str, without[:5]))} have no {field}", REPORT_IT)
    return stated


def _audiences(http: Http, account: Account, landing: Landing) -> Iterator[dict[str, Any]]:
    """How many members each audience has at the window's end; in a long window also at the ends of its months."""
    window = landing.window
    audiences = list(_pages(http, "lists", "lists", ("id", "name", "stats.member_count")))
    landing.entities(
        "audiences",
        ({"id": audience["id"], "account_id": account.id, "name": audience.get("name")} for audience in audiences),
    )
    for audience in audiences:
        sizes = {window.end: audience["stats"]["member_count"]}
        if window.length > LONG_WINDOW:
            path = f"lists/{audience['id']}/growth-history"
            months = {
                _month_end(month["month"]): month["subscribed"]
                for month in _pages(http, path, "history", ("month", "subscribed"))
            }
            sizes = {day: size for day, size in months.items() if window.start <= day < window.end} | sizes
        for day, size in sizes.items():
            yield {
                "id": f"{audience['id']}/{day}",
                "account_id": account.id,
                "audience_id": audience["id"],
                "date": day,
                "members": size,
            }


def _pages(http: Http, path: str, key: str, fields: tuple[str, ...], **query: str) -> Iterator[dict[str, Any]]:
    """Every item of a listing, by count and offset until `total_items`."""
    named = ",".join(["total_items", *(f"{key}.{field}" for field in fields)])
    offset = 0
    while True:
        answer = http.get(f"3.0/{path}", urlencode({"count": PAGE, "offset": offset, "fields": named, **query})).data
        items = answer[key]
        yield from items
        offset += len(items)
        if offset >= answer["total_items"]:
            return
        if not items:
            raise VendorError(
                http.channel,
                f"{path} of {answer['total_items']:,} items ended after {offset:,}",
                "nothing of this answer was loaded; refresh again",
            )


def _day(written: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(written).astimezone(zone).date()


def _month_end(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year, number, calendar.monthrange(year, number)[1])
