"""Who changed a definitions file last, and when: from git where the folder lies in a repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# A history of 10,000 commits takes git a second; a hanging network file system must not stop a report.
TIMEOUT_SECONDS = 20
# Stands alone between two NULs, which neither names nor paths can hold.
_COMMIT = "\x01commit"


@dataclass(frozen=True)
class Change:
    """The last commit of a file: the author's name and the time it was committed, with its zone."""

    changed_by: str
    changed_on: datetime


def last_changes(definitions_dir: Path) -> dict[Path, Change]:
    """The last change of every committed file below the folder, by its path starting with `definitions_dir`.

    Empty where there is no git, no repository or no commit; files not committed yet are left out. One call of git.
    """
    command = [
        "git", "-c", "core.fsmonitor=false", "-C", str(definitions_dir), "log", "--no-show-signature", "--no-renames",
        "--relative", "--name-only", "-z", "--format=%x00%x01commit%x00%an%x00%cI%x00", "--", ".",
    ]  # fmt: skip
    try:
        log = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    changes: dict[Path, Change] = {}
    change: Change | None = None
    tokens = iter(log.decode("utf-8", "replace").split("\0"))
    for token in tokens:
        name = token.removeprefix("\n")
        if token == _COMMIT:
            change = Change(next(tokens), datetime.fromisoformat(next(tokens)))
        elif name and change is not None:
            changes.setdefault(definitions_dir / name, change)
    return changes
