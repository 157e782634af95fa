"""What checking definitions costs: the demo, and 500 key results of all types in 100 files with 2,000 check-ins.

Medians of five runs of whole processes, imports included, with the peak of their memory. Limit: 3 s (issue of the
definition language); the demo should stay well under 0.6 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from benchmarks.targets import ROOT, allowed, hold

FILES, CHECK_INS_A_KEY_RESULT = 100, 4
PROGRAM = """
import time; began = time.perf_counter()
import json, resource, sys
from datetime import date
from pathlib import Path
from okr_reports.okrs import check
definitions, findings = check(Path(sys.argv[1]), today=date(2026, 11, 23))
assert definitions is not None, findings
taken = time.perf_counter() - began
results = sum(1 for _ in definitions.key_results())
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, results, len(findings)]))
"""
TYPES = (
    "type: increase\n        kpi: linkedin_leads\n        change: 20%\n        baseline: previous_period",
    "type: decrease\n        baseline: 5\n        target: 2\n        unit: days",
    "type: at_most\n        kpi: linkedin_cost_per_lead\n        target: 30",
    "type: count_range\n        low: 3\n        high: 5",
    "type: milestones\n        milestones: [{id: one, due: 2026-10-31}, {id: two, weight: 2}, {id: three}]",
)


def write_many(folder: Path) -> None:
    """100 files of one objective, five key results and twenty check-ins each, with the KPIs of the demo."""
    kpis = (ROOT / "okr_definitions" / "kpis" / "linkedin_ads.yml").read_text(encoding="utf-8")
    (folder / "kpis.yml").write_text(kpis, encoding="utf-8")
    (folder / "settings.yml").write_text("settings: {organisation: Acme, currency: EUR}\n", encoding="utf-8")
    for number in range(FILES):
        lines = [f"teams:\n  - id: team_{number}\nobjectives:\n  - id: objective_{number}"]
        lines.append(f"    title: {{es: Meta}}\n    period: 2026-Q4\n    team: team_{number}\n    key_results:")
        checks = ["check_ins:"]
        for which, written in enumerate(TYPES):
            name = f"key_result_{number}_{which}"
            lines.append(f"      - id: {name}\n        title: {{es: Resultado, en: Result}}\n        {written}")
            for week in range(CHECK_INS_A_KEY_RESULT):
                day = date(2026, 11, 16) - timedelta(weeks=week)
                checks.append(f"  - date: {day}\n    key_result: {name}\n    author: Ana\n    note: Good.")
        (folder / f"team_{number}.yml").write_text("\n".join([*lines, *checks]) + "\n", encoding="utf-8")


def measured(folder: Path) -> tuple[float, float, int, int]:
    """Median seconds, peak MB, key results and findings of five runs."""
    runs = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, env=os.environ, check=True, capture_output=True
            ).stdout
        )
        for _ in range(5)
    ]
    return median(run[0] for run in runs), max(run[1] for run in runs), runs[0][2], runs[0][3]


def main() -> int:
    over = 0
    with tempfile.TemporaryDirectory() as made:
        write_many(Path(made))
        for name, folder, limit in (
            ("the demo", ROOT / "okr_definitions", 0.6),
            (f"{FILES} files", Path(made), 3.0),
        ):
            seconds, megabytes, results, findings = measured(folder)
            print(f"{name}: {results} key results checked in {seconds:.2f} s, {megabytes:.0f} MB, {findings} findings")
            over += not hold(f"okr check, {name}", seconds, allowed(limit))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
