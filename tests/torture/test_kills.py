"""A refresh that is killed, or finds the disk full, anywhere: run again, it ends as if nothing had happened.

Killed before or after every commit, and at steps spread over all of it. After each kill readers have the old site or
the new one, whole, and a copy that opens. Kills come in series (a rerun may be killed too); a series ends with a
refresh that lives, every other time with dlt's folder wiped, and its raw rows, its marts and its site are held against
those of a refresh that was never disturbed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_reports.sandbox.serve import start
from tests.torture.conftest import times
from tests.torture.small import TODAY, YESTERDAY, Small

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Undisturbed:
    """What a refresh leaves that nobody disturbs, and the site before it."""

    steps: list[str]
    sockets: list[str]
    facts: Rows
    numbers: dict[str, bytes]
    pages: list[str]
    old_site: dict[str, str]
    found: Counter[str] = field(default_factory=Counter)

    def check_readers(self, small: Small) -> None:
        """The old site byte for byte, or the new one with every file and number; a copy that opens, without a log."""
        site = small.site()
        if site == self.old_site:
            self.found["old site"] += 1
        else:
            self.found["new site"] += 1
            assert small.pages() == self.pages
            assert small.numbers() == self.numbers
        assert not (small.data / "okr.duckdb.wal").exists()
        with duckdb.connect(str(small.data / "okr.duckdb"), read_only=True) as connection:
            assert connection.execute("select count(*) from marts.key_results").fetchall() == [(3,)]
            assert connection.execute("select today in (?, ?) from marts.report_context", [YESTERDAY, TODAY]).fetchall()

    def check_rows(self, small: Small) -> None:
        """Nothing lost, nothing doubled, no row of a load that never ended, the new site in its place."""
        facts = small.facts()
        assert facts.keys() == self.facts.keys()
        for table, rows in self.facts.items():
            expected, found = Counter(rows), Counter(facts[table])
            assert not expected - found, f"{table}: lost"
            assert not found - expected, f"{table}: doubled or wrong"
        assert small.orphans() == {}
        assert small.pages() == self.pages
        assert small.numbers() == self.numbers


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    sandbox = start(seed=3, today=YESTERDAY)
    made = Small(tmp_path_factory.mktemp("small"), sandbox)
    yield made
    made.close()
    sandbox.stop()


@pytest.fixture(scope="module")
def undisturbed(small: Small) -> Undisturbed:
    answer = small.refresh(YESTERDAY)
    assert answer["code"] == 0, answer["said"]
    small.keep()
    old_site = small.site()
    small.deliver_file(TODAY - timedelta(days=1))
    answer = small.refresh()
    assert answer["code"] == 0, answer["said"]
    assert small.orphans() == {}
    return Undisturbed(answer["steps"], answer["sockets"], small.facts(), small.numbers(), small.pages(), old_site)


def test_no_socket_leads_off_this_machine(undisturbed: Undisturbed, figure: Callable[[str], None]) -> None:
    elsewhere = [host for host in undisturbed.sockets if not ip_address(host).is_loopback]
    assert undisturbed.sockets
    assert not elsewhere
    figure(f"a whole refresh used {len(undisturbed.sockets)} sockets, not on loopback 0")


def chosen(steps: list[str], count: int) -> list[int]:
    """Steps to die at: the sides of every commit first, then others spread over the whole; in no order."""
    commits = [number for number, name in enumerate(steps, 1) if name.endswith("commit")]
    if len(commits) > count * 2 // 3:
        commits = commits[:: -(-len(commits) * 3 // (count * 2))]
    left = count - len(commits)
    spread = [1 + number * (len(steps) - 1) // max(left - 1, 1) for number in range(left)]
    points = [*commits, *spread]
    random.Random(5).shuffle(points)
    return points


def test_killed_anywhere_nothing_is_lost(small: Small, undisturbed: Undisturbed, figure: Callable[[str], None]) -> None:
    points = chosen(undisturbed.steps, times(3, 200))
    points = points[: int(os.environ.get("OKR_KILLS", len(points)))]
    series = times(3, 4)
    sides: Counter[str] = Counter()
    wiped = lived = 0
    for begin in range(0, len(points), series):
        small.restore()
        for point in points[begin : begin + series]:
            answer = small.refresh(die_at=point)
            # A rerun has fewer steps than a first run: if it ends before it comes to die, a first run is killed there.
            if answer["code"] == 0:
                undisturbed.check_rows(small)
                lived += 1
                small.restore()
                answer = small.refresh(die_at=point)
            assert answer["code"] == -signal.SIGKILL, (point, answer["said"])
            sides[answer["steps"][-1]] += 1
            undisturbed.check_readers(small)
        if begin // series % 2:
            shutil.rmtree(small.data / "dlt")
            wiped += 1
        answer = small.refresh()
        assert answer["code"] == 0, (points[begin : begin + series], answer["said"])
        undisturbed.check_rows(small)
        print(f"killed at {points[begin : begin + series]}: put right", flush=True)
    kills = sum(sides.values())
    commits = sum(count for name, count in sides.items() if name.endswith("commit"))
    figure(
        f"killed {kills} times of {len(undisturbed.steps)} steps ({commits} beside a commit), dlt's folder wiped"
        f" before {wiped} of {-(-len(points) // series)} reruns, {lived} more runs ended before they came to die:"
        f" rows lost 0, doubled 0, of unfinished loads 0;"
        f" old site {undisturbed.found['old site']}, new site {undisturbed.found['new site']}, mixed 0"
    )
    assert kills == len(points)


@pytest.fixture
def little_disk(small: Small, undisturbed: Undisturbed) -> Iterator[Path]:
    """The data folder on a disk of 200 MB, as it was before today's refresh."""
    shutil.rmtree(small.data)
    small.data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(small.data)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a little disk cannot be mounted here: {mounted.stderr.strip()}")
    yield small.data
    subprocess.run(["umount", str(small.data)], check=True)


@pytest.mark.torture
def test_a_full_disk_loses_nothing(
    small: Small, undisturbed: Undisturbed, little_disk: Path, figure: Callable[[str], None]
) -> None:
    count, series = times(4, 20), 4
    outcomes: Counter[str] = Counter()
    free = [number * 24_000_000 // count for number in range(count)]
    random.Random(5).shuffle(free)
    for begin in range(0, count, series):
        for path in little_disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(small.folder / "kept", little_disk, symlinks=True, dirs_exist_ok=True)
        ballast = little_disk / "ballast"
        for bytes_free in free[begin : begin + series]:
            ballast.unlink(missing_ok=True)
            ballast.write_bytes(bytes(max(0, shutil.disk_usage(little_disk).free - bytes_free)))
            answer = small.refresh()
            outcomes[f"exit code {answer['code']}"] += 1
            assert answer["code"] in (0, 1, 2), (bytes_free, answer["said"])
            if answer["code"]:
                assert "space" in answer["said"] or "disk" in answer["said"], (bytes_free, answer["said"])
                assert "a mistake of okr itself" not in answer["said"], (bytes_free, answer["said"])
            undisturbed.check_readers(small)
        ballast.unlink()
        answer = small.refresh()
        assert answer["code"] == 0, (free[begin : begin + series], answer["said"])
        undisturbed.check_rows(small)
        print(f"{free[begin : begin + series]} bytes free: put right", flush=True)
    figure(f"disk full at {count} sizes: {dict(outcomes)}; after space was made rows lost 0, doubled 0")
