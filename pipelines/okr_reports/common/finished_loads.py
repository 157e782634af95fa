"""Which loads count: dlt commits table by table and names a load in `_dlt_loads` last."""

from __future__ import annotations


def finished_loads(schema: str) -> str:
    """A SELECT of the ids of the loads of a dataset that dlt ended."""
    name = schema.replace('"', '""')
    return f'select load_id from "{name}"._dlt_loads where status = 0'
