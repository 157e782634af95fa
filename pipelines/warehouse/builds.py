"""Whether the models would come out any different from the last time they were built.

A refresh that brings nothing new need not compute 80 models again, 5 of its seconds. What decides is compared, never
guessed: the definitions' rows and the day, dlt's newest load of each channel and the raw tables' sizes, how each
source's last load went, the dbt project with its versions, and that all its tables are still there. Moments alone (when
a source was last asked) are told by the few models that carry the tag `every_refresh`; those are built each time.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any

import duckdb

from pipelines.equal_rows import MOMENTS
from pipelines.folder_digest import folder_digest
from pipelines.settings import Workspace, shipped
from pipelines.warehouse.snapshot import quoted_name

EVERY_REFRESH = "tag:every_refresh"
_MODELS = ("staging", "intermediate", "marts")
_NOT_RAW = (*_MODELS, "definitions", "ops", "main")
_MOMENTARY = ("_dlt_load_id", "_dlt_id", *MOMENTS)


def inputs(workspace: Workspace) -> str:
    """A digest of all that the models are made from."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        tables = _tables(connection)
        said = [
            _project(),
            [
                [table, _content(connection, table)]
                for schema, table in tables
                if schema == "definitions" and not table.startswith("_dlt")
            ],
            [
                [
                    schema,
                    table,
                    _newest(connection, schema) if table == "_dlt_loads" else _size(connection, schema, table),
                ]
                for schema, table in tables
                if schema not in _NOT_RAW and not schema.endswith("_staging")
            ],
            _last_loads(connection),
        ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def is_current(workspace: Workspace, made_from: str) -> bool:
    """Whether the models in the warehouse were made from these inputs, and none of them is gone or was emptied."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        try:
            last = connection.execute("select inputs, models from ops.last_build").fetchall()
        except duckdb.CatalogException:
            return False
        return last == [(made_from, _models(connection))]


def is_of_another_project(workspace: Workspace) -> bool:
    """Whether the rows that models carry from build to build were made by other models, macros or versions than now.

    Scored days are computed again where their inputs changed; a rule that changed is no input of any of them.
    """
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        try:
            return connection.execute("select digest from ops.built_project").fetchall() != [(_project(),)]
        except duckdb.CatalogException:
            return True


def forget(workspace: Workspace) -> None:
    """A build begins: until it has ended well, nothing may pass for built."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create or replace table ops.last_build (inputs varchar not null, models varchar not null)")


def note(workspace: Workspace, made_from: str) -> None:
    """Write down what the models were made from, after they all were built and tested."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("insert into ops.last_build values (?, ?)", [made_from, _models(connection)])
        connection.execute("create or replace table ops.built_project (digest varchar not null)")
        connection.execute("insert into ops.built_project values (?)", [_project()])


def _project() -> str:
    versions = [version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    return " ".join([folder_digest(shipped("dbt_project")), *versions])


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> Any:
    left_out = f"columns(lambda name: name not in {_MOMENTARY})"
    sql = f"select count(*), sum(hash(row)) from (select {left_out} from definitions.{quoted_name(table)}) as row"
    return connection.execute(sql).fetchall()


def _size(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> Any:
    return connection.execute(f"select count(*) from {quoted_name(schema)}.{quoted_name(table)}").fetchall()


def _newest(connection: duckdb.DuckDBPyConnection, schema: str) -> Any:
    return connection.execute(f"select max(load_id) from {quoted_name(schema)}._dlt_loads where status = 0").fetchall()


def _last_loads(connection: duckdb.DuckDBPyConnection) -> Any:
    """How each account's load went in the last refresh that loaded its channel."""
    return connection.execute(
        """
        select channel, account_id, state, data_through, error, load_id from ops.source_loads
        qualify refresh_id = last_value(refresh_id) over (
            partition by channel order by ended_at, refresh_id rows between unbounded preceding and unbounded following
        )
        order by all
        """
    ).fetchall()


def _models(connection: duckdb.DuckDBPyConnection) -> str:
    tables = [(*one, _size(connection, *one)) for one in _tables(connection) if one[0] in _MODELS]
    views = connection.execute(
        "select schema_name, view_name from duckdb_views() where schema_name in ('staging', 'intermediate', 'marts')"
        " order by all"
    ).fetchall()
    return hashlib.sha256(json.dumps([tables, views]).encode()).hexdigest()
