"""Parquet and JSON lines as records: typed values marked as such, nested keys of JSON by dotted paths."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from okr_reports.channels.files.amounts import NATIVE
from okr_reports.channels.files.faults import LARGEST_SHEET, MOST_ROWS, refused
from okr_reports.channels.files.grid import Grid
from okr_reports.channels.files.layout import Record, find_header
from okr_reports.channels.files.names import trimmed
from okr_reports.channels.files.plain import typed_parquet
from okr_reports.file_sources import FileSource

_BATCH = 20_000
_MOST_KEYS = 2_000


def find_parquet_table(path: Path, source: FileSource) -> Grid:
    """The table of a Parquet file. Raises Refused."""
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise refused(f"is not a readable Parquet file ({type(error).__name__})", "export it again") from None
    if file.metadata.num_rows > MOST_ROWS:
        raise refused(f"has more than {MOST_ROWS:,} rows", "split it by month or year")
    names = file.schema_arrow.names
    layout = find_header([(0, 0, list(names))], source)
    nested = [names[at] for at in layout.wanted if pa.types.is_nested(file.schema_arrow.field(at).type)]
    if nested:
        raise refused(f"column {nested[0]!r} holds lists or records", "flatten it")
    return Grid(layout, _parquet_records(file), unit="row", typed=typed_parquet(file.schema_arrow, layout.wanted))


def parquet_head(path: Path) -> list[Record]:
    """The names of the columns, and the first rows."""
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise refused(f"is not a readable Parquet file ({type(error).__name__})", "export it again") from None
    return [(0, 0, list(file.schema_arrow.names)), *itertools.islice(_parquet_records(file), 200)]


def parquet_columns(path: Path) -> list[str]:
    """The names of its columns. Raises Refused for one that cannot be a plain table."""
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise refused(f"is not a readable Parquet file ({type(error).__name__})", "export it again") from None
    if file.metadata.num_rows > MOST_ROWS:
        raise refused(f"has more than {MOST_ROWS:,} rows", "split it by month or year")
    return list(file.schema_arrow.names)


def is_json_list(path: Path, name: str) -> bool:
    """Whether a text of this name is one list of JSON, as `[{...}, {...}]`."""
    with path.open(encoding="utf-8-sig") as file:
        return name.lower().removesuffix(".gz").endswith(".json") and file.read(4096).lstrip().startswith("[")


def json_records(path: Path, *, is_list: bool) -> tuple[list[str], Iterator[Record]]:
    """Every key of JSON lines, or of one list of objects, and their rows; lists in them are text. Raises Refused."""
    rows = _listed(path) if is_list else None
    keys: dict[str, None] = {}
    for _, row in rows if rows is not None else _json_rows(path, with_lists=True):
        keys.update(dict.fromkeys(row))
        if len(keys) > _MOST_KEYS:
            raise refused(f"has more than {_MOST_KEYS:,} keys", "keep fewer")
    if not keys:
        raise refused("holds no object with a key", "write one object a line, or a list of objects")
    again = rows if rows is not None else _json_rows(path, with_lists=True)
    return list(keys), ((line, line, [as_text(row.get(name)) for name in keys]) for line, row in again)


def _listed(path: Path) -> list[tuple[int, dict[str, Any]]]:
    if path.stat().st_size > LARGEST_SHEET:
        raise refused(f"is a list larger than {LARGEST_SHEET >> 20} MB", "write one object a line")
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise refused(f"line {error.lineno} is not JSON", "export it again") from None
    except (ValueError, RecursionError):
        raise refused("is not JSON that can be read", "export it again") from None
    for at, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise refused(f"item {at} is not an object", "write a list of objects")
    return [(at, dict(_flat(row, "", with_lists=True))) for at, row in enumerate(found, start=1)]


def json_head(path: Path) -> list[Record]:
    """The keys of the first rows, and these."""
    rows = list(itertools.islice(_json_rows(path), 200))
    names = list(dict.fromkeys(key for _, row in rows for key in row))
    return [(0, 0, names), *((line, line, [as_text(row.get(name)) for name in names]) for line, row in rows)]


def _parquet_records(file: Any) -> Iterator[Record]:
    line = 0
    try:
        for batch in file.iter_batches(_BATCH):
            columns = [[as_text(value) for value in column.to_pylist()] for column in batch.columns]
            for cells in zip(*columns, strict=True):
                line += 1
                yield line, line, list(cells)
    except (pa.ArrowException, OSError) as error:
        raise refused(f"is not a readable Parquet file ({type(error).__name__})", "export it again") from None


def as_text(value: Any) -> str:
    """A typed value as text, marked as a number or day of the file itself."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return f"{NATIVE}{int(value)}" if value.is_integer() and abs(value) < 2**53 else f"{NATIVE}{value!r}"
    if isinstance(value, int | Decimal):
        return f"{NATIVE}{value:f}" if isinstance(value, Decimal) else f"{NATIVE}{value}"
    if isinstance(value, datetime):
        return f"{NATIVE}{value.isoformat(sep=' ', timespec='seconds')}"
    if isinstance(value, date):
        return f"{NATIVE}{value.isoformat()}"
    return trimmed(str(value))


def find_json_table(path: Path, source: FileSource) -> Grid:
    """The table of JSON lines: a column for each key of the first rows and each that is named. Raises Refused."""
    keys: dict[str, None] = {}
    for _, row in itertools.islice(_json_rows(path), 1000):
        keys.update(dict.fromkeys(row))
    if len(keys) > _MOST_KEYS:
        raise refused(f"has {len(keys):,} keys", f"keep at most {_MOST_KEYS:,}")
    names = list(keys)
    layout = find_header([(0, 0, names)], source)
    return Grid(layout, ((line, line, [as_text(row.get(name)) for name in names]) for line, row in _json_rows(path)))


def _json_rows(path: Path, *, with_lists: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                row = json.loads(text, parse_float=Decimal)
            except (ValueError, RecursionError):
                raise refused(f"line {line} is not JSON", "write one object a line") from None
            if not isinstance(row, dict):
                raise refused(f"line {line} is not an object", "write one object a line")
            yield line, dict(_flat(row, "", with_lists=with_lists))


def _flat(row: dict[str, Any], before: str, *, with_lists: bool = False) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.", with_lists=with_lists)
        elif isinstance(value, list) and with_lists:
            yield f"{before}{key}", json.dumps(value, ensure_ascii=False, default=str)
        elif not isinstance(value, list):
            yield f"{before}{key}", value
