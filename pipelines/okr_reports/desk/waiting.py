"""What waits for whom: the key results of today with what was said last, overdue ones first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from okr_reports.common.analysts_copy import open_copy
from okr_reports.errors import OkrError
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.lints.check_ins import value_key
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.settings import Workspace

# A check-in counts as of the end for so long (SCORING.md, "Close").
DAYS_AFTER_THE_END = 7


@dataclass(frozen=True)
class OpenCheckIn:
    """One key result as its form needs it. `answer`: value, done, met, grade, or '' where a KPI gives the number.

    `published` is its row of `key_results` as last published, empty where there is none; `said` its check-ins, oldest
    first.
    """

    result: Any
    title: str
    owner: str
    answer: str
    is_overdue: bool
    published: dict[str, Any]
    said: tuple[CheckIn, ...]

    def last(self, name: str) -> CheckIn | None:
        """The newest check-in that gives `name`."""
        return next((check_in for check_in in reversed(self.said) if getattr(check_in, name) is not None), None)

    @property
    def unit(self) -> str:
        """The unit of its own numbers; a KPI's is in `published`."""
        return str(getattr(self.result, "unit", None) or self.published.get("unit") or "number")

    @property
    def evidence(self) -> Any:
        """How many cases its check-ins are to rest on; None where none are required."""
        return getattr(self.result, "evidence", None)

    @property
    def last_day(self) -> date | None:
        return self.said[-1].date if self.said else None


def open_check_ins(workspace: Workspace, definitions: Definitions, today: date) -> list[OpenCheckIn]:
    """The key results that take check-ins today, those whose last one is longest ago first."""
    published = _published(workspace)
    language, stale = definitions.settings.language, definitions.settings.check_in_stale_after_days
    found = []
    for objective, result in definitions.key_results():
        span = definitions.span(objective.period)
        if span is None or not span.start <= today <= span.end + timedelta(days=DAYS_AFTER_THE_END):
            continue
        said = tuple(
            sorted(
                (check_in for check_in in definitions.check_ins if check_in.key_result == result.id),
                key=lambda check_in: check_in.date,
            )
        )
        since = max([span.start, *(check_in.date for check_in in said)])
        title = result.title.in_language(language) if result.title else result.id
        owner = getattr(result, "owner", None) or objective.owner or ""
        overdue = (today - since).days > stale
        row = published.get(result.id, {})
        found.append(OpenCheckIn(result, title, owner, value_key(result) or "", overdue, row, said))
    return sorted(found, key=lambda check_in: (not check_in.is_overdue, check_in.last_day or date.min, check_in.title))


def _published(workspace: Workspace) -> dict[str, dict[str, Any]]:
    try:
        with open_copy(workspace.snapshot) as connection:
            rows = connection.execute("select * from marts.key_results")
            names = [column[0] for column in rows.description or ()]
            return {
                row["key_result_id"]: row
                for row in (dict(zip(names, values, strict=True)) for values in rows.fetchall())
            }
    except OkrError:
        return {}
