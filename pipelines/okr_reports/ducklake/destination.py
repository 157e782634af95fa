"""What dlt writes the warehouse by, the file or the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt

from okr_reports.ducklake.connection import ALIAS, preparing
from okr_reports.ducklake.settings import read_settings
from okr_reports.settings import engine


def destination(warehouse: Path) -> Any:
    """dlt's destination of the engine that is chosen. Raises EngineError."""
    if engine() != "ducklake":
        # dlt reads a relative path from where the pipeline first ran: a copied workspace would write into the first one
        return dlt.destinations.duckdb(str(warehouse.absolute()))
    from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

    settings = read_settings()
    storage: Any = settings.data
    if settings.is_on_s3:
        from dlt.common.configuration.specs import AwsCredentials
        from dlt.common.storages.configuration import FilesystemConfiguration

        by = AwsCredentials()
        by.endpoint_url = settings.s3_endpoint
        storage = FilesystemConfiguration(settings.data, by)
    credentials = DuckLakeCredentials(ALIAS, metadata_schema=settings.schema, catalog=settings.catalog, storage=storage)
    credentials.statements = preparing(settings)
    return dlt.destinations.ducklake(credentials=credentials)
