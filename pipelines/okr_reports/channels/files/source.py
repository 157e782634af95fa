"""Files declared as `file_sources` in the definitions (README.md: the load contract)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from okr_reports.channels.base import LoadResult, State
from okr_reports.channels.files.by_account import asked_account, by_account, of_sources
from okr_reports.channels.files.connected import Connected, bring_all, measures_there, plan, stored_days
from okr_reports.channels.files.faults import Refused, out_of_reach, refused
from okr_reports.channels.files.opened import check_size
from okr_reports.channels.files.published import fetch
from okr_reports.channels.files.raw import CHANNEL, PLACES, TABLES, Batches, stored_digests
from okr_reports.channels.files.read import read_source
from okr_reports.channels.files.rows import Fault
from okr_reports.channels.files.settle import Settling
from okr_reports.channels.landing import run, to_source
from okr_reports.channels.runners.records import as_recorded
from okr_reports.channels.runners.settings import Section, asks_for_days, history_start, read_section
from okr_reports.channels.warehouse_tables import check_types, create_missing, newest_load, open_warehouse
from okr_reports.channels.windows import Window
from okr_reports.errors import ChannelError, InputFileError, quoted
from okr_reports.file_places import lies_within, refusal
from okr_reports.file_sources import FileSource, Uses

__all__ = ["CHANNEL", "TABLES", "Uses", "load_files"]

Key = tuple[str, str]


@dataclass(frozen=True)
class _File:
    source: FileSource
    path: Path
    name: str
    connected: Connected | None = None

    @property
    def key(self) -> Key:
        """Its source and its name, as the raw tables have them."""
        return self.source.id, self.name

    def digest(self, uses: Uses) -> str:
        """Of the content, and after a hyphen of all that decides how it is read. Raises Refused."""
        # an answer that says the same of other days is another one
        requested = f"{self.connected.window} {self.connected.today}" if self.connected else ""
        try:
            check_size(self.path)
            with self.path.open("rb") as file:
                content = hashlib.file_digest(
                    file, lambda: hashlib.blake2b(requested.encode(), digest_size=16)
                ).hexdigest()
        except OSError as error:
            raise out_of_reach(error) from None
        return f"{content}-{_declared(self.source, uses)}"


def _declared(source: FileSource, uses: Uses) -> str:
    """A digest of all that decides how its rows are read, and where from."""
    said = [replace(source, defined_at="", pattern=Path(), folder=Path(), roots=()), sorted(uses.held)]
    if source.connector is not None:
        said += [replace(source.connector, path=None, lookback_days=0, kind=""), source.utc_days]
    text = repr(tuple(said))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class _Error:
    """What is wrong with a source, or with one `file` of it."""

    source: FileSource
    error: ChannelError
    file: _File | None = None
    is_partial: bool = False


def _refused(source: FileSource, path: Path, faults: Sequence[Fault], file: _File | None = None) -> list[_Error]:
    """One error a fault; the terminal's also shows the cells, what is published never does."""
    errors = []
    for fault in faults:
        todo = f"{fault.todo} (declared at {source.defined_at})"
        said = f"{source.connector.name if source.connector else path} {fault}"
        error = InputFileError(source.channel, said, todo, asked_account(source) or None)
        errors.append(_Error(source, error, file))
    return errors


