"""Three years of a small workspace with the clock set forward: seconds of a refresh, and the size of every folder.

    python -m benchmarks years                three years: a quarter day by day, then week by week
    python -m benchmarks.bench_years 12 36 28     twelve days, then 36 steps of 28 days

The workspace is that of the kills (tests/torture/small.py): two channels of the sandbox, a file that grows by a day,
three key results a quarter, a check-in a week. Each refresh is a process of its own with its libraries imported; its
processor seconds are counted. Limits, from when on as many runs are kept as ever will be: the last thirteen refreshes
cost at most a tenth more than the first thirteen, and Dagster's, dlt's and dbt's folders grow by a tenth at most.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.targets import ROOT, hold
from okr_reports.sandbox.serve import start
from okr_reports.settings import KEEP_RUNS
from tests.torture.small import FIRST, TODAY, Small

STEPS = (92, 143, 7)
SOME = 13
# What holds no data of its own, so that nothing may make it grow.
BOUNDED = ("dagster", "dlt", "dbt")
MOST_TIMES = 1.1

OBJECTIVE = """
objectives:
  - id: more_{id}
    title: More of it
    period: {period}
    team: paid
    key_results:
      - {{id: leads_up_{id}, title: Leads, type: increase, kpi: li_leads, change: 20%, baseline: 100}}
      - {{id: rate_kept_{id}, title: Rate, type: at_least, kpi: rate, target: 0.01}}
      - {{id: seats_up_{id}, title: Seats, type: increase, kpi: seats, baseline: 0, target: 900}}
"""


def live(small: Small, today: date) -> None:
    """What people do until this day: a quarter's objective, a week's check-in, the file and the rates of each day."""
    definitions = small.file.parent
    quarter = (today.month + 2) // 3
    name = f"{today.year}_q{quarter}"
    plan = definitions / f"{name}.yml"
    if today > date(2026, 12, 31):
        if not plan.exists():
            plan.write_text(OBJECTIVE.format(id=name, period=f"{today.year}-Q{quarter}"), encoding="utf-8")
        if today.weekday() == 0:
            check_ins = definitions / f"check_ins_{name}.yml"
            said = check_ins.read_text(encoding="utf-8") if check_ins.exists() else "check_ins:\n"
            line = (
                f"  - {{date: {today}, key_result: leads_up_{name}, author: Ana, confidence: 0.6, note: As planned.}}\n"
            )
            check_ins.write_text(said + line, encoding="utf-8")
    small.deliver_file(today - timedelta(days=1))
    days = range((today - FIRST).days + 1)
    rates = [f"{FIRST + timedelta(days=number)},USD,0.{900 + number % 9}" for number in days]
    (definitions / "exchange_rates.csv").write_text("\n".join(["date,currency,rate", *rates]) + "\n")


def measure(days: int, longer: int, length: int) -> list[dict[str, Any]]:
    """A row a refresh: its day, the days since the one before, processor seconds, peak MB, MB of each folder."""
    steps = [1] * days + [length] * longer
    found = []
    with tempfile.TemporaryDirectory(prefix="okr-years-") as folder:
        sandbox = start(seed=3, today=TODAY)
        small = Small(Path(folder) / "small", sandbox)
        try:
            today = TODAY
            for step in (0, *steps):
                today += timedelta(days=step)
                live(small, today)
                # A vendor serves a version for a year; who upgrades okr gets newer ones.
                served = today - timedelta(days=60)
                answer = small.refresh(today, SOURCES__LINKEDIN_ADS__API_VERSION=f"{served:%Y%m}")
                if answer["code"]:
                    raise SystemExit(f"the refresh of {today} ended with {answer['code']}:\n{answer['said']}")
                sizes = small.sizes()
                found.append({"day": today, "step": step, "cpu": answer["cpu"], "peak": answer["peak_mb"], **sizes})
                parts = ", ".join(f"{name} {size:.1f}" for name, size in sorted(sizes.items()) if size >= 0.05)
                print(f"{today} {answer['cpu']:5.1f} s {answer['peak_mb']:5.0f} MB   {parts}", flush=True)
        finally:
            small.close()
            sandbox.stop()
    return found


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Seconds of each refresh, and MB of each folder, over the days."""
    import altair as alt
    import vl_convert

    x = alt.X("day:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))
    parts = sorted(set(found[-1]) - {"day", "step", "cpu", "peak"}, key=lambda name: -found[-1][name])[:8]
    seconds = [{"day": str(one["day"]), "seconds": one["cpu"]} for one in found]
    sizes = [
        {"day": str(one["day"]), "MB": one[name], "folder": name}
        for one in found for name in parts if one.get(name, 0) > 0.01
    ]  # fmt: skip
    chart = alt.hconcat(
        alt.Chart(alt.Data(values=seconds), width=330, height=200)
        .mark_point(size=8)
        .encode(x=x, y=alt.Y("seconds:Q", title="processor seconds of a refresh", scale=alt.Scale(domainMin=0))),
        alt.Chart(alt.Data(values=sizes), width=330, height=200)
        .mark_line()
        .encode(x=x, y=alt.Y("MB:Q", title="MB", scale=alt.Scale(type="log")), color=alt.Color("folder:N", title=None)),
    )
    path.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure, print and draw; 1 if a limit is passed."""
    days, longer, length = map(int, arguments or STEPS)
    found = measure(days, longer, length)
    draw(found, ROOT / "docs" / "years.svg")
    alike = [one for number, one in enumerate(found) if one["step"] == length and number > KEEP_RUNS]
    early, late = alike[:SOME], alike[-SOME:]
    held = []
    for what in ("cpu", *BOUNDED):
        before, after = (median(one[what] for one in some) for some in (early, late))
        print(f"{what}: {before:.1f} in {early[0]['day']:%B %Y}, {after:.1f} in {late[-1]['day']:%B %Y}")
        held.append(hold(f"{what} of the last {SOME} refreshes against the first", after / before, MOST_TIMES, "times"))
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
