"""`okr workspaces --refresh`: every workspace below a folder, each by a process of its own, some at once.

Each has its own lock, settings and secrets: variables of this environment that name channels, dlt, Dagster or a
workspace reach none of them (but OKR_TODAY). What goes wrong with one is said of it, and the others go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from okr_reports.common.foreign_names import NOT_PASSED

_KEPT = "OKR_TODAY"
_COMMAND = (sys.executable, "-c", "from okr_reports.cli import run; run()", "refresh")


def refresh_many(paths: Sequence[Path], at_once: int, say: Callable[[Path, int, str], None]) -> bool:
    """Whether all of them ended well; `say` takes each path with its exit code and the last line of what it said."""
    given = {name: text for name, text in os.environ.items() if name == _KEPT or not name.startswith(NOT_PASSED)}

    def refresh(path: Path) -> int:
        done = subprocess.run(
            _COMMAND, cwd=path, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        say(path, done.returncode, lines[-1] if lines else "")
        return done.returncode

    with ThreadPoolExecutor(at_once) as pool:
        return not any(list(pool.map(refresh, paths)))
