"""The stages of a refresh, each a function over one workspace; defs/ shows them in Dagster, in this order.

definitions -> channels -> models -> health gate -> snapshot -> site -> outcome. A stage reads what the one before
left in the warehouse, never its Python objects, so each can be run again by itself.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_reports import catalogue, distributed, okrs, settings
from okr_reports.common import progress
from okr_reports.common.folder_digest import folder_digest
from okr_reports.deliveries.sandboxed import note_loads
from okr_reports.errors import (
    ChannelError,
    FindingsError,
    GateError,
    HistoryError,
    OkrError,
    TransformError,
    UnknownChannelError,
    did_you_mean,
    shown_path,
)
from okr_reports.settings import KEEP_RELEASES, Workspace
from okr_reports.warehouse import builds, gate, history, older_copy, ops, origins, snapshot, transform
from okr_reports.warehouse.history import refreshing

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_reports.channels.base import LoadResult
    from okr_reports.deliveries.commands import Done
    from okr_reports.file_sources import FileSource
    from okr_reports.okrs.definitions import Definitions
    from okr_reports.okrs.periods import Span
    from okr_reports.warehouse.gate import Ruling

logger = logging.getLogger("okr")

# A machine that was off on the day itself closes the period later.
CLOSED_OUT_WITHIN_DAYS = 7


def check(workspace: Workspace) -> None:
    """Stop before anything is written if definitions, pages or settings have errors. Raises FindingsError."""
    from okr_reports.findings import errors

    if found := errors(workspace, bind=False):
        raise FindingsError(found)


def land_definitions(workspace: Workspace, refresh_id: str, *, into_the_past: bool = False) -> dict[str, int]:
    """Put the past in order, read okr_definitions/ and land it as rows; the count of rows by table.

    Raises DefinitionsError, and IntoThePastError unless the later reports are withdrawn (`into_the_past`).
    """
    from okr_reports.channels.load import enabled_channels, switched_off_channels
    from okr_reports.okrs.provenance import last_changes
    from okr_reports.okrs.rows import to_tables
    from okr_reports.okrs.source import land

    defined = _with_answers(workspace)
    zone = defined.settings.timezone
    tables = to_tables(
        defined,
        today=settings.today(zone),
        refresh_id=refresh_id,
        refreshed_at=settings.now(zone),
        channels=[
            *(_channel_row(name) for name in enabled_channels()),
            *({**_known_row(name), "is_off": True} for name in switched_off_channels()),
            *(_known_row(name) for name in _lost_channels(workspace)),
        ],
        changes={str(shown_path(path)): change for path, change in last_changes(workspace.definitions_dir).items()},
    )
    workspace.data_dir.mkdir(parents=True, exist_ok=True)
    origins.refuse_mixture(workspace.warehouse)
    ops.ensure_tables(workspace.warehouse)
    refreshing.before_refresh(
        workspace.warehouse,
        workspace.history_dir,
        refresh_id=refresh_id,
        today=settings.today(zone),
        into_the_past=into_the_past,
        restores=settings.engine() == "duckdb",
    )
    land(tables, warehouse=workspace.warehouse, pipelines_dir=workspace.pipelines_dir)
    for name in switched_off_channels():
        logger.info("%s is switched off (enabled = false): from today on its rows do not count", name)
    logger.info("definitions: %d objectives, %d rows in all", tables["objectives"].num_rows, _rows(tables))
    return {name: table.num_rows for name, table in tables.items()}


def _with_answers(workspace: Workspace) -> Definitions:
    """The definitions with the answers of forms, published ones asked for first; what is wrong with them is said."""
    from okr_reports import findings
    from okr_reports.channels.files.answers import fetch_form

    published = [one for one in okrs.read(workspace.definitions_dir).check_in_sources if one.files.address]
    for form in published:
        try:
            fetch_form(form, workspace.forms_dir)
        except ChannelError as error:
            logger.warning("%s; its answers fetched before count", error)
    return findings.read_definitions(workspace)


def _channel_row(name: str) -> dict[str, Any]:
    from okr_reports.channels.base import find_channel
    from okr_reports.channels.configuration import conversions, lookback_days, read_settings

    settings = read_settings(find_channel(name).settings_class, name)
    row = {**_known_row(name), "lookback_days": lookback_days(name, settings)}
    if getattr(settings, "leads", "") == "parts":
        row["leads_from"] = "lead_parts"
    offered, word = catalogue.channels()[name].conversions, conversions(name, settings)
    if word:
        counted = offered[word]
        row |= {"conversions": word, "conversions_means": counted.means, "conversions_source": counted.source}
    if word and word != next(iter(offered)):
        row["conversions_from"] = ",".join(counted.conversions)
        row["conversion_value_from"] = ",".join(counted.conversion_value)
    return row


def _known_row(name: str) -> dict[str, Any]:
    info = catalogue.channels()[name]
    days = info.lookback_days
    return {"channel": name, "title": info.title, "kind": info.kind, "lookback_days": days, "is_off": False}


def _lost_channels(workspace: Workspace) -> list[str]:
    """API channels that were loaded before and have no settings now: nobody said that they are over."""
    from okr_reports.channels.load import enabled_channels, switched_off_channels

    if not workspace.warehouse.exists():
        return []
    ops.ensure_tables(workspace.warehouse)
    known = {*enabled_channels(), *switched_off_channels(), "files"}
    return [name for name in ops.last_loads(workspace.warehouse) if name in catalogue.channels() and name not in known]


def _without_settings(workspace: Workspace, name: str) -> LoadResult:
    """The failure of a channel that has lost its settings; its rows stay and count."""
    from okr_reports.channels.base import LoadResult

    last = ops.last_loads(workspace.warehouse)[name]
    error = (
        f"{name}: it was loaded until {last:%Y-%m-%d} and has no settings any more; put them back into .dlt/ or the"
        f" environment, or write `enabled = false` under [sources.{name}] so that its rows no longer count"
    )
    logger.warning(error)
    now = datetime.now(UTC)
    return LoadResult(name, "", "failed", 0, None, None, None, error, now, now)


def load_channels(
    workspace: Workspace, refresh_id: str, only: Sequence[str] = (), window: tuple[date, date] | None = None
) -> dict[str, list[LoadResult]]:
    """Load the channels that are on (or those in `only`) side by side; failures are results, not exceptions.

    A name in `only` is a channel, a file source's id or the channel it makes. Raises UnknownChannelError.
    """
    from okr_reports.channels.load import enabled_channels, ensure_raw_tables, load_channel

    defined = okrs.read(workspace.definitions_dir)
    day = settings.today(defined.settings.timezone)
    names, sources = _chosen(enabled_channels(), defined.file_sources, only)
    pipelines_dir = workspace.pipelines_dir
    lake = distributed.lake(workspace)
    ops.ensure_tables(workspace.warehouse)
    ensure_raw_tables(workspace.warehouse, pipelines_dir)

    def load(name: str) -> list[LoadResult]:
        return load_channel(
            name,
            warehouse=workspace.warehouse,
            pipelines_dir=pipelines_dir,
            today=day,
            window=window,
            file_sources=sources,
            declared_sources=[source.id for source in defined.file_sources],
            uses=defined.uses,
            reporting=defined.settings.currency,
            progress=logger.info,
            warn=logger.warning,
            lake=lake,
        )

    asked = [name for name in names if name != "files"]
    origins.refuse_mixture(workspace.warehouse)
    marked = origins.mark(workspace.warehouse, asked)
    progress.advance("channels", 0, len(names))
    with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        loads_of = {pool.submit(load, name): name for name in names}
        for number, _ in enumerate(as_completed(loads_of), start=1):
            progress.advance("channels", number, len(names))
    results = {name: future.result() for future, name in loads_of.items() if future.exception() is None}
    lost = {} if only else {name: [_without_settings(workspace, name)] for name in _lost_channels(workspace)}
    results |= lost
    ops.record_loads(workspace.warehouse, refresh_id, [load for loads in results.values() for load in loads])
    origins.unmark(
        workspace.warehouse, [name for name in marked if all(one.state == "failed" for one in results.get(name, []))]
    )
    note_loads(
        workspace.data_dir,
        {name: _base_url(name) for name, loads in results.items() if any(load.rows for load in loads)},
    )
    # An error that no channel foresaw ends the refresh, but not before what the others loaded is written down.
    return {**lost, **{name: future.result() for future, name in loads_of.items()}}


def _base_url(name: str) -> str | None:
    """Where a channel asks, None for one that asks nobody (files)."""
    from okr_reports.channels.base import find_channel
    from okr_reports.channels.configuration import read_settings

    return (
        None if name == "files" else getattr(read_settings(find_channel(name).settings_class, name), "base_url", None)
    )


def check_request(
    workspace: Workspace, only: Sequence[str], from_day: date | None, *, into_the_past: bool = False
) -> None:
    """Raise OkrError for what no refresh can do: load a channel that is not on, or days that have not ended.

    IntoThePastError for a day before that of the newest report, unless that is meant.
    """
    from okr_reports.channels.load import enabled_channels

    defined = okrs.read(workspace.definitions_dir)
    today = settings.today(defined.settings.timezone)
    if not into_the_past:
        refreshing.refuse_the_past(today, refreshing.newest_report(workspace.history_dir))
    origins.refuse_mixture(workspace.warehouse)
    if only:
        _chosen(enabled_channels(), defined.file_sources, only)
    if from_day and from_day >= today:
        raise OkrError(f"--from {from_day}: no day from there on has ended, today is {today}; name an earlier day")


def closing_periods(workspace: Workspace) -> list[Span]:
    """Periods of objectives whose days no channel that is on restates any longer, since at most a week."""
    from okr_reports.channels.load import enabled_channels
    from okr_reports.okrs.rows.parts import span_of

    defined = okrs.read(workspace.definitions_dir)
    today = settings.today(defined.settings.timezone)
    lookback = max([_channel_row(name)["lookback_days"] for name in enabled_channels()], default=0)
    spans = [span_of(defined, name) for name in sorted({objective.period for objective in defined.objectives})]
    return [span for span in spans if 0 < (today - span.end).days - lookback <= CLOSED_OUT_WITHIN_DAYS]


def _rows(tables: dict[str, pa.Table]) -> int:
    return sum(table.num_rows for table in tables.values())


def _chosen(
    enabled: Sequence[str], sources: Sequence[FileSource], only: Sequence[str]
) -> tuple[list[str], list[FileSource]]:
    """The channels to load and the file sources among them."""
    # Files even when none is declared: what a removed source left behind is emptied.
    on = [*(name for name in enabled if name != "files"), "files"]
    if not only:
        return on, list(sources)
    of_files = {name for source in sources for name in (source.id, source.channel)} | ({"files"} if sources else set())
    for name in only:
        if name not in on and name not in of_files:
            known = sorted({*on, *of_files})
            hint = did_you_mean(name, known, f"those that are on: {', '.join(known) or 'none'}")
            raise UnknownChannelError(
                f"channel {name!r} is not on; {hint} (a channel is on once it has settings in .dlt/ or the environment)"
            )
    chosen = [source for source in sources if "files" in only or {source.id, source.channel} & set(only)]
    return [name for name in on if name in only and name != "files"] + (["files"] if chosen else []), chosen


def build_models(
    workspace: Workspace,
    only: Sequence[str] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> list[str]:
    """Score everything, or only say when each source was last asked if nothing else has changed.

    `only`: models and tests, as dbt selects them. They alone are built where all that they are made from is built;
    where something has changed everything is, or the warehouse would hold models of two states, and a site of both.
    Returns the tables that were filled anew without dbt, which has no event for them. Raises TransformError.
    """
    before = builds.state(workspace)
    # an upgrade's rules hold for the days that are carried over, too
    anew = before.needs_all
    is_whole = anew or not before.is_current
    logger.info("models: %s", "scoring key results" if is_whole else "nothing new to score")
    if not is_whole and only is None and (filled := builds.refresh_moments(workspace)):
        return filled
    is_part = not is_whole and only is not None
    select = [] if is_whole else [f"tag:{builds.EVERY_REFRESH}"] if only is None else list(only)

    def counted(event: dict[str, Any]) -> None:
        data = event.get("data", {})
        progress.advance("models and their tests", int(data.get("index", 0)), int(data.get("total", 0)))
        if on_event:
            on_event(event)

    builds.invalidate(workspace)
    try:
        with distributed.prepared(workspace):
            made = distributed.forecast(workspace, anew=anew, on_event=counted) if is_whole else []
            built = transform.build(
                workspace, select, on_event=counted, anew=anew, with_tests=not is_part, exclude=made
            )
    except TransformError as error:
        if not anew or only is None:
            raise
        todo = "these models are of another version than the last build; `okr refresh` first lands what they read"
        raise TransformError(f"{error}; {todo}") from None
    moment_queries = None if is_part else transform.queries(built, builds.EVERY_REFRESH)
    builds.record(workspace, before.made_from, moment_queries)
    return []


def evaluate_gate(workspace: Workspace, refresh_id: str) -> list[Ruling]:
    """What each rule of the health gate found; a refusal is written down, so that the next site shows it."""
    rulings = gate.rulings(workspace.warehouse)
    if refused := {one.rule: one.reason for one in rulings if not one.is_passed}:
        ops.record_refusals(workspace.warehouse, refresh_id, refused)
    return rulings


def require_open_gate(rulings: Sequence[Ruling]) -> None:
    """Raise GateError if a rule closes the gate: a report that misleads is worse than the old one."""
    if reasons := [one.reason for one in rulings if not one.is_passed]:
        raise GateError("; ".join(reasons))


def write_snapshot(workspace: Workspace) -> None:
    """Replace the analysts' copy."""
    from okr_reports.report_site.renderer.client import get_ready

    get_ready()
    snapshot.write_snapshot(workspace.warehouse, workspace.snapshot, [workspace.reports_dir / "translations"])
    logger.info("analysts' copy: %s", workspace.snapshot)


