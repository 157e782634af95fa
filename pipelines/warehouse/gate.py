"""The health gate: what must be true of a warehouse before it is published.

A failed or late source does not close the gate: its key results are stamped stale and the rest is news. What closes
it is a report that would look healthy and be empty.
"""

from __future__ import annotations

from pathlib import Path

import duckdb


def closed_because(warehouse: Path) -> list[str]:
    """Why the warehouse must not be published, in words; empty when it may be."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return [*_objectives_without_rows(connection), *_nothing_ever_loaded(connection)]


def _objectives_without_rows(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every defined objective and key result must have come out of the models."""
    missing = connection.execute(
        """
        select 'objective ' || objective_id from definitions.objectives
        where objective_id not in (select objective_id from marts.objectives)
        union all
        select 'key result ' || key_result_id from definitions.key_results
        where role = 'key_result' and key_result_id not in (select key_result_id from marts.key_results)
        order by 1 limit 5
        """
    ).fetchall()
    if not missing:
        return []
    names = ", ".join(row[0] for row in missing)
    return [f"the models lost {names}; this is a fault of the models, please report it with the dbt log"]


def _nothing_ever_loaded(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Key results that need channels, and not one source that ever gave a day: an empty report."""
    needing, loaded, error = connection.execute(
        """
        select
            (select count(*) from definitions.key_results where kpi_id is not null),
            (select count(*) from marts.source_health where data_through is not null),
            (select max(last_error) from marts.source_health)
        """
    ).fetchone() or (0, 0, None)
    if not needing or loaded:
        return []
    why = f" (last error: {error})" if error else " (no channel is on)"
    return [f"no source has ever given data{why}; mend the sources or their settings and run `okr refresh` again"]
