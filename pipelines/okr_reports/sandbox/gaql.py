"""Reading GAQL as strictly as Google Ads v26 does: fields that are not there, or not together, are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

# What this stand-in knows of v26, with the JSON type of each field.
CUSTOMER_CLIENT = {
    "customer_client.id": "int64",
    "customer_client.descriptive_name": "string",
    "customer_client.currency_code": "string",
    "customer_client.time_zone": "string",
    "customer_client.manager": "bool",
    "customer_client.status": "enum",
    "customer_client.level": "int64",
    "customer_client.client_customer": "string",
}
ATTRIBUTES = {
    "customer.id": "int64",
    "customer.descriptive_name": "string",
    "customer.currency_code": "string",
    "customer.time_zone": "string",
    "campaign.id": "int64",
    "campaign.name": "string",
    "campaign.status": "enum",
    "campaign.advertising_channel_type": "enum",
}
SEGMENTS = {"segments.date": "string", "segments.conversion_action_category": "enum"}
CONVERSION_METRICS = {
    "metrics.conversions": "double",
    "metrics.conversions_value": "double",
    "metrics.all_conversions": "double",
    "metrics.all_conversions_value": "double",
}
METRICS = {
    **CONVERSION_METRICS,
    "metrics.impressions": "int64",
    "metrics.clicks": "int64",
    "metrics.interactions": "int64",
    "metrics.cost_micros": "int64",
    "metrics.view_through_conversions": "int64",
    "metrics.video_trueview_views": "int64",
}
RESOURCES = {"customer_client": CUSTOMER_CLIENT, "campaign": {**ATTRIBUTES, **SEGMENTS, **METRICS}}
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+[\w.]+(?:\s+(?:ASC|DESC))?)?\s*",
    re.DOTALL,
)
_BETWEEN = re.compile(r"segments\.date\s+BETWEEN\s+'(\d{4}-\d\d-\d\d)'\s+AND\s+'(\d{4}-\d\d-\d\d)'")


class QueryError(ValueError):
    """The query is refused; `reason` is the queryError of the answer."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True)
class Query:
    """A query that Google would run. `days` is None where no segment of days is asked for."""

    resource: str
    fields: tuple[str, ...]
    days: tuple[date, date] | None

    @property
    def metrics(self) -> list[str]:
        return [name for name in self.fields if name.startswith("metrics.")]

    @property
    def is_segmented(self) -> bool:
        return any(name.startswith("segments.") for name in self.fields)


def read_query(text: str) -> Query:
    """Raises QueryError with Google's reason."""
    found = _QUERY.fullmatch(text)
    if found is None:
        raise QueryError("UNEXPECTED_INPUT", "Error in query: unexpected input.")
    if found["resource"] not in RESOURCES:
        raise QueryError("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"'{found['resource']}' is not a valid resource name.")
    known = RESOURCES[found["resource"]]
    fields = tuple(name.strip() for name in found["fields"].split(","))
    for name in fields:
        if name not in known:
            raise QueryError("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.")
    query = Query(found["resource"], fields, _days(found["where"]))
    if "segments.conversion_action_category" in fields:
        for name in set(query.metrics) - CONVERSION_METRICS.keys():
            raise QueryError(
                "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
                f"Cannot select or filter on the following metrics: '{name}' together with "
                "'segments.conversion_action_category'.",
            )
    if "segments.date" in fields and query.days is None:
        raise QueryError("MISALIGNED_DATE_FOR_FILTER", "A finite date range is required with 'segments.date'.")
    return query


def _days(where: str | None) -> tuple[date, date] | None:
    if where is None:
        return None
    between = _BETWEEN.fullmatch(where)
    if between is None:
        raise QueryError("BAD_OPERATOR", "Invalid condition in the WHERE clause.")
    try:
        start, end = date.fromisoformat(between[1]), date.fromisoformat(between[2])
    except ValueError:
        raise QueryError("INVALID_VALUE_WITH_BETWEEN_OPERATOR", "Invalid date.") from None
    if start > end:
        raise QueryError("INVALID_VALUE_WITH_BETWEEN_OPERATOR", "The start of the range lies after its end.")
    return start, end
