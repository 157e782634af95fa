"""Models of the workspace's own: a dbt package beside ours, built and tested in the same run, in a schema of its own.

Nothing of ours waits for them but `int_model_days_summed`, which reads those that KPIs name. One that cannot be parsed
or built, whose test fails, or that is made of what its own KPI makes, is said with its place, and the rest is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from okr_reports.common import warehouse_file
from okr_reports.common.folder_digest import folder_digest
from okr_reports.common.model_files import KINDS, model_files, model_names
from okr_reports.common.sql_text import quoted_name
from okr_reports.errors import TransformError
from okr_reports.settings import Workspace, is_distributed

# The package's name, and the schema of its tables in the warehouse and in the analysts' copy.
PACKAGE = "workspace"
SCHEMA = "models"
_READER = "model.okr_reports.int_model_days_summed"
_FAILED = ("error", "fail", "runtime error")
_PROJECT = f"""name: {PACKAGE}
version: "1.0.0"
config-version: 2
model-paths: [models, generated]
models:
  {PACKAGE}:
    +schema: {SCHEMA}
    +materialized: table
    +persist_docs: {{relation: true, columns: true}}
"""
# Its name stays known, so that a test or a description of it is no second fault.
_STUB = "{{ config(enabled=false) }}\nselect 1\n"
_NAMED_FILE = re.compile(r"\b((?:models|generated)/[^\s():']+\.(?:sql|ya?ml|md))")


@dataclass(frozen=True)
class Faults:
    """What is wrong as the files are written: by file (below `models/`), and by model that would make a cycle."""

    files: dict[str, str] = field(default_factory=dict)
    cycles: dict[str, str] = field(default_factory=dict)

    def by_model(self) -> dict[str, str]:
        return {
            Path(name).stem if name.endswith(".sql") else name: why for name, why in self.files.items()
        } | self.cycles


def packages_dir(workspace: Workspace) -> Path:
    """Where dbt finds the package."""
    return (workspace.dbt_dir / "packages").absolute()


def generated_dir(workspace: Workspace) -> Path:
    """What the refresh writes of definitions and pages for dbt."""
    return workspace.dbt_dir / "generated"


def digest(workspace: Workspace) -> str:
    """A word for what the package is made of."""
    folders = [workspace.models_dir, generated_dir(workspace)] if not is_distributed() else []
    return " ".join(folder_digest(folder) for folder in folders if folder.is_dir())


def variables(workspace: Workspace) -> dict[str, Any]:
    """dbt's variable of KPIs over models: of those that are there and may be read; empty where there are none."""
    wrong = read_faults(workspace).by_model()
    there = model_names(workspace) - wrong.keys()
    try:
        said = json.loads((generated_dir(workspace) / "model_kpis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    kpis = [kpi for kpi in said if kpi["model"] in there]
    return {"model_kpis": kpis} if kpis else {}


def read_faults(workspace: Workspace) -> Faults:
    """What the last parse found."""
    try:
        return Faults(**json.loads(_faults_file(workspace).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Faults()


def parse(workspace: Workspace, run: Callable[[], object]) -> None:
    """Parse by `run`, without the files that cannot be; raises TransformError where it is not the package's fault."""
    files: dict[str, str] = {}
    cycles: dict[str, str] = {}
    sources = model_files(workspace)
    while True:
        _keep(workspace, Faults(files, cycles))
        _prepare(workspace, sources, files)
        try:
            run()
        except TransformError as error:
            found = _NAMED_FILE.search(str(error))
            name = found[1].partition("/")[2] if found else ""
            if found and name in sources and name not in files:
                files[name] = _said(workspace, sources[name], str(error))
            elif found and (generated := generated_dir(workspace) / name).is_file():
                # of pages or KPIs that name a model which is left out
                generated.unlink()
            elif left := [path for path in sources if path not in files]:
                files |= {path: _said(workspace, sources[path], str(error), line=1) for path in left}
            else:
                raise
            continue
        new_files, new_cycles = _cycles(workspace, sources)
        if not new_files.keys() - files.keys() and not new_cycles.keys() - cycles.keys():
            return
        files |= new_files
        cycles |= new_cycles


def _prepare(workspace: Workspace, sources: Mapping[str, Path], left_out: Collection[str]) -> None:
    """Make the package as the files are now; what has not changed is not written again."""
    package = packages_dir(workspace) / PACKAGE
    wanted = {"dbt_project.yml": _PROJECT.encode()}
    for name, path in sources.items():
        if name not in left_out:
            wanted[f"models/{name}"] = path.read_bytes()
        elif name.endswith(".sql"):
            wanted[f"models/{name}"] = _STUB.encode()
    for path in sorted(generated_dir(workspace).glob("*.*")) if not is_distributed() else ():
        if path.suffix in KINDS:
            wanted[f"generated/{path.name}"] = path.read_bytes()
    there = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    for name in there.keys() - wanted.keys():
        there[name].unlink()
    for name, content in wanted.items():
        path = package / name
        if name not in there or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _cycles(workspace: Workspace, sources: Mapping[str, Path]) -> tuple[dict[str, str], dict[str, str]]:
    """Models made of themselves, and those that feed a KPI and are made of what KPIs make."""
    manifest = json.loads((workspace.dbt_target_dir / "manifest.json").read_text(encoding="utf-8"))
    parents: dict[str, list[str]] = manifest["parent_map"]
    own = {key: node for key, node in manifest["nodes"].items() if key.startswith(f"model.{PACKAGE}.")}
    feeding = {model for model in parents.get(_READER, ()) if model in own}
    files, cycles = {}, {}
    for key, node in own.items():
        name = node["original_file_path"].partition("/")[2]
        above = _above(key, parents)
        if key in above and not (key in feeding and _READER in above):
            files[name] = f"{_place(workspace, sources[name])}:1: it is made of itself; remove one `ref` of the circle"
        elif key in feeding and _READER in above:
            step = next(parent for parent in parents[key] if parent == _READER or _READER in _above(parent, parents))
            read = step.rpartition(".")[2]
            line = _line_of(sources[name], read)
            cycles[node["name"]] = (
                f"{_place(workspace, sources[name])}:{line}: it reads {read}, which is made of KPIs, and a KPI is made"
                " of it; read fct_measure_daily, fct_ad_daily, dim_campaign, dim_account or dim_date"
            )
    return files, cycles


def _above(key: str, parents: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(parents.get(key, ()))
    while todo:
        model = todo.pop()
        if model not in found:
            found.add(model)
            todo += parents.get(model, ())
    return found


def failed(outcome: Any) -> list[Any]:
    """The results that did not go well, of all packages."""
    return [result for result in getattr(outcome.result, "results", None) or [] if str(result.status) in _FAILED]


def is_own(result: Any) -> bool:
    return bool(result.node.package_name == PACKAGE)


def faults_of(workspace: Workspace, outcome: Any) -> tuple[dict[str, str], list[Any]]:
    """Model -> what is wrong with it, with its place; and the nodes that dbt skipped for it and that do not need it."""
    sources = model_files(workspace)
    found: dict[str, str] = {}
    broken: set[str] = set()
    for result in failed(outcome):
        node = result.node
        path = sources.get(node.original_file_path.partition("/")[2])
        tested = [parent for parent in node.depends_on.nodes if parent.startswith(f"model.{PACKAGE}.")]
        is_test = node.resource_type == "test"
        about = (getattr(node, "attached_node", None) or (tested or [node.unique_id])[0]) if is_test else node.unique_id
        broken.add(about)
        name = about.rpartition(".")[2]
        said = f"test {node.name}: {result.message}" if is_test else str(result.message)
        place = _said(workspace, path, said, about=name if is_test else "") if path else said
        found[name] = f"{found[name]}; {place}" if name in found else place
    skipped = [result.node for result in getattr(outcome.result, "results", []) if str(result.status) == "skipped"]
    waiting = []
    for node in skipped:
        if node.package_name == PACKAGE and broken.intersection(node.depends_on.nodes):
            broken.add(node.unique_id)
            if node.resource_type == "model":
                rests = ", ".join(parent.rpartition(".")[2] for parent in node.depends_on.nodes if parent in broken)
                path = sources[node.original_file_path.partition("/")[2]]
                found[node.name] = f"{_place(workspace, path)}:1: it was not built, for it is made of {rests}"
        elif broken:
            waiting.append(node)
    return found, waiting


def drop_removed(workspace: Workspace) -> None:
    """What models left in the warehouse whose files are gone."""
    there = model_names(workspace)
    with warehouse_file.connect(workspace.warehouse) as connection:
        for name, kind in relations(connection, ""):
            if name not in there:
                connection.execute(f"drop {kind} {SCHEMA}.{quoted_name(name)} cascade")


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str]]:
    """The tables and views in the schema of an attached database (`''`: of the connection's own), with their kind."""
    return connection.execute(
        """
        select table_name, 'table' from duckdb_tables() where schema_name = $schema and database_name = $database
        union all
        select view_name, 'view' from duckdb_views() where schema_name = $schema and database_name = $database
        order by 1
        """,
        {
            "schema": SCHEMA,
            "database": database or (connection.execute("select current_database()").fetchone() or [""])[0],
        },
    ).fetchall()


def ready_to_copy(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], dict[str, str]]:
    """Of the attached `warehouse`: model -> where its rows are now; and model -> why its query fails.

    A view computes only when it is asked, and what it cannot compute must not stop the copy.
    """
    found, wrong = {}, {}
    for name, kind in relations(connection, "warehouse"):
        origin = f"warehouse.{SCHEMA}.{quoted_name(name)}"
        if kind == "view":
            computed = quoted_name(f"computed_{name}")
            try:
                connection.execute(f"create temp table {computed} as from {origin}")
            except duckdb.Error as error:
                wrong[name] = f"models: the view {name} fails when it is read: {str(error).splitlines()[0]}"
                continue
            origin = computed
        found[name] = origin
    return found, wrong


def _said(workspace: Workspace, path: Path, message: str, line: int | None = None, about: str = "") -> str:
    """What is wrong with a file, in one line, at the line that the message or the word it quotes names."""
    text = " ".join(part for part in (line.strip() for line in message.splitlines()) if part)
    if line is None:
        numbered = re.search(r"\bline (\d+)", message)
        quoted = re.findall(r"(?:named|column|name|function) '?\"?([\w.]+)", message)
        known = (_line_of(path, word) for word in [about, *quoted] if word)
        line = int(numbered[1]) if numbered and not about else next((number for number in known if number > 1), 1)
    return f"{_place(workspace, path)}:{line}: {text[:600]}; correct it, then run `okr refresh`"


def _line_of(path: Path, word: str) -> int:
    """The first line with the word, 1 if none has it."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 1
    return next((at for at, text in enumerate(lines, start=1) if re.search(rf"\b{re.escape(word)}\b", text)), 1)


def _place(workspace: Workspace, path: Path) -> str:
    return f"models/{path.relative_to(workspace.models_dir).as_posix()}"


def _faults_file(workspace: Workspace) -> Path:
    return workspace.dbt_dir / "own_models.json"


def _keep(workspace: Workspace, faults: Faults) -> None:
    workspace.dbt_dir.mkdir(parents=True, exist_ok=True)
    said = json.dumps({"files": faults.files, "cycles": faults.cycles})
    _faults_file(workspace).write_text(said, encoding="utf-8")


def selectors(nodes: Iterable[Any]) -> list[str]:
    """Nodes as dbt selects them."""
    return ["fqn:" + ".".join(node.fqn) for node in nodes]