@dataclass(frozen=True)
class Publication:
    """A site in its place: its release, how many pages, the moment, and which marts a past day was kept without.

    `faults` are the mistakes in pages, in words; `broken_pages` the page files that became notices.
    """

    release_id: str
    path: Path
    pages: int
    published_at: datetime
    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    broken_pages: frozenset[Path] = frozenset()


def publish_site(workspace: Workspace, refresh_id: str | None = None) -> Publication:
    """Build the site from the analysts' copy, put it in place in one step and keep what it showed for its day.

    With a refresh_id the publication is recorded in the warehouse. Raises PagesError or PublishError.
    """
    if not refresh_id:
        return _build_and_publish(workspace, workspace.snapshot, as_of=None)
    # Beside the pages, which leave DuckDB and a processor free; it counts once they are published.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="history") as pool:
        kept = pool.submit(history.write_marts, workspace.snapshot, workspace.history_dir)
        published = _build_and_publish(workspace, workspace.snapshot, as_of=None)
        _, day = snapshot.reporting_day(workspace.snapshot)
        ops.record_publication(
            workspace.warehouse,
            refresh_id=refresh_id,
            published_on=day,
            published_at=published.published_at,
            release_id=published.release_id,
        )
        refreshing.after_publication(
            kept.result(), workspace.warehouse, workspace.history_dir, refresh_id=refresh_id, day=day
        )
    return published


