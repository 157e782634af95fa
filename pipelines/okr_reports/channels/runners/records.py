"""Records on their way to the mapping of files: the columns that a source names, by dotted paths, as one Parquet file.

Every cell is text as `channels/files` has it (NATIVE before what is a number or a day of its own). A file holds one row
a record, in order, and in its metadata which columns any record had.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.faults import MOST_ROWS, Refused, refused
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.layout import find_header
from okr_reports.channels.files.records import as_text
from okr_reports.channels.runners.settings import ACCOUNT
from okr_reports.errors import did_you_mean
from okr_reports.file_sources import Column, FileSource

_CHUNK = 20_000
_LOOKED_AT = 200
_MOST_NAMES = 400
_SEEN, _OTHERS, _NO_NUMBERS = b"okr_seen", b"okr_others", b"okr_no_numbers"
_ABSENT = object()
# Formats of days that are numbers, as Airbyte's manifests write them: how many make a second.
EPOCHS = {"%s": 1, "%ms": 1000}


def columns_of(source: FileSource) -> dict[str, tuple[str, ...]]:
    """The columns that a source names, each with the measures that need it (all of them for days, ids and `rows`)."""
    every = tuple(source.measures)
    found: dict[str, dict[str, None]] = {}

    def take(column: Any, measures: Sequence[str]) -> None:
        for name in (column,) if isinstance(column, str) else column if isinstance(column, tuple) else ():
            found.setdefault(name, {}).update(dict.fromkeys(measures))

    roles: list[Column] = [source.date, source.end_date, source.account_id, source.campaign_id, source.campaign_name]
    for column in (*roles, source.campaign_group_name, source.currency_column, source.as_of):
        take(column, every)
    for condition in source.rows:
        take(condition.column, every)
    if source.pivot is not None:
        take(source.pivot.name, every)
        take(source.pivot.value, every)
    for name, measure in source.measures.items():
        if source.pivot is None:
            for column in (measure.column, measure.minus, measure.times):
                take(column, (name,))
        for condition in measure.rows:
            take(condition.column, (name,))
    roles_by_name = {"date", "account_id", "campaign_id", "campaign_name", "campaign_group_name", "currency"}
    take(tuple(name for name in source.key if name not in roles_by_name), every)
    return {name: tuple(measures) for name, measures in found.items()}


class Recorder:
    """Writes records; `close` ends the file. With `key` of two records with the same one the later counts."""

    def __init__(self, path: Path, source: FileSource, key: Sequence[str] = ()) -> None:
        self.columns = [*columns_of(source)]
        self.key = tuple(key)
        self.count = 0
        self.bytes = 0
        account = source.connector.account if source.connector is not None else ""
        self._getters = [_getter(name) if name != ACCOUNT else lambda _: account for name in self.columns]
        dated = (*_names(source.date), *_names(source.end_date)) if source.date_format in EPOCHS else ()
        self._epochs = {name: EPOCHS[str(source.date_format)] for name in dated}
        self._keys = [_getter(name) for name in self.key]
        self._seen: set[str] = set()
        self._others: dict[str, None] = {}
        self._no_numbers: set[str] = set()
        names = [*(f"c{at}" for at in range(len(self.columns))), *(["k"] if self.key else [])]
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._path = path
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._kept: list[Mapping[str, Any]] = []

    def add(self, records: Iterable[Any]) -> None:
        """Raises Refused for what is no record, and for more of them than a file may have."""
        for record in records:
            if not isinstance(record, Mapping):
                raise refused("holds what is no record", "name the list of records (`data_selector`)")
            self._kept.append(record)
            if len(self._kept) >= _CHUNK:
                self._flush()

    def _flush(self) -> None:
        records, self._kept = self._kept, []
        if not records:
            return
        if not self.count:
            for record in records[:_LOOKED_AT]:
                _name(record, "", self._others)
        self.count += len(records)
        if self.count > MOST_ROWS:
            raise refused(f"has more than {MOST_ROWS:,} records", "ask for fewer days")
        arrays = []
        for name, getter in zip(self.columns, self._getters, strict=True):
            values = [getter(record) for record in records]
            if name not in self._seen and any(value is not _ABSENT for value in values):
                self._seen.add(name)
            if name in self._epochs:
                values = [_moment(value, self._epochs[name]) for value in values]
            texts, is_numbers = _texts(name, values)
            arrays.append(texts)
            if not is_numbers:
                self._no_numbers.add(name)
        if self.key:
            self._check_key(records)
            keys = [json.dumps([_shown(getter(record)) for getter in self._keys], default=str) for record in records]
            arrays.append(pa.array(keys, pa.string()))
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def _check_key(self, records: list[Mapping[str, Any]]) -> None:
        """Records without a part of the key would pass for one another. Raises Refused."""
        for name, getter in zip(self.key, self._keys, strict=True):
            if any(getter(record) is _ABSENT for record in records):
                what = f"has a key of {', '.join(self.key)}, and there are records without {name!r}"
                raise refused(what, "correct the key (`primary_key`) in the declaration or in `config`")

    def close(self) -> None:
        self._flush()
        self._writer.add_key_value_metadata(
            {
                _SEEN: json.dumps(sorted(self._seen)),
                _OTHERS: json.dumps([*self._others][:_MOST_NAMES]),
                _NO_NUMBERS: json.dumps(sorted(self._no_numbers)),
            }
        )
        self._writer.close()
        self.bytes = self._path.stat().st_size


def _texts(name: str, values: list[Any]) -> tuple[pa.Array, bool]:
    """The values as text, and whether each that is there is a number of the connector itself."""
    kinds = {value.__class__ for value in values} - {object, type(None)}
    if kinds <= {str}:
        texts = [value.strip() or None if value.__class__ is str else None for value in values]
        return pa.array(texts, pa.string()), not kinds
    if kinds == {int}:
        return pa.array([f"{NATIVE}{value}" if value.__class__ is int else None for value in values], pa.string()), True
    if kinds & {dict, list}:
        raise refused(f"column {name!r} holds lists or records", "name a value within it by a dotted path")
    texts = [None if value is _ABSENT else as_text(value) or None for value in values]
    return pa.array(texts, pa.string()), kinds <= {int, float, Decimal}


def as_recorded(source: FileSource) -> FileSource:
    """The source as its file of records is read: moments that were numbers are texts by then."""
    return replace(source, date_format=None) if source.connector and source.date_format in EPOCHS else source


def _names(column: Column) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) else column


def _moment(value: Any, per_second: int) -> Any:
    """A number of seconds, or of parts of them, since 1970 in UTC as ISO 8601; anything else as it is."""
    if value.__class__ is str and value.strip().lstrip("-").isdigit():
        value = int(value)
    if value.__class__ not in (int, float, Decimal):
        return value
    try:
        return datetime.fromtimestamp(int(value) // per_second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return value


def _shown(value: Any) -> Any:
    return None if value is _ABSENT else value


def _getter(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """The value at a dotted path, _ABSENT where there is none; a key that holds the dots itself wins."""
    if "." not in path:
        return lambda record: record.get(path, _ABSENT)
    first, *rest = path.split(".")
    steps = [int(step) if step.isdigit() else step for step in rest]

    def get(record: Mapping[str, Any]) -> Any:
        value: Any = record.get(first, _ABSENT)
        if value is _ABSENT:
            return record.get(path, _ABSENT)
        for step in steps:
            if value.__class__ is dict:
                value = value.get(str(step), _ABSENT)
            elif value.__class__ is list and step.__class__ is int:
                value = value[step] if step < len(value) else _ABSENT  # type: ignore[operator]
            else:
                # nothing is within an empty record, which is no mistake of the path
                return None if value is None else record.get(path, _ABSENT)
        return value

    return get


def _name(value: Any, before: str, into: dict[str, None]) -> None:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            _name(inner, f"{before}{key}.", into)
        elif not isinstance(inner, list):
            into[f"{before}{key}"] = None


def find_records_table(path: Path, source: FileSource) -> Grid:
    """The table that a Recorder wrote. Raises Refused where no record has a column that is named."""
    file = parquet.ParquetFile(path)
    metadata = file.metadata.metadata or {}
    named = [*columns_of(source)]
    seen = set(json.loads(metadata.get(_SEEN, b"[]"))) if file.metadata.num_rows else set(named)
    there = [at for at, name in enumerate(named) if name in seen]
    try:
        layout = find_header([(0, 0, [named[at] for at in there])], source)
    except Refused:
        others = [name for name in json.loads(metadata.get(_OTHERS, b"[]")) if name not in seen]
        missing = next(name for name in named if name not in seen)
        known = [*(named[at] for at in there), *others]
        hint = did_you_mean(missing, known, f"the records have {', '.join(known[:30])}")
        raise refused(f"no record has {missing!r}", f"{hint}; correct the definition") from None
    places = ", ".join(f"c{at}" for at in there)
    filled = " + ".join(f"cast(c{at} is not null as integer)" for at in there)
    is_keyed = "k" in file.schema_arrow.names
    latest = "qualify row_number() over (partition by k order by line desc) = 1 " if is_keyed else ""
    numbered = ", ".join(f"c{at} as c{number}" for number, at in enumerate(there))
    relation = (
        f"select line, {numbered}, cast(null as varchar) as extra, {filled} as filled, false as short from"
        f" (select file_row_number + 1 as line, {places}{', k' if is_keyed else ''} from"
        f" read_parquet($paths, file_row_number=true)) {latest}order by line"
    )
    texts = set(json.loads(metadata.get(_NO_NUMBERS, b"[]")))
    typed = {number: "double" for number, at in enumerate(there) if named[at] not in texts}
    return Grid(layout, (), unit="record", relation=relation, path=path, typed=typed)


def allow(path: Path, names: Iterable[str]) -> None:
    """Take these columns for such as a record had: their values are known to come and go."""
    known = parquet.ParquetFile(path).metadata.metadata or {}
    there = json.dumps(sorted({*json.loads(known.get(_SEEN, b"[]")), *names}))
    table = parquet.read_table(path)
    said = {**{name: known.get(name, b"[]") for name in (_OTHERS, _NO_NUMBERS)}, _SEEN: there.encode()}
    parquet.write_table(table.replace_schema_metadata(said), path, compression="zstd")


def seen(path: Path) -> tuple[int, set[str]]:
    """How many records a Recorder wrote, and the columns that any of them had."""
    file = parquet.ParquetFile(path)
    return file.metadata.num_rows, set(json.loads((file.metadata.metadata or {}).get(_SEEN, b"[]")))
