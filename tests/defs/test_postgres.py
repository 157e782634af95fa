"""Dagster's runs in a real Postgres, by the configuration that docs/deployment.md gives (`make test-spark`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support import DEMO_DAY, OKR, ROOT, free_port

pytestmark = pytest.mark.spark
CONFIGURATION = ROOT / "docs" / "deploy" / "dagster-postgres.yaml"


def program(name: str) -> str:
    """One of Postgres' own, which Debian keeps off the PATH."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip(f"there is no {name}; on Debian: apt-get install postgresql")
    return found


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """A server of its own on the loopback, with the role and database of the configuration; its port."""
    pytest.importorskip("dagster_postgres", reason="the extra `postgres` is not installed")
    # Postgres will not run as root, and its user must reach its folder, which pytest's own are closed to.
    folder, port = Path(tempfile.mkdtemp(prefix="okr-postgres-")), free_port()
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    subprocess.run(
        [*prefix, program("initdb"), "-D", data, "-U", "dagster", "-A", "trust"], check=True, stdout=subprocess.DEVNULL
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    server = [*prefix, program("pg_ctl"), "-D", data, "-w"]
    log = str(folder / "data" / "server.log")
    subprocess.run([*server, "-o", options, "-l", log, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        at = ["-h", "127.0.0.1", "-p", str(port), "-U", "dagster"]
        subprocess.run([program("createdb"), *at, "dagster"], check=True)
        yield port
    finally:
        subprocess.run([*server, "-m", "fast", "stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)


def rows(port: int, query: str) -> list[list[str]]:
    at = ["-h", "127.0.0.1", "-p", str(port), "-U", "dagster", "-d", "dagster"]
    said = subprocess.run([program("psql"), *at, "-AtF", "|", "-c", query], check=True, capture_output=True, text=True)
    return [line.split("|") for line in said.stdout.splitlines()]


def test_two_refreshes_at_once_leave_their_runs_in_postgres(postgres: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "dagster").mkdir(parents=True)
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    configuration["storage"]["postgres"]["postgres_db"]["port"] = postgres
    (data / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    environment = {
        **os.environ,
        "OKR_DATA_DIR": str(data),
        "OKR_TODAY": DEMO_DAY,
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PASSWORD": "nobody asks",
        "OKR_DEBUG": "1",
    }
    command = [OKR, "sandbox", "--", OKR, "refresh", "--channel", "linkedin_ads"]
    first = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    second = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    for process in (first, second):
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
    runs = rows(postgres, "select status, pipeline_name from runs")
    assert [status for status, job in runs if job == "refresh"] == ["SUCCESS", "SUCCESS"]
    materialized = rows(postgres, "select count(distinct asset_key) from asset_keys")
    assert int(materialized[0][0]) > 100
    # Nothing of Dagster's is left in SQLite.
    assert not list(data.rglob("runs.db"))
