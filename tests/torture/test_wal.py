"""The write-ahead log of a killed load, cut or altered anywhere: recovered or moved aside, and nothing lost after."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_reports.errors import LockedError, WarehouseError
from okr_reports.warehouse.recover import recover
from tests.torture.conftest import times

FACTS = "linkedin_ads.campaign_analytics"
ROWS = f"select * exclude (loaded_at, _dlt_load_id) from {FACTS} order by all"
# Rows of loads that never ended are in the file until the next load replaces them; nothing counts them as loaded.
STATE = f"select (select count(*) from {FACTS}), (select max(loaded_through) from linkedin_ads.loaded_windows)"


def killed_load(bench: Any) -> tuple[bytes, bytes]:
    """The file and its log after a load that was killed when all was committed and nothing closed."""
    child = os.fork()
    if not child:
        bench.load(progress=lambda text: os.kill(os.getpid(), signal.SIGKILL) if " rows" in text else None)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return bench.warehouse.read_bytes(), bench.warehouse.with_name("warehouse.duckdb.wal").read_bytes()


def spoiled(log: bytes, number: int, generator: random.Random) -> bytes:
    """Cut every other time, one byte altered in between."""
    at = generator.randrange(1, len(log))
    return log[:at] if number % 2 else log[:at] + bytes([log[at] ^ generator.randrange(1, 256)]) + log[at + 1 :]


def test_a_broken_log_loses_nothing(bench: Any, tmp_path: Path, figure: Callable[[str], None]) -> None:
    bench.load(today=date(2026, 11, 18))
    base, log = killed_load(bench)
    assert len(log) > 10_000
    bench.load()
    expected = bench.rows(ROWS)
    generator = random.Random(7)
    count = times(40, 400)
    outcomes: Counter[str] = Counter()
    loaded_again: set[Any] = set()
    for number in range(count):
        shutil.rmtree(bench.folder / "dlt", ignore_errors=True)
        bench.warehouse.write_bytes(base)
        bench.warehouse.with_name("warehouse.duckdb.wal").write_bytes(spoiled(log, number, generator))
        said = recover(bench.warehouse)
        assert said is not None
        aside = [*bench.folder.glob("*.broken-*")]
        assert [str(path) in said for path in aside] == [True] * len(aside)
        outcomes["moved aside" if aside else "replayed"] += 1
        for path in aside:
            path.unlink()
        assert not bench.warehouse.with_name("warehouse.duckdb.wal").exists()
        state = bench.rows(STATE)[0]
        if state not in loaded_again or number % 20 == 0:
            loaded_again.add(state)
            assert {one.state for one in bench.load().values()} == {"loaded"}
            assert bench.rows(ROWS) == expected
    assert outcomes["moved aside"] > count / 4
    figure(
        f"WAL cut or altered at {count} places: {outcomes['replayed']} replayed, {outcomes['moved aside']} moved aside,"
        f" {len(loaded_again)} different states, each loaded again: rows lost 0"
    )


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A warehouse beside the log of a killed writer."""
    path = tmp_path / "warehouse.duckdb"
    child = os.fork()
    if not child:
        connection = duckdb.connect(str(path))
        connection.execute("create table t as select 1 as n")
        connection.execute("checkpoint")
        connection.execute("insert into t values (2)")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    return path


def numbers(path: Path) -> list[int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return [row[0] for row in connection.execute("select n from t order by n").fetchall()]


def test_what_was_committed_is_replayed_and_said(killed: Path) -> None:
    assert "was killed" in (recover(killed) or "")
    assert numbers(killed) == [1, 2]
    assert recover(killed) is None


def test_a_log_that_cannot_be_replayed_is_moved_aside_and_named(killed: Path) -> None:
    log = killed.with_name("warehouse.duckdb.wal")
    broken = log.read_bytes()
    broken = broken[:-9] + bytes([broken[-9] ^ 1]) + broken[-8:]
    log.write_bytes(broken)
    said = recover(killed) or ""
    (aside,) = killed.parent.glob("warehouse.duckdb.wal.broken-*")
    assert str(aside) in said
    assert aside.read_bytes() == broken
    assert numbers(killed) == [1]


def test_a_file_that_is_none_is_named_and_left_alone(killed: Path) -> None:
    killed.write_bytes(b"not a database " * 1000)
    log = killed.with_name("warehouse.duckdb.wal").read_bytes()
    with pytest.raises(WarehouseError, match="put a backup of it in its place"):
        recover(killed)
    assert killed.with_name("warehouse.duckdb.wal").read_bytes() == log
    assert not [*killed.parent.glob("*.broken-*")]


def test_a_program_that_has_it_open_is_no_broken_log(killed: Path) -> None:
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        connection = duckdb.connect(str(killed))
        connection.execute("insert into t values (3)")
        os.write(tell, b"x")
        signal.pause()
    os.read(ready, 1)
    try:
        with pytest.raises(LockedError, match="close it there"):
            recover(killed)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert not [*killed.parent.glob("*.broken-*")]
