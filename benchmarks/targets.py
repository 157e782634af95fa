"""What benchmarks are held to: each target that is missed is said in a line of its own, and again at the end of all.

Seconds of a target are of one core of the machine on which one yardstick takes REFERENCE seconds. A yardstick is DuckDB
hashing 60 million numbers and Jinja filling a table of 60,000 rows, in the same run as what is measured: on a slower or
busier machine as much more time is allowed as it takes longer.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
MISSED = "target missed: "
REFERENCE = 0.36
YARDSTICK = """
import duckdb, jinja2
connection = duckdb.connect()
connection.execute("set threads = 1")
connection.execute("select sum(hash(n)) from range(60_000_000) as numbers(n)").fetchall()
page = jinja2.Environment(autoescape=True).from_string("{% for n in rows %}<td>{{ n }}</td>{% endfor %}")
page.render(rows=[f"a & {n}" for n in range(60_000)])
"""

SITE = """
import sys
from pathlib import Path
from okr_reports.report_site.build import build_site
copy, reports, out, cache = map(Path, sys.argv[1:])
build_site(copy, reports, out, cache_dir=cache)
"""


def build_site_alone(copy: Path, out: Path, cache: Path) -> float:
    """Processor seconds of the site in a process of its own, its imports and the renderer's included."""
    return processor([sys.executable, "-c", SITE, str(copy), str(ROOT / "reports"), str(out), str(cache)])


def processor(command: list[str], **environment: str) -> float:
    """Processor seconds of a command with all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def yardstick() -> float:
    """Processor seconds of one yardstick now: the least of three."""
    return min(processor([sys.executable, "-c", YARDSTICK]) for _ in range(3))


@cache
def _first_yardstick() -> float:
    return yardstick()


def allowed(seconds: float) -> float:
    """The processor seconds of a target on this machine, as it is during this run."""
    return seconds * _first_yardstick() / REFERENCE


def hold(what: str, found: float, most: float, unit: str = "s") -> bool:
    """Whether a figure is within its target; said if not."""
    if found > most:
        missed(f"{what}: {found:.3g} {unit}, at most {most:.3g}")
    return found <= most


def missed(what: str) -> None:
    print(f"{MISSED}{what}", flush=True)
