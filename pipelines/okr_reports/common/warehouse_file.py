"""The warehouse, whatever holds it: the DuckDB file of an engine, or a DuckLake in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from okr_reports.common.sql_text import quoted_text
from okr_reports.settings import engine

_kept_open: dict[Path, duckdb.DuckDBPyConnection] = {}


def connect(warehouse: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection whose tables are the warehouse's, named by schema and table. Raises duckdb.Error, EngineError."""
    if engine() != "ducklake":
        # DuckDB lets no process open a file for reading alone beside a connection that may write
        kept = _kept_open.get(warehouse)
        return kept.cursor() if kept else duckdb.connect(str(warehouse), read_only=read_only)
    from okr_reports.ducklake import connection

    return connection.connect()


@contextmanager
def kept_open(warehouse: Path) -> Iterator[None]:
    """Connections of this process, dlt's too, meanwhile share what is opened once: each alone takes 0.1 s to open it.

    The writer's lock must be held. Nobody may replace the file, or attach it to another database, before the end.
    Raises duckdb.Error.
    """
    if engine() == "ducklake" or warehouse in _kept_open:
        yield
        return
    with connect(warehouse) as connection:
        _kept_open[warehouse] = connection
        try:
            yield
        finally:
            del _kept_open[warehouse]


def attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach it as `warehouse`, to be read only. Raises duckdb.Error, EngineError."""
    if engine() != "ducklake":
        connection.execute(f"attach {quoted_text(str(warehouse))} as warehouse (read_only)")
        return
    from okr_reports.ducklake import connection as lake

    lake.attach(connection, read_only=True)


def is_made(warehouse: Path) -> bool:
    """Whether there may be something to read; a lake is made by whoever first attaches it."""
    return engine() == "ducklake" or warehouse.exists()


def place(warehouse: Path) -> str:
    """What a message calls it."""
    return "the lake of [ducklake]" if engine() == "ducklake" else str(warehouse)


def remove(warehouse: Path) -> None:
    """Take it away with all that it holds."""
    if engine() != "ducklake":
        warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
        warehouse.unlink(missing_ok=True)
        return
    from okr_reports.ducklake import connection

    connection.empty()
