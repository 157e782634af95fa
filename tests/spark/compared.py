"""Two copies of the marts, compared row by row."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb

# What the run itself is: its id, and the moments at which it and its loads took place.
OF_THE_RUN = {
    ("report_context", "refresh_id"),
    ("report_context", "refreshed_at"),
    ("source_health", "last_load_at"),
    ("key_result_versions", "baseline_loaded_at"),
}


def shapes(copy: Path) -> list[tuple[Any, ...]]:
    """Every mart's columns with types and comments, and the marts' own."""
    with duckdb.connect(str(copy), read_only=True) as connection:
        return connection.execute(
            "select table_name, column_index, column_name, data_type, comment from duckdb_columns()"
            " where schema_name = 'marts' union all"
            " select table_name, 0, '', '', comment from duckdb_tables() where schema_name = 'marts' order by all"
        ).fetchall()


def differences(one: Path, other: Path) -> list[str]:
    """Rows of `one` that are not those of `other`: exactly, doubles to 1e-9 of their size; and how many there are."""
    found: list[str] = []
    with duckdb.connect(str(one), read_only=True) as left, duckdb.connect(str(other), read_only=True) as right:
        for (table,) in left.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall():
            columns = [
                (name, kind == "DOUBLE")
                for name, kind in left.execute(
                    "select column_name, data_type from duckdb_columns() where schema_name = 'marts' and table_name = ?"
                    " order by column_index",
                    [table],
                ).fetchall()
                if (table, name) not in OF_THE_RUN
            ]
            exact = ", ".join(f'"{name}"' for name, is_double in columns if not is_double)
            every = ", ".join(f'"{name}"' for name, _ in columns)
            select = f"select {every} from marts.{table} order by {exact}"
            rows, others = left.execute(select).fetchall(), right.execute(select).fetchall()
            if len(rows) != len(others):
                found.append(f"{table}: {len(rows)} rows and {len(others)}")
            doubles = [is_double for _, is_double in columns]
            different = [pair for pair in zip(rows, others, strict=False) if not _same(*pair, doubles)]
            found += [f"{table}: {pair[0]} and {pair[1]}" for pair in different[:3]]
    return found


def _same(one: tuple[Any, ...], other: tuple[Any, ...], doubles: list[bool]) -> bool:
    return all(
        left == right
        or (is_double and None not in (left, right) and math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9))
        for left, right, is_double in zip(one, other, doubles, strict=True)
    )
