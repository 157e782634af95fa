"""What a team's digest is about, read from the analysts' copy: objectives, key results, what they were, their sources.

Days are those of the reporting time zone, "today" is the copy's own (`marts.report_context`), amounts are in the
reporting currency. Nothing here is text for people yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.common.analysts_copy import open_copy, unreadable
from okr_reports.errors import DeliveryError, OkrError
from okr_reports.settings import WEEKDAYS

# A week's number that has since changed by more than this is said to be restated (as a baseline is: docs/scoring.md).
RESTATED_SHARE = 0.01


@dataclass(frozen=True)
class Context:
    """One report: whose, in which locale and currency, as of which day, with data up to which."""

    organisation: str
    currency: str
    locale: str
    language: str
    today: date
    data_through: date | None


@dataclass(frozen=True)
class Seen:
    """What a key result showed a week ago. `restated` is today's value of that same day, if it has changed."""

    day: date
    value: float | None
    status: str
    restated: float | None = None


@dataclass(frozen=True)
class Point:
    """One day of a key result: shares of the way to the target."""

    day: date
    progress: float | None
    expected: float | None
    provisional: bool


@dataclass(frozen=True)
class SourceState:
    """A source that a team's key results are fed by, and which of them."""

    channel: str
    account: str
    state: str
    since: date | None
    data_through: date | None
    error: str | None
    feeds: tuple[str, ...]


@dataclass(frozen=True)
class KeyResult:
    """The state now of one key result; see `marts.key_results` for the columns of the same names.

    `days` are those with a result, `pace` is the expected share of the way on each day of the whole period, `drivers`
    are its rows of `key_result_drivers` against the four weeks before.
    """

    key_result_id: str
    objective_id: str
    title: str
    unit: str
    owner: str
    period_start: date
    period_end: date
    value: float | None
    target: float | None
    low: float | None
    high: float | None
    progress: float | None
    expected: float | None
    status: str
    forecast: float | None
    probability: float | None
    confidence: float | None
    last_check_in: date | None
    last_check_in_by: str | None
    last_check_in_note: str | None
    check_in_is_stale: bool
    stale_since: date | None
    # The whole row, for its sentences.
    row: Mapping[str, Any]
    before: Seen | None = None
    days: tuple[Point, ...] = ()
    pace: tuple[tuple[date, float], ...] = ()
    drivers: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Objective:
    """An objective and its key results, in the order of the definitions."""

    objective_id: str
    title: str
    status: str
    progress: float | None
    key_results: tuple[KeyResult, ...]


@dataclass(frozen=True)
class TeamFacts:
    """Everything one team's digest says.

    `today` is the day it goes out, `check_in` the day it prepares, `since` the one a week before that.
    """

    team: str
    title: str
    context: Context
    today: date
    check_in: date
    since: date
    objectives: tuple[Objective, ...]
    sources: tuple[SourceState, ...] = field(default=())
    # Rows of `fct_period_closing`: periods that closed in this week, and those that wait for a source.
    closings: tuple[Mapping[str, Any], ...] = ()

    @property
    def key_results(self) -> tuple[KeyResult, ...]:
        """Those of all objectives."""
        return tuple(result for objective in self.objectives for result in objective.key_results)


def next_check_in(today: date, check_in_day: str) -> date:
    """The next day of that name, today included."""
    return today + timedelta(days=(WEEKDAYS.index(check_in_day) - today.weekday()) % 7)


def read_facts(snapshot: Path, check_in_day: str, today: date | None = None) -> list[TeamFacts]:
    """One a team that has an objective running, or ended since the last check-in; by the team's title.

    `today` is the day the digest goes out, by default the copy's own. Raises DeliveryError if the copy is not there
    or cannot be read.
    """
    try:
        with open_copy(snapshot) as connection:
            return _Reader(connection, check_in_day, today).teams()
    except OkrError as error:
        raise DeliveryError(str(error)) from None
    except duckdb.Error as error:
        raise DeliveryError(unreadable(snapshot, error)) from None


