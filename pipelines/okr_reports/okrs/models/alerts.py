"""Which KPIs are watched after each refresh, who gets the mail, and what is muted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from okr_reports.okrs.fields import ID_PATTERN, Day, Email, Id, Line, refuse
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown


def _all_or_ids(value: Any) -> Any:
    if value == "all" or isinstance(value, list):
        return value
    raise refuse(f"{shown(value)} names no KPIs", "write `kpis: all`, or a list: `kpis: [leads, spend]`")


class Alerts(Located):
    """What is watched: the KPIs named or all; and the mail addresses that get alerts, together in one mail."""

    kpis: Annotated[
        Literal["all"] | list[Id],
        BeforeValidator(_all_or_ids),
        WithJsonSchema(
            {"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string", "pattern": ID_PATTERN}}]}
        ),
    ]  # fmt: skip
    to: list[Email] = Field(default_factory=list)


class Mute(Located):
    """No alert of the KPI for days through `until`; without it, for none until the entry is removed."""

    kpi: Id
    until: Day | None = None
    reason: Line | None = None
