"""A catalogue in a real Postgres, and workspaces over a DuckLake, in the environment of `make ducklake`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import postgres_server
from tests.spark.conftest import Engine
from tests.support import OKR, ROOT

BIN = ROOT / ".venv-ducklake" / "bin"


@pytest.fixture(scope="session")
def catalogue() -> Iterator[str]:
    """The address of a Postgres."""
    if not (BIN / "okr").exists():
        pytest.skip("there is no .venv-ducklake; run `make ducklake`")
    with postgres_server("okr") as port:
        yield f"postgresql://okr@127.0.0.1:{port}/okr"


def on_lake(catalogue: str, schema: str, data: str, data_dir: Path, **environment: str) -> Engine:
    """A workspace over the lake of this schema of the catalogue."""
    lake = {"DUCKLAKE__CATALOG": catalogue, "DUCKLAKE__SCHEMA": schema, "DUCKLAKE__DATA": data}
    chosen = {**lake, "OKR_ENGINE": "ducklake", **environment}
    return Engine("ducklake", data_dir, chosen, (OKR, "sandbox", "--", str(BIN / "okr")))


@pytest.fixture(scope="session")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine("duckdb", tmp_path_factory.mktemp("on_duckdb") / "data")


@pytest.fixture(scope="session")
def on_ducklake(catalogue: str, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("on_ducklake")
    return on_lake(catalogue, "whole_way", str(folder / "lake"), folder / "data")
