"""Dagster's door: the assets of defs/, the jobs and schedules over them, and what holds for the whole graph."""

from __future__ import annotations

from pipelines.settings import Workspace, quiet_environment

# Before dagster, dlt and dbt are imported: they read where to write, and whether to phone home, at import.
quiet_environment(Workspace.from_environment())

from dagster import Definitions, in_process_executor, load_assets_from_package_module  # noqa: E402

from pipelines import defs as stages  # noqa: E402
from pipelines.defs.resources import Writer  # noqa: E402
from pipelines.defs.schedules import daily_refresh, refresh  # noqa: E402

defs = Definitions(
    assets=load_assets_from_package_module(stages),
    jobs=[refresh],
    schedules=[daily_refresh],
    resources={"writer": Writer()},
    executor=in_process_executor,
)
