"""Settings, periods and teams as they are written, and the kinds of values only they need."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from okr_reports.okrs.fields import Day, Email, Id, Line, Share, Title, Whole, choice, refuse
from okr_reports.okrs.models.check_in_places import CheckInPlaces
from okr_reports.okrs.periods import FiscalYear
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown
from okr_reports.settings import WEEKDAYS

FEWEST_OVERVIEW_KPIS, MOST_OVERVIEW_KPIS = 3, 5
# With how many days each comes before the Monday of the same week.
WEEK_STARTS = {"monday": 0, "sunday": 1, "saturday": 2}


def currency(value: Any) -> str:
    """An ISO 4217 code, as CLDR lists them (Babel)."""
    from babel.core import get_global  # 40 ms, so only once a currency is read

    if isinstance(value, str) and value in get_global("all_currencies"):
        return value
    raise refuse(f"{shown(value)} is not a currency code of ISO 4217", "write it as EUR or USD")


def _timezone(value: Any) -> str:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value).key
    except (ValueError, OSError, LookupError):  # a path, a folder, a name nobody knows
        pass
    raise refuse(f"{shown(value)} is not a time zone", "use a name of the IANA list, such as Europe/Madrid")


def _locale(value: Any) -> str:
    """A locale of CLDR, as es-ES or pt-BR. Texts that have no translation are shown in English."""
    from okr_reports.common.locales import known_locale

    if isinstance(value, str) and known_locale(value):
        return value.replace("_", "-")
    raise refuse(f"{shown(value)} is not a locale", "use a language and a country, such as es-ES or en-GB")


Currency = Annotated[str, PlainValidator(currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
Timezone = Annotated[str, PlainValidator(_timezone), WithJsonSchema({"type": "string", "examples": ["Europe/Madrid"]})]
LocaleCode = Annotated[str, PlainValidator(_locale), WithJsonSchema({"type": "string", "examples": ["es-ES", "en-GB"]})]


class StatusLines(Located):
    """The shares of the expected progress that part the statuses (docs/scoring.md, "Expected, and the status")."""

    on_track: Share = 0.95
    at_risk: Share = 0.75
    grace: Share = 0.10

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_risk > self.on_track:
            raise refuse("at_risk lies above on_track", "let on_track be the larger one")
        return self


class SuccessLines(Located):
    """The score from which a closed key result counts as achieved."""

    committed: Share = 1.0
    aspirational: Share = 0.7


class ObjectivesPerTeam(Located):
    """How many objectives a team may have in a period before `okr check` warns."""

    min: Whole = 3
    max: Whole = 5

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise refuse("min lies above max", "let max be the larger one")
        return self


def _time_of_day(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return value
    raise refuse(f"{shown(value)} is not a time of day", 'write it in quotes as "06:00"')


def _known_channel(value: Any) -> str:
    from okr_reports.catalogue import channels

    if value in channels():
        return str(value)
    raise refuse(f"{shown(value)} is not a channel", f"those that are: {', '.join(channels())}")


TimeOfDay = Annotated[
    str, PlainValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"})
]
ChannelName = Annotated[str, PlainValidator(_known_channel), WithJsonSchema({"type": "string"})]


class RefreshTimes(Located):
    """When Dagster's schedules run, in the reporting time zone.

    `at`: when everything is loaded. `channels`: at which further times of the day one channel is loaded. `digest`: when
    digests are sent, on the day before the check-in day.
    """

    at: list[TimeOfDay] = Field(default_factory=lambda: ["06:00"], min_length=1)
    channels: dict[ChannelName, list[TimeOfDay]] = Field(default_factory=dict)
    digest: TimeOfDay = "18:00"


class GateLines(Located):
    """What the health gate asks before a report is published or mailed.

    `stale_after_days`: an API's source, or a report about to be mailed, that lies further back is stale. `least_fresh`:
    the share of sources of running key results that must be fresh. `least_kept`: the share of running key results with
    a value in the last report that must still have one. Both are 0 by default: whatever is late is published and says
    so.
    """

    stale_after_days: Whole = 3
    least_fresh: Share = 0.0
    least_kept: Share = 0.0


def _few(chosen: list[str]) -> list[str]:
    if len(chosen) > MOST_OVERVIEW_KPIS or len(set(chosen)) < len(chosen):
        is_long = len(chosen) > MOST_OVERVIEW_KPIS
        what = f"{len(chosen)} KPIs would head the overview" if is_long else "a KPI stands twice"
        raise refuse(what, "name three to five, each once: what says how the business is doing")
    return chosen


OverviewKpis = Annotated[list[Id], AfterValidator(_few), Field(json_schema_extra={"maxItems": 5, "uniqueItems": True})]


def _year_start(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])", value):
        return value
    raise refuse(
        f"{shown(value)} is not the day a year starts on", "write month and day, such as 04-01; days 29 to 31 cannot be"
    )


YearStart = Annotated[
    str,
    PlainValidator(_year_start),
    WithJsonSchema({"type": "string", "pattern": "^(0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])$", "examples": ["04-01"]}),
]


class FiscalYearEntry(Located):
    """The fiscal year, which makes periods FY2027, FY2027-Q1 and FY2027-M01.

    `starts`: month and day. `named_by`: whether FY2027 is the year that ends in 2027 (default) or starts in it.
    """

    starts: YearStart
    named_by: Annotated[Literal["start", "end"], *choice("start", "end")] = "end"

    def to_fiscal_year(self) -> FiscalYear:
        """What the periods are computed from."""
        month, day = map(int, self.starts.split("-"))
        return FiscalYear(month, day, self.named_by)


class PublishRules(Located):
    """What is published when pages have mistakes.

    With `strict` nothing is, and the old site stays. Otherwise (the default) a page that cannot be made says so, above
    what it last was, and all others are published; the run ends with exit code 1 either way.
    """

    strict: bool = False


class Settings(Located):
    """What holds for all reports. Amounts are shown in `currency`, days are those of `timezone`."""

    organisation: Line = "Our organisation"
    currency: Currency = "EUR"
    timezone: Timezone = "UTC"
    locale: LocaleCode = "en-GB"
    fiscal_year: FiscalYearEntry | None = None
    week_starts: Annotated[str, *choice(*WEEK_STARTS)] = "monday"
    check_in_day: Annotated[str, *choice(*WEEKDAYS)] = "monday"
    status: StatusLines = Field(default_factory=StatusLines)
    success: SuccessLines = Field(default_factory=SuccessLines)
    objectives_per_team: ObjectivesPerTeam = Field(default_factory=ObjectivesPerTeam)
    check_in_stale_after_days: Whole = 10
    # A key result closes so many days after its end at the latest, if its data reach the end by then.
    close_after_days: Whole = 45
    gate: GateLines = Field(default_factory=GateLines)
    refresh: RefreshTimes = Field(default_factory=RefreshTimes)
    publish: PublishRules = Field(default_factory=PublishRules)
    check_in: CheckInPlaces = Field(default_factory=CheckInPlaces)
    # The KPIs that head the overview, in this order; without it the page chooses.
    overview_kpis: OverviewKpis = Field(default_factory=list)

    @property
    def language(self) -> str:
        """The first part of the locale: `es` of `es-ES`."""
        return self.locale.split("-")[0]


class Period(Located):
    """A period of its own beside the built-in quarters, months and years; both days belong to it."""

    id: Id
    title: Title | None = None
    start: Day
    end: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise refuse(f"the period ends on {self.end}, before it starts on {self.start}", "swap or fix the days")
        return self


class Team(Located):
    """Who works on objectives, and who gets the team's mail."""

    id: Id
    title: Title | None = None
    recipients: list[Email] = Field(default_factory=list)
