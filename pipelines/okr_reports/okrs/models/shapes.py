"""The shapes of key results: which keys a type takes in the YAML, and one model a type made from its shape.

Key-result types are one file each in key_result_types/; a type names its shape, and how its size may be written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, create_model, model_validator

from okr_reports.key_result_types import KeyResultType, find, types
from okr_reports.okrs.fields import (
    Amount,
    Change,
    Day,
    Evidence,
    Factor,
    Id,
    Line,
    Share,
    Title,
    Weight,
    Whole,
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


class Plan(Located):
    """A target that is another KPI's number over the same period: a plan's."""

    kpi: Id


# A number, or where it is planned; what is no mapping is read as a number.
TargetField = Annotated[
    Annotated[Amount, Tag("word")] | Annotated[Plan, Tag("table")],
    Discriminator(_written_form),
]
UnitField = Annotated[str, *choice(*UNITS)]


class Shape(Located):
    """What every scored number has: its type."""

    type: str

    @property
    def rule(self) -> KeyResultType:
        """All that is known of its type."""
        return find(self.type)


class Valued(Shape):
    """A number: of a KPI, or by check-in."""

    kpi: Id | None = None
    # Why the target or the limits were changed last; shown beside the change.
    reason: Line | None = None
    pace: Pace = "linear"


class Move(Valued):
    """A number that is to move from its baseline to its target."""

    baseline: BaselineField | None = None
    # `any`: a baseline counts however few days of its period have data.
    baseline_coverage: Annotated[str, *choice("any")] | None = None
    target: TargetField | None = None
    # The size of the move; each type has its own key for it.
    change: Change | None = None

    @property
    def size_key(self) -> str:
        """The key that the size is written under."""
        return self.rule.size.key if self.rule.size else "target"

    def target_from(self, baseline: Decimal) -> Decimal:
        """The target, if this is the baseline; of a plan, which only its rows tell, 0."""
        size = self.rule.size
        if self.target is not None or size is None:
            return self.target if isinstance(self.target, Decimal) else Decimal(0)
        return baseline * (size.start + size.sign * (self.change or 0))

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        size = self.rule.size
        if self.target is None and self.change is None:
            or_size = f", or {size.key}: with a {size.kind}" if size else ""
            raise refuse(f"the {self.type} has no target", f"write target: with a number{or_size}")
        if self.target is not None and self.change is not None:
            raise refuse(f"the {self.type} has both target and {self.size_key}", "keep one of them")
        return self


class Held(Valued):
    """A number that is to stay within limits: in its weeks, at the end, or on average."""

    hold: Annotated[str, *choice("units", "end", "average")] = "units"
    # How many weeks may lie outside.
    allowed_misses: Whole | None = None

    @model_validator(mode="after")
    def _misses_are_of_units(self) -> Self:
        if self.allowed_misses is not None and self.hold != "units":
            raise refuse(f"allowed_misses counts weeks, and hold is {self.hold}", "remove one of them")
        return self


class Hold(Held):
    """A number that is to stay on one side of its target."""

    target: TargetField


class Limits(Valued):
    """Two limits."""

    low: Amount
    high: Amount

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise refuse(f"low {shown(self.low)} lies above high {shown(self.high)}", "swap or fix the limits")
        return self


class Band(Held, Limits):
    """A number that is to stay between two limits, limits included."""


class Range(Limits):
    """A count that is to end between two limits."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.low <= 0:
            raise refuse(f"low is {shown(self.low)}, so nothing would have to be done", "write a low above 0")
        return self


class Milestone(Located):
    """One step; the share of its weight counts from the day it is reported done."""

    id: Id
    title: Title | None = None
    weight: Weight = 1.0
    due: Day | None = None


class Steps(Shape):
    """Milestones: the weight done over the weight of all."""

    milestones: list[Milestone] = Field(min_length=1)
    pace: Pace = "linear"


class Said(Shape):
    """What check-ins say and nothing else."""

    pace: Pace = "linear"


