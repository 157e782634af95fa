"""How often the truth falls inside the forecast's 80 % interval: the models themselves over synthetic quarters.

    python -m benchmarks.bench_forecast [quarters of each kind]

Each quarter is a KPI of its own with eight weeks before it, its level between 2 and 300 a day and a random weekday
profile. The models score all of them at once; their forecasts on day 7, 28, 46 and 80 are compared with the quarter's
true end. The forecast is called honest at 76-84 %.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa

from okr_reports.okrs.tables import AMOUNT
from tests.dbt_project.warehouse import RAW, Warehouse

START, END = date(2026, 4, 1), date(2026, 6, 30)
BEFORE, DAYS = 56, 91
LOOKS = (7, 28, 46, 80)
HONEST = (76.0, 84.0)

Series = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def poisson(rng: np.random.Generator, mean: Series) -> Series:
    """Counts as random as counts are when nothing disturbs them."""
    return rng.poisson(mean).astype(float)


def overdispersed(rng: np.random.Generator, mean: Series) -> Series:
    """Counts that vary more than chance alone would have them: negative binomial."""
    shape = 10 ** rng.uniform(0, 1.5, (len(mean), 1))
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape)).astype(float)


def amounts(rng: np.random.Generator, mean: Series) -> Series:
    """Money: log-normal around the mean."""
    sigma = rng.uniform(0.1, 0.5, (len(mean), 1))
    return np.round(mean * np.exp(sigma * rng.normal(size=mean.shape) - sigma**2 / 2), 2)


def clinging(rng: np.random.Generator, mean: Series) -> Series:
    """Counts whose good and bad days come in runs: half of a day's deviation stays on the next."""
    deviation = 0.3 * rng.normal(size=mean.shape)
    for day in range(1, mean.shape[1]):
        deviation[:, day] = 0.5 * deviation[:, day - 1] + np.sqrt(0.75) * deviation[:, day]
    return rng.poisson(mean * np.exp(deviation - 0.045)).astype(float)


def steady(rng: np.random.Generator, count: int) -> Series:
    return np.ones((count, BEFORE + DAYS))


def trend(rng: np.random.Generator, count: int) -> Series:
    """Rises or falls by up to 30 % over the quarter."""
    return 1 + rng.uniform(-0.3, 0.3, (count, 1)) * (np.arange(BEFORE + DAYS) - BEFORE) / DAYS


def step(rng: np.random.Generator, count: int) -> Series:
    """Another level from the quarter's first day on, as after a new budget."""
    return np.where(np.arange(BEFORE + DAYS) >= BEFORE, rng.uniform(0.6, 1.6, (count, 1)), 1.0)


def wander(rng: np.random.Generator, count: int) -> Series:
    """A level that moves by 1 % a day in either direction."""
    return np.exp(np.cumsum(rng.normal(0, 0.01, (count, BEFORE + DAYS)), axis=1))


KINDS: dict[str, tuple[Callable[..., Series], Callable[..., Series]]] = {
    "Poisson, steady": (poisson, steady),
    "Poisson, trend": (poisson, trend),
    "overdispersed, steady": (overdispersed, steady),
    "overdispersed, trend": (overdispersed, trend),
    "overdispersed, step": (overdispersed, step),
    "overdispersed, wandering": (overdispersed, wander),
    "amounts, steady": (amounts, steady),
    "amounts, trend": (amounts, trend),
    "runs of days, steady": (clinging, steady),
}


def quarters(
    rng: np.random.Generator, noise: Callable[..., Series], level: Callable[..., Series], count: int
) -> Series:
    """`count` series of one kind, the weeks before the quarter first."""
    weekdays = rng.lognormal(0, 0.35, (count, 7))
    weekdays[rng.random(count) < 0.6, 5:] *= 0.4
    weekdays /= weekdays.mean(axis=1, keepdims=True)
    first = (START - timedelta(days=BEFORE)).weekday()
    profile = weekdays[:, (first + np.arange(BEFORE + DAYS)) % 7]
    return noise(rng, 10 ** rng.uniform(0.3, 2.5, (count, 1)) * profile * level(rng, count))


