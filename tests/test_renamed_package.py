"""A workspace of 0.1.0 names the package `pipelines`: its first start with this version brings it over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from okr_reports.commands.init import make_workspace
from okr_reports.commands.older_workspace import bring_over
from okr_reports.settings import Workspace
from tests.defs.dagster_ui import Dagster, wait_until
from tests.support import OKR, free_port

DAGSTER = Path(sys.executable).with_name("dagster")
OLD = "load_from:\n  - python_module: pipelines.definitions\n"
BROUGHT = {"python_module": {"module_name": "okr_reports.definitions", "location_name": "pipelines.definitions"}}
SCHEDULES = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  schedules { name scheduleState { status } } } } } }"""
# What ran as `pipelines` then, as far as Dagster's state goes: the schedule that somebody turns on.
OLD_PACKAGE = {
    "__init__.py": "",
    "definitions.py": "from okr_reports.definitions import defs\n",
    "defs/__init__.py": "",
    "defs/event_log.py": "from okr_reports.defs.event_log import OpenEventLog\n",
}


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """What `okr init` of 0.1.0 made: nothing else in it names the package."""
    for name in [name for name in os.environ if name.startswith(("OKR_", "DAGSTER_", "DLT_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "acme"
    make_workspace(folder)
    (folder / "workspace.yaml").write_text(OLD, encoding="utf-8")
    configuration = folder / ".okr" / "dagster" / "dagster.yaml"
    text = configuration.read_text(encoding="utf-8")
    assert text.count("okr_reports") == 1
    configuration.write_text(text.replace("okr_reports", "pipelines"), encoding="utf-8")
    return folder


def brought_over(place: Path) -> list[str]:
    return list(bring_over(Workspace(place / "okr_definitions", place / "reports", place / ".okr"), place))


def dagster(place: Path, *arguments: str) -> None:
    environment = {**os.environ, "DAGSTER_HOME": str(place / ".okr" / "dagster"), "PYTHONPATH": str(place)}
    answer = subprocess.run([DAGSTER, *arguments], cwd=place, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def schedules(place: Path) -> dict[str, str]:
    """Which are on, as a webserver over the workspace's own `workspace.yaml` shows them."""
    port, home = free_port(), place / ".okr" / "dagster"
    server = subprocess.Popen(
        [DAGSTER.with_name("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "-w", "workspace.yaml"],
        cwd=place, env={**os.environ, "DAGSTER_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        webserver = Dagster(port, place / ".okr", place / "reports", place / "okr_definitions", {})
        (repository,) = wait_until(lambda: webserver.ask(SCHEDULES), 120)["repositoriesOrError"]["nodes"]
    finally:
        server.terminate()
        server.wait(60)
    return {one["name"]: one["scheduleState"]["status"] for one in repository["schedules"]}


def test_the_first_command_brings_it_over_and_schedules_stay_on(place):
    for name, text in OLD_PACKAGE.items():
        (place / "pipelines" / name).parent.mkdir(exist_ok=True, parents=True)
        (place / "pipelines" / name).write_text(text, encoding="utf-8")
    dagster(place, "schedule", "start", "daily_refresh", "-w", "workspace.yaml")
    shutil.rmtree(place / "pipelines")
    first = subprocess.run([OKR, "check"], cwd=place, capture_output=True, text=True)
    assert first.returncode == 0
    lines = first.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == [
        "workspace.yaml", str(place / ".okr" / "dagster" / "dagster.yaml")
    ]  # fmt: skip
    assert "pipelines.definitions is okr_reports.definitions now" in lines[0]
    again = subprocess.run([OKR, "check"], cwd=place, capture_output=True, text=True)
    assert "pipelines" not in again.stderr
    found = schedules(place)
    assert found.pop("daily_refresh") == "RUNNING"
    assert set(found.values()) == {"STOPPED"}


def test_only_what_0_1_0_wrote_is_changed(place):
    path = place / ".okr" / "dagster" / "dagster.yaml"
    edited = path.read_bytes().replace(b"\n", b"\r\n") + "# ours: pipelines.defs.event_log, año\r\n".encode()
    path.write_bytes(edited)
    path.chmod(0o640)
    assert len(brought_over(place)) == 2
    assert path.read_bytes() == edited.replace(b"module: pipelines.", b"module: okr_reports.")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in path.parent.iterdir()) == ["dagster.yaml"]
    assert brought_over(place) == []


@pytest.mark.parametrize(
    ("entry", "after"),
    [
        ("python_module: pipelines.definitions  # ours", BROUGHT),
        ("python_module: 'pipelines.definitions'", BROUGHT),
        ("{python_module: pipelines.definitions}", BROUGHT),
        ("python_module: {module_name: pipelines.definitions}", BROUGHT),
        (
            "python_module:\n      module_name: pipelines.definitions  # ours\n      working_directory: x",
            {"python_module": {**BROUGHT["python_module"], "working_directory": "x"}},
        ),
        (
            "python_module: {location_name: okr, module_name: pipelines.definitions}",
            {"python_module": {"location_name": "okr", "module_name": "okr_reports.definitions"}},
        ),
        ("python_module: pipelines.definitions_of_ours", {"python_module": "pipelines.definitions_of_ours"}),
    ],
)
def test_every_way_to_write_a_code_location_is_understood(place, entry, after):
    other = "load_from:\n  # theirs\n  - python_file: theirs.py\n"
    (place / "workspace.yaml").write_text(f"{other}  - {entry}\n", encoding="utf-8")
    brought_over(place)
    text = (place / "workspace.yaml").read_text(encoding="utf-8")
    assert text.startswith(other)
    assert yaml.safe_load(text) == {"load_from": [{"python_file": "theirs.py"}, after]}
    assert text.count("# ours") == entry.count("# ours")
    assert brought_over(place) == []


def test_what_is_named_otherwise_is_said_and_left(place):
    text = "load_from:\n  - python_package:\n      package_name: pipelines.definitions\n"
    (place / "workspace.yaml").write_text(text, encoding="utf-8")
    said = brought_over(place)
    assert (
        said[0] == f"{place / 'workspace.yaml'}:3: pipelines.definitions is okr_reports.definitions now; write it there"
    )
    assert (place / "workspace.yaml").read_text(encoding="utf-8") == text


def test_a_file_that_cannot_be_written_is_said_and_stays(place, monkeypatch):
    def refused(self: Path, data: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(self))

    # The right is taken here: who runs the tests may be one whom no right of a file stops.
    monkeypatch.setattr(Path, "write_bytes", refused)
    said = brought_over(place)
    assert len(said) == 2
    assert all("cannot be written (Permission denied); write it there" in line for line in said)
    assert (place / "workspace.yaml").read_text(encoding="utf-8") == OLD


def test_a_package_named_pipelines_of_somebody_else_is_left_alone(place):
    (place / "pipelines").mkdir()
    (place / "pipelines" / "definitions.py").write_text("", encoding="utf-8")
    assert len(brought_over(place)) == 1
    assert (place / "workspace.yaml").read_text(encoding="utf-8") == OLD
