"""Query chaining and parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.source_files import Query

PAGE = Path("page.md")


def query(name: str, sql: str, line: int = 10) -> Query:
    return Query(name, sql, PAGE, line)


def compiled(sql: str, *others: Query, **names: tuple[str, ...]):
    one = query("one", sql)
    return compile_query(one, {other.name: other for other in (one, *others)}, names)


def test_a_chained_query_becomes_a_cte():
    statement = compiled("select * from ${orders}", query("orders", "select 1 as id"))
    assert statement.sql == 'with "${orders}" as (\nselect 1 as id\n) select * from "${orders}"'
    assert statement.offset == 2


def test_chains_are_ordered_by_need_and_named_once():
    a, b = query("a", "select 1 as x"), query("b", "select * from ${a}")
    sql = compiled("select * from ${b}, ${a}", a, b).sql
    assert sql.index('"${a}" as') < sql.index('"${b}" as')
    assert sql.count('"${a}" as') == 1


@pytest.mark.parametrize("opening", ["with", "WITH", "-- a remark\nwith", "/* one\ntwo */ with recursive"])
def test_ctes_of_the_query_itself_come_after_the_chained_ones(opening):
    statement = compiled(f"{opening} z as (select * from ${{a}}) select * from z", query("a", "select 1 as x"))
    assert statement.sql.count("with") == 1
    assert ("recursive" in statement.sql) == ("recursive" in opening)
    # the query's own lines follow the chained text, so that DuckDB's line numbers can be traced back
    lines = statement.sql.split("\n")
    own = statement.offset + opening.count("\n")
    assert "z as (select" in lines[own]


def test_a_trailing_remark_and_a_semicolon_of_a_chained_query_does_no_harm():
    sql = compiled("select * from ${a};", query("a", "select 1 as x -- all of it")).sql
    assert sql.endswith('select * from "${a}"')
    assert "-- all of it\n)" in sql


def test_parameters_are_bound_by_name():
    statement = compiled(
        "select ${params.id}, ${params.id} || ${attributes.unit}", params=("id",), attributes=("unit",)
    )
    assert statement.sql == "select $params_id, $params_id || $attributes_unit"
    values = statement.values({"params": {"id": "'; drop table x"}, "attributes": {"unit": "€"}})
    assert values == {"params_id": "'; drop table x", "attributes_unit": "€"}


def test_references_in_remarks_are_left_alone():
    assert compiled("select 1 -- ${nothing}\n/* ${neither} */").bound == ()


@pytest.mark.parametrize(
    ("sql", "line", "what", "todo"),
    [
        ("select *\nfrom ${ordres}", 11, "no query 'ordres'", "did you mean 'orders'"),
        ("select '${params.id}'", 10, "inside quotes", "leave the quotes out"),
        ('select\n\n"${orders}"', 12, "inside quotes", "leave the quotes out"),
        ("select ${params.idd}", 10, "no 'params.idd'", "did you mean 'params.id'"),
        ("select * from ${one}", 10, "in a circle", "break the circle"),
        ("select ${inputs.x}", 10, "no query 'inputs.x'", "known queries"),
    ],
)
def test_mistakes_name_the_line_and_what_to_do(sql, line, what, todo):
    with pytest.raises(PageFault) as caught:
        compiled(sql, query("orders", "select 1"), params=("id",))
    finding = caught.value.finding
    assert (finding.line, what in finding.what, todo in finding.todo) == (line, True, True), str(finding)


def test_a_circle_over_two_queries_is_named():
    a, b = query("a", "select * from ${b}"), query("b", "select * from ${a}")
    with pytest.raises(PageFault, match=r"a -> b -> a|b -> a -> b"):
        compile_query(a, {"a": a, "b": b}, {})
