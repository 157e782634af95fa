"""Databases, over SQLite files: mapping, windows, corrections; nothing is written and nothing secret is said."""

from __future__ import annotations

import sqlite3
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okr_reports import okrs
from okr_reports.channels.load import enabled_channels
from tests.channels.staged import staged_measures

YESTERDAY = date(2026, 11, 22)
QUERY = """select ordered_on as date, campaign as campaign_id, currency, count(*) as orders, sum(total) as shop_revenue
           from orders where ordered_on between :from and :to group by 1, 2, 3"""
LOADED = "select date, campaign_id, currency, measure, value from sql.measures order by all"


class Shop:
    """A database with orders, and the channel pointed at it."""

    def __init__(self, bench: Any, folder: Path) -> None:
        self.bench, self.path = bench, folder / "shop.sqlite"
        self.run("create table orders (ordered_on text, campaign text, currency text, total numeric)")
        self.add(
            ("2026-11-20", "a", "EUR", "10.10"),
            ("2026-11-20", "a", "EUR", "20.20"),
            ("2026-11-21", "b", "USD", "5"),
            ("2026-11-22", "a", "EUR", "7.5"),
            ("2026-11-23", "a", "EUR", "99"),
        )
        bench.set("sql", queries="shop", start_date="2026-10-01")
        self.set(query=QUERY, credentials__url=f"sqlite:///{self.path}")

    def set(self, **settings: str) -> None:
        self.bench.set("sql__shop", **settings)

    def run(self, sql: str) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute(sql)

    def add(self, *rows: tuple[str, ...]) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.executemany("insert into orders values (?, ?, ?, ?)", rows)

    def load(self, **more: Any) -> Any:
        return self.bench.load("sql", **more)["shop"]

    def rows(self) -> list[tuple[Any, ...]]:
        return self.bench.rows(LOADED)  # type: ignore[no-any-return]


@pytest.fixture
def shop(make_bench: Any, tmp_path: Path) -> Shop:
    return Shop(make_bench(), tmp_path)


def test_every_other_column_is_a_measure(shop: Shop) -> None:
    result = shop.load()
    assert (result.state, result.rows, result.data_through) == ("loaded", 6, YESTERDAY)
    assert shop.rows() == [
        (date(2026, 11, 20), "a", "EUR", "orders", Decimal(2)),
        (date(2026, 11, 20), "a", "EUR", "shop_revenue", Decimal("30.3")),
        (date(2026, 11, 21), "b", "USD", "orders", Decimal(1)),
        (date(2026, 11, 21), "b", "USD", "shop_revenue", Decimal(5)),
        (YESTERDAY, "a", "EUR", "orders", Decimal(1)),
        (YESTERDAY, "a", "EUR", "shop_revenue", Decimal("7.5")),
    ]
    assert [row[2:4] for row in staged_measures(shop.bench, "sql")][:2] == [("a", "orders"), ("a", "shop_revenue")]


def test_columns_are_mapped_and_rows_of_a_day_added_up(shop: Shop) -> None:
    shop.set(
        query="select ordered_on as day, campaign as name, total, 1 as one from orders",
        date="day",
        campaign_id="name",
        campaign_name="name",
        currency="USD",
        measures="shop_revenue=total, one",
    )
    shop.load()
    assert shop.rows()[:2] == [
        (date(2026, 11, 20), "a", "USD", "one", Decimal(2)),
        (date(2026, 11, 20), "a", "USD", "shop_revenue", Decimal("30.3")),
    ]
    assert shop.rows()[-1][0] == YESTERDAY  # without :from and :to today is left out
    assert shop.bench.rows("select distinct campaign_name from sql.measures order by 1") == [("a",), ("b",)]


def test_a_moment_with_a_zone_counts_on_the_day_it_was_in_the_querys_own(shop: Shop) -> None:
    shop.set(query="select '2026-11-19T23:30:00-05:00' as date, 1 as n", timezone="Europe/Madrid")
    shop.load()
    assert [row[0] for row in shop.rows()] == [date(2026, 11, 20)]


def test_corrections_and_deletions_within_a_month_are_followed(shop: Shop) -> None:
    shop.load()
    shop.run("update orders set total = 1 where ordered_on = '2026-11-20'")
    shop.run("delete from orders where ordered_on = '2026-11-21'")
    result = shop.load()
    assert result.window_from == date(2026, 10, 24)
    assert [row[4] for row in shop.rows() if row[3] == "shop_revenue"] == [Decimal(2), Decimal("7.5")]


