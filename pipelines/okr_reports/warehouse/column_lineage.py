"""What each column of this project's models is made of, one step back, as sqlglot reads it from the compiled SQL.

It follows from the project alone and takes 2 s to find out, so it is written down: `make lineage` reads the last
build of the demo, and a test compares. A model is named by its layer and its name, a source by its own, as assets
are in Dagster: `marts.key_results`, `linkedin_ads.campaigns`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from okr_reports.common import warehouse_file
from okr_reports.settings import Workspace, shipped

if TYPE_CHECKING:
    from sqlglot.schema import MappingSchema

FILE = "column_lineage.json"
# Table -> column -> the columns it is made of, each as table and column.
Lineage = Mapping[str, Mapping[str, list[tuple[str, str]]]]


@cache
def read() -> Lineage:
    """As it was written for the project that ships; columns that are made of none are not in it."""
    written = json.loads((shipped("dbt_project") / FILE).read_text(encoding="utf-8"))
    return {
        table: {
            column: [(of, name) for of, _, name in (source.rpartition(".") for source in sources.split(" "))]
            for column, sources in columns.items()
        }
        for table, columns in written.items()
    }


def of_build(workspace: Workspace) -> Lineage:
    """Of the last build by dbt in this workspace. Raises OSError where there is none, sqlglot's errors."""
    manifest = json.loads((workspace.dbt_target_dir / "manifest.json").read_text(encoding="utf-8"))
    models = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["package_name"] == "okr_reports"
    ]
    names = {(node["schema"], node["name"]): f"{node['fqn'][1]}.{node['name']}" for node in models}
    for source in manifest["sources"].values():
        names[source["schema"], source["identifier"]] = f"{source['source_name']}.{source['name']}"
    schema = _schema_of(workspace)
    compiled = workspace.dbt_target_dir / "compiled" / "okr_reports"
    found = {}
    for node in models:
        sql = (compiled / node["original_file_path"]).read_text(encoding="utf-8")
        own = names[node["schema"], node["name"]]
        found[own] = {
            column: sorted({(names[table], of) for table, of in made_of if names.get(table, own) != own})
            for column, made_of in _made_of(sql, schema).items()
        }
    return {
        table: {column: made_of for column, made_of in sorted(of.items()) if made_of}
        for table, of in sorted(found.items())
    }


def _schema_of(workspace: Workspace) -> MappingSchema:
    """Every table of the warehouse with its columns, as sqlglot wants them."""
    from sqlglot import exp
    from sqlglot.schema import MappingSchema

    with warehouse_file.connect(workspace.warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select schema_name, table_name, map(list(column_name), list(data_type)) from duckdb_columns()"
            " where not internal group by all"
        ).fetchall()
    schema = MappingSchema(dialect="duckdb")
    for of, table, columns in rows:
        schema.add_table(exp.table_(table, db=of, catalog="warehouse"), columns, dialect="duckdb")
    return schema


def _made_of(sql: str, schema: MappingSchema) -> dict[str, set[tuple[tuple[str, str], str]]]:
    """By column of a query the columns of tables that it is made of, each as schema, table and column."""
    # only who writes the file needs it
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    query: Any = qualify(
        parse_one(sql, dialect="duckdb"), schema=schema, dialect="duckdb", validate_qualify_columns=False,
        identify=False,
    )  # fmt: skip
    scope = build_scope(query)
    found: dict[str, set[tuple[tuple[str, str], str]]] = {}
    for column in query.named_selects:
        node = lineage(column, query, schema, scope=scope, dialect="duckdb", trim_selects=False, copy=False)
        found[column] = {
            ((table.db, table.name), exp.to_column(leaf.name).name)
            for leaf in node.walk()
            if not leaf.downstream and (table := leaf.expression.find(exp.Table)) is not None
        }
    return found


def main() -> None:
    """Write the file anew from the last build of this workspace."""
    lineage = of_build(Workspace.from_environment())
    text = {
        table: {column: " ".join(f"{of}.{name}" for of, name in made_of) for column, made_of in columns.items()}
        for table, columns in lineage.items()
    }
    path = shipped("dbt_project") / FILE
    path.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: {sum(map(len, text.values()))} columns of {len(text)} models\n")


if __name__ == "__main__":
    main()
