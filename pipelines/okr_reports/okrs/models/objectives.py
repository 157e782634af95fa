"""Objectives, their key results of nine types, and the plans around them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from okr_reports.okrs.fields import (
    Amount,
    Change,
    Day,
    Description,
    Id,
    Line,
    PeriodId,
    Share,
    Title,
    Weight,
    choice,
    refuse,
)
from okr_reports.okrs.fields import amount as read_amount
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

RELATIVE_BASELINES = ("previous_period", "same_period_last_year", "same_weeks_last_year")
UNITS = ("count", "currency", "percent", "days", "number")

Baseline = Decimal | Literal["previous_period", "same_period_last_year", "same_weeks_last_year"]


def _baseline(value: Any) -> Baseline:
    if isinstance(value, str) and value in RELATIVE_BASELINES:
        return value  # type: ignore[return-value]  # the tuple above holds exactly these words
    if isinstance(value, str) and not value.strip().endswith("%"):
        words = ", ".join(f"`{word}`" for word in RELATIVE_BASELINES)
        raise refuse(f"{shown(value)} is not a baseline", f"write a number, or one of {words}")
    return read_amount(value)


def _written_form(value: Any) -> str:
    return "table" if isinstance(value, dict) else "word"


BaselineField = Annotated[
    Baseline,
    PlainValidator(_baseline),
    WithJsonSchema({"anyOf": [{"enum": list(RELATIVE_BASELINES)}, {"type": ["number", "string"]}]}),
]
# How progress is expected to come: along the time, like last year, or through the points of a table.
Pace = Annotated[
    Annotated[str, *choice("linear", "seasonal"), Tag("word")]
    | Annotated[dict[Day, Share], Field(min_length=1), Tag("table")],
    Discriminator(_written_form),
]
UnitField = Annotated[str, *choice(*UNITS)]


class Move(Located):
    """A number that is to move from its baseline to its target."""

    type: Literal["increase", "decrease"]
    kpi: Id | None = None
    baseline: BaselineField | None = None
    target: Amount | None = None
    change: Change | None = None
    pace: Pace = "linear"

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if self.target is None and self.change is None:
            raise refuse(f"the {self.type} has no target", "write target: with a number, or change: with a share")
        if self.target is not None and self.change is not None:
            raise refuse(f"the {self.type} has both target and change", "keep one of them")
        return self


class Hold(Located):
    """A number that is to stay on one side of its target."""

    type: Literal["at_least", "at_most"]
    kpi: Id | None = None
    target: Amount
    pace: Pace = "linear"


class Band(Located):
    """A number that is to stay between two limits, limits included."""

    type: Literal["between"]
    kpi: Id | None = None
    low: Amount
    high: Amount
    pace: Pace = "linear"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise refuse(f"low {shown(self.low)} lies above high {shown(self.high)}", "swap or mend the limits")
        return self


class CountRange(Located):
    """A count that is to end between two limits."""

    type: Literal["count_range"]
    kpi: Id | None = None
    low: Amount
    high: Amount
    pace: Pace = "linear"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low <= 0:
            raise refuse(f"low is {shown(self.low)}, so nothing would have to be done", "write a low above 0")
        if self.low > self.high:
            raise refuse(f"low {shown(self.low)} lies above high {shown(self.high)}", "swap or mend the limits")
        return self


class Milestone(Located):
    """One step; the share of its weight counts from the day it is reported done."""

    id: Id
    title: Title | None = None
    weight: Weight = 1.0
    due: Day | None = None


class _KeyResult(Located):
    """What every key result has: an id unique over all objectives, a title, a weight among its siblings."""

    id: Id
    title: Title
    weight: Weight = 1.0
    # Tracked beside it, never scored.
    kpis: list[Id] = Field(default_factory=list)


class MoveKeyResult(Move, _KeyResult):
    """`increase` or `decrease`."""

    # Of values by check-in; a KPI has its own.
    unit: UnitField | None = None


class HoldKeyResult(Hold, _KeyResult):
    """`at_least` or `at_most`."""

    unit: UnitField | None = None


class BandKeyResult(Band, _KeyResult):
    """`between`."""

    unit: UnitField | None = None


class CountRangeKeyResult(CountRange, _KeyResult):
    """`count_range`, valued by check-ins or a KPI."""

    unit: UnitField | None = None


class MilestonesKeyResult(_KeyResult):
    """`milestones`: the weight done over the weight of all."""

    type: Literal["milestones"]
    milestones: list[Milestone] = Field(min_length=1)
    pace: Pace = "linear"


class BinaryKeyResult(_KeyResult):
    """`binary`: met or not, by check-in."""

    type: Literal["binary"]
    pace: Pace = "linear"


class QualitativeKeyResult(_KeyResult):
    """`qualitative`: a grade from 0 to 1, by check-in."""

    type: Literal["qualitative"]
    pace: Pace = "linear"


KeyResult = Annotated[
    MoveKeyResult
    | HoldKeyResult
    | BandKeyResult
    | CountRangeKeyResult
    | MilestonesKeyResult
    | BinaryKeyResult
    | QualitativeKeyResult,
    Discriminator("type"),
]
# An objective's own number: scored and shown beside its key results, never mixed into their mean.
Measure = Annotated[Move | Hold | Band | CountRange, Discriminator("type")]
KEY_RESULT_TYPES = (
    "increase", "decrease", "at_least", "at_most", "between", "count_range", "milestones", "binary", "qualitative",
)  # fmt: skip
MEASURE_TYPES = KEY_RESULT_TYPES[:6]
# Types that hold a number: expected is all of it from the first day (docs/scoring.md), so a pace says nothing.
HOLDING_TYPES = ("at_least", "at_most", "between")


class Approval(Located):
    """Who approved the objective, and when."""

    by: list[Line] = Field(min_length=1)
    on: Day


class Initiative(Located):
    """Work that is done for the objective; it never counts."""

    title: Title
    owner: Line | None = None
    state: Annotated[str, *choice("todo", "doing", "done", "blocked", "dropped")] = "todo"


class Objective(Located):
    """What a team, or the company (no team), wants to reach in a period."""

    id: Id
    title: Title
    description: Description | None = None
    period: PeriodId
    team: Id | None = None
    owner: Line | None = None
    parent: Id | None = None
    ambition: Annotated[str, *choice("committed", "aspirational")] = "aspirational"
    approved: Approval | None = None
    measure: Measure | None = None
    key_results: list[KeyResult] = Field(default_factory=list)
    initiatives: list[Initiative] = Field(default_factory=list)


@dataclass(frozen=True)
class Numbers:
    """The numbers of a key result or measure of any type; None where its type has no such number."""

    kpi: str | None = None
    baseline: Baseline | None = None
    target: Decimal | None = None
    change: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


def numbers_of(scored: KeyResult | Measure) -> Numbers:
    """The numbers of any type in one shape, for what treats the types alike."""
    match scored:
        case Move():
            return Numbers(scored.kpi, scored.baseline, scored.target, scored.change)
        case Hold():
            return Numbers(scored.kpi, target=scored.target)
        case Band() | CountRange():
            return Numbers(scored.kpi, low=scored.low, high=scored.high)
        case _:
            return Numbers()
