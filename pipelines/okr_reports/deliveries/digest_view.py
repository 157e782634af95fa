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

# Worst first: the order in which key results want attention, and what is said of each.
STATUSES = {
    "off_track": ("▼", "Off track"),
    "missed": ("▼", "Missed"),
    "at_risk": ("◆", "At risk"),
    "no_data": ("–", "No data"),
    "too_early": ("○", "Too early"),
    "scheduled": ("○", "Scheduled"),
    "on_track": ("●", "On track"),
    "achieved": ("●", "Achieved"),
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


shows(Item, *(one.name for one in fields(Item)))
shows(View, *(one.name for one in fields(View) if one.name != "images"))


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
        worst_first = sorted(facts.key_results, key=lambda one: (list(STATUSES).index(one.status), _pace(one)))
        attention = [one for one in worst_first if one.status in ATTENTION]
        changed = [one for one in worst_first if self.change(one) or self.moved(one)]
        counts = tuple(
            (status, shape, self.say(word), number)
            for status, (shape, word) in STATUSES.items()
            if (number := sum(one.status == status for one in facts.key_results))
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
            attention=tuple(self.item(one, drawn=True) for one in attention),
            changes=tuple(self.item(one) for one in sorted(changed, key=lambda one: not self.moved(one))),
            unchanged=len(facts.key_results) - len(changed),
            no_data=tuple(self.item(one) for one in worst_first if one.status == "no_data"),
            sources=tuple(self.source(one) for one in facts.sources),
            missing=self.missing(),
            images=self.images,
        )

    def headline(self, counts: tuple[tuple[str, str, str, int], ...]) -> str:
        """What is not on track, counted; that all is well only where every verdict says so and rests on fresh data."""
        running = [one for one in counts if one[0] not in _WELL]
        named = [f"{number} {word.lower()}" for _, _, word, number in running]
        if late := len({title for source in self.facts.sources for title in source.feeds}):
            named.append(self.texts.ngettext("%(n)s on a late source", "%(n)s on late sources", late) % {"n": late})
        if not counts:
            return self.say("no key results")
        return ", ".join(named) or self.say("everything on track")

    def preheader(self, attention: list[KeyResult], changed: list[KeyResult]) -> str:
        """The worst key results by name, else what moved."""
        return one_line(" · ".join(one.title for one in (attention or changed)[:3]), 140)

    def item(self, one: KeyResult, drawn: bool = False) -> Item:
        shape, word = STATUSES[one.status]
        image = self.draw(one) if drawn else None
        objective = next(o.title for o in self.facts.objectives if o.objective_id == one.objective_id)
        progress = self.say(
            "%(progress)s of the way, %(expected)s expected",
            progress=self.wording.share(one.progress),
            expected=self.wording.share(one.expected),
        )
        return Item(
            key_result_id=one.key_result_id,
            title=one_line(one.title),
            url=self.link(f"key-results/{one.key_result_id}/index.html"),
            objective=one_line(objective),
            status=one.status,
            shape=shape,
            word=self.say(word),
            numbers=self.numbers(one),
            progress=progress,
            reason=one_line(self.wording.sentence(one.row, "status_reason")),
            outlook=self.outlook(one),
            change=self.change(one),
            moved=self.moved(one),
            notes=self.notes(one),
            image=image,
            alternative=f"{self.say(word)}: {progress}",
        )

    def numbers(self, one: KeyResult) -> str:
        """The value and what it is held against; empty for milestones and the like, whose reason says it all."""
        value = self.wording.number(one.value, one.unit)
        if one.target is not None:
            target = self.wording.number(one.target, one.unit)
            return self.say("%(value)s, target %(target)s", value=value, target=target)
        if one.low is not None and one.high is not None:
            low, high = self.wording.number(one.low, one.unit), self.wording.number(one.high, one.unit)
            return self.say("%(value)s, band %(low)s to %(high)s", value=value, low=low, high=high)
        return ""

    def outlook(self, one: KeyResult) -> str:
        """Where it ends if it goes on like this, and the chance of the target; empty without a forecast."""
        if one.forecast is None or one.probability is None:
            return ""
        return self.say(
            "At the current rate: %(forecast)s at the end; chance of the target: %(probability)s.",
            forecast=self.wording.number(one.forecast, one.unit),
            probability=chance_words(self.say, self.wording.share, one.probability),
        )

    def change(self, one: KeyResult) -> str:
        """`1.020 → 1.077 (+57)`; empty when the value is what it was."""
        if one.before is None or one.before.value is None or one.value is None:
            return ""
        was, now = (self.wording.number(value, one.unit) for value in (one.before.value, one.value))
        if was == now:
            return ""
        text = f"{was} → {now}" + self.wording.change(one.value - one.before.value, one.unit)
        restated = was if one.before.restated is None else self.wording.number(one.before.restated, one.unit)
        if restated == was:
            return text
        return text + "; " + self.say("that day's number has since become %(value)s", value=restated)

    def moved(self, one: KeyResult) -> str:
        """The status it came from and the one it has, with what that means; empty when it stayed."""
        if one.before is None or one.before.status == one.status:
            return ""
        was, now = (self.say(STATUSES[status][1]) for status in (one.before.status, one.status))
        change = _RANK.get(one.status, -1) - _RANK.get(one.before.status, -1)
        known = one.status in _RANK and one.before.status in _RANK
        verdict = self.say("better") if change > 0 else self.say("worse")
        return f"{was} → {now}" + (f" ({verdict})" if known and change else "")

    def notes(self, one: KeyResult) -> tuple[str, ...]:
        """Who moved the number, where owner and numbers disagree, and what the last check-in said."""
        said = ""
        if one.last_check_in and one.last_check_in_note:
            day = self.wording.day(one.last_check_in, "MMMd")
            said = f"{one_line(one.last_check_in_by or one.owner, 60)}, {day}: {one_line(one.last_check_in_note, 240)}"
        moved = one_line(self.wording.moved(one.title, one.unit, one.drivers), 400)
        return tuple(text for text in (moved, one_line(self.wording.sentence(one.row, "disagreement")), said) if text)

    def draw(self, one: KeyResult) -> str | None:
        image = chart(one)
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
        titles = [one_line(one.title, 120) for one in self.facts.key_results if one.key_result_id in source.feeds]
        name = " ".join(part for part in (one_line(source.channel, 80), one_line(source.account, 120)) if part)
        return (
            name,
            " ".join(part for part in (state, since) if part) + (f": {error}" if error else ""),
            ", ".join(titles),
        )

    def missing(self) -> tuple[tuple[str, tuple[tuple[Item, str], ...]], ...]:
        """By owner: the running key results without a check-in on the last check-in day or after it."""
        owners: dict[str, list[tuple[Item, str]]] = {}
        for one in self.facts.key_results:
            running = one.period_start <= self.facts.today <= one.period_end
            if running and _wants_check_in(one, self.facts.since):
                last = self.wording.day(one.last_check_in) if one.last_check_in else self.say("never")
                owner = one_line(one.owner, 80) or self.say("nobody named")
                owners.setdefault(owner, []).append((self.item(one), last))
        return tuple((owner, tuple(items)) for owner, items in sorted(owners.items()))


def _wants_check_in(one: KeyResult, since: date) -> bool:
    return one.last_check_in is None or one.last_check_in < since or one.check_in_is_stale


def _pace(one: KeyResult) -> float:
    """Progress over expected; what has none comes first among its status."""
    if one.progress is None or not one.expected:
        return -1.0
    return one.progress / one.expected
