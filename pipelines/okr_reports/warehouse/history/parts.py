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
        cuts = _cuts(connection, relation, columns)
        parts = [self._write(connection, name, f"(from {relation} where {where})", [where, columns]) for where in cuts]
        return {"name": name, "comment": comment, "columns": columns, "parts": parts}

    def _write(self, connection: duckdb.DuckDBPyConnection, table: str, rows: str, shape: list[Any]) -> str:
        """The file name of these rows, written unless they are there and whole."""
        digest, count = digest_of_rows(connection, rows)
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


def digest_of_rows(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, int]:
    """A sum of the rows' hashes, which their order does not change, and how many rows there are."""
    count, digest = connection.execute(f"select count(*), sum(hash(rows)) from {rows} as rows").fetchone() or (0, 0)
    return digest or 0, count


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
        found, rows = digest_of_rows(connection, f"(from read_parquet({quoted_text(str(path))}))")
    except duckdb.Error:
        return False
    # Another version of DuckDB may hash otherwise: then only what it reads and how many rows that is can be compared.
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


def _cuts(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[dict[str, Any]]) -> list[str]:
    """The conditions that cut a table into its parts.

    A table with dates and many values is cut by its months, where these hold few by quarters, else by years: a day
    writes the parts that it changed, and what is long past is in others.
    """
    dates = [column["name"] for column in columns if column["type"] == "DATE"]
    if not dates:
        return ["true"]
    day = "date" if "date" in dates else quoted_name(dates[0])
    units = ("month", "quarter", "year")
    counts = ", ".join(f"count(distinct date_trunc('{unit}', {day}))" for unit in units)
    rows, *spans = connection.execute(f"select count({day}), {counts} from {relation}").fetchone() or (0, 0, 0, 0)
    values = rows * len(columns)
    if values < VALUES_A_PART:
        return ["true"]
    unit = next((unit for unit, span in zip(units, spans, strict=True) if values >= span * VALUES_A_PART), "year")
    starts = connection.execute(
        f"select distinct date_trunc('{unit}', {day})::date from {relation} where {day} is not null order by 1"
    ).fetchall()
    return [f"{day} is null", *(f"date_trunc('{unit}', {day}) = date '{start}'" for (start,) in starts)]
