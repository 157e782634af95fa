"""The ordinary day of the demo: one new day, one check-in, one changed target, nothing new.

    python -m benchmarks day

Each is a whole `okr refresh` in processes of its own, and then the site alone over the copies they left. Processor
seconds of a process with its children, the sandbox's answers included in a refresh; beside them how many yardsticks
that is. One yardstick is DuckDB hashing 60 million numbers and Jinja filling a table of 60,000 rows in the same run, so
that the machine and its neighbours count little. A limit that is passed is a failure.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
OKR = str(Path(sys.executable).with_name("okr"))
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
CHECK_IN = """check_ins:
  - {date: 2026-11-24, key_result: linkedin_leads_up_q4, author: Ana, confidence: 0.9, note: Steady.}
"""
# Of the site alone, in yardsticks: a tenth above what was measured on 2026-11-30.
LIMITS = {"from nothing": 52.0, "one new day": 28.0, "one check-in": 12.0, "nothing new": 8.0}


def processor(command: list[str], **environment: str) -> float:
    """Processor seconds of a command with all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def lower_target(folder: Path) -> None:
    """Change the target of one running key result."""
    path = next(one for one in sorted(folder.rglob("*.y*ml")) if "linkedin_leads_up_q4" in one.read_text() and
                "objectives:" in one.read_text())  # fmt: skip
    before, name, after = path.read_text().partition("linkedin_leads_up_q4")
    start, word, rest = after.partition("target: ")
    number = rest.split(",")[0].split("\n")[0].split("}")[0].strip()
    path.write_text(f"{before}{name}{start}{word}{float(number) * 0.9:g}{rest[len(number) :]}")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="okr-day-") as made:
        folder = Path(made)
        definitions, data = folder / "okr_definitions", folder / "data"
        shutil.copytree(ROOT / "okr_definitions", definitions)
        steps = (
            ("from nothing", "2026-11-23", lambda: None),
            ("one new day", "2026-11-24", lambda: None),
            ("one check-in", "2026-11-24", lambda: (definitions / "check_ins" / "one_more.yml").write_text(CHECK_IN)),
            ("one changed target", "2026-11-24", lambda: lower_target(definitions)),
            ("nothing new", "2026-11-24", lambda: None),
        )
        stick = min(processor([sys.executable, "-c", YARDSTICK]) for _ in range(3))
        print(f"one yardstick: {stick:.2f} s of processor")
        over, before = [], {}
        for name, day, change in steps:
            change()
            refresh = processor(
                [OKR, "sandbox", "--", OKR, "refresh"],
                OKR_DATA_DIR=str(data), OKR_DEFINITIONS_DIR=str(definitions), OKR_TODAY=day,
            )  # fmt: skip
            site = processor(
                [sys.executable, "-c", SITE, str(data / "okr.duckdb"), str(ROOT / "reports"), str(folder / "site"),
                 str(folder / "cache")]
            )  # fmt: skip
            pages = {str(path): path.read_bytes() for path in (folder / "site").rglob("*.html")}
            changed = sum(before.get(path) != content for path, content in pages.items())
            before = pages
            print(f"{name:<20} refresh {refresh:5.1f} s ({refresh / stick:4.1f}), site alone {site:5.1f} s "
                  f"({site / stick:4.1f}), pages changed {changed} of {len(pages)}", flush=True)  # fmt: skip
            if site / stick > LIMITS.get(name, float("inf")):
                over.append(f"the site {name}: {site / stick:.1f} yardsticks, more than {LIMITS[name]:g}")
    for line in over:
        print("over the limit:", line, file=sys.stderr)
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
