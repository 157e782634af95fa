"""docs/analysts.md: each of the twenty questions is answered from the demo's copy; the marts leave as Parquet too."""

from __future__ import annotations

import csv
import re

import duckdb
import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^### (\d+\. .+?)$.*?```sql\n(.*?)```", PAGE, re.S | re.M))
# Everything of the demo has data: there is nothing to answer.
EMPTY = {"3. Which objectives lack data?"}


@pytest.fixture(scope="module")
def copy(demo):
    with duckdb.connect(str(demo.data_dir / "okr.duckdb"), read_only=True) as connection:
        yield connection


def test_there_are_twenty_questions():
    assert [int(title.split(".")[0]) for title in QUESTIONS] == list(range(1, 21))


@pytest.mark.parametrize("title", QUESTIONS)
def test_the_answer_to(copy, title):
    cursor = copy.execute(QUESTIONS[title])
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    assert bool(rows) != (title in EMPTY)
    # a column without one value in it would be a question that the marts do not answer
    for name, values in zip(names, zip(*rows, strict=True), strict=False):
        assert name in ("stale_since", "last_error") or any(value is not None for value in values), name


def test_the_parts_that_are_summed_give_the_kpi(copy):
    """Question 12, computed here from the raw measures of the same months."""
    answer = {row[0]: row[1] for row in copy.execute(QUESTIONS["12. How did a KPI move, month by month?"]).fetchall()}
    expected = copy.execute(
        """
        select
            month_start,
            sum(value) filter (where measure = 'spend') / nullif(sum(value) filter (where measure = 'leads'), 0)::double
        from marts.fct_measure_daily join marts.dim_date using (date)
        where channel = 'linkedin_ads' and measure in ('spend', 'leads') group by 1
        """
    ).fetchall()
    assert answer == {month: pytest.approx(value, abs=1e-9) for month, value in expected}


def test_every_table_and_column_is_described_in_the_file(copy):
    assert copy.execute("select table_name from duckdb_tables() where coalesce(comment, '') = ''").fetchall() == []
    without = "select table_name, column_name from duckdb_columns() where not internal and coalesce(comment, '') = ''"
    assert copy.execute(without).fetchall() == []


def test_the_marts_leave_as_parquet_whole_and_described(demo, copy, tmp_path):
    for _ in range(2):  # the second replaces the first
        answer = demo.okr("export", "--parquet", str(tmp_path / "out"))
        assert answer.returncode == 0, answer.stderr
    marts = "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    tables = [name for (name,) in copy.execute(marts).fetchall()]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["columns.csv", *(f"{name}.parquet" for name in tables)]
    )
    for name in tables:
        file = str(tmp_path / "out" / f"{name}.parquet")
        counts = f"select (select count(*) from marts.{name}), (select count(*) from read_parquet('{file}'))"
        (here, there) = copy.execute(counts).fetchone()
        assert here == there
    with (tmp_path / "out" / "columns.csv").open(encoding="utf-8", newline="") as lines:
        described = list(csv.DictReader(lines))
    assert {row["table"] for row in described} == set(tables)
    assert all(row["description"] for row in described)
