"""What the connection that builds the models has beside DuckDB's own: forecasts, the watch over KPIs, a memory limit.

Spark's models read a table instead, that the refresh writes between two selections of them (spark/forecasts.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

NAME, WATCH = "okr_forecast", "okr_watch"
# What 5.8 million facts take no longer with (benchmarks/README.md); of a larger warehouse as much in proportion.
_LEAST_MB, _TIMES_THE_FILE = 900, 4


def register(conn: Any) -> None:
    """Prepare a connection that has just been opened; numpy is imported by the functions' first call."""
    if limit := memory_limit(conn):
        conn.execute("set memory_limit = ?", [limit])
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


def memory_limit(conn: Any) -> str | None:
    """What DuckDB may hold before it spills into a folder beside the warehouse's file; None without such a file."""
    if given := os.environ.get("OKR_MEMORY_LIMIT"):
        return given
    sql = "select path from duckdb_databases() where database_name = current_database()"
    [[path]] = conn.execute(sql).fetchall()  # all: what is open keeps the connection from taking functions
    return f"{max(_LEAST_MB, _TIMES_THE_FILE * Path(path).stat().st_size >> 20)}MB" if path else None


def _forecast(kind: Any, start: Any, end: Any, hold: Any, states: Any, days: Any) -> Any:
    from okr_reports.forecasting.from_arrow import forecast_rows

    return forecast_rows(kind, start, end, hold, states, days)


def _watch(kind: Any, days: Any) -> Any:
    from okr_reports.forecasting.from_arrow import news_rows

    return news_rows(kind, days)
