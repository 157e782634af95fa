"""The ordinary day of the demo: one new day, one check-in, one changed target, nothing new.

    python -m benchmarks day

The models of the second day are dbt's, those of later days the statements that it came to. Each is a whole
`okr refresh` in processes of its own, and then the site alone over the copies they left. Processor seconds of a process
with its children, those of the sandbox that answers taken off; targets are scaled by the yardstick of the same run
(targets.py). Beside the site from nothing: Jinja writing the same bytes, and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.targets import REFERENCE, ROOT, allowed, build_site_alone, hold, processor

OKR = str(Path(sys.executable).with_name("okr"))
# The pages of a folder taken apart at their tags, and each put together again by a template that escapes every text.
BARE_JINJA = """
import html, re, sys, time, jinja2
from pathlib import Path
text = "{% for tag, text in pieces %}{{ tag | safe }}{{ text }}{% endfor %}"
page = jinja2.Environment(autoescape=True).from_string(text)
found = [one.read_text() for one in sorted(Path(sys.argv[1]).rglob("*.html"))]
pieces = [[(tag, html.unescape(text)) for tag, text in re.findall("(<[^>]*>)([^<]*)", one)] for one in found]
began, size = time.process_time(), 0
for one in pieces:
    size += len(page.render(pieces=one).encode())
print(time.process_time() - began, size)
"""
CHECK_IN = """check_ins:
  - {date: 2026-11-24, key_result: linkedin_leads_up_q4, author: Ana, confidence: 0.9, note: Steady.}
"""
# Seconds of processor of the site alone, and of the refresh.
TARGETS = {
    "from nothing": (6, None), "the second day": (4, 12), "one new day": (4, 12), "one check-in": (1, None),
    "one changed target": (1, None), "nothing new": (1, 6),
}  # fmt: skip


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
        steps = {
            "from nothing": ("2026-11-23", lambda: None),
            "the second day": ("2026-11-24", lambda: None),
            "one new day": ("2026-11-25", lambda: None),
            "one check-in": ("2026-11-25", lambda: (definitions / "check_ins" / "one_more.yml").write_text(CHECK_IN)),
            "one changed target": ("2026-11-25", lambda: lower_target(definitions)),
            "nothing new": ("2026-11-25", lambda: None),
        }
        print(f"one yardstick: {allowed(REFERENCE):.2f} s of processor, {REFERENCE} on the machine of the targets")
        sandbox = [OKR, "sandbox", "--"]
        alone = median(processor([*sandbox, "true"], OKR_TODAY="2026-11-25") for _ in range(3))
        held, before = [], {}
        for name, (day, change) in steps.items():
            change()
            refresh = -alone + processor(
                [*sandbox, OKR, "refresh"],
                OKR_DATA_DIR=str(data), OKR_DEFINITIONS_DIR=str(definitions), OKR_TODAY=day,
            )  # fmt: skip
            site = build_site_alone(data / "okr.duckdb", folder / "site", folder / "cache")
            pages = {str(path): path.read_bytes() for path in (folder / "site").rglob("*.html")}
            changed = sum(before.get(path) != content for path, content in pages.items())
            before = pages
            of_site, of_refresh = TARGETS[name]
            print(f"{name:<20} refresh {refresh:5.1f} s, site alone {site:5.1f} s; {changed} of {len(pages)} pages "
                  "changed", flush=True)  # fmt: skip
            held.append(hold(f"the site, {name}", site, allowed(of_site)))
            if of_refresh is not None:
                held.append(hold(f"the refresh, {name}", refresh, allowed(of_refresh)))
            if name == "from nothing":
                _say_bare(folder)
    return int(not all(held))


def _say_bare(folder: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", BARE_JINJA, str(folder / "site")], check=True, capture_output=True, text=True
    ).stdout.split()
    written = sum(path.stat().st_size for path in (folder / "site").rglob("*.html")) / 1e6
    print(f"Jinja alone: {float(said[0]):.1f} s for {int(said[1]) / 1e6:.1f} MB of {written:.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
