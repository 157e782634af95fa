"""The dlt side: a pipeline a channel, raw tables as resources, loads that are finished or forgotten.

Every channel has a pipeline and a dataset (schema) of its own in the one DuckDB file. No state is kept in dlt: what has
been loaded is read from the warehouse, so losing dlt's folder costs nothing, and a load that broke off is dropped
and read again (facts are replaced whole, so nothing doubles).

For a distributed engine the rows go to a lake instead: Parquet files on any storage that dlt's `filesystem` writes,
only ever added to, each row with the load it came by. A load counts once dlt has written it into `_dlt_loads`; readers
take the newest load of a key (pipelines/okr_reports/spark/raw.py). How far each account is loaded stays in the DuckDB
file, written after the lake: a process that dies between the two reads those days once more.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Fills _dlt_load_id, which joins every row to its load, on the Arrow route too. dlt reads it when it extracts.
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
os.environ.setdefault("NORMALIZE__MODEL_NORMALIZER__ADD_DLT_LOAD_ID", "true")

import dlt
import duckdb
import pyarrow as pa
from dlt.common.destination.attach import attach_statement
from dlt.common.destination.client import SqlModel
from dlt.pipeline.exceptions import PipelineStepFailed

from okr_reports.channels.tables import DELETED, RawTable
from okr_reports.common.sql_text import quoted_name, quoted_text
from okr_reports.ducklake.destination import destination
from okr_reports.errors import ChannelError, VendorError, quoted

# Reading is waiting for vendors and runs in as many threads as there are channels; writing is one at a time:
# DuckDB gains nothing from more, and two schema changes at once could conflict.
_WRITING = threading.Lock()

# What the next load reads back: how far accounts are loaded, which files have been.
BOOKKEEPING = ("loaded_windows", "loaded_files", "file_measures", "spans", "superseded_days", "requested_days")


@dataclass(frozen=True)
class StreamedRows:
    """Rows too many to hold: `count` of view `landed` of the database file `database`, which `connection` has open.

    dlt gets the query as a model: its load job attaches the file and inserts from it, so that no row is written in
    between. What is not written by DuckDB (`as_parquet`) gets a Parquet file.
    """

    connection: duckdb.DuckDBPyConnection
    database: Path
    count: int
    as_parquet: bool

    @property
    def alias(self) -> str:
        """What the database is attached as; its folder is of this load alone."""
        return self.database.parent.name

    def write(self, folder: Path, columns: Sequence[str]) -> tuple[Path, Any]:
        """The file that dlt imports, with the load that is running, and its format."""
        if self.as_parquet:
            load_id = dlt.current.load_package_state()["load_id"]
            self.connection.execute("set preserve_insertion_order = false")
            path = folder / "rows.parquet"
            rows = f"select *, '{load_id}' as _dlt_load_id from landed"
            self.connection.execute(f"copy ({rows}) to {quoted_text(str(path))} (format parquet)")
            return path, "parquet"
        # a file is open in one place of a process
        self.connection.close()
        alias = quoted_name(self.alias)
        attach = attach_statement(f"attach if not exists {quoted_text(str(self.database))} as {alias} (read_only)")
        select = f"select {', '.join(map(quoted_name, columns))} from {alias}.main.landed"
        model = SqlModel(select, "duckdb", [{"attach_type": "duckdb", "alias": self.alias, "statements": [attach]}])
        path = folder / "rows.model"
        path.write_text(str(model), encoding="utf-8")
        return path, "model"


Batches = dict[str, list[pa.Table | StreamedRows]]


def to_source(channel: str, tables: Sequence[RawTable], batches: Callable[[], Batches], *, adds: bool = False) -> Any:
    """The dlt source of one slice, with one resource a table. `batches` is called when the first of them is pulled.

    With `adds` nothing is replaced: the rows' keys are known to be new, and a merge would write each of them twice.

    Each table's batches are taken out when dlt pulls them: by the time it loads, they are on disk and need no memory.
    """
    return dlt.source(
        lambda: [_resource(table, batches, adds) for table in tables], name=channel, max_table_nesting=0
    )()


def _resource(table: RawTable, batches: Callable[[], Batches], adds: bool) -> Any:
    def pull() -> Iterator[Any]:
        found = batches()
        # Bookkeeping is a few rows, and a lake's load pulls it twice.
        for batch in found.get(table.name, ()) if table.name in BOOKKEEPING else found.pop(table.name, ()):
            if isinstance(batch, pa.Table):
                yield batch
                continue
            with tempfile.TemporaryDirectory(prefix="okr-rows-") as folder:
                path, form = batch.write(Path(folder), table.schema.names)
                # dlt links the file into its package before it pulls on
                yield dlt.mark.with_file_import(str(path), form, batch.count, hints=table.schema.empty_table())

    hints: dict[str, Any] = {"write_disposition": "append" if adds or table.kind == "log" else "merge"}
    columns: dict[str, Any] = {name: {"nullable": False} for name in table.key}
    if table.kind == "facts":
        hints["merge_key"] = table.key
        hints["schema_contract"] = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
        columns[DELETED] = {"hard_delete": not adds}
    elif table.kind == "entities":
        hints["primary_key"] = table.key
    return dlt.resource(pull, name=table.name, columns=columns, **hints)


def run(
    channel: str,
    source: Any,
    *,
    warehouse: Path,
    pipelines_dir: Path,
    progress: Callable[[str], None],
    lake: str | None = None,
) -> None:
    """Extract, normalize and load `source` into the schema `channel`, or into the folder `channel` of the URL `lake`.

    Raises ChannelError; then nothing of it counts as loaded, and nothing stays behind to block the next load.
    """
    if lake:
        added = source.with_resources(*source.resources)
        for resource in added.resources.values():
            # A row that only marks its key as answered is a row of the lake like any other.
            marked = {DELETED: {"hard_delete": False}} if DELETED in resource.columns else {}
            resource.apply_hints(write_disposition="append", columns=marked)
        _run(channel, added, lambda: _lake_pipeline(channel, lake, pipelines_dir), progress, "parquet")
        source = source.with_resources(*(name for name in source.resources if name in BOOKKEEPING))
    _run(channel, source, lambda: _pipeline(channel, warehouse, pipelines_dir), progress)


def _run(
    channel: str,
    source: Any,
    made: Callable[[], Any],
    progress: Callable[[str], None],
    file_format: Any = None,
) -> None:
    pipeline = made()
    if pipeline.has_pending_data:
        progress(f"{channel}: an earlier load broke off; it is dropped and its days are read again")
        pipeline.drop()
        pipeline = made()
    try:
        pipeline.extract(source, loader_file_format=file_format)
        with _WRITING:
            pipeline.normalize()
            pipeline.load()
    except PipelineStepFailed as failure:
        pipeline.drop()
        raise _explained(channel, failure) from None


def _pipeline(channel: str, warehouse: Path, pipelines_dir: Path) -> Any:
    return dlt.pipeline(
        channel,
        pipelines_dir=str(pipelines_dir),
        dataset_name=channel,
        destination=destination(warehouse),
    )


def _lake_pipeline(channel: str, lake: str, pipelines_dir: Path) -> Any:
    return dlt.pipeline(
        f"{channel}_lake",
        pipelines_dir=str(pipelines_dir),
        dataset_name=channel,
        destination=dlt.destinations.filesystem(lake),
    )


def _explained(channel: str, failure: PipelineStepFailed) -> ChannelError:
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ChannelError):
            return cause
        cause = cause.__cause__ or cause.__context__
    detail = str(failure.exception).splitlines()[0] if failure.exception else failure.step
    return VendorError(
        channel, f"dlt could not {failure.step}: {quoted(detail)}", "nothing of this load counts; refresh again"
    )
