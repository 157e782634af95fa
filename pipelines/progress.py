"""Progress of long work: what the logger `okr` says, shown as it happens on a terminal, silent elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Show(logging.Handler):
    """Each message becomes the status line; a stage that ends stays above it with its seconds."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        from rich.console import Console

        self.console = Console(stderr=True)
        self.status = self.console.status("starting")
        self._began = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        from rich.markup import escape

        elapsed = time.monotonic() - self._began
        self.console.print(f"[dim]{elapsed:6.1f} s[/dim]  {escape(record.getMessage())}", highlight=False)
        self.status.update(escape(record.getMessage()))


@contextmanager
def shown() -> Iterator[None]:
    """Show progress while the block runs, if standard error is a terminal."""
    import sys

    logger = logging.getLogger("okr")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not sys.stderr.isatty():
        yield
        return
    handler = _Show()
    logger.addHandler(handler)
    try:
        with handler.status:
            yield
    finally:
        logger.removeHandler(handler)
