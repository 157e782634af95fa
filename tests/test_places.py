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
from okr_reports.defs.instance import open_instance
import dagster
@dagster.job
def nothing():
    dagster.op(name="step")(lambda: None)()
with open_instance(workspace.dagster_home) as instance:
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


@pytest.mark.parametrize("settings", ["", "telemetry: {enabled: false}\n"])
def test_runs_are_kept_in_the_folder_that_the_shell_names_for_dagster(tmp_path, settings):
    subprocess.run([OKR, "init", "acme"], cwd=tmp_path, check=True, capture_output=True)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "dagster.yaml").write_text(settings, encoding="utf-8")
    environment = {**os.environ, "DAGSTER_HOME": str(theirs)}
    subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path / "acme", env=environment, check=True, capture_output=True)
    with sqlite3.connect(theirs / "history" / "runs.db") as runs:
        ((run_id,),) = runs.execute("select run_id from runs")
    assert (theirs / "history" / "runs" / f"{run_id}.db").exists()
    assert (theirs / "dagster.yaml").read_text(encoding="utf-8") == settings
    assert list((tmp_path / "acme" / ".okr").rglob("*.db")) == []


@pytest.mark.parametrize("home", ["/nowhere/dagster", "relative"])
def test_a_folder_for_dagster_that_is_none_is_said(tmp_path, home):
    subprocess.run([OKR, "init", "acme"], cwd=tmp_path, check=True, capture_output=True)
    environment = {**os.environ, "DAGSTER_HOME": home}
    done = subprocess.run([OKR, "refresh"], cwd=tmp_path / "acme", env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    place = str(tmp_path / "acme" / home)
    assert f"DAGSTER_HOME is {place!r}; name a folder that is there, or unset it" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_instance_that_does_not_open_is_said(tmp_path):
    subprocess.run([OKR, "init", "acme"], cwd=tmp_path, check=True, capture_output=True)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    storage = "storage: {postgres: {postgres_url: 'postgresql://127.0.0.1:9/none'}}\n"
    (theirs / "dagster.yaml").write_text(storage, encoding="utf-8")
    done = subprocess.run(
        [OKR, "refresh"],
        cwd=tmp_path / "acme", env={**os.environ, "DAGSTER_HOME": str(theirs)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{theirs}: Dagster does not open its instance" in done.stderr
    assert "Traceback" not in done.stderr
