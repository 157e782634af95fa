"""The demo in a DuckLake and in DuckDB's file: the same marts, the same published files, whatever happens on the way.

`make test-ducklake`. The tests build on each other: a first day, then the next with its writer killed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import boto3
import pytest

from tests.ducklake.conftest import BIN, on_lake
from tests.spark.compared import differences, shapes
from tests.spark.conftest import Engine, ended_well
from tests.support import DEMO_DAY, OKR, free_port

pytestmark = pytest.mark.ducklake
NEXT_DAY = (date.fromisoformat(DEMO_DAY) + timedelta(days=1)).isoformat()
S3 = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
LOAD = """
import sys
from okr_reports.settings import Workspace, quiet_environment
workspace, name = Workspace.from_environment(), sys.argv[1]
quiet_environment(workspace)
from okr_reports import refresh
from okr_reports.warehouse.lock import writer_lock
with writer_lock(workspace, wait_seconds=600):
    refresh.land_definitions(workspace, name)
    found = refresh.load_channels(workspace, name, [name])
assert {load.state for load in found[name]} == {"loaded"}, found
"""
READ = """
import sys
from okr_reports.ducklake.connection import connect
with connect() as lake:
    print(*lake.execute(sys.argv[1]).fetchone())
"""
AGE_AND_TIDY = """
import psycopg
from okr_reports.ducklake.connection import tidy
from okr_reports.ducklake.settings import read_settings
settings = read_settings()
older = "snapshot_time = snapshot_time::timestamptz - interval '1 month'"
with psycopg.connect(settings.catalog) as catalogue:
    catalogue.execute(f"update {settings.schema}.ducklake_snapshot set {older}")
tidy()
"""


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a storage that speaks as S3 does, with a bucket `lake`."""
    port = free_port()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="lake")
    yield url
    process.terminate()
    process.wait(10)


def both_show_the_same(on_duckdb: Engine, other: Engine) -> None:
    copies = [engine.data_dir / "okr.duckdb" for engine in (on_duckdb, other)]
    assert shapes(copies[0]) == shapes(copies[1])
    assert differences(*copies) == []
    data = on_duckdb.public_data()
    assert len(data) >= 6
    assert other.public_data() == data


def asked(engine: Engine, query: str) -> str:
    """The row that a reader of the lake sees."""
    return python(engine, READ, query)


def python(engine: Engine, *code: str) -> str:
    """What a program in the lake's environment said."""
    environment = {**os.environ, **engine.environment}
    said = subprocess.run([BIN / "python", "-c", *code], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


def test_a_first_refresh_shows_what_duckdb_shows(on_duckdb: Engine, on_ducklake: Engine) -> None:
    waiting = on_duckdb.start(DEMO_DAY)
    said = on_ducklake.run(DEMO_DAY)
    ended_well(waiting)
    assert "18 of 18 fresh" in said
    both_show_the_same(on_duckdb, on_ducklake)
    assert not list(on_ducklake.data_dir.glob("warehouse*.duckdb"))
    assert list(Path(on_ducklake.environment["DUCKLAKE__DATA"]).rglob("*.parquet"))


def test_the_next_day_after_a_writer_was_killed_in_the_middle(on_duckdb: Engine, on_ducklake: Engine) -> None:
    waiting = on_duckdb.start(NEXT_DAY)
    # A build that has begun says so by taking this row away.
    built, scored = "select count(*) from ops.last_build", "select count(*) from marts.fct_key_result_daily"
    assert asked(on_ducklake, built) == "1"
    before = asked(on_ducklake, scored)
    refresh = on_ducklake.start(NEXT_DAY)
    while asked(on_ducklake, built) == "1":
        assert refresh.poll() is None, refresh.communicate()
    (child,) = subprocess.run(["pgrep", "-P", str(refresh.pid)], capture_output=True, text=True).stdout.split()
    os.kill(int(child), signal.SIGKILL)
    refresh.communicate()
    assert refresh.returncode
    assert asked(on_ducklake, scored) == before
    on_ducklake.run(NEXT_DAY)
    ended_well(waiting)
    both_show_the_same(on_duckdb, on_ducklake)


def test_old_snapshots_are_dropped_and_no_row_with_them(on_ducklake: Engine) -> None:
    scored, snapshots = "select count(*) from marts.fct_key_result_daily", "select count(*) from warehouse.snapshots()"
    rows, before = asked(on_ducklake, scored), int(asked(on_ducklake, snapshots))
    python(on_ducklake, AGE_AND_TIDY)
    assert int(asked(on_ducklake, snapshots)) <= 5 < before
    assert asked(on_ducklake, scored) == rows


def test_several_machines_load_a_lake_on_s3_while_it_is_read(catalogue: str, bucket: str, tmp_path: Path) -> None:
    channels = ("linkedin_ads", "meta_ads")
    machines = [
        on_lake(catalogue, "on_s3", "s3://lake/okr", tmp_path / name, AWS_ENDPOINT_URL=bucket, **S3)
        for name in channels
    ]
    for machine, name in zip(machines, channels, strict=True):
        machine.okr = (OKR, "sandbox", "--", str(BIN / "python"), "-c", LOAD, name)
    loading = [machine.start(DEMO_DAY, "") for machine in machines]
    seen: set[str] = set()
    rows = "select count(*) from linkedin_ads.campaign_analytics"
    while any(one.poll() is None for one in loading):
        made = "select count(*) from duckdb_tables() where (schema_name, table_name) = ('linkedin_ads', 'accounts')"
        if asked(machines[0], made) == "1":
            seen.add(asked(machines[0], rows))
    for one in loading:
        ended_well(one)
    # A first load comes in slices of days, and each of them is there whole or not at all.
    slices = "select count(*) as n, _dlt_load_id as id from linkedin_ads.campaign_analytics group by all"
    whole = asked(
        machines[0], f"select string_agg(sum, ' ') from (select sum(n) over (order by id) as sum from ({slices}))"
    )
    assert seen <= {"0", *whole.split()}
    assert asked(machines[1], "select count(*) > 0 from meta_ads.campaign_insights") == "True"
