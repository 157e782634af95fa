"""The definition language as pydantic models (docs/okrs.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from okr_reports.okrs.models.alerts import Alerts, Mute
from okr_reports.okrs.models.channels import ChannelEntry
from okr_reports.okrs.models.check_ins import CheckIn, Note, Reopening
from okr_reports.okrs.models.events import Event
from okr_reports.okrs.models.file_sources import FileSourceEntry
from okr_reports.okrs.models.forms import CheckInSourceEntry
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.settings import Period, Settings, Team
from okr_reports.okrs.models.tables import TableEntry
from okr_reports.okrs.place import Located

__all__ = [
    "Alerts", "ChannelEntry", "CheckIn", "CheckInSourceEntry", "DefinitionsFile", "Event",
    "FileSourceEntry", "Kpi", "Mute", "Note", "Objective", "Period", "Reopening", "Settings", "TableEntry", "Team",
]  # fmt: skip


class DefinitionsFile(Located):
    """One file of `okr_definitions/`: any of these lists; one file of all may hold the settings, one the alerts."""

    settings: Settings | None = None
    alerts: Alerts | None = None
    periods: Annotated[list[Period], Field(default_factory=list)]
    teams: Annotated[list[Team], Field(default_factory=list)]
    kpis: Annotated[list[Kpi], Field(default_factory=list)]
    objectives: Annotated[list[Objective], Field(default_factory=list)]
    check_ins: Annotated[list[CheckIn], Field(default_factory=list)]
    check_in_sources: Annotated[list[CheckInSourceEntry], Field(default_factory=list)]
    notes: Annotated[list[Note], Field(default_factory=list)]
    channels: Annotated[list[ChannelEntry], Field(default_factory=list)]
    events: Annotated[list[Event], Field(default_factory=list)]
    mutes: Annotated[list[Mute], Field(default_factory=list)]
    reopen: Annotated[list[Reopening], Field(default_factory=list)]
    file_sources: Annotated[list[FileSourceEntry], Field(default_factory=list)]
    tables: Annotated[list[TableEntry], Field(default_factory=list)]
