"""The forecast as a function of DuckDB, in the connection that dbt builds the models with (dbt-duckdb's plugin).

Spark's models read a table instead, that the refresh writes between two selections of them (spark/forecasts.py).
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

NAME = "okr_forecast"


class Plugin(BasePlugin):
    """Registers `okr_forecast`; numpy is imported by its first call."""

    def configure_connection(self, conn: Any) -> None:
        """Called by dbt-duckdb for each connection it opens."""
        from okr_reports.forecasting.from_arrow_types import DAY, ROWS, STATE

        conn.create_function(
            NAME,
            _forecast,
            ["varchar", "date", "date", "varchar", STATE, DAY],
            ROWS,
            type="arrow",
            null_handling="special",
        )


def _forecast(kind: Any, start: Any, end: Any, hold: Any, states: Any, days: Any) -> Any:
    from okr_reports.forecasting.from_arrow import forecast_rows

    return forecast_rows(kind, start, end, hold, states, days)
