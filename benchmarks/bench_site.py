"""The report site: 100 key-result pages with three charts each, the same again with nothing changed, 1,000 pages.

Beside them two other builders, where npm can have them.

Targets, of processor with all children: 20 ms a page, and each page of the large site at most half as much again as one
of the small; 2 s and not one byte different where nothing changed; the overview is at most 150 kB in all.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peer_builders import build_with_peers
from benchmarks.targets import allowed, build_site_alone, hold, missed
from okr_reports.report_site.charts import plot
from tests.report_site.snapshot import write_snapshot

# ten, and a hundred, times the demo's ten running key results
SCALES = {"100 key results": 10, "1,000 key results": 100}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def timed(label: str, snapshot: Path, out: Path, cache: Path) -> tuple[float, int]:
    """Processor seconds and pages of one build; said in one line with the time a page."""
    seconds = build_site_alone(snapshot, out, cache)
    files = [path for path in out.rglob("*") if path.is_file()]
    pages, size = sum(path.suffix == ".html" for path in files), sum(path.stat().st_size for path in files)
    each = seconds / pages * 1000
    print(
        f"{label}: {pages} pages, {size / 1e6:.1f} MB in {seconds:.1f} s of processor, {each:.0f} ms a page", flush=True
    )
    return seconds, pages


def overview_bytes(site: Path) -> int:
    """The overview with everything a reader's browser loads for it, as it lies on the disk."""
    loaded = [site / "index.html", *(path for path in (site / "assets").iterdir() if path.name != "search.js")]
    return sum(path.stat().st_size for path in loaded)


def main() -> int:
    held = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        each = {}
        for name, scale in SCALES.items():
            snapshot = write_snapshot(folder / f"{scale}.duckdb", scale=scale)
            first = folder / f"first{scale}"
            seconds, pages = timed(name, snapshot, first, folder / f"cache{scale}")
            each[name] = seconds / pages
            held.append(hold(f"a page of {name}", each[name] * 1000, allowed(20), "ms"))
            if scale == 10:
                again, _ = timed(f"{name}, nothing changed", snapshot, folder / "again", folder / f"cache{scale}")
                held.append(hold(f"{name}, nothing changed", again, allowed(2)))
                if files_of(first) != files_of(folder / "again"):
                    missed("a build with nothing changed makes the same bytes")
                    held.append(False)
                for line in build_with_peers(snapshot, folder / "peers"):
                    print(line, flush=True)
        small, large = each.values()
        print(f"a page of the large site costs {large / small:.2f} times one of the small")
        held.append(hold("a page of the large site", large / small, 1.5, "times one of the small"))
        build_site_alone(write_snapshot(folder / "demo.duckdb"), folder / "demo", folder / "demo_cache")
        size = overview_bytes(folder / "demo") / 1000
        print(f"overview: {size:.0f} kB with style, script and icon")
        held.append(hold("the overview", size, 150, "kB"))
    print(f"highest memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")
    print(f"a line of 90 days: {one_chart():.2f} ms")
    return int(not all(held))


def one_chart() -> float:
    """Milliseconds to draw a line of 90 days."""
    from datetime import date, timedelta

    from okr_reports.report_site.charts.data import ChartData, Series
    from okr_reports.report_site.formats.formats import Formatter

    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(90)]
    values: list[float | None] = [float(n % 17) for n in range(90)]
    texts = [str(value) for value in values]
    formatter = Formatter("es-ES", "EUR", "Europe/Madrid")
    data = ChartData(days, texts, "Day", "date", [Series("A", values, texts, "num0")], formatter)
    started = time.perf_counter()
    for _ in range(200):
        plot.draw("line", data, "label", plot.Options())
    return (time.perf_counter() - started) / 200 * 1000


if __name__ == "__main__":
    sys.exit(main())
