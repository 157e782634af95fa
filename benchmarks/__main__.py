"""Run every benchmark, or those named: `python -m benchmarks refresh forecast`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    scripts = sorted(path for path in FOLDER.glob("bench_*.py") if not names or path.stem[6:] in names)
    unknown = set(names) - {path.stem[6:] for path in scripts}
    if unknown:
        known = ", ".join(sorted(path.stem[6:] for path in FOLDER.glob("bench_*.py")))
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {known}", file=sys.stderr)
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    failed = 0
    for script in scripts:
        print(f"\n== {script.stem[6:]}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{script.stem}"]).returncode != 0
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
