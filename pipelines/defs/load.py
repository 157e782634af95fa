"""Stage 1: definitions and channels land in their raw schemas.

Channels load in one step, each in a thread of its own: they wait for vendors, not for this machine, and a step a
channel would wait for them one after the other. A channel that fails does not fail the step, or nothing downstream
could be published without it; its check turns red here, its sources are stamped on the site, and `refresh_outcome`
fails the run at its end.
"""

import logging
from collections.abc import Iterator
from datetime import date

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Config,
    MaterializeResult,
    multi_asset,
)
from pydantic import Field

from pipelines import catalogue, refresh
from pipelines.channels.load import raw_tables
from pipelines.defs.resources import Writer
from pipelines.okrs.tables import TABLES
from pipelines.settings import Workspace

logger = logging.getLogger("okr")

_RAW = {name: [AssetKey([name, table]) for table in raw_tables(name)] for name in catalogue.channels()}


class LoadConfig(Config):
    """What a run loads. Empty `channels`: every channel that is on. Dates: an account-day window, both days in."""

    channels: list[str] = Field(default_factory=list)
    from_date: str | None = None
    to_date: str | None = None


@multi_asset(
    specs=[
        AssetSpec(
            ["definitions", table],
            group_name="definitions",
            kinds={"yaml", "duckdb"},
            description=f"Rows of `{table}` as the YAML in okr_definitions/ says them now.",
        )
        for table in TABLES
    ],
    name="definitions",
)
def definitions(context: AssetExecutionContext, writer: Writer) -> Iterator[MaterializeResult[None]]:
    rows = refresh.land_definitions(Workspace.from_environment(), context.run_id)
    for table, count in rows.items():
        yield MaterializeResult(asset_key=AssetKey(["definitions", table]), metadata={"dagster/row_count": count})


@multi_asset(
    specs=[
        AssetSpec(
            key,
            deps=[AssetKey(["definitions", "channels"])],
            group_name=channel,
            kinds={"dlt", "duckdb"},
            description=f"{catalogue.channels()[channel].title}: `{key.path[-1]}` as the vendor gives it.",
        )
        for channel, keys in _RAW.items()
        for key in keys
    ],
    check_specs=[
        AssetCheckSpec(
            "loaded", asset=keys[0], description=f"Every account of {catalogue.channels()[channel].title} answered."
        )
        for channel, keys in _RAW.items()
    ],
    name="load_channels",
)
def load_channels(
    context: AssetExecutionContext, config: LoadConfig, writer: Writer
) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
    window = None
    if config.from_date and config.to_date:
        window = (date.fromisoformat(config.from_date), date.fromisoformat(config.to_date))
    outcome = refresh.load_channels(Workspace.from_environment(), context.run_id, config.channels, window)
    for channel, keys in _RAW.items():
        loads = outcome.get(channel, [])
        errors = [load.error for load in loads if load.error]
        state = "not loaded in this run" if not loads else "failed" if errors else "loaded"
        for key in keys:
            yield MaterializeResult(asset_key=key, metadata={"state": state, "rows": sum(load.rows for load in loads)})
        yield AssetCheckResult(
            asset_key=keys[0],
            check_name="loaded",
            passed=not errors,
            metadata={"errors": "\n".join(errors)} if errors else {"accounts": len(loads)},
        )
