"""Dagster's instance as our commands open it: the runs, events and assets that its UI shows."""

from __future__ import annotations

from pathlib import Path

from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock

from okr_reports.common.dagster_home import explained, read_settings
from okr_reports.defs.event_log import OpenEventLog, folder_of_events
from okr_reports.errors import OkrError


def open_instance(home: Path) -> DagsterInstance:
    """The instance that Dagster's UI shows with this folder, without capturing this terminal.

    Dagster captures a step's output by processes of its own, two a step; on Ctrl-C each of them writes a traceback.
    One process at a time: two that find no databases and make them at the same moment break each other's.
    Raises OkrError where there is no such folder or its instance does not open.
    """
    if not home.is_dir():
        raise OkrError(f"DAGSTER_HOME is {str(home)!r}; name a folder that is there, or unset it")
    captured = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    # Dagster takes the path of its settings for a pattern: below a folder named [2026] it finds none of them.
    overrides = read_settings(home) | {"compute_logs": captured}
    event_log = overrides.get("event_log_storage")
    if isinstance(event_log, dict) and event_log.get("class") == OpenEventLog.__name__:
        overrides["event_log_storage"] = {"config": {"base_dir": str(folder_of_events(home))}, **event_log}
    try:
        with FileLock(home / "making.lock"):
            return DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=overrides))
    except Exception as error:
        what = " ".join(str(error).split())[:300]
        raise explained(home, error) or OkrError(
            f"{home}: Dagster does not open its instance ({what}); what its dagster.yaml names must be installed beside"
            " okr and answer, or unset DAGSTER_HOME"
        ) from None