def settings_not_reported(workspace: Workspace) -> str | None:
    """What the settings say otherwise than the report can: its numbers and texts are of the last refresh."""
    try:
        now = okrs.read(workspace.definitions_dir).settings
    except OkrError:
        return None
    reported = snapshot.reported_settings(workspace.snapshot)
    changed = [
        f"{name} is {getattr(now, name)}, the report's {before}"
        for name, before in reported.items()
        if str(getattr(now, name)) != str(before)
    ]
    if not changed:
        return None
    return (
        f"settings changed since the last refresh ({'; '.join(changed)}): amounts, days and texts of the report are of"
        " the old ones; run `okr refresh`"
    )


def publish_as_of(workspace: Workspace, day: date) -> Publication:
    """Put in place the site as it was known at the end of `day`. The next refresh or `okr report` replaces it.

    What was published before a mart or a column was there is completed in today's shape; `missing` names them.

    Raises OkrError if nothing had been published by then, or what was kept of it is damaged.
    """
    known = history.known_on(workspace.history_dir, day)
    zone, _ = snapshot.reporting_day(workspace.snapshot)
    if day > settings.today(zone):
        raise OkrError(f"nobody knows yet what will be known on {day}; name a day up to today, {settings.today(zone)}")
    copy = workspace.data_dir / "as_of" / f"{known.isoformat()}.duckdb"
    try:
        missing = _bring_back(workspace, known, copy)
        return replace(_build_and_publish(workspace, copy, as_of=day), missing=tuple(missing))
    finally:
        copy.unlink(missing_ok=True)


