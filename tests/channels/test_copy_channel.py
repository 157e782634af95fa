"""`make channel`: the copy of a living channel passes its tests at once, in a copy of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from okr_reports.channels.copy_channel import copy_channel
from tests.support import ROOT

NAME = "reddit_ads"
LEFT_OUT = (".venv", ".git", ".okr", "test-output", "__pycache__", "target", "logs", ".*_cache", ".hypothesis")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=shutil.ignore_patterns(*LEFT_OUT)))
    # `okr` as a module: the installed command would import our package, not the copy's
    (made / "click_okr.py").write_text("from okr_reports.cli import main\nmain()\n")
    return made


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # the copy's own package comes first, though ours is installed
    environment = {**os.environ, "PYTHONPATH": str(checkout / "pipelines")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.mark.parametrize("suite", ["quick", pytest.param("whole", marks=pytest.mark.torture)])
def test_a_new_channel_passes_its_test_suite_at_once(checkout: Path, suite: str) -> None:
    made = run(checkout, "okr_reports.channels.copy_channel", NAME)
    assert made.returncode == 0, made.stderr
    assert f"pipelines/okr_reports/channels/{NAME}/source.py" in made.stdout
    assert run(checkout, "ruff", "check", "--fix", "--select", "I", "pipelines", "tests").returncode == 0
    assert run(checkout, "ruff", "format", "pipelines", "tests").returncode == 0
    clean = run(checkout, "ruff", "check", "pipelines", "tests")
    assert clean.returncode == 0, clean.stdout
    chosen = f"{NAME} and (truth or secret or described)" if suite == "quick" else NAME
    tested = run(checkout, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/channels", "-k", chosen)
    assert tested.returncode == 0, tested.stdout[-4000:]
    assert "no tests ran" not in tested.stdout
    checked = run(checkout, "click_okr", "check")
    assert (checked.returncode, NAME in checked.stdout) == (0, False), checked.stdout


@pytest.mark.parametrize("name", ["", "Reddit", "reddit-ads", "1ads", "../x", "a" * 41, "tiktok_ads", "files"])
def test_a_name_that_cannot_be_or_is_taken_writes_nothing(tmp_path: Path, name: str) -> None:
    for taken in ("tiktok_ads", "files"):
        (tmp_path / "pipelines" / "okr_reports" / "channels" / taken).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="name"):
        copy_channel(tmp_path, name)
    assert sorted(tmp_path.rglob("*")) == before
