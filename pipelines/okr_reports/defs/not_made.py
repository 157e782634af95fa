"""Outputs of assets that a step was to make and had no reason to make: what is downstream runs, nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dagster import AssetExecutionContext, AssetKey, Output

# Not exported: marks an output that Dagster takes for observed elsewhere, and so records nothing for. A step that left
# the output out would have everything downstream of it skipped. tests/defs/test_selections.py holds it in place.
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION
from dagster._core.definitions.utils import NoValueSentinel
from dagster._core.execution.plan.execute_step import AssetResultOutput


def not_made(context: AssetExecutionContext, key: AssetKey) -> Output[Any]:
    """The output of an asset that stays as it is: no materialisation, and its age and checks stay what they were."""
    return AssetResultOutput(
        value=NoValueSentinel,
        output_name=context.assets_def.get_output_name_for_asset_key(key),
        metadata={SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True},
    )


def not_made_before(
    context: AssetExecutionContext, keys: Iterable[AssetKey], waiting: set[AssetKey]
) -> Iterator[Output[Any]]:
    """Those of the keys that still wait, taken from `waiting`, each after its own: Dagster refuses another order."""
    for key in sorted(keys):
        if key in waiting:
            waiting.discard(key)
            yield from not_made_before(context, context.assets_def.asset_deps[key], waiting)
            yield not_made(context, key)
