"""The report site: 100 key-result pages with three charts each, the same again with nothing changed, 1,000 pages.

Beside them a peer, where npm can have it.

Budgets: 20 s for the first on 2 cores; 2 s and not one byte different for the second; cost grows with the pages; the
overview is at most 150 kB in all.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peer_framework import build_with_framework
from okr_reports.report_site.build import build_site
from okr_reports.report_site.charts import plot
from tests.report_site.snapshot import write_snapshot

REPORTS = Path(__file__).parent.parent / "reports"
# ten, and a hundred, times the demo's ten running key results
SCALES = {"100 key results": 10, "1,000 key results": 100}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def timed(label: str, snapshot: Path, out: Path, cache: Path | None) -> tuple[float, int]:
    """Seconds of wall and pages of one build; said in one line with processor time and the time a page."""
    wall, processor = time.perf_counter(), time.process_time()
    result = build_site(snapshot, REPORTS, out, cache_dir=cache)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    each = wall / result.pages * 1000
    print(f"{label}: {result.pages} pages, {result.bytes / 1e6:.1f} MB in {wall:.1f} s "
          f"(processor {processor:.1f} s, {each:.0f} ms a page)")  # fmt: skip
    return wall, result.pages


def overview_bytes(site: Path) -> int:
    """The overview with everything a reader's browser loads for it, as it lies on the disk."""
    loaded = [site / "index.html", *(path for path in (site / "assets").iterdir() if path.name != "search.js")]
    return sum(path.stat().st_size for path in loaded)


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        each = {}
        for name, scale in SCALES.items():
            snapshot = write_snapshot(folder / f"{scale}.duckdb", scale=scale)
            wall, pages = timed(name, snapshot, folder / f"first{scale}", folder / f"cache{scale}")
            each[name] = wall / pages
            if scale == 10:
                failed += [f"{name} took {wall:.1f} s, more than 20"] if wall > 20 else []
                again, _ = timed(f"{name}, nothing changed", snapshot, folder / "again", folder / f"cache{scale}")
                same = files_of(folder / f"first{scale}") == files_of(folder / "again")
                print(f"{name}, nothing changed: {'0 bytes' if same else 'bytes are'} different")
                failed += [f"nothing changed took {again:.1f} s, more than 2"] if again > 2 else []
                failed += [] if same else ["a build with nothing changed differs"]
                print(build_with_framework(snapshot, folder / "peer"))
        first, last = each.values()
        print(f"a page of the large site costs {last / first:.2f} times one of the small")
        failed += ["cost grows faster than the pages"] if last > 1.5 * first else []
        site = build_site(write_snapshot(folder / "demo.duckdb"), REPORTS, folder / "demo").out_dir
        size = overview_bytes(site)
        print(f"overview: {size / 1000:.0f} kB with style, script and icon")
        failed += [f"the overview is {size / 1000:.0f} kB, more than 150"] if size > 150_000 else []
    print(f"highest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"a line of 90 days: {one_chart():.2f} ms")
    for line in failed:
        print("over budget:", line, file=sys.stderr)
    return 1 if failed else 0


def one_chart() -> float:
    """Milliseconds to draw a line of 90 days."""
    from datetime import date, timedelta

    from okr_reports.report_site.charts.data import ChartData, Series
    from okr_reports.report_site.formats import Formatter

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
