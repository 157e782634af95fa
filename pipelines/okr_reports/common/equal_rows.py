"""Whether two relations hold the same rows."""

from __future__ import annotations

import duckdb

# Columns that are new with every refresh, whatever it brings.
MOMENTS = ("refresh_id", "refreshed_at")
# Count and digest of none.
NO_ROWS = (0, 0)


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


def digests_by(connection: duckdb.DuckDBPyConnection, rows: str, cut: str) -> dict[str | None, tuple[int, int]]:
    """How many rows each part of a relation has, and a sum of their hashes, which their order does not change.

    `cut` tells the part of a row, a day or null, as DuckDB writes it: Python knows fewer days. Raises duckdb.Error.
    """
    # A column of the same name would be meant in its place.
    found = connection.execute(
        f'select ({cut})::varchar, count(*), sum(hash("the whole row")) from {rows} as "the whole row" group by {cut}'
    ).fetchall()
    return {part: (count, digest) for part, count, digest in found}
