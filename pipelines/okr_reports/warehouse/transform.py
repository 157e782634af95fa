"""dbt in this process: starting it as a program costs 4 s of imports and parsing for every call."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from okr_reports.common.folder_digest import folder_digest
from okr_reports.errors import TransformError
from okr_reports.key_result_types.sql import variables
from okr_reports.settings import Workspace, engine, is_distributed, shipped
from okr_reports.spark.marts import Contract, contracts_of
from okr_reports.spark.settings import SparkSettings, read_settings
from okr_reports.warehouse import own_models, parsed
from okr_reports.warehouse.build_steps import Recorder
from okr_reports.warehouse.snapshot import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbt.cli.main import dbtRunnerResult

logger = logging.getLogger("okr")
# The views of this project, as dbt selects them.
VIEWS = "config.materialized:view,package:okr_reports"
# dbt's own names of the events that end a node.
_RESULT_EVENTS = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}


def manifest_path(workspace: Workspace) -> Path:
    """dbt's parsed project, parsed anew when the project or dbt is another than it was parsed from, or it is damaged.

    Raises TransformError if the project does not parse.
    """
    manifest = workspace.dbt_target_dir / "manifest.json"
    parsed_from = manifest.with_name("parsed_from")
    # By content: an installed file is as old as its installer says, so that an upgrade may bring older ones.
    shipped_project = f"{version('dbt-core')} {folder_digest(shipped('dbt_project'))}"
    project = f"{shipped_project} {own_models.digest(workspace)}"
    if not _is_parsed_from(project, manifest, parsed_from):
        workspace.dbt_dir.mkdir(parents=True, exist_ok=True)
        # Of several processes that begin together one parses, into files that all of them read.
        with FileLock(workspace.dbt_dir / "parse.lock"):
            if not _is_parsed_from(project, manifest, parsed_from):
                parsed.borrow(workspace, shipped_project, _given(workspace))
                own_models.parse(workspace, lambda: invoke(workspace, ["parse"]))
                parsed_from.write_bytes(_seal(project, manifest))
                parsed.lend(workspace, shipped_project, _given(workspace))
    return manifest


def _seal(project: str, manifest: Path) -> bytes:
    return f"{project} {sha256(manifest.read_bytes()).hexdigest()}".encode()


def _is_parsed_from(project: str, manifest: Path, parsed_from: Path) -> bool:
    try:
        written, seal = parsed_from.read_bytes(), _seal(project, manifest)
    except OSError:
        return False
    if written != seal and written.startswith(project.encode()):
        logger.warning("%s is damaged (its content is not what dbt wrote); it is made anew", manifest)
        # what dbt would go on from may be damaged as well
        manifest.with_name("partial_parse.msgpack").unlink(missing_ok=True)
    return written == seal


def contracts(workspace: Workspace) -> list[Contract]:
    """What every mart promises of its columns."""
    manifest = json.loads(manifest_path(workspace).read_text(encoding="utf-8"))
    return contracts_of(manifest["nodes"], [SCHEMA])


def build(
    workspace: Workspace,
    select: Sequence[str] = (),
    on_event: Callable[[dict[str, Any]], None] | None = None,
    anew: bool = False,
    with_tests: bool = True,
    exclude: Sequence[str] = (),
    with_views: bool = True,
    recorder: Recorder | None = None,
) -> dbtRunnerResult:
    """Build and test the models against the warehouse, unit tests left out (they run in `make test`).

    Without `with_tests` only those tests run that are selected themselves. With `anew` nothing is carried over from
    the build before but what was reported and resolved for good. Without `with_views` views of this project stay, of a
    build of everything; tests of what they show run. `on_event` gets dbt's structured result events as they happen,
    with the `rows` of a table; `recorder` these, and the statements of each node.
    Raises TransformError naming the nodes that failed.
    """
    # Writing manifest.json and run_results.json anew costs 0.8 s, and `parse` has written the manifest.
    arguments = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
    if select:
        arguments += ["--select", *select]
        # A test over models that were never built would fail: it runs where all of its models are there.
        arguments += ["--indirect-selection", "buildable" if with_tests else "empty"]
    elif not with_views:
        exclude = [*exclude, VIEWS]
        # the tests of a view are left out with it otherwise
        arguments += ["--indirect-selection", "empty"]
    if exclude:
        arguments += ["--exclude", *exclude]
    if anew:
        arguments.append("--full-refresh")
    return invoke(workspace, arguments, on_event, recorder)


def tagged(*built: dbtRunnerResult | None, tag: str) -> set[str]:
    """The models that were built and carry a tag."""
    results = [result for outcome in built if outcome is not None for result in getattr(outcome.result, "results", [])]
    nodes: list[Any] = [result.node for result in results if str(result.status) == "success"]
    return {node.unique_id for node in nodes if node.resource_type == "model" and tag in node.tags}


def invoke(
    workspace: Workspace,
    arguments: Sequence[str],
    on_event: Callable[[dict[str, Any]], None] | None = None,
    recorder: Recorder | None = None,
) -> dbtRunnerResult:
    """Run one dbt command in process, files kept in the data folder, and close its connections after it.

    Raises TransformError, but not for models of the workspace's own that fail: their results say so.
    """
    from dbt.cli.main import dbtRunner

    parsed.hold_anywhere()
    given = _given(workspace)
    with _environment(workspace):
        callbacks = [_structured(on_event, recorder)] if on_event or recorder else []
        try:
            outcome = dbtRunner(callbacks=callbacks).invoke(
                [
                    "--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none", *arguments,
                    "--project-dir", str(shipped("dbt_project")), "--profiles-dir", str(shipped("dbt_project")),
                    "--target-path", str(workspace.dbt_target_dir.absolute()),
                    "--target", engine(), *(["--vars", json.dumps(given)] if given else []),
                ]
            )  # fmt: skip
        finally:
            _close_connections()
    failed = own_models.failed(outcome)
    if not outcome.success and not (failed and all(own_models.is_own(failure) for failure in failed)):
        raise TransformError(_why(outcome, arguments[0]))
    return outcome


def _given(workspace: Workspace) -> dict[str, Any]:
    """dbt's variables that are not the project's own."""
    return variables() | own_models.variables(workspace)


@contextmanager
def _environment(workspace: Workspace) -> Iterator[None]:
    """The variables that dbt_project/ reads."""
    added = {
        "OKR_WAREHOUSE": str(workspace.warehouse),
        "DBT_LOG_PATH": str((workspace.dbt_dir / "logs").absolute()),
        "OKR_DBT_PACKAGES": str(own_models.packages_dir(workspace)),
    }
    if is_distributed():
        added |= _of_spark(read_settings(workspace))
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _of_spark(settings: SparkSettings) -> dict[str, str]:
    return {
        "OKR_SPARK_HOST": settings.host,
        "OKR_SPARK_PORT": str(settings.port),
        "OKR_SPARK_AUTH": settings.auth,
        "OKR_SPARK_USER": settings.user,
        # dbt writes no variable of this name into its files
        "DBT_ENV_SECRET_OKR_SPARK_PASSWORD": settings.password or "",
        "OKR_SPARK_THREADS": str(settings.threads),
        "OKR_SPARK_LAKE": settings.lake_of_spark,
        "OKR_SPARK_TABLE_FORMAT": settings.table_format,
    }


def _close_connections() -> None:
    """dbt-duckdb keeps its connection for the process's life; the next stage could not open the file."""
    if is_distributed():
        return
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with DuckDBConnectionManager._LOCK:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _rows_of(relation: str) -> int:
    """Rows of a table that dbt has just built, over its own connection: the file is open for nobody else."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment: Any = DuckDBConnectionManager._ENV
    cursor = environment.conn.cursor()
    try:
        return int(cursor.execute(f"select count(*) from {relation}").fetchone()[0])
    finally:
        cursor.close()


def _structured(on_event: Callable[[dict[str, Any]], None] | None, recorder: Recorder | None) -> Callable[[Any], None]:
    from google.protobuf.json_format import MessageToDict

    def forward(event: Any) -> None:
        if recorder and event.info.name == "SQLQuery":
            recorder.hear_statement(event.data.node_info.unique_id, event.data.sql)
        if event.info.name in _RESULT_EVENTS:
            said = MessageToDict(event, preserving_proto_field_name=True)
            node = said["data"].get("node_info", {})
            # Spark would read a table again to count it.
            if (
                not is_distributed()
                and said["info"]["level"] != "error"
                and node.get("materialized") in ("table", "incremental")
            ):
                said["rows"] = _rows_of(node["node_relation"]["relation_name"])
            if recorder:
                recorder.hear_end(said)
            if on_event:
                on_event(said)

    return forward


def _why(outcome: dbtRunnerResult, command: str) -> str:
    if outcome.exception is not None:
        return f"dbt {command}: {outcome.exception}"
    failed = [
        f"{result.node.name} ({result.node.original_file_path}): {_without_java(result.message or result.status)}"
        for result in getattr(outcome.result, "results", [])
        if result.status in ("error", "fail", "runtime error")
    ]
    return f"dbt {command} failed: " + "; ".join(failed or ["no node says why, see the dbt log in the data folder"])


def _without_java(message: str) -> str:
    """What Spark says, without the hundred lines of where in Java it said it; any other message as it is."""
    return re.split(r"\n\s*at [\w.$]+\(|\s+\[?Caused by: ", message, maxsplit=1)[0].strip()
