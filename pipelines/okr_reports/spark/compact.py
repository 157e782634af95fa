"""Many small files become few large ones: what counts of a raw table is written as one more load, then the rest goes.

Every step leaves the same rows to readers. Until the new load is in `_dlt_loads` its files count for nothing; from then
on it is the newest of every key, and taking the older files away changes nothing. A process that dies leaves files too
many, which the next compaction takes along.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from okr_reports.spark.connection import Session
from okr_reports.spark.raw import LOAD_ID, LOADS, Raw, finished_loads
from okr_reports.spark.settings import SparkSettings
from okr_reports.spark.storage import Storage

ABOVE_FILES = 200
BYTES_A_FILE = 256 * 1024 * 1024


def compact(
    session: Session, settings: SparkSettings, raw: Mapping[str, Sequence[Raw]], above_files: int = ABOVE_FILES
) -> list[str]:
    """Compact the raw tables that have more files than that; their names. No load of them may run meanwhile."""
    storage = Storage(settings.lake)
    done = []
    for channel, tables in raw.items():
        crowded = {}
        for table in tables:
            files = storage.file_list(f"{channel}/{table.name}") if table.kind != "log" else []
            if len(files) > above_files:
                crowded[table.name] = (table, files)
        if crowded:
            _compact(session, storage, channel, crowded)
            done += [f"{channel}.{name}" for name in crowded]
    return done


def _compact(
    session: Session, storage: Storage, channel: str, crowded: Mapping[str, tuple[Raw, list[dict[str, Any]]]]
) -> None:
    # Above every load there is, whatever the clocks of the machines that made them say.
    load_id = f"{max(time.time(), *(float(finished) + 1 for finished in finished_loads(storage, channel)), 0):.6f}"
    for name, (raw, files) in crowded.items():
        columns = ", ".join(f"`{column}`" for column in raw.schema.names)
        wanted = 1 + sum(int(file["size"]) for file in files) // BYTES_A_FILE
        session.run(
            f"insert into {channel}.{name}__loads"
            f" select /*+ repartition({wanted}) */ {columns}, '{load_id}' as {LOAD_ID} from {channel}.{name}"
        )
    finished = {"load_id": load_id, "schema_name": channel, "status": 0, "inserted_at": datetime.now(UTC).isoformat()}
    with storage.writing(f"{channel}/{LOADS}/{channel}__{load_id}.jsonl") as file:
        file.write(json.dumps(finished).encode() + b"\n")
    for name, (_, files) in crowded.items():
        for small in files:
            storage.remove_file(small["name"])
        session.run(f"refresh table {channel}.{name}__loads")
