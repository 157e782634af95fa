"""HubSpot CRM: contacts, companies and deals as they are now; the days' numbers are made from them (README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from okr_reports.channels.base import ACCOUNT_COLUMNS, Account, Channel, Landing
from okr_reports.channels.http import Http
from okr_reports.channels.hubspot.objects import SEARCHES_A_SECOND, archived, classify, crm_path, search
from okr_reports.channels.hubspot.settings import HubSpotSettings
from okr_reports.channels.oauth import RefreshedToken, has_neither, refresh_form
from okr_reports.channels.pace import Pace
from okr_reports.channels.tables import AMOUNT, DAY, FLAG, TEXT, entities
from okr_reports.channels.windows import Window

# In a window longer than this, open deals are read whatever their age: a first load must know the whole pipeline.
LONG_WINDOW = 31
# Column and measure of a stage, and the setting with its name.
STAGES = {"mql_on": ("mqls", "mql_stage"), "sql_on": ("sqls", "sql_stage")}
COMMON = ("createdate", "hs_analytics_source", "hs_merged_object_ids")
# No names, addresses or deal titles: persons stay in HubSpot.
PROPERTIES: dict[str, tuple[str, ...]] = {
    "contacts": (*COMMON, "lifecyclestage"),
    "companies": (*COMMON, "lifecyclestage"),
    "deals": (
        *COMMON,
        "pipeline",
        "dealstage",
        "closedate",
        "hs_is_closed",
        "hs_is_closed_won",
        "amount",
        "amount_in_home_currency",
        "deal_currency_code",
    ),
}
CHANGED = {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate", "deals": "hs_lastmodifieddate"}
_EVERY = {"account_id": TEXT, "created_on": DAY, "source": TEXT, "archived": FLAG}


class HubSpot(Channel[HubSpotSettings]):
    """Grain: object. Days are of the portal's zone, amounts in the portal's currency. No personal data is landed.

    What was merged away is in `merged_objects` and must be left out of every count.
    """

    name = "hubspot"
    settings_class = HubSpotSettings
    # Objects are asked for by when they changed, not by day: one slice reads a window of any length once.
    slice_days = 36_500
    tables = (
        entities("accounts", **ACCOUNT_COLUMNS),
        entities("contacts", **_EVERY, lifecycle_stage=TEXT, mql_on=DAY, sql_on=DAY),
        entities("companies", **_EVERY, lifecycle_stage=TEXT),
        entities(
            "deals",
            **_EVERY,
            pipeline_id=TEXT,
            stage_id=TEXT,
            closed_on=DAY,
            is_closed=FLAG,
            is_won=FLAG,
            amount=AMOUNT,
        ),
        entities("merged_objects", account_id=TEXT, kind=TEXT, object_id=TEXT, merged_into=TEXT),
        entities(
            "deal_stages",
            account_id=TEXT,
            pipeline_id=TEXT,
            pipeline_name=TEXT,
            name=TEXT,
            is_closed=FLAG,
            probability=AMOUNT,
        ),
    )

    def http(self, settings: HubSpotSettings) -> Http:
        given = settings.credentials
        form = refresh_form(given)
        if not given.access_token and not form:
            raise has_neither(self.name, "an access_token")
        http = Http(
            self.name, settings.base_url, classify, settings.secrets, paces={"/search": Pace(SEARCHES_A_SECOND, 1.0)}
        )
        http.authenticator = RefreshedToken(
            lambda: http, f"oauth/{settings.oauth_version}/token", given.access_token, form
        )
        return http

    def accounts(self, http: Http, settings: HubSpotSettings) -> list[Account]:
        portal = http.get(f"account-info/{settings.api_version}/details").data
        return [
            Account(
                str(portal["portalId"]),
                f"HubSpot {portal['portalId']}",
                portal["companyCurrency"],
                portal["timeZone"],
                portal.get("accountType") or "",
            )
        ]

    def load_entities(self, http: Http, settings: HubSpotSettings, account: Account, landing: Landing) -> None:
        pipelines = http.get(crm_path(settings.api_version, "pipelines", "deals")).data["results"]
        landing.entities(
            "deal_stages",
            (
                {
                    "id": f"{pipeline['id']}/{stage['id']}",
                    "account_id": account.id,
                    "pipeline_id": pipeline["id"],
                    "pipeline_name": pipeline["label"],
                    "name": stage["label"],
                    "is_closed": _flag(stage["metadata"].get("isClosed")),
                    "probability": stage["metadata"].get("probability"),
                }
                for pipeline in pipelines
                for stage in pipeline["stages"]
            ),
        )

    def load_facts(self, http: Http, settings: HubSpotSettings, account: Account, landing: Landing) -> None:
        """Everything that changed since the window began: until now, since today's changes may count for a past day."""
        stages = {column: getattr(settings, setting) for column, (_, setting) in STAGES.items()}
        for kind, properties in PROPERTIES.items():
            if kind == "contacts":
                properties = (*properties, *(name for stage in stages.values() for name in _entered(stage)))
            path = crm_path(settings.api_version, "objects", kind)
            live = list(search(http, path, _wanted(kind, landing.window, account), properties))
            gone = list(archived(http, path, properties))
            rows = landing.made(kind, [*gone, *live], partial(_row, kind, account, stages))
            if kind == "contacts" and rows:
                _say_stages(landing, [*gone, *live], stages)
            if kind == "deals":
                _say_currencies(landing, live, account)
            landing.entities(kind, rows)
            landing.entities("merged_objects", _merges(kind, live, account))
            landing.rows += len(rows)


