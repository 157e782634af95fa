"""A type's SQL over one row, as the models compute it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from okr_reports.key_result_types.rule import KeyResultType
from okr_reports.key_result_types.sql import expression

_COLUMNS = (
    "value", "baseline", "target", "low", "high", "limit_low", "limit_high", "projected", "limit_number", "elapsed",
    "expected", "weeks_kept", "weeks_observed", "allowed_misses", "weight_done", "weight_total",
)  # fmt: skip
_TYPES = {"kpi_kind": "varchar", "hold": "varchar", "is_signed": "boolean"}


def computed(rule: str, type_: KeyResultType, row: Mapping[str, Any]) -> Any:
    """`progress` or `expected_value` of a row; what it leaves out is null. Raises duckdb.Error for SQL that is none."""
    import duckdb

    given = {**dict.fromkeys(_COLUMNS), "kpi_kind": "check_in", "hold": None, "is_signed": None, **row}
    columns = ", ".join(f"cast(${name} as {_TYPES.get(name, 'double')}) as {name}" for name in given)
    query = f"select {expression(rule)} from (select '{type_.name}' as type, {columns})"
    with duckdb.connect() as connection:
        return connection.execute(query, given).fetchall()[0][0]


def is_same(found: Any, said: float | None) -> bool:
    """Whether a computed value is what an example says, to six digits."""
    if found is None or said is None:
        return found is said
    return math.isclose(float(found), said, rel_tol=1e-6, abs_tol=1e-9)