def _bring_back(workspace: Workspace, known: date, copy: Path) -> list[str]:
    import duckdb

    try:
        history.restore(workspace.history_dir, known, copy)
        return older_copy.complete(copy, workspace.snapshot)
    except (duckdb.Error, HistoryError, ValueError, KeyError) as error:
        said = str(error).splitlines()[0]
        what = f"what was published on {known} cannot be read from {workspace.history_dir} any more ({said})"
        raise OkrError(f"{what}; bring that folder back from a backup, or name another day") from None


def _build_and_publish(workspace: Workspace, source: Path, *, as_of: date | None) -> Publication:
    from okr_reports.report_site.build import build_site
    from okr_reports.report_site.publish import one_at_a_time, publish

    building = workspace.site_dir / "building"
    zone, _ = snapshot.reporting_day(source)
    with one_at_a_time(workspace.site_dir):
        shutil.rmtree(building, ignore_errors=True)
        result = build_site(
            source,
            workspace.reports_dir,
            building,
            progress=logger.info,
            cache_dir=workspace.page_cache_dir if as_of is None else None,
            as_of=as_of,
            strict=lambda: okrs.read(workspace.definitions_dir).settings.publish.strict,
        )
        published_at = settings.now(zone)
        release_id = f"{published_at:%Y%m%dT%H%M%S}-{folder_digest(building)[:12]}"
        path = publish(building, workspace.site_dir, keep=KEEP_RELEASES, release_id=release_id)
    logger.info("site: %d pages in %s (walls around the renderer: %s)", result.pages, path, ", ".join(result.walls))
    faults = (*map(str, result.faults), *(_as_shown(route, day) for route, day in result.broken.items()))
    write_page_faults(workspace, faults)
    return Publication(
        release_id, path, result.pages, published_at, faults=faults,
        broken_pages=frozenset(Path(finding.path) for finding in result.faults),
    )  # fmt: skip