class _Reader:
    def __init__(self, connection: duckdb.DuckDBPyConnection, check_in_day: str, today: date | None) -> None:
        self.connection = connection
        connection.execute("use marts")
        (row,) = self.rows("select organisation, currency, locale, language, today, data_through from report_context")
        self.context = Context(**row)
        # A copy that no refresh has replaced for days must not make last week's digest again.
        self.today = max(today or self.context.today, self.context.today)
        self.check_in = next_check_in(self.today, check_in_day)
        self.since = self.check_in - timedelta(days=7)

    def rows(self, select: str) -> list[dict[str, Any]]:
        """Statements are constant; `{since}` becomes a date literal (a bound one would import pandas, 1.5 s)."""
        since = self.since.isoformat() if "{since}" in select else ""
        cursor = self.connection.execute(select.replace("{since}", f"date '{since}'"))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def teams(self) -> list[TeamFacts]:
        objectives = self.rows(
            "select objective_id, title, status, score, team, team_title from objectives cross join report_context"
            " where team is not null and period_start <= today and period_end >= {since} order by position"
        )
        key_results = self.key_results()
        sources = self.sources()
        closings = tuple(
            self.rows(
                "select * from fct_period_closing where state = 'waits' or state = 'closed' and closed_on >= {since}"
                " order by period_end desc, period"
            )
        )
        titles = {row["team"]: row["team_title"] or row["team"] for row in objectives}
        found = []
        for team, title in sorted(titles.items(), key=lambda team_title: (team_title[1], team_title[0])):
            own = tuple(
                Objective(
                    row["objective_id"],
                    row["title"],
                    row["status"],
                    row["score"],
                    tuple(result for result in key_results if result.objective_id == row["objective_id"]),
                )
                for row in objectives
                if row["team"] == team
            )
            ids = {result.key_result_id for objective in own for result in objective.key_results}
            fed = tuple(source for source in sources if ids & set(source.feeds))
            found.append(
                TeamFacts(team, title, self.context, self.today, self.check_in, self.since, own, fed, closings)
            )
        return found

    def key_results(self) -> list[KeyResult]:
        apart = ("row", "before", "days", "pace", "drivers")
        names = [name for name in KeyResult.__dataclass_fields__ if name not in apart]
        rows = self.rows(
            "select key_results.* from key_results inner join objectives using (objective_id)"
            " where objectives.team is not null and key_results.period_end >= {since} order by key_results.position"
        )
        before = self.before()
        days, pace, drivers = self.days(), self.pace(), self.drivers()
        return [
            KeyResult(
                **{**{name: row[name] for name in names}, "owner": row["owner"] or ""},
                row=row,
                before=before.get(row["key_result_id"]),
                days=tuple(days.get(row["key_result_id"], ())),
                pace=tuple(pace.get(row["key_result_id"], ())),
                drivers=tuple(drivers.get(row["key_result_id"], ())),
            )
            for row in rows
        ]

    def days(self) -> dict[str, list[Point]]:
        """What happened, by key result that still counts."""
        found: dict[str, list[Point]] = {}
        for row in self.rows(
            "select key_result_id, date, progress, expected, is_provisional from fct_key_result_daily"
            " where key_result_id in (select key_result_id from key_results where period_end >= {since}) order by date"
        ):
            point = Point(row["date"], row["progress"], row["expected"], bool(row["is_provisional"]))
            found.setdefault(row["key_result_id"], []).append(point)
        return found

    def pace(self) -> dict[str, list[tuple[date, float]]]:
        """What was and is expected, to the end of each period."""
        found: dict[str, list[tuple[date, float]]] = {}
        for row in self.rows(
            "select key_result_id, date, expected from key_result_pace where expected is not null"
            " and key_result_id in (select key_result_id from key_results where period_end >= {since}) order by date"
        ):
            found.setdefault(row["key_result_id"], []).append((row["date"], row["expected"]))
        return found

    def drivers(self) -> dict[str, list[Mapping[str, Any]]]:
        """Who moved the numbers against the four weeks before."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.rows("select * from key_result_drivers where comparison = 'previous'"):
            found.setdefault(row["key_result_id"], []).append(row)
        return found

    def before(self) -> dict[str, Seen]:
        """As published in the week up to the last check-in; where nothing was, as the days before it read now."""
        daily = self.rows(
            "select key_result_id, date, value, status from fct_key_result_daily where date < {since}"
            " qualify row_number() over (partition by key_result_id order by date desc) = 1"
        )
        reported = self.rows(
            """
            select reported.key_result_id, reported.date, reported.value, reported.status, daily.value as now_value
            from fct_key_result_reported as reported
            left join fct_key_result_daily as daily
                on reported.key_result_id = daily.key_result_id and reported.date = daily.date
            where reported.reported_on between {since} - 6 and {since}
            qualify row_number() over (
                partition by reported.key_result_id order by reported.reported_on desc, reported.date desc
            ) = 1
            """
        )
        seen = {row["key_result_id"]: Seen(row["date"], row["value"], row["status"]) for row in daily}
        for row in reported:
            restated = row["now_value"] if _differs(row["value"], row["now_value"]) else None
            seen[row["key_result_id"]] = Seen(row["date"], row["value"], row["status"], restated)
        return seen

    def sources(self) -> list[SourceState]:
        """Those that are not fresh, worst first."""
        rows = self.rows(
            """
            select
                coalesce(dim_channel.title, health.channel) as channel,
                coalesce(nullif(health.account_name, ''), health.account_id) as account,
                health.state, health.stale_since as since, health.data_through, health.last_error as error,
                fed.key_results as feeds
            from source_health as health
            inner join (
                select channel, account_id, list(distinct key_result_id order by key_result_id) as key_results
                from key_result_sources group by channel, account_id
            ) as fed using (channel, account_id)
            left join dim_channel using (channel)
            where health.state not in ('fresh', 'ended', 'off')
            order by list_position(['failed', 'never_loaded', 'partial', 'stale'], health.state), 1, 2
            """
        )
        return [SourceState(**{**row, "feeds": tuple(row["feeds"])}) for row in rows]


def _differs(reported: float | None, now: float | None) -> bool:
    if reported is None or now is None:
        return False
    return abs(now - reported) > RESTATED_SHARE * max(abs(reported), abs(now))
