"""A process that has everything imported and forks a refresh for each line it reads: `{"die_at": 17}` or `{}`.

A refresh counts its steps: files of the data folder opened for writing, renamed, linked or removed, and both sides of
every statement that changes a DuckDB file. At `die_at` it kills itself with SIGKILL. The answer is a line of JSON:
the exit code (negative: the signal), the names of the steps that were made, the addresses that sockets were bound to
or connected to, the processor seconds, those of each stage of Dagster's run, and the most memory it held.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
FILE_EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate")
HARMLESS = ("select", "from", "with", "describe", "show", "pragma", "set", "explain", "(", "use", "comment", "close")
COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.S)


class Steps:
    """Counts the steps of this process, and ends it at one of them."""

    def __init__(self, die_at: int, folder: str, log: int) -> None:
        self.die_at, self.folder, self.log = die_at, folder, log
        self.count = 0
        self.lock = Lock()

    def step(self, name: str) -> None:
        with self.lock:
            self.count += 1
            os.write(self.log, f"{name}\n".encode())
            if self.count == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            changes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(flags & WRITING)
            if changes and self._ours(path):
                self.step("write")
        elif event in FILE_EVENTS and self._ours(arguments[0]):
            self.step(event)
        elif event in ("socket.connect", "socket.bind") and isinstance(arguments[1], tuple):
            os.write(self.log, f"socket {arguments[1][0]}\n".encode())

    def _ours(self, path: Any) -> bool:
        return isinstance(path, (str, os.PathLike)) and str(Path(path).absolute()).startswith(self.folder)

    def watch_duckdb(self) -> None:
        import duckdb

        for name in ("execute", "sql", "query", "begin", "commit", "rollback", "close", "checkpoint"):
            setattr(duckdb.DuckDBPyConnection, name, self._both_sides(name, getattr(duckdb.DuckDBPyConnection, name)))

    def _both_sides(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def watched(connection: Any, *arguments: Any, **more: Any) -> Any:
            text = COMMENTS.sub("", str(arguments[0])).strip().lower() if arguments else name
            word = text.split(None, 1)[0].rstrip(";") if text else name
            if text.startswith(HARMLESS):
                return method(connection, *arguments, **more)
            self.step(f"before {word}")
            answer = method(connection, *arguments, **more)
            self.step(f"after {word}")
            return answer

        return watched


def processor_seconds() -> float:
    """What this process and its children have used so far, those that still run (the renderer) included."""
    used = sum(os.times()[:4])
    for listed in Path("/proc/self/task").glob("*/children"):
        for child in listed.read_text().split():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                used += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return used


def watch_stages(log: int) -> None:
    """Note the processor seconds of each stage, its child processes' included."""
    from dagster import DagsterEvent, DagsterEventType

    make, began = DagsterEvent.from_step, {}

    def watched(event_type: DagsterEventType, step_context: Any, *arguments: Any, **more: Any) -> DagsterEvent:
        used = processor_seconds()
        if event_type is DagsterEventType.STEP_START:
            began[step_context.step.key] = used
        elif event_type is DagsterEventType.STEP_SUCCESS:
            name = step_context.step.key
            os.write(log, f"stage {name} {used - began[name]:.3f}\n".encode())
        return make(event_type, step_context, *arguments, **more)

    DagsterEvent.from_step = watched  # type: ignore[method-assign]


def refresh(order: dict[str, Any], log: int) -> int:
    """One `okr refresh` in this process; its exit code."""
    from okr_reports import cli
    from okr_reports.settings import Workspace

    os.environ.update(order.get("environment", {}))
    workspace = Workspace.from_environment()
    steps = Steps(order.get("die_at", 0), str(workspace.data_dir.absolute()), log)
    steps.watch_duckdb()
    watch_stages(log)
    sys.addaudithook(steps.audit)
    try:
        cli.main(["refresh", "--wait", "5"])
    except SystemExit as end:
        return int(end.code or 0)
    raise AssertionError("a command always exits")


def main() -> None:
    from okr_reports.settings import Workspace, quiet_environment

    quiet_environment(Workspace.from_environment())

    answers = os.fdopen(os.dup(1), "w")
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        said = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        child = os.fork()
        if not child:
            os.dup2(said, 1)
            os.dup2(said, 2)
            code = 99
            try:
                code = refresh(order, log)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status, used = os.wait4(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os.close(log)
        os.close(said)
        lines = Path(order["log"]).read_text().splitlines()
        sockets = [line.removeprefix("socket ") for line in lines if line.startswith("socket ")]
        stages = {line.split()[1]: float(line.split()[2]) for line in lines if line.startswith("stage ")}
        steps = [line for line in lines if not line.startswith(("socket ", "stage "))]
        answer = {
            "code": code, "steps": steps, "sockets": sockets, "stages": stages,
            "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024,
        }  # fmt: skip
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
