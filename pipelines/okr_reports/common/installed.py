"""Which okr-reports this is: its version, and the commit where one is known."""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import distribution
from pathlib import Path


def version_line() -> str:
    """`0.2.0`, or `0.2.0 (commit 1a2b3c4)` where the commit is known: of pip, of the wheel, of the checkout."""
    package = distribution("okr-reports")
    commit = _commit_of_pip(package.read_text("direct_url.json")) or _commit_of_wheel() or _commit_of_checkout()
    return package.version + (f" (commit {commit})" if commit else "")


def _commit_of_pip(direct_url: str | None) -> str | None:
    """Of an installation from git: PEP 610 has pip keep the commit."""
    known = json.loads(direct_url or "{}").get("vcs_info", {}).get("commit_id")
    return str(known)[:12] if known else None


def _commit_of_wheel() -> str | None:
    """Of a wheel: hatch_build.py wrote it there."""
    path = Path(__file__).parents[1] / "commit"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def _commit_of_checkout() -> str | None:
    """Of the checkout that this package lies in; none when it is installed in a folder of another repository."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
