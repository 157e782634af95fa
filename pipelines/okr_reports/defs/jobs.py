"""The jobs people, schedules and sensors start. Each is one process for all its steps.

With Dagster's default of one process a step, a job of three assets over 2,000 rows took 44 s, 41 of them imports.
"""

from dagster import AssetSelection, define_asset_job, in_process_executor

from okr_reports.defs import backfill as days
from okr_reports.defs.deliver import site_copies
from okr_reports.defs.gate import health_gate, sources
from okr_reports.defs.load import definitions
from okr_reports.defs.publish import okr_duckdb, site
from okr_reports.defs.run_tags import AGAIN, of_this_workspace
from okr_reports.defs.transform import models

_TAGS = {**AGAIN, **of_this_workspace()}

_DAYS = AssetSelection.assets(*days.channel_days)
_PUBLISHED = AssetSelection.assets(health_gate, okr_duckdb, site, site_copies)

refresh = define_asset_job(
    "refresh",
    selection=AssetSelection.all() - _DAYS,
    executor_def=in_process_executor,
    tags=_TAGS,
    description="Load every channel that is on, score the key results, pass the health gate, publish the site.",
)

publish_changes = define_asset_job(
    "publish_changes",
    selection=AssetSelection.assets(definitions, models)
    | AssetSelection.checks(sources)
    | _PUBLISHED
    | AssetSelection.checks_for_assets(definitions, models, health_gate),
    executor_def=in_process_executor,
    tags=_TAGS,
    description="Check, score and publish what is loaded: after a change of definitions or pages. Asks no vendor.",
)

report = define_asset_job(
    "report",
    selection=_PUBLISHED,
    executor_def=in_process_executor,
    tags=_TAGS,
    description="Build the site again from the warehouse.",
)

backfill = define_asset_job(
    "backfill",
    selection=_DAYS,
    executor_def=in_process_executor,
    tags=_TAGS,
    description="Load days of channels again: choose channels and days.",
)

OF_ASSETS = [refresh, publish_changes, report, backfill]
