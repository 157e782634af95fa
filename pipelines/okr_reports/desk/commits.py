"""What the desk writes becomes a commit in the name of the person who wrote it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from okr_reports.errors import OkrError

# a push over a slow line; a hanging server must not hold the person who sent a form
TIMEOUT_SECONDS = 60


def commit(path: Path, message: str, person: str, push: bool) -> str | None:
    """Commit this file alone, as `person`, and push it; what went wrong with the push, which keeps the commit.

    Raises OkrError where the file cannot be committed; it stays, not committed.
    """
    mail = re.sub(r"[^a-z0-9]+", ".", person.casefold()).strip(".") or "desk"
    author = re.sub(r"[<>\n\r]", " ", person)
    try:
        _git(path.parent, "add", "--", path.name)
        _git(path.parent, "commit", "--quiet", f"--author={author} <{mail}@okr-desk.invalid>", f"--message={message}",
             "--only", "--", path.name)  # fmt: skip
    except subprocess.SubprocessError as error:
        raise OkrError(f"{path} is written but not committed: {_reason(error)}; commit it by hand") from error
    except OSError as error:
        raise OkrError(f"{path} is written but not committed: git cannot be run ({error.strerror})") from error
    if not push:
        return None
    try:
        _git(path.parent, "pull", "--quiet", "--rebase", "--autostash")
        _git(path.parent, "push", "--quiet")
    except subprocess.SubprocessError as error:
        return _reason(error)
    return None


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        stdin=subprocess.DEVNULL,
        env={"GIT_COMMITTER_NAME": "okr desk", "GIT_COMMITTER_EMAIL": "desk@okr-desk.invalid", **os.environ,
             "GIT_TERMINAL_PROMPT": "0"},
    )  # fmt: skip


def _reason(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return lines[-1] if lines else f"git ended with {error.returncode}"
    return f"git did not end within {TIMEOUT_SECONDS} s"
