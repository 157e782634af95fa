"""Tables of one's own: read with the refresh, shown by pages, never in the way of the others."""

from __future__ import annotations

import sqlite3
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from okr_reports.channels.page_tables import read_tables
from okr_reports.common.page_tables import LoadedTables, PageTable
from okr_reports.report_site.faults import PageFault
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.source_files import Query
from okr_reports.warehouse.page_tables import copy_tables, failures
from okr_reports.warehouse.snapshot import write_snapshot
from tests.support import OKR, outer_environment

DEFINITIONS = """
settings: {organisation: Acme, currency: EUR, timezone: UTC, locale: en-GB}
kpis:
  - {id: visits, title: Visits, kind: flow, measure: visits, unit: count, where: {channel: web}}
objectives:
  - id: more
    title: More visits
    period: 2026-Q4
    key_results: [{id: more_visits, title: More visits, kpi: visits, type: increase, baseline: 0, target: 100}]
file_sources:
  - {id: web, path: web.csv, channel: web, date: day, measures: {visits: visits}}
tables:
  - {id: targets, path: targets.csv}
  - {id: budget, path: budget.xlsx}
  - {id: deals, connection: crm, query: 'select stage, amount from deals'}
  - {id: broken, path: broken.csv}
"""
PAGE = """---
title: Own
---

```sql own
select t.region, t.target, b.budget, d.stage from targets t join tables.budget b using (region) join deals d on true
```

{% table data="own" /%}

{% big_value data="tables.targets" value="sum(target)" title="All" /%}
"""
# what a name, a header or a cell must not do
HOSTILE = '"""; drop table okr.marts.key_results; --"'


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """A workspace with one file source, four tables (one of them broken) and a page of them, refreshed once."""
    folder = tmp_path_factory.mktemp("tables")
    run(folder, "init", "--empty", "w")
    folder = folder / "w"
    here = folder / "okr_definitions"
    for path in here.rglob("*.yml"):
        path.unlink()
    (here / "all.yml").write_text(DEFINITIONS)
    (here / "web.csv").write_text("day,visits\n" + "".join(f"2026-11-{day:02},1\n" for day in range(1, 23)))
    (here / "targets.csv").write_text(f"region,target,note\nNord,12.50,<script>alert(1)</script>\nSüd,7,{HOSTILE}\n")
    (here / "broken.csv").write_text("a,b\nfine,1\nsecret-cell,2,3\n")
    book = openpyxl.Workbook()
    book.active.append(["region", "budget"])
    book.active.append(["Nord", 1000])
    book.save(here / "budget.xlsx")
    with sqlite3.connect(folder / "crm.db") as database:
        database.execute("create table deals (stage text, amount real)")
        database.execute("insert into deals values ('won', 5.5)")
    (folder / ".dlt").mkdir(exist_ok=True)
    with (folder / ".dlt" / "secrets.toml").open("a") as file:
        file.write(f'\n[sources.sql.crm.credentials]\nurl = "sqlite:///{folder}/crm.db"\n')
    (folder / "reports" / "pages" / "own.md").write_text(PAGE)
    return folder


@pytest.fixture(scope="module")
def refreshed(workspace) -> subprocess.CompletedProcess[str]:
    return run(workspace, "refresh")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = outer_environment("OKR_", "SOURCES__", "DELIV")
    return subprocess.run(
        [OKR, *arguments], cwd=folder, env={**kept, "OKR_TODAY": "2026-11-23"}, capture_output=True, text=True
    )


def about(folder: Path) -> dict[str, tuple]:
    with duckdb.connect(str(folder / ".okr" / "okr.duckdb"), read_only=True) as connection:
        rows = connection.execute("select table_name, state, rows, columns, error from tables.tables").fetchall()
    return {row[0]: row[1:] for row in rows}


def test_a_page_shows_a_csv_a_workbook_and_a_query_and_one_broken_table_stops_nothing(workspace, refreshed):
    assert refreshed.returncode == 1, refreshed.stderr
    assert "table broken: broken.csv: line 3: more cells than the header has" in refreshed.stderr
    found = about(workspace)
    assert {name: row[:3] for name, row in found.items()} == {
        "targets": ("fresh", 2, 3), "budget": ("fresh", 1, 2), "deals": ("fresh", 1, 2),
        "broken": ("failed", None, None),
    }  # fmt: skip
    site = workspace / ".okr" / "site" / "current"
    page = next(site.rglob("own*/index.html"), None) or site / "own.html"
    text = page.read_text()
    assert [word for word in ("Nord", "1,000", "won", "19.5") if word not in text] == []
    assert "<script>alert" not in text
    sources = (site / "sources" / "index.html").read_text()
    assert "line 3: more cells than the header has" in sources
    assert "secret-cell" not in sources