def load_files(
    sources: Sequence[FileSource],
    *,
    declared: Collection[str] | None,
    warehouse: Path,
    pipelines_dir: Path,
    today: date,
    progress: Callable[[str], None],
    warn: Callable[[str], None] | None = None,
    lake: str | None = None,
    uses: Mapping[str, Uses] | None = None,
    reporting: str | None = None,
    window: Window | None = None,
) -> list[LoadResult]:
    """Load what is new or changed of these sources, and empty what is gone.

    `declared` are the ids of all sources there are: what others left behind is emptied. None leaves it. `uses` says
    by source what KPIs make of its measures, `reporting` is the currency of the reports. `window` are the days that
    connectors are asked for instead of their own.

    `warn` takes what changes a number and is no fault (rows that a newer file has, a file that is gone); without it
    `progress` does.

    One result a (channel, account), and one with account_id '' for every file or source that cannot be read: its last
    good data stays. Rows of days after `today` are kept, and are no news of the days before them. The errors of files
    are in the results; raises ChannelError only if nothing can be stored.
    """
    started_at = datetime.now(UTC)
    found = by_account(sources)
    sources, uses = found.every, of_sources(uses or {}, found.every)
    with open_warehouse(warehouse) as connection, ExitStack() as streamed:
        create_missing(connection, {CHANNEL: TABLES})
        check_types(connection, CHANNEL, TABLES)
        stored = stored_digests(connection)
        load = _Load(connection, stored, today, progress, warn or progress, uses, reporting, lake is not None)
        load.streamed = streamed
        load.requested, load.home = window, warehouse.absolute().parent / "connectors"
        load.errors += [_Error(source, error) for source, error in found.errors]
        with tempfile.TemporaryDirectory(prefix="okr-sheets-") as scratch:
            load.read(sources, Path(scratch))
        if declared is not None:
            load.forget(sorted({key[0] for key in stored if not found.keeps(key[0], declared)}))
        if load.batches:
            adds = not stored and lake is None
            whole = load.batches.whole(adds=adds)
            run(
                CHANNEL,
                to_source(CHANNEL, TABLES, lambda: whole, adds=adds),
                warehouse=warehouse,
                pipelines_dir=pipelines_dir,
                progress=progress,
                lake=lake,
            )
            load.batches.detach(connection)
        newest = newest_load(connection, CHANNEL)
        # of a connector that brought nothing there is nothing that loaded
        lost = {
            failure.source.id for failure in load.errors if failure.source.connector and not failure.is_partial
        } | load.off
        there = [source for source in sources if source.id not in lost]
        failed = list(_failed(load.errors, load.present, started_at))
        named = {(result.channel, result.account_id) for result in failed if result.account_id}
        loaded = _loaded(connection, there, started_at, today)
        results = [*(result for result in loaded if (result.channel, result.account_id) not in named), *failed]
        return [replace(result, load_id=newest) for result in results]


