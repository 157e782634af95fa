"""What a full and a daily build of the models cost as data grows: fact rows, key results, years of history.

    python -m benchmarks growth          the points of POINTS, the picture docs/growth.svg and its figures
    python -m benchmarks.bench_growth quick   only those that fit in a few minutes

Each point is a warehouse and a process of its own: one LinkedIn account whose campaigns have a row a day, and key
results of the running quarter over their leads. A full build is the first one; a daily build follows a day later, when
the last 30 days were read again and one is new. Processor seconds and peak memory of the process that builds.
Limits: a daily build may cost at most half as much again with five years of history as with one, and 4 GB of memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.targets import hold
from tests.dbt_project import example
from tests.dbt_project.warehouse import Warehouse

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 23)
LOOKBACK = 30
# Rows of fct_measure_daily that one row of the vendor becomes.
MEASURES = 8
BUILDS = ["full", "daily"]
MEMORY_LIMIT = 4e9
HISTORY_LIMIT = 1.5


@dataclass(frozen=True)
class Point:
    """Years of history, campaigns with a row each day, key results of the running quarter."""

    curve: str
    years: int
    campaigns: int
    key_results: int

    @property
    def facts(self) -> int:
        return self.years * 365 * self.campaigns * MEASURES


POINTS = (
    Point("years", 1, 60, 40), Point("years", 2, 60, 40), Point("years", 5, 60, 40),
    Point("key results", 2, 60, 10), Point("key results", 2, 60, 100), Point("key results", 2, 60, 1000),
    Point("fact rows", 2, 172, 40), Point("fact rows", 2, 515, 40), Point("fact rows", 2, 1713, 40),
)  # fmt: skip


def fill_days(warehouse: Warehouse, point: Point, first: date) -> None:
    """The vendor's rows from `first` through yesterday, replacing what was there."""
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from linkedin_ads.campaign_analytics where date >= ?", [first])
        connection.execute(
            """
            insert into linkedin_ads.campaign_analytics by name
            select
                '1' as account_id, 'EUR' as currency, day::date as date, 'c' || number as campaign_id,
                1000 + hash(day, number) % 500 as impressions, 20 + hash(number, day) % 30 as clicks,
                10 as landing_page_clicks, 12.34 as cost_in_local_currency, 1 as external_website_conversions,
                50 as conversion_value_in_local_currency, hash(day, number, 1) % 5 as one_click_leads, 0 as video_views,
                ?::timestamptz as loaded_at
            from range(?::timestamp, ?::timestamp, interval 1 day) as days(day), range(?) as campaigns(number)
            """,
            [warehouse.moment, first, warehouse.today, point.campaigns],
        )
    warehouse.loaded("linkedin_ads", "1", window_from=first)


def define(warehouse: Warehouse, point: Point) -> None:
    channels = [{"channel": "linkedin_ads", "title": "LinkedIn Ads", "kind": "ads", "lookback_days": LOOKBACK}]
    warehouse.put("definitions.channels", channels)
    measures = [{"measure": name, "is_money": name in example.MONEY} for name in (*example.MONEY, *example.AD_MEASURES)]
    warehouse.put("definitions.measures", measures)
    quarter = {"period_id": "q", "start_date": date(2026, 10, 1), "end_date": date(2026, 12, 31)}
    warehouse.put("definitions.periods", [quarter])
    objectives = range(1 + (point.key_results - 1) // 4)
    warehouse.put(
        "definitions.objectives",
        [{"objective_id": f"o{number}", "period_id": "q", "ambition": "committed"} for number in objectives],
    )
    kpis = range(min(point.key_results, 50))
    warehouse.put("definitions.kpis", [{"kpi_id": f"k{number}", "kind": "flow", "measure": "leads"} for number in kpis])
    like = {"condition_no": 1, "field": "campaign_name", "operator": "like"}
    warehouse.put(
        "definitions.kpi_conditions", [{**like, "kpi_id": f"k{number}", "value": f"%{number % 10}"} for number in kpis]
    )
    usual: dict[str, Any] = {
        "role": "key_result", "type": "increase", "weight": 1.0, "pace_kind": "linear", "signature": "1",
    }  # fmt: skip
    warehouse.put(
        "definitions.key_results",
        [
            {**usual, "key_result_id": f"kr{number}", "objective_id": f"o{number // 4}", "kpi_id": f"k{number % 50}",
             "target": 1000 + number}
            for number in range(point.key_results)
        ],
    )  # fmt: skip
    warehouse.put("linkedin_ads.accounts", [{"id": "1", "name": "Acme", "currency": "EUR", "timezone": "UTC"}])
    campaigns = range(point.campaigns)
    warehouse.put(
        "linkedin_ads.campaigns",
        [{"id": f"c{number}", "account_id": "1", "name": f"Campaign {number}"} for number in campaigns],
    )


def measure(point: Point) -> dict[str, float]:
    """Processor seconds of a full and of a daily build, the peak of memory, the rows."""
    with tempfile.TemporaryDirectory(prefix="okr-growth-") as folder:
        warehouse = Warehouse(Path(folder), TODAY)
        define(warehouse, point)
        # Parsing is the same for all of them; it is done before the clock starts.
        warehouse.build("--select", "+dim_team")
        fill_days(warehouse, point, TODAY - timedelta(days=365 * point.years))
        full = _seconds(warehouse)
        warehouse.publish()
        warehouse.at(TODAY + timedelta(days=1))
        fill_days(warehouse, point, warehouse.today - timedelta(days=LOOKBACK))
        daily = _seconds(warehouse)
        facts = warehouse.row("select count(*) as n from marts.fct_measure_daily")["n"]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"rows": facts, "full": full, "daily": daily, "memory": memory, "file": warehouse.path.stat().st_size}


