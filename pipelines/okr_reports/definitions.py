"""Dagster's door: the assets of defs/, their jobs, schedules and sensors, and what holds for the whole graph."""

from __future__ import annotations

from datetime import timedelta

from okr_reports.settings import Workspace, quiet_environment

# Before dagster, dlt and dbt are imported: they read where to write, and whether to phone home, at import.
quiet_environment(Workspace.from_environment())

import warnings  # noqa: E402

from dagster import (  # noqa: E402
    AssetsDefinition,
    BetaWarning,
    Definitions,
    FreshnessPolicy,
    apply_freshness_policy,
    in_process_executor,
    load_asset_checks_from_package_module,
    load_assets_from_package_module,
    with_source_code_references,
)

# Backfills in one run and freshness policies: the version is pinned, and tests hold what they do.
warnings.filterwarnings("ignore", category=BetaWarning)

from okr_reports import defs as stages  # noqa: E402
from okr_reports.defs import jobs, schedules, sensors  # noqa: E402
from okr_reports.defs.backfill import channel_days  # noqa: E402
from okr_reports.defs.deliver import digest  # noqa: E402
from okr_reports.defs.load import load_channels  # noqa: E402
from okr_reports.defs.resources import Writer  # noqa: E402

# A day missed is late, two are a failure. Of a channel's tables the check `fresh` tells, by the days they hold and not
# by when they were loaded; its days are loaded again when somebody asks for them.
DAILY = FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
WITHOUT_POLICY = {key for asset in (load_channels, *channel_days) for key in asset.keys}


def _with_freshness(asset: AssetsDefinition) -> AssetsDefinition:
    if asset.keys & WITHOUT_POLICY:
        return asset
    return asset.map_asset_specs(lambda spec: apply_freshness_policy(spec, DAILY))


defs = Definitions(
    assets=with_source_code_references(
        [
            _with_freshness(asset)
            for asset in load_assets_from_package_module(stages)
            if isinstance(asset, AssetsDefinition)
        ]
    ),
    asset_checks=load_asset_checks_from_package_module(stages),
    jobs=[*jobs.OF_ASSETS, digest],
    schedules=schedules.ALL,
    sensors=sensors.ALL,
    resources={"writer": Writer()},
    executor=in_process_executor,
)