class _Load:
    """One load: what lands, every file that is there, and what is wrong."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        stored: Mapping[Key, str],
        today: date,
        progress: Callable[[str], None],
        warn: Callable[[str], None],
        uses: Mapping[str, Uses],
        reporting: str | None,
        in_lake: bool,
    ) -> None:
        self.connection, self.stored, self.today, self.uses = connection, stored, today, uses
        self.progress, self.warn, self.reporting, self.in_lake = progress, warn, reporting, in_lake
        self.batches, self.errors, self.present = Batches(in_lake=in_lake), list[_Error](), list[_File]()
        # what is read of sources whose rows are landed from where they are
        self.streamed = ExitStack()
        self.requested: Window | None = None
        self.off: set[str] = set()
        self.home = Path()

    def read(self, sources: Sequence[FileSource], scratch: Path) -> None:
        """Look at every source's files and settle what is new of them; published sheets are fetched into `scratch`."""
        files: dict[str, list[_File]] = {source.id: [] for source in sources}
        for file in [*_files(sources, self.errors, scratch), *self._connected(sources, scratch)]:
            files[file.source.id].append(file)
        # A source without any file is a drive that is away or a wrong path sooner than data taken back.
        away = {error.source.id for error in self.errors} | self.off
        for error in self.errors:
            self.progress(str(error.error))
        for source in sources:
            there = {file.name: file for file in files[source.id]}
            self.present += there.values()
            before = [name for source_id, name in self.stored if source_id == source.id]
            gone = [] if source.id in away else sorted(name for name in before if name not in there)
            for name in gone:
                self.warn(f"{source.id}: {name} is gone; its rows are taken out")
            try:
                self._settle(source, there, gone)
            except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
                what = f"the rows of its files find no room ({quoted(str(error).splitlines()[0])})"
                todo = f"make room in {tempfile.gettempdir()}, and refresh again; nothing of this load counts"
                raise ChannelError(source.channel, what, todo) from None

    def _connected(self, sources: Sequence[FileSource], scratch: Path) -> Iterator[_File]:
        """What connectors brought, each as a file of its own; those that are off are left as they are."""
        requests = []
        wrong = {failure.source.id for failure in self.errors}
        for source in [source for source in sources if source.connector is not None and source.id not in wrong]:
            try:
                section = read_section(source)
                if not section.settings.enabled:
                    self.off.add(source.id)
                    continue
                request = self._request(source, section)
            except ChannelError as error:
                self.errors.append(_Error(source, error))
                continue
            if request is None:
                self.off.add(source.id)
                self.progress(f"{source.channel}: no day of these has ended, so nothing is asked")
            else:
                requests.append((request, section))
        for request, path in bring_all(requests, scratch, self.home, self.progress):
            if isinstance(path, ChannelError):
                self.errors.append(_Error(request.source, path))
            else:
                yield _File(request.source, path, request.name, request)

    def _request(self, source: FileSource, section: Section) -> Connected | None:
        stored = self.stored.get((source.id, source.id), "")
        remapped = bool(stored) and stored.split("-")[1] != _declared(source, self.uses.get(source.id, Uses()))
        before = stored_days(self.connection, source)
        start = history_start(source, section, self.today)
        requested = self.requested
        if requested is not None and remapped:
            self.warn(f"{source.channel}: its declaration changed, so all days since {start} are read again")
            requested = None
        days = section.settings.lookback_days
        known = source
        if days and source.connector is not None:
            known = replace(source, connector=replace(source.connector, lookback_days=days))
        window = plan(known, start, self.today, requested, before, remapped=remapped)
        if window is None:
            return None
        kept = set() if remapped else measures_there(self.connection, source, window)
        return Connected(
            source, window, requested is not None, not asks_for_days(source), self.today, before, kept, remapped
        )

    def forget(self, sources: Sequence[str]) -> None:
        """Take out what sources that are declared no longer left behind."""
        for source_id in sources:
            names = [name for owner, name in self.stored if owner == source_id]
            for name in names:
                self.warn(f"{source_id}: {name} is gone; its rows are taken out")
            self.batches.remove(source_id, names)

    def _settle(self, source: FileSource, there: Mapping[str, _File], gone: Sequence[str]) -> None:
        digests, uses = {}, self.uses.get(source.id, Uses())
        for name, file in there.items():
            try:
                digests[name] = file.digest(uses)
            except Refused as problem:
                self._refuse(file, problem.faults)
        known = {name: self.stored.get((source.id, name), "") for name in there}
        changed = [name for name, digest in digests.items() if digest != known[name]]
        if not changed and not gone:
            return
        # A lake's rows cannot be queried, so that all files are read to see which overlap.
        to_read = list(digests) if self.in_lake else changed
        files = {name: there[name].path for name in to_read}
        with ExitStack() as opened:
            read = opened.enter_context(read_source(as_recorded(source), files, self.today, self.reporting))
            kept = [name for name in there if known[name] and name not in to_read]
            connected = next((file.connected for file in there.values()), None)
            if connected is not None:
                connected.narrow(read)
            remapped = _is_remapped(known, digests, changed)
            settling = Settling(source, read, self.connection, kept, gone, self.today, uses, remapped, connected)
            settling.land(self.batches, digests)
            for name, faults in [*read.faults.items(), *((name, [fault]) for name, fault in settling.faults.items())]:
                self._refuse(there[name], faults, is_partial=name in settling.faults)
            for sentence in [*settling.said, *(connected.said if connected is not None else ())]:
                self.warn(f"{source.channel}: {sentence}")
            self._say_read(source, settling)
            if settling.is_streamed:
                self.streamed.push(opened.pop_all())
                if not self.in_lake:
                    # its file is all that is needed; the memory is the next source's
                    read.connection.close()

    def _say_read(self, source: FileSource, settling: Settling) -> None:
        for name, facts in settling.read.files.items():
            if name in settling.faults:
                continue
            self.progress(f"{source.channel}: {name}, {facts.rows:,} rows")
            for sentence in facts.said:
                self.progress(f"{source.channel}: {name}: {sentence}")
            if facts.last_day is not None and facts.last_day > self.today:
                last = f"up to {facts.last_day}, after today"
                self.progress(f"{source.channel}: {name} has rows {last}; they count from their day on")

    def _refuse(self, file: _File, faults: Sequence[Fault], *, is_partial: bool = False) -> None:
        found = _refused(file.source, file.path, faults, file)
        if file.connected is not None:
            found = [replace(failure, is_partial=is_partial) for failure in found]
        self.errors += found
        for failure in found:
            self.progress(str(failure.error))


