"""The installed package, outside the repository: a wheel in an empty environment, a new workspace, its first refresh.

The environment borrows the libraries of this one by a path file, so that it costs a second; our own package comes from
the wheel alone.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.support import DEMO_DAY, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def workspace(wheel, tmp_path_factory) -> Workspace:
    """`okr init demo` in an environment that has never seen the repository."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    (libraries,) = (folder / "env" / "lib").glob("python*/site-packages")
    # Named in a path file, the other folder's own path files (the editable install) are not read.
    (libraries / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--python", folder / "env" / "bin" / "python", "install", "-q",
            "--disable-pip-version-check", "--no-deps", "--no-index", wheel,
        ],
        check=True,
    )  # fmt: skip
    found = Workspace(folder / "env" / "bin" / "okr", folder)
    assert found.okr("init", "demo").returncode == 0
    return Workspace(found.program, folder / "demo")


class Workspace:
    """A folder, and the installed program to run in it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__"))}
        self.environment = {**kept, "OKR_TODAY": DEMO_DAY, "PYTHONSAFEPATH": "1"}

    def okr(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.program, *arguments], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


def test_the_wheel_holds_what_a_workspace_is_made_of(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"okr_reports/shipped/{path.relative_to(ROOT).as_posix()}"
        for folder in ("okr_definitions", "reports", "dbt_project/models", "dbt_project/macros")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".yml", ".csv", ".md", ".html", ".po", ".sql", ".json")
    }
    assert len(shipped) > 100
    assert shipped - names == set()
    assert not [name for name in names if name.endswith("/secrets.toml")]


def test_it_names_its_version_and_commit(workspace):
    answer = workspace.okr("--version")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    named = re.fullmatch(r"okr, version (\S+) \(commit ([0-9a-f]{12})(-dirty)?\)\n", answer.stdout)
    assert named, answer.stdout
    assert named[1] == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert head.startswith(named[2])


def test_a_new_workspace_has_settings_without_secrets(workspace):
    assert sorted(path.name for path in workspace.folder.iterdir()) == [
        ".dlt", ".gitignore", ".okr", "okr_definitions", "reports", "workspace.yaml",
    ]  # fmt: skip
    assert ".dlt/secrets.toml" in (workspace.folder / ".gitignore").read_text()
    assert [path.name for path in sorted((workspace.folder / ".dlt").iterdir())] == [
        "config.toml", "example.secrets.toml",
    ]  # fmt: skip


def test_its_first_refresh_publishes_a_site_and_writes_nowhere_else(workspace):
    answer = workspace.okr("sandbox", "--", str(workspace.program), "refresh", "--channel", "linkedin_ads", "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told["published"] is True
    assert told["errors"] == []
    page = (workspace.folder / ".okr" / "site" / "current" / "index.html").read_text(encoding="utf-8")
    assert "LinkedIn" in page
    with duckdb.connect(str(workspace.folder / ".okr" / "okr.duckdb"), read_only=True) as copy:
        assert copy.execute("select count(*) > 0 from marts.fct_ad_daily where channel = 'linkedin_ads'").fetchone()[0]
    assert sorted(path.name for path in workspace.folder.iterdir()) == [
        ".dlt", ".gitignore", ".okr", "okr_definitions", "reports", "workspace.yaml",
    ]  # fmt: skip
    assert not list((workspace.folder / ".okr" / "dlt").glob("pipelines*/*/load/loaded/*")), "packages are dropped"


def test_ctrl_c_leaves_everything_whole_and_says_one_line(workspace):
    site = workspace.folder / ".okr" / "site" / "current"
    before = site.readlink(), (site / "index.html").read_bytes()
    holder = workspace.folder / ".okr" / "warehouse.lock.json"
    # The workspace holds the sandbox's rows, which only a refresh inside it may go on with.
    workspace.environment |= {"OKR_SANDBOX": "1", "OKR_SANDBOX_SEED": "1"}
    process = workspace.start("refresh")
    while not holder.exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)  # into the work, wherever that is on this machine
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == ""
    assert [line for line in err.splitlines() if line] == [
        "stopped; what was there is whole, and the command can be run again"
    ]
    assert (site.readlink(), (site / "index.html").read_bytes()) == before
    assert not holder.exists()
    with duckdb.connect(str(workspace.folder / ".okr" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from marts.key_results").fetchone() > (0,)
    assert workspace.okr("report").returncode == 0
