"""Who changed a definitions file last, and when: from git where the folder lies in a repository.

What a file says is its last commit's only while nothing has been changed since: edits not committed yet are nobody's.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# A history of 10,000 commits takes git a second; a hanging network file system must not stop a report.
TIMEOUT_SECONDS = 20
# Stands alone between two NULs, which neither names nor paths can hold.
_COMMIT = "\x01commit"
_FORMAT = "--format=%x00%x01commit%x00%an%x00%cI%x00"


@dataclass(frozen=True)
class Change:
    """The last commit of a file: the author's name and the time it was committed, with its zone."""

    changed_by: str
    changed_on: datetime


def last_changes(definitions_dir: Path) -> dict[Path, Change]:
    """The last change of every committed file below the folder, by its path starting with `definitions_dir`.

    Empty where there is no git, no repository or no commit; files with edits that are not committed yet are left out.
    """
    try:
        log = _git(definitions_dir, "log", "--no-show-signature", "--no-renames", "--name-only", _FORMAT)
        edited = {definitions_dir / name for name in _git(definitions_dir, "diff", "--name-only", "HEAD")}
    except (OSError, subprocess.SubprocessError):
        return {}
    changes: dict[Path, Change] = {}
    change: Change | None = None
    tokens = iter(log)
    for token in tokens:
        name = token.removeprefix("\n")
        if token == _COMMIT:
            change = Change(next(tokens), datetime.fromisoformat(next(tokens)))
        elif name and change is not None:
            changes.setdefault(definitions_dir / name, change)
    return {path: change for path, change in changes.items() if path not in edited}


def _git(folder: Path, command: str, *options: str) -> list[str]:
    """The tokens of git's answer about the files below the folder, paths from there."""
    answer = subprocess.run(
        ["git", "-c", "core.fsmonitor=false", "-C", str(folder), command, "--relative", "-z", *options, "--", "."],
        capture_output=True, timeout=TIMEOUT_SECONDS, check=True,
    )  # fmt: skip
    return answer.stdout.decode("utf-8", "replace").split("\0")