def _as_shown(route: str, day: str | None) -> str:
    """What readers see in place of a page that could not be made."""
    page = f"{route or 'index'}: the site says that this page could not be built"
    return f"{page}, above its content of {day}" if day else f"{page}; there was no earlier content to show below"


def write_page_faults(workspace: Workspace, faults: Sequence[str]) -> None:
    """Keep what is wrong with the pages of the site in place, for whoever says how the run went."""
    path = workspace.site_dir / "page_faults.json"
    building = path.with_suffix(".building")
    building.write_text(json.dumps(list(faults)), encoding="utf-8")
    building.replace(path)


def page_faults(workspace: Workspace) -> list[str]:
    """What is wrong with the pages of the site in place; empty if all could be made."""
    try:
        return [str(fault) for fault in json.loads((workspace.site_dir / "page_faults.json").read_bytes())]
    except (OSError, ValueError):
        return []


def copy_site(workspace: Workspace, only: Sequence[str] = ()) -> list[Done]:
    """Copy the published site to the targets of the settings, or to those named. Raises DeliveryError."""
    from okr_reports.deliveries.commands import publish_targets

    return publish_targets(workspace, only=only)


def send_digests(workspace: Workspace, *, team: str | None = None, dry_run: bool = False) -> list[Done]:
    """Send the digests of the coming check-in to whoever has not got them, or write them as files (`dry_run`).

    Raises DeliveryError if some did not get through, OkrError if there is no analysts' copy, and GateError if it is
    older than `settings.gate` allows (not with `dry_run`).
    """
    from okr_reports.deliveries.commands import Audience, run_digest

    if not workspace.snapshot.exists():
        raise OkrError(f"{workspace.snapshot} is not there; run `okr refresh` first")
    defined = okrs.read(workspace.definitions_dir)
    if not dry_run:
        zone, made_for = snapshot.reporting_day(workspace.snapshot)
        if why := gate.too_old_to_mail(made_for, settings.today(zone), defined.settings.gate.stale_after_days):
            raise GateError(why)
    audience = Audience(
        {one.id: tuple(one.recipients) for one in defined.teams},
        defined.settings.check_in_day,
        defined.settings.timezone,
    )
    return run_digest(workspace, audience, team=team, dry_run=dry_run)
