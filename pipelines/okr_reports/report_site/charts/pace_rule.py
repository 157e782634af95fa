"""The expected path of a key result in its own unit."""

from __future__ import annotations

from dataclasses import dataclass

COUNTS_FROM_ZERO = ("flow", "distinct")
KEPT = ("at_least", "at_most", "between")
# measured from 0 to 1, whatever their unit
SHARES = ("milestones", "binary", "qualitative")


@dataclass(frozen=True)
class PaceRule:
    """What turns the expected share of the way into a value: the key result's type, its KPI's kind, its numbers."""

    type: str
    kpi_kind: str | None
    baseline: float | None
    target: float | None
    low: float | None

    def value(self, share: float, elapsed: float) -> float | None:
        """Where the value should be when `share` of the way is expected and `elapsed` of the period is over.

        Flows count from zero; what a flow may not exceed grows with the days; levels move from the baseline; limits
        that are held have no path.
        """
        flows = self.kpi_kind in COUNTS_FROM_ZERO
        if self.type in SHARES:
            return share
        if self.type == "count_range":
            return None if self.low is None else share * self.low
        if self.target is None or (self.type in KEPT and not flows):
            return None
        if self.type in KEPT:
            return elapsed * self.target
        if not flows:
            return None if self.baseline is None else self.baseline + share * (self.target - self.baseline)
        if self.type == "decrease":
            # the projection P = v / elapsed should have moved by the share: (B - P) / (B - T) = share
            return None if self.baseline is None else elapsed * (self.baseline - share * (self.baseline - self.target))
        return share * self.target
