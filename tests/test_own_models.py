"""Models of a workspace's own: built with the rest, taken by KPIs and pages, never in the way of the OKRs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from okr_reports.findings import _model_names
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.models.settings import Settings
from okr_reports.settings import Workspace
from tests.support import OKR, outer_environment

DEFINITIONS = """
settings: {organisation: "Acme {{ nothing() }}", currency: EUR, timezone: UTC, locale: en-GB}
kpis:
  - {id: visits, title: Visits, kind: flow, measure: visits, unit: count, where: {channel: web}}
  - id: won
    title: Won
    kind: flow
    model: fct_pipeline
    date: day
    value: amount
    unit: currency
    where: {stage: won}
  - id: not_lost
    title: Not lost
    kind: ratio
    model: fct_pipeline
    date: day
    numerator: amount
    denominator: deals
    where: {stage: {not: lost}, owner: {like: "A_a%"}}
  - {id: a, title: Visits, kind: flow, measure: visits}
  - {id: day, title: "{{ nothing() }}", kind: flow, measure: visits}
  - {id: x__y_, title: Visits, kind: flow, measure: visits}
  - {id: kpi_day, title: "{% if", kind: flow, measure: visits}
  - {id: open, title: Open, kind: stock, model: fct_level, date: day, value: level}
objectives:
  - id: more
    title: More
    period: 2026-Q4
    key_results:
      - {id: more_visits, title: More visits, kpi: visits, type: increase, baseline: 0, target: 100}
      - {id: more_won, title: More won, kpi: won, type: increase, baseline: 0, target: 1000}
      - {id: much_open, title: Much open, kpi: open, type: at_least, target: 3}
file_sources:
  - {id: web, path: web.csv, channel: web, date: day, measures: {visits: visits}}
tables:
  - {id: pipeline, model: fct_pipeline}
"""
# Sums for a reader: 22 days, each a visit; won 10 a visit and day, lost 5, open 2.
PIPELINE = """
with days as (
    select date as day, sum(value) as visits from {{ ref('fct_measure_daily') }} where measure = 'visits' group by 1
)
select day, 'won' as stage, 'A_a' as owner, 10 * visits as amount, 2 as deals from days
union all
select day, 'lost', 'A_a', 5 * visits, 1 from days
union all
select day, 'open', 'Axa', 2 * visits, 1 from days
"""
LEVEL = "select day, sum(deals) as level from {{ ref('fct_pipeline') }} group by 1"
TESTS = """
version: 2
models:
  - name: fct_pipeline
    description: Deals by day and stage. One row per day and stage.
    columns:
      - name: amount
        description: Euros.
        data_tests: [not_null]
"""
# made of the marts at the end of the way, which is no circle as long as no KPI is made of it
AFTER = "select status, count(*) as results from {{ ref('key_results') }} group by 1"
PAGE = """---
title: Own
---

```sql won
select stage, sum(amount) as amount from pipeline group by 1
```

{% table data="won" /%}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = outer_environment("OKR_", "SOURCES__", "DELIV")
    return subprocess.run(
        [OKR, *arguments], cwd=folder, env={**kept, "OKR_TODAY": "2026-11-23"}, capture_output=True, text=True
    )


