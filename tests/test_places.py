"""Folders with odd names: all works there, or the first command refuses and says why; nothing is written elsewhere."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from okr_reports.errors import OkrError
from okr_reports.settings import refuse_place
from tests.support import DEMO_DAY, OKR

REFUSED = ["Ana's", "a%41b", "a?b", "%3f", "what's new? 100%25"]
TAKEN = ["x" * 200, "\N{ROCKET} okr", "a#b;c", "100% okr", "a b&c=d", "a$HOME{x}", "a[2026]*b", '\u00e9 a"b\\c', "a\nb"]
# Dagster's own instance at the place, with a run: what reads paths as addresses is found without a whole refresh.
RUN = """
from okr_reports.settings import Workspace, quiet_environment
workspace = Workspace.from_environment()
quiet_environment(workspace)
from okr_reports.commands.refresh_here import _instance
import dagster
@dagster.job
def nothing():
    dagster.op(name="step")(lambda: None)()
with _instance(workspace) as instance:
    assert nothing.execute_in_process(instance=instance).success
"""


def outside(folder: Path, name: str) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name != name]


@pytest.mark.parametrize("name", REFUSED)
def test_the_first_command_refuses_a_name_that_would_be_misread(tmp_path, name):
    done = subprocess.run([OKR, "init", name], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "in its path, which cannot be used" in done.stderr
    assert "OKR_DATA_DIR" in done.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / name).mkdir()
    for command in (["check"], ["refresh"], ["report"]):
        done = subprocess.run([OKR, *command], cwd=tmp_path / name, capture_output=True, text=True)
        assert done.returncode in (1, 2)
        assert "in its path, which cannot be used" in done.stderr
    assert outside(tmp_path, name) == []
    assert list((tmp_path / name).iterdir()) == []


@pytest.mark.parametrize("name", TAKEN)
def test_any_other_name_is_taken_and_nothing_is_written_beside_it(tmp_path, name):
    refuse_place(tmp_path / name)
    subprocess.run([OKR, "init", name], cwd=tmp_path, check=True, capture_output=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DAGSTER_", "OKR_"))}
    subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path / name, env=environment, check=True, capture_output=True)
    assert list((tmp_path / name / ".okr" / "dagster").rglob("*.db"))
    assert outside(tmp_path, name) == []


def test_a_refresh_and_a_report_at_an_odd_place(tmp_path):
    """What is not Dagster's reads the path too: dlt, DuckDB, dbt, the pages."""
    name = "\N{ROCKET} a#b;c [2026]" + "x" * 150
    subprocess.run([OKR, "init", name], cwd=tmp_path, check=True, capture_output=True)
    environment = {**os.environ, "OKR_TODAY": DEMO_DAY}
    for command in (["check"], ["sandbox", "--", OKR, "refresh"], ["report"]):
        done = subprocess.run([OKR, *command], cwd=tmp_path / name, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / name / ".okr" / "site" / "current" / "index.html").is_file()
    assert outside(tmp_path, name) == []


def test_a_name_that_is_too_long_is_refused(tmp_path):
    done = subprocess.run([OKR, "init", "x" * 250], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "could not be made" in done.stderr
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OkrError, match="SQLite takes it for a part of an address"):
        refuse_place(Path("a%2Fb"))


def test_events_lie_beside_their_runs_whatever_folder_the_shell_names_for_dagster(tmp_path):
    for name in ("acme", "other"):
        subprocess.run([OKR, "init", name], cwd=tmp_path, check=True, capture_output=True)
    other = tmp_path / "other" / ".okr" / "dagster"
    environment = {**os.environ, "DAGSTER_HOME": str(other)}
    subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path / "acme", env=environment, check=True, capture_output=True)
    history = tmp_path / "acme" / ".okr" / "dagster" / "history"
    with sqlite3.connect(history / "runs.db") as runs:
        ((run_id,),) = runs.execute("select run_id from runs")
    assert (history / "runs" / f"{run_id}.db").exists()
    assert list(other.rglob("*.db")) == []