class Pause(Located):
    """Days of a period that count for nothing, first and last in."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    reason: Line | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise refuse(f"the pause ends on {self.last}, before it begins on {self.first}", "swap the two days")
        return self


class Titled(Located):
    """What every key result has: an id unique over all objectives, a title, a weight among its siblings."""

    id: Id
    title: Title
    weight: Weight = 1.0
    # Who answers for it, where that is not the objective's owner; who works on it besides.
    owner: Line | None = None
    contributors: list[Line] = Field(default_factory=list)
    # Where it begins after its period does.
    starts: Day | None = None
    pauses: list[Pause] = Field(default_factory=list)
    # Tracked beside it, never scored.
    kpis: list[Id] = Field(default_factory=list)
    # How many cases (users, tests) its check-ins are to rest on.
    evidence: Evidence | None = None


class TitledNumber(Titled):
    """Of a number by check-in also the unit; a KPI has its own."""

    unit: UnitField | None = None


class MoveKeyResult(Move, TitledNumber):
    """A key result that moves a number."""


class HoldKeyResult(Hold, TitledNumber):
    """A key result that holds a number."""


class BandKeyResult(Band, TitledNumber):
    """A key result that holds a number in a band."""


class RangeKeyResult(Range, TitledNumber):
    """A key result that counts to a range."""


class StepsKeyResult(Steps, Titled):
    """A key result of milestones."""


class SaidKeyResult(Said, Titled):
    """A key result that check-ins decide."""


_MEASURES: dict[str, type[Shape]] = {"move": Move, "hold": Hold, "band": Band, "range": Range}
_KEY_RESULTS: dict[str, type[Shape]] = {
    "move": MoveKeyResult, "hold": HoldKeyResult, "band": BandKeyResult, "range": RangeKeyResult,
    "steps": StepsKeyResult, "said": SaidKeyResult,
}  # fmt: skip


def _model(type_: KeyResultType, base: type[Shape], ending: str) -> type[Shape]:
    """The model of one type: its shape, its own name in `type`, its own key for a size, a day that it is due."""
    fields: dict[str, Any] = {"type": (Literal[type_.name], ...)}
    if type_.size is not None and type_.size.key != "change":
        written = Change if type_.size.kind == "share" else Factor
        fields["change"] = (written | None, Field(default=None, alias=type_.size.key))
    if type_.needs_dates and type_.shape == "said":
        fields["due"] = (Day | None, None)
    name = "".join(part.title() for part in type_.name.split("_")) + ending
    return create_model(name, __base__=base, __doc__=type_.about, __module__=__name__, **fields)


def _any_of(models: Iterable[type[Shape]]) -> Any:
    return Annotated[reduce(or_, models), Discriminator("type")]


if TYPE_CHECKING:
    KeyResult = MoveKeyResult | HoldKeyResult | BandKeyResult | RangeKeyResult | StepsKeyResult | SaidKeyResult
    Measure = Move | Hold | Band | Range
else:
    KeyResult = _any_of(_model(type_, _KEY_RESULTS[type_.shape], "KeyResult") for type_ in types().values())
    # An objective's own number: scored and shown beside its key results, never mixed into their mean.
    Measure = _any_of(_model(type_, _MEASURES[type_.shape], "") for type_ in types().values() if type_.is_measure)


@dataclass(frozen=True)
class Numbers:
    """The numbers of a key result or measure of any type; None where its type has no such number."""

    kpi: str | None = None
    baseline: Baseline | None = None
    target: Decimal | None = None
    change: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    # The KPI that the target is taken from.
    plan: str | None = None


def numbers_of(scored: KeyResult | Measure) -> Numbers:
    """The numbers of any type in one shape, for what treats the types alike."""
    match scored:
        case Move(target=Plan(kpi=plan)):
            return Numbers(scored.kpi, scored.baseline, plan=plan)
        case Move():
            return Numbers(scored.kpi, scored.baseline, scored.target, scored.change)  # type: ignore[arg-type]
        case Hold(target=Plan(kpi=plan)):
            return Numbers(scored.kpi, plan=plan)
        case Hold():
            return Numbers(scored.kpi, target=scored.target)  # type: ignore[arg-type]
        case Limits():
            return Numbers(scored.kpi, low=scored.low, high=scored.high)
        case _:
            return Numbers()
