"""`python -m okr_reports.commands.selection describe|run`: a workspace's assets for a Dagster that is not its own.

Asked in the workspace's folder by component/process.py, in lines of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any, TextIO

# First: it sets where dagster writes before dagster is imported.
from okr_reports.definitions import defs  # isort: skip
from dagster import AssetCheckKey, AssetKey, DagsterEventType, serialize_value

from okr_reports.commands.refresh_here import Selection, execute
from okr_reports.defs.backfill import CHANNELS
from okr_reports.defs.columns import LINEAGE, SCHEMA
from okr_reports.defs.load import RAW
from okr_reports.defs.report_settings import timezone
from okr_reports.defs.run_errors import failures
from okr_reports.settings import Workspace

# Long enough for the longest refresh of another process over the same workspace.
_WAIT_SECONDS = 3600.0
_SHOWN = (SCHEMA, LINEAGE, "dagster/code_references")


def _assets() -> dict[AssetKey, Any]:
    """Those of the job `refresh`, by key: all but days of channels, which are asked for by dates."""
    graph = defs.resolve_job_def("refresh").asset_layer
    return {key: graph.get(key) for key in graph.selected_asset_keys}


def describe() -> dict[str, Any]:
    """Every asset (key, deps, group and the like, `is_raw`) and check (key of its asset, name, description).

    And `days`: the channels whose days can be asked for, with the time zone of days.
    """
    known = _assets()
    raw = {key for keys in RAW.values() for key in keys.values()}
    specs = [(key, node.assets_def.specs_by_key[key]) for key, node in sorted(known.items()) if node.is_executable]
    assets = [
        {
            "key": list(key.path),
            "deps": [list(dep.asset_key.path) for dep in spec.deps if dep.asset_key in known],
            "group": spec.group_name,
            "description": spec.description,
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "metadata": serialize_value({name: value for name, value in spec.metadata.items() if name in _SHOWN}),
            "skippable": spec.skippable,
            "is_raw": key in raw,
        }
        for key, spec in specs
    ]
    checks = [
        {"key": list(spec.asset_key.path), "name": spec.name, "description": spec.description}
        for asset in defs.resolve_asset_graph().assets_defs
        for spec in asset.check_specs
        if spec.asset_key in known
    ]
    return {"assets": assets, "checks": checks, "days": {"channels": CHANNELS, "timezone": timezone()}}


def run(request: Mapping[str, Any], out: TextIO) -> None:
    """Run what process.py asks for; each event to `out`, then the errors."""
    workspace = Workspace.from_environment()
    selection = Selection(
        frozenset(AssetKey(key) for key in request["keys"]),
        frozenset(AssetCheckKey(AssetKey(key), name) for key, name in request["checks"]),
    )
    first, last = [date.fromisoformat(day) for day in request["days"]] or (None, None)
    result = execute(workspace, request["channels"], first, last, _WAIT_SECONDS, selection=selection)
    for event in result.all_events:
        if event.is_step_materialization:
            _write(out, {"event": serialize_value(event.step_materialization_data.materialization)})
        elif event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
            _write(out, {"event": serialize_value(event.asset_check_evaluation_data)})
    errors = failures(result.all_events)
    _write(out, {"errors": errors or ([] if result.success else ["the run failed and gave no reason"])})


def _write(out: TextIO, answer: Mapping[str, Any]) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


if __name__ == "__main__":
    # What libraries print is no line of ours.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if sys.argv[1] == "describe":
        _write(answers, describe())
    else:
        run(json.load(sys.stdin), answers)
