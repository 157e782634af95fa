"""The process that a workspace's assets are described by and run in; it speaks in lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster import AssetCheckEvaluation, AssetMaterialization, deserialize_value

from okr_reports.common.foreign_names import NOT_PASSED
from okr_reports.errors import OkrError

# A process that is asked to end finishes what it writes; then it is killed.
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Finished:
    """The end of a run: what went wrong, one text a fault; empty when nothing did."""

    errors: list[str]


def described(folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """The workspace's `assets`, `checks` and channels with `days`, as commands/selection.py describes them.

    Raises OkrError with the end of what the process said.
    """
    with _worker(folder, env, "describe") as process:
        said, errors = process.communicate()
    if process.returncode:
        raise OkrError(f"the workspace {folder} cannot be read:\n{errors.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(said)
    for asset in answer["assets"]:
        asset["metadata"] = deserialize_value(asset["metadata"])
    return answer


def run(
    folder: Path, env: Mapping[str, str], request: Mapping[str, Any], log: Callable[[str], None]
) -> Iterator[AssetMaterialization | AssetCheckEvaluation | Finished]:
    """Run a selection; what came of each asset and check, then the end. `log` is given each line of progress."""
    with _worker(folder, env, "run") as process:
        last: list[str] = []
        reader = threading.Thread(target=_read, args=(process.stderr, log, last), daemon=True)
        reader.start()
        with process.stdin as asking:  # type: ignore[union-attr]
            asking.write(json.dumps(request))
        for line in process.stdout:  # type: ignore[union-attr]
            answer = json.loads(line)
            if "errors" in answer:
                yield Finished(answer["errors"])
                return
            yield deserialize_value(answer["event"])  # type: ignore[misc]
        process.wait()
        reader.join(timeout=5)
    yield Finished([f"the refresh ended with exit code {process.returncode}:\n" + "\n".join(last[-20:])])


def _read(stream: Any, log: Callable[[str], None], last: list[str]) -> None:
    for line in stream:
        if text := line.rstrip():
            last.append(text)
            log(text)


@contextmanager
def _worker(folder: Path, env: Mapping[str, str], what: str) -> Iterator[subprocess.Popen[str]]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED)}
    process = subprocess.Popen(
        [sys.executable, "-m", "okr_reports.commands.selection", what],
        cwd=folder, env={**given, **env}, text=True, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
