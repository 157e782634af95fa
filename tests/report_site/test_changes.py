"""A statement is doubted where what it reads has changed: of a shared query its rows, run only if need be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from okr_reports.report_site.output.changes import Changes
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.queries import compile_query
from okr_reports.report_site.queries.shared_tables import MOST_ROWS
from okr_reports.report_site.source_files import Query

SHARED = {
    "big": "select shop, sum(amount) as amount from facts group by shop",
    "of_big": "select *, amount / 2 as half from ${big}",
    "last": "select max(seen)::date as day from facts",
    "many": f"select seen + to_seconds(n) as at from facts, range({MOST_ROWS}) as numbers(n)",
    "nothing": "select 1 as x",
}
# A page's SQL, with the shared queries that are run to see whether the rows are others after a change of `seen`.
PAGES: dict[str, tuple[str, ...]] = {
    "select half from ${of_big}": (),
    "select * from ${big}, facts where amount > 3": (),
    "select day from ${last}": ("last",),
    "select day, half from ${last}, ${of_big}": ("last",),
    "select x from ${nothing}": (),
}


def _queries() -> dict[str, Query]:
    return {name: Query(name, sql, Path(f"{name}.sql"), 1) for name, sql in SHARED.items()}


def _sql(text: str) -> str:
    return compile_query(Query("page", text, Path("page.md"), 1), _queries(), {}).sql


@pytest.fixture
def copy(tmp_path) -> Path:
    path = tmp_path / "copy.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create table marts.facts(shop varchar, amount int, seen timestamp)")
        connection.execute(
            "insert into marts.facts select chr((97 + n % 2)::int), n, timestamp '2026-11-23 08:00' from range(9) r(n)"
        )
    return path


@contextmanager
def _reading(copy: Path) -> Iterator[Reader]:
    with Reader(copy) as reader:
        reader.share(_queries())
        yield reader


def _then(copy: Path, text: str) -> dict[str, dict[str, str]]:
    with _reading(copy) as reader:
        return {table: dict(digests) for table, digests in Changes(reader, {}).read_by([_sql(text)]).items()}


def _change(copy: Path, sql: str) -> None:
    with duckdb.connect(str(copy)) as connection:
        connection.execute(sql)


def _made(reader: Reader) -> list[str]:
    made = reader._connection.execute("select table_name from duckdb_tables() where temporary").fetchall()
    return sorted(name.removeprefix("shared ") for (name,) in made)


@pytest.mark.parametrize(("text", "run"), [(text, run) for text, run in PAGES.items() if "facts" not in text])
def test_rows_that_stay_equal_are_not_doubted_and_looked_at_only_if_they_may_be_others(copy, text, run):
    then = _then(copy, text)
    _change(copy, "update marts.facts set seen = seen + interval 1 hour")
    with _reading(copy) as reader:
        changes = Changes(reader, then)
        assert not changes.may_differ(_sql(text))
        assert _made(reader) == sorted(run)


@pytest.mark.parametrize("text", [text for text in PAGES if "nothing" not in text])
@pytest.mark.parametrize("change", ["update marts.facts set seen = seen + interval 2 day, amount = amount + 1 where "
                                    "shop = 'a'", "delete from marts.facts"])  # fmt: skip
def test_rows_that_are_others_are_doubted(copy, text, change):
    then = _then(copy, text)
    _change(copy, change)
    with _reading(copy) as reader:
        assert Changes(reader, then).may_differ(_sql(text))


def test_a_query_of_too_many_rows_is_doubted_with_what_it_reads(copy):
    text = "select max(at) from ${many}"
    then = _then(copy, text)
    _change(copy, "update marts.facts set amount = amount + 1")
    with _reading(copy) as reader:
        assert not Changes(reader, then).may_differ(_sql(text))
    _change(copy, "update marts.facts set seen = seen + interval 1 hour")
    with _reading(copy) as reader:
        assert Changes(reader, then).may_differ(_sql(text))


def test_what_was_never_read_is_doubted(copy):
    with _reading(copy) as reader:
        assert Changes(reader, _then(copy, "select x from ${nothing}")).may_differ(_sql("select * from ${last}"))
