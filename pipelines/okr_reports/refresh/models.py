"""Stages 3 and 4: models score everything, and the health gate rules on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from okr_reports import distributed
from okr_reports.common import progress, warehouse_file
from okr_reports.common.model_files import model_files
from okr_reports.errors import (
    GateError,
    TransformError,
)
from okr_reports.settings import Workspace, engine, is_distributed
from okr_reports.warehouse import build_steps, builds, gate, ops, own_models, transform

if TYPE_CHECKING:
    from okr_reports.warehouse.gate import Ruling

logger = logging.getLogger("okr")


def build_models(
    workspace: Workspace,
    only: Sequence[str] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Score everything, or only say when each source was last asked if nothing else has changed.

    `only`: models and tests, as dbt selects them. They alone are built where all that they are made from is built;
    where something has changed everything is, or the warehouse would hold models of two states, and a site of both.
    Raises TransformError.
    """
    transform.manifest_path(workspace)

    def counted(event: dict[str, Any]) -> None:
        data = event.get("data", {})
        progress.advance("models and their tests", int(data.get("index", 0)), int(data.get("total", 0)))
        if on_event:
            on_event(event)

    # dbt opens it with a configuration of its own: DuckDB wants them equal in a process
    with warehouse_file.kept_open(workspace.warehouse):
        before = builds.state(workspace)
        # an upgrade's rules hold for the days that are carried over, too
        anew = before.needs_all
        is_whole = anew or not before.is_current
        logger.info("models: %s", "scoring key results" if is_whole else "nothing new to score")
        if not is_whole and only is None and build_steps.repeat_moments(workspace, counted):
            return
        repeats = is_whole and not anew and before.has_its_views
        if repeats and build_steps.repeat(workspace, before.structure, counted):
            builds.record(workspace, before.made_from)
            return
    is_part = not is_whole and only is not None
    select = [] if is_whole else [f"tag:{builds.EVERY_REFRESH}"] if only is None else list(only)
    builds.invalidate(workspace)
    if is_whole:
        own_models.drop_removed(workspace)
        ops.record_model_failures(workspace.warehouse, own_models.read_faults(workspace).by_model())
    recorder = build_steps.Recorder()
    try:
        with distributed.prepared(workspace):
            made = distributed.forecast(workspace, anew=anew, on_event=counted) if is_whole else []
            built = transform.build(
                workspace,
                select,
                on_event=counted,
                anew=anew,
                with_tests=not is_part,
                exclude=made,
                with_views=anew or only is not None or not before.has_its_views,
                recorder=recorder,
            )
    except TransformError as error:
        if not anew or only is None:
            raise
        todo = "these models are of another version than the last build; `okr refresh` first lands what they read"
        raise TransformError(f"{error}; {todo}") from None
    again = _without_broken_models(workspace, built, counted, anew=anew)
    # what is broken is tried again by the next refresh, whatever else has changed
    structure = builds.record(workspace, "" if ops.model_failures(workspace.warehouse) else before.made_from)
    if not is_part and not is_distributed():
        moments = transform.tagged(built, again, tag=builds.EVERY_REFRESH)
        is_ordinary = repeats and only is None and structure == before.structure
        # a model of the workspace may ask dbt for anything, the clock too
        comes_again = is_ordinary and engine() == "duckdb" and not model_files(workspace)
        build_steps.keep(workspace, recorder.steps, moments, structure if comes_again else None)


def _without_broken_models(
    workspace: Workspace, built: Any, on_event: Callable[[dict[str, Any]], None], *, anew: bool
) -> Any:
    """Build what dbt skipped for models of the workspace that failed, and say these; the outcome, if there was more."""
    faults, waiting = own_models.faults_of(workspace, built)
    if not faults:
        return None
    known = own_models.read_faults(workspace).by_model()
    ops.record_model_failures(workspace.warehouse, {**known, **faults})
    for fault in faults.values():
        logger.warning("%s", fault)
    if not waiting:
        return None
    # dbt skips what rests on a failed node only where that node is selected
    select = own_models.selectors(waiting)
    return transform.build(workspace, select, on_event=on_event, anew=anew, with_tests=False)


def evaluate_gate(workspace: Workspace, refresh_id: str) -> list[Ruling]:
    """What each rule of the health gate found; a refusal is written down, so that the next site shows it."""
    rulings = gate.rulings(workspace.warehouse)
    if refused := {ruling.rule: ruling.reason for ruling in rulings if not ruling.is_passed}:
        ops.record_refusals(workspace.warehouse, refresh_id, refused)
    return rulings


def require_open_gate(rulings: Sequence[Ruling]) -> None:
    """Raise GateError if a rule closes the gate: a report that misleads is worse than the old one."""
    if reasons := [ruling.reason for ruling in rulings if not ruling.is_passed]:
        raise GateError("; ".join(reasons))
