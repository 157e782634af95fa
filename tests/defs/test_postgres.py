"""Dagster's runs in a real Postgres, by the configuration that docs/deployment.md gives (`make test-spark`)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.postgres import postgres_server, program
from tests.support import DEMO_DAY, OKR, ROOT

pytestmark = pytest.mark.spark
CONFIGURATION = ROOT / "docs" / "deploy" / "dagster-postgres.yaml"


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """A server with the role and database of the configuration; its port."""
    pytest.importorskip("dagster_postgres", reason="the extra `postgres` is not installed")
    with postgres_server("dagster") as port:
        yield port


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
