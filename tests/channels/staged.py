"""What dbt makes of a channel's raw tables."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from okr_reports.channels.load import ensure_raw_tables
from okr_reports.settings import Workspace
from okr_reports.warehouse import transform


def staged_measures(bench: Any, channel: str) -> list[tuple[Any, ...]]:
    """Rows of the channel's conformed measures: day, account, campaign, measure, value, currency."""
    ensure_raw_tables(bench.warehouse, bench.folder / "dlt")
    workspace = _workspace()
    shutil.copyfile(bench.warehouse, workspace.warehouse)
    transform.build(workspace, [f"path:models/staging/{channel}"])
    with duckdb.connect(str(workspace.warehouse)) as connection:
        return connection.execute(
            f"select date, account_id, campaign_id, measure, value_local, currency "
            f"from staging.stg_{channel}__measures order by all"
        ).fetchall()


def filled(rows: list[tuple[Any, ...]], measure: str, start: date, end: date) -> dict[tuple[date, str], Decimal]:
    """A stock by (day, campaign) for every day, each holding its last value; days before the first are left out."""
    found: dict[tuple[date, str], Decimal] = {}
    for campaign in {row[2] for row in rows if row[3] == measure}:
        known = {row[0]: row[4] for row in rows if row[2:4] == (campaign, measure)}
        value = None
        for day in (start + timedelta(days=at) for at in range((end - start).days + 1)):
            value = known.get(day, value)
            if value is not None:
                found[day, campaign] = value
    return found


@cache
def _workspace() -> Workspace:
    folder = Path(_FOLDER.name)
    workspace = Workspace(folder / "okr_definitions", folder / "reports", folder)
    transform.manifest_path(workspace)
    return workspace


_FOLDER = TemporaryDirectory(prefix="okr-staged-")
