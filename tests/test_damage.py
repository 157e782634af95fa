"""Files that were cut or altered: what is wrong, where, and what to do; never the engine's own words alone."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess

import duckdb
import pytest

from okr_reports import doctor
from okr_reports.common import dagster_home
from okr_reports.common.damage import damage_of
from okr_reports.doctor import storage
from okr_reports.doctor.unread import VARIABLES, unread_settings
from okr_reports.errors import OkrError, WarehouseError
from okr_reports.settings import Workspace, make_dagster_home, shipped
from okr_reports.warehouse.recover import recover
from tests.support import DEMO_DAY, OKR, ROOT

SEEDS = range(12)


def spoil(content: bytes, seed: int) -> bytes:
    """Cut, altered in one bit, or with a stretch of other bytes; never as it was."""
    luck = random.Random(seed)
    place = luck.randrange(len(content) * 9 // 10)
    if seed % 3 == 0:
        return content[: max(place, 20)]
    spoiled = bytearray(content)
    if seed % 3 == 1:
        spoiled[place] ^= 1 << luck.randrange(8)
    else:
        spoiled[place : place + 64] = luck.randbytes(len(spoiled[place : place + 64]))
    return bytes(spoiled)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        for number in range(3):
            # rows that do not compress, so that nearly every block is one of a table
            connection.execute(
                f"create table marts.t{number} as select i, md5(i || 'x{number}') as text from range(60000) as r(i)"
            )
    return path


def said_by(work) -> str:
    """What it refuses with, '' if it does not; any other error is none of ours and fails the test."""
    try:
        work()
    except OkrError as error:
        return str(error)
    return ""


def content_of(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return [connection.execute(f"select sum(hash(t)) from marts.t{n} as t").fetchall() for n in range(3)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spoiled_warehouse_is_found_by_the_doctor_and_refused_in_words(warehouse, tmp_path, seed):
    path = tmp_path / ".okr" / "warehouse.duckdb"
    path.parent.mkdir()
    path.write_bytes(spoil(warehouse.read_bytes(), seed))
    workspace = Workspace(tmp_path / "okr_definitions", tmp_path / "reports", path.parent)
    found = [one.text for one in storage.warehouse(workspace) if one.fault]
    if found:
        (text,) = found
        assert str(path) in text
        assert "put a backup of it in its place, or move it away" in text
    else:  # what was altered is in no block that holds anything
        assert content_of(path) == content_of(warehouse)
    refused = said_by(lambda: recover(path))
    if refused:
        assert found
        assert str(path) in refused
        assert "put a backup of it in its place" in refused


def test_a_cut_warehouse_is_refused_before_anything_is_written(warehouse, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    content = warehouse.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(WarehouseError, match=r"(cannot be opened|was cut) .*put a backup of it in its place"):
            recover(path)
        assert damage_of(path)


@pytest.mark.parametrize("seed", range(8))
def test_a_whole_warehouse_whose_last_blocks_are_free_is_not_called_cut(tmp_path, seed):
    """DuckDB counts free blocks at the end without writing them: 18 of 30 random lives end so."""
    path, chance = tmp_path / "warehouse.duckdb", random.Random(seed)
    for _ in range(4):
        with duckdb.connect(str(path)) as connection:
            for _ in range(4):
                name, rows = f"t{chance.randrange(5)}", chance.randrange(1, 100_000)
                connection.execute(f"create or replace table {name} as select hash(range) from range({rows})")
                connection.execute(f"drop table if exists t{chance.randrange(8)}")
        assert recover(path) is None


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_in_dagster_yaml_is_read_or_refused_with_its_line(tmp_path, seed):
    make_dagster_home(tmp_path)
    path = tmp_path / "dagster.yaml"
    path.write_bytes(spoil(path.read_bytes(), seed))
    refused = said_by(lambda: list(dagster_home.setting_faults(tmp_path)))
    if refused:
        assert re.match(rf"{re.escape(str(path))}(:\d+)?: ", refused)
        assert "move it away" in refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("telemetry: [", ":1: Dagster's settings are not YAML"),
        ("a: 1\nb: 2\n\tc: 3\n", ":3: Dagster's settings are not YAML"),
        ("- a\n- b\n", ":1: Dagster's settings are a list, not a mapping"),
        ("telemetry: {enabled: false}\n", "concurrency.pools.default_limit is not set; set it to 1"),
        ("telemetry: {enabled: false}\nconcurrency: {pools: {default_limit: 4}}\n", "default_limit is 4; set it to 1"),
        ("concurrency: {pools: {default_limit: 1}}\n", "Dagster's telemetry is on; set"),
        ("telemetry: {enabled: true}\nconcurrency: {pools: {default_limit: 1}}\n", "Dagster's telemetry is on; set"),
    ],
)
def test_the_doctor_finds_what_dagster_yaml_lacks(tmp_path, text, said):
    home = tmp_path / ".okr" / "dagster"
    make_dagster_home(home)
    assert [one.text for one in doctor.dagster.dagster_home(home)] == []
    (home / "dagster.yaml").write_text(text)
    assert [one for one in doctor.dagster.dagster_home(home) if one.fault and said in one.text]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spoiled_database_of_dagster_is_named(tmp_path, seed):
    path = tmp_path / "history" / "runs.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("create table runs (id integer primary key, body text)")
        connection.executemany("insert into runs (body) values (?)", [(f"{n}" * 300,) for n in range(500)])
    connection.close()
    assert list(dagster_home.broken_databases(tmp_path)) == []
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + seed] if seed % 2 else random.Random(seed).randbytes(4096))
    (said,) = dagster_home.broken_databases(tmp_path)
    assert said.startswith(f"{path} is no whole SQLite database (")
    assert "Dagster makes it anew" in said


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A new workspace, ready to be refreshed."""
    folder = tmp_path_factory.mktemp("small") / "workspace"
    subprocess.run([OKR, "init", str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("kind", ["warehouse", "dagster.yaml", "runs.db"])
def test_a_refresh_says_what_where_and_what_to_do(small, warehouse, tmp_path, kind):
    folder = shutil.copytree(small, tmp_path / "workspace")
    if kind == "warehouse":
        content = warehouse.read_bytes()
        (folder / ".okr" / "warehouse.duckdb").write_bytes(content[: len(content) // 2])
    elif kind == "dagster.yaml":
        (folder / ".okr" / "dagster" / "dagster.yaml").write_text("telemetry: [\n")
    else:
        (folder / ".okr" / "dagster" / "history").mkdir()
        (folder / ".okr" / "dagster" / "history" / "runs.db").write_bytes(b"not a database" * 500)
    done = subprocess.run(
        [OKR, "refresh"], cwd=folder, env={**os.environ, "OKR_TODAY": DEMO_DAY}, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert kind in done.stderr
    assert re.search("move it away|put a backup", done.stderr)
    assert "Traceback" not in done.stderr
    assert "mistake of okr itself" not in done.stderr
    said = subprocess.run([OKR, "doctor"], cwd=folder, capture_output=True, text=True)
    assert said.returncode == 1
    assert re.search(rf"FAULT .*{re.escape(kind)}", said.stdout)


def test_settings_that_nothing_reads_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        '[delivries]\nsite_url = "x"\n[sources.linkedin_ads]\nacount_ids = ["1"]\nstart_date = "2025-01-01"\n'
    )
    monkeypatch.setenv("OKR_DATADIR", "x")
    found = list(unread_settings(tmp_path / ".dlt"))
    assert [text.partition(";")[0] for text in found] == [
        ".dlt/config.toml:4: warning: nothing reads acount_ids of [sources.linkedin_ads]",
        "nothing reads the variable OKR_DATADIR",
        f"{tmp_path}/.dlt/config.toml: nothing reads [delivries]",
    ]
    assert "did you mean OKR_DATA_DIR?" in found[1]
    assert "did you mean [deliveries]?" in found[2]


def test_the_list_of_variables_is_that_of_the_code():
    read = set()
    for path in (ROOT / "pipelines").rglob("*.py"):
        read |= set(re.findall(r"(?:environ(?:\.get\(|\[)|envvar=|VARIABLE = )\"(OKR_[A-Z_]+)\"", path.read_text()))
    assert {name for name in read if not name.startswith(("OKR_SPARK_", "OKR_GIT_"))} == set(VARIABLES)
    assert shipped("dbt_project").exists()
