"""The SQL that was changed lately keeps sqlfluff's rules of pyproject.toml; `make check` lints all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

# All models cost more than a minute. What is older was linted when it was changed.
COMMITS = 30


def changed_models() -> list[str]:
    """Models that these commits or the working tree changed; all of them where there is no such history."""
    count = int(git("rev-list", "--count", "HEAD"))
    if count <= COMMITS:
        return ["dbt_project/models"]
    names = git("diff", "--name-only", "--diff-filter=d", f"HEAD~{COMMITS}", "--", "dbt_project/models").splitlines()
    return [name for name in names if name.endswith(".sql")]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def test_changed_sql_keeps_the_style(tmp_path: Path) -> None:
    models = changed_models()
    if not models:
        return
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("sqlfluff")), "lint", "--disable-progress-bar", *models],
        cwd=ROOT,
        env={
            **os.environ,
            "OKR_WAREHOUSE": ":memory:",
            "DBT_TARGET_PATH": str(tmp_path),
            "DBT_LOG_PATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
