"""Tables of one's own are read with each refresh; one that cannot be read stops neither the others nor the report."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from okr_reports import okrs, settings
from okr_reports.common.page_tables import LoadedTables
from okr_reports.settings import Workspace

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
        faults = read_tables(defined.tables, database)
        for error in faults.values():
            logger.warning("%s; its last rows stay", error)
        read = [table for table in defined.tables if table.id not in faults]
        changed = {one.id: datetime.fromtimestamp(one.path.stat().st_mtime, UTC) for one in read if one.path}
        said = {name: error.for_report for name, error in faults.items()}
        now = settings.now(defined.settings.timezone)
        yield LoadedTables(tuple(defined.tables), database, now, changed, said)
    logger.info("tables: %d of %d loaded", len(read), len(defined.tables))
