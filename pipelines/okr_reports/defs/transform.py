"""Stage 2: dbt scores everything; its models are assets and its tests asset checks."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    MaterializeResult,
    Output,
)

from okr_reports import refresh
from okr_reports.defs.meanwhile import told_meanwhile
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.resources import POOL, Writer
from okr_reports.settings import Workspace
from okr_reports.warehouse.row_counts import row_counts
from okr_reports.warehouse.transform import manifest_path


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """A module that cannot be imported for a while."""
    imported = sys.modules.pop(module, None)
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
        if imported is not None:
            sys.modules[module] = imported


# Dagster's library needs no dbt for what a manifest says, but imports it where it can: 1.2 s of every start.
with _hidden("dbt.version"):
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

    # Not exported: the class that turns one dbt event into Dagster's. tests/defs/test_webserver.py holds it in place.
    from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

UNCHANGED = "nothing but moments that this is made from has changed since it was built and tested"
_MANIFEST = manifest_path(Workspace.from_environment())


class Translator(DagsterDbtTranslator):
    """Models in groups named after their layer (staging, intermediate, marts), the data team's."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return DATA_TEAM


_TRANSLATOR = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=True))


@dbt_assets(manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, name="models", pool=POOL)
def models(
    context: AssetExecutionContext, writer: Writer
) -> Iterator[
    Output[Any]
    | MaterializeResult[Any]
    | AssetMaterialization
    | AssetObservation
    | AssetCheckResult
    | AssetCheckEvaluation
]:
    keys = context.assets_def.node_keys_by_output_name
    not_told = _as_they_are(context.selected_asset_keys)
    asked = set(context.selected_asset_check_keys)

    def build(tell: Callable[[dict[str, Any]], None]) -> None:
        refresh.build_models(Workspace.from_environment(), on_event=tell)

    # Dagster shows each model as it is built, not all of them at the end.
    with closing(told_meanwhile(build)) as events:
        for event in events:
            message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
            for said in message.to_default_asset_events(
                manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, context=context
            ):
                if isinstance(said, Output):
                    yield from _unchanged(context, context.assets_def.asset_deps[keys[said.output_name]], not_told)
                    not_told.pop(keys[said.output_name], None)
                    yield _with_rows(said, event.get("rows"))
                else:
                    if isinstance(said, AssetCheckResult):
                        asked.discard(AssetCheckKey(said.asset_key or AssetKey([]), said.check_name or ""))
                    yield said
    yield from _unchanged(context, context.selected_asset_keys, not_told)
    for check in sorted(asked):
        yield AssetCheckResult(
            passed=True, asset_key=check.asset_key, check_name=check.name, metadata={"state": UNCHANGED}
        )


def _unchanged(
    context: AssetExecutionContext, keys: Iterable[AssetKey], not_told: dict[AssetKey, dict[str, Any]]
) -> Iterator[MaterializeResult[Any]]:
    """Those of the models that dbt has not built, since nothing they are made from has changed.

    Told all the same, or Dagster would skip what stands downstream of them; each after what it needs.
    """
    for key in sorted(keys):
        if (metadata := not_told.pop(key, None)) is not None:
            yield from _unchanged(context, context.assets_def.asset_deps[key], not_told)
            yield MaterializeResult(asset_key=key, metadata={"state": UNCHANGED, **metadata})


def _as_they_are(keys: Iterable[AssetKey]) -> dict[AssetKey, dict[str, Any]]:
    """How many rows the models' tables have before dbt opens the warehouse."""
    tables = {key: (key.path[0], key.path[1]) for key in keys}
    counts = row_counts(Workspace.from_environment().warehouse, tables.values())
    return {key: {"dagster/row_count": counts[table]} if table in counts else {} for key, table in tables.items()}


def _with_rows(output: Output[Any], rows: int | None) -> Output[Any]:
    """The same with how many rows its table has; a view is not counted."""
    if rows is None:
        return output
    metadata: dict[str, Any] = {**output.metadata, "dagster/row_count": rows}
    return Output(output.value, output_name=output.output_name, metadata=metadata)
