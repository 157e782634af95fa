"""`okr refresh`: the job `refresh` as one Dagster run in this process, reported in words."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from okr_reports.commands.output import NOT_PUBLISHED, PUBLISHED, SOURCE_FAILED, number_of, print_json
from okr_reports.common.analysts_copy import open_copy
from okr_reports.common.dagster_home import explained
from okr_reports.common.interrupts import ended_by
from okr_reports.common.progress import interruptible, shown
from okr_reports.errors import OkrError
from okr_reports.settings import Workspace

if TYPE_CHECKING:
    from dagster import AssetCheckKey, AssetKey, ExecuteInProcessResult


def run_refresh(
    workspace: Workspace,
    channels: list[str],
    from_day: date | None,
    to_day: date | None,
    wait_seconds: float,
    as_json: bool = False,
    into_the_past: bool = False,
) -> int:
    """Run the job and print how it went; the exit code of the contract."""
    began = time.monotonic()
    with shown(), interruptible():
        result = execute(workspace, channels, from_day, to_day, wait_seconds, into_the_past)
    whole = time.monotonic() - began
    if ended_by() and not result.success:
        raise KeyboardInterrupt
    from okr_reports.defs.run_errors import failures

    published = any(event.is_step_success and event.step_key == "site" for event in result.all_events)
    errors = failures(result.all_events)
    for message in errors:
        click.echo(message, err=True)
    if not result.success:
        _tell(errors, result.run_id)
    if not published:
        click.echo("nothing was published; the site and the analysts' copy are as they were", err=True)
    if published:
        _tell_of_kpis(workspace)
    shows = _what_the_site_shows(workspace) if published else {}
    if as_json:
        print_json({"published": published, **shows, "errors": errors, "seconds": _seconds_by_step(result, whole)})
    elif published:
        _say(shows)
    if not published:
        return NOT_PUBLISHED
    return PUBLISHED if result.success else SOURCE_FAILED


def _tell(errors: list[str], run_id: str) -> None:
    """Alert whom the settings name: Dagster's daemon, which does it too, need not run. A failure here fails nothing."""
    from okr_reports.deliveries.commands import send_alert

    body = "\n".join(errors or ["no reason is known"]) + f"\nRun {run_id} in Dagster has the rest."
    try:
        for line in send_alert("OKR reports: refresh failed", body, run_id):
            click.echo(f"alert {line}", err=True)
    except OkrError as error:
        click.echo(f"alert: {error}", err=True)


def _tell_of_kpis(workspace: Workspace) -> None:
    """Mail what is unusual of watched KPIs, once each, as Dagster's daemon does too. A failure here fails nothing."""
    from okr_reports import okrs
    from okr_reports.deliveries.kpi_alerts import tell

    try:
        alerts = okrs.read(workspace.definitions_dir).alerts
        for line in tell(workspace, alerts.to) if alerts is not None else ():
            click.echo(str(line), err=True)
    except OkrError as error:
        click.echo(f"alert: {error}", err=True)


@contextmanager
def without_collection() -> Iterator[None]:
    """Around imports: they leave no garbage behind, and looking for it takes half a second of a refresh."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@dataclass(frozen=True)
class Selection:
    """Assets and checks of the job `refresh`, those that a run is to make and no others."""

    keys: frozenset[AssetKey]
    checks: frozenset[AssetCheckKey]


def execute(
    workspace: Workspace,
    channels: list[str],
    from_day: date | None,
    to_day: date | None,
    wait_seconds: float,
    into_the_past: bool = False,
    selection: Selection | None = None,
) -> ExecuteInProcessResult:
    """Run the job `refresh`, or a selection of it, in this process and the workspace's own Dagster instance.

    Raises OkrError where that instance's storage is damaged; what fails in the run is in its result.
    """
    with without_collection():
        from okr_reports.definitions import defs
    from okr_reports.defs.instance import open_instance
    from okr_reports.defs.run_config import is_in_run, of_refresh

    run_config = of_refresh(channels, from_day, to_day, wait_seconds)
    # A command has looked at definitions and pages before it comes here.
    definitions = {"checked": selection is None, "into_the_past": into_the_past}
    ops = {**run_config["ops"], "definitions": {"config": definitions}}
    job = defs.resolve_job_def("refresh")
    if selection:
        job = job.get_subset(asset_selection=selection.keys, asset_check_selection=selection.checks)
    elif channels:
        keys = {key for key in job.asset_layer.selected_asset_keys if is_in_run(key.path, channels)}
        job = job.get_subset(asset_selection=keys)
    # What is imported by now stays: without this, each full collection looks at all of it, 1.5 s of a refresh.
    gc.freeze()
    try:
        with open_instance(workspace.dagster_home) as instance:
            return job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    **run_config,
                    # Dagster's own log of every event goes to its database; the terminal gets ours.
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    "ops": {node.name: ops[node.name] for node in job.nodes if node.name in ops},
                },
            )
    except Exception as error:
        raise explained(workspace.dagster_home, error) or error from None
    finally:
        gc.unfreeze()


def _seconds_by_step(result: ExecuteInProcessResult, whole: float) -> dict[str, float]:
    """Where the time went: each step of the run, and `starting` for the rest (imports, the manifest, Dagster)."""
    steps = {
        str(event.step_key): round(event.step_success_data.duration_ms / 1000, 2)
        for event in result.all_events
        if event.is_step_success
    }
    return {"starting": round(whole - sum(steps.values()), 2), **steps}


def _what_the_site_shows(workspace: Workspace) -> dict[str, Any]:
    """Where the site lies, which day it is, key results running today by status, sources fresh and late."""
    with open_copy(workspace.snapshot) as connection:
        # The mart's own day is today where no source has given any.
        today, through = connection.execute(
            "select any_value(c.today), max(h.data_through) from marts.report_context as c"
            " left join marts.source_health as h on true"
        ).fetchone() or (None, None)
        statuses = connection.execute(
            "select status, count(*) from marts.key_results where period_start <= ? and period_end >= ?"
            " group by 1 order by 2 desc, 1",
            [today, today],
        ).fetchall()
        objectives, sources, late = connection.execute(
            """
            select
                (select count(*) from marts.objectives),
                (select count(*) from marts.source_health),
                (select count(*) from marts.source_health where state not in ('fresh', 'ended', 'off'))
            """
        ).fetchone() or (0, 0, 0)
    return {
        "site": (workspace.site_dir / "current" / "index.html").absolute().as_uri(),
        "today": today,
        "data_through": through,
        "key_results": dict(statuses),
        "objectives": objectives,
        "sources": sources,
        "sources_late": late,
    }


def _say(shows: dict[str, Any]) -> None:
    counts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in shows["key_results"].items())
    sources, late = shows["sources"], shows["sources_late"]
    click.echo(shows["site"])
    click.echo(f"  key results: {counts or 'none running'} ({number_of(shows['objectives'], 'objective')} in all)")
    through = f"data through {shows['data_through']}" if shows["data_through"] else "no data yet"
    click.echo(f"  as of {shows['today']}, {through}")
    click.echo(f"  sources: {sources - late} of {sources} fresh" + (", the others are stamped on it" if late else ""))
    sys.stdout.flush()
