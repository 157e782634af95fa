"""A build changes the bytes of the pages that say something new, and pages kept are those that a whole build makes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from okr_reports.deliveries import site_files
from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.moment import PATH as MOMENT
from okr_reports.report_site.output.page_cache import READS, read_kept
from okr_reports.report_site.queries.database import Reader
from tests.report_site.conftest import REPORTS

HEAD = "---\ntitle: {}\n---\n"
# one page for each way to read the copy
PAGES = {
    "pages/index.md": HEAD.format("Home") + "{{ context.today | fmt }}",
    "pages/through.md": HEAD.format("Through") + "{{ context.data_through | fmt }}",
    "pages/plain.md": HEAD.format("Plain") + "nothing of the data",
    "pages/star.md": HEAD.format("Star") + "```sql q\nselect * from key_results order by all\n```\n"
    "{% table data=\"q\" /%}",
    "pages/titles.md": HEAD.format("Titles") + "```sql q\nselect title from key_results order by 1\n```\n"
    "{{ q | length }}{% for row in q %}{{ row.title }}{% endfor %}",
    "pages/count.md": HEAD.format("Count") + "```sql q\nselect count(*) as n from fct_check_in\n```\n{{ q[0].n }}",
    "pages/loads.md": HEAD.format("Loads") + "```sql q\nselect max(last_load_at) as at from source_health\n```\n"
    "{{ q[0].at }}",
    "pages/kr/index.md": HEAD.format("Key results") + "list",
    "pages/kr/[id].md": "---\ntitle: \"{{ params.title }}\"\none_page_per: every\n---\n"
    "```sql every\nselect key_result_id as id, title from key_results order by 1\n```\n"
    "```sql said\nselect count(*) as n, max(confidence) as c from fct_check_in where key_result_id ="
    " ${params.id}\n```\n"
    "{{ said[0].n }} {{ said[0].c }} {% if params.id == 'x' %}{{ context.today }}{% endif %}",
}  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Life:
    """A copy that changes, with a site that is built with its cache after each change."""

    def __init__(self, snapshot: Path, reports: Path, folder: Path) -> None:
        self.copy, self.reports, self.folder = folder / "copy.duckdb", reports, folder
        shutil.copyfile(snapshot, self.copy)

    def change(self, *statements: str) -> None:
        with duckdb.connect(str(self.copy)) as connection:
            connection.execute("set search_path = 'marts'")
            for statement in statements:
                connection.execute(statement)

    def build(self) -> dict[str, bytes]:
        return files(build_site(self.copy, self.reports, self.folder / "site", cache_dir=self.folder / "cache").out_dir)

    def whole(self) -> dict[str, bytes]:
        return files(build_site(self.copy, self.reports, self.folder / "whole").out_dir)


def changed(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


@pytest.fixture
def life(snapshot, reports, tmp_path) -> Life:
    return Life(snapshot, reports(PAGES), tmp_path)


MOMENTS = (
    "update report_context set refreshed_at = refreshed_at + interval 3 hour, refresh_id = 'another'",
    "update source_health set last_load_at = last_load_at + interval 3 hour",
)
NEXT_DAY = (*MOMENTS, "update report_context set today = today + 1, data_through = data_through + 1")


def test_a_refresh_that_brings_nothing_changes_only_the_moment_and_the_pages_that_show_one(life):
    before = life.build()
    life.change(*MOMENTS)
    after = life.build()
    assert changed(before, after) == {MOMENT, "loads/index.html"}
    assert after == life.whole()


def test_what_was_found_unchanged_is_not_doubted_again(life):
    life.build()
    life.change(*MOMENTS)
    life.build()
    kept = files(life.folder / "cache")
    entries = [read_kept(path) for path in (life.folder / "cache").glob("*.json")]
    _, then, routes = read_kept(life.folder / "cache" / READS)
    assert sorted(routes) == sorted(entry["route"] for entry in entries)
    assert then.keys() >= {"key_results", "source_health"}
    with Reader(life.copy) as reader:
        assert {table: reader.fingerprints(table) for table in then} == then
    life.build()
    assert files(life.folder / "cache") == kept


def test_a_next_day_leaves_the_pages_that_say_nothing_of_the_day(life):
    before = life.build()
    life.change(*NEXT_DAY)
    after = life.build()
    pages = {MOMENT, "index.html", "through/index.html", "loads/index.html"}
    assert {name for name in changed(before, after) if not name.endswith(".xlsx")} == pages
    assert after == life.whole()


def test_the_moment_is_sent_last(life):
    assert site_files.MOMENT == MOMENT
    life.build()
    names = [one.name for one in site_files.site_files(life.folder / "site")]
    assert set(names[-2:]) == {MOMENT, "index.html"}


def test_a_check_in_changes_only_the_pages_that_show_it(life):
    before = life.build()
    life.change(
        *MOMENTS[:1],
        "insert into fct_check_in by name (select * replace (0.123 as confidence) from fct_check_in"
        " where key_result_id = (select min(key_result_id) from fct_check_in) limit 1)",
    )
    after = life.build()
    with duckdb.connect(str(life.copy), read_only=True) as connection:
        (whose,) = connection.execute("select min(key_result_id) from marts.fct_check_in").fetchone()
    assert changed(before, after) == {MOMENT, "count/index.html", f"kr/{whose}/index.html"}
    assert after == life.whole()


def random_change(connection: duckdb.DuckDBPyConnection, chance: random.Random) -> str:
    """A cell, a row or the order of a mart's rows."""
    columns = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts'"
        " and table_name in ('key_results', 'fct_check_in', 'report_context', 'source_health')"
    ).fetchall()
    table, column, kind = chance.choice(columns)
    sample = f"using sample {chance.randint(1, 3)} rows (reservoir, {chance.randint(1, 99)})"
    some = f"rowid in (select rowid from {table} {sample})"
    new = {"VARCHAR": f"{column} || 'x'", "BOOLEAN": f"not {column}", "DATE": f"{column} + 1"}.get(kind)
    if new is None:
        new = f"{column} + interval 1 hour" if kind.startswith("TIMESTAMP") else f"{column} + 1"
    keys = ("key_result_id", "status", "locale", "timezone", "language", "currency", "type", "unit", "period")
    if column in (*keys, "check_in_host") or column.endswith("_code"):
        new = column
    return chance.choice([f"update {table} set {column} = {new} where {some}"] * 4 + [
        f"delete from fct_check_in where {some.replace(table, 'fct_check_in')}",
        "create or replace table fct_check_in as from fct_check_in order by rowid desc",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_pages_are_those_of_a_whole_build(life, seed):
    chance = random.Random(seed)
    life.build()
    for _ in range(4):
        with duckdb.connect(str(life.copy)) as connection:
            connection.execute("set search_path = 'marts'")
            for _ in range(chance.randint(1, 2)):
                connection.execute(random_change(connection, chance))
        assert life.build() == life.whole()


def test_the_shipped_pages_after_a_check_in_and_a_day(snapshot, tmp_path):
    life = Life(snapshot, REPORTS, tmp_path)
    before = life.build()
    life.change(*MOMENTS)
    nothing = life.build()
    assert {name for name in changed(before, nothing) if "data/" not in name} == {MOMENT, "sources/index.html"}
    life.change("update fct_check_in set confidence = 0.123 where rowid = (select max(rowid) from fct_check_in)")
    after = life.build()
    pages = {name for name in after if name.endswith(".html")}
    # The pages that show a check-in's confidence, of 49.
    assert changed(nothing, after) & pages == {
        "check-ins/index.html", "key-results/leads_q3/index.html", "objectives/linkedin_basics/index.html",
        "retrospectives/2026-Q3/index.html", "teams/paid_social/index.html",
    }  # fmt: skip
    life.change("update report_context set today = today + 1")
    day = life.build()
    assert len(changed(after, day) & pages) <= len(pages) * 0.9
    assert day == life.whole()
