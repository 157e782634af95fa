"""All definitions of a folder together, with the look-ups that the lints and the rows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from okr_reports.catalogue import channels, is_money
from okr_reports.common.form_answers import FormSource
from okr_reports.common.page_tables import PageTable
from okr_reports.file_sources import FileSource, Uses
from okr_reports.okrs.models.alerts import Alerts, Mute
from okr_reports.okrs.models.channels import ChannelEntry
from okr_reports.okrs.models.check_ins import CheckIn, Note, Reopening
from okr_reports.okrs.models.events import Event
from okr_reports.okrs.models.file_sources import FileSourceEntry
from okr_reports.okrs.models.forms import CheckInSourceEntry
from okr_reports.okrs.models.kpis import Kpi
from okr_reports.okrs.models.objectives import Objective
from okr_reports.okrs.models.rates import ExchangeRate
from okr_reports.okrs.models.settings import Period, Settings, Team
from okr_reports.okrs.models.shapes import KeyResult, Measure
from okr_reports.okrs.models.tables import TableEntry
from okr_reports.okrs.periods import Calendar, Span


@dataclass(frozen=True)
class Definitions:
    """What `okr_definitions/` says. Every list is ordered by file path, then by place in the file."""

    settings: Settings
    alerts: Alerts | None = None
    periods: list[Period] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    kpis: list[Kpi] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    check_in_sources: list[FormSource] = field(default_factory=list)
    check_in_source_entries: list[CheckInSourceEntry] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    channels: list[ChannelEntry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    mutes: list[Mute] = field(default_factory=list)
    reopen: list[Reopening] = field(default_factory=list)
    file_sources: list[FileSource] = field(default_factory=list)
    # The same sources as written, with the lines of their keys.
    file_source_entries: list[FileSourceEntry] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)
    table_entries: list[TableEntry] = field(default_factory=list)
    exchange_rates: list[ExchangeRate] = field(default_factory=list)

    @cached_property
    def kpi_by_id(self) -> dict[str, Kpi]:
        return {kpi.id: kpi for kpi in self.kpis}

    @cached_property
    def objective_by_id(self) -> dict[str, Objective]:
        return {objective.id: objective for objective in self.objectives}

    @cached_property
    def key_result_by_id(self) -> dict[str, tuple[Objective, KeyResult]]:
        return {result.id: (objective, result) for objective, result in self.key_results()}

    @cached_property
    def calendar(self) -> Calendar:
        """The periods that objectives may name."""
        own = (Span(period.id, "custom", period.start, period.end) for period in self.periods)
        fiscal = self.settings.fiscal_year
        return Calendar.of(own, fiscal.to_fiscal_year() if fiscal else None)

    @cached_property
    def watched(self) -> list[Kpi]:
        """The KPIs that `alerts` names, in order."""
        if self.alerts is None:
            return []
        return [kpi for kpi in self.kpis if self.alerts.kpis == "all" or kpi.id in self.alerts.kpis]

    def is_daily(self, kpi: Kpi) -> bool:
        """Whether each day of a KPI says something of its own: no file gives rows of weeks, months or ranges for it."""
        sources = (
            source
            for source in self.file_sources
            if kpi.takes(source.channel) and set(kpi.measures) & set(source.measures)
        )
        return kpi.kind != "distinct" and all(source.grain == "day" and not source.end_date for source in sources)

    def key_results(self) -> Iterator[tuple[Objective, KeyResult]]:
        """Every key result with its objective, in order."""
        for objective in self.objectives:
            for result in objective.key_results:
                yield objective, result

    def scored(self) -> Iterator[tuple[Objective, KeyResult | Measure]]:
        """Every key result and every objective's own measure: all that the scoring rules apply to."""
        for objective in self.objectives:
            yield from ((objective, result) for result in objective.key_results)
            if objective.measure is not None:
                yield objective, objective.measure

    @cached_property
    def money(self) -> frozenset[str]:
        """Measures that are amounts of a currency: by their name, or since a file source says so."""
        named = {name for channel in channels().values() for name in channel.measures}
        named |= {name for kpi in self.kpis for name in kpi.measures}
        said = set()
        for source in self.file_sources:
            named |= set(source.measures)
            said |= {name for name, measure in source.measures.items() if measure.money or measure.currency}
        return frozenset(said | {name for name in named if is_money(name)})

    @cached_property
    def uses(self) -> dict[str, Uses]:
        """By file source what KPIs make of its measures: one that any KPI of its channel adds up is no stock."""
        return {source.id: self._uses_of(source) for source in self.file_sources}

    def _uses_of(self, source: FileSource) -> Uses:
        kpis = [kpi for kpi in self.kpis if kpi.takes(source.channel)]
        held = {name for kpi in kpis if kpi.kind == "stock" for name in kpi.measures}
        others = {name for kpi in kpis if kpi.kind != "stock" for name in kpi.measures}
        summed = {name for kpi in kpis if kpi.kind in ("flow", "ratio") for name in kpi.measures}
        mine = frozenset(source.measures)
        return Uses(mine & summed, mine & (held - others))

    def span(self, period: str) -> Span | None:
        """The days of a period, or None if it is neither built in nor defined."""
        return self.calendar.span(period)
