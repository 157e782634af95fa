"""A plausible `okr.duckdb` for tests of the site: every mart, two quarters, all key-result types and statuses.

The numbers are made here by simple curves, not by the scoring rules; what the site must do is show them faithfully.
`scale` multiplies the running objectives (benchmarks), `payload` is put into every free text of the marts.
"""

from __future__ import annotations

from pathlib import Path

from tests.report_site.snapshot_channels import ChannelRows
from tests.report_site.snapshot_okrs import OkrRows


class Snapshot(ChannelRows, OkrRows):
    """Every mart."""


def write_snapshot(
    path: Path, *, language: str = "es", locale: str = "es-ES", scale: int = 1, payload: str | None = None
) -> Path:
    """Write the snapshot to `path` (replaced when it exists) and return it."""
    snapshot = Snapshot(language, locale, scale, payload)
    snapshot.dimensions()
    snapshot.advertising()
    snapshot.kpis()
    snapshot.all_objectives()
    return snapshot.write(path)
