"""What a run of the job `refresh` is given, wherever it starts. Imports no dagster: `--dagster URL` needs none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from okr_reports import catalogue


def to_load(channels: Sequence[str] = (), from_day: date | None = None, to_day: date | None = None) -> dict[str, Any]:
    """The part of the step that loads: no channels are all that are on, a window needs both its days."""
    load: dict[str, Any] = {"channels": list(channels)}
    if from_day and to_day:
        load |= {"from_date": from_day.isoformat(), "to_date": to_day.isoformat()}
    return {"load_channels": {"config": load}}


def of_refresh(
    channels: Sequence[str], from_day: date | None, to_day: date | None, wait_seconds: float
) -> dict[str, Any]:
    """The whole of it; `wait_seconds` is how long it waits for another writer."""
    return {
        "ops": to_load(channels, from_day, to_day),
        "resources": {"writer": {"config": {"wait_seconds": wait_seconds}}},
    }


def is_in_run(path: Sequence[str], channels: Sequence[str]) -> bool:
    """Whether the asset belongs to a run that loads these channels; to one without any named belongs every asset.

    Tables of the others are left out of the run: Dagster would note their checks as begun, and show them as skipped.
    """
    known = catalogue.channels()
    # A file source goes by its own name.
    wanted = {name if name in known else "files" for name in channels}
    return not wanted or path[0] not in known or path[0] in wanted
