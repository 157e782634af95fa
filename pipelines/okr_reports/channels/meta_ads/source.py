"""Meta Ads: ad accounts, campaigns, daily insights and actions by campaign (README.md: the load contract)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.http import Http
from okr_reports.channels.meta_ads.errors import classify
from okr_reports.channels.meta_ads.graph import insights, pages
from okr_reports.channels.meta_ads.settings import MetaAdsSettings
from okr_reports.channels.numbers import exact
from okr_reports.channels.oauth import FixedToken
from okr_reports.channels.tables import AMOUNT, COUNT, TEXT, entities, facts

FIELDS = (
    "campaign_id",
    "campaign_name",
    "impressions",
    "clicks",
    "inline_link_clicks",
    "spend",
    "actions",
    "action_values",
)
# Without this list deleted and archived ones are left out.
STATUSES = ("ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
ACCOUNT_STATUSES = {
    1: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
}


class MetaAds(Channel[MetaAdsSettings]):
    """Grain of `campaign_insights`: account, day of the account's zone, campaign; `campaign_actions`: action type too.

    Amounts are in the account's currency.
    """

    name = "meta_ads"
    settings_class = MetaAdsSettings
    access = "access to the ad account, and the token ads_read"
    slice_days = 184
    ended_states = frozenset({"CLOSED"})
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        entities("campaigns", account_id=TEXT, name=TEXT, status=TEXT, effective_status=TEXT, objective=TEXT),
        facts(
            "campaign_insights",
            unique=("campaign_id",),
            required=("campaign_id", "impressions", "clicks", "spend"),
            campaign_id=TEXT,
            campaign_name=TEXT,
            currency=TEXT,
            impressions=COUNT,
            clicks=COUNT,
            inline_link_clicks=COUNT,
            spend=AMOUNT,
        ),
        facts(
            "campaign_actions",
            unique=("campaign_id", "action_type"),
            campaign_id=TEXT,
            action_type=TEXT,
            currency=TEXT,
            actions=AMOUNT,
            action_value=AMOUNT,
        ),
    )

    def http(self, settings: MetaAdsSettings) -> Http:
        settings.windows()
        token = FixedToken("Authorization", f"Bearer {settings.credentials.access_token}")
        return Http(self.name, settings.base_url, classify, settings.secrets, token)

    def accounts(self, http: Http, settings: MetaAdsSettings) -> list[Account]:
        found = pages(
            http,
            f"{settings.api_version}/me/adaccounts",
            fields="account_id,name,currency,timezone_name,account_status",
        )
        return [
            Account(
                str(node["account_id"]),
                node.get("name") or "",
                node["currency"],
                node["timezone_name"],
                ACCOUNT_STATUSES.get(node["account_status"], str(node["account_status"])),
            )
            for node in found
        ]

    def load_entities(self, http: Http, settings: MetaAdsSettings, account: Account, landing: Landing) -> None:
        landing.entities(
            "campaigns",
            (
                {
                    "id": campaign["id"],
                    "account_id": account.id,
                    "name": campaign.get("name"),
                    "status": campaign.get("status"),
                    "effective_status": campaign.get("effective_status"),
                    "objective": campaign.get("objective"),
                }
                for campaign in _campaigns(http, settings, account)
            ),
        )

    def load_facts(self, http: Http, settings: MetaAdsSettings, account: Account, landing: Landing) -> None:
        form = {
            "level": "campaign",
            "time_increment": "1",
            "fields": ",".join(FIELDS),
        }
        if settings.windows():
            form["action_attribution_windows"] = json.dumps(settings.windows())

        def campaigns() -> list[str]:
            return [campaign["id"] for campaign in _campaigns(http, settings, account)]

        rows = list(insights(http, settings.api_version, account.id, landing.window, form, campaigns))
        landing.facts(
            "campaign_insights", ({**row, "date": row["date_start"], "currency": account.currency} for row in rows)
        )
        landing.facts(
            "campaign_actions",
            (
                {"date": row["date_start"], "campaign_id": row["campaign_id"], "currency": account.currency, **action}
                for row in rows
                for action in actions(row, settings.windows())
            ),
        )


CHANNEL = MetaAds()


def _campaigns(http: Http, settings: MetaAdsSettings, account: Account) -> Iterator[dict[str, Any]]:
    return pages(
        http,
        f"{settings.api_version}/act_{account.id}/campaigns",
        fields="id,name,status,effective_status,objective",
        effective_status=json.dumps(STATUSES),
    )


def actions(row: Mapping[str, Any], windows: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One record an action type, count and value joined. Types overlap: what may be added is decided in staging."""
    found: dict[str, dict[str, Any]] = {}
    for field, column in (("actions", "actions"), ("action_values", "action_value")):
        for action in row.get(field) or ():
            kind = action["action_type"]
            found.setdefault(kind, {"action_type": kind})[column] = _value(action, windows)
    return iter(found.values())


def _value(action: Mapping[str, Any], windows: Sequence[str]) -> Any:
    """The sum of the requested windows, where Meta gives them by name; else its `value`."""
    if "value" in action and not any(window in action for window in windows):
        return action["value"]
    return sum((exact(action[window]) for window in windows if window in action), Decimal(0))
