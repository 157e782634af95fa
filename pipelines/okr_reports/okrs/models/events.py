"""Dated events: campaigns, holidays, outages that explain a number and that forecasts have to know of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from okr_reports.okrs.fields import Day, Id, Title, amount, refuse
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

# An event that multiplies a day by more is a mistake of writing: 300 for 300 %.
LARGEST_FACTOR = 100


def _factor(value: Any) -> Decimal:
    factor = amount(value)
    if not 0 <= factor <= LARGEST_FACTOR:
        raise refuse(
            f"{shown(value)} is no factor of an event",
            "write what a usual day is multiplied by: 0.3 for a third, 2 for twice",
        )
    return factor


EventFactor = Annotated[
    Decimal,
    PlainValidator(_factor),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": LARGEST_FACTOR}),
]


class Event(Located):
    """Days from `start` to `end`, both in, on which KPIs are not as usual.

    `factor` is what a usual day is multiplied by; without one forecasts become wider over these days and do not shift.
    It touches the KPIs named, those fed by the channels named, or all if neither is.
    """

    id: Id
    title: Title
    start: Day
    end: Day
    factor: EventFactor | None = None
    kpis: list[Id] = Field(default_factory=list)
    channels: list[Id] = Field(default_factory=list)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.end < self.start:
            raise refuse(f"the event ends on {self.end}, before it starts on {self.start}", "swap or correct the days")
        if self.kpis and self.channels:
            raise refuse("the event names kpis and channels", "keep one of them; write two events for both")
        return self
