"""Forecasts and the watch over KPIs as functions of DuckDB, in the connection that dbt builds the models with.

Spark's models read a table instead, that the refresh writes between two selections of them (spark/forecasts.py).
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

NAME, WATCH = "okr_forecast", "okr_watch"


class Plugin(BasePlugin):
    """Registers both; numpy is imported by their first call."""

    def configure_connection(self, conn: Any) -> None:
        """Called by dbt-duckdb for each connection it opens."""
        from okr_reports.forecasting.from_arrow_types import DAY, NEWS, ROWS, STATE, WATCHED

        conn.create_function(
            NAME,
            _forecast,
            ["varchar", "date", "date", "varchar", STATE, DAY],
            ROWS,
            type="arrow",
            null_handling="special",
        )
        conn.create_function(WATCH, _watch, ["varchar", WATCHED], NEWS, type="arrow", null_handling="special")


def _forecast(kind: Any, start: Any, end: Any, hold: Any, states: Any, days: Any) -> Any:
    from okr_reports.forecasting.from_arrow import forecast_rows

    return forecast_rows(kind, start, end, hold, states, days)


def _watch(kind: Any, days: Any) -> Any:
    from okr_reports.forecasting.from_arrow import news_rows

    return news_rows(kind, days)
