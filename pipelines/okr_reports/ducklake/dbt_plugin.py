"""The lake in the connection that dbt builds the models with: a profile's own `attach` cannot load our extensions."""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from okr_reports.ducklake.connection import attach


class Plugin(BasePlugin):
    """Attaches it under the name that the profile gives, before dbt does so itself."""

    def configure_connection(self, conn: Any) -> None:
        """Called by dbt-duckdb for each connection it opens."""
        attach(conn)
