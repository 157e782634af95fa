"""Numbers that came out of the range expected for them, by what was known before they came (docs/alerts.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from okr_reports.forecasting.days import sums
from okr_reports.forecasting.flows import Series, rest_of
from okr_reports.forecasting.kinds import level_end, ratio_end
from okr_reports.forecasting.mixture import GAMMA, LOGARITHM, Flags, Mixtures, Numbers, Places

# Days added up -> the chance of an end beyond either limit. Measured: under one false alarm a KPI and quarter.
TAILS = {1: 0.001, 3: 0.001, 7: 0.002}
WINDOWS = {"flow": (1, 3, 7), "ratio": (7,), "stock": (1, 7)}
# Four weeks have to be known before anything is called unusual.
LEAST_KNOWN = 28
# So many last days are judged, the later ones of them reported: what came before says which of those are news.
JUDGED, REPORTED, SILENCE = 42, 28, 14
# What never moved has no spread; a move of 3 % is no news either way.
LEAST_SPREAD = 0.01
# Up to so many events are no news, where there were none.
FEW_EVENTS = 3


@dataclass(frozen=True)
class Unexpected:
    """The `days` days that end with day `stop` - 1 of a series came to `value`, beyond low..high."""

    stop: int
    days: int
    value: float
    low: float
    high: float


def unexpected(
    kind: str, series: Series, denominators: Numbers, *, judged: int = JUDGED, reported: int = REPORTED
) -> list[Unexpected]:
    """The news among the last days of a series, in their order.

    Each is the first of its sort (more, less, nothing at all) in 14 days. `judged` days are looked at, news of the
    last `reported` of them given. `series.is_uncertain` marks the days of events: sums that touch one are not judged.
    """
    news: list[Unexpected] = []
    last_out: dict[str, int] = {}
    for found in sorted(_out_of_range(kind, series, denominators, judged), key=lambda found: (found.stop, found.days)):
        sort = "more" if found.value > found.high else "less" if found.value else "nothing"
        if found.stop - last_out.get(sort, -SILENCE) >= SILENCE and found.stop > series.known - reported:
            news.append(found)
        last_out[sort] = found.stop
        if sort == "nothing":
            # The week of an outage is no second news.
            last_out["less"] = found.stop
    return news


def _out_of_range(kind: str, series: Series, denominators: Numbers, judged: int) -> Iterator[Unexpected]:
    events = sums(series.is_uncertain.astype(float))
    for days in WINDOWS[kind]:
        stops = np.arange(max(LEAST_KNOWN + days, series.known - judged + 1), series.known + 1)
        stops = stops[events[stops] == events[stops - days]]
        stops, values, mixtures = _foreseen(kind, series, denominators, stops, days)
        if mixtures is None:
            continue
        whole = kind != "ratio" and bool((series.amounts == np.floor(series.amounts)).all())
        may_fall = bool((series.amounts < 0).any() or (denominators < 0).any())
        low, high = _range(mixtures, days, kind == "flow" and whole)
        if whole:
            low, high = np.ceil(low - 0.5), np.maximum(np.floor(high + 0.5), FEW_EVENTS)
        low = low if may_fall else np.maximum(low, 0)
        for row in np.flatnonzero((values < low) | (values > high)):
            yield Unexpected(int(stops[row]), days, float(values[row]), float(low[row]), float(high[row]))


def _foreseen(
    kind: str, series: Series, denominators: Numbers, stops: Places, days: int
) -> tuple[Places, Numbers, Mixtures | None]:
    """The stops that can be judged, what the days before each came to, and what was to be expected of them."""
    running = sums(series.amounts)
    if kind == "stock":
        answered, mixtures = level_end(series, stops - days, stops)
        return stops[answered], series.amounts[stops[answered] - 1], mixtures
    if kind == "flow":
        falls = bool((series.amounts < 0).any())
        answered, mixtures = rest_of(
            series, stops - days, stops, season=False, may_fall=falls, logarithms=days >= 7
        )  # fmt: skip
        stops = stops[answered]
        return stops, running[stops] - running[stops - days], mixtures
    below = sums(denominators)
    stops = stops[below[stops] > below[stops - days]]
    weights = Series(series.calendar, denominators, series.factor, series.is_uncertain)
    answered, mixtures = ratio_end(series.amounts, weights, stops - days, stops, 0, last_week=True)
    stops = stops[answered]
    came = below[stops] - below[stops - days]
    if mixtures is not None:
        # A week with a third of the usual clicks says a third as much of their price.
        usual = (below[stops - days] - below[np.maximum(stops - days - 56, 0)]) / 8
        mixtures.variance = mixtures.variance * np.maximum(1, usual / came)[:, None]
    return stops, (running[stops] - running[stops - days]) / came, mixtures


def _range(mixtures: Mixtures, days: int, is_count: bool) -> tuple[Numbers, Numbers]:
    is_log = (mixtures.shape == LOGARITHM)[:, None]
    mean = np.exp(np.where(is_log, mixtures.mean, 0)) * is_log + np.abs(mixtures.mean) * ~is_log
    spread = (LEAST_SPREAD * mean) ** 2 + (mean if is_count else 0)
    mixtures.variance = mixtures.variance + np.where(is_log, spread / np.maximum(mean, 1e-9) ** 2, spread)
    # Mostly nothing: such a week's tail is heavier than any smooth shape's.
    is_rare: Flags = (mixtures.shape == GAMMA) & (days >= 7)
    out = []
    for sign in (1, -1):
        usual, rare = (mixtures.quantile(sign * NormalDist().inv_cdf(TAILS[days] / part)) for part in (1, 3))
        out.append(np.where(is_rare, rare, usual))
    return out[0], out[1]
