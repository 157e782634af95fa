"""What the desk writes becomes a commit in the name of the person who wrote it."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from okr_reports.errors import OkrError

# a push over a slow line; a hanging server must not hold the person who sent a form
TIMEOUT_SECONDS = 60


def commit(path: Path, message: str, person: str, push: bool) -> str | None:
    """Commit this file alone, as `person`, and push it; what went wrong with the push, which keeps the commit.

    Raises OkrError where the file cannot be committed; it stays, not committed.
    """
    author, mail = _author(person)
    try:
        _git(path.parent, "add", "--", path.name)
        _git(path.parent, "commit", "--quiet", f"--author={author} <{mail}>", f"--message={message}", "--only", "--",
             path.name)  # fmt: skip
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
        reason = _reason(error)
        with suppress(subprocess.SubprocessError):  # a conflict must not leave the folder between two states
            _git(path.parent, "rebase", "--abort")
        return reason
    return None


def propose(path: Path, data: bytes, message: str, person: str, day: str) -> str:
    """Push a commit in which the file holds `data` to a branch of its own, for review; the branch's name.

    The folder, its index and its own branch stay as they are. Raises OkrError where git or the server refuses it.
    """
    author, mail = _author(person)
    words = re.sub(r"[^a-z0-9]+", "-", message.casefold()).strip("-")[:60]
    branch = f"desk/{day}-{words}-{secrets.token_hex(3)}"
    folder = next(parent for parent in path.parents if parent.is_dir())
    try:
        inside = (Path(_git(folder, "rev-parse", "--show-prefix")) / path.relative_to(folder)).as_posix()
        blob = _git(folder, "hash-object", "-w", "--stdin", data=data)
        with tempfile.TemporaryDirectory() as place:
            index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            _git(folder, "read-tree", "HEAD", more=index)
            _git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{inside}", more=index)
            tree = _git(folder, "write-tree", more=index)
        named = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": mail}
        made = _git(folder, "commit-tree", tree, "-p", "HEAD", "-m", message, more=named)
        _git(folder, "push", "--quiet", _remote(folder), f"{made}:refs/heads/{branch}")
    except subprocess.SubprocessError as error:
        raise OkrError(f"nothing was saved: the branch {branch} could not be pushed ({_reason(error)})") from error
    except OSError as error:
        raise OkrError(f"nothing was saved: git cannot be run ({error.strerror})") from error
    return branch


def _remote(folder: Path) -> str:
    """Where the folder's own branch is pushed to."""
    with suppress(subprocess.SubprocessError):
        return _git(folder, "rev-parse", "--abbrev-ref", "@{upstream}").partition("/")[0]
    return "origin"


def _author(person: str) -> tuple[str, str]:
    mail = re.sub(r"[^a-z0-9]+", ".", person.casefold()).strip(".") or "desk"
    return re.sub(r"[<>\n\r]", " ", person), f"{mail}@okr-desk.invalid"


def _git(folder: Path, *arguments: str, data: bytes = b"", more: Mapping[str, str] | None = None) -> str:
    ran = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        input=data,
        env={"GIT_COMMITTER_NAME": "okr desk", "GIT_COMMITTER_EMAIL": "desk@okr-desk.invalid", **os.environ,
             "GIT_TERMINAL_PROMPT": "0", **(more or {})},
    )  # fmt: skip
    return ran.stdout.decode("utf-8", "replace").strip()


def _reason(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or b"").decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"git ended with {error.returncode}"
    return f"git did not end within {TIMEOUT_SECONDS} s"
