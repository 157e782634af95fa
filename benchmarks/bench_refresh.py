"""What every command costs before it does any work: medians of five runs of whole processes, on the demo.

The refresh is the second one of a day: nothing new, so its time is the fixed cost of the way through all stages.
Where it goes is printed step by step; `starting` is imports, the models' manifest and Dagster itself. Processor time
stands beside the wall time, which other work on the machine makes longer; targets are of processor time (targets.py).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.targets import ROOT, allowed, hold

OKR = str(Path(sys.executable).with_name("okr"))
TODAY = "2026-11-23"


@dataclass(frozen=True)
class Cost:
    """Seconds of a process and its children: on the wall, and of the processor."""

    wall: float
    processor: float
    said: str


def costs(command: list[str], environment: dict[str, str], runs: int) -> list[Cost]:
    taken = []
    for _ in range(runs):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        taken.append(Cost(wall, used, done.stdout))
    return taken


def middle(taken: list[Cost], alone: list[Cost] | None = None) -> tuple[float, float]:
    """Medians of wall and processor time; less those of `alone`, which the same commands were run within."""
    less = middle(alone) if alone else (0.0, 0.0)
    return median(c.wall for c in taken) - less[0], median(c.processor for c in taken) - less[1]


def inside_dagster(folder: str, runs: int) -> float:
    """Median seconds of the last runs as Dagster counts them, from their start to their end: libraries are imported."""
    os.environ["DAGSTER_HOME"] = str(Path(folder) / "dagster")
    from dagster import DagsterInstance

    with DagsterInstance.get() as instance:
        records = instance.get_run_records(limit=runs)
    return median((one.end_time or 0) - (one.start_time or 0) for one in records)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "OKR_DATA_DIR": folder, "OKR_TODAY": TODAY}
        # The bytecode of a second start is what a user has.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        sandbox = [OKR, "sandbox", "--"]
        first = costs([*sandbox, OKR, "refresh"], environment, 1)
        again = costs([*sandbox, OKR, "refresh", "--json"], environment, 5)
        alone = costs([*sandbox, "true"], environment, 5)
        location = [sys.executable, "-c", "import okr_reports.definitions, os; os._exit(0)"]
        figures = [
            ("first refresh of the demo (two years)", middle(first), None),
            ("refresh with nothing new", middle(again, alone), 6),
            ("the same, inside Dagster, wall", (inside_dagster(folder, 5),) * 2, 4),
            ("Dagster's code location", middle(costs(location, environment, 5)), 4),
            ("okr check", middle(costs([OKR, "check"], environment, 5)), 1),
            ("okr --help", middle(costs([OKR, "--help"], environment, 5)), 0.3),
        ]
        steps = [json.loads(cost.said)["seconds"] for cost in again]
    for what, (wall, processor), target in figures:
        limit = f"   target {target} s" if target else ""
        print(f"{what:<40}{wall:7.2f} s wall {processor:7.2f} s processor{limit}")
    for name in steps[0]:
        print(f"    {name:<36}{median(one[name] for one in steps):7.2f} s wall")
    held = [hold(what, processor, allowed(target)) for what, (_, processor), target in figures if target]
    sys.exit(not all(held))


main()
