"""Files: CSV, Excel and Parquet declared as `file_sources` in the definitions (README.md: the load contract)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports.channels.base import LoadResult, State
from okr_reports.channels.files.cells import Unreadable, out_of_reach
from okr_reports.channels.files.measures import FileMeasures, read_measures
from okr_reports.channels.landing import run, to_source
from okr_reports.channels.tables import AMOUNT, COUNT, DAY, DELETED, FLAG, MOMENT, TEXT, RawTable, tombstones
from okr_reports.channels.warehouse_tables import check_types, create_missing, newest_load, open_warehouse
from okr_reports.errors import InputFileError
from okr_reports.file_places import lies_within, refusal
from okr_reports.file_sources import FileSource
from okr_reports.finished_loads import finished_loads

CHANNEL = "files"
_KEY = ("source_id", "source_file")
_KEY_FIELDS = [pa.field("source_id", TEXT, False), pa.field("source_file", TEXT, False), pa.field("channel", TEXT)]
_END_FIELDS = [pa.field("loaded_at", MOMENT), pa.field(DELETED, FLAG)]
# Grain: one row a source, file, day, account, campaign and measure. All rows of a file are replaced together.
# currency NULL means the reporting currency; account_id and campaign_id are '' where none is declared.
MEASURES = RawTable(
    "measures",
    pa.schema(
        [
            *_KEY_FIELDS,
            pa.field("date", DAY),
            pa.field("account_id", TEXT),
            pa.field("campaign_id", TEXT),
            pa.field("campaign_name", TEXT),
            pa.field("currency", TEXT),
            pa.field("measure", TEXT),
            pa.field("value", AMOUNT),
            *_END_FIELDS,
        ]
    ),
    "facts",
    _KEY,
)
# Grain: one row a source, file and account: what the file held when it was loaded. `digest` tells whether it changed.
LOADED_FILES = RawTable(
    "loaded_files",
    pa.schema(
        [
            *_KEY_FIELDS,
            pa.field("account_id", TEXT),
            pa.field("rows", COUNT),
            pa.field("data_from", DAY),
            pa.field("data_through", DAY),
            pa.field("digest", TEXT),
            *_END_FIELDS,
        ]
    ),
    "facts",
    _KEY,
)
TABLES = (MEASURES, LOADED_FILES)


@dataclass(frozen=True)
class _File:
    source: FileSource
    path: Path
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """Its source and its name, as the raw tables have them."""
        return self.source.id, self.name

    def digest(self) -> str:
        """Of the content and of all that decides how it is read. Raises Unreadable."""
        said = replace(self.source, defined_at="", pattern=Path(), folder=Path(), by_day="")
        try:
            with self.path.open("rb") as file:
                started = hashlib.blake2b(repr(said).encode(), digest_size=16)
                return hashlib.file_digest(file, lambda: started).hexdigest()
        except OSError as error:
            raise out_of_reach(error) from None


@dataclass(frozen=True)
class _Error:
    """What is wrong with a source, or with one `file` of it."""

    source: FileSource
    error: InputFileError
    file: _File | None = None


def _refused(source: FileSource, path: Path, problem: Unreadable, file: _File | None = None) -> _Error:
    todo = f"{problem.todo} (declared at {source.defined_at})"
    return _Error(source, InputFileError(source.channel, f"{path} {problem.what}", todo), file)


def load_files(
    sources: Sequence[FileSource],
    *,
    declared: Collection[str] | None,
    warehouse: Path,
    pipelines_dir: Path,
    today: date,
    progress: Callable[[str], None],
    lake: str | None = None,
) -> list[LoadResult]:
    """Load what is new or changed of these sources, and empty what is gone.

    `declared` are the ids of all sources there are: what others left behind is emptied. None leaves it.

    One result a (channel, account), and one with account_id '' for every file or source that cannot be read: its last
    good data stays. Rows of days after `today` are kept, and are no news of the days before them. The errors of files
    are in the results; raises ChannelError only if nothing can be stored.
    """
    started_at = datetime.now(UTC)
    with open_warehouse(warehouse) as connection:
        create_missing(connection, {CHANNEL: TABLES})
        check_types(connection, CHANNEL, TABLES)
        stored = _stored(connection)
        kept = {key[0] for key in stored} if declared is None else set(declared)
        watched = {source.id for source in sources} | {key[0] for key in stored if key[0] not in kept}
        errors, present = _load(
            sources,
            {key: digest for key, digest in stored.items() if key[0] in watched},
            warehouse,
            pipelines_dir,
            today,
            progress,
            lake,
        )
        newest = newest_load(connection, CHANNEL)
        results = [*_loaded(connection, sources, started_at, today), *_failed(errors, present, started_at)]
        return [replace(one, load_id=newest) for one in results]


def _load(
    sources: Sequence[FileSource],
    stored: dict[tuple[str, str], str],
    warehouse: Path,
    pipelines_dir: Path,
    today: date,
    progress: Callable[[str], None],
    lake: str | None,
) -> tuple[list[_Error], list[_File]]:
    """Land what differs from what is stored (digests by source and file); the errors, and every file that is there."""
    errors: list[_Error] = []
    batches: dict[str, list[pa.Table]] = {table.name: [] for table in TABLES}

    def refuse(file: _File, problem: Unreadable) -> None:
        errors.append(_refused(file.source, file.path, problem, file))
        progress(str(errors[-1].error))

    present = {one.key: one for one in _files(sources, errors)}
    for one in errors:
        progress(str(one.error))
    # A source without any file is a drive that is away or a wrong path sooner than data taken back.
    away = {error.source.id for error in errors}
    for key in sorted(key for key in stored.keys() - present.keys() if key[0] not in away):
        progress(f"{key[0]}: {key[1]} is gone; its rows are taken out")
        _mark(batches, *key)
    digests: dict[tuple[str, str], str] = {}
    for key, file in present.items():
        try:
            digests[key] = file.digest()
        except Unreadable as problem:
            refuse(file, problem)
    changed = {key: present[key] for key, digest in digests.items() if stored.get(key) != digest}
    # What is stored stands; of two new files with the same key the second is refused.
    keys: dict[str, dict[str, pa.Table]] = {source_id: {} for source_id, _ in changed}
    for key, file in present.items():
        if key not in changed and key[0] in keys and file.source.key:
            # A later version may refuse what an earlier one took; its rows stand until it changes.
            with suppress(Unreadable):
                keys[key[0]][file.name] = read_measures(file.source, file.path, today).keys
    for key, file in changed.items():
        try:
            measures = read_measures(file.source, file.path, today, keys[key[0]])
        except Unreadable as problem:
            refuse(file, problem)
            continue
        if measures.keys is not None:
            keys[key[0]][file.name] = measures.keys
        _mark(batches, *key)
        _add(batches, file, digests[key], measures)
        progress(f"{file.source.channel}: {file.name}, {measures.rows.num_rows:,} values")
        if (last := measures.last_day) is not None and last > today:
            progress(
                f"{file.source.channel}: {file.name} has rows up to {last}, after today; they count from their day on"
            )
    if any(batches.values()):
        whole = {name: [pa.concat_tables(parts)] for name, parts in batches.items() if parts}
        run(
            CHANNEL,
            to_source(CHANNEL, TABLES, lambda: whole),
            warehouse=warehouse,
            pipelines_dir=pipelines_dir,
            progress=progress,
            lake=lake,
        )
    return errors, list(present.values())


def _files(sources: Sequence[FileSource], errors: list[_Error]) -> Iterator[_File]:
    for source in sources:
        if not source.is_within_roots:
            errors.append(_refused(source, source.pattern, Unreadable(*refusal(source.fixed_folder))))
            continue
        found = [path for path in source.matches() if not path.name.startswith((".", "~$"))]
        closed = [_refused(source, folder, out_of_reach(error)) for folder, error in source.closed_folders()]
        errors += closed
        if not found and not closed:
            what = f"no file matches {source.pattern}"
            todo = f"put one there, or correct `path` at {source.defined_at}"
            errors.append(_Error(source, InputFileError(source.channel, what, todo)))
        folder = source.fixed_folder
        for path in found:
            if not lies_within(path, source.roots):
                real = Path(os.path.realpath(path))
                errors.append(_refused(source, path, Unreadable(*refusal(real.parent))))
                continue
            yield _File(source, path, path.relative_to(folder).as_posix())


def _mark(batches: dict[str, list[pa.Table]], source_id: str, source_file: str) -> None:
    keys = {"source_id": pa.array([source_id], TEXT), "source_file": pa.array([source_file], TEXT)}
    for table in TABLES:
        batches[table.name].append(tombstones(table, keys))


def _add(batches: dict[str, list[pa.Table]], file: _File, digest: str, measures: FileMeasures) -> None:
    constants = {
        "source_id": file.source.id,
        "source_file": file.name,
        "channel": file.source.channel,
        "loaded_at": datetime.now(UTC),
        DELETED: False,
    }
    batches[MEASURES.name].append(_filled(MEASURES, measures.rows, constants))
    accounts: list[tuple[Any, ...]] = measures.accounts or [("", 0, None, None)]
    columns = dict(zip(("account_id", "rows", "data_from", "data_through"), zip(*accounts, strict=True), strict=True))
    table = pa.table({name: pa.array(values, LOADED_FILES.schema.field(name).type) for name, values in columns.items()})
    batches[LOADED_FILES.name].append(_filled(LOADED_FILES, table, {**constants, "digest": digest}))


def _filled(table: RawTable, rows: pa.Table, constants: dict[str, object]) -> pa.Table:
    columns = [
        rows[column.name].cast(column.type)
        if column.name in rows.column_names
        else pa.repeat(pa.scalar(constants[column.name], column.type), rows.num_rows)
        for column in table.schema
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _stored(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Digests by source and file, '' where a load that died wrote of one table and not of the other."""
    if newest_load(connection, CHANNEL) is None:
        return {}
    there = connection.execute(
        "select source_id, source_file from files.loaded_files union select source_id, source_file from files.measures"
    ).fetchall()
    whole = connection.execute(
        "select distinct source_id, source_file, digest from files.loaded_files"
        f" where _dlt_load_id in ({finished_loads(CHANNEL)})"
    ).fetchall()
    return dict.fromkeys(there, "") | {(source_id, source_file): digest for source_id, source_file, digest in whole}


def _loaded(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[FileSource], started_at: datetime, today: date
) -> list[LoadResult]:
    """What the warehouse now holds of these sources, by channel and account; their data ends today at the latest."""
    rows: list[tuple[str, str, int, date | None, date | None]] = connection.execute(
        """
        with begun as (
            select source_id, source_file, account_id, max(date) as last_day
            from files.measures where date <= $today group by 1, 2, 3
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
    for one in errors:
        channel = one.source.channel
        state: State = "partial" if channel in read else "failed"
        yield LoadResult(channel, "", state, 0, None, None, None, one.error.for_report, started_at, datetime.now(UTC))
