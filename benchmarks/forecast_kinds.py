"""Synthetic quarters by kind, and real series where a folder has them: what bench_forecast.py judges by."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

START, DAYS = date(2026, 7, 1), 92
# Free to use: Robyn's simulated weeks, the Microsoft Ads seed of Fivetran's dbt package, Prophet's examples.
REAL = Path(os.environ.get("REAL_SERIES", "real"))
GROUPS = {
    "stationary": ("iid", "weekly", "tiny", "zero_inflated", "money", "ratio_steady", "ratio_small", "stock_steady"),
    "drifting": ("ar1", "walk", "growth", "money_walk", "yearly", "ratio_walk", "stock_wanders"),
    "dated events": ("holidays_told",),
    "breaking": ("trend_break", "bursts", "month_end", "level_at_start", "holidays"),
}


@dataclass(frozen=True)
class Quarter:
    """One quarter after its history: amounts by day (a stock's levels), denominators, target and true end."""

    kind: str
    first: date
    amounts: Any
    denominators: Any
    factor: Any
    start: int
    target: float
    is_decrease: bool
    number: str = "flow"

    @property
    def end(self) -> float:
        """The value at the quarter's end."""
        rest = self.amounts[self.start :]
        if self.number == "ratio":
            return float(rest.sum() / self.denominators[self.start :].sum())
        return float(self.amounts[-1] if self.number == "stock" else rest.sum())

    def value(self, day: int) -> float:
        """The value from the quarter's first day to its day `day`, 1 the first."""
        until = self.start + day
        if self.number == "ratio":
            below = self.denominators[self.start : until].sum()
            return float(self.amounts[self.start : until].sum() / below) if below else float("nan")
        return float(self.amounts[until - 1] if self.number == "stock" else self.amounts[self.start : until].sum())


def quarters(kind: str, count: int, seed: int) -> Iterator[Quarter]:
    """`count` quarters of a kind, 150 days before each (two years and more where seasons are to be learnt)."""
    names = [one for kinds in GROUPS.values() for one in kinds]
    rng = np.random.default_rng([seed, names.index(kind)])
    before = 850 if kind == "yearly" else 150
    first = START - timedelta(days=before)
    days = [first + timedelta(days=number) for number in range(before + DAYS)]
    weekday = np.array([day.weekday() for day in days])
    for _ in range(count):
        if kind.startswith("ratio"):
            yield _ratio(kind, rng, first, before, weekday)
        elif kind.startswith("stock"):
            yield _stock(kind, rng, first, before)
        else:
            yield _flow(kind, rng, first, before, weekday, days)


def _counts(rng: np.random.Generator, mean: Any, shape: float) -> Any:
    """Negative binomial around a mean: counts that vary more than chance alone would have them."""
    return rng.poisson(rng.gamma(shape, np.maximum(mean, 1e-9) / shape)).astype(float)


def _flow(kind: str, rng: np.random.Generator, first: date, before: int, weekday: Any, days: list[date]) -> Quarter:
    n, t, base = before + DAYS, np.arange(before + DAYS) - before, rng.uniform(5, 60)
    mean, factor = base * rng.uniform(0.7, 1.2, 7)[weekday], np.ones(before + DAYS)
    ends = np.array([(day + timedelta(days=4)).month != day.month for day in days])
    if kind == "iid":
        y = _counts(rng, mean, rng.uniform(2, 8))
    elif kind == "weekly":
        y = _counts(rng, base * np.array([1.5, 1.6, 1.4, 1.3, 1.0, 0.05, 0.03])[weekday], 8)
    elif kind == "tiny":
        y = rng.poisson(rng.uniform(0.3, 1.6) * mean / base).astype(float)
    elif kind == "zero_inflated":
        y = _counts(rng, mean, 3) * (rng.random(n) > 0.7)
    elif kind == "money":
        y = np.round(mean * rng.lognormal(0, 0.35, n), 2)
    elif kind == "ar1":
        z, e = np.zeros(n), rng.normal(0, 0.15, n)
        for day in range(1, n):
            z[day] = 0.93 * z[day - 1] + e[day]
        y = _counts(rng, mean * np.exp(z), 6)
    elif kind == "walk":
        y = _counts(rng, mean * np.exp(np.cumsum(rng.normal(0, 0.035, n))), 6)
    elif kind == "money_walk":
        y = np.round(mean * np.exp(np.cumsum(rng.normal(0, 0.02, n))) * rng.lognormal(0, 0.25, n), 2)
    elif kind == "growth":
        y = _counts(rng, mean * np.exp(rng.uniform(-0.006, 0.008) * t), 6)
    elif kind == "yearly":
        of_year = np.array([day.timetuple().tm_yday for day in days])
        wave = np.cos(2 * np.pi * (of_year - rng.uniform(0, 365)) / 365.25)
        y = _counts(rng, mean * np.exp(rng.uniform(0.2, 0.6) * wave), 6)
    elif kind.startswith("holidays"):
        event = np.array([0.3 if day.month == 8 and day.day <= 23 and day.year == 2026 else 1.0 for day in days])
        y, factor = _counts(rng, mean * event, 6), event if kind == "holidays_told" else factor
    elif kind == "trend_break":
        y = _counts(rng, np.where(t >= rng.integers(5, 80), rng.choice([0.55, 1.7]), 1.0) * mean, 6)
    elif kind == "bursts":
        level, day = mean * 0.5, 0
        while day < n:
            day += int(rng.exponential(28))
            length = int(rng.integers(3, 9))
            level[day : day + length] *= rng.uniform(4, 9)
            day += length
        y = _counts(rng, level, 4)
    elif kind == "month_end":
        y = _counts(rng, mean * 0.5 * np.where(ends & (weekday < 5), 6, 1) * np.where(weekday > 4, 0.1, 1), 5)
    else:  # level_at_start
        y = _counts(rng, np.where(t >= 0, rng.choice([0.5, 2]), 1.0) * mean, 6)
    usual, is_decrease = max(y[before - 56 : before].mean() * DAYS, 1.0), kind == "money_walk"
    share = rng.uniform(0.8, 1.1) if is_decrease else rng.uniform(0.75, 1.3)
    return Quarter(kind, first, y, y, factor, before, float(max(1, round(usual * share))), is_decrease)


def _ratio(kind: str, rng: np.random.Generator, first: date, before: int, weekday: Any) -> Quarter:
    n = before + DAYS
    volume = rng.uniform(0.5, 3) if kind == "ratio_small" else rng.uniform(30, 400)
    mean = volume * rng.uniform(0.6, 1.2, 7)[weekday]
    below = rng.poisson(rng.gamma(5, mean / 5)).astype(float)
    wander = np.cumsum(rng.normal(0, 0.03, n)) if kind == "ratio_walk" else 0
    share = 1 / (1 + np.exp(-(rng.uniform(-2 if kind == "ratio_small" else -4, -1) + wander + rng.normal(0, 0.15, n))))
    above = rng.binomial(below.astype(int), share).astype(float)
    below[-1] = max(below[-1], 1.0)
    target = above[:before].sum() / below[:before].sum() * rng.uniform(0.9, 1.1)
    return Quarter(kind, first, above, below, np.ones(n), before, float(target), False, "ratio")


def _stock(kind: str, rng: np.random.Generator, first: date, before: int) -> Quarter:
    n = before + DAYS
    drift = rng.uniform(-2, 12) + (np.cumsum(rng.normal(0, 0.15, n)) if kind == "stock_wanders" else np.zeros(n))
    level = 5000 + np.cumsum(np.round(rng.normal(drift, 8)))
    target = level[before - 1] + DAYS * rng.normal(float(drift.mean()), 2.0)
    return Quarter(kind, first, level, level, np.ones(n), before, float(target), False, "stock")


def real_quarters() -> Iterator[Quarter]:
    """Periods of 92 days of the real series in REAL, one beginning every 46 days: neighbours overlap by half."""
    rng = np.random.default_rng(4)
    for name, (first, y) in _real_series():
        for start in range(120, len(y) - DAYS + 1, 46):
            since = max(0, start - 850)
            part = y[since : start + DAYS]
            before = start - since
            target = float(round(part[before - 56 : before].mean() * DAYS * rng.uniform(0.85, 1.2)))
            day = first + timedelta(days=since)
            yield Quarter(name, day, part, part, np.ones(len(part)), before, target, False)


def _real_series() -> Iterator[tuple[str, tuple[date, Any]]]:
    for name, scale in (("wp_log_peyton_manning", np.exp), ("wp_log_R", np.exp), ("pedestrians_covid", float)):
        path = REAL / f"example_{name}.csv"
        if path.exists():
            with path.open(encoding="utf-8") as file:
                rows = {
                    date.fromisoformat(row["ds"]): float(scale(float(row["y"])))
                    for row in csv.DictReader(file)
                    if row["y"] not in ("", "NA")
                }
            yield name, _daily(rows, carries=True)
    for path in sorted(REAL.glob("microsoft*.csv")):
        for measure in ("clicks", "impressions", "spend"):
            sums: dict[date, float] = defaultdict(float)
            with path.open(encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    sums[date.fromisoformat(row["date"][:10])] += float(row[measure] or 0)
            yield f"ads_{measure}", _daily(sums, carries=False)
    for path in sorted(REAL.glob("robyn*.csv")):
        with path.open(encoding="utf-8") as file:
            weeks = list(csv.DictReader(file))
        for measure in ("revenue", "facebook_S", "search_S"):
            daily = np.repeat([float(row[measure]) / 7 for row in weeks], 7)
            yield f"robyn_{measure}", (date.fromisoformat(weeks[0]["DATE"]), daily)


def _daily(rows: dict[date, float], *, carries: bool) -> tuple[date, Any]:
    first, out, last = min(rows), [], 0.0
    for number in range((max(rows) - first).days + 1):
        last = rows.get(first + timedelta(days=number), last if carries else 0.0)
        out.append(last)
    return first, np.round(np.array(out), 2)
