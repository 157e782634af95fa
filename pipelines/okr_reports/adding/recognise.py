"""Which vendor's export a file is: a preset whose signature is in the header and of which most columns are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from okr_reports.channels.files.faults import Refused
from okr_reports.channels.files.glimpse import Glimpse
from okr_reports.channels.files.header_rows import with_year
from okr_reports.channels.files.layout import Layout, Twice, alternatives, find_header, read_header
from okr_reports.channels.files.names import plain
from okr_reports.file_sources import FileSource
from okr_reports.okrs.presets import Preset, presets

# The columns are the same in each.
_ANY_YEAR = 2000


@dataclass(frozen=True)
class Recognised:
    """A preset and the table it fits; `signature` are the columns by which it was recognised."""

    preset: Preset
    glimpse: Glimpse
    layout: Layout
    signature: list[str]

    @property
    def why(self) -> str:
        named = len([name for name in self.layout.names if name])
        return f"{self.layout.found} of {named} columns known, by {', '.join(self.signature[:3])}"


def recognise(glimpses: Sequence[Glimpse], wanted: str | None = None) -> Recognised | None:
    """The preset that knows the most columns, or the one that is `wanted`. None if no preset fits."""
    found: list[tuple[int, int, Recognised]] = []
    for name, preset in presets().items():
        if wanted is not None and name != wanted:
            continue
        for glimpse in glimpses:
            recognised = _try(preset, glimpse, need_signature=wanted is None)
            if recognised is not None:
                found.append(
                    (recognised.layout.found + len(recognised.signature), len(recognised.layout.names), recognised)
                )
    return max(found, key=lambda scored: scored[:2])[2] if found else None


def source_of(preset: Preset) -> FileSource:
    """A source that reads files by this preset alone."""
    fields = {"date": (), "measures": {}, **preset.source_fields()}
    return FileSource(id="added", channel=preset.channel, pattern=Path(), preset=preset.id, **fields)


def _try(preset: Preset, glimpse: Glimpse, *, need_signature: bool) -> Recognised | None:
    try:
        layout: Layout | None = find_header(glimpse.records, source_of(preset), glimpse.sheet)
    except Refused as error:
        # a report of a range has the columns but no day: it is recognised so that its reason can be given
        layout = _without_days(preset, glimpse)
        if preset.wide and any(fault.settles == "wide" for fault in error.faults):
            source = source_of(preset)
            layout = _of_year(glimpse, replace(source, wide=with_year(source.wide or "", _ANY_YEAR)))
    if layout is None:
        return None
    header = {plain(name): name for name in layout.names}
    signature = [header[plain(name)] for name in alternatives(preset.signature) if plain(name) in header]
    if need_signature and (not signature or layout.found + len(signature) < 3):
        return None
    if preset.wide and len(layout.periods) < 2:
        return None
    return Recognised(preset, glimpse, layout, [" ".join(name.split()) for name in signature])


def _of_year(glimpse: Glimpse, source: FileSource) -> Layout | None:
    try:
        return find_header(glimpse.records, source, glimpse.sheet)
    except Refused:
        return None


def _without_days(preset: Preset, glimpse: Glimpse) -> Layout | None:
    source = source_of(preset)
    best: Layout | None = None
    for record in glimpse.records[:50]:
        try:
            layout = read_header(record, source)
        except Twice:
            continue
        if layout.measures and (best is None or layout.found > best.found):
            best = layout
    if best is None:
        return None
    there = {plain(name) for name in best.names}
    signed = sum(plain(name) in there for name in alternatives(preset.signature))
    return best if best.found + signed >= 3 else None
