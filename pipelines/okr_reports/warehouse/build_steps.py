"""The statements of a build, kept so that the next one runs them without dbt.

What dbt asks of DuckDB for a model or a test follows from the project, its variables and the columns of the tables that
are there, which are the `structure` of `builds.State`, and never from rows. Where the structure is what it was, dbt
would come to the same statements, and takes 4 s for that before DuckDB has done anything. They run in one transaction:
where one fails, or a test finds something, nothing has happened, and dbt builds and says what is wrong.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.settings import Workspace
from okr_reports.warehouse import model_functions

Event = dict[str, Any]
Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Step:
    """A model or a test: its statements, and what dbt said at its end."""

    node: str
    statements: Sequence[str]
    event: Event

    @property
    def is_test(self) -> bool:
        return self.node.startswith("test.")


class Recorder:
    """Takes down the steps of a build from dbt's events."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._statements: dict[str, list[str]] = defaultdict(list)

    def hear_statement(self, node: str, sql: str) -> None:
        self._statements[node].append(sql)

    def hear_end(self, event: Event) -> None:
        node = event["data"].get("node_info", {}).get("unique_id", "")
        self.steps.append(Step(node, self._statements.pop(node, []), event))


class _FoundError(Exception):
    """A test found something."""


def keep(workspace: Workspace, steps: Sequence[Step], moments: Collection[str], structure: str | None) -> None:
    """Write down the steps of a build of everything.

    `moments`: the models that are filled by every refresh; they alone are kept where dbt would come to other statements
    the next time (`structure` is None): a first build makes what the next ones change.
    """
    kept = [
        [position, step.node, statements, json.dumps(step.event), step.node in moments, structure]
        for position, step in enumerate(steps)
        if (structure or step.node in moments) and (statements := that_count(step))
    ]
    with warehouse_file.connect(workspace.warehouse) as connection:
        connection.execute(
            "create or replace table ops.build_steps (position bigint, node varchar, statements varchar[],"
            " event varchar, is_moment boolean, structure varchar)"
        )
        if kept:
            connection.executemany("insert into ops.build_steps values (?, ?, ?, ?, ?, ?)", kept)


def repeat(workspace: Workspace, structure: str, tell: Tell | None) -> bool:
    """Build and test everything by the steps of the last build; False where that cannot be and nothing has changed."""
    return _repeat(workspace, "structure = ?", [structure], tell)


def repeat_moments(workspace: Workspace, tell: Tell | None) -> bool:
    """Fill the tables that tell moments anew, where the models are current; False where nothing has changed."""
    return _repeat(workspace, "is_moment", [], tell)


def that_count(step: Step) -> list[str]:
    """What changes rows, and of a test its question; dbt asks more for itself and begins transactions of its own."""
    kinds = {sql: {statement.type for statement in duckdb.extract_statements(sql)} for sql in step.statements}
    asks = {duckdb.StatementType.SELECT}
    if step.is_test:
        return [sql for sql, kind in kinds.items() if kind == asks][-1:]
    return [sql for sql, kind in kinds.items() if kind - asks - {duckdb.StatementType.TRANSACTION}]


def _repeat(workspace: Workspace, condition: str, parameters: Sequence[str], tell: Tell | None) -> bool:
    with warehouse_file.connect(workspace.warehouse) as connection:
        try:
            steps = [
                Step(node, statements, json.loads(event))
                for node, statements, event in connection.execute(
                    f"select node, statements, event from ops.build_steps where {condition} order by position",
                    parameters,
                ).fetchall()
            ]
        except (duckdb.CatalogException, duckdb.BinderException):  # none were kept
            return False
        model_functions.register(connection)
        connection.execute("begin")
        try:
            events = [_run(connection, step) for step in steps]
            connection.execute("commit")
        except (duckdb.Error, _FoundError):
            return False
    for event in events if tell else ():
        tell(event)  # type: ignore[misc]
    return bool(steps)


def _run(connection: duckdb.DuckDBPyConnection, step: Step) -> Event:
    """Run a step; dbt's event of its end, with the times of now."""
    began = _now()
    for statement in step.statements:
        answer = connection.execute(statement)
        if step.is_test and any(answer.fetchone() or ()):
            raise _FoundError(step.node)
    node = step.event["data"]["node_info"]
    event = {
        **step.event,
        "data": {
            **step.event["data"],
            "node_info": {**node, "node_started_at": began, "node_finished_at": _now()},
        },
    }
    if "rows" in event:
        counted = f"select count(*) from {node['node_relation']['relation_name']}"
        (event["rows"],) = connection.execute(counted).fetchone() or (0,)
    return event


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()