CHANNEL = HubSpot()


def _wanted(kind: str, window: Window, account: Account) -> list[list[dict[str, str]]]:
    begin = datetime.combine(window.start, time(), ZoneInfo(account.timezone))
    changed = {"propertyName": CHANGED[kind], "operator": "GTE", "value": str(int(begin.timestamp() * 1000))}
    groups = [[changed]]
    if kind == "deals" and window.length > LONG_WINDOW:
        groups.append([{"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"}])
    return groups


def _entered(stage: str) -> tuple[str, str]:
    """The properties that say when a contact entered a stage: that of today, and that of before 2024."""
    return f"hs_v2_date_entered_{stage}", f"hs_lifecyclestage_{stage}_date"


def _say_stages(landing: Landing, contacts: Sequence[dict[str, Any]], stages: Mapping[str, str]) -> None:
    """A property that the portal has not is in no contact: nobody can have entered that stage."""
    known = set().union(*(found["properties"] for found in contacts))
    for column, (measure, setting) in STAGES.items():
        if not known & set(_entered(stages[column])):
            landing.lacks(
                f"the portal has no lifecycle stage {stages[column]!r}, so that {measure} has no data",
                f"set {setting} under [sources.hubspot] to the internal name of the stage that counts",
                measure,
            )


def _say_currencies(landing: Landing, deals: Sequence[dict[str, Any]], account: Account) -> None:
    """Deals whose amount cannot be expressed in the portal's currency are in every count and in no sum."""
    without = [found for found in deals if _lacks_rate(found["properties"], account)]
    if without:
        currencies = ", ".join(sorted({str(found["properties"]["deal_currency_code"]) for found in without}))
        ids = ", ".join(found["id"] for found in without[:5]) + (", ..." if len(without) > 5 else "")
        landing.lacks(
            f"{len(without):,} deals in {currencies} have no amount in {account.currency} (deals {ids}): "
            "they count, and their amounts are missing",
            "add the currency and its rate in HubSpot (Settings, Account defaults, Currency)",
        )


def _lacks_rate(has: Mapping[str, Any], account: Account) -> bool:
    return bool(has.get("amount")) and _home_amount(has, account) is None


def _row(kind: str, account: Account, stages: Mapping[str, str], found: dict[str, Any]) -> dict[str, Any]:
    """HubSpot answers a property without a value as null: one that is not there at all is gone, and raises KeyError."""
    has, zone = found["properties"], ZoneInfo(account.timezone)
    created_on = _day(has["createdate"], zone)
    if created_on is None:
        raise ValueError(f"createdate of {kind} {found['id']} is empty")
    row = {
        "id": found["id"],
        "account_id": account.id,
        "created_on": created_on,
        "source": has["hs_analytics_source"] or None,
        "archived": bool(found.get("archived")),
    }
    if kind != "deals":
        row["lifecycle_stage"] = has["lifecyclestage"] or None
    if kind == "contacts":
        row |= {
            column: _day(next(filter(None, (has.get(name) for name in _entered(stage))), None), zone)
            for column, stage in stages.items()
        }
    if kind == "deals":
        row |= {
            "pipeline_id": has["pipeline"],
            "stage_id": has["dealstage"],
            "closed_on": _day(has["closedate"], zone),
            "is_closed": _flag(has["hs_is_closed"]),
            "is_won": _flag(has["hs_is_closed_won"]),
            "amount": _home_amount(has, account),
        }
    return row


def _home_amount(has: Mapping[str, Any], account: Account) -> Any:
    """The amount in the portal's currency; None if there is none, or if HubSpot has not converted it yet."""
    if has.get("amount_in_home_currency"):
        return has["amount_in_home_currency"]
    is_home = (has.get("deal_currency_code") or account.currency) == account.currency
    return (has["amount"] or None) if is_home else None


def _merges(kind: str, live: Sequence[dict[str, Any]], account: Account) -> Iterator[dict[str, Any]]:
    for found in live:
        for gone in (found["properties"]["hs_merged_object_ids"] or "").split(";"):
            if gone and gone != found["id"]:
                yield {
                    "id": f"{kind}/{gone}",
                    "account_id": account.id,
                    "kind": kind,
                    "object_id": gone,
                    "merged_into": found["id"],
                }


def _day(written: str | None, zone: ZoneInfo) -> date | None:
    """The portal's day of a moment: ISO 8601, epoch milliseconds as old properties have it, or '' for none."""
    if not written:
        return None
    moment = datetime.fromtimestamp(int(written) / 1000, UTC) if written.isdigit() else datetime.fromisoformat(written)
    return moment.astimezone(zone).date()


def _flag(written: str | bool | None) -> bool | None:
    return None if written in (None, "") else str(written).lower() == "true"
