"""Dagster's event log in SQLite, its connections kept open.

Dagster opens and closes the files anew for each of the 600 events of a run, and every close of a last connection copies
the write-ahead log back and syncs the disk: a third of the time of a refresh that brings nothing new.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import sqlalchemy
from dagster import EventLogEntry, Field
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as _CHECKS
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as _EVENTS
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool

# The index and the runs that are being written or looked at; the rest is closed.
KEPT_OPEN = 4
BUSY_TIMEOUT_SECONDS = 60


def folder_of_events(home: Path) -> Path:
    """The folder of the files of events, where Dagster's own storage has them."""
    return home / "history" / "runs"


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's own storage and files; only how they are opened differs."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sqlalchemy.Engine] = OrderedDict()
        self._of_batch: dict[str, sqlalchemy.Connection] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)
        # Storing one event of a batch takes the lock that the batch holds.
        self._db_lock = RLock()  # type: ignore[assignment]

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Where the files lie; `dagster.yaml` need not say it."""
        return {"base_dir": Field(str, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> OpenEventLog:
        """The storage of the folder that is given, or of `DAGSTER_HOME`, where Dagster's own would lie."""
        given = config_value.get("base_dir")
        return cls(given or str(folder_of_events(Path(os.environ["DAGSTER_HOME"]))), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            if shard in self._of_batch:
                yield self._of_batch[shard]
            else:
                with self._engine(shard).begin() as connection:
                    yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        if shard in self._engines and not Path(self.path_for_shard(shard)).exists():
            self._engines.pop(shard).dispose()  # wiped by another process
            self._initialized_dbs.discard(shard)
        if shard not in self._engines:
            self._engines[shard] = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            if shard not in self._initialized_dbs:
                self._initdb(self._engines[shard])
                self._initialized_dbs.add(shard)
            with self._engines[shard].connect() as connection:
                # A power cut may cost the last events, never the file.
                connection.execute(sqlalchemy.text("pragma synchronous = normal"))
            while len(self._engines) > KEPT_OPEN:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table; asked once, where Dagster asks for each event of an asset."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event(self, event: EventLogEntry) -> None:
        """Store one event, and wake those who watch its run: they wait for the file itself to change."""
        super().store_event(event)
        os.utime(self.path_for_shard(event.run_id))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the events of one run that Dagster has gathered, all of them or none."""
        run_id = events[0].run_id
        with self._db_lock, self._connect(run_id) as of_run, self._connect(INDEX_SHARD_NAME) as of_all:
            self._of_batch = {run_id: of_run, INDEX_SHARD_NAME: of_all}
            try:
                for event in events:
                    super().store_event(event)
            finally:
                self._of_batch = {}
        os.utime(self.path_for_shard(run_id))

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events, and what Dagster would leave: the file that held them, and its results of checks.

        The newest result of each check stays, whatever run it is of: it says how the check stands.
        """
        super().delete_events(run_id)
        newest = sqlalchemy.select(sqlalchemy.func.max(_CHECKS.c.id)).group_by(
            _CHECKS.c.asset_key, _CHECKS.c.check_name
        )
        with self.index_connection() as connection:
            # Those too whose runs an older version deleted.
            kept = sqlalchemy.select(_EVENTS.c.run_id).where(_EVENTS.c.run_id.is_not(None))
            connection.execute(_CHECKS.delete().where(_CHECKS.c.run_id.not_in(kept), _CHECKS.c.id.not_in(newest)))
        if run_id in self._engines:
            self._engines.pop(run_id).dispose()
        self._initialized_dbs.discard(run_id)
        path = Path(self.path_for_shard(run_id))
        for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            file.unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close every file."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()
