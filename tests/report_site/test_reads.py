"""What a query reads by its text, held against DuckDB: a column it is not said to read changes no answer."""

from __future__ import annotations

import random

import duckdb
import pytest

from okr_reports.report_site.queries.reads import columns_read

TABLES = {"sales": ["id", "title", "amount", "Total net"], "shops": ["id", "city", "moment"], "s": ["x"]}
NAMED = {
    "select k.title from sales k, shops where city > ''": {"sales": ("title",), "shops": ("city",)},
    "select count(*) from sales": {"sales": ()},
    "select 2 * amount, (amount) * 2 from sales": {"sales": ("amount",)},
    "select amount\n*\nid from sales": {"sales": ("id", "amount")},
    'select "Total net" from sales': {"sales": ("Total net",)},
    "select TITLE from SALES": {"sales": ("title",)},
    "select title from (sales k join shops c using (id))": {"sales": ("id", "title"), "shops": ("id",)},
    "with a as (select city from shops), b as (select title from sales) select a.city, b.title from a, b": {
        "sales": ("title",), "shops": ("city",),
    },
    "select (select max(city) from shops) as c, title from sales, (select 1) q": {
        "sales": ("title",), "shops": ("city",),
    },
    "select title /* * */ from sales -- * from shops": {"sales": ("title",)},
    "select k.title from sales k where k.amount = (select max(o.amount) from sales o)": {"sales": ("title", "amount")},
    "select title from sales union all select city from shops order by all": {"sales": ("title",), "shops": ("city",)},
    "with a as (select title from sales) select a.*, s.city from a, shops s": {"sales": ("title",), "shops": ("city",)},
    "select k.title, u.city from s join sales k using (id), shops u": {
        "sales": ("id", "title"), "shops": ("id", "city"),
    },
    "select * from (select title from sales), shops": {"sales": None, "shops": None},
    "select c.* from shops c, sales k where k.id = 1": {"sales": ("id",), "shops": None},
    "with a as (select title from sales) select * from a where title in (select city from shops)": {
        "sales": ("title",), "shops": ("city",),
    },
    "select city from shops where exists (select * from sales where amount > 3)": {"sales": None, "shops": ("city",)},
    "with a as (select k.* from sales k), b as (select id from shops) select *, 1 from a left join b using (id)": {
        "sales": None, "shops": ("id",),
    },
}  # fmt: skip
ALL = (
    "select * from sales", "select k.* from sales k", "select k.* exclude (id) from sales k", "from sales",
    "select a from (from sales) as a", "select k from sales k",
    "select kr from sales as kr", "select 1, sales from sales",
    "select title from sales kr where kr is distinct from null", "select title is distinct from sales from sales",
    "select list(sales order by title) from sales", "select row(sales)::varchar from shops, sales",
    "select columns('t.*') from sales", "select title from sales k, lateral (select k) z", "select * from 'sales'",
    "select title from query_table('sales')", "select title from query('select * from sa' || 'les')",
    "select 1 from sales natural join shops", "select count(distinct k) from sales k",
    "select max(k)::text from sales k",
    "select json(k) from sales as k", "select struct_extract(k, 'amount') from sales k",
    "select k['amount'] from sales k",
    "select distinct * from sales", "select count(*), * from sales group by all", "table sales", "summarize sales",
    "select unnest(k) from sales k", "select * like 'a%' from sales", "select sales.* from sales",
    'select "k" from "sales" "k"', "select title from sales k order by k", "pivot sales on title using sum(amount)",
    "select a from sales as k(d, a, b, c)", "select (*) from sales", "select (k).* from sales k",
    'select U&"titl\\0065" from sales',
    "select * from shops union select * from sales", "select * from s, (shops join sales using (id))",
    "select 1 from (select * from sales k join s on true)", "select *, 1 is distinct from 2 from sales",
    "select * from sales k join shops s on k.id is distinct from s.id",
)  # fmt: skip


@pytest.mark.parametrize("sql", NAMED)
def test_columns_are_those_named(sql):
    assert {name: columns for name, columns in columns_read(sql, TABLES).items() if name != "s"} == NAMED[sql]


@pytest.mark.parametrize("sql", ALL)
def test_what_reads_without_a_name_reads_all(sql):
    assert columns_read(sql, TABLES)["sales"] is None


def answer(connection, sql):
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        return str(error)


@pytest.mark.parametrize("seed", range(6))
def test_a_column_that_is_not_read_changes_no_answer(seed):
    chance = random.Random(seed)
    # by one thread: nothing promises the order of `distinct`
    connection = duckdb.connect(config={"threads": 1})
    connection.execute('create table sales(id int, title varchar, amount int, "Total net" int)')
    connection.execute("create table shops(id int, city varchar, moment timestamp)")
    for sql in (*NAMED, *ALL):
        for table in ("sales", "shops"):
            connection.execute(f"truncate {table}")
        for number in range(5):
            title, amount, net = chance.choice("abc"), chance.randint(0, 9), chance.randint(0, 9)
            connection.execute("insert into sales values (?, ?, ?, ?)", [number, title, amount, net])
            connection.execute("insert into shops values (?, ?, ?)", [number, title, "2026-11-23"])
        before = answer(connection, sql)
        for table, columns in columns_read(sql, TABLES).items():
            for column in TABLES[table] if columns is not None and table != "s" else ():
                if column not in columns:
                    change = {"moment": "moment + interval 1 day", "title": "title || 'x'", "city": "city || 'x'"}
                    new = change.get(column, f'"{column}" + 10')
                    connection.execute(f'update {table} set "{column}" = {new}')
        assert answer(connection, sql) == before, sql
