"""The plugin of dbt-duckdb that gives the models' connection its functions."""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from okr_reports.warehouse import model_functions


class Plugin(BasePlugin):
    """Registers them."""

    def configure_connection(self, conn: Any) -> None:
        """Called by dbt-duckdb for each connection it opens."""
        model_functions.register(conn)
