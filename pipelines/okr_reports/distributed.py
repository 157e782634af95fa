"""What a refresh does besides where a distributed engine runs the models; with DuckDB, nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from okr_reports import catalogue
from okr_reports.common import warehouse_file
from okr_reports.settings import Workspace, engine, is_distributed
from okr_reports.spark import connection, marts
from okr_reports.spark.settings import read_settings
from okr_reports.warehouse import transform
from okr_reports.warehouse.snapshot import SCHEMA

logger = logging.getLogger("okr")

# Schemas that hold tables of models.
BUILT = ("intermediate", SCHEMA)


def lake(workspace: Workspace) -> str | None:
    """The URL that raw rows land under, None where they land in the warehouse file. Raises EngineError."""
    return read_settings(workspace).lake if is_distributed() else None


def loading() -> AbstractContextManager[None]:
    """Around the loading of channels, which several machines may do at once where the engine can."""
    if engine() != "ducklake":
        return nullcontext()
    from okr_reports.ducklake.lock import together

    return together()


def reachable(workspace: Workspace) -> None:
    """Ask before an hour of loading whether the engine is there. Raises EngineError."""
    if engine() == "ducklake":
        warehouse_file.connect(workspace.warehouse).close()
    if is_distributed():
        with connection.session(read_settings(workspace)) as session:
            session.execute("select 1")


@contextmanager
def prepared(workspace: Workspace) -> Iterator[None]:
    """Around the build of the models: what they read is declared to the engine, and the marts are brought back.

    Raises EngineError.
    """
    if not is_distributed():
        yield
        if engine() == "ducklake":
            from okr_reports.ducklake.connection import tidy

            tidy()
        return
    from okr_reports.channels.load import raw_tables
    from okr_reports.spark import raw
    from okr_reports.spark.compact import compact

    settings = read_settings(workspace)
    with connection.session(settings) as session:
        tables = {name: raw_tables(name) for name in catalogue.channels()}
        marts.fix(session, BUILT)
        raw.register(session, settings, tables)
        if compacted := compact(session, settings, tables):
            logger.info("models: the lake's files of %s are few again", ", ".join(compacted))
            raw.register(session, settings, tables)
        raw.write_small_tables(session, settings, workspace.warehouse)
    yield
    contracts = transform.contracts(workspace)
    with connection.session(settings) as session:
        rows = marts.bring_back(session, settings, workspace.warehouse, contracts)
        logger.info("models: %d rows of %d tables came back from Spark at %s", rows, len(contracts), settings.address)
        marts.sweep(session, settings, BUILT)


def forecast(workspace: Workspace, *, anew: bool, on_event: Callable[[dict[str, Any]], None]) -> list[str]:
    """Build what forecasts read and compute them, where the models cannot call Python themselves.

    Returns what is built by then, for the build of the rest to leave out. Raises TransformError, EngineError.
    """
    if not is_distributed():
        return []
    from okr_reports.spark.forecasts import READ, write_forecasts

    settings = read_settings(workspace)
    transform.build(workspace, [f"+{name}" for name in READ], on_event=on_event, anew=anew, with_tests=False)
    with connection.session(settings) as session:
        logger.info("models: %d forecasts computed", write_forecasts(session, settings))
    return [f"+{name},resource_type:model" for name in READ]


@contextmanager
def asking(workspace: Workspace) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Whatever holds staged rows and marts alike, asked in SQL that both engines read."""
    if not is_distributed():
        with warehouse_file.connect(workspace.warehouse, read_only=True) as warehouse:
            yield lambda query: warehouse.execute(query).fetchall()
        return
    with connection.session(read_settings(workspace)) as session:
        yield session.execute