def asked(folder: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(folder / ".okr" / "okr.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """A workspace with one file source, three models of its own and KPIs over two of them, refreshed once."""
    folder = tmp_path_factory.mktemp("models")
    run(folder, "init", "--empty", "w")
    folder = folder / "w"
    here = folder / "okr_definitions"
    for path in here.rglob("*.yml"):
        path.unlink()
    (here / "all.yml").write_text(DEFINITIONS)
    (here / "web.csv").write_text("day,visits\n" + "".join(f"2026-11-{day:02},1\n" for day in range(1, 23)))
    models = folder / "models"
    (models / "sales").mkdir(parents=True)
    (models / "sales" / "fct_pipeline.sql").write_text(PIPELINE)
    (models / "fct_level.sql").write_text(LEVEL)
    (models / "after.sql").write_text(AFTER)
    (models / "models.yml").write_text(TESTS)
    for page in ("own", "a-b", "a_b", "año"):
        (folder / "reports" / "pages" / f"{page}.md").write_text(PAGE)
    found = run(folder, "refresh")
    assert found.returncode == 0, found.stdout + found.stderr
    return folder


def test_a_model_over_marts_is_a_kpi_a_table_of_pages_and_in_the_copy(workspace):
    days = "select kpi_id, count(*), sum(numerator) from marts.fct_kpi_daily group by 1 order by 1"
    assert asked(workspace, days) == [
        ("a", 22, 22), ("day", 22, 22), ("kpi_day", 22, 22),
        ("not_lost", 22, 220), ("open", 22, 88), ("visits", 22, 22), ("won", 22, 220),
        ("x__y_", 22, 22),
    ]  # fmt: skip
    values = dict(asked(workspace, "select key_result_id, value from marts.key_results"))
    assert values == {"more_visits": 22, "more_won": 220, "much_open": 4}
    assert asked(workspace, "select value from marts.fct_kpi_daily where kpi_id = 'not_lost' limit 1") == [(5.0,)]
    assert asked(workspace, "select count(*) from models.fct_pipeline") == [(66,)]
    assert asked(workspace, "select sum(results) from models.after") == [(3,)]
    comments = "select comment from duckdb_columns() where column_name = 'amount' and schema_name = 'models'"
    assert asked(workspace, comments) == [("Euros.",)]
    assert asked(workspace, "select state, rows, source from tables.tables") == [("fresh", 66, "models: fct_pipeline")]
    health = asked(workspace, "select account_id, state, data_through::text from marts.source_health order by 1")
    assert health == [
        ("", "fresh", "2026-11-22"), ("fct_level", "fresh", "2026-11-22"), ("fct_pipeline", "fresh", "2026-11-22")
    ]  # fmt: skip
    pages = (workspace / ".okr" / "site" / "current" / "own" / "index.html").read_text()
    assert "220" in pages


def test_dbt_knows_every_page_and_every_kpi(workspace):
    manifest = json.loads((workspace / ".okr" / "dbt" / "target" / "manifest.json").read_text())
    pages = {one["label"]: one["depends_on"]["nodes"] for one in manifest["exposures"].values()}
    files = {path.relative_to(workspace / "reports" / "pages").with_suffix("").as_posix()
             for path in (workspace / "reports" / "pages").rglob("*.md")}  # fmt: skip
    assert pages.keys() == files
    assert pages["own"] == ["model.workspace.fct_pipeline"]
    assert "model.okr_reports.key_results" in pages["index"]
    metrics = {one["name"]: one["type"] for one in manifest["metrics"].values()}
    assert metrics == {
        "visits": "simple", "won": "simple", "open": "simple", "not_lost": "ratio",
        "not_lost_numerator": "simple", "not_lost_denominator": "simple",
        # ids that MetricFlow admits to no metric
        "kpi_a": "simple", "kpi_day_2": "simple", "x_y": "simple", "kpi_day_3": "simple",
    }  # fmt: skip
    assert {one["owner"]["name"] for one in manifest["exposures"].values()} == {"Acme { { nothing() }}"}


@pytest.fixture
def broken(workspace):
    """Writes files of models, refreshes, and puts the files back."""
    kept: dict[Path, str | None] = {}

    def refresh(**contents: str) -> subprocess.CompletedProcess[str]:
        for name, content in contents.items():
            path = workspace / "models" / f"{name}.sql"
            path = path if path.exists() or name != "fct_pipeline" else workspace / "models" / "sales" / f"{name}.sql"
            kept[path] = path.read_text() if path.exists() else None
            path.write_text(content)
        return run(workspace, "refresh")

    yield refresh
    for path, content in kept.items():
        path.unlink(missing_ok=True) if content is None else path.write_text(content)


def test_models_that_break_stop_nothing_and_are_said_with_their_line(workspace, broken):
    # of every kind at once: a query that fails, one that does not parse, a circle with a KPI, a view that fails late
    found = broken(
        fct_pipeline=PIPELINE + "union all select day, nosuch, '', 1, 1 from days",
        unparsed="select 1\n{{ nosuch() }}",
        unknown="select 1 as one\nfrom {{ ref('nowhere') }}",
        fct_level="select date as day, value as level from {{ ref('fct_kpi_daily') }}",
        read_late="{{ config(materialized='view') }} select cast(stage as date) from (select 'x' as stage)",
    )
    assert found.returncode == 1, found.stdout + found.stderr
    said = found.stderr
    assert "models/sales/fct_pipeline.sql:" in said
    assert "nosuch" in said
    assert "models/unparsed.sql:" in said
    assert "models/unknown.sql:2: " in said
    assert "models/fct_level.sql:1: it reads fct_kpi_daily, which is made of KPIs" in said
    assert "the view read_late fails when it is read" in said
    # what is not broken is new, what is broken is as it was and says so
    values = dict(asked(workspace, "select key_result_id, value from marts.key_results"))
    assert values == {"more_visits": 22, "more_won": 220, "much_open": 4}
    health = asked(workspace, "select account_id, state, last_error from marts.source_health order by 1")
    assert [row[:2] for row in health] == [("", "fresh"), ("fct_level", "failed"), ("fct_pipeline", "failed")]
    assert "models/sales/fct_pipeline.sql" in health[2][2]
    assert asked(workspace, "select state, rows from tables.tables") == [("failed", 66)]
    assert asked(workspace, "select sum(results) from models.after") == [(3,)]


def test_a_test_of_a_model_that_fails_fails_the_model(workspace, broken):
    found = broken(fct_pipeline=PIPELINE + "union all select day, 'won', 'A_a', null, 1 from days")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "models/models.yml:4: test not_null_fct_pipeline_amount" in found.stderr, found.stderr
    assert dict(asked(workspace, "select key_result_id, value from marts.key_results"))["more_won"] == 220
    assert ("fct_pipeline", "failed") in asked(workspace, "select account_id, state from marts.source_health")


def test_what_is_put_right_counts_and_what_is_removed_is_gone(workspace, broken):
    found = broken(extra="select 1 as one")
    assert found.returncode == 0, found.stdout + found.stderr
    assert asked(workspace, "select one from models.extra") == [(1,)]
    assert asked(workspace, "select state from tables.tables") == [("fresh",)]
    (workspace / "models" / "extra.sql").unlink()
    assert run(workspace, "refresh").returncode == 0
    assert asked(workspace, "select table_name from duckdb_tables() where schema_name = 'models' order by 1") == [
        ("after",), ("fct_level",), ("fct_pipeline",)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("model: fct_level", "model: fct_levels"), "there is no model 'fct_levels' in models/; did you mean"),
        (("date: day, value: level", "date: day"), "a stock KPI over a model has no value; write date and value"),
        (
            ("date: day, value: level", "date: day, value: level, measure: visits"),
            "a stock KPI over a model has a measure",
        ),
        (("kind: stock, model", "kind: distinct, model"), "days of a model cannot say who came on several of them"),
        (("where: {stage: won}", "where: {Stage: won}"), "`Stage` cannot be a column of a model"),
        (("model: fct_pipeline}", "model: fct_pipeline, path: a.csv}"), "`path` is of files and queries"),
    ],
)
def test_check_says_what_a_kpi_or_table_over_a_model_lacks(workspace, change, said):
    path = workspace / "okr_definitions" / "all.yml"
    path.write_text(DEFINITIONS.replace(*change))
    try:
        found = run(workspace, "check")
    finally:
        path.write_text(DEFINITIONS)
    assert found.returncode == 1
    assert said in found.stdout + found.stderr


def test_a_model_that_has_the_name_of_one_of_ours_is_said(tmp_path):
    own = Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / ".okr")
    own.models_dir.mkdir()
    for name in ("dim_kpi", "mine"):
        (own.models_dir / f"{name}.sql").write_text("select 1 as day\n", encoding="utf-8")
    [found] = _model_names(own, Definitions(Settings()))
    assert (Path(found.path).name, found.severity) == ("dim_kpi.sql", "warning")
    assert "`ref('dim_kpi')` is this one" in found.todo
