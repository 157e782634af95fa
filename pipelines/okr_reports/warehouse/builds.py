"""Whether the models would come out any different from the last time they were built.

A refresh that brings nothing new need not compute all models again, 5 of its seconds. What decides is compared, never
guessed: the definitions' rows and the day, dlt's newest load of each channel and the raw tables' sizes, how each
source's last load went, the dbt project with its versions, and that all its tables are still there. Moments alone (when
a source was last asked) are in the few models that carry the tag `every_refresh`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.finished_loads import finished_loads
from okr_reports.common.folder_digest import folder_digest
from okr_reports.common.model_files import model_files
from okr_reports.common.sql_text import quoted_name
from okr_reports.key_result_types.sql import variables
from okr_reports.settings import Workspace, is_distributed, shipped
from okr_reports.warehouse import own_models

# The tag of the models that are filled anew by every refresh.
EVERY_REFRESH = "every_refresh"
_MODELS = ("staging", "intermediate", "marts", own_models.SCHEMA)
_NOT_RAW = (*_MODELS, "definitions", "ops", "main")
_MOMENTARY = ("_dlt_load_id", "_dlt_id", *MOMENTS)


@dataclass(frozen=True)
class State:
    """What the models would be made from now, and whether those in the warehouse are to stay.

    `is_current`: they were made from just that, and none of them is gone or was emptied. `is_of_another_project`: the
    rows that models carry from build to build were made by other models, macros or versions than now. Days of facts are
    made again where what they are made from differs; a rule that changed does not show there. `is_unfinished`: the last
    build did not end. DuckDB's models see by themselves what it left half done, those of other engines do not.
    `structure`: a digest of all that dbt makes statements of, which are the project, its variables, the views and the
    columns of tables. `has_its_views`: it is what a build that ended well left, so that each view would be made of the
    same words again.
    """

    made_from: str
    is_current: bool
    is_of_another_project: bool
    is_unfinished: bool
    structure: str
    has_its_views: bool

    @property
    def needs_all(self) -> bool:
        """Whether nothing may be carried over into the next build."""
        return self.is_of_another_project or (self.is_unfinished and is_distributed())


def state(workspace: Workspace) -> State:
    """How the warehouse stands before a build."""
    with warehouse_file.connect(workspace.warehouse, read_only=True) as connection:
        project = _project()
        own = [own_models.digest(workspace), own_models.variables(workspace)]
        made_from = _digest([project, *own, *_inputs(connection)])
        last_build = _rows_if_there(connection, "select inputs, models from ops.last_build")
        views = _rows_if_there(connection, "select views from ops.last_build")
        structure = _structure(workspace, connection, project)
        return State(
            made_from,
            is_current=last_build == [(made_from, _models(connection))],
            is_of_another_project=_rows_if_there(connection, "select digest from ops.built_project") != [(project,)],
            is_unfinished=not last_build,
            structure=structure,
            has_its_views=not is_distributed() and views == [(structure,)],
        )


def invalidate(workspace: Workspace) -> None:
    """A build begins: until it has ended well, nothing may pass for built."""
    with warehouse_file.connect(workspace.warehouse) as connection:
        _forget_last(connection)


def record(workspace: Workspace, made_from: str) -> str:
    """Write down what the models were made from, after they all were built and tested; the structure they have now."""
    project = _project()
    with warehouse_file.connect(workspace.warehouse) as connection:
        structure = _structure(workspace, connection, project)
        # where a model is broken, views that rest on it may not be there
        found = [made_from, _models(connection), made_from and structure]
        connection.execute("begin")
        _forget_last(connection)
        connection.execute("insert into ops.last_build values (?, ?, ?)", found)
        connection.execute("create or replace table ops.built_project (digest varchar not null)")
        connection.execute("insert into ops.built_project values (?)", [project])
        connection.execute("commit")
    return structure


def _forget_last(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create or replace table ops.last_build"
        " (inputs varchar not null, models varchar not null, views varchar not null)"
    )


def _project() -> str:
    versions = [version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    return " ".join([folder_digest(shipped("dbt_project")), *versions])


def _inputs(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    tables = _tables(connection)
    raw = [table for table in tables if table[0] not in _NOT_RAW and not table[0].endswith("_staging")]
    return [
        [
            [table, _content(connection, table)]
            for schema, table in tables
            if schema == "definitions" and not table.startswith("_dlt")
        ],
        [[schema, _newest(connection, schema)] for schema, table in raw if table == "_dlt_loads"],
        _sizes(connection, [table for table in raw if table[1] != "_dlt_loads"]),
        _last_loads(connection),
    ]


def _digest(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def _rows_if_there(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    try:
        return connection.execute(sql).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):  # a table or a column of it that is not there yet
        return []


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> Any:
    left_out = f"columns(lambda name: name not in {_MOMENTARY})"
    sql = f"select count(*), sum(hash(row)) from (select {left_out} from definitions.{quoted_name(table)}) as row"
    return connection.execute(sql).fetchall()


def _sizes(connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]]) -> list[Any]:
    """Each table with how many rows it has, asked at once: a hundred questions one by one take a tenth of a second."""
    counts = [f"(select count(*) from {quoted_name(schema)}.{quoted_name(table)})" for schema, table in tables]
    (sizes,) = connection.execute(f"select [{', '.join(counts)}]").fetchone() or ([],)
    return list(zip(tables, sizes, strict=True))


def _newest(connection: duckdb.DuckDBPyConnection, schema: str) -> Any:
    return connection.execute(f"select max(load_id) from ({finished_loads(schema)})").fetchall()


def _last_loads(connection: duckdb.DuckDBPyConnection) -> Any:
    """How each account's load went in the last refresh that loaded its channel."""
    return connection.execute(
        """
        select channel, account_id, state, data_through, error, load_id, note, unknown_measures from ops.source_loads
        qualify refresh_id = last_value(refresh_id) over (
            partition by channel order by ended_at, refresh_id rows between unbounded preceding and unbounded following
        )
        order by all
        """
    ).fetchall()


def _models(connection: duckdb.DuckDBPyConnection) -> str:
    tables = _sizes(connection, [table for table in _tables(connection) if table[0] in _MODELS])
    return _digest([tables, [view[:2] for view in _views_of_models(connection)]])


def _structure(workspace: Workspace, connection: duckdb.DuckDBPyConnection, project: str) -> str:
    # of what the package holds exposures and metrics make no statement
    own = folder_digest(workspace.models_dir) if model_files(workspace) else ""
    words = [project, variables(), own, own_models.variables(workspace)]
    return _digest([words, _views_of_models(connection), _columns_of_models(connection)])


def _views_of_models(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return _of_models(connection, "schema_name, view_name, sql, comment from duckdb_views()", "all")


def _columns_of_models(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    what = "schema_name, table_name, column_name, data_type from duckdb_columns()"
    return _of_models(connection, what, "schema_name, table_name, column_index")


def _of_models(connection: duckdb.DuckDBPyConnection, what: str, order: str) -> list[tuple[Any, ...]]:
    sql = f"select {what} where list_contains(?, schema_name) order by {order}"
    return connection.execute(sql, [list(_MODELS)]).fetchall()
