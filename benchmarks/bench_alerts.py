"""How often a watched KPI is called unusual where nothing is, and how soon an outage or a change is found.

    python -m benchmarks.bench_alerts [quarters of each kind]

The quarters of bench_forecast.py, with another seed. Fails beyond one false alarm a KPI and quarter.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from time import process_time

import numpy as np

from benchmarks.forecast_kinds import DAYS, GROUPS, Quarter, quarters
from benchmarks.targets import missed
from okr_reports.forecasting.days import Calendar
from okr_reports.forecasting.flows import Series
from okr_reports.forecasting.mixture import Numbers
from okr_reports.forecasting.watch import SILENCE, Unexpected, unexpected

SEED = 39
CHANGES = {"nothing arrives": 0.0, "half": 0.5, "x 0.7": 0.7, "x 1.5": 1.5, "double": 2.0}
CHANGED = ("iid", "weekly", "money", "tiny")
# The day of the quarter on which it changes, and how long it is looked for.
DAY, LOOKED = 30, 35
MOST = 1.0


def news(quarter: Quarter, amounts: Numbers, known: int, told: int) -> list[Unexpected]:
    """What was told of the last `told` of the `known` days, as if each had been looked at when it was over."""
    series = Series(
        Calendar(quarter.first, known), amounts[:known], quarter.factor[:known], quarter.factor[:known] != 1
    )
    return unexpected(quarter.number, series, quarter.denominators[:known], judged=told + SILENCE, reported=told)


def false_alarms(count: int) -> list[str]:
    wrong = []
    print("news a KPI and quarter")
    for group, kinds in GROUPS.items():
        for kind in kinds:
            if kind == "yearly":
                continue
            made = list(quarters(kind, count, SEED))
            rate = sum(len(news(one, one.amounts, len(one.amounts), DAYS)) for one in made) / count
            print(f"  {kind:16} {rate:.2f}")
            if rate > MOST and group in ("stationary", "drifting"):
                wrong.append(f"{kind}: {rate:.2f} false alarms a quarter")
    return wrong


def delays(count: int) -> None:
    print(f"found within 7 / {LOOKED} days, median day of those found")
    for name, factor in CHANGES.items():
        for kind in CHANGED:
            days = []
            for quarter in quarters(kind, count, SEED + 1):
                amounts, begins = quarter.amounts.copy(), quarter.start + DAY
                rest = amounts[begins:]
                thinned = np.random.default_rng(int(amounts.sum())).binomial(rest.astype(int), min(factor, 1))
                amounts[begins:] = rest * factor if kind == "money" or factor > 1 else thinned
                if kind != "money":
                    amounts = np.floor(amounts)
                is_up = factor > 1
                found = [
                    one.stop - begins
                    for one in news(quarter, amounts, begins + LOOKED, LOOKED)
                    if (one.value > one.high) == is_up
                ]
                days.append(found[0] if found else 99)
            known = [day for day in days if day <= LOOKED]
            soon, ever = (100 * sum(day <= limit for day in days) / count for limit in (7, LOOKED))
            median = f"{np.median(known):.1f}" if known else "-"
            print(f"  {name:16} {kind:8} {soon:4.0f} / {ever:3.0f} %  {median}")


def main(count: int) -> int:
    began = process_time()
    wrong = false_alarms(count)
    delays(count)
    print(f"{process_time() - began:.0f} s of processor")
    for line in wrong:
        missed(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
