"""Stage 1: definitions and channels land in their raw schemas.

Channels load in one step, each in a thread of its own: they wait for vendors, not for this machine, and a step a
channel would wait for them one after the other. A channel that fails does not fail the step, or nothing downstream
could be published without it; its check turns red here, its sources are stamped on the site, and `refresh_outcome`
fails the run at its end. Of a channel that gave nothing, or was not asked, no materialisation is recorded.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Config,
    MaterializeResult,
    Output,
    multi_asset,
)
from pydantic import Field

from okr_reports import catalogue, refresh
from okr_reports.channels.load import enabled_channels, raw_schemas
from okr_reports.defs.columns import column_metadata
from okr_reports.defs.not_made import not_made
from okr_reports.defs.owners import DATA_TEAM, MARKETING
from okr_reports.defs.resources import POOL, Writer
from okr_reports.okrs.tables import TABLES
from okr_reports.settings import Workspace, is_distributed
from okr_reports.warehouse.row_counts import row_counts

RAW = {name: {table: AssetKey([name, table]) for table in raw_schemas(name)} for name in catalogue.channels()}
FIRST = {name: next(iter(keys.values())) for name, keys in RAW.items()}


class DefinitionsConfig(Config):
    """`checked`: whoever starts the run has looked at definitions, pages and settings already.

    `into_the_past`: reports of days after today are withdrawn; without it a run on such a day is refused.
    """

    checked: bool = False
    into_the_past: bool = False


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
            owners=MARKETING,
            metadata=column_metadata(schema),
            description=f"Rows of `{table}` as the YAML in okr_definitions/ says them now.",
        )
        for table, schema in TABLES.items()
    ],
    name="definitions",
    can_subset=True,
    pool=POOL,
)
def definitions(
    context: AssetExecutionContext, config: DefinitionsConfig, writer: Writer
) -> Iterator[MaterializeResult[None]]:
    workspace = Workspace.from_environment()
    if not config.checked:
        refresh.check(workspace)
    rows = refresh.land_definitions(workspace, context.run_id, into_the_past=config.into_the_past)
    for table, count in rows.items():
        if (key := AssetKey(["definitions", table])) in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key, metadata={"dagster/row_count": count})


@multi_asset(
    specs=[
        AssetSpec(
            RAW[channel][table],
            deps=[AssetKey(["definitions", "channels"])],
            group_name=channel,
            kinds={"dlt", "duckdb"},
            owners=DATA_TEAM,
            metadata=column_metadata(schema),
            description=f"{catalogue.channels()[channel].title}: `{table}` as the vendor gives it.",
        )
        for channel in RAW
        for table, schema in raw_schemas(channel).items()
    ],
    check_specs=[
        AssetCheckSpec(
            "loaded", asset=key, description=f"Every account of {catalogue.channels()[channel].title} answered."
        )
        for channel, key in FIRST.items()
    ],
    name="load_channels",
    can_subset=True,
    pool=POOL,
)
def load_channels(
    context: AssetExecutionContext, config: LoadConfig, writer: Writer
) -> Iterator[MaterializeResult[None] | AssetCheckResult | Output[Any]]:
    workspace = Workspace.from_environment()
    window = None
    if config.from_date and config.to_date:
        window = (date.fromisoformat(config.from_date), date.fromisoformat(config.to_date))
    wanted = _wanted(context, config.channels)
    outcome = {} if wanted is None else refresh.load_channels(workspace, context.run_id, wanted, window)
    # Of a lake's tables only a scan knows the rows.
    raw = [(name, table) for name, keys in RAW.items() for table in keys] if not is_distributed() else []
    counts = row_counts(workspace.warehouse, raw)
    for channel, keys in RAW.items():
        loads = outcome.get(channel, [])
        given = [load for load in loads if load.state != "failed"]
        for table, key in keys.items():
            if key not in context.selected_asset_keys:
                continue
            if not given:
                yield not_made(context, key)
                continue
            metadata: dict[str, Any] = {"accounts": len(given), "rows_loaded": sum(load.rows for load in given)}
            if through := [load.data_through for load in given if load.data_through]:
                metadata["data_through"] = min(through).isoformat()
            if (channel, table) in counts:
                metadata["dagster/row_count"] = counts[channel, table]
            yield MaterializeResult(asset_key=key, metadata=metadata)
        if loads and AssetCheckKey(FIRST[channel], "loaded") in context.selected_asset_check_keys:
            errors = [load.error for load in loads if load.error]
            yield AssetCheckResult(
                asset_key=FIRST[channel],
                check_name="loaded",
                passed=not errors,
                metadata={"errors": "\n".join(errors)} if errors else {"accounts": len(loads)},
            )


def _wanted(context: AssetExecutionContext, channels: list[str]) -> list[str] | None:
    """The channels of the run's config, or those of which tables or checks were selected, as far as they are on.

    Empty where all are asked, None where none is.
    """
    if channels or context.selected_asset_keys == {key for keys in RAW.values() for key in keys.values()}:
        return channels
    selected = {*context.selected_asset_keys, *(key.asset_key for key in context.selected_asset_check_keys)}
    on = {*enabled_channels(), "files"}
    return [name for name, keys in RAW.items() if name in on and selected & {*keys.values()}] or None
