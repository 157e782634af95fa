"""Report SQL reaches the snapshot and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from okr_reports.report_site.faults import BadValue, PageFault
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.source_files import Query

SECRET = "okr-secret-4711"


@pytest.fixture(scope="module")
def reader(snapshot):
    with Reader(snapshot, Limits(seconds=5)) as opened:
        yield opened


def run(reader: Reader, sql: str):
    query = Query("q", sql, Path("page.md"), 7)
    return reader.run(compile_query(query, {}, {}), {})


def test_rows_are_read_by_name_and_number(reader):
    result = run(reader, "select key_result_id, value from key_results order by 1 limit 1")
    row = result.rows[0]
    assert row.key_result_id == row["key_result_id"] == row[0] == "accounts_clean"
    assert list(row) == [row[0], row[1]]
    with pytest.raises(BadValue, match="did you mean 'key_result_id'"):
        row["key_result"]


HOSTILE = [
    "select * from read_text('{file}')", "select * from read_blob('{file}')", "select * from read_csv('{file}')",
    "select * from read_csv_auto('{file}')", "select * from sniff_csv('{file}')", "select * from '{file}'",
    "select * from read_json('{file}')", "select * from read_json_auto('{file}')",
    "select * from read_ndjson('{file}')",
    "select * from read_json_objects('{file}')", "select * from read_parquet('{file}')",
    "select * from parquet_scan('{file}')", "select * from parquet_metadata('{file}')",
    "select * from parquet_schema('{file}')", "select * from parquet_file_metadata('{file}')",
    "select * from glob('{folder}/*')", "select * from read_text('{folder}/*')",
    "select * from read_duckdb('{file}', table_name='x')",
    "copy (select 1) to '{target}'", "copy key_results to '{target}'", "copy key_results from '{file}'",
    "copy (select 1) to '{target}' (format parquet)", "copy (select 1) to '{target}' (format json)",
    "export database '{target}'", "import database '{folder}'",
    "attach '{target}' as other", "attach '{file}' as other (read_only)", "attach ':memory:' as other",
    "detach okr", "use memory", "install httpfs", "load httpfs", "install excel from community", "load '{file}'",
    "set enable_external_access = true", "set lock_configuration = false", "set threads = 8",
    "set memory_limit = '100GB'", "reset all", "set global enable_external_access = true", "set variable x = 1",
    "pragma enable_external_access", "pragma database_list", "pragma version", "pragma enable_profiling",
    "pragma profiling_output = '{target}'", "create table memory.main.x (a int)", "create view v as select 1",
    "create temp table x as select 1", "create macro f(a) as a", "create secret s (type s3)",
    "insert into key_results default values", "update key_results set title = 'x'", "delete from key_results",
    "drop table key_results", "truncate key_results", "alter table key_results add column z int",
    "call pragma_version()", "checkpoint", "vacuum", "analyze", "begin", "prepare p as select 1",
    "select 1; copy (select 1) to '{target}'", "select getenv('HOME')", "select * from read_text(getenv('HOME'))",
    "from (copy (select 1) to '{target}')", "explain analyze copy (select 1) to '{target}'",
    "with x as (delete from key_results returning *) select * from x",
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile_statements_touch_no_file(reader, snapshot, tmp_path, sql):
    secret, target = tmp_path / "secret.csv", tmp_path / "written"
    secret.write_text(f"a\n{SECRET}\n")
    before = snapshot.read_bytes()
    with pytest.raises(PageFault) as caught:
        run(reader, sql.format(file=secret, folder=tmp_path, target=target))
    assert SECRET not in str(caught.value)
    assert caught.value.finding.line == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]
    assert snapshot.read_bytes() == before


def test_there_are_at_least_59_hostile_statements():
    assert len(HOSTILE) >= 59


def test_without_the_lock_many_of_them_would_pass(snapshot, tmp_path):
    """The test above has teeth: a connection that is only read-only runs a good part of the same list."""
    secret = tmp_path / "secret.csv"
    secret.write_text(f"a\n{SECRET}\n")
    passed = 0
    for sql in HOSTILE[:25]:
        with duckdb.connect(str(snapshot), read_only=True) as connection:
            try:
                connection.execute(sql.format(file=secret, folder=tmp_path, target=tmp_path / f"out{passed}"))
                passed += 1
            except duckdb.Error:
                continue
    assert passed >= 10


def test_a_query_that_takes_too_long_is_stopped_and_named(snapshot):
    with Reader(snapshot, Limits(seconds=0.5)) as reader:
        started = time.monotonic()
        with pytest.raises(PageFault, match=r"more than 0\.5 s and was stopped"):
            run(reader, "select sum(a.range * b.range) from range(10000000) a, range(10000000) b")
        assert time.monotonic() - started < 5.5
        assert run(reader, "select 1 as x").rows[0].x == 1


def test_a_query_that_takes_too_much_memory_is_named(snapshot):
    with (
        Reader(snapshot, Limits(memory_mb=64)) as reader,
        pytest.raises(PageFault, match="more than 64 MB of memory"),
    ):
        run(reader, "select list(i || 'some longer text ' || i) from range(50000000) t(i)")


def test_it_is_named_too_where_nothing_can_be_written(snapshot, tmp_path, monkeypatch):
    """As in the renderer's process, whose folder is closed to it: DuckDB would spill into one below it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".tmp").write_text("where the folder would be")
    grouped = "select count(*) from (select i || 'some longer text' as t, count(*) from range(9000000) r(i) group by t)"
    with (
        Reader(snapshot, Limits(memory_mb=64)) as reader,
        pytest.raises(PageFault, match="more than 64 MB of memory"),
    ):
        run(reader, grouped)


def test_rows_above_the_limit_are_cut_and_said_to_be(snapshot):
    with Reader(snapshot, Limits(rows=10)) as reader:
        result = run(reader, "select * from range(11)")
        assert (len(result.rows), result.truncated) == (10, True)
        assert not run(reader, "select * from range(10)").truncated


def test_errors_of_duckdb_carry_its_suggestion(reader):
    with pytest.raises(PageFault) as caught:
        run(reader, "select title,\n  statu\nfrom key_results")
    finding = caught.value.finding
    assert finding.line == 8
    assert "statu" in finding.what
    assert '"status"' in finding.todo


def test_the_snapshot_can_be_replaced_while_it_is_read(snapshot, tmp_path):
    copy = tmp_path / "okr.duckdb"
    copy.write_bytes(snapshot.read_bytes())
    with Reader(copy) as reader:
        (tmp_path / "new").write_bytes(snapshot.read_bytes())
        (tmp_path / "new").replace(copy)
        assert run(reader, "select count(*) as n from key_results").rows[0].n == 13
