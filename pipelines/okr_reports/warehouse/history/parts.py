"""The files of `history/`: rows as Parquet, each named after what it holds, so that damage shows before it is used.

A name is `<table>-<shape>-<rows>-<digest of the rows>.<SHA-256 of the file>.parquet`. The first part finds the file of
rows that are already kept without writing them again; the second is compared with the bytes before they are used.
Version 0.1.0 wrote no SHA-256: of its files the rows themselves are compared, which only the same DuckDB can do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.common.equal_rows import NO_ROWS, digests_by
from okr_reports.common.sql_text import quoted_name, quoted_text

# A part of fewer is mostly its header and its name in each day's manifest; one of many more is written again, each day
# that a row of it changes, for what has not.
VALUES_A_PART = 2_000
SHA_LENGTH = 32
_NAME = re.compile(r"(?P<content>.+-[0-9a-f]{8}-(?P<rows>\d+)(?:-(?P<digest>[0-9a-f]+))?)(?:\.(?P<sha>[0-9a-f]{32}))?")

# A table by name, with its comment, its columns and the file names of its parts.
Table = dict[str, Any]


@dataclass
class Parts:
    """The folder of parts while a publication is written to it; `damaged` collects what it found and replaced."""

    folder: Path
    damaged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._by_content = {
            named["content"]: path.name
            for path in self.folder.glob("*.parquet")
            if (named := _NAME.fullmatch(path.stem)) and named["sha"]
        }

    def write_table(self, connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table:
        """Write what is new of one table of `connection`'s database; how to read it back."""
        columns = _columns(connection, schema, name)
        (comment,) = connection.execute(
            "select max(comment) from duckdb_tables() where schema_name = ? and table_name = ?", [schema, name]
        ).fetchone() or (None,)
        relation = f"{quoted_name(schema)}.{quoted_name(name)}"
        parts = [
            self._write(connection, name, f"(from {relation} where {where})", [where, columns], found)
            for where, found in _cuts(connection, relation, columns)
        ]
        return {"name": name, "comment": comment, "columns": columns, "parts": parts}

    def _write(
        self, connection: duckdb.DuckDBPyConnection, table: str, rows: str, shape: list[Any], found: tuple[int, int]
    ) -> str:
        """The file name of these rows, of which count and digest are known, written unless they are there and whole."""
        count, digest = found
        content = f"{table}-{hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:8]}-{count}"
        content += f"-{digest:x}" if count else ""
        if kept := self._by_content.get(content):
            if is_sound(self.folder / kept):
                return kept
            self.damaged.append(kept)
        building = self.folder / f"{content}.{os.getpid()}.building"
        connection.execute(
            f"copy (from {rows} order by all) to {quoted_text(str(building))} (format parquet, compression zstd)"
        )
        _flush(building)
        name = f"{content}.{_sha(building)}.parquet"
        building.replace(self.folder / name)
        self._by_content[content] = name
        return name


def is_sound(path: Path) -> bool:
    """Whether a part is there and is what its name says."""
    named = _NAME.fullmatch(path.stem)
    if not path.is_file() or named is None:
        return False
    if named["sha"]:
        return _sha(path) == named["sha"]
    return _has_its_rows(path, int(named["rows"]), int(named["digest"] or "0", 16))


def read_into(connection: duckdb.DuckDBPyConnection, target: str, table: Table, folder: Path) -> None:
    """Make the table `target` (quoted; below `temp.` one of this session) and fill it from its parts.

    Raises duckdb.Error if one cannot be read.
    """
    kind = "temp table" if target.startswith("temp.") else "table"
    columns = ", ".join(f"{quoted_name(column['name'])} {column['type']}" for column in table["columns"])
    connection.execute(f"create {kind} {target} ({columns})")
    for part in table["parts"]:
        connection.execute(f"insert into {target} from read_parquet(?)", [str(folder / part)])


def comments(target: str, table: Table) -> Iterator[str]:
    """The statements that describe the table `target` (quoted) and its columns as the kept one was."""
    if table["comment"]:
        yield f"comment on table {target} is {quoted_text(table['comment'])}"
    for column in table["columns"]:
        if column["comment"]:
            yield f"comment on column {target}.{quoted_name(column['name'])} is {quoted_text(column['comment'])}"


def damaged(tables: Sequence[Table], folder: Path) -> Iterator[str]:
    """The parts of these tables that are gone or are not what their names say."""
    for table in tables:
        for part in table["parts"]:
            if not is_sound(folder / part):
                yield part


def _has_its_rows(path: Path, count: int, digest: int) -> bool:
    connection = _reader()
    try:
        (written_by,) = connection.execute(
            "select created_by from parquet_file_metadata(?)", [str(path)]
        ).fetchone() or ("",)
        parts = digests_by(connection, f"(from read_parquet({quoted_text(str(path))}))", "null")
    except duckdb.Error:
        return False
    # Another version of DuckDB may hash otherwise: then only what it reads and how many rows that is can be compared.
    rows, found = parts.get(None, NO_ROWS)
    return rows == count and (found == digest or f"v{duckdb.__version__} " not in str(written_by))


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """A database of no file, to read Parquet with: opening one a part takes most of the time of reading it."""
    return duckdb.connect()


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:SHA_LENGTH]


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    return [{"name": name, "type": kind, "comment": comment} for name, kind, comment in rows]


def _cuts(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: list[dict[str, Any]]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """The conditions that cut a table into its parts, each with count and digest of its rows.

    A table with dates and many values is cut by its months, where these hold few by quarters, else by years: a day
    writes the parts that it changed, and what is long past is in others. All parts are counted at once: asked one by
    one, large tables are read once for each.
    """
    dates = [column["name"] for column in columns if column["type"] == "DATE"]
    day = "null" if not dates else "date" if "date" in dates else quoted_name(dates[0])
    for unit in ("month", "quarter", "year"):
        cut = f"date_trunc('{unit}', {day})"
        parts = digests_by(connection, f"(from {relation})", f"{cut}::date" if dates else "null")
        undated = parts.pop(None, NO_ROWS)
        values = sum(count for count, _ in parts.values()) * len(columns)
        if values < VALUES_A_PART:
            count, digest = (sum(of) for of in zip(undated, *parts.values(), strict=True))
            yield "true", (count, digest)
            return
        if values >= len(parts) * VALUES_A_PART:
            break
    yield f"{day} is null", undated
    for start in sorted(part for part in parts if part):
        yield f"{cut} = date '{start}'", parts[start]
