"""`OkrReportsComponent`: a workspace as assets of somebody else's Dagster.

The assets are those of the workspace's own code location under a prefix. A selection of them runs in a process of its
own, in the workspace's own Dagster instance below its data folder: of the instance that shows them nothing is read or
written but the results that are yielded to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSpec,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    Component,
    ComponentLoadContext,
    Config,
    DailyPartitionsDefinition,
    Definitions,
    Failure,
    MaterializeResult,
    Model,
    Output,
    Resolvable,
    ResolvedAssetKey,
    TableColumnDep,
    TableColumnLineage,
    asset,
    multi_asset,
)
from pydantic import Field

from okr_reports.component.process import Finished, described, run
from okr_reports.defs.not_made import not_made_before
from okr_reports.errors import OkrError

# As in the workspace's own code location (defs/backfill.py).
FIRST_DAY = "2015-01-01"
Said = MaterializeResult[Any] | AssetCheckResult | Output[Any]


class RefreshConfig(Config):
    """What a run loads: channels by name (empty: those whose assets are selected); both dates or none, both days in."""

    channels: list[str] = Field(
        default_factory=list, description="Channels to load; empty: the selected ones that are on"
    )
    from_date: str | None = Field(None, description="First day to load again, YYYY-MM-DD; needs to_date")
    to_date: str | None = Field(None, description="Last day to load again, YYYY-MM-DD; needs from_date")


class OkrReportsComponent(Component, Model, Resolvable):
    """One workspace. Raises OkrError while it loads if the workspace cannot be read, and says why.

    `workspace`: its folder, as `okr init` makes it, relative to the folder of the defs.yaml. `key_prefix`: before each
    asset's key, parts divided by `/`. `group_prefix`: before each group's name. `deps`: assets, elsewhere in the same
    Dagster, that the channels' rows come from: they are upstream of every raw table. `partitioned_days`: each channel
    also has an asset `days`, partitioned by day, whose days or ranges are loaded again; a job of all assets leaves them
    out, since Dagster wants a partition for every asset of a run. `env`: variables of the workspace's process
    (`SOURCES__...`); of those of the Dagster it is shown in, none that name channels, dlt, Dagster or a workspace reach
    it, so that two workspaces never share a secret.
    """

    workspace: str
    key_prefix: str = ""
    group_prefix: str = ""
    deps: Sequence[ResolvedAssetKey] = ()
    partitioned_days: bool = False
    env: Mapping[str, str] = Field(default_factory=dict)

    def build_defs(self, context: ComponentLoadContext) -> Definitions:
        return self.definitions_of((context.path if context.path.is_dir() else context.path.parent) / self.workspace)

    def definitions_of(self, workspace: Path) -> Definitions:
        """The same of a workspace's folder, without a defs.yaml."""
        folder = workspace.resolve()
        if not (folder / "okr_definitions").is_dir():
            raise OkrError(f"{folder} is no workspace: it has no okr_definitions/; make one with `okr init {folder}`")
        prefix = [part for part in self.key_prefix.split("/") if part]
        found = described(folder, self.env)
        assets, checks = found["assets"], found["checks"]
        raw = {tuple(asset["key"]) for asset in assets if asset["is_raw"]}

        def prefixed(key: Sequence[str]) -> AssetKey:
            return AssetKey([*prefix, *key])

        @multi_asset(
            name="_".join([*prefix, "okr_reports"]).replace("-", "_").replace(".", "_"),
            specs=[
                AssetSpec(
                    prefixed(asset["key"]),
                    deps=[
                        *(prefixed(key) for key in asset["deps"]),
                        *(AssetDep(key) for key in self.deps if tuple(asset["key"]) in raw),
                    ],
                    group_name=f"{self.group_prefix}{asset['group']}",
                    description=asset["description"],
                    kinds=set(asset["kinds"]),
                    owners=asset["owners"],
                    metadata={name: _under(prefixed, value) for name, value in asset["metadata"].items()},
                    skippable=asset["skippable"],
                )
                for asset in assets
            ],
            check_specs=[
                AssetCheckSpec(check["name"], asset=prefixed(check["key"]), description=check["description"])
                for check in checks
            ],
            can_subset=True,
        )
        def refreshed(context: AssetExecutionContext, config: RefreshConfig) -> Iterator[Said]:
            waiting = set(context.selected_asset_keys)
            own = {"keys": waiting, "checks": context.selected_asset_check_keys}
            request = {
                "keys": [list(key.path[len(prefix) :]) for key in own["keys"]],
                "checks": [[list(check.asset_key.path[len(prefix) :]), check.name] for check in own["checks"]],
                **_days(config),
            }
            for found in run(folder, self.env, request, context.log.info):
                if isinstance(found, Finished):
                    yield from not_made_before(context, context.selected_asset_keys, waiting)
                    if found.errors:
                        raise Failure("\n".join(found.errors), allow_retries=False)
                    return
                key = prefixed(found.asset_key.path)
                if isinstance(found, AssetCheckEvaluation):
                    yield AssetCheckResult(
                        asset_key=key, check_name=found.check_name, passed=found.passed, severity=found.severity,
                        metadata=found.metadata,
                    )  # fmt: skip
                elif key in waiting:
                    yield from not_made_before(context, context.assets_def.asset_deps[key], waiting)
                    waiting.discard(key)
                    yield MaterializeResult(asset_key=key, metadata=found.metadata)

        zone = found["days"]["timezone"]
        channels = found["days"]["channels"] if self.partitioned_days else ()
        days = [self._days_of(channel, sorted(raw), folder, zone) for channel in channels]
        return Definitions(assets=[refreshed, *days])

    def _days_of(self, channel: str, raw: list[tuple[str, ...]], folder: Path, timezone: str) -> AssetsDefinition:
        """A channel's days, to be loaded again: any of them, a range in one run. Scored by the next refresh."""
        prefix = [part for part in self.key_prefix.split("/") if part]

        @asset(
            key=AssetKey([*prefix, channel, "days"]),
            deps=self.deps,
            partitions_def=DailyPartitionsDefinition(FIRST_DAY, timezone=timezone),
            backfill_policy=BackfillPolicy.single_run(),
            group_name=f"{self.group_prefix}{channel}",
            kinds={"dlt", "duckdb"},
            description=f"{channel}: days loaded again. A refresh scores and publishes what came.",
        )
        def days(context: AssetExecutionContext) -> MaterializeResult[Any]:
            begin, end = context.partition_time_window
            chosen = [begin.date().isoformat(), (end - timedelta(days=1)).date().isoformat()]
            keys = [list(key) for key in raw if key[0] == channel]
            request = {"keys": keys, "checks": [], "channels": [channel], "days": chosen}
            for found in run(folder, self.env, request, context.log.info):
                if isinstance(found, Finished) and found.errors:
                    raise Failure("\n".join(found.errors), allow_retries=False)
            return MaterializeResult(metadata={"from": chosen[0], "to": chosen[1]})

        return days


def _days(config: RefreshConfig) -> dict[str, Any]:
    if bool(config.from_date) != bool(config.to_date):
        raise OkrError("from_date and to_date belong together: give both or none")
    days = [date.fromisoformat(day).isoformat() for day in (config.from_date, config.to_date) if day]
    return {"channels": config.channels, "days": days}


def _under(prefixed: Callable[[Sequence[str]], AssetKey], value: Any) -> Any:
    """A value of an asset's metadata, which may name other assets by their keys in the workspace."""
    if not isinstance(value, TableColumnLineage):
        return value
    return TableColumnLineage(
        {
            column: [TableColumnDep(prefixed(source.asset_key.path), source.column_name) for source in sources]
            for column, sources in value.deps_by_column.items()
        }
    )
