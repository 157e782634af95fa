"""The analysts' copy of the warehouse (`<data>/okr.duckdb`), opened for reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports.errors import OkrError

if TYPE_CHECKING:
    import duckdb


def open_copy(path: Path) -> duckdb.DuckDBPyConnection:
    """A session that can only read; also while a refresh replaces the file. Close it, or use it in a `with`.

    Raises OkrError if the file is not there, cannot be read, or holds no marts.
    """
    import duckdb

    if not path.exists():
        raise OkrError(f"{path} is not there; run `okr refresh` first")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise OkrError(unreadable(path, error)) from None
    (marts,) = connection.execute("select count(*) from duckdb_tables() where schema_name = 'marts'").fetchone() or (0,)
    if not marts:
        connection.close()
        raise OkrError(f"{path} holds no marts; run `okr refresh`, which writes it anew")
    return connection


def unreadable(path: Path, error: Exception) -> str:
    """What is wrong with a copy that DuckDB does not open, and what to do."""
    return f"{path} cannot be read ({str(error).splitlines()[0]}); run `okr refresh`, which writes it anew"
