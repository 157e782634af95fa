"""Stage 1: definitions are checked and land as rows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from okr_reports import okrs, settings
from okr_reports.common import warehouse_file
from okr_reports.errors import (
    ChannelError,
    FindingsError,
    shown_path,
)
from okr_reports.refresh.channels import channel_row, known_row, lost_channels
from okr_reports.refresh.for_dbt import write_for_dbt
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops, origins
from okr_reports.warehouse.history import refreshing

if TYPE_CHECKING:
    import pyarrow as pa

    from okr_reports.okrs.definitions import Definitions
    from okr_reports.okrs.periods import Span

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
    from okr_reports.channels.load import enabled_channels, switched_off_channels, switched_off_connectors
    from okr_reports.okrs.provenance import last_changes
    from okr_reports.okrs.rows import to_tables
    from okr_reports.okrs.source import land

    defined = _with_answers(workspace)
    zone = defined.settings.timezone
    off = switched_off_connectors(defined.file_sources)
    tables = to_tables(
        defined,
        today=settings.today(zone),
        refresh_id=refresh_id,
        refreshed_at=settings.now(zone),
        channels=[
            *(channel_row(name) for name in enabled_channels()),
            *({**known_row(name), "is_off": True} for name in switched_off_channels()),
            *({"channel": name, "is_off": True} for name in off),
            *(known_row(name) for name in lost_channels(workspace)),
        ],
        changes={str(shown_path(path)): change for path, change in last_changes(workspace.definitions_dir).items()},
    )
    workspace.data_dir.mkdir(parents=True, exist_ok=True)
    origins.refuse_mixture(workspace.warehouse)
    with warehouse_file.kept_open(workspace.warehouse):
        ops.ensure_tables(workspace.warehouse)
        refreshing.before_refresh(
            workspace.warehouse,
            workspace.history_dir,
            refresh_id=refresh_id,
            today=settings.today(zone),
            into_the_past=into_the_past,
            restores=not settings.is_distributed(),
        )
        land(tables, warehouse=workspace.warehouse, pipelines_dir=workspace.pipelines_dir)
    write_for_dbt(workspace, defined)
    for name in [*switched_off_channels(), *off]:
        logger.info("%s is switched off (enabled = false): from today on its rows do not count", name)
    logger.info("definitions: %d objectives, %d rows in all", tables["objectives"].num_rows, _rows(tables))
    return {name: table.num_rows for name, table in tables.items()}


def _with_answers(workspace: Workspace) -> Definitions:
    """The definitions with the answers of forms, published ones asked for first; what is wrong with them is said."""
    from okr_reports import findings
    from okr_reports.channels.files.answers import fetch_form

    published = [source for source in okrs.read(workspace.definitions_dir).check_in_sources if source.files.address]
    for form in published:
        try:
            fetch_form(form, workspace.forms_dir)
        except ChannelError as error:
            logger.warning("%s; its answers fetched before count", error)
    return findings.read_definitions(workspace)


def closing_periods(workspace: Workspace) -> list[Span]:
    """Periods of objectives whose days no channel that is on restates any longer, since at most a week."""
    from okr_reports.channels.load import enabled_channels
    from okr_reports.okrs.rows.parts import span_of

    defined = okrs.read(workspace.definitions_dir)
    today = settings.today(defined.settings.timezone)
    days = [channel_row(name)["lookback_days"] for name in enabled_channels()]
    lookback = max(
        [*days, *(source.connector.lookback_days for source in defined.file_sources if source.connector)], default=0
    )
    spans = [span_of(defined, name) for name in sorted({objective.period for objective in defined.objectives})]
    return [span for span in spans if 0 < (today - span.end).days - lookback <= CLOSED_OUT_WITHIN_DAYS]


def _rows(tables: dict[str, pa.Table]) -> int:
    return sum(table.num_rows for table in tables.values())
