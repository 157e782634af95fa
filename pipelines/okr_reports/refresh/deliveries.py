"""Stage 7: the published site is copied and its digests are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from okr_reports import okrs, settings
from okr_reports.errors import (
    GateError,
    OkrError,
)
from okr_reports.settings import Workspace
from okr_reports.warehouse import gate, snapshot

if TYPE_CHECKING:
    from okr_reports.deliveries.commands import Done


def copy_site(workspace: Workspace, only: Sequence[str] = ()) -> list[Done]:
    """Copy the published site to the targets of the settings, or to those named. Raises DeliveryError."""
    from okr_reports.deliveries.commands import publish_targets

    return publish_targets(workspace, only=only)


def tell_of_kpis(workspace: Workspace) -> list[Done]:
    """Mail what is unusual of watched KPIs to those whom `alerts` names, each thing once. Raises DeliveryError."""
    from okr_reports.deliveries.kpi_alerts import tell

    if not workspace.snapshot.exists():
        return []
    alerts = okrs.read(workspace.definitions_dir).alerts
    return tell(workspace, alerts.to) if alerts is not None else []


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
        {team.id: tuple(team.recipients) for team in defined.teams},
        defined.settings.check_in_day,
        defined.settings.timezone,
    )
    return run_digest(workspace, audience, team=team, dry_run=dry_run)
