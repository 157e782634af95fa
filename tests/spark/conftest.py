"""A real Spark cluster (master, two workers, Thrift server), and a workspace for each engine over the same sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from okr_reports.spark.cluster import FOR_SMALL_DATA, Cluster, Size, cluster, missing
from tests.support import OKR, ROOT

SMALL = Size(worker_memory=1024, server_memory=1536, settings=FOR_SMALL_DATA)


@dataclass
class Engine:
    """A workspace whose models one engine runs."""

    name: str
    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    okr: tuple[str, ...] = (OKR, "sandbox", "--", OKR)

    def start(self, day: str, *arguments: str) -> subprocess.Popen[str]:
        """Begin `okr refresh`, or another command, on a day of the demo; the sandbox serves what is known by then."""
        return subprocess.Popen(
            [*self.okr, *(arguments or ("refresh", "--engine", self.name))],
            cwd=ROOT,
            env={**os.environ, **self.environment, "OKR_TODAY": day, "OKR_DATA_DIR": str(self.data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, day: str, *arguments: str) -> str:
        """Run it to its end; what it said. It must not fail."""
        return ended_well(self.start(day, *arguments))

    def public_data(self) -> dict[str, bytes]:
        """The data files of the site in place, by name."""
        folder = self.data_dir / "site" / "current" / "data"
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def ended_well(process: subprocess.Popen[str]) -> str:
    said, errors = process.communicate(timeout=3600)
    assert process.returncode == 0, errors
    return said


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if why := missing():
        pytest.skip(why)
    with cluster(tmp_path_factory.mktemp("cluster"), 0, SMALL) as running:
        yield running


@pytest.fixture(scope="session")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine("duckdb", tmp_path_factory.mktemp("on_duckdb") / "data")


@pytest.fixture(scope="session")
def on_spark(spark_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine("spark", tmp_path_factory.mktemp("on_spark") / "data", {"SPARK__PORT": str(spark_cluster.port)})