def test_check_knows_the_columns_before_and_after_a_refresh(workspace, refreshed, tmp_path):
    (workspace / "reports" / "pages" / "wrong.md").write_text(
        "---\ntitle: W\n---\n\n```sql w\nselect regio from targets\n```\n\n{% table data='w' /%}\n"
    )
    try:
        said = run(workspace, "check")
        # the file has got another column since: the copy's are not those of the next refresh
        targets = workspace / "okr_definitions" / "targets.csv"
        before = targets.read_text()
        targets.write_text("regio,region,target\nx,Nord,1\n")
        later = run(workspace, "check")
        targets.write_text(before)
    finally:
        (workspace / "reports" / "pages" / "wrong.md").unlink()
    text = said.stdout + said.stderr
    assert "wrong.md:6: error: query 'w': Binder Error: Referenced column \"regio\"" in text
    assert "all.yml:16: error: table broken: broken.csv: line 3" in text
    assert "wrong.md" not in later.stdout + later.stderr


def test_names_that_no_query_could_use_are_refused(tmp_path):
    from okr_reports import okrs
    from okr_reports.findings import _table_names

    text = "tables:\n" + "".join(
        f"  - {{id: {name}, {rest}}}\n"
        for name, rest in (
            ("key_results", "path: a.csv"), ("select", "path: a.csv"), ("tables", "path: a.csv"), ("A", "path: a.csv"),
            ("one", "model: mine, sheet: a"), ("two", "connection: crm"), ("three", "path: 'https://x.example/a.csv'"),
            ("four", "path: a.csv"), ("four", "path: b.csv"),
        )
    )  # fmt: skip
    (tmp_path / "a.yml").write_text(text)
    _, found = okrs.check(tmp_path)
    said = [(one.line, one.what) for one in found if one.severity == "error"]
    assert [line for line, _ in said] == [4, 5, 6, 7, 8, 10]
    assert dict(said)[6] == "`sheet` is of files and queries, and `model` has rows of its own"
    (tmp_path / "a.yml").write_text("\n".join(text.splitlines()[:3]))
    defined, _ = okrs.check(tmp_path)
    assert [one.line for one in _table_names(defined)] == [2, 3]


def table(folder: Path, name: str, **more) -> PageTable:
    return PageTable(name.replace(".", "_"), folder / name, name, roots=(folder,), **more)


