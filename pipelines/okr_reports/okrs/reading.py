"""From a folder of YAML files to definitions: every file is read, every entry checked, every mistake kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okr_reports.errors import Finding, shown_path
from okr_reports.file_places import lies_within, places
from okr_reports.file_sources import FileSource
from okr_reports.okrs.declarations import declared_files, read_declaration
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.exchange_rates import FILE_NAME as RATES_FILE
from okr_reports.okrs.exchange_rates import read_exchange_rates
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.models import (
    Alerts,
    ChannelEntry,
    CheckIn,
    CheckInSourceEntry,
    Event,
    FileSourceEntry,
    Kpi,
    Mute,
    Note,
    Objective,
    Period,
    Reopening,
    Settings,
    TableEntry,
    Team,
)
from okr_reports.okrs.models.rates import ExchangeRate
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.yaml_reader import MAX_BYTES, Mapping, Sequence, read_yaml

LISTS: dict[str, type[Located]] = {
    "periods": Period,
    "teams": Team,
    "kpis": Kpi,
    "objectives": Objective,
    "check_ins": CheckIn,
    "check_in_sources": CheckInSourceEntry,
    "notes": Note,
    "channels": ChannelEntry,
    "events": Event,
    "mutes": Mute,
    "reopen": Reopening,
    "file_sources": FileSourceEntry,
    "tables": TableEntry,
}

# Of all files one may hold each of these.
ALONE: dict[str, type[Located]] = {"settings": Settings, "alerts": Alerts}

# A list with more mistakes is another kind of file; 60,000 of them would take longer to sort than to read.
MAX_FINDINGS = 500


@dataclass
class Reading:
    """What could be read, and what is wrong so far.

    `broken` holds the ids of entries that are there but wrong, by list, so that a reference to one of them is not
    called unknown. With `unreadable` files nothing can be called unknown.
    """

    definitions: Definitions
    findings: list[Finding]
    broken: dict[str, set[str]]
    unreadable: bool


def read_folder(definitions_dir: Path, instead: AnyMapping[Path, bytes] | None = None) -> Reading:
    """Every definition below the folder, in the order of the files' paths. Raises nothing: mistakes are findings.

    `instead` has what files of the folder, or new ones, are to hold: nothing of it is written.
    """
    reader = _FolderReader(definitions_dir, instead=instead or {})
    if not definitions_dir.is_dir():
        reader.add(mistake(str(shown_path(definitions_dir)), 1, "there is no such folder", "make it with `okr init`"))
    reader.read_files(sorted({*definition_files(definitions_dir, reader.findings), *reader.instead}))
    return reader.result()


def definition_files(definitions_dir: Path, findings: list[Finding]) -> Iterator[Path]:
    """The YAML files below the folder, sorted. Hidden names are left out; links that lead outside are findings."""
    roots = places(definitions_dir)
    found: list[Path] = []
    for folder, subfolders, names in os.walk(definitions_dir):
        here = Path(folder)
        for name in [*subfolders, *names]:
            path = here / name
            if not str(path).isprintable():
                findings.append(mistake(ascii(str(path)), 1, "the name holds control characters", "rename it"))
            elif path.is_symlink() and not name.startswith(".") and not lies_within(path, roots):
                findings.append(
                    mistake(str(shown_path(path)), 1, "the link leads out of the folder", "put a copy here")
                )
            elif name in names and path.suffix.lower() in (".yml", ".yaml") and not name.startswith("."):
                found.append(path)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
    yield from sorted(found)


@dataclass
class _FolderReader:
    folder: Path
    instead: AnyMapping[Path, bytes]
    findings: list[Finding] = field(default_factory=list)
    lists: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in LISTS})
    broken: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in [*LISTS, "key_results"]})
    unreadable: bool = False
    alone: dict[str, Any] = field(default_factory=dict)
    alone_at: dict[str, str] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)

    def read_files(self, paths: Iterable[Path]) -> None:
        """Read them all, but for those that a channel's `from` names: they are a connector's."""
        contents = {path: self._content(path, str(shown_path(path))) for path in paths}
        named = {
            os.path.realpath(found)
            for path, (content, _) in contents.items()
            if isinstance(content, Mapping)
            for found in declared_files(content.get("channels"), path.parent)
        }
        for path, (content, findings) in contents.items():
            if os.path.realpath(path) not in named:
                self._read_file(str(shown_path(path)), content, findings)

    def _read_file(self, place: str, content: Any, findings: list[Finding]) -> None:
        self.findings += findings
        if content is None:
            self.unreadable = self.unreadable or bool(findings)
            return
        if not isinstance(content, Mapping):
            self.unreadable = True
            self.add(mistake(place, 1, "the file holds no mapping", f"start it with `{next(iter(LISTS))}:`"))
            return
        for key, value in content.items():
            line = content.lines[key]
            if key in ALONE:
                self._read_alone(key, value, place, line)
            elif key in LISTS:
                self._read_list(key, value, place, line)
            else:
                todo = nearest(key, [*ALONE, *LISTS])
                self.add(mistake(place, line, f"unknown key {shown(key)}", todo))

    def _content(self, path: Path, place: str) -> tuple[Any, list[Finding]]:
        if path in self.instead:
            return read_yaml(self.instead[path], place)
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting for ever
                return None, [mistake(place, 1, "this is not a plain file", "put a file here")]
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            return None, [mistake(place, 1, f"the file cannot be read: {error.strerror}", "fix its rights")]
        return read_yaml(data, place)

    def _read_alone(self, key: str, value: Any, path: str, line: int) -> None:
        if key in self.alone_at:
            self.add(mistake(path, line, f"{key} stand already at {self.alone_at[key]}", "keep one of them"))
            return
        self.alone_at[key] = f"{path}:{line}"
        self.alone[key], findings = read_entry(ALONE[key], value, path, line)
        self.findings += findings

    def _read_list(self, name: str, value: Any, path: str, line: int) -> None:
        if value is None:
            return
        if not isinstance(value, Sequence):
            self.unreadable = True
            self.add(mistake(path, line, f"`{name}` is not a list", "start each entry with `- `"))
            return
        before = len(self.findings)
        for entry, entry_line in zip(value, value.lines, strict=True):
            if len(self.findings) - before > MAX_FINDINGS:
                self.unreadable = True
                self.add(mistake(path, entry_line, "too many mistakes to go on here", "fix those above first"))
                return
            model, findings = read_entry(LISTS[name], entry, path, entry_line)
            self.findings += findings
            if model is None:
                self._remember_broken(name, entry)
            else:
                self.lists[name].append(model)

    def _remember_broken(self, name: str, entry: Any) -> None:
        if not isinstance(entry, dict):
            return
        self.broken[name].add(str(entry.get("id")))
        results = entry.get("key_results")
        for result in results if name == "objectives" and isinstance(results, list) else []:
            if isinstance(result, dict):
                self.broken["key_results"].add(str(result.get("id")))

    def _connected(self, roots: tuple[Path, ...], zone: str) -> Iterator[FileSource]:
        """What connectors bring; one whose declaration cannot be used is broken, as its findings say."""
        channels: list[ChannelEntry] = self.lists["channels"]
        for entry in [channel for channel in channels if channel.origin is not None]:
            declared = read_declaration(entry, roots, self.findings)
            if declared is None:
                self.broken["channels"].add(entry.id)
                channels.remove(entry)
            else:
                yield entry.to_file_source(Path(entry.place.path).parent, roots, declared, zone)

    def result(self) -> Reading:
        read: Settings | None = self.alone.get("settings")
        known = read is not None or "settings" not in self.alone_at
        settings = read or Settings()
        roots = places(self.folder)
        rates_path = self.folder / RATES_FILE
        currency = settings.currency if known else None
        rates: list[ExchangeRate] = []
        findings: list[Finding] = []
        if lies_within(rates_path, roots):  # where it does not, the link itself is a finding already
            rates, findings = read_exchange_rates(rates_path, str(shown_path(rates_path)), currency)
        if not known:
            self.broken["settings"] = {"settings"}
        elif read is None and not self.unreadable:
            what = f"no file holds settings: amounts are reported in {settings.currency}, days in {settings.timezone}"
            self.add(advice(str(shown_path(self.folder)), 1, what, "write `settings:` in one of the files"))
        forms: list[CheckInSourceEntry] = self.lists.pop("check_in_sources")
        entries: list[FileSourceEntry] = self.lists.pop("file_sources")
        tables: list[TableEntry] = self.lists.pop("tables")
        sources = [entry.to_file_source(Path(entry.place.path).parent, roots) for entry in entries]
        sources += self._connected(roots, settings.timezone)
        # a channel may be brought by either
        self.broken["file_sources"] |= self.broken["channels"]
        definitions = Definitions(
            settings=settings,
            alerts=self.alone.get("alerts"),
            check_in_sources=[form.to_form_source(Path(form.place.path).parent, roots) for form in forms],
            check_in_source_entries=forms,
            file_sources=sources,
            file_source_entries=entries,
            tables=[table.to_page_table(Path(table.place.path).parent, roots) for table in tables],
            table_entries=tables,
            exchange_rates=rates,
            **self.lists,
        )
        return Reading(definitions, self.findings + findings, self.broken, self.unreadable)
