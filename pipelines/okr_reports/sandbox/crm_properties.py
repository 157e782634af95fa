"""CRM objects as HubSpot writes them: every value a text, moments in ISO 8601, personal data among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from okr_reports.sandbox.crm import CrmObject, has_come


def changed_at(one: CrmObject, now: datetime, merged: Sequence[CrmObject]) -> datetime:
    """When the object last changed, merges into it included."""
    moments = [
        one.created,
        one.mql_at,
        one.sql_at,
        one.closed_at,
        one.amended[0] if one.amended else None,
        *(other.merged_at for other in merged),
    ]
    return max(moment for moment in moments if moment is not None and moment <= now)


def properties_of(one: CrmObject, now: datetime, merged: Sequence[CrmObject]) -> dict[str, str | None]:
    """All that HubSpot knows of the object; a search answers only what is asked for."""
    changed = _written(changed_at(one, now, merged))
    common: dict[str, str | None] = {
        "createdate": _written(one.created),
        "hs_object_id": str(one.id),
        "hs_analytics_source": one.source,
        "hs_merged_object_ids": ";".join(str(other.id) for other in merged) or None,
    }
    if one.kind == "contacts":
        return {**common, **_contact(one, now), "lastmodifieddate": changed}
    if one.kind == "companies":
        return {**common, "hs_lastmodifieddate": changed, "lifecyclestage": "lead", "name": f"Prospect {one.id} S.L."}
    return {**common, **_deal(one, now), "hs_lastmodifieddate": changed}


def _contact(one: CrmObject, now: datetime) -> dict[str, str | None]:
    stage = "lead"
    if has_come(one.mql_at, now):
        stage = "salesqualifiedlead" if has_come(one.sql_at, now) else "marketingqualifiedlead"
    # older portals have only the old name of the second
    return {
        "lifecyclestage": stage,
        "email": f"canary.{one.id}@person.example",
        "firstname": "Canaria",
        "lastname": f"Vogel{one.id}",
        "hs_v2_date_entered_marketingqualifiedlead": _if_come(one.mql_at, now),
        "hs_v2_date_entered_salesqualifiedlead": "",
        "hs_lifecyclestage_salesqualifiedlead_date": _if_come(one.sql_at, now),
    }


def _deal(one: CrmObject, now: datetime) -> dict[str, str | None]:
    is_closed = has_come(one.closed_at, now)
    return {
        "dealname": f"Canaria Vogel{one.id}: annual plan",
        "pipeline": "default",
        "dealstage": ("closedwon" if one.is_won else "closedlost") if is_closed else "appointmentscheduled",
        "closedate": _if_come(one.closed_at, now),
        "hs_is_closed": str(is_closed).lower(),
        "hs_is_closed_won": str(is_closed and one.is_won).lower(),
        "amount": str(one.amount_at(now)),
        "amount_in_home_currency": str(one.home_amount_at(now)),
        "deal_currency_code": one.currency,
    }


def _if_come(moment: datetime | None, now: datetime) -> str | None:
    return _written(moment) if moment is not None and moment <= now else None


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
