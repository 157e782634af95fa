"""How an amount followed what was spent, week by week: the share of a change in spend that came through.

Amounts are Poisson-like with more spread than that: log(amount) = level + trend * week + elasticity * log(spend), by
iteratively reweighted least squares; the spread of what is left widens the elasticity's error (quasi-likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from okr_reports.forecasting.mixture import t_of_normal

Numbers = np.ndarray[Any, np.dtype[np.float64]]
LEAST_WEEKS, MOST_WEEKS = 10, 26
# Spend that hardly changes says nothing of what more of it would bring.
LEAST_VARIATION = 0.08
# Half an 80 % interval of a normal distribution, in standard deviations.
HALF_INTERVAL = 1.2815515655446004
ROUNDS = 50


@dataclass(frozen=True)
class Response:
    """The elasticity with its 80 % interval, of so many `weeks`.

    Each lies within 0 to 1: more money never harms, and never pays better than what was spent before.
    """

    low: float
    middle: float
    high: float
    weeks: int

    def gains(self, recent: float, spend: float, more: float) -> tuple[float, float, float]:
        """What `more` beside `spend` adds to the amount `recent` that came with it: low, middle and high."""
        low, middle, high = (
            recent * ((1 + more / spend) ** elasticity - 1) for elasticity in (self.low, self.middle, self.high)
        )
        return low, middle, high


def response(spend: Numbers, amount: Numbers) -> Response | str:
    """The response of weekly amounts to weekly spend, or in words why none is known."""
    used = spend > 0
    spend, amount, week = spend[used], np.maximum(amount[used], 0), np.flatnonzero(used).astype(float)
    if len(spend) < LEAST_WEEKS:
        return f"money was spent there in {len(spend)} of the last {len(used)} weeks, and {LEAST_WEEKS} are needed"
    logs = np.log(spend)
    if float(logs.std()) < LEAST_VARIATION:
        return f"what was spent there hardly changed over {len(spend)} weeks"
    if not amount.sum():
        return f"none came in {len(spend)} weeks"
    design = np.column_stack([np.ones(len(spend)), logs - logs.mean(), (week - week.mean()) / len(week)])
    found = np.array([np.log(amount.mean()), 0.0, 0.0])
    for _ in range(ROUNDS):
        expected = np.exp(np.clip(design @ found, -30, 30))
        step = np.linalg.lstsq(design.T @ (expected[:, None] * design), design.T @ (amount - expected), rcond=None)[0]
        found = found + np.clip(step, -1, 1)
        if float(np.abs(step).max()) < 1e-9:
            break
    expected = np.exp(np.clip(design @ found, -30, 30))
    degrees = len(spend) - design.shape[1]
    spread = float(((amount - expected) ** 2 / expected).sum()) / degrees
    covariance = spread * np.linalg.pinv(design.T @ (expected[:, None] * design))
    reach = float(t_of_normal(np.array([HALF_INTERVAL]), np.array([float(degrees)]))[0] * np.sqrt(covariance[1, 1]))
    low, middle, high = (float(np.clip(found[1] + side * reach, 0, 1)) for side in (-1, 0, 1))
    return Response(low, middle, high, len(spend))
