"""Run every benchmark, or those named: `python -m benchmarks refresh forecast`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from benchmarks.targets import MISSED

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    scripts = sorted(path for path in FOLDER.glob("bench_*.py") if not names or path.stem[6:] in names)
    unknown = set(names) - {path.stem[6:] for path in scripts}
    if unknown:
        known = ", ".join(sorted(path.stem[6:] for path in FOLDER.glob("bench_*.py")))
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {known}", file=sys.stderr)
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    missed = []
    for script in scripts:
        name = script.stem[6:]
        print(f"\n== {name}", flush=True)
        lines, code = run(script.stem)
        missed += [f"{name}: {line}" for line in lines] or ([f"{name}: it failed"] if code else [])
    print("\n" + ("\n".join(["targets missed", *missed]) if missed else "every target is held"))
    return 1 if missed else 0


def run(module: str) -> tuple[list[str], int]:
    """Run one benchmark: the targets that it missed, and its exit code. What it prints is passed on as it comes."""
    missed = []
    with subprocess.Popen([sys.executable, "-m", f"benchmarks.{module}"], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith(MISSED):
                missed.append(line.removeprefix(MISSED).rstrip())
    return missed, process.returncode


sys.exit(main(sys.argv[1:]))
