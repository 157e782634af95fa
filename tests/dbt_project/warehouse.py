"""A warehouse made from Python rows, and dbt run over it in this process."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa

from okr_reports import okrs
from okr_reports.channels.load import ensure_raw_tables
from okr_reports.common.folder_digest import folder_digest
from okr_reports.key_result_types.sql import rows as key_result_types
from okr_reports.okrs.rows import to_tables
from okr_reports.okrs.tables import AMOUNT, TABLES
from okr_reports.settings import Workspace
from okr_reports.warehouse import build_steps, builds, model_functions, ops, snapshot, transform

Row = Mapping[str, Any]

_text, _date = pa.string(), pa.date32()
_moment = pa.timestamp("us", tz="UTC")

SCHEMAS = ("staging", "intermediate", "marts")
# What dlt makes of the channels, as the working agreement between loading and scoring says.
RAW: dict[str, pa.Schema] = {
    "linkedin_ads.accounts": pa.schema(
        {"id": _text, "name": _text, "currency": _text, "timezone": _text, "status": _text}
    ),
    "linkedin_ads.campaign_groups": pa.schema({"id": _text, "account_id": _text, "name": _text, "status": _text}),
    "linkedin_ads.campaigns": pa.schema(
        {"id": _text, "account_id": _text, "campaign_group_id": _text, "name": _text, "status": _text}
    ),
    "linkedin_ads.campaign_analytics": pa.schema(
        {
            "account_id": _text, "date": _date, "campaign_id": _text, "currency": _text,
            "impressions": pa.int64(), "clicks": pa.int64(), "landing_page_clicks": pa.int64(),
            "cost_in_local_currency": AMOUNT, "external_website_conversions": AMOUNT,
            "conversion_value_in_local_currency": AMOUNT, "one_click_leads": pa.int64(), "video_views": pa.int64(),
            "loaded_at": _moment,
        }
    ),
    "ga4.users_by_interval": pa.schema(
        {"account_id": _text, "interval_start": _date, "date": _date, "users": pa.int64(), "loaded_at": _moment}
    ),
    "files.measures": pa.schema(
        {
            "source_id": _text, "source_file": _text, "channel": _text, "date": _date, "account_id": _text,
            "campaign_id": _text, "campaign_name": _text, "currency": _text, "measure": _text, "value": AMOUNT,
            "loaded_at": _moment,
        }
    ),
    "files.file_measures": pa.schema(
        {
            "source_id": _text, "source_file": _text, "channel": _text, "account_id": _text, "measure": _text,
            "spoken_through": _date, "cadence_days": pa.int64(), "is_ended": pa.bool_(),
        }
    ),
}  # fmt: skip

SETTINGS: dict[str, Any] = {
    "organisation": "Acme", "currency": "EUR", "timezone": "Europe/Madrid", "locale": "en-GB", "language": "en",
    "status_on_track": 0.95, "status_at_risk": 0.75, "grace": 0.1,
    "success_committed": 1.0, "success_aspirational": 0.7,
    "check_in_stale_after_days": 10, "close_after_days": 45, "days_before_monday": 0, "gate_stale_after_days": 3,
    "gate_least_fresh": 0.0, "gate_least_kept": 0.0,
}  # fmt: skip


class Warehouse:
    """A warehouse in a folder of its own; rows are dicts, missing columns null.

    The clock stands still at `today`; every `load` counts as one load that ended then.
    """

    def __init__(self, folder: Path, today: date, **settings: Any) -> None:
        self._workspace = Workspace(folder / "okr_definitions", folder / "reports", folder)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._statements: dict[tuple[str, ...], list[str]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        transform.manifest_path(self.workspace)
        self._empty = folder / "empty.duckdb"
        if not self._empty.exists():
            ops.ensure_tables(self.path)
            ensure_raw_tables(self.path, folder / "dlt")
            self._connect_and(self._empty_tables)
            shutil.copy(self.path, self._empty)
        self.emptied(today, **settings)
        self._close()

    @property
    def workspace(self) -> Workspace:
        """Its folders; the warehouse is closed, for whoever asks is about to open or copy it."""
        self._close()
        return self._workspace

    @property
    def path(self) -> Path:
        """Its file, closed as well."""
        return self.workspace.warehouse

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def emptied(self, today: date, **settings: Any) -> Warehouse:
        """The same warehouse as if it were new."""
        shutil.copy(self._empty, self.path)
        # of a process that was ended with it open
        self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)
        self._begin(today, settings)
        return self

    def _begin(self, today: date, settings: Row) -> None:
        self._refreshes = 0
        self.put("definitions.settings", [{**SETTINGS, **settings}])
        self.put("definitions.key_result_types", key_result_types())
        self.at(today)

    def at(self, today: date) -> str:
        """Move the clock and begin a refresh; returns its id."""
        self.today = today
        self._refreshes += 1
        # Ids of runs are random; here they descend, so that nothing passes that takes the highest for the newest.
        self.refresh_id = f"r{9999 - self._refreshes:04d}"
        moment = datetime(today.year, today.month, today.day, 6, tzinfo=UTC) + timedelta(seconds=self._refreshes)
        self.moment = moment
        self.put("definitions.context", [{"today": today, "refresh_id": self.refresh_id, "refreshed_at": moment}])
        return self.refresh_id

    def put(self, table: str, rows: Iterable[Row]) -> None:
        """Replace the rows of a table: `definitions.kpis`, `files.measures` ..."""
        if table == "definitions.channels":
            # As okrs/rows/frame.py says it of each channel, where a test does not.
            rows = [{"is_file": row["kind"] == "file", **row} for row in rows]
        self._write(table, rows, keep=False)

    def clear(self, table: str) -> None:
        """Delete all rows of a table."""
        self._connect_and(lambda connection: connection.execute(f"delete from {table}"))

    def delete(self, table: str, condition: str, *parameters: Any) -> None:
        """Delete the rows that meet a condition."""
        self._connect_and(lambda connection: connection.execute(f"delete from {table} where {condition}", parameters))

    def run(self, statement: str, *parameters: Any) -> None:
        """Run one statement that changes rows."""
        self._connect_and(lambda connection: connection.execute(statement, parameters))

    def define(self, folder: Path) -> None:
        """Land the definitions of a folder as a refresh would, but for the day and its moment. They hold no error."""
        found, findings = okrs.check(folder, today=self.today)
        assert found is not None, [str(one) for one in findings if one.severity == "error"]
        tables = to_tables(found, today=self.today, refresh_id=self.refresh_id, refreshed_at=self.moment, channels=[])
        for name, table in tables.items():
            if name != "context":
                self.put_arrow(f"definitions.{name}", table)

    def put_arrow(self, table: str, rows: pa.Table) -> None:
        """Replace the rows of a table by those of an Arrow table with its columns."""
        self._insert(table, rows, keep=False)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table."""
        self._write(table, rows, keep=True)

    def loaded(self, channel: str, account_id: str = "", **values: Any) -> None:
        """Record how a load of this refresh went; by default all went well through yesterday."""
        self.loaded_all([{"channel": channel, "account_id": account_id, **values}])

    def loaded_all(self, loads: Iterable[Row]) -> None:
        """Record many loads of this refresh, with the same defaults."""
        yesterday = self.today - timedelta(days=1)
        usual = {
            "account_id": "", "started_at": self.moment, "ended_at": self.moment, "state": "loaded", "rows": 1,
            "window_from": None, "window_to": yesterday, "data_through": yesterday, "error": None, "load_id": None,
            "note": None, "unknown_measures": (),
        }  # fmt: skip
        ops.record_loads(self.path, self.refresh_id, [SimpleNamespace(**{**usual, **load}) for load in loads])

    def publish(self) -> None:
        """Record that this refresh was published."""
        ops.record_publication(
            self.path,
            refresh_id=self.refresh_id,
            published_on=self.today,
            published_at=self.moment,
            release_id=self.refresh_id,
        )

    def build(self, *arguments: str) -> None:
        """Run the models, without tests.

        By the statements that dbt has come to before for the same arguments and tables (docs/decisions, 0142), which
        spares two thirds of the time; where these fail dbt says why.
        """
        project = folder_digest(transform.shipped("dbt_project"))
        wanted = (project, builds.state(self.workspace).structure, *arguments)
        if (known := self._statements.get(wanted) or _of_others(wanted)) and self._run_all(known):
            self._statements[wanted] = known
            return
        recorder = build_steps.Recorder()
        # Writing the manifest and the results as JSON costs as much as a third of the models.
        transform.invoke(self.workspace, ["run", "--no-write-json", *arguments], recorder=recorder)
        self._statements[wanted] = [sql for step in recorder.steps for sql in build_steps.that_count(step)]
        _tell_others(wanted, self._statements[wanted])

    def _run_all(self, statements: Sequence[str]) -> bool:
        with duckdb.connect(str(self.path)) as connection:
            model_functions.register(connection)
            connection.execute("begin")
            try:
                for sql in (*(f"create schema if not exists {schema}" for schema in SCHEMAS), *statements):
                    connection.execute(sql)
                connection.execute("commit")
            except duckdb.Error:
                return False
        return True

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query as dicts."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            cursor = connection.execute(query, list(parameters))
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def copied(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query over the analysts' copy, made anew: there are the sentences."""
        snapshot.write_snapshot(self.path, self.workspace.snapshot)
        with duckdb.connect(str(self.workspace.snapshot), read_only=True) as connection:
            cursor = connection.execute(query, list(parameters))
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, query: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """The only row of a query."""
        (only,) = self.rows(query, parameters)
        return only

    def _empty_tables(self, connection: duckdb.DuckDBPyConnection) -> None:
        schemas = {**{f"definitions.{name}": schema for name, schema in TABLES.items()}, **RAW}
        for name, schema in schemas.items():
            empty = schema.empty_table()
            connection.register("empty", empty)
            connection.execute(f"create schema if not exists {name.split('.')[0]}")
            connection.execute(f"create or replace table {name} as from empty")
            connection.unregister("empty")

    def _write(self, table: str, rows: Iterable[Row], *, keep: bool) -> None:
        schema = RAW.get(table) or TABLES[table.removeprefix("definitions.")]
        columns = {
            field.name: pa.array([_exact(row.get(field.name), field.type) for row in rows], field.type)
            for rows in [list(rows)]
            for field in schema
        }
        self._insert(table, pa.table(columns, schema=schema), keep=keep)

    def _insert(self, table: str, arrow: pa.Table, *, keep: bool) -> None:
        def write(connection: duckdb.DuckDBPyConnection) -> None:
            connection.register("arrow", arrow)
            if not keep:
                connection.execute(f"delete from {table}")
            connection.execute(f"insert into {table} by name from arrow")
            connection.unregister("arrow")

        self._connect_and(write)

    def _connect_and(self, write: Any) -> None:
        # Open from row to row: to open and close the file takes ten times as long as to write a few.
        if self._connection is None:
            self._connection = duckdb.connect(str(self._workspace.warehouse))
        write(self._connection)


def _shared(wanted: tuple[str, ...]) -> Path | None:
    """Where the processes of this run of the tests tell each other what dbt came to; mutants keep it to themselves."""
    folder = os.environ.get("OKR_PARSED_DIR") if "OKR_TEST_MODELS" not in os.environ else None
    return Path(folder) / f"{sha256(repr(wanted).encode()).hexdigest()}.statements" if folder else None


def _of_others(wanted: tuple[str, ...]) -> list[str]:
    path = _shared(wanted)
    return list(json.loads(path.read_text(encoding="utf-8"))) if path and path.exists() else []


def _tell_others(wanted: tuple[str, ...], statements: Sequence[str]) -> None:
    if path := _shared(wanted):
        path.parent.mkdir(parents=True, exist_ok=True)
        building = path.with_suffix(f".{os.getpid()}")
        building.write_text(json.dumps(statements), encoding="utf-8")
        building.replace(path)


def _exact(value: Any, type_: pa.DataType) -> Any:
    """Amounts through text: a float's own decimal digits, not its binary ones."""
    if value is None or not pa.types.is_decimal(type_):
        return value
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-type_.scale))
