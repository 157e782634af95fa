"""What is written on our runs: which workspace they are of, and which process works on them.

A Dagster may serve other teams too, with jobs and assets of the same names, so that only these tags say which runs are
ours to retry, to report or to delete.

Dagster's daemon notices when a run that it launched dies. It cannot see one whose code server died with it (a power
cut), nor an `okr refresh` in a shell; such a run would hold the pool until it reaches its time limit.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun

WORKSPACE = "okr/workspace"
PROCESS = "okr/process"
# A run whose process died is begun anew, once: every stage replaces what was left half done, and what was loaded is not
# loaded twice. From the failed step on it would not know which sources had failed. A source that fails is shown and not
# tried again at once: its own client has already retried. Not in dagster.yaml, which is for everybody's runs.
AGAIN = {
    "dagster/max_retries": "1",
    "dagster/retry_on_asset_or_op_failure": "false",
    "dagster/retry_strategy": "ALL_STEPS",
}
_LONGEST_SECONDS = 14_400


def of_this_workspace() -> dict[str, str]:
    """The tag of this workspace's runs: the data folder's path."""
    return {WORKSPACE: str(Workspace.from_environment().data_dir.resolve())}


def limits(run: DagsterRun, instance: DagsterInstance) -> dict[str, str]:
    """How often a run of ours is begun, and for how long it may go on where the instance says nothing of that.

    A run of a shell (it has no code location) goes on as long as its shell lets it.
    """
    if run.remote_job_origin is None or instance.run_monitoring_max_runtime_seconds:
        return AGAIN
    return {**AGAIN, "dagster/max_runtime": str(_LONGEST_SECONDS)}


def is_of_another_workspace(tags: Mapping[str, str]) -> bool:
    """Whether a run of our code location is tagged with the data folder of another workspace.

    Two webservers that share one database may both have a code location of our name.
    """
    return WORKSPACE in tags and not of_this_workspace().items() <= tags.items()


def this_process() -> str:
    """Host, id and start of this process: `machine:4242:1234567`."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid()) or ''}"


def has_ended(tag: str) -> bool:
    """Whether the process of that tag is surely gone; False for one of another host, or where there is no /proc."""
    host, pid, started = tag.rsplit(":", 2)
    if host != socket.gethostname() or not started:
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str | None:
    """When the process began, in ticks since the machine did: a number is given to many processes in turn."""
    try:
        # The name before it may hold anything, a bracket included.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
