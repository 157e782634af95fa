"""Statements that chain to shared queries give the same rows, faults and lines whether those are tables or texts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.queries.shared_tables import MOST_ROWS, SharedTables
from okr_reports.report_site.source_files import Query

SHARED = {
    "big": "-- a remark: it's here\nselect shop, sum(amount) as amount\nfrom facts group by shop order by shop desc",
    "of_big": "select *, amount / 2 as half from ${big}",
    "bound": "select * from facts where shop = ${params.shop}",
    "of_bound": "select count(*) as n from ${bound}",
    "many": f"select n from range({MOST_ROWS + 1}) as numbers(n)",
    "nulls": "select null as x, shop from facts",
    "wrong": "select shop,\n  no_such_column\nfrom facts",
    "of_wrong": "select * from ${wrong}",
}
# (SQL of a page, the queries that are read from tables)
PAGES = (
    ("select * from ${big}", ["big"]),
    ("select * from ${big} b join ${of_big} o using (shop) order by shop", ["big", "of_big"]),
    ("with mine as (select * from ${of_big}) select half from mine where shop = ${params.shop}", ["big", "of_big"]),
    ("select * from ${bound} order by all", []),
    ("select * from ${of_bound}", []),
    ("select max(n) as most from ${many}", []),
    ("select coalesce(max(x), 'none') as x from ${nulls}", []),
    ("select *\n  , oops\nfrom ${big}", ["big"]),
    ("select * from ${wrong}", []),
    ("select * from ${of_wrong}", []),
)


def _queries(texts: dict[str, str]) -> dict[str, Query]:
    return {name: Query(name, sql, Path(f"{name}.sql"), 1) for name, sql in texts.items()}


@pytest.fixture
def copy(tmp_path) -> Path:
    path = tmp_path / "copy.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create table marts.facts(shop varchar, amount decimal(18, 2))")
        connection.execute("insert into marts.facts select chr((97 + n % 5)::int), n * 1.25 from range(200) as r(n)")
    return path


def _answer(reader: Reader, sql: str, queries: dict[str, Query]) -> object:
    statement = compile_query(Query("page", sql, Path("page.md"), 10), queries, {"params": {"shop"}})
    try:
        return reader.run(statement, {"params_shop": "b"} if statement.bound else {})
    except PageFault as fault:
        return fault.finding


@pytest.mark.parametrize(("sql", "tables"), PAGES)
def test_a_table_gives_what_the_text_gives(copy, sql, tables):
    queries = _queries(SHARED)
    with Reader(copy) as alone, Reader(copy) as sharing:
        sharing.share(queries)
        expected, found = _answer(alone, sql, queries), _answer(sharing, sql, queries)
        made = sharing._connection.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert repr(found) == repr(expected)
    assert [name for (name,) in made] == [f"shared {one}" for one in tables]


def test_a_query_that_a_page_gives_another_meaning_is_not_shared(copy):
    shared = _queries(SHARED)
    own = {**shared, "big": Query("big", "select 'z' as shop, 1 as amount", Path("page.md"), 3)}
    with Reader(copy) as reader:
        reader.share(shared)
        assert _answer(reader, "select half from ${of_big}", shared).rows[0][0] != 0.5
        assert [*_answer(reader, "select half from ${of_big}", own).rows[0]] == [0.5]


def test_a_query_that_is_stopped_stops_what_chains_to_it(copy):
    class Stopped:
        def execute(self, _: str) -> None:
            raise duckdb.InterruptException("stopped")

    queries = _queries(SHARED)
    tables = SharedTables(Stopped(), queries)  # type: ignore[arg-type]
    with pytest.raises(duckdb.InterruptException):
        tables.written(compile_query(Query("page", "select * from ${big}", Path("p"), 1), queries, {}).sql)
