"""Whether two relations hold the same rows."""

from __future__ import annotations

import duckdb

# Columns that are new with every refresh, whatever it brings.
MOMENTS = ("refresh_id", "refreshed_at")


def equal_rows(connection: duckdb.DuckDBPyConnection, query: str, other: str) -> bool:
    """Whether two SELECTs of the same columns give the same rows, each as often, in whatever order.

    Counted first: what was never loaded is distinguished without looking at a row. Raises duckdb.Error.
    """
    ((first, second),) = connection.execute(
        f"select (select count(*) from ({query})), (select count(*) from ({other}))"
    ).fetchall()
    if first != second:
        return False
    ((differ,),) = connection.execute(f"select exists (({query}) except all ({other}))").fetchall()
    return not differ
