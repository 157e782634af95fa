"""Tables of one's own are read with each refresh; one that cannot be read stops neither the others nor the report."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_reports import okrs, settings
from okr_reports.common import warehouse_file
from okr_reports.common.page_tables import LoadedTables, PageTable
from okr_reports.common.sql_text import quoted_name
from okr_reports.errors import ChannelError, OkrError, TransformError
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops, own_models

logger = logging.getLogger("okr")


@contextmanager
def loaded_tables(workspace: Workspace) -> Iterator[LoadedTables | None]:
    """The declared tables, read into a database that is gone afterwards; None where none is declared."""
    defined = okrs.read(workspace.definitions_dir)
    if not defined.tables:
        yield None
        return
    from okr_reports.channels.page_tables import read_tables

    # beside the copy, not in memory: one table may be as large as a file may be
    with TemporaryDirectory(prefix=".tables-", dir=workspace.data_dir) as folder:
        database = Path(folder) / "tables.duckdb"
        faults: dict[str, OkrError] = {**read_tables([table for table in defined.tables if not table.model], database)}
        faults |= _read_models(workspace, [table for table in defined.tables if table.model], database)
        for error in faults.values():
            logger.warning("%s; its last rows stay", error)
        read = [table for table in defined.tables if table.id not in faults]
        changed = {table.id: datetime.fromtimestamp(table.path.stat().st_mtime, UTC) for table in read if table.path}
        said = {
            name: error.for_report if isinstance(error, ChannelError) else str(error) for name, error in faults.items()
        }
        now = settings.now(defined.settings.timezone)
        yield LoadedTables(tuple(defined.tables), database, now, changed, said)
    logger.info("tables: %d of %d loaded", len(read), len(defined.tables))


def _read_models(workspace: Workspace, tables: Sequence[PageTable], database: Path) -> dict[str, OkrError]:
    """Put the rows of models of the workspace into `database`, and say what is wrong with those that have none."""
    import duckdb

    if not tables:
        return {}
    wrong = ops.model_failures(workspace.warehouse)
    faults: dict[str, OkrError] = {}
    with duckdb.connect(str(database)) as connection:
        warehouse_file.attach(connection, workspace.warehouse)
        for table in tables:
            origin = f"warehouse.{own_models.SCHEMA}.{quoted_name(table.model)}"
            try:
                if table.model in wrong:
                    raise TransformError(f"table {table.id}: {wrong[table.model]}")
                connection.execute(f"create table {quoted_name(table.id)} as from {origin}")
            except TransformError as error:
                faults[table.id] = error
            except duckdb.Error as error:
                what = f"table {table.id}: the model {table.model} has no rows to read ({str(error).splitlines()[0]})"
                faults[table.id] = TransformError(f"{what}; look at it, or correct `model` at {table.defined_at}")
    return faults
