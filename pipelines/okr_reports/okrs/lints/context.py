"""What every lint may look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from okr_reports.catalogue import ChannelInfo
from okr_reports.errors import Finding
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.findings import mistake
from okr_reports.okrs.place import Place
from okr_reports.okrs.words import nearest, shown


@dataclass(frozen=True)
class Context:
    """The definitions, the channels of the catalogue, the reporting zone's day, and what could not be read.

    `broken` are ids that exist but whose entry is wrong, by list; with `complete` False whole files are missing. `on`:
    the channels that may have settings; None: any.
    """

    definitions: Definitions
    channels: Mapping[str, ChannelInfo]
    today: date
    broken: Mapping[str, set[str]] = field(default_factory=dict)
    complete: bool = True
    on: Collection[str] | None = None

    @cached_property
    def measures_by_channel(self) -> dict[str, set[str]]:
        """The measures of every channel: those of the catalogue, and those that file sources bring."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, channel in self.channels.items():
            # `files` brings nothing by itself; its sources are channels of their own
            if not channel.measures and not channel.names_own_measures:
                continue
            found[name] |= set(channel.measures)
        for source in self.definitions.file_sources:
            found[source.channel] |= set(source.measures)
        return dict(found)

    def unknown(
        self, list_name: str, word: str, known: Iterable[str], place: Place, key: str, *, called: str
    ) -> Iterator[Finding]:
        """A finding if `word` is not known, unless the definition of that name may just not have been readable."""
        if word in known or not self.complete or word in self.broken.get(list_name, ()):
            return
        yield mistake(place.path, place.at(key), f"{called} {shown(word)} does not exist", nearest(word, known))
