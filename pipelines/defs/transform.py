"""Stage 2: dbt scores everything; its models are assets and its tests asset checks."""

from collections.abc import Iterator, Mapping
from queue import SimpleQueue
from threading import Thread
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetMaterialization,
    AssetObservation,
    Output,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

# Not exported: the class that turns one dbt event into Dagster's. tests/defs/test_webserver.py holds it in place.
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines import refresh
from pipelines.defs.columns import DATA_TEAM
from pipelines.defs.resources import POOL, Writer
from pipelines.settings import Workspace
from pipelines.warehouse.transform import manifest_path

_MANIFEST = manifest_path(Workspace.from_environment())


class Translator(DagsterDbtTranslator):
    """Models in groups named after their layer (staging, intermediate, marts), the data team's."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return DATA_TEAM


_TRANSLATOR = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=True))


@dbt_assets(
    manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, exclude="resource_type:unit_test", name="models", pool=POOL
)
def models(
    context: AssetExecutionContext, writer: Writer
) -> Iterator[Output[Any] | AssetMaterialization | AssetObservation | AssetCheckResult | AssetCheckEvaluation]:
    events: SimpleQueue[dict[str, Any] | Exception | None] = SimpleQueue()

    def build() -> None:
        try:
            refresh.build_models(Workspace.from_environment(), on_event=events.put)
        except Exception as error:
            events.put(error)
        else:
            events.put(None)

    # In a thread, so that Dagster shows each model as it is built, not all of them at the end.
    thread = Thread(target=build, name="dbt")
    thread.start()
    failure: Exception | None = None
    while (event := events.get()) is not None:
        if isinstance(event, Exception):
            failure = event
            break
        message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
        for said in message.to_default_asset_events(
            manifest=_MANIFEST, dagster_dbt_translator=_TRANSLATOR, context=context
        ):
            yield _with_rows(said, event.get("rows")) if isinstance(said, Output) else said
    thread.join()
    if failure is not None:
        raise failure


def _with_rows(output: Output[Any], rows: int | None) -> Output[Any]:
    """The same with how many rows its table has; a view is not counted."""
    if rows is None:
        return output
    metadata: dict[str, Any] = {**output.metadata, "dagster/row_count": rows}
    return Output(output.value, output_name=output.output_name, metadata=metadata)
