"""A team's facts as the lines of its digest: chosen, ordered, and written in the report's language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from gettext import NullTranslations
from urllib.parse import quote

from okr_reports.common.plain_values import shows
from okr_reports.deliveries.digest_charts import chart
from okr_reports.deliveries.digest_facts import KeyResult, SourceState, TeamFacts
from okr_reports.deliveries.plain_text import one_line
from okr_reports.deliveries.wording import Wording, catalogue
from okr_reports.words.chances import chance_words
from okr_reports.words.statuses import STATUSES

MARKS = {
    "off_track": "▼",
    "missed": "▼",
    "at_risk": "◆",
    "no_data": "–",
    "too_early": "○",
    "scheduled": "○",
    "on_track": "●",
    "achieved": "●",
}
ATTENTION = ("off_track", "missed", "at_risk")
_WELL = ("on_track", "achieved")
STATES = {"failed": "failed", "never_loaded": "was never loaded", "partial": "is partial", "stale": "is stale"}
# What counts as better when a status changes.
_RANK = {"off_track": 0, "missed": 0, "at_risk": 1, "on_track": 2, "achieved": 3}


@dataclass(frozen=True)
class Item:
    """One key result as a reader sees it; texts are plain, of one line, never markup."""

    key_result_id: str
    title: str
    url: str | None
    objective: str
    status: str
    shape: str
    word: str
    numbers: str
    progress: str
    reason: str
    outlook: str
    change: str
    moved: str
    notes: tuple[str, ...]
    image: str | None
    alternative: str


@dataclass(frozen=True)
class View:
    """Everything the templates show. `refreshed` is the day of the last refresh where that is not today, else empty;
    `preheader` is what an inbox shows beside the subject.
    """

    organisation: str
    language: str
    team: str
    team_url: str | None
    site_url: str | None
    check_in: str
    since: str
    data_through: str
    refreshed: str
    headline: str
    preheader: str
    counts: tuple[tuple[str, str, str, int], ...]
    closings: tuple[str, ...]
    attention: tuple[Item, ...]
    changes: tuple[Item, ...]
    unchanged: int
    no_data: tuple[Item, ...]
    sources: tuple[tuple[str, str, str], ...]
    missing: tuple[tuple[str, tuple[tuple[Item, str], ...]], ...]
    images: Mapping[str, bytes] = field(repr=False)


shows(Item, *(attribute.name for attribute in fields(Item)))
shows(View, *(attribute.name for attribute in fields(View) if attribute.name != "images"))


def view_of(facts: TeamFacts, site_url: str | None) -> View:
    """The digest of one team. `site_url` ends in a slash; without one nothing is a link."""
    return _Writer(facts, site_url).view()


class _Writer:
    def __init__(self, facts: TeamFacts, site_url: str | None) -> None:
        self.facts, self.site_url = facts, site_url
        self.wording = Wording(facts.context.locale, facts.context.currency)
        self.texts: NullTranslations = catalogue(facts.context.language)
        self.images: dict[str, bytes] = {}

    def say(self, message: str, **values: str) -> str:
        return self.texts.gettext(message) % values

    def link(self, path: str) -> str | None:
        return None if self.site_url is None else self.site_url + quote(path)

    def view(self) -> View:
        facts, context = self.facts, self.facts.context
        worst_first = sorted(facts.key_results, key=lambda result: (list(STATUSES).index(result.status), _pace(result)))
        attention = [result for result in worst_first if result.status in ATTENTION]
        changed = [result for result in worst_first if self.change(result) or self.moved(result)]
        counts = tuple(
            (status, MARKS[status], self.say(word), number)
            for status, word in STATUSES.items()
            if (number := sum(result.status == status for result in facts.key_results))
        )
        return View(
            organisation=one_line(context.organisation),
            language=context.language,
            team=one_line(facts.title),
            team_url=self.link(f"teams/{facts.team}/index.html"),
            site_url=self.site_url,
            check_in=self.wording.full_day(facts.check_in),
            since=self.wording.day(facts.since),
            data_through=self.wording.day(context.data_through),
            refreshed=self.wording.day(context.today) if context.today < facts.today else "",
            headline=self.headline(counts),
            preheader=self.preheader(attention, changed),
            counts=counts,
            closings=tuple(one_line(self.wording.period_closing(row)) for row in facts.closings),
            attention=tuple(self.item(result, drawn=True) for result in attention),
            changes=tuple(self.item(result) for result in sorted(changed, key=lambda result: not self.moved(result))),
            unchanged=len(facts.key_results) - len(changed),
            no_data=tuple(self.item(result) for result in worst_first if result.status == "no_data"),
            sources=tuple(self.source(source) for source in facts.sources),
            missing=self.missing(),
            images=self.images,
        )

    def headline(self, counts: tuple[tuple[str, str, str, int], ...]) -> str:
        """What is not on track, counted; that all is well only where every verdict says so and rests on fresh data."""
        running = [count for count in counts if count[0] not in _WELL]
        named = [f"{number} {word.lower()}" for _, _, word, number in running]
        if late := len({title for source in self.facts.sources for title in source.feeds}):
            named.append(self.texts.ngettext("%(n)s on a late source", "%(n)s on late sources", late) % {"n": late})
        if not counts:
            return self.say("no key results")
        return ", ".join(named) or self.say("everything on track")

    def preheader(self, attention: list[KeyResult], changed: list[KeyResult]) -> str:
        """The worst key results by name, else what moved."""
        return one_line(" · ".join(result.title for result in (attention or changed)[:3]), 140)

    def item(self, result: KeyResult, drawn: bool = False) -> Item:
        shape, word = MARKS[result.status], STATUSES[result.status]
        image = self.draw(result) if drawn else None
        objective = next(o.title for o in self.facts.objectives if o.objective_id == result.objective_id)
        progress = self.say(
            "%(progress)s of the way, %(expected)s expected",
            progress=self.wording.share(result.progress),
            expected=self.wording.share(result.expected),
        )
        return Item(
            key_result_id=result.key_result_id,
            title=one_line(result.title),
            url=self.link(f"key-results/{result.key_result_id}/index.html"),
            objective=one_line(objective),
            status=result.status,
            shape=shape,
            word=self.say(word),
            numbers=self.numbers(result),
            progress=progress,
            reason=one_line(self.wording.sentence(result.row, "status_reason")),
            outlook=self.outlook(result),
            change=self.change(result),
            moved=self.moved(result),
            notes=self.notes(result),
            image=image,
            alternative=f"{self.say(word)}: {progress}",
        )

    def numbers(self, result: KeyResult) -> str:
        """The value and what it is held against; empty for milestones and the like, whose reason says it all."""
        value = self.wording.number(result.value, result.unit)
        if result.target is not None:
            target = self.wording.number(result.target, result.unit)
            return self.say("%(value)s, target %(target)s", value=value, target=target)
        if result.low is not None and result.high is not None:
            low, high = self.wording.number(result.low, result.unit), self.wording.number(result.high, result.unit)
            return self.say("%(value)s, band %(low)s to %(high)s", value=value, low=low, high=high)
        return ""

    def outlook(self, result: KeyResult) -> str:
        """Where it ends if it goes on like this, and the chance of the target; empty without a forecast."""
        if result.forecast is None or result.probability is None:
            return ""
        return self.say(
            "At the current rate: %(forecast)s at the end; chance of the target: %(probability)s.",
            forecast=self.wording.number(result.forecast, result.unit),
            probability=chance_words(self.say, self.wording.share, result.probability),
        )

    def change(self, result: KeyResult) -> str:
        """`1.020 → 1.077 (+57)`; empty when the value is what it was."""
        if result.before is None or result.before.value is None or result.value is None:
            return ""
        was, now = (self.wording.number(value, result.unit) for value in (result.before.value, result.value))
        if was == now:
            return ""
        text = f"{was} → {now}" + self.wording.change(result.value - result.before.value, result.unit)
        restated = was if result.before.restated is None else self.wording.number(result.before.restated, result.unit)
        if restated == was:
            return text
        return text + "; " + self.say("that day's number has since become %(value)s", value=restated)

    def moved(self, result: KeyResult) -> str:
        """The status it came from and the one it has, with what that means; empty when it stayed."""
        if result.before is None or result.before.status == result.status:
            return ""
        was, now = (self.say(STATUSES[status]) for status in (result.before.status, result.status))
        change = _RANK.get(result.status, -1) - _RANK.get(result.before.status, -1)
        known = result.status in _RANK and result.before.status in _RANK
        verdict = self.say("better") if change > 0 else self.say("worse")
        return f"{was} → {now}" + (f" ({verdict})" if known and change else "")

    def notes(self, result: KeyResult) -> tuple[str, ...]:
        """Who moved the number, where owner and numbers disagree, and what the last check-in said."""
        said = ""
        if result.last_check_in and result.last_check_in_note:
            day = self.wording.day(result.last_check_in, "MMMd")
            person = one_line(result.last_check_in_by or result.owner, 60)
            said = f"{person}, {day}: {one_line(result.last_check_in_note, 240)}"
        moved = one_line(self.wording.moved(result.title, result.unit, result.drivers), 400)
        return tuple(
            text for text in (moved, one_line(self.wording.sentence(result.row, "disagreement")), said) if text
        )

    def draw(self, result: KeyResult) -> str | None:
        image = chart(result)
        if image is None:
            return None
        # The name comes from the content: the same digest is the same bytes.
        name = f"{hashlib.sha256(image).hexdigest()[:24]}@okr-reports"
        self.images[name] = image
        return name

    def source(self, source: SourceState) -> tuple[str, str, str]:
        """Which source, what is wrong with it since when, and which key results it feeds."""
        state = self.say(STATES.get(source.state, "is stale"))
        since = self.say("since %(day)s", day=self.wording.day(source.since)) if source.since else ""
        error = one_line(source.error or "")
        titles = [
            one_line(result.title, 120) for result in self.facts.key_results if result.key_result_id in source.feeds
        ]
        name = " ".join(part for part in (one_line(source.channel, 80), one_line(source.account, 120)) if part)
        return (
            name,
            " ".join(part for part in (state, since) if part) + (f": {error}" if error else ""),
            ", ".join(titles),
        )

    def missing(self) -> tuple[tuple[str, tuple[tuple[Item, str], ...]], ...]:
        """By owner: the running key results without a check-in on the last check-in day or after it."""
        owners: dict[str, list[tuple[Item, str]]] = {}
        for result in self.facts.key_results:
            running = result.period_start <= self.facts.today <= result.period_end
            if running and _wants_check_in(result, self.facts.since):
                last = self.wording.day(result.last_check_in) if result.last_check_in else self.say("never")
                owner = one_line(result.owner, 80) or self.say("nobody named")
                owners.setdefault(owner, []).append((self.item(result), last))
        return tuple((owner, tuple(items)) for owner, items in sorted(owners.items()))


def _wants_check_in(result: KeyResult, since: date) -> bool:
    return result.last_check_in is None or result.last_check_in < since or result.check_in_is_stale


def _pace(result: KeyResult) -> float:
    """Progress over expected; what has none comes first among its status."""
    if result.progress is None or not result.expected:
        return -1.0
    return result.progress / result.expected
