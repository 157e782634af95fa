"""Three years of a small workspace with the clock set forward: seconds of a refresh, and the size of every folder.

    python -m benchmarks years                    three years: a quarter day by day, then week by week
    python -m benchmarks.bench_years 14 26 42     14 days, then 26 steps of 42 days

What is done is in tests/torture/years.py; `make prove` does it too. Limits: a next day after three years costs at most
a tenth more processor time than the same of a young workspace and of one that loaded the three years at once; from when
on as many of Dagster's runs are kept as ever will be, its, dlt's and dbt's folders grow by a tenth at most.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.targets import ROOT, hold
from tests.torture.years import MOST_TIMES, STEPS, TURNS, limits, measure


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Seconds of each refresh by stage, and MB of each folder, over the days."""
    import altair as alt
    import vl_convert

    x = alt.X("day:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))
    parts = sorted(found[-1]["MB"], key=lambda name: -found[-1]["MB"][name])[:8]
    seconds = [
        {"day": str(one["day"]), "seconds": used, "stage": name}
        for one in found for name, used in one["took"].items() if used > 0.5
    ]  # fmt: skip
    sizes = [
        {"day": str(one["day"]), "MB": one["MB"][name], "folder": name}
        for one in found for name in parts if one["MB"].get(name, 0) > 0.01
    ]  # fmt: skip
    chart = alt.hconcat(
        alt.Chart(alt.Data(values=seconds), width=330, height=200)
        .mark_point(size=8)
        .encode(
            x=x,
            y=alt.Y("seconds:Q", title="processor seconds of a refresh", scale=alt.Scale(domainMin=0)),
            color=alt.Color("stage:N", title=None),
        ),
        alt.Chart(alt.Data(values=sizes), width=330, height=200)
        .mark_line()
        .encode(x=x, y=alt.Y("MB:Q", title="MB", scale=alt.Scale(type="log")), color=alt.Color("folder:N", title=None)),
    ).resolve_scale(color="independent")
    path.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure, print and draw; 1 if a limit is passed."""
    days, longer, length = map(int, arguments or STEPS)
    lives = measure(days, longer, length)
    draw(lives["three years"].found[: days + longer + 1], ROOT / "docs" / "years.svg")
    for name, life in lives.items():
        for what in life.found[-1]["took"]:
            used = median(one["took"].get(what, 0) for one in life.found[-TURNS:])
            print(f"a next day after {name}: {what} {used:.1f} s")
    held = [hold(what, times, MOST_TIMES, "times") for what, times in limits(lives)]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