def test_columns_are_typed_where_no_value_leaves_a_doubt(tmp_path):
    (tmp_path / "a.csv").write_text(
        "﻿whole;exact;code;comma;day;either;moment;yes;none\n"
        "1;1.50;007;1,5;2026-01-31;01/02/2026;2026-01-31 10:00;true;\n\n"
        "-2;3;100;2,5;2026-02-01;02/01/2026;2026-02-01T11:30:00;FALSE;\n"
    )
    (tmp_path / "a.json").write_text('[{"id": "12", "n": 12345678901234567890, "in": {"x": 0.25}, "l": [1]}]')
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{"a": 2.5, "b": "2026-01-01T00:00:00Z"}\n')
    parquet.write_table(pa.table({"d": [date(2026, 1, 1)], "v": [1.5]}), tmp_path / "c.parquet")
    names = ["a.csv", "a.json", "b.jsonl", "c.parquet"]
    database = tmp_path / "t.duckdb"
    assert read_tables([table(tmp_path, name) for name in names], database) == {}
    with duckdb.connect(str(database), read_only=True) as connection:
        described = {
            name: [row[1] for row in connection.execute(f"describe {name}").fetchall()]
            for name in ("a_csv", "a_json", "b_jsonl", "c_parquet")
        }
        first, *_ = connection.execute("from a_csv").fetchall()
        assert connection.execute("from a_json").fetchall() == [("12", "12345678901234567890", Decimal("0.25"), "[1]")]
    assert described == {
        "a_csv": [
            "BIGINT",
            "DECIMAL(28,9)",
            "VARCHAR",
            "VARCHAR",
            "DATE",
            "VARCHAR",
            "TIMESTAMP",
            "BOOLEAN",
            "VARCHAR",
        ],
        "a_json": ["VARCHAR", "VARCHAR", "DECIMAL(28,9)", "VARCHAR"],
        "b_jsonl": ["DECIMAL(28,9)", "TIMESTAMP WITH TIME ZONE"],
        "c_parquet": ["DATE", "DOUBLE"],
    }
    assert first[:4] == (1, Decimal("1.5"), "007", "1,5")
    assert first[6] == datetime(2026, 1, 31, 10)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("more.csv", "a,b\n1,2,3\n", "line 2: more cells than the header has"),
        ("fewer.csv", "a,b\n1\n", "line 2: fewer cells than the header has"),
        ("open.csv", 'a\n"1\n', "line 2 opens a quotation mark"),
        ("twice.csv", "a,A\n1,2\n", "columns 1 and 2 have the same name"),
        ("unnamed.csv", "a,,c\n1,2,3\n", "column 2 has no name"),
        ("empty.csv", "", "is empty"),
        ("bad.jsonl", '{"a": 1}\nsecret\n', "line 2 is not JSON"),
        ("bad.json", '[{"a": 1},\n{"a": }]', "line 2 is not JSON"),
        ("list.json", '[{"a": 1}, 2]', "item 2 is not an object"),
        ("page.csv", "<html><table></table>", "is a web page"),
        ("book.xlsx", "PK\x03\x04 no book", "is not a readable"),
        ("data.parquet", "PAR1 no data", "is not a readable Parquet file"),
        ("bytes.csv", "a\nsecret\x00\n", "line 2 is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_quotes_no_cell(name, content, said, tmp_path):
    (tmp_path / name).write_text(content)
    [error] = read_tables([table(tmp_path, name)], tmp_path / "t.duckdb").values()
    assert f"{name}: {said}" in str(error)
    assert "secret" not in error.for_report


def test_nothing_outside_the_folders_is_read_and_hostile_headers_stay_names(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text("a\n1\n")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "out.csv")
    (tmp_path / "in" / "odd.csv").write_text('"a"" b","""; drop table odd_csv; --"\n1,2\n')
    inside = tmp_path / "in"
    tables = [
        PageTable("up", inside / "../out.csv", "../out.csv", roots=(inside,)), table(inside, "link.csv"),
        table(inside, "odd.csv"),
    ]  # fmt: skip
    found = read_tables(tables, tmp_path / "t.duckdb")
    assert sorted(found) == ["link_csv", "up"]
    assert all("is not read" in str(error) for error in found.values())
    with duckdb.connect(str(tmp_path / "t.duckdb"), read_only=True) as connection:
        assert connection.execute("from odd_csv").fetchall() == [(1, 2)]


def test_a_table_that_fails_keeps_its_rows_and_one_that_is_not_declared_is_gone(tmp_path):
    warehouse, copy, older = tmp_path / "warehouse.duckdb", tmp_path / "okr.duckdb", tmp_path / "older.duckdb"
    for path in (warehouse, older):
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts; create table marts.dim_date as select 1 as x")
    (tmp_path / "a.csv").write_text("a\n1\n")
    declared = (table(tmp_path, "a.csv"), table(tmp_path, "none.csv"))
    for day, text in ((1, "a\n1\n"), (2, 'a\n"1\n')):
        (tmp_path / "a.csv").write_text(text)
        database = tmp_path / f"{day}.duckdb"
        faults = {name: error.for_report for name, error in read_tables(declared, database).items()}
        loaded = LoadedTables(declared, database, datetime(2026, 1, day, tzinfo=UTC), faults=faults)
        write_snapshot(warehouse, copy, tables=loaded)
    about = Query("about", "select table_name, state, rows, day(loaded_at) from tables order by 1", Path("p"), 1)
    rows = Query(
        "rows", "select b.a, x from tables.a_csv join a_csv as b using (a) join dim_date on true", Path("p"), 1
    )
    with Reader(copy) as reader:
        assert [tuple(row) for row in reader.run(compile_query(about, {}, {}), {}).rows] == [
            ("a_csv", "failed", 1, 1), ("none_csv", "failed", None, None),
        ]  # fmt: skip
        assert [tuple(row) for row in reader.run(compile_query(rows, {}, {}), {}).rows] == [(1, 1)]
        for sql in ("from read_csv('a.csv')", "from loaded.main.a_csv", "drop table tables.a_csv"):
            with pytest.raises(PageFault):
                reader.run(compile_query(Query("q", sql, Path("p"), 1), {}, {}), {})
    kept, never = failures(copy)
    assert kept.endswith("(pages show the rows of 2026-01-01 00:00)")
    assert never.endswith("(it has no rows yet)")
    with Reader(older) as reader:  # a copy from before there were any
        assert reader.run(compile_query(about, {}, {}), {}).rows == ()
    copy_tables(copy, older)
    with Reader(older) as reader:  # a past day shows them as they are now
        assert len(reader.run(compile_query(rows, {}, {}), {}).rows) == 1
    write_snapshot(warehouse, copy)
    with Reader(copy) as reader:
        assert "a_csv" not in reader.tables()
        assert reader.run(compile_query(about, {}, {}), {}).rows == ()


def test_a_sheet_is_the_named_one_and_the_header_the_named_row(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    sheet = book.create_sheet("Targets")
    for row in (["Targets of 2026"], [], ["region", "target"], ["Nord", 5], ["007", None]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    [error] = read_tables([table(tmp_path, "a.xlsx", sheet="Target")], tmp_path / "1.duckdb").values()
    assert "has no sheet 'Target'; it has Cover, Targets" in str(error)
    assert read_tables([table(tmp_path, "a.xlsx", sheet="Targets", header=3)], tmp_path / "2.duckdb") == {}
    with duckdb.connect(str(tmp_path / "2.duckdb"), read_only=True) as connection:
        assert connection.execute("from a_xlsx").fetchall() == [("Nord", 5), ("007", None)]
