"""File sources name files that can be read, and currencies that can be converted."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from okr_reports.errors import Finding
from okr_reports.file_places import refusal
from okr_reports.file_sources import CSV, EXCEL, JSON, PACKED, PARQUET, Column, FileSource
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.channels import ChannelEntry
from okr_reports.okrs.models.file_sources import FileMapping, FileSourceEntry
from okr_reports.okrs.words import nearest, shown


def lint_file_sources(context: Context) -> Iterator[Finding]:
    """Kinds of files that are not read, patterns that match nothing, currencies without any rate."""
    rated = {rate.currency for rate in context.definitions.exchange_rates}
    reporting = context.definitions.settings.currency
    known = not context.broken.get("settings")
    yield from _counted_twice(context)
    yield from _named_channels(context)
    for entry, source in [*_written(context.definitions), *_connected(context.definitions)]:
        if isinstance(entry, FileSourceEntry):
            yield from _path(entry, source)
        yield from _two_kinds(context, entry, source)
        if known and source.currency is not None and source.currency != reporting and source.currency not in rated:
            what = f"there is no exchange rate for {source.currency}"
            todo = f"add rows `date,{source.currency},rate` to exchange_rates.csv"
            yield mistake(entry.place.path, entry.place.at("currency"), what, todo)


def _written(definitions: Definitions) -> Iterator[tuple[FileSourceEntry, FileSource]]:
    """The sources of files with their entries; those of connectors follow them."""
    return zip(definitions.file_source_entries, definitions.file_sources, strict=False)


def _connected(definitions: Definitions) -> Iterator[tuple[ChannelEntry, FileSource]]:
    entries = [entry for entry in definitions.channels if entry.origin is not None]
    return zip(entries, definitions.file_sources[len(definitions.file_source_entries) :], strict=True)


def _named_channels(context: Context) -> Iterator[Finding]:
    """Names of channels that have one already, or that no file source makes."""
    made = {source.channel for source in context.definitions.file_sources}
    ids = {entry.id: entry.place for entry in context.definitions.file_source_entries}
    for entry in context.definitions.channels:
        place = entry.place
        if entry.id in context.channels:
            what = f"the channel {shown(entry.id)} is {context.channels[entry.id].title}"
            yield mistake(place.path, place.at("id"), what, "choose another id; that one is built in")
        elif entry.origin is not None and (taken := ids.get(entry.id)):
            what = f"the file source {shown(entry.id)} stands already at {taken.path}:{taken.at('id')}"
            yield mistake(place.path, place.at("id"), what, "give one of them another id")
        elif entry.id not in made and context.complete and not context.broken.get("file_sources"):
            what = f"no file source makes the channel {shown(entry.id)}"
            yield advice(place.path, place.at("id"), what, nearest(entry.id, made))


def misplaced_sources(definitions: Definitions) -> Iterator[Finding]:
    """Sources whose path leads to where no file is read: in a refresh each fails alone, so they are no lint."""
    for entry, source in _written(definitions):
        if "://" not in entry.path and not source.is_within_roots:
            what, todo = refusal(source.fixed_folder)
            yield mistake(entry.place.path, entry.place.at("path"), f"{shown(entry.path)} {what}", todo)


def _counted_twice(context: Context) -> Iterator[Finding]:
    """One column of one file under one measure of one channel, by two entries."""
    definitions = context.definitions
    taken: dict[tuple[str, str, Column, Path], str] = {}
    for entry, source in _written(definitions):
        # Path.resolve raises where a link leads back to itself
        files = [Path(os.path.realpath(path)) for path in source.matches()]
        for name, measure in source.measures.items():
            keys = [(source.channel, name, measure.column, path) for path in files]
            first, path = next(((taken[key], key[3]) for key in keys if key in taken), ("", Path()))
            if first:
                what = f"`{first}` takes {name} of {source.channel} from {path.name} too, so it is counted twice"
                yield advice(entry.place.path, entry.place.at("measures"), what, "keep it in one of them")
            taken.update((key, source.id) for key in keys if key not in taken)


def _two_kinds(context: Context, entry: FileMapping, source: FileSource) -> Iterator[Finding]:
    """A row of a month is spread over its days for a sum, and is a reading of its last day for a stock: never both."""
    if source.grain in ("day", "reading") and not source.end_date:
        return
    kpis = [kpi for kpi in context.definitions.kpis if kpi.takes(source.channel)]
    for name in source.measures:
        held = [kpi for kpi in kpis if kpi.kind == "stock" and name in kpi.measures]
        added = [kpi for kpi in kpis if kpi.kind in ("flow", "ratio") and name in kpi.measures]
        if held and added:
            what = (
                f"`{name}` is a stock to the KPI `{held[0].id}` and added up by `{added[0].id}`, and rows that cover"
                " more than a day cannot be both"
            )
            todo = f"map the column to a second measure for the stock (`{name}_held: ...`)"
            yield mistake(entry.place.path, entry.place.at("measures"), what, todo)


def _path(entry: FileSourceEntry, source: FileSource) -> Iterator[Finding]:
    path, line = entry.place.path, entry.place.at("path")
    suffix = source.pattern.suffix.lower()
    if "://" in entry.path and source.address is None:
        yield mistake(path, line, f"{shown(entry.path)} is an address that is not read", "publish it by https://")
    elif source.address is not None:
        return
    elif suffix not in (*CSV, *EXCEL, *PARQUET, *JSON, *PACKED) and not glob.has_magic(source.pattern.name[-1:]):
        yield mistake(path, line, f"files ending in {shown(suffix)} are not read", "use .csv, .xlsx or .parquet")
    elif entry.sheet is not None and suffix in (*CSV, *PARQUET, *JSON, ".gz"):
        yield mistake(path, entry.place.at("sheet"), f"a {suffix} file has no sheets", "remove `sheet`")
    elif source.is_within_roots and not source.matches():
        yield advice(path, line, f"no file matches {shown(entry.path)}", "put one there, or correct the path")
