"""Whoever connects while the warehouse is kept open shares that connection; afterwards the file is nobody's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dlt
import duckdb
import pytest

from okr_reports.common import warehouse_file
from okr_reports.ducklake.destination import destination

OPEN = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table if not exists later (n int)')"


def open_elsewhere(path: Path) -> int:
    return subprocess.run([sys.executable, "-c", OPEN, str(path)], capture_output=True).returncode


def rows(path: Path) -> int:
    with warehouse_file.connect(path, read_only=True) as connection:
        return connection.execute("select count(*) from numbers").fetchall()[0][0]


def test_writers_readers_threads_and_dlt_share_it(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with warehouse_file.kept_open(path), warehouse_file.kept_open(path):
        with warehouse_file.connect(path) as connection:
            connection.execute("create table numbers (n int)")

        def write(number: int) -> None:
            with warehouse_file.connect(path) as connection:
                connection.execute("insert into numbers values (?)", [number])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(40)))
        pipeline = dlt.pipeline(
            "shared", pipelines_dir=str(tmp_path / "dlt"), dataset_name="shared", destination=destination(path)
        )
        pipeline.run([{"n": 1}], table_name="loaded")
        assert rows(path) == 40
        with warehouse_file.connect(path, read_only=True) as connection:
            assert connection.execute("select n from shared.loaded").fetchall() == [(1,)]
        assert open_elsewhere(path) != 0
    assert open_elsewhere(path) == 0
    assert rows(path) == 40


def test_what_fails_inside_lets_go_of_it(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(duckdb.CatalogException), warehouse_file.kept_open(path):
        rows(path)
    assert open_elsewhere(path) == 0
    with pytest.raises(duckdb.IOException), warehouse_file.kept_open(tmp_path / "no folder" / "warehouse.duckdb"):
        pass
    (tmp_path / "no folder").mkdir()
    with warehouse_file.kept_open(tmp_path / "no folder" / "warehouse.duckdb"):
        assert (tmp_path / "no folder" / "warehouse.duckdb").exists()
