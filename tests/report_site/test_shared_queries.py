"""Pages and components select, filter and order; tables are brought together in shared queries. And where a table of
the site says that its columns come from, they do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

from okr_reports.report_site.pages.reports import SHIPPED_QUERIES, read_reports
from okr_reports.report_site.queries.origins import Origins
from okr_reports.report_site.queries.queries import PIECE, compile_query
from okr_reports.report_site.source_files import Query
from okr_reports.words.statuses import STATUSES
from tests.support import ROOT

TABLES = {
    "key_results": ["key_result_id", "title", "team", "value", "score"],
    "dim_team": ["team_id", "title"],
    "days": ["key_result_id", "date", "value"],
}
# (SQL, a column of its result, what it is made of, what a row is a row of)
QUERIES = (
    ("select title from key_results", "title", [("key_results", "title")], "key_results"),
    ("select k.title as name from key_results k", "name", [("key_results", "title")], "key_results"),
    ("select t.* from key_results k left join dim_team t on true", "title", [("dim_team", "title")], "key_results"),
    ("select count(*) as n from days where value > 0", "n", [], "days"),
    (
        "select case when k.title is null then d.value else k.score end as x from days d, key_results k",
        "x", [("days", "value"), ("key_results", "score")], "days",
    ),
    ("select sum(value) filter (where date > today()) as value from days", "value", [("days", "value")], "days"),
    ("select value * 2 as twice, twice / 2 as once from days", "once", [("days", "value")], "days"),
    ("select sum(value) as value from days group by date", "value", [("days", "value")], "days"),
    (
        'with "${lists}" as (select k.*, t.title as team_title from key_results k left join dim_team t on true), '
        'chosen as (select * from "${lists}") select team_title, title from chosen where team = $params_id',
        "team_title", [("dim_team", "title")], "key_results",
    ),
    ("select (select t.title from dim_team t) as name from days", "name", [("dim_team", "title")], "days"),
    ("select title from (select title from dim_team union all select title from key_results)", "title",
     [("dim_team", "title")], "dim_team"),
    (
        "with recursive up as (select key_result_id as id from days union all select id from up where false) "
        "select id from up", "id", [("days", "key_result_id")], "days",
    ),
    ("with days as (select value from days) select value from days", "value", [("days", "value")], "days"),
    ("select 1 as x", "x", [], None),
)  # fmt: skip


def _parsed(sql: str) -> str:
    with duckdb.connect() as connection:
        return str(connection.execute("select json_serialize_sql(?)", [sql]).fetchall()[0][0])


@pytest.mark.parametrize(("sql", "column", "origins", "subject"), QUERIES)
def test_a_column_is_followed_to_the_tables_it_is_made_of(sql, column, origins, subject):
    made = Origins(_parsed(sql), TABLES)
    assert made.of(column) == origins
    assert made.subject() == subject


def _joins(tree: Any) -> Iterator[Any]:
    """JOINs of a parse. A comma is none: it puts the one row of report_context, or of a span of days, beside others."""
    if isinstance(tree, list):
        for part in tree:
            yield from _joins(part)
    elif isinstance(tree, dict):
        if tree.get("type") == "JOIN" and not (tree["ref_type"] == "CROSS" and tree.get("is_implicit", True)):
            yield tree
        yield from _joins(list(tree.values()))


def test_no_page_and_no_component_joins_tables():
    """docs/pages.md: what brings tables together has a name, in queries/."""
    reports = read_reports(ROOT / "reports")
    joined = {
        f"{query.path}:{query.name}"
        for file, _ in reports.files()
        for query in file.queries.values()
        if list(_joins(json.loads(_parsed(PIECE.sub(_name, query.sql)))))
    }
    assert len(reports.pages) > 20
    assert joined == set()


def _name(piece: Any) -> str:
    """A reference as a name that DuckDB parses anywhere; a text, a quoted name or a remark as it is."""
    written = piece[1] if piece[1] is not None else piece[2]
    return piece[0] if written is None else "is not null" if written.strip().endswith(".between") else "is_chosen"


@pytest.mark.parametrize("path", sorted(SHIPPED_QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_a_shared_query_says_what_a_row_of_it_is(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- ")
    assert first[3].isupper()


def test_the_order_of_statuses_is_that_of_every_other_list() -> None:
    order = duckdb.connect().sql((SHIPPED_QUERIES / "status_order.sql").read_text(encoding="utf-8")).fetchall()
    assert order == [(status, place) for place, status in enumerate(STATUSES, 1)]


def test_a_workspaces_query_is_its_own_pages_and_nothing_that_ships_reads_it(tmp_path):
    """A name that an upgrade brings too: whoever has it keeps it, and components keep theirs."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text("# Mine\n")
    (tmp_path / "queries").mkdir()
    for name in ("scorecard", "the_key_result"):
        (tmp_path / "queries" / f"{name}.sql").write_text("select 7 as mine")
    reports = read_reports(tmp_path)
    names = {"attributes": ("key_result", "kpi")}

    def written(known: Mapping[str, Query], query: Query) -> str:
        return compile_query(query, known, names).sql

    def of_page(sql: str) -> str:
        return written(reports.queries, Query("page", sql, tmp_path / "pages" / "index.md", 1))

    assert reports.faults == ()
    assert "select 7 as mine" in of_page("select * from ${scorecard}")
    shipped = {path.stem for path in SHIPPED_QUERIES.glob("*.sql")} - {"scorecard", "the_key_result"}
    assert [name for name in shipped if "select 7 as mine" in of_page(f"select * from ${{{name}}}")] == []
    chained = [name for name in shipped if '"${okr-reports/scorecard}" as (' in of_page(f"select * from ${{{name}}}")]
    assert len(chained) > 1

    readers = 0
    for component in reports.components.values():
        file = component.file
        spaces = {"attributes": tuple(component.attributes)}
        for query in file.queries.values():
            sql = compile_query(query, {**reports.shared(file), **file.queries}, spaces).sql
            readers += "${scorecard}" in sql or "${the_key_result}" in sql
            assert "select 7 as mine" not in sql
    assert readers > 1
