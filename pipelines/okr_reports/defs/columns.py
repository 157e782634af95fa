"""Columns of tables that are not dbt's, as Dagster shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster import TableColumn, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa


def column_metadata(schema: pa.Schema) -> dict[str, Any]:
    """The metadata of an asset whose table has this schema."""
    return {"dagster/column_schema": TableSchema([TableColumn(field.name, str(field.type)) for field in schema])}
