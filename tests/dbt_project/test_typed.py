"""dbt works as whoever knows it types it: in dbt_project/, with nothing set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT, Refreshed


@pytest.fixture(scope="module")
def checkout(demo: Refreshed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models' folder of a checkout that a refresh was made in."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    (folder / ".okr").mkdir()
    shutil.copyfile(demo.data_dir / "warehouse.duckdb", folder / ".okr" / "warehouse.duckdb")
    return folder


@pytest.mark.parametrize("command", ["build", "test"])
def test_dbt_works_when_typed_with_nothing_set(checkout: Path, command: str) -> None:
    dbt = Path(sys.executable).with_name("dbt")
    done = subprocess.run(
        [dbt, command],
        cwd=checkout / "dbt_project",
        env={"PATH": os.environ["PATH"], "HOME": str(checkout)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "ERROR=0" in done.stdout
