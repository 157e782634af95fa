"""The members of the mixture: what a level may do from week to week, and the linear filter that follows from each.

All that does not depend on the data (weights, error variances, determinants) depends on the number of weeks behind and
ahead alone: it is computed once and shared by all KPIs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

import numpy as np

from okr_reports.forecasting.mixture import Numbers, Places

# At most a year of weeks.
BLOCKS = 53
# Budgets change when a period begins: a step there is this much likelier.
START_STEP = 0.03
# Two years: nobody's forecast of more days means anything.
LONGEST = 106 * 7

Covariance = Callable[[Numbers, Numbers, float], Any]


@dataclass(frozen=True)
class Member:
    """One thing a level may do. `covariance` of two weeks is in units of one week's noise variance.

    `since`: the weeks that a step or a pulse began before the last known week; 0 for what has no beginning.
    """

    name: str
    prior: float
    covariance: Covariance
    since: int = 0


def _members() -> Iterator[Member]:
    yield Member("steady", 0.67, lambda s, t, o: 0.0 * (s + t))
    for kept in (0.6, 0.85):
        yield Member("returning", 0.035, lambda s, t, o, f=kept: 4.0 * f ** np.abs(s - t))  # type: ignore[misc]
    for size in (0.3, 1.5):
        yield Member("walk", 0.08, lambda s, t, o, r=size: r * np.minimum(s, t))  # type: ignore[misc]
    yield Member("trend", 0.05, lambda s, t, o: 0.09 * (s - o) * (t - o))
    for weeks in (1, 2, 3, 4, 6, 8, 11):
        yield Member("step", 0.03 / 7, _step(weeks), weeks)
    for weeks in (1, 2, 3, 4):
        yield Member("pulse", 0.005, _pulse(weeks), weeks)


def _step(weeks: int) -> Covariance:
    return lambda s, t, o: 25.0 * ((s > o - weeks) & (t > o - weeks))


def _pulse(weeks: int) -> Covariance:
    def covariance(s: Numbers, t: Numbers, o: float) -> Any:
        return 25.0 * ((s > o - weeks) & (s <= o) & (t > o - weeks) & (t <= o))

    return covariance


MEMBERS = tuple(_members())


@dataclass(frozen=True)
class Filters:
    """Of so many weeks behind: for each member (first axis) and each number of days ahead.

    `forecast[days - 1]` times the weeks is the mean level of the days ahead, `error[days - 1]` its variance in units of
    one week's noise; `rest` is the quadratic form of what a member does not explain, `log_weight` its prior and volume.
    """

    forecast: Numbers
    error: Numbers
    rest: Numbers
    log_weight: Numbers
    # The gain of the step that began so many weeks ago where the period began then, too.
    step_since: Places
    step_gain: Numbers


@lru_cache(maxsize=256)
def filters(weeks: int, weeks_ahead: int) -> Filters:
    """The filters for so many weeks behind and up to so many ahead."""
    members = [member for member in MEMBERS if member.since <= weeks - 2 or not member.since]
    past = np.arange(1, weeks + 1, dtype=float)
    future = weeks + np.arange(1, weeks_ahead + 1, dtype=float)
    days = np.arange(1, 7 * weeks_ahead + 1)
    # How the days ahead spread over the weeks ahead, in shares.
    share = np.clip(days[:, None] - 7 * np.arange(weeks_ahead)[None, :], 0, 7) / days[:, None]
    forecast, error, rest, log_weight = [], [], [], []
    ones = np.ones(weeks)
    for member in members:
        known = np.eye(weeks) + member.covariance(past[:, None], past[None, :], float(weeks))
        across = member.covariance(past[:, None], future[None, :], float(weeks)) @ share.T
        ahead = np.einsum(
            "di,ij,dj->d", share, member.covariance(future[:, None], future[None, :], float(weeks)), share
        )
        inverse = np.linalg.inv(known)
        inverse = (inverse + inverse.T) / 2
        of_ones = inverse @ ones
        total = of_ones.sum()
        gain = inverse @ across
        left = 1 - gain.sum(0)
        forecast.append((of_ones[:, None] / total * left + gain).T)
        error.append(7 / days + ahead - np.einsum("id,id->d", across, gain) + left**2 / total)
        rest.append(inverse - np.outer(of_ones, of_ones) / total)
        log_weight.append(log(member.prior) - 0.5 * np.linalg.slogdet(known)[1] - 0.5 * log(total))
    steps = np.array([member.since if member.name == "step" else 0 for member in members])
    gain_of_start = np.log1p(START_STEP / np.array([member.prior for member in members]))
    return Filters(
        np.stack(forecast, axis=1), np.stack(error, axis=1), np.stack(rest), np.array(log_weight), steps, gain_of_start
    )  # fmt: skip


@dataclass
class Levels:
    """Per row and member: weight, mean level of a day ahead and its error variance; degrees; noise of a week."""

    weight: Numbers
    mean: Numbers
    variance: Numbers
    degrees: float
    noise: Numbers


def levels(x: Numbers, days_ahead: Places, since: Places, spread_of_days: Numbers) -> Levels:
    """The level of an average day ahead, from weeks x (rows x weeks, oldest first), all rows of as many weeks.

    `since`: weeks from the period's start to the last known day. `spread_of_days` is a week's noise variance as the
    days tell it, for rows of fewer than four weeks, which tell none.
    """
    weeks = x.shape[1]
    ahead = next(some for some in (14, 27, 53, LONGEST // 7) if int(days_ahead.max()) <= 7 * some)
    known = filters(weeks, ahead)
    few = 1 if weeks > 3 else 4
    mean = x.mean(1, keepdims=True)
    centred = x - mean
    least = np.median(np.abs(np.diff(x, axis=1)), axis=1) ** 2 * 1.1 if weeks > 3 else spread_of_days
    least = np.maximum(np.maximum(least, centred.var(1) * 0.02), 1e-12)
    degrees = float(weeks - 1 + few)
    unexplained = ((centred @ known.rest) * centred).sum(2).T + few * least[:, None]
    log_weight = known.log_weight - degrees / 2 * np.log(unexplained)
    began = (known.step_since > 0) & (known.step_since[None, :] == since[:, None])
    log_weight = log_weight + np.where(began, known.step_gain, 0.0)
    weight = np.exp(log_weight - log_weight.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    forecast = mean + np.einsum("rkw,rw->rk", known.forecast[days_ahead - 1], centred)
    variance = known.error[days_ahead - 1] * unexplained / degrees
    return Levels(weight, forecast, variance, degrees, (weight * unexplained).sum(1) / degrees)
