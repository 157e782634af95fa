"""Queries run once for many values give what each value alone gets, row for row, or are run alone."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.other_values import OtherValues
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.source_files import Query

# (SQL, whether a set may answer it)
QUERIES = (
    ("select id, label from facts where shop = $shop order by id", True),
    ("select * from facts where shop = $shop order by day desc nulls last, id", True),
    ("select label as id, id as place from facts where shop = $shop order by place", True),
    ("select id from facts where shop = $shop order by abs(amount - 5), id limit 3", True),
    ("select id, amount from facts where shop = $shop order by 2, 1 limit 2", True),
    ("select distinct amount from facts where shop = $shop order by all", True),
    ("select sum(amount) as s, count(*) as n, max(label) as l from facts where shop = $shop", True),
    ("select sum(amount)::double / count(*) as share from facts where shop = $shop", True),
    ("select list(id order by id) as ids, string_agg(distinct label, ',' order by label) as l from facts"
     " where shop = $shop", True),
    ("with a as (select * from facts where shop = $shop), b as (select count(*) as n from a) select a.id, b.n from a, b"
     " order by a.id", True),
    ("with recursive r as (select $shop as shop, 1 as n union all select shop, n + 1 from r where n < 4)"
     " select n from r order by n", True),
    ("select id from facts where shop = $shop union select day_no from days where $shop is null"
     " order by 1", True),
    ("select f.id, d.day_no from facts f left join days d on d.day_no = f.id and $shop <> 'a' where f.shop = $shop"
     " order by f.id", True),
    ("select count(*) as n from facts where shop = $shop having count(*) > 2", True),
    ("select rank() over (order by amount) as r, id from facts where shop = $shop order by r, id", True),
    ("select case when $shop is null then 1 else 2 end as x", True),
    ("select id, part from (select id, unnest(string_split(coalesce(label, 'p,q'), ',')) as part from facts"
     " where shop = $shop) order by id, part", True),
    ("select sum(share::decimal(18, 9)) / count(*) as s from facts where shop = $shop", True),
    ("select f.*, f.label from facts as f where f.shop = $shop order by f.id", True),
    # what the rows make certain
    ("select arg_max(label, id) as l, arg_min(id, -id) filter (where label = 'x') as i from facts"
     " where shop = $shop", True),
    ("select any_value(shop) as s, max(id) as n from facts where shop = $shop", True),
    ("select list(label order by id) as l, string_agg(label, ',' order by day, id) as s from facts"
     " where shop = $shop", True),
    ("select id, lag(id) over (order by id) as l, row_number() over (partition by label order by id desc) as r,"
     " sum(sum(amount)) over (order by id) as s from facts where shop = $shop group by id, label order by id", True),
    ("with a as (select * from facts join days on day_no = id), b as (select max(day) as last from a where shop = $shop"
     ") select day > last - 3 as recent, sum(amount)::double as s from a, b where shop = $shop group by 1 order by 1",
     True),
    ("select sum(x)::double as s, list(x order by x) as l from (select amount as x from facts"
     " where shop = $shop)", True),
    ("with a as (select label, any_value(shop) from facts where shop = $shop group by label)"
     " select label from a order by any_value(label) over (partition by label), label", False),
    # in no certain order, or of rows that are
    ("select id from facts where shop = $shop", False),
    ("select amount, label from facts where shop = $shop order by amount", False),
    ("select arg_max(label, amount) as l from facts where shop = $shop", False),
    ("select any_value(id) as i, first(label) as l from facts where shop = $shop", False),
    ("select list(id) as ids from facts where shop = $shop", False),
    ("select list(label order by amount) as l from facts where shop = $shop", False),
    ("select arg_max(label, day) as l from facts where shop = $shop", False),
    ("select lag(id) over (order by amount) as l, id from facts where shop = $shop order by id", False),
    ("select list(s order by s) as l from (select sum(share) as s from facts where shop = $shop"
     " group by label)", False),
    ("select sum(share) as s from facts where shop = $shop", False),
    ("select avg(amount) as s from facts where shop = $shop", False),
    ("select sum(x) as s from (select share as x from facts where shop = $shop)", False),
    ("select sum(share::double) as s from facts where shop = $shop", False),
    ("select id, max(label) over (order by amount rows between 1 preceding and 1 preceding) as before from facts"
     " where shop = $shop order by id", False),
    ("select id from (select * from facts where shop = $shop order by amount limit 1)", False),
    ("select distinct on (amount) id from facts where shop = $shop order by amount", False),
    ("select row_number() over (order by amount) as r, id from facts where shop = $shop order by id", False),
    ("select id, id as id from facts where shop = $shop order by 1", False),
    ("select random() < 2 as r, id from facts where shop = $shop order by id", False),
    ("select set_.id from facts as set_ where shop = $shop order by 1", False),
)  # fmt: skip


@pytest.fixture
def copy(tmp_path) -> Path:
    chance = random.Random(4)
    path = tmp_path / "copy.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create table marts.facts(id int, shop varchar, day date, label varchar,"
            " amount decimal(20, 3), share double); create table marts.days(day_no int)"
        )
        connection.execute("insert into marts.days select * from range(40)")
        for number in range(300):
            day = None if number % 7 == 0 else date(2026, 1, 1) + timedelta(chance.randint(0, 9))
            row = [number, chance.choice("abcdefg"), day, chance.choice(["x", "y", None]), chance.randint(0, 9)]
            connection.execute("insert into marts.facts values (?, ?, ?, ?, ?, ?)", [*row, chance.random()])
    return path


def statement(sql: str) -> Statement:
    return Statement(Query("q", sql, Path("page.md"), 1), sql, (), 0)


@pytest.mark.parametrize(("sql", "is_certain"), QUERIES)
def test_a_set_gives_what_each_value_gets_alone(copy, sql, is_certain):
    values = [(("shop", one),) for one in (*"gfedcba", "none", None)]
    with Reader(copy) as alone, Reader(copy) as reader:
        reader.run_as_set(sql, values, Path("page.md"))
        found = {one: result for (_, one), result in reader._memo.items()}
        for one in values:
            assert repr(reader.run(statement(sql), dict(one))) == repr(alone.run(statement(sql), dict(one)))
        assert (len(found) > 1) == is_certain or (is_certain is False and len(found) <= 2)


@pytest.mark.parametrize("value", [1, True, "x", date(2026, 1, 3), None, 2**40, 1.5])
def test_values_of_every_kind_give_the_same(copy, value):
    values = [(("one", one), ("n", number)) for number, one in enumerate([value, None, value, value, value])]
    sql = "select $one as given, $n as n, count(*) as rows_in from facts"
    with Reader(copy) as alone, Reader(copy) as reader:
        reader.run_as_set(sql, values, Path("page.md"))
        for one in values:
            assert repr(reader.run(statement(sql), dict(one))) == repr(alone.run(statement(sql), dict(one)))


@pytest.mark.parametrize(("sql", "is_certain"), QUERIES)
def test_what_pages_to_come_will_ask_is_answered_with_the_second_question(copy, sql, is_certain):
    pages = [("shops/[shop].md", {"shop": one, "title": f"Shop {one}"}) for one in "gfedcba"]
    with Reader(copy) as alone, Reader(copy) as reader:
        reader.others = OtherValues(pages)
        for _, one in pages:
            given = {"shop": one["shop"]}
            assert repr(reader.run(statement(sql), given)) == repr(alone.run(statement(sql), given))
        assert {values for _, values in reader.questions} == {(("shop", one["shop"]),) for _, one in pages}


def test_other_values_are_those_of_the_file_whose_parameters_were_given():
    pages = OtherValues([
        ("kpis/[id].md", {"id": "leads", "title": "Leads"}),
        ("kpis/[id].md", {"id": "spend", "title": "Spend"}),
        ("teams/[id].md", {"id": "sales", "lead": "leads"}),
        ("index.md", {}),
    ])  # fmt: skip
    assert pages.of("a", (("days", 28), ("kpi", "leads"))) == [
        (("days", 28), ("kpi", one)) for one in ("leads", "spend")
    ]
    assert pages.of("b", (("lead", "leads"), ("team", "sales"))) == [(("lead", "leads"), ("team", "sales"))]
    assert pages.of("c", (("days", 28), ("kpi", None), ("word", "elsewhere"))) == []


def test_values_that_other_pages_did_not_run_are_expected_no_more():
    def expected(used: bool) -> list[int]:
        pages = OtherValues(("channels/[channel].md", {"channel": one}) for one in "abcdef")
        numbers, known = [], set()
        for page in "abcdef":
            for measure in (1, 2) if used or page == "a" else (3, 4):
                values = (("channel", page), ("measure", measure))
                pages.ran("q", values)
                if values not in known:
                    others = pages.of("q", values)
                    known.update(others)
                    numbers.append(len(others))
        return numbers

    assert expected(True) == [6, 0, 0, 6]
    assert expected(False) == [6] + [0] * 11


def test_other_values_are_those_of_the_last_build_with_what_has_moved():
    ends = {"leads": 22, "spend": 22, "deals": 20}
    before = [(("id", one), ("through", date(2026, 11, end))) for one, end in ends.items()]
    values = OtherValues([], {"q": before})
    moved = [(("id", one), ("through", date(2026, 11, 23))) for one in ("leads", "spend")]
    assert values.of("q", moved[1]) == moved
    assert values.of("q", before[2]) == []
    assert OtherValues([], {"q": [one[:1] for one in before]}).of("q", before[2][:1]) == [one[:1] for one in before]
    assert values.of("another", moved[0]) == []
    assert values.of("q", (("id", "new"), ("through", date(2026, 11, 25)))) == []


def test_an_error_of_one_value_is_left_to_that_value(copy):
    sql = "select $one::int as n"
    values = [(("one", one),) for one in ("1", "2", "3", "x", "5")]
    with Reader(copy) as reader:
        reader.run_as_set(sql, values, Path("page.md"))
        assert reader.run(statement(sql), {"one": "5"}).rows[0]["n"] == 5