def test_a_database_that_stopped_is_not_taken_for_days_without_orders(shop: Shop) -> None:
    shop.run("delete from orders where ordered_on > '2026-11-20'")
    assert shop.load().data_through == date(2026, 11, 20)
    shop.add(("2026-11-22", "a", "EUR", "3"))
    assert shop.load().data_through == YESTERDAY
    assert shop.load(window=(date(2026, 10, 1), date(2026, 10, 9))).data_through == YESTERDAY


@pytest.mark.parametrize(
    "query", ["delete from orders", "  -- select\n update orders set total = 0", "drop table orders"]
)
def test_what_does_not_read_is_refused(shop: Shop, query: str) -> None:
    shop.set(query=query)
    assert "does not begin with SELECT" in failed(shop)
    with sqlite3.connect(shop.path) as connection:
        assert connection.execute("select count(*), min(total) from orders").fetchall() == [(5, 5)]


def test_the_database_itself_is_read_only(shop: Shop) -> None:
    shop.set(query="with gone as (select 1) delete from orders")
    assert "readonly" in failed(shop)
    with sqlite3.connect(shop.path) as connection:
        assert connection.execute("select count(*) from orders").fetchall() == [(5,)]


def failed(shop: Shop) -> str:
    [result] = shop.bench.load("sql").values()
    assert result.state == "failed"
    return shop.bench.said[-1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"query": "select * from nowhere"}, "no such table: nowhere"),
        ({"query": "select 'a' as date, 1 as n"}, "column date holds 'a', which is not a date"),
        ({"query": "select '2026-11-01' as date, 'x' as n"}, "column n holds 'x', which is not a number"),
        ({"query": "select '2026-11-01' as date, 9e999 as n"}, "column n holds 'inf', which is not a number"),
        ({"query": "select '2026-11-01' as day, 1 as n"}, "column date is not in the result"),
        ({"query": "select '2026-11-01' as date"}, "is the only column"),
        ({"query": "select '2026-11-01' as date, 1 as n, 'euro' as currency"}, "holds 'EURO', which is not a currency"),
        (
            {"query": "select '2026-11-01' as date, 1 as n, 'EUR' as currency union all select '2026-11-01', 2, 'USD'"},
            "EUR and USD on 2026-11-01",
        ),
        ({"query": "select '2026-11-01garbage' as date, 1 as n"}, "which is not a date"),
        ({"query": "select 46327 as date, 1 as n"}, "column date holds '46327', which is not a date"),
        ({"query": "select '2026-11-01' as date, 1 as n, 2 as n"}, "column n is in the result twice"),
        ({"query": "select '2026-11-01' as date, 1e308 as n"}, "column n holds '1e+308', which is not a number"),
        ({"measures": "nothing"}, "column nothing is not in the result"),
        ({"currency": "money"}, "column money is not in the result"),
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({"credentials__url": "canary-4711"}, "not a SQLAlchemy URL"),
        (
            {"credentials__url": "nosuch://u:canary-4711@h/d"},
            "no driver for nosuch; no package is known for it here",
        ),
        ({"credentials__url": "sqlite:////nonexistent/canary-4711.db"}, "unable to open database file"),
        ({"query": ""}, "sources.sql.shop.query is missing"),
        ({"credentials__url": ""}, "[sources.sql.shop.credentials]"),
    ],
)
def test_mistakes_are_named_and_secrets_are_not(shop: Shop, settings: dict[str, str], words: str) -> None:
    shop.set(**settings)
    error = failed(shop)
    assert words in error
    assert "canary" not in error


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("postgresql+psycopg2://h/d", "psycopg2", "psycopg2-binary"),
        ("postgresql+psycopg://h/d", "psycopg", "psycopg[binary]"),
        ("mysql://h/d", "MySQLdb", "mysqlclient"),
        ("mysql+pymysql://h/d", "pymysql", "pymysql"),
        ("mssql+pymssql://h/d", "pymssql", "pymssql"),
        ("mysql+mysqlconnector://h/d", "mysql", "mysql-connector-python"),
        ("oracle://h/d", "cx_Oracle", "oracledb"),
        ("snowflake://h/d", "snowflake", "snowflake-sqlalchemy"),
        ("bigquery://p", "sqlalchemy_bigquery", "sqlalchemy-bigquery"),
    ],
)
def test_a_missing_driver_is_named_with_its_package(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, url: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed, which the Spark packages change
    shop.set(credentials__url=url)
    assert f"pip install '{package}'" in failed(shop)


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql+nosuch://h/d", "reports://h/d", "questdb+native://h/d"])
def test_a_package_that_is_not_known_is_not_guessed(shop: Shop, url: str) -> None:
    """Whoever follows the hint would install what anybody has put up under that name."""
    shop.set(credentials__url=url)
    said = failed(shop)
    assert f"no driver for {url.partition(':')[0]}" in said
    assert "pip install" not in said
    assert "https://docs.sqlalchemy.org/dialects" in said


def test_a_driver_that_does_not_wait_is_refused_before_it_is_installed(shop: Shop) -> None:
    shop.set(credentials__url="postgresql+asyncpg://h/d")
    assert "does not wait for its answers" in failed(shop)


@pytest.mark.parametrize(
    "query",
    [
        "select 'canary-4711' as date, 1 as n",
        "select '2026-11-01' as date, 'canary-4711' as n",
        "select '2026-11-01' as date, 1 as n, 'canary-4711' as currency",
        "select '2026-11-01' as date, 1 as n, 'canary-4711' as campaign_id, 'EUR' as currency"
        " union all select '2026-11-01', 2, 'canary-4711', 'USD'",
        "select '2026-11-01' as date, json_extract('{}', 'canary-4711') as n",  # which the database quotes
    ],
)
def test_the_report_quotes_no_cell(shop: Shop, query: str) -> None:
    shop.set(query=query)
    [result] = shop.bench.load("sql").values()
    assert result.state == "failed"
    assert "canary" not in str(result.error).lower()
    assert "canary" in shop.bench.said[-1].lower()


def test_a_window_is_bound_as_data(shop: Shop) -> None:
    shop.set(
        query="select ordered_on as date, typeof(:from) || :from as campaign_id, time('10:20') is not null as n "
        "from orders where ordered_on >= :from"
    )
    shop.load(window=(date(2026, 11, 21), YESTERDAY))
    assert shop.bench.rows("select date, campaign_id, value from sql.measures order by 1") == [
        (date(2026, 11, 21), "text2026-11-21", 1),
        (YESTERDAY, "text2026-11-21", 1),
    ]


def test_queries_may_share_a_database(shop: Shop) -> None:
    shop.bench.set("sql", queries="shop,shop_again", credentials__url=f"sqlite:///{shop.path}")
    shop.bench.set("sql__shop_again", query=QUERY)
    assert {result.state for result in shop.bench.load("sql").values()} == {"loaded"}
    assert shop.bench.rows("select account_id, count(*) from sql.measures group by 1 order by 1") == [
        ("shop", 6),
        ("shop_again", 6),
    ]


def test_one_query_that_fails_leaves_the_others(shop: Shop) -> None:
    shop.bench.set("sql", queries="shop,leads")
    shop.bench.set("sql__leads", query="select * from nowhere", credentials__url=f"sqlite:///{shop.path}")
    results = shop.bench.load("sql")
    assert {name: result.state for name, result in results.items()} == {"shop": "loaded", "leads": "failed"}


def test_the_channel_is_on_once_queries_are_named(make_bench: Any) -> None:
    bench = make_bench()
    assert "sql" not in enabled_channels()
    bench.set("sql", queries="shop")
    assert "sql" in enabled_channels()


def test_kpis_may_name_any_measure_of_the_channel(tmp_path: Path) -> None:
    kpi = "kpis: [{id: %s, title: Orders, kind: flow, measure: %s, unit: count, better: higher%s}]\n"
    settings = "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
    (tmp_path / "all.yml").write_text(settings + kpi % ("orders", "my_orders", ", where: {channel: sql}"))
    definitions, findings = okrs.check(tmp_path)
    assert definitions is not None, findings
    (tmp_path / "all.yml").write_text(settings + kpi % ("orders", "my_orders", ""))
    assert okrs.check(tmp_path)[0] is None
