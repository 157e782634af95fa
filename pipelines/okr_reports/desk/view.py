"""What the desk's pages show, read from the definitions and the analysts' copy when a page is requested."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel import Locale
from starlette.exceptions import HTTPException

from okr_reports import settings
from okr_reports.catalogue import channels
from okr_reports.desk import answers
from okr_reports.desk.waiting import OpenCheckIn, open_check_ins
from okr_reports.okrs.definitions import Definitions
from okr_reports.report_site.charts.data import readable
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.formats.words import status_word
from okr_reports.settings import Workspace

# words of the shipped pages, where the workspace has none of its own
PAGES = settings.shipped("reports") / "translations"
# Keys whose own name says little, as a form calls them.
CALLED = {
    "kpi": "KPI", "kpis": "KPIs beside it", "on": "About what?", "parent": "Part of the objective",
    "where": "Which rows count", "better": "Better is", "reason": "Why it changed", "id": "Short name",
    "dedupe": "Duplicates", "min_denominator": "Least denominator", "names": "Names of campaigns",
    "baseline_coverage": "Days of the baseline with data", "change": "Change in percent", "hold": "Judged by",
    "by": "Approved by", "any": "however few", "units": "each week", "end": "the end", "average": "the average",
    "account_id": "Account (id)", "account_name": "Account", "campaign_id": "Campaign (id)",
    "campaign_name": "Campaign", "campaign_group_name": "Campaign group", "number": "Number",
    "in": "is one of", "like": "looks like", "not_in": "is none of", "not_like": "does not look like",
}  # fmt: skip
# What a field takes, where its name alone does not say it.
HINTS = {
    "id": "Small letters, digits and _. Left empty, it is made from the title; it never changes afterwards.",
    "target": "The number to reach, or the KPI of a plan that has it.",
    "change": "How far from the baseline, such as 20 %. Leave the target empty then.",
    "baseline": "Where it starts from.",
    "reason": "Shown beside the change of a target.",
    "contributors": "One name a line.",
    "by": "One name a line.",
    "where": "Without any condition all rows count. % stands for any text.",
    "pace": "How progress is expected to come.",
    "weight": "How much it counts among its siblings; 1 unless you say otherwise.",
    "evidence": "How many cases check-ins are to rest on, such as 5 users.",
}


class View:
    """What the pages show, read when a page is requested."""

    def __init__(self, workspace: Workspace, definitions: Definitions, today: date) -> None:
        chosen = definitions.settings
        self.definitions, self.today = definitions, today
        self.check_ins = open_check_ins(workspace, definitions, today)
        self.formatter = Formatter(chosen.locale, chosen.currency, chosen.timezone)
        self.language = Language(chosen.locale, (workspace.reports_dir / "translations", PAGES))

    def find(self, key_result: str) -> OpenCheckIn:
        """The key result of a form. Raises HTTPException 404 for one that takes no check-in today."""
        for check_in in self.check_ins:
            if check_in.result.id == key_result:
                return check_in
        raise HTTPException(404, f"there is no key result {key_result[:80]!r} that takes a check-in today")

    def day(self, value: date) -> str:
        return self.formatter.format(value, "day")

    def share(self, value: float) -> str:
        return self.formatter.format(value, "pct0")

    def value(self, value: Any, check_in: OpenCheckIn) -> str:
        return self.formatter.unit(value, check_in.unit) if value is not None else ""

    def typed(self, value: Any, percent: bool = False) -> str:
        """A number as a person types it."""
        if value is None:
            return ""
        text = f"{float(value) * (100 if percent else 1):.9f}".rstrip("0").rstrip(".")
        return text.replace(".", self.formatter.decimal_sign)

    def step(self, confidence: float) -> str:
        """The answer of the form nearest to a confidence that was given: 10, 30, 50, 70 or 90."""
        return str(min((10, 30, 50, 70, 90), key=lambda step: abs(confidence * 100 - step)))

    def status(self, check_in: OpenCheckIn) -> str:
        status = check_in.published.get("status")
        return status_word(self.language, status) if status else ""

    def word(self, name: Any) -> str:
        """A key or a word of the definitions as a person says it."""
        return self.language.text(CALLED.get(str(name)) or readable(str(name))) if name else ""

    def inner_word(self, name: str) -> str:
        """The same within a row: the reason there is no change's."""
        return self.language.text("Reason") if name == "reason" else self.word(name)

    def hint(self, name: str) -> str:
        return self.language.text(HINTS[name]) if name in HINTS else ""

    def unreadable(self, what: str) -> str:
        """What is said beside a field that cannot be read; `what` is `number` or `text`."""
        if what == "number":
            return self.language.text("Not a number. Write it as %(example)s.", example=self.typed(2.5))
        return self.language.text("This does not fit together; fill in both, or leave both empty.")

    def named(self, kind: str) -> list[tuple[str, str]]:
        """What an id may be one of, with titles; `target` is what a note is about."""
        chosen = self.definitions
        match kind:
            case "kpi":
                return self._titled(chosen.kpis)
            case "team":
                return self._titled(chosen.teams)
            case "objective":
                return self._titled(chosen.objectives)
            case "target":
                return answers.targets(chosen)
            case "person":
                return [(name, name) for name in sorted(self._people())]
            case "measure":
                names = {name for channel in channels().values() for name in channel.measures}
                names |= {name for source in chosen.file_sources for name in source.measures}
                return sorted(((name, self.word(name)) for name in names), key=lambda pair: pair[1].casefold())
            case "period":
                return [(name, name) for name in self._periods()]
        return []

    def languages_of(self, name: str, given: answers.Fields) -> list[str]:
        """The inputs of a text by language: those that it has, and the report's own; none for a plain text."""
        found = [
            input_name
            for input_name in given
            if input_name.startswith(f"{name}.") and "." not in input_name[len(name) + 1 :]
        ]
        own = f"{name}.{self.language.code}"
        return [*found, own] if found and own not in found else found

    def language_name(self, name: str) -> str:
        code = name.rpartition(".")[2]
        return str(Locale.parse(self.language.code).languages.get(code, code)).capitalize()

    def _titled(self, found: Any) -> list[tuple[str, str]]:
        code = self.language.code
        return [(entry.id, entry.title.in_language(code) if entry.title else readable(entry.id)) for entry in found]

    def _people(self) -> set[str]:
        owners = [objective.owner for objective in self.definitions.objectives]
        results = [result for _, result in self.definitions.key_results()]
        owners += [result.owner for result in results]
        return {name for name in [*owners, *(name for result in results for name in result.contributors)] if name}

    def _periods(self) -> list[str]:
        """Those in use and listed, and the quarters and years from this one on."""
        year, quarter = self.today.year, (self.today.month - 1) // 3
        coming = [f"{year + (quarter + n) // 4}-Q{(quarter + n) % 4 + 1}" for n in range(5)]
        used = [objective.period for objective in self.definitions.objectives]
        return list(
            dict.fromkeys(
                [
                    *coming,
                    str(year),
                    str(year + 1),
                    *(period.id for period in self.definitions.periods),
                    *sorted(used, reverse=True),
                ]
            )
        )
