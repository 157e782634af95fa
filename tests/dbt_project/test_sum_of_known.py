"""One thing that a vendor tells by several columns, of which it fills one."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

MACRO = Path(__file__).parents[2] / "dbt_project" / "macros" / "sum_of_known.sql"


@pytest.mark.parametrize("row", list(product([None, 0, 1.5], repeat=3)))
def test_what_is_known_is_added_and_nothing_known_is_no_value(row: tuple[float | None, ...]) -> None:
    module = Environment().from_string(MACRO.read_text(encoding="utf-8")).module
    sql = module.sum_of_known(["a", "b", "c"])  # type: ignore[attr-defined]
    found = (
        duckdb.connect()
        .execute(f"select {sql} from (select ?::double as a, ?::double as b, ?::double as c)", row)
        .fetchone()
    )
    known = [value for value in row if value is not None]
    assert found == ((sum(known) if known else None),)
