"""What one type of key result is: everything the project knows of it, in one object of one file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from okr_reports.errors import OkrError

SHAPES = ("move", "hold", "band", "range", "steps", "said")
# How a check-in answers: a number, yes or no, a grade from 0 to 1, milestones that are done.
READINGS = ("value", "met", "grade", "done")
KINDS = ("flow", "ratio", "stock", "distinct", "check_in")
# These run from zero: a period's count, not a level (docs/scoring.md, "Progress and score").
COUNTED_KINDS = ("flow", "distinct")


def N_(message: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return message


def ratio(dividend: str, divisor: str) -> str:
    """A quotient of doubles in SQL, null where the divisor is 0: engines divide decimals differently."""
    return f"(cast({dividend} as double) / nullif(cast({divisor} as double), 0))"


# The way from the baseline to the target that is done; a baseline past the target leaves no way to measure.
WAY_DONE = ratio("(value - baseline)", "(target - baseline)")


def _nearness(limit: str) -> str:
    """1 less the distance from a limit in parts of it, at least 0."""
    distance = f"abs(limit_number - {limit})"
    return f"case when {distance} < abs({limit}) then 1 - {ratio(distance, f'abs({limit})')} else 0.0 end"


# A number that is to stay within limits. `units`: the share of the closed weeks that lay within them, misses that are
# allowed counted as kept. Else one number decides: a flow's projected total, outside of its limits in proportion, or a
# value, by its distance from the limit.
_COUNTED = "kpi_kind <> 'flow' and hold = 'units'"
WITHIN_LIMITS = f"""case
    when {_COUNTED} and weeks_observed > 0 and weeks_kept + coalesce(allowed_misses, 0) >= weeks_observed then 1.0
    when {_COUNTED} then {ratio("(weeks_kept + coalesce(allowed_misses, 0))", "weeks_observed")}
    when limit_number < limit_low and (kpi_kind <> 'flow' or is_signed) then {_nearness("limit_low")}
    when limit_number > limit_high and (kpi_kind <> 'flow' or is_signed) then {_nearness("limit_high")}
    when limit_number < limit_low and limit_low > 0 then {ratio("limit_number", "limit_low")}
    when limit_number < limit_low then 0.0
    when limit_number > limit_high then {ratio("limit_high", "limit_number")}
    when limit_number is not null and coalesce(limit_low, limit_high) is not null then 1.0
end"""


@dataclass(frozen=True)
class Size:
    """How a definition may write the size of a move instead of its target: target = baseline x (start + sign x size).

    `key` is its key in the YAML. `kind`: a `share` is written as 20% or 0.2, a `factor` as 3 or 1.5.
    """

    key: str
    start: int
    sign: int
    kind: Literal["share", "factor"] = "share"


@dataclass(frozen=True, kw_only=True)
class KeyResultType:
    """A type of key result. Texts are English and marked for the catalogues; SQL is said alike by every engine.

    SQL is written over these columns of a day: value, baseline, target, low, high, limit_low, limit_high, projected
    (the period's total if the rate so far goes on), limit_number (what limits are held against: `projected` of a
    flow, else the value that `hold` names), elapsed (0..1], weeks_kept, weeks_observed, allowed_misses,
    weight_done, weight_total (doubles), kpi_kind (one of KINDS), hold (units, end or average), is_signed (a flow
    that may be negative). `expected_value` has those of them that are no result, and expected.
    """

    name: str
    # Its place in lists.
    position: int
    # Its YAML fields, okrs/models/shapes.py: move (baseline and target), hold (target), band and range (low and high),
    # steps (milestones), said (nothing: check-ins say it).
    shape: Literal["move", "hold", "band", "range", "steps", "said"]
    # How progress is counted, for the glossary and docs/scoring.md.
    about: str
    # Progress in SQL; NaN and infinity come out as null.
    progress: str
    # Which way is better; None: as its KPI says, else higher.
    better: Literal["higher", "lower", "neutral"] | None = None
    # The columns that hold the limits a value must stay within: such a type is held, all of it expected from day one.
    limits: tuple[str | None, str | None] = (None, None)
    # Whether a pace has a meaning; without one the share of the period that has passed is expected.
    is_paced: bool = True
    # Whether only dates say what is expected by when; without any its owner's confidence stands for a pace.
    needs_dates: bool = False
    size: Size | None = None
    reads: Literal["value", "met", "grade", "done"] = "value"
    # KPI kind -> what to do instead.
    refused_kinds: Mapping[str, str] = field(default_factory=dict)
    # Kinds of KPI that need no baseline: their count runs from 0.
    no_baseline_for: Sequence[str] = ()
    # The side of its target, or of `low`, that a forecast's `probability` counts; held types have limits instead. None
    # with neither: no forecast.
    forecast_side: Literal["above", "below"] | None = None
    # Where the value should be, in SQL, for the path in the chart; null: no path.
    expected_value: str = "null"
    # What is said beside the value; with %(value)s or %(target)s, or %(low)s and %(high)s; "" says nothing.
    goal: str = N_("target %(value)s")
    # The same where the value is a count that grows towards its target.
    goal_of_count: str = ""
    # The numbers of the reason sentence: key `flow` for flows, `end` and `average` of what is held so, else `other`; of
    # monthly and quarterly data `month` and `quarter`, and `end_month` and `end_quarter`.
    detail: Mapping[str, str] = field(default_factory=dict)
    # What a sheet of OKRs calls it, a regular expression over the languages `okr add --okrs` reads; "": none.
    sheet_words: str = ""
    # Rows and their progress; tests run them on every engine. Columns left out are null.
    examples: Sequence[tuple[Mapping[str, Any], float | None]] = ()
    # Where a type of another package has its catalogues, <language>.po.
    translations: Path | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9_]{0,62}", self.name):
            raise OkrError(f"the key-result type {self.name!r} has no name of small letters, digits and _; rename it")
        for wrong, what in (
            (self.shape not in SHAPES, f"its shape is none of {', '.join(SHAPES)}"),
            (self.reads not in READINGS, f"it reads none of {', '.join(READINGS)}"),
            (not self.detail.get("other"), "it has no detail sentence `other`"),
            (not self.examples, "it has no examples"),
        ):
            if wrong:
                raise OkrError(f"the key-result type {self.name}: {what}; fix its file")

    @property
    def is_held(self) -> bool:
        """Whether a number is to stay within limits, rather than to move."""
        return self.limits != (None, None)

    @property
    def is_share(self) -> bool:
        """Whether its value is a share of the whole, whatever its unit: steps, yes or no, a grade."""
        return self.reads != "value"

    @property
    def is_measure(self) -> bool:
        """Whether it may be an objective's own number."""
        return not self.is_share

    @property
    def has_ceiling_only(self) -> bool:
        """Whether less is always within its limits: 0 can be a target."""
        return self.limits[0] is None

    def detail_of(self, kpi_kind: str | None, hold: str | None = None, unit: str | None = None) -> str:
        """The sentence with the numbers, by the kind of the KPI, how limits are held, and the unit that is judged."""
        how = hold if hold in ("end", "average") else "other"
        by_unit = unit if how == "other" else f"{how}_{unit}"
        keys = (kpi_kind or "", by_unit or "", how, "other")
        return next(self.detail[key] for key in keys if key in self.detail)

    def starts_at_zero(self, kpi_kind: str | None) -> bool:
        """Whether its number is counted up from 0 to its target, so that a target of 0 is no target."""
        return self.better == "higher" and kpi_kind in COUNTED_KINDS
