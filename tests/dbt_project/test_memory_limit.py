"""What DuckDB may hold while it builds the models grows with the warehouse, and never below what a small one needs."""

import duckdb
import pytest

from okr_reports.warehouse.model_functions import NAME, memory_limit, register


@pytest.mark.parametrize(("megabytes", "limit"), [(1, "900MB"), (600, "2400MB")])
def test_a_larger_warehouse_may_hold_more(tmp_path, monkeypatch, megabytes, limit):
    monkeypatch.delenv("OKR_MEMORY_LIMIT", raising=False)
    path = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(path)).close()
    with path.open("r+b") as file:
        file.truncate(megabytes << 20)  # a hole, which takes no room
    with duckdb.connect(str(path)) as connection:
        assert memory_limit(connection) == limit


def test_what_is_set_counts_and_a_lake_has_no_file_to_spill_beside(monkeypatch):
    with duckdb.connect() as connection:
        monkeypatch.delenv("OKR_MEMORY_LIMIT", raising=False)
        assert memory_limit(connection) is None
        monkeypatch.setenv("OKR_MEMORY_LIMIT", "4GB")
        assert memory_limit(connection) == "4GB"


@pytest.mark.parametrize("place", [":memory:", "warehouse.duckdb"])
def test_a_connection_with_a_file_and_one_without_take_the_functions(tmp_path, monkeypatch, place):
    monkeypatch.delenv("OKR_MEMORY_LIMIT", raising=False)
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(place) as connection:
        register(connection)
        assert connection.sql(f"select 1 from duckdb_functions() where function_name = '{NAME}'").fetchall()
