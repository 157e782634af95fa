"""The dlt side: a pipeline a channel, raw tables as resources, loads that are finished or forgotten.

Every channel has a pipeline and a dataset (schema) of its own in the one DuckDB file. No state is kept in dlt: what has
been loaded is read from the warehouse, so losing dlt's folder costs nothing, and a load that broke off is dropped
and read again (facts are replaced whole, so nothing doubles).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# Fills _dlt_load_id, which joins every row to its load, on the Arrow route too. dlt reads it when it extracts.
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")

import dlt
import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.channels.tables import DELETED, RawTable
from pipelines.errors import ChannelError, VendorError

# Reading is waiting for vendors and runs in as many threads as there are channels; writing is one at a time:
# DuckDB gains nothing from more, and two schema changes at once could conflict.
_WRITING = threading.Lock()

Batches = dict[str, list[pa.Table]]


def to_source(channel: str, tables: Sequence[RawTable], batches: Callable[[], Batches]) -> Any:
    """A dlt source with one resource a table. `batches` is called when the first of them is pulled.

    Each table's batches are taken out when dlt pulls them: by the time it loads, they are on disk and need no memory.
    """
    return dlt.source(lambda: [_resource(table, batches) for table in tables], name=channel, max_table_nesting=0)()


def _resource(table: RawTable, batches: Callable[[], Batches]) -> Any:
    def pull() -> Iterator[pa.Table]:
        yield from batches().pop(table.name, ())

    hints: dict[str, Any] = {"write_disposition": "append" if table.kind == "log" else "merge"}
    columns: dict[str, Any] = {name: {"nullable": False} for name in table.key}
    if table.kind == "facts":
        hints["merge_key"] = table.key
        hints["schema_contract"] = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
        columns[DELETED] = {"hard_delete": True}
    elif table.kind == "entities":
        hints["primary_key"] = table.key
    return dlt.resource(pull, name=table.name, columns=columns, **hints)


def run(channel: str, source: Any, *, warehouse: Path, pipelines_dir: Path, progress: Callable[[str], None]) -> None:
    """Extract, normalize and load `source` into the schema `channel`.

    Raises ChannelError; then nothing of it counts as loaded, and nothing stays behind to block the next load.
    """
    pipeline = _pipeline(channel, warehouse, pipelines_dir)
    if pipeline.has_pending_data:
        progress(f"{channel}: an earlier load broke off; it is dropped and its days are read again")
        pipeline = _forget(channel, pipeline, warehouse, pipelines_dir)
    try:
        pipeline.extract(source)
        with _WRITING:
            pipeline.normalize()
            pipeline.load()
    except PipelineStepFailed as failure:
        _forget(channel, pipeline, warehouse, pipelines_dir)
        raise _explained(channel, failure) from None


def _pipeline(channel: str, warehouse: Path, pipelines_dir: Path) -> Any:
    return dlt.pipeline(
        channel,
        pipelines_dir=str(pipelines_dir),
        dataset_name=channel,
        # dlt reads a relative path from where the pipeline first ran: a copied workspace would write into the first one
        destination=dlt.destinations.duckdb(str(warehouse.absolute())),
    )


def _forget(channel: str, pipeline: Any, warehouse: Path, pipelines_dir: Path) -> Any:
    pipeline.drop()
    return _pipeline(channel, warehouse, pipelines_dir)


def _explained(channel: str, failure: PipelineStepFailed) -> ChannelError:
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ChannelError):
            return cause
        cause = cause.__cause__ or cause.__context__
    detail = str(failure.exception).splitlines()[0] if failure.exception else failure.step
    return VendorError(channel, f"dlt could not {failure.step}: {detail}", "nothing of this load counts; refresh again")