def _is_remapped(known: Mapping[str, str], digests: Mapping[str, str], changed: Sequence[str]) -> bool:
    """Whether the declaration changed since files that are stored were read (0.1.0 kept one digest of both)."""
    return any("-" in known[name] and known[name].split("-")[1] != digests[name].split("-")[1] for name in changed)


def _files(sources: Sequence[FileSource], errors: list[_Error], scratch: Path) -> Iterator[_File]:
    for source in [source for source in sources if source.connector is None]:
        if source.address is not None:
            try:
                path = fetch(source, scratch)
            except ChannelError as error:
                errors.append(_Error(source, error))
                continue
            yield _File(source, path, path.name)
            continue
        found = [path for path in source.matches() if not path.name.startswith((".", "~$"))]
        if not source.is_within_roots:
            errors += _refused(source, source.pattern, refused(*refusal(source.fixed_folder)).faults)
            continue
        closed = [
            refusal
            for folder, error in source.closed_folders()
            for refusal in _refused(source, folder, out_of_reach(error).faults)
        ]
        errors += closed
        if not found and not closed:
            what = f"no file matches {source.pattern}"
            todo = f"put one there, or correct `path` at {source.defined_at}"
            errors.append(_Error(source, InputFileError(source.channel, what, todo)))
        folder = source.fixed_folder
        for path in found:
            if not lies_within(path, source.roots):
                real = Path(os.path.realpath(path))
                errors += _refused(source, path, refused(*refusal(real.parent)).faults)
                continue
            yield _File(source, path, path.relative_to(folder).as_posix())


def _loaded(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[FileSource], started_at: datetime, today: date
) -> list[LoadResult]:
    """What the warehouse now holds of these sources, by channel and account; their data ends today at the latest."""
    rows: list[tuple[str, str, int, date | None, date | None]] = connection.execute(
        f"""
        with begun as (
            select source_id, source_file, account_id, max(date) as last_day
            from {PLACES} where date <= $today group by 1, 2, 3
        )
        select channel, account_id, cast(sum(rows) as bigint), least(min(data_from), $today),
            max(case when data_through <= $today then data_through else last_day end)
        from files.loaded_files left join begun using (source_id, source_file, account_id)
        where list_contains($sources, source_id) group by 1, 2 order by 1, 2
        """,
        {"today": today, "sources": [source.id for source in sources]},
    ).fetchall()
    return [
        LoadResult(channel, account_id, "loaded", count, start, end, end, None, started_at, datetime.now(UTC))
        for channel, account_id, count, start, end in rows
    ]


def _failed(errors: Sequence[_Error], present: Sequence[_File], started_at: datetime) -> Iterator[LoadResult]:
    """partial where other files of the channel were read, else failed."""
    broken = {error.file.key for error in errors if error.file}
    read = {file.source.channel for file in present if file.key not in broken}
    for failure in errors:
        channel = failure.source.channel
        account = asked_account(failure.source)
        is_partial = failure.is_partial or (channel in read and not account)
        state: State = "partial" if is_partial else "failed"
        yield LoadResult(
            channel, account, state, 0, None, None, None, failure.error.for_report, started_at, datetime.now(UTC)
        )