def _seconds(warehouse: Warehouse) -> float:
    began = time.process_time()
    warehouse.build()
    return time.process_time() - began


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """A column a curve: seconds of a full and of a daily build above, the peak of memory below."""
    import altair as alt
    import vl_convert

    columns = []
    for curve, size in {"years": "years", "key results": "key_results", "fact rows": "rows"}.items():
        points = [one for one in found if one["curve"] == curve]
        scale = alt.Scale(type="linear" if curve == "years" else "log", nice=False)
        x = alt.X("size:Q", title=curve, scale=scale, axis=alt.Axis(format="~s", tickCount=4))
        seconds = [{"size": one[size], "seconds": one[build], "build": build} for one in points for build in BUILDS]
        memory = [{"size": one[size], "megabytes": one["memory"] / 1e6} for one in points]
        color = alt.Color("build:N", title=None, scale=alt.Scale(domain=BUILDS, range=["#d1791f", "#1f6feb"]))
        columns.append(
            alt.vconcat(
                alt.Chart(alt.Data(values=seconds), width=210, height=160)
                .mark_line(point=True)
                .encode(x=x, y=alt.Y("seconds:Q", title="processor seconds"), color=color),
                alt.Chart(alt.Data(values=memory), width=210, height=120)
                .mark_line(point=True, color="#57606a")
                .encode(x=x, y=alt.Y("megabytes:Q", title="peak memory, MB")),
            )
        )
    path.write_text(vl_convert.vegalite_to_svg(alt.hconcat(*columns).to_json()), encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["point"]:
        print(json.dumps(measure(Point(**json.loads(arguments[1])))))
        return 0
    chosen = [point for point in POINTS if arguments != ["quick"] or point.facts < 1_100_000]
    found = []
    print(f"{'':<14}{'years':>6}{'rows':>12}{'key results':>13}{'full s':>9}{'daily s':>9}{'memory':>9}{'file':>9}")
    for point in chosen:
        command = [sys.executable, "-m", "benchmarks.bench_growth", "point", json.dumps(asdict(point))]
        answer = subprocess.run(command, cwd=ROOT, env=os.environ, check=True, stdout=subprocess.PIPE, text=True)
        one = {**asdict(point), **json.loads(answer.stdout.splitlines()[-1])}
        found.append(one)
        print(
            f"{point.curve:<14}{point.years:>6}{one['rows']:>12,.0f}{point.key_results:>13}{one['full']:>9.1f}"
            f"{one['daily']:>9.1f}{one['memory'] / 1e6:>6.0f} MB{one['file'] / 1e6:>6.0f} MB",
            flush=True,
        )
    draw(found, ROOT / "docs" / "growth.svg")
    by_years = {one["years"]: one["daily"] for one in found if one["curve"] == "years"}
    ratio = by_years[5] / by_years[1]
    memory = max(one["memory"] for one in found)
    print(f"daily build with five years against one: {ratio:.2f}   limit {HISTORY_LIMIT}")
    print(f"peak memory: {memory / 1e9:.2f} GB   limit {MEMORY_LIMIT / 1e9:.0f} GB")
    held = [
        hold("a daily build with five years against one", ratio, HISTORY_LIMIT, "times"),
        hold("peak memory", memory / 1e9, MEMORY_LIMIT / 1e9, "GB"),
    ]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
