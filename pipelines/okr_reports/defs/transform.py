"""Stage 2: dbt scores everything; its models are assets and its tests asset checks."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    AssetSpec,
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    MaterializeResult,
    Output,
)

from okr_reports import refresh
from okr_reports.defs.background import events_of
from okr_reports.defs.columns import model_lineage
from okr_reports.defs.not_made import not_made_before
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.resources import POOL, Writer
from okr_reports.settings import Workspace, shipped
from okr_reports.warehouse import own_models
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

Said = Output[Any] | MaterializeResult[Any] | AssetObservation | AssetCheckResult
_MANIFEST = manifest_path(Workspace.from_environment())


class Translator(DagsterDbtTranslator):
    """Models in groups named after their layer (staging, intermediate, marts; models: the workspace's own)."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        own = dbt_resource_props["package_name"] == own_models.PACKAGE
        return own_models.SCHEMA if own else str(dbt_resource_props["fqn"][1])

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the place of its SQL, and what its columns are made of; the latter not of a model of the workspace."""
        path = Path(dbt_resource_props["original_file_path"])
        own = dbt_resource_props["package_name"] == own_models.PACKAGE
        workspace = Workspace.from_environment()
        folder = workspace.models_dir.parent if own and path.parts[0] == "models" else shipped("dbt_project")
        place = LocalFileCodeReference(file_path=str((folder / path).absolute()), label=path.name)
        known = super().get_metadata(dbt_resource_props)
        lineage = {} if own else model_lineage(f"{dbt_resource_props['fqn'][1]}.{dbt_resource_props['name']}")
        return {**known, **lineage, "dagster/code_references": CodeReferencesMetadataValue(code_references=[place])}

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return DATA_TEAM

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> AssetCheckSpec | None:
        """A test of dbt's that blocks nothing: where one must stop the run, dbt's failure fails the whole step.

        A step whose build had nothing to do has no results of tests, and Dagster would warn of each that should block.
        """
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(blocking=False)


_TRANSLATOR = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=True))


@dbt_assets(manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, name="models", pool=POOL)
def models(context: AssetExecutionContext, writer: Writer) -> Iterator[Said]:
    waiting = set(context.selected_asset_keys)

    def build(tell: Callable[[dict[str, Any]], None]) -> None:
        refresh.build_models(Workspace.from_environment(), _selectors(context), on_event=tell)

    # Dagster shows each model as it is built, not all of them at the end.
    for event in events_of(build):
        for said in _selected(context, event):
            if isinstance(said, Output):
                key = context.assets_def.node_keys_by_output_name[said.output_name]
                yield from not_made_before(context, context.assets_def.asset_deps[key], waiting)
                waiting.discard(key)
            yield said
    yield from not_made_before(context, context.selected_asset_keys, waiting)


def _selectors(context: AssetExecutionContext) -> list[str] | None:
    """The selected models and tests as dbt names them; None where all models are selected."""
    if context.selected_asset_keys == models.keys:
        return None
    specs = (
        *(context.assets_def.specs_by_key[key] for key in context.selected_asset_keys),
        *(context.assets_def.get_spec_for_check_key(key) for key in context.selected_asset_check_keys),
    )
    nodes = json.loads(_MANIFEST.read_text(encoding="utf-8"))["nodes"]
    return ["fqn:" + ".".join(nodes[spec.metadata["dagster_dbt/unique_id"]]["fqn"]) for spec in specs if spec]


def _selected(context: AssetExecutionContext, event: dict[str, Any]) -> Iterator[Said]:
    """What Dagster is to know of one result of dbt's: that of a model or test which was selected."""
    message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
    for said in message.to_default_asset_events(
        manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, context=context
    ):
        if isinstance(said, Output):
            if context.assets_def.node_keys_by_output_name[said.output_name] in context.selected_asset_keys:
                yield _with_rows(said, event.get("rows"))
        elif isinstance(said, AssetObservation):
            if said.asset_key in context.selected_asset_keys:
                yield said
        elif isinstance(said, AssetCheckResult) and _key_of(said) in context.selected_asset_check_keys:
            yield said


def _key_of(result: AssetCheckResult) -> AssetCheckKey:
    return AssetCheckKey(result.asset_key or AssetKey([]), result.check_name or "")


def _with_rows(output: Output[Any], rows: int | None) -> Output[Any]:
    """The same with how many rows its table has; a view is not counted."""
    if rows is None:
        return output
    metadata: dict[str, Any] = {**output.metadata, "dagster/row_count": rows}
    return Output(output.value, output_name=output.output_name, metadata=metadata)
