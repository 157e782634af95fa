"""The comparison of two versions of the models sees a row, a value and a table that differ; a build shows it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.equal_builds import differences


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create table marts.fct as select range as day, range / 3 as value from range(9);"
            " create view marts.seen as from marts.fct"
        )
        for statement in statements:
            connection.execute(statement)
    return path


def test_equal_tables_are_equal_in_any_order_and_with_columns_more(tmp_path: Path) -> None:
    old = made(tmp_path / "old.duckdb")
    new = made(
        tmp_path / "new.duckdb",
        "create or replace table marts.fct as select 1 as more, * from marts.fct order by day desc",
        "create or replace view marts.seen as from marts.fct",
    )
    assert list(differences(old, new)) == []


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ("update marts.fct set value = nextafter(value, 9) where day = 4", "only old: (4, 1.3333333333333333)"),
        ("delete from marts.fct where day = 2", "only old: (2, "),
        ("insert into marts.fct values (3, 1)", "only new: (3, 1.0)"),
        ("update marts.fct set value = null where day = 5", "only new: (5, None)"),
        ("drop view marts.seen", "seen: is gone"),
    ],
)
def test_what_differs_is_found_and_named(tmp_path: Path, planted: str, named: str) -> None:
    old = made(tmp_path / "old.duckdb")
    new = made(tmp_path / "new.duckdb", planted)
    assert any(named in line for line in differences(old, new))