def fill(warehouse: Warehouse, series: Series) -> None:
    """Each series becomes a measure, a KPI and a key result of one objective."""
    count, length = series.shape
    names = [f"m{number:05d}" for number in range(count)]
    days = [START + timedelta(days=day - BEFORE) for day in range(length)]
    amounts_ = pa.array([Decimal(str(value)).quantize(Decimal("1e-9")) for value in series.ravel()], AMOUNT)
    columns = {
        "channel": pa.array(["made"] * series.size), "source_id": pa.array(["made"] * series.size),
        "source_file": pa.array(["made.csv"] * series.size), "date": pa.array(days * count, pa.date32()),
        "measure": pa.array(np.repeat(names, length)), "value": amounts_,
    }  # fmt: skip
    schema = RAW["files.measures"]
    empty = {field.name: pa.nulls(series.size, field.type) for field in schema if field.name not in columns}
    warehouse.put_arrow("files.measures", pa.table({**columns, **empty}).select(schema.names))
    warehouse.put("definitions.channels", [{"channel": "made", "title": "Made", "kind": "file", "lookback_days": 0}])
    warehouse.put("definitions.measures", [{"measure": name, "is_money": False} for name in names])
    warehouse.put("definitions.kpis", [{"kpi_id": name, "kind": "flow", "measure": name} for name in names])
    period = {"period_id": "2026-Q2", "kind": "quarter", "start_date": START, "end_date": END}
    warehouse.put("definitions.periods", [period])
    objective = {"objective_id": "o", "position": 1, "period_id": "2026-Q2", "ambition": "committed"}
    warehouse.put("definitions.objectives", [objective])
    common = {"role": "key_result", "objective_id": "o", "type": "increase", "weight": 1.0, "pace_kind": "linear"}
    warehouse.put(
        "definitions.key_results",
        [
            {**common, "key_result_id": name, "position": place, "kpi_id": name, "target": total, "signature": "1"}
            for place, (name, total) in enumerate(zip(names, series[:, BEFORE:].mean(axis=1) * DAYS, strict=True), 1)
        ],
    )
    warehouse.loaded("made", data_through=END)


def coverage(warehouse: Warehouse, count: int) -> dict[str, dict[int, tuple[int, int]]]:
    """By kind and day: how many forecasts held the true end, and how many there were."""
    rows = warehouse.rows(
        """
        with ends as (select key_result_id, value as total from marts.fct_key_result_daily where date = ?)
        select
            cast(substr(key_result_id, 2) as integer) // ? as kind,
            date_diff('day', ?, date) + 1 as day,
            count(*) filter (where total between forecast_low - 1e-9 and forecast_high + 1e-9) as held,
            count(*) as made
        from marts.fct_key_result_daily inner join ends using (key_result_id)
        where forecast is not null and date_diff('day', ?, date) + 1 in (7, 28, 46, 80)
        group by all
        """,
        [END, count, START, START],
    )
    names = list(KINDS)
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for row in rows:
        found.setdefault(names[row["kind"]], {})[row["day"]] = (row["held"], row["made"])
    return found


def main(count: int = 250, seed: int = 11) -> dict[int, float]:
    """Print the coverage by kind and day; return it over all kinds, per cent by day."""
    rng = np.random.default_rng(seed)
    series = np.vstack([quarters(rng, noise, level, count) for noise, level in KINDS.values()])
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), END + timedelta(days=1))
        fill(warehouse, series)
        began = perf_counter()
        warehouse.build("--select", "+fct_key_result_daily")
        took = perf_counter() - began
        found = coverage(warehouse, count)
    print(f"{len(series):,} quarters, models in {took:.1f} s; ends inside the 80 % interval, per cent by day")
    print(f"{'':26}" + "".join(f"{day:>7}" for day in LOOKS))
    for kind, days in found.items():
        print(f"{kind:26}" + "".join(f"{100 * days[day][0] / days[day][1]:7.1f}" for day in LOOKS))
    whole = {
        day: 100 * sum(days[day][0] for days in found.values()) / sum(days[day][1] for days in found.values())
        for day in LOOKS
    }
    print(f"{'all':26}" + "".join(f"{whole[day]:7.1f}" for day in LOOKS))
    return whole


if __name__ == "__main__":
    result = main(*[int(argument) for argument in sys.argv[1:]])
    sys.exit(0 if all(HONEST[0] <= share <= HONEST[1] for share in result.values()) else 1)
