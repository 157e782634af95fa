"""CRM objects as HubSpot writes them: every value a text, moments in ISO 8601, personal data among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from okr_reports.sandbox.crm import CrmObject, has_come


def changed_at(record: CrmObject, now: datetime, merged: Sequence[CrmObject]) -> datetime:
    """When the object last changed, merges into it included."""
    moments = [
        record.created,
        record.mql_at,
        record.sql_at,
        record.closed_at,
        record.amended[0] if record.amended else None,
        *(other.merged_at for other in merged),
    ]
    return max(moment for moment in moments if moment is not None and moment <= now)


def properties_of(record: CrmObject, now: datetime, merged: Sequence[CrmObject]) -> dict[str, str | None]:
    """All that HubSpot knows of the object; a search answers only the requested ones."""
    changed = _written(changed_at(record, now, merged))
    common: dict[str, str | None] = {
        "createdate": _written(record.created),
        "hs_object_id": str(record.id),
        "hs_analytics_source": record.source,
        "hs_merged_object_ids": ";".join(str(other.id) for other in merged) or None,
    }
    if record.kind == "contacts":
        return {**common, **_contact(record, now), "lastmodifieddate": changed}
    if record.kind == "companies":
        return {
            **common,
            "hs_lastmodifieddate": changed,
            "lifecyclestage": "lead",
            "name": f"Prospect {record.id} S.L.",
        }
    return {**common, **_deal(record, now), "hs_lastmodifieddate": changed}


# Types by the ends of names; all others are texts. HubSpot's own names of both.
_TYPES = {
    ("createdate", "lastmodifieddate", "closedate", "_date"): ("datetime", "date"),
    ("amount", "amount_in_home_currency"): ("number", "number"),
    ("hs_is_closed", "hs_is_closed_won"): ("bool", "booleancheckbox"),
    ("lifecyclestage", "dealstage", "pipeline", "hs_analytics_source"): ("enumeration", "select"),
}


def described(record: CrmObject, now: datetime) -> list[dict[str, str | bool]]:
    """The properties of a kind of object, of which `record` is one, as the list of properties has them."""
    found: list[dict[str, str | bool]] = []
    for name in properties_of(record, now, []):
        entered = name.startswith("hs_v2_date_entered")
        kind, field = next((types for ends, types in _TYPES.items() if name.endswith(ends)), ("string", "text"))
        kind, field = ("datetime", "date") if entered else (kind, field)
        label = name.removeprefix("hs_").replace("_", " ").capitalize()
        found.append({"name": name, "label": label, "type": kind, "fieldType": field, "hubspotDefined": True})
    return found


def _contact(record: CrmObject, now: datetime) -> dict[str, str | None]:
    stage = "lead"
    if has_come(record.mql_at, now):
        stage = "salesqualifiedlead" if has_come(record.sql_at, now) else "marketingqualifiedlead"
    # older portals have only the old name of the second
    return {
        "lifecyclestage": stage,
        "email": f"canary.{record.id}@person.example",
        "firstname": "Canaria",
        "lastname": f"Vogel{record.id}",
        "hs_v2_date_entered_marketingqualifiedlead": _if_come(record.mql_at, now),
        "hs_v2_date_entered_salesqualifiedlead": "",
        "hs_lifecyclestage_salesqualifiedlead_date": _if_come(record.sql_at, now),
    }


def _deal(record: CrmObject, now: datetime) -> dict[str, str | None]:
    is_closed = has_come(record.closed_at, now)
    return {
        "dealname": f"Canaria Vogel{record.id}: annual plan",
        "pipeline": "default",
        "dealstage": ("closedwon" if record.is_won else "closedlost") if is_closed else "appointmentscheduled",
        "closedate": _if_come(record.closed_at, now),
        "hs_is_closed": str(is_closed).lower(),
        "hs_is_closed_won": str(is_closed and record.is_won).lower(),
        "amount": str(record.amount_at(now)),
        "amount_in_home_currency": str(record.home_amount_at(now)),
        "deal_currency_code": record.currency,
    }


def _if_come(moment: datetime | None, now: datetime) -> str | None:
    return _written(moment) if moment is not None and moment <= now else None


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
