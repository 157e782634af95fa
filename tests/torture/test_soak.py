"""Refresh after refresh, beside an analyst and a reader of the site: sizes and memory stay, nobody sees an error.

Each refresh is a process of its own, as a schedule starts them. The day stands still, so that nothing has a reason to
grow: every fourth refresh brings a restated file, the others nothing new.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

import duckdb
import pytest

from okr_reports.sandbox.serve import start
from okr_reports.settings import KEEP_RUNS
from tests.torture.small import TODAY, YESTERDAY, Small

REFRESHES = 200
LINK = re.compile(r'(?:href|src)="(?!https?:|#|data:|mailto:)([^"#?]+)')


@contextmanager
def readers(small: Small) -> Iterator[tuple[Counter[str], list[str]]]:
    """What an analyst and a reader did meanwhile, and what went wrong."""
    done: Counter[str] = Counter()
    errors: list[str] = []
    stop = threading.Event()

    def analyst() -> None:
        with duckdb.connect(str(small.data / "okr.duckdb"), read_only=True) as kept:
            while not stop.wait(0.1):
                with duckdb.connect(":memory:") as fresh:
                    fresh.execute(f"attach '{small.data / 'okr.duckdb'}' as now (read_only)")
                    for session, name in ((kept, "okr.marts"), (fresh, "now.marts")):
                        count = session.execute(f"select count(*) from {name}.key_results").fetchall()
                        assert count == [(3,)], count
                        session.execute(f"select sum(value) from {name}.fct_measure_daily").fetchall()
                        done["queries"] += 2

    def reader() -> None:
        while not stop.wait(0.1):
            # As a browser does: the address of the site, then what its first page links to.
            page = small.data / "site" / "current" / "index.html"
            for link in LINK.findall(page.read_text(encoding="utf-8")):
                target = page.parent / link
                (target / "index.html" if link.endswith("/") else target).read_bytes()
                done["files"] += 1

    def told(work: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                work()
            except Exception as error:
                errors.append(f"{work.__name__}: {error!r}")

    threads = [threading.Thread(target=told, args=(work,)) for work in (analyst, reader)]
    for thread in threads:
        thread.start()
    yield done, errors
    stop.set()
    for thread in threads:
        thread.join()


@pytest.mark.torture
def test_two_hundred_refreshes_leave_sizes_and_memory_as_they_were(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    sandbox = start(seed=3, today=TODAY)
    small = Small(tmp_path / "small", sandbox)
    try:
        assert small.refresh()["code"] == 0
        folders, memory, seconds = [], [], []
        with readers(small) as (done, errors):
            for number in range(REFRESHES):
                if number % 4 == 0:
                    small.deliver_file(YESTERDAY - timedelta(days=number // 4 % 2))
                began = time.monotonic()
                answer = small.refresh()
                assert answer["code"] == 0, answer["said"]
                seconds.append(time.monotonic() - began)
                memory.append(answer["peak_mb"])
                folders.append(small.sizes())
    finally:
        small.close()
        sandbox.stop()
    assert not errors, errors[:3]
    # From the moment on when as many runs are kept as ever will be.
    early, late = slice(KEEP_RUNS + 10, KEEP_RUNS + 40), slice(-30, None)
    for part in folders[-1]:
        before, after = (median(one.get(part, 0) for one in folders[span]) for span in (early, late))
        figure(f"soak: {part} {before:.1f} MB after {KEEP_RUNS + 25} refreshes, {after:.1f} MB after {REFRESHES - 15}")
        assert after <= before * 1.1 + 1, part
    assert median(memory[late]) <= median(memory[early]) * 1.05
    figure(
        f"soak: {REFRESHES} refreshes, {dict(done)}, errors 0; memory {median(memory[early]):.0f} MB, then"
        f" {median(memory[late]):.0f} MB; a refresh {median(seconds[early]):.1f} s, then {median(seconds[late]):.1f} s"
    )
