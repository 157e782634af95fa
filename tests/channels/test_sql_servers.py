"""The sql channel on real Postgres, MariaDB and DuckDB, as on SQLite: the same rows, windows, refusals and limits.

`make test-databases` brings the drivers and runs them; test_sql.py has SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from okr_reports.channels.budget import Budget
from okr_reports.channels.sql.database import _statement, run_query
from okr_reports.channels.sql.settings import Query, SqlCredentials
from okr_reports.channels.windows import Window
from okr_reports.errors import BudgetError, VendorError
from tests.mariadb import mariadb_server
from tests.postgres import postgres_server

pytestmark = pytest.mark.clients
PASSWORD = "a-long-password"
QUERY = """select ordered_on as date, campaign as campaign_id, currency, count(*) as orders, sum(total) as shop_revenue
           from orders where ordered_on between :from and :to group by 1, 2, 3"""
LOADED = "select date, campaign_id, currency, measure, value from sql.measures order by all"
ORDERS = """insert into orders values
    ('2026-11-20', 'a', 'EUR', 10.10), ('2026-11-20', 'a', 'EUR', 20.20), ('2026-11-21', 'b', 'USD', 5),
    ('2026-11-22', 'a', 'EUR', 7.5), ('2026-11-23', 'a', 'EUR', 99)"""
# A query of half a minute and more, and one that writes, in each database's own words.
SLOW = {
    "postgres": "select pg_sleep(40)",
    "mariadb": "select sleep(40)",
    "duckdb": "select count(*) from range(1000000000000)",
}
RUNNING = {
    "postgres": "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%%'",
    "mariadb": "select count(*) from information_schema.processlist where info like 'select sleep%%'",
}
WRITES = {
    "postgres": "select spoilt()",
    "mariadb": "select spoilt()",
    "duckdb": "select 1; delete from orders",
}


@pytest.fixture(scope="module", params=["postgres", "mariadb", "duckdb"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The database's name, and a URL of one that has orders."""
    name = request.param
    pytest.importorskip({"postgres": "psycopg", "mariadb": "pymysql", "duckdb": "duckdb_engine"}[name])
    if name == "postgres":
        with postgres_server("shop") as port:
            url = filled(f"postgresql+psycopg://shop:{PASSWORD}@127.0.0.1:{port}/shop")
            execute(url, "create function spoilt() returns int language sql as 'delete from orders returning 1'")
            yield name, url
    elif name == "mariadb":
        with mariadb_server("shop", PASSWORD) as port:
            url = filled(f"mariadb+pymysql://shop:{PASSWORD}@127.0.0.1:{port}/shop")
            execute(url, "create function spoilt() returns int begin delete from orders; return 1; end")
            yield name, url
    else:
        yield name, filled(f"duckdb:///{tmp_path_factory.mktemp('shop') / 'shop.duckdb'}")


def filled(url: str) -> str:
    execute(url, "create table orders (ordered_on date, campaign varchar(9), currency varchar(3), total numeric(9, 2))")
    execute(url, ORDERS)
    return url


# No server of these is at hand: what would be sent is compiled by their own dialects, over their own drivers.
ELSEWHERE = {
    "snowflake": "snowflake://reader:secret@account/shop/public?warehouse=small",
    "bigquery": "bigquery://project/shop",
    "databricks": "databricks://token:secret@host?http_path=/sql/1.0/x&catalog=main&schema=shop",
    "duckdb": "duckdb:///md:shop?motherduck_token=secret",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_would_be_sent_elsewhere_is_the_query_with_two_dates(name: str) -> None:
    import sqlglot
    from sqlalchemy import make_url
    from sqlglot import exp

    pytest.importorskip({"bigquery": "sqlalchemy_bigquery", "duckdb": "duckdb_engine"}.get(name, f"{name}.sqlalchemy"))
    quote = "`" if name in ("bigquery", "databricks") else '"'
    query = f"""select cast(ordered_on as date) as date, {quote}Campaign Name{quote} as campaign_name, sum(total) as v
        from orders where ordered_on between :from and :to and state like 'paid%' group by 1, 2"""
    days = Window(date(2026, 11, 1), date(2026, 11, 30))
    kind = make_url(ELSEWHERE[name]).get_dialect()
    dialect = kind(dbapi=kind.import_dbapi())
    sent = _statement(query, days).compile(dialect=dialect)
    assert sent.params == {"from": days.start, "to": days.end}
    # with the marks of its parameters taken back it is the text as written
    marks = iter((":from", ":to"))
    plain = re.sub(r"%\((from|to)(:DATE)?\)s|:`?(from|to)`?|\$[12]", lambda _: next(marks), str(sent))
    assert plain.replace("%%", "%") == query
    written = str(_statement(query, days).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    read = sqlglot.parse_one(written.replace("%%", "%"), read=name)
    between = read.find(exp.Between)
    assert between is not None
    found = [between.args[side].find(exp.Literal).this for side in ("low", "high")]
    assert found == ["2026-11-01", "2026-11-30"]
    assert [column.name for column in read.find_all(exp.Column)].count("Campaign Name") == 1


def execute(url: str, sql: str) -> list[Any]:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(sql)
        return [tuple(row) for row in result] if result.returns_rows else []


def run(url: str, query: str, seconds: float = 60.0) -> Any:
    given = Query(query=query, credentials=SqlCredentials(url=url))
    return run_query("shop", given, None, Budget(channel="sql", seconds=seconds))


def test_its_rows_are_those_of_sqlite_and_the_window_is_the_databases(
    database: tuple[str, str], make_bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    bench.set("sql", queries="shop", start_date="2026-10-01")
    bench.set("sql__shop", query=QUERY, credentials__url=database[1])
    result = bench.load("sql")["shop"]
    assert (result.state, result.rows, result.data_through) == ("loaded", 6, date(2026, 11, 22))
    assert bench.rows(LOADED) == [
        (date(2026, 11, 20), "a", "EUR", "orders", Decimal(2)),
        (date(2026, 11, 20), "a", "EUR", "shop_revenue", Decimal("30.3")),
        (date(2026, 11, 21), "b", "USD", "orders", Decimal(1)),
        (date(2026, 11, 21), "b", "USD", "shop_revenue", Decimal(5)),
        (date(2026, 11, 22), "a", "EUR", "orders", Decimal(1)),
        (date(2026, 11, 22), "a", "EUR", "shop_revenue", Decimal("7.5")),
    ]


def test_what_writes_is_refused_by_the_database(database: tuple[str, str]) -> None:
    name, url = database
    with pytest.raises(VendorError, match=r"(?i)read.only"):
        run(url, WRITES[name])
    assert execute(url, "select count(*) from orders") == [(5,)]


def test_a_query_is_broken_off_when_its_time_is_over(database: tuple[str, str]) -> None:
    name, url = database
    with pytest.raises(BudgetError, match="has used its"):
        run(url, SLOW[name], seconds=1.0)
    # and no more of it runs in the server
    assert name == "duckdb" or execute(url, RUNNING[name]) == [(0,)]


def test_a_mistake_is_named_and_no_password(database: tuple[str, str]) -> None:
    with pytest.raises(VendorError, match="missing") as raised:
        run(database[1], "select * from missing")
    assert PASSWORD not in str(raised.value)
