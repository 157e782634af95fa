"""Google Analytics 4: daily traffic by default channel group, daily totals, users of intervals (README.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.ga4.reports import ACCESS, SCOPE, Report, classify, run_for_each_range, run_report
from okr_reports.channels.ga4.settings import Ga4Settings
from okr_reports.channels.google_auth import google_token
from okr_reports.channels.http import Http
from okr_reports.channels.tables import AMOUNT, COUNT, DAY, FLAG, TEXT, entities, facts
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, CredentialsError, QuotaError, VendorError

# Metrics that add up over channel groups. A report may have ten at most, so that people have one of their own.
METRICS = {
    "sessions": "sessions",
    "engagedSessions": "engaged_sessions",
    "keyEvents": "key_events",
    "totalRevenue": "total_revenue",
    "purchaseRevenue": "purchase_revenue",
    "screenPageViews": "screen_page_views",
    "addToCarts": "add_to_carts",
    "checkouts": "checkouts",
    "ecommercePurchases": "ecommerce_purchases",
}
PEOPLE = {"totalUsers": "total_users", "newUsers": "new_users"}
# Columns that the models call by another name.
MEASURES = {
    "key_events": "conversions",
    "total_revenue": "conversion_value",
    "purchase_revenue": "purchase_value",
    "screen_page_views": "page_views",
    "ecommerce_purchases": "purchases",
    "total_users": "users",
}
# Asked for what comes with every report, data or not.
_ANY_DAY = date(2024, 1, 1)
_AMOUNTS = ("key_events", "total_revenue", "purchase_revenue")
_COLUMNS = dict.fromkeys(METRICS.values(), COUNT) | dict.fromkeys(_AMOUNTS, AMOUNT)


class Ga4(Channel[Ga4Settings]):
    """Grain: property and day of the property's zone; `traffic` by default channel group too. Amounts in its currency.

    `users_by_interval` holds people counted once over `interval_start`..`date`, both days in.
    """

    name = "ga4"
    settings_class = Ga4Settings
    access = ACCESS
    # A key event is attributed anew for up to twelve days.
    deep_lookback_days = 13
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        facts(
            "traffic",
            unique=("channel_group",),
            required=("channel_group", *_COLUMNS),
            channel_group=TEXT,
            currency=TEXT,
            **_COLUMNS,
        ),
        facts(
            "property_daily",
            required=(*_COLUMNS, *PEOPLE.values()),
            currency=TEXT,
            **_COLUMNS,
            total_users=COUNT,
            new_users=COUNT,
            has_other_row=FLAG,
            is_thresholded=FLAG,
            is_sampled=FLAG,
        ),
        facts("users_by_interval", unique=("interval_start",), interval_start=DAY, users=COUNT),
    )

    def http(self, settings: Ga4Settings) -> Http:
        http = Http(self.name, settings.base_url, classify, settings.secrets)
        http.authenticator = google_token(http, settings.credentials, SCOPE)
        return http

    def accounts(self, http: Http, settings: Ga4Settings) -> list[Account]:
        if not settings.account_ids:
            raise CredentialsError(
                self.name,
                "the setting sources.ga4.account_ids is missing",
                "list the numeric property ids (Admin, Property details) under [sources.ga4]",
            )
        return [account for account_id in settings.account_ids for account in _account(http, settings, account_id)]

    def load_facts(self, http: Http, settings: Ga4Settings, account: Account, landing: Landing) -> None:
        path, window = _path(settings, account.id), landing.window
        whole = [(window.start, window.end)]
        traffic = run_report(
            http, path, ranges=whole, dimensions=("date", "sessionDefaultChannelGroup"), metrics=tuple(METRICS)
        )
        totals, people = (
            run_report(http, path, ranges=whole, dimensions=("date",), metrics=tuple(metrics))
            for metrics in (METRICS, PEOPLE)
        )
        hidden = traffic.restricted | totals.restricted | people.restricted
        _say_hidden(landing, hidden)
        landing.facts(
            "traffic",
            landing.made(
                "rows of traffic",
                traffic.rows,
                lambda row: {**_row(row, account, hidden), "channel_group": row["sessionDefaultChannelGroup"]},
            ),
        )
        flags = _flags(traffic, totals, people)
        landing.facts(
            "property_daily",
            landing.made("days", _joined(totals, people), lambda row: {**_row(row, account, hidden), **flags}),
        )
        if "totalUsers" in hidden:
            return
        intervals = list(_intervals(window))
        users = run_for_each_range(http, path, intervals, "totalUsers")
        landing.facts(
            "users_by_interval",
            (
                {"date": end, "interval_start": start, "users": count}
                for (start, end), count in zip(intervals, users, strict=True)
                if count not in (0, "0")
            ),
        )


CHANNEL = Ga4()


def _path(settings: Ga4Settings, account_id: str) -> str:
    return f"{settings.api_version}/properties/{account_id}"


def _account(http: Http, settings: Ga4Settings, account_id: str) -> Iterator[Account]:
    """The property, if these credentials may read it: its currency and zone come with every report.

    What is wrong with one property is its own error.
    """
    if not account_id.isdecimal():
        what = f"{account_id!r} is no property id" + (
            " but one of Universal Analytics, which has ended" if account_id.upper().startswith("UA-") else ""
        )
        todo = "write the digits of Admin, Property details into account_ids of [sources.ga4]"
        yield Account(account_id, account_id, "", "UTC", error=ChannelError("ga4", what, todo))
        return
    try:
        report = run_report(
            http,
            _path(settings, account_id),
            ranges=[(_ANY_DAY, _ANY_DAY)],
            dimensions=(),
            metrics=("sessions",),
            limit=1,
        )
    except CredentialsError as error:
        if "HTTP 403" not in str(error) or SCOPE in str(error):
            raise
        return
    except (QuotaError, VendorError) as error:
        if http.is_over:
            raise
        yield Account(account_id, f"GA4 {account_id}", "", "UTC", error=error)
        return
    yield Account(account_id, f"GA4 {account_id}", report.currency, report.timezone)


def _say_hidden(landing: Landing, hidden: Collection[str]) -> None:
    """What the user may not see is answered as 0, and is none."""
    columns = [column for metric, column in (METRICS | PEOPLE).items() if metric in hidden]
    if not columns:
        return
    landing.unreported_columns.update(columns)
    landing.lacks(
        f"the user may not see {', '.join(sorted(hidden))}: no data, not 0",
        "give the credentials' user a role that may see cost and revenue (Admin, Property access management)",
        *(MEASURES.get(column, column) for column in columns),
    )


def _row(row: dict[str, Any], account: Account, hidden: Collection[str]) -> dict[str, Any]:
    written = row["date"]
    present = {metric: column for metric, column in (METRICS | PEOPLE).items() if metric in row}
    named = {column: None if metric in hidden else row[metric] for metric, column in present.items()}
    return {"date": date(int(written[:4]), int(written[4:6]), int(written[6:])), "currency": account.currency, **named}


def _joined(totals: Report, people: Report) -> list[dict[str, Any]]:
    """A row a day. GA4 leaves out rows of nothing but zeros: a day that a report lacks is 0 there."""
    days: dict[str, dict[str, Any]] = {}
    for report, other in ((totals, PEOPLE), (people, METRICS)):
        for row in report.rows:
            days.setdefault(row["date"], dict.fromkeys(other, "0")).update(row)
    return list(days.values())


def _flags(*reports: Report) -> dict[str, bool]:
    return {
        name: any(getattr(report, name) for report in reports)
        for name in ("has_other_row", "is_thresholded", "is_sampled")
    }


def _intervals(window: Window) -> Iterator[tuple[date, date]]:
    """Week, month, quarter and year to date for each day: what built-in periods and their weeks ask for.

    The first day of a year is the first of its quarter and month too, and each is asked once.
    """
    for day in window.days():
        quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        starts = {day - timedelta(days=day.weekday()), day.replace(day=1), quarter, day.replace(month=1, day=1)}
        yield from ((start, day) for start in sorted(starts))
