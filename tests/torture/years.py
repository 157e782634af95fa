"""Three years of a small workspace with the clock set forward: seconds of a refresh by stage, sizes of every folder.

The workspace is that of the kills (small.py): two channels of the sandbox, a file that grows by a day, three key
results a quarter, a check-in a week. Each refresh is a process of its own with its libraries imported.

Hours lie between the first and the last, and other programs use the machine meanwhile: their seconds say little beside
each other. So at the end three workspaces take the same sort of next days by turns: the one of three years, a copy of
it as it was after its first days, and one that has loaded the same three years at once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from okr_reports.sandbox.serve import start
from okr_reports.settings import KEEP_RUNS
from tests.torture.small import FIRST, TODAY, Small

# A quarter day by day, then 143 weeks.
STEPS = (92, 143, 7)
# Next days of each workspace at the end.
TURNS = 5
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


@dataclass(eq=False)
class Life:
    """One workspace and its day; what each of its refreshes took."""

    small: Small
    today: date = TODAY
    found: list[dict[str, Any]] = field(default_factory=list)

    def refresh(self, step: int) -> None:
        """What people do in so many days, and the refresh of the last of them."""
        self.today += timedelta(days=step)
        live(self.small, self.today)
        # A vendor serves a version for a year; who upgrades okr gets newer ones.
        served = self.today - timedelta(days=60)
        answer = self.small.refresh(self.today, SOURCES__LINKEDIN_ADS__API_VERSION=f"{served:%Y%m}")
        if answer["code"]:
            raise SystemExit(f"the refresh of {self.today} ended with {answer['code']}:\n{answer['said']}")
        stages = answer["stages"]
        cpu = {"cpu": answer["cpu"], **stages, "starting": answer["cpu"] - sum(stages.values())}
        sizes = self.small.sizes()
        self.found.append({"day": self.today, "step": step, "took": cpu, "MB": sizes})
        seconds = ", ".join(f"{name} {used:.1f}" for name, used in cpu.items())
        parts = ", ".join(f"{name} {size:.1f}" for name, size in sorted(sizes.items()) if size >= 0.05)
        print(f"{self.today} {seconds}; {answer['peak_mb']:.0f} MB of memory; {parts}", flush=True)

    def keep(self, place: Path) -> None:
        """Move the workspace aside: another one may lie where it did, so that the paths of both are the same."""
        place.mkdir(parents=True, exist_ok=True)
        for part in self._parts():
            part.rename(place / part.name)

    def bring_back(self, place: Path) -> None:
        """Move it to where it was."""
        for part in place.iterdir():
            part.rename(self.small.folder / part.name)

    def copy(self, place: Path, *, data: bool = True) -> Life:
        """A second life from here on, of its definitions and, with `data`, of everything produced."""
        for part in self._parts():
            if data or part != self.small.data:
                shutil.copytree(part, place / part.name, symlinks=True)
        return Life(self.small, self.today)

    def _parts(self) -> list[Path]:
        return [self.small.data, self.small.file.parent]


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
    small.deliver_file(today - timedelta(days=1), restated=7)
    days = range((today - FIRST).days + 1)
    rates = [f"{FIRST + timedelta(days=number)},USD,0.{900 + number % 9}" for number in days]
    (definitions / "exchange_rates.csv").write_text("\n".join(["date,currency,rate", *rates]) + "\n")


def measure(days: int, longer: int, length: int) -> dict[str, Life]:
    """The life of the workspace and the two beside it, by name; each ends with TURNS next days, taken by turns."""
    with tempfile.TemporaryDirectory(prefix="okr-years-") as folder:
        sandbox = start(seed=3, today=TODAY)
        small = Small(Path(folder) / "small", sandbox)
        names = ("three years", f"{days} days", "three years at once")
        places = [Path(folder) / name for name in names]
        try:
            old = Life(small)
            for step in (0, *[1] * days):
                old.refresh(step)
            young = old.copy(places[1])
            for step in [length] * longer:
                old.refresh(step)
            new = old.copy(places[2], data=False)
            old.keep(places[0])
            lives = dict(zip(names, (old, young, new), strict=True))
            for step, turn in ((0, [new]), *[(1, [old, young, new])] * TURNS):
                for life, name, place in zip(lives.values(), names, places, strict=True):
                    if life in turn:
                        print(name, flush=True)
                        life.bring_back(place)
                        life.refresh(step)
                        life.keep(place)
            return lives
        finally:
            small.close()
            sandbox.stop()


def limits(lives: dict[str, Life]) -> Iterator[tuple[str, float]]:
    """What may be MOST_TIMES at most: a next day against that of each workspace beside it, folders once runs go."""
    old, *others = lives.values()
    for name, other in zip(list(lives)[1:], others, strict=True):
        ours, theirs = (median(one["took"]["cpu"] for one in life.found[-TURNS:]) for life in (old, other))
        yield f"processor seconds of a next day against {name}", ours / theirs
    full = old.found[min(KEEP_RUNS, len(old.found) - 1)]["MB"]
    for part in BOUNDED:
        yield f"{part} against its {KEEP_RUNS} runs", old.found[-1]["MB"][part] / full[part]
