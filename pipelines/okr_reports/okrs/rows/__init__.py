"""Definitions as rows of the tables in tables.py: the only form in which dbt sees them.

Every text travels as a value of an Arrow column, never as a piece of SQL or of a template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from okr_reports.key_result_types.sql import rows as key_result_types
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.provenance import Change
from okr_reports.okrs.rows import frame, said, scored
from okr_reports.okrs.rows.parts import Row
from okr_reports.okrs.tables import TABLES

_MAKERS: dict[str, Callable[[Definitions], Iterable[Row]]] = {
    "settings": frame.settings,
    "periods": frame.periods,
    "teams": frame.teams,
    "kpi_conditions": frame.kpi_conditions,
    "objectives": scored.objectives,
    "pace_points": scored.pace_points,
    "milestones": scored.milestones,
    "pauses": scored.pauses,
    "key_result_kpis": scored.key_result_kpis,
    "contributors": scored.contributors,
    "people": scored.people,
    "initiatives": scored.initiatives,
    "check_ins": said.check_ins,
    "check_in_milestones": said.check_in_milestones,
    "notes": said.notes,
    "events": said.events,
    "event_scopes": said.event_scopes,
    "alerts": said.alerts,
    "mutes": said.mutes,
    "reopenings": said.reopenings,
    "exchange_rates": frame.exchange_rates,
}

_NOBODY: Mapping[str, Change] = {}


def to_tables(
    definitions: Definitions,
    *,
    today: date,
    refresh_id: str,
    refreshed_at: datetime,
    channels: Sequence[Mapping[str, Any]],
    changes: Mapping[str, Change] = _NOBODY,
) -> dict[str, pa.Table]:
    """One Arrow table for each schema of TABLES, empty ones too.

    `definitions` must be free of errors. `today` is the reporting zone's day, `refreshed_at` carries its zone.
    `channels` are rows of the API channels that are on; those of file sources are added here. `changes` says who
    changed a file last, by its path as findings show it.
    """
    rows: dict[str, Iterable[Row]] = {
        "context": [{"today": today, "refresh_id": refresh_id, "refreshed_at": refreshed_at}],
        "channels": frame.channels(definitions, channels),
        "measures": frame.measures(definitions, channels),
        "key_result_types": key_result_types(),
        "key_results": scored.key_results(definitions, changes),
        "kpis": frame.kpis(definitions, changes, channels),
        **{name: make(definitions) for name, make in _MAKERS.items()},
    }
    return {name: _table(name, rows[name]) for name in TABLES}


def _table(name: str, rows: Iterable[Row]) -> pa.Table:
    schema = TABLES[name]
    columns: dict[str, list[Any]] = {column: [] for column in schema.names}
    for row in rows:
        if row.keys() != columns.keys():
            raise KeyError(f"{name}: columns {sorted(row.keys() ^ columns.keys())} differ from the table's")
        for column, value in row.items():
            columns[column].append(value)
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
