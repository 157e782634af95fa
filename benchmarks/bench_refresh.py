"""What every command costs before it does any work: medians of five runs of whole processes, on the demo.

The refresh is the second one of a day: nothing new, so its wall time is the fixed cost of the way through all stages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
OKR = str(Path(sys.executable).with_name("okr"))
TODAY = "2026-11-23"


def seconds(command: list[str], environment: dict[str, str], runs: int) -> list[float]:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "OKR_DATA_DIR": folder, "OKR_TODAY": TODAY}
        sandbox = [OKR, "sandbox", "--"]
        (first,) = seconds([*sandbox, OKR, "refresh"], environment, 1)
        again = seconds([*sandbox, OKR, "refresh"], environment, 5)
        alone = seconds([*sandbox, "true"], environment, 5)
        figures = [
            ("first refresh of the demo (two years)", first, None),
            ("refresh with nothing new", median(again) - median(alone), 12),
            ("okr check", median(seconds([OKR, "check"], environment, 5)), 2),
            ("okr --help", median(seconds([OKR, "--help"], environment, 5)), 0.6),
        ]
    for what, figure, target in figures:
        print(f"{what:<40}{figure:7.2f} s" + (f"   target {target} s" if target else ""))


main()
