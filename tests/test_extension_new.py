"""`okr extension new`: what it writes is a package that can be built, installed and passes its own test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from okr_reports.commands.extension import KINDS
from tests.support import OKR, ROOT


def made(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([OKR, "extension", "new", *arguments], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("kind", KINDS)
def test_its_wheel_passes_its_own_test(tmp_path: Path, kind: str) -> None:
    answer = made(tmp_path, "my_own", "--kind", kind)
    assert answer.returncode == 0, answer.stderr
    assert "pip install -e my_own" in answer.stdout
    its_wheel_passes(tmp_path / "my_own", tmp_path)


def its_wheel_passes(package: Path, folder: Path) -> dict[str, str]:
    """Build and install the package, and run its own tests; the environment in which it is installed."""
    installed = folder / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation",
         "--target", str(installed), str(package)],
        check=True, capture_output=True,
    )  # fmt: skip
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**kept, "PYTHONPATH": str(installed)}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull,
         "--rootdir", str(folder), str(package / "tests")],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout
    assert "passed" in tested.stdout
    return environment


def test_the_example_conforms_and_passes_its_own_test(tmp_path: Path) -> None:
    package = shutil.copytree(ROOT / "examples" / "board_pack", tmp_path / "board_pack")
    environment = its_wheel_passes(package, tmp_path)
    checked = subprocess.run(
        [OKR, "extension", "check", "board_pack"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert checked.stdout.splitlines() == [
        "ok    board_pack of board_pack (components)",
        "ok    board-pack of board_pack (deliveries)",
    ]
    unknown = subprocess.run([OKR, "extension", "check", "nowhere"], cwd=tmp_path, capture_output=True, text=True)
    assert "no installed package 'nowhere'" in unknown.stderr


@pytest.mark.parametrize("name", ["My", "1st", "a-b", "../a", "okr_reports", "okr_reports_x", ""])
def test_a_name_that_no_package_can_have_is_refused(tmp_path: Path, name: str) -> None:
    answer = made(tmp_path, name, "--kind", "presets")
    assert answer.returncode != 0
    assert "cannot be its name" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    answer = made(tmp_path, "mine", "--kind", "presets")
    assert "is there already" in answer.stderr
    assert list((tmp_path / "mine").iterdir()) == []
