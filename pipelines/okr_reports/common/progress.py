"""Progress of long work, and its end by Ctrl-C.

On a terminal lines of the logger `okr` are shown as they come, and a bar for what is counted. Elsewhere (cron, CI, a
pipe) nothing is shown below warnings, and the work is the same.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from okr_reports.common.isolated import visible

_shown: _Show | None = None


def advance(task: str, done: int, total: int) -> None:
    """`done` of `total` parts of `task` (channels, models, pages) are ready; from any thread."""
    if _shown is not None:
        _shown.advance(task, done, total)


class _Show(logging.Handler):
    """Each message stays as a line with its seconds; each task that is counted is a bar below them until it is done."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=getattr(sys.stderr, "unguarded", sys.stderr)),
            transient=True,
        )
        self._tasks = {"starting": self.progress.add_task("starting", total=None)}
        self._began = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one line."""
        from rich.markup import escape

        elapsed = time.monotonic() - self._began
        self.progress.console.print(
            f"[dim]{elapsed:6.1f} s[/dim]  {escape(visible(record.getMessage()))}", highlight=False
        )

    def advance(self, task: str, done: int, total: int) -> None:
        """Make the bar of this task, move it, or take it away."""
        if "starting" in self._tasks:
            self.progress.remove_task(self._tasks.pop("starting"))
        if task not in self._tasks:
            self._tasks[task] = self.progress.add_task(task, total=total)
        self.progress.update(self._tasks[task], completed=done, total=total, visible=done < total)


@contextmanager
def shown() -> Iterator[None]:
    """Show progress while the block runs, if standard error is a terminal."""
    global _shown
    logger = logging.getLogger("okr")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not sys.stderr.isatty():
        with _warnings_on_stderr(logger):
            yield
        return
    handler = _shown = _Show()
    logger.addHandler(handler)
    try:
        with handler.progress:
            yield
    finally:
        _shown = None
        logger.removeHandler(handler)


@contextmanager
def _warnings_on_stderr(logger: logging.Logger) -> Iterator[None]:
    """Python prints warnings of a logger without a handler, and Dagster gives this one its own, which prints none."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Deliver Ctrl-C again where Python has swallowed it: an exception raised in a finaliser goes nowhere."""
    before = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type.__name__ in ("KeyboardInterrupt", "DagsterExecutionInterruptedError"):
            # Not at once: the finaliser would swallow that one too.
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            before(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before
