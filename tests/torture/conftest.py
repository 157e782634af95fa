"""Faults on purpose. `make test` runs a gate of each set; `make torture` runs them whole and prints their figures."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.channels.conftest import bench, make_bench

__all__ = ["bench", "make_bench"]

WHOLE = bool(os.environ.get("OKR_TORTURE"))
FIGURES = pytest.StashKey[list[str]]()


def times(gate: int, whole: int) -> int:
    """How often: `gate` in `make test`, `whole` in `make torture`."""
    return whole if WHOLE else gate


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a figure that docs/trust.md quotes; shown at the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(f"figure: {line}")
