"""Columns of assets, and what each is made of, as Dagster shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from dagster import AssetKey, TableColumn, TableColumnDep, TableColumnLineage, TableSchema

from okr_reports.warehouse import column_lineage

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA, LINEAGE = "dagster/column_schema", "dagster/column_lineage"


def column_metadata(schema: pa.Schema) -> dict[str, Any]:
    """The metadata of an asset whose table has this schema."""
    return {SCHEMA: TableSchema([TableColumn(field.name, str(field.type)) for field in schema])}


def model_lineage(table: str) -> dict[str, Any]:
    """The metadata of a model of this project, named by its layer and its name: of which columns its own are made."""
    return _lineage(
        {
            column: [TableColumnDep(AssetKey(of.split(".")), name) for of, name in made_of]
            for column, made_of in column_lineage.read().get(table, {}).items()
        }
    )


def page_metadata(words: Collection[str], marts: Mapping[AssetKey, Mapping[str, Any]]) -> dict[str, Any]:
    """The metadata of a page: the columns of its marts that its text names, each as `mart.column`."""
    named = {
        f"{key.path[-1]}.{column.name}": (column, TableColumnDep(key, column.name))
        for key, metadata in marts.items()
        for column in metadata[SCHEMA].columns
        if column.name in words
    }
    columns = [TableColumn(name, column.type, column.description) for name, (column, _) in named.items()]
    return {SCHEMA: TableSchema(columns), **_lineage({name: [of] for name, (_, of) in named.items()})}


def _lineage(made_of: dict[str, list[TableColumnDep]]) -> dict[str, Any]:
    return {LINEAGE: TableColumnLineage(made_of)} if made_of else {}
