"""When the models may stay as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import duckdb
import pytest

from okr_reports.channels.load import ensure_raw_tables
from okr_reports.settings import Workspace
from okr_reports.warehouse import build_steps, builds, ops
from okr_reports.warehouse.build_steps import Recorder

LOAD = {
    "channel": "linkedin_ads", "account_id": "7", "started_at": datetime(2026, 11, 23, tzinfo=UTC), "state": "loaded",
    "rows": 1, "window_from": None, "window_to": None, "data_through": date(2026, 11, 22), "error": None,
    "load_id": "1795859481.8", "note": None, "unknown_measures": (),
}  # fmt: skip

TELLING = {
    "marts.report_context": "select refresh_id, refreshed_at from definitions.context",
    "marts.source_health": "with loads as (from ops.source_loads)"
    " select channel, max(ended_at) as last_load_at from loads group by all",
}

KEY = "select count(*) > 1 from marts.source_health"


def heard(node: str, *statements: str) -> Recorder:
    """What a recorder has of a model or a test."""
    recorder = Recorder()
    for statement in statements:
        recorder.hear_statement(node, statement)
    recorder.hear_end({"data": {"node_info": {"unique_id": node}}})
    return recorder


def steps() -> list[build_steps.Step]:
    """Those of a build: the tables that tell moments, a third, and a test; as dbt does it, with questions between."""
    tables = {**TELLING, "marts.key_results": "select 'leads_up' as key_result_id"}
    found = []
    for table, query in tables.items():
        filled = (f"delete from {table}", f"insert into {table} by name {query}")
        found += heard(f"model.{table}", "begin", f"describe ({query})", *filled, "commit").steps
    return [*found, *heard("test.key", "select 1", KEY).steps]


def kept(workspace: Workspace, structure: str | None) -> None:
    build_steps.keep(workspace, steps(), [f"model.{table}" for table in TELLING], structure)


def loaded(workspace: Workspace, refresh: str, hour: int, **differs: object) -> None:
    ended = datetime(2026, 11, 23, hour, tzinfo=UTC)
    ops.record_loads(workspace.warehouse, refresh, [SimpleNamespace(**{**LOAD, "ended_at": ended, **differs})])


def run(workspace: Workspace, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(workspace.warehouse)) as connection:
        return connection.execute(sql).fetchall()


def told(workspace: Workspace) -> list[tuple[object, ...]]:
    """The refresh that the tables show, and the hour of the last load."""
    return run(
        workspace,
        "select refresh_id, hour(last_load_at at time zone 'UTC') from marts.report_context, marts.source_health",
    )


@pytest.fixture
def built(tmp_path):
    """A workspace whose models were built from what is in it."""
    workspace = Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path)
    ops.ensure_tables(workspace.warehouse)
    ensure_raw_tables(workspace.warehouse, tmp_path / "dlt")
    run(
        workspace,
        """
        create schema definitions;
        create table definitions.context as
            select date '2026-11-23' as today, 'r1' as refresh_id, now() as refreshed_at;
        create table definitions.kpis as select 'leads' as kpi_id, 'l1' as _dlt_load_id;
        create table linkedin_ads._dlt_loads as select '1795859481.8' as load_id, 0 as status;
        create schema staging; create view staging.stg_leads as select 1 as one;
        create schema marts; create table marts.key_results as select 'leads_up' as key_result_id;
        create table marts.report_context (refreshed_at timestamptz not null, refresh_id varchar not null);
        comment on table marts.report_context is 'the refresh';
        create table marts.source_health (channel varchar not null, last_load_at timestamptz not null);
        """,
    )
    loaded(workspace, "r1", 6)
    for table, query in TELLING.items():
        run(workspace, f"insert into {table} by name {query}")
    builds.invalidate(workspace)
    builds.record(workspace, builds.state(workspace).made_from)
    kept(workspace, builds.state(workspace).structure)
    return workspace


def is_current(workspace: Workspace) -> bool:
    return builds.state(workspace).is_current


def test_moments_alone_change_nothing(built):
    assert is_current(built)
    run(built, "update definitions.context set refresh_id = 'r2', refreshed_at = now() + interval 1 hour")
    run(built, "update definitions.kpis set _dlt_load_id = 'l2'")
    loaded(built, "r2", 7)
    assert is_current(built)


@pytest.mark.parametrize(
    "change",
    [
        "update definitions.context set today = date '2026-11-24'",
        "update definitions.kpis set kpi_id = 'clicks'",
        "insert into definitions.kpis values ('leads', 'l1')",
        "insert into linkedin_ads._dlt_loads values ('1795859999.1', 0)",
        "insert into linkedin_ads.accounts (id, _dlt_load_id) values ('8', 'by hand')",
        "delete from marts.key_results",
        "drop table marts.key_results",
        "drop view staging.stg_leads",
        "delete from ops.last_build",
        "drop table ops.last_build",
    ],
)
def test_whatever_changes_has_them_built(built, change):
    run(built, change)
    assert not is_current(built)


@pytest.mark.parametrize(
    "differs", [{"state": "failed", "error": "401"}, {"data_through": date(2026, 11, 23)}, {"account_id": "8"}]
)
def test_a_source_that_fares_otherwise_has_them_built(built, differs):
    loaded(built, "r2", 7, **differs)
    assert not is_current(built)


def test_a_build_that_did_not_end_has_them_built(built):
    builds.invalidate(built)
    assert not is_current(built)
    assert not builds.state(built).has_its_views


def test_views_stay_whatever_was_loaded_until_one_is_another(built):
    run(built, "update definitions.context set today = date '2026-11-24'")
    assert builds.state(built).has_its_views
    run(built, "create or replace view staging.stg_leads as select 2 as one")
    assert not builds.state(built).has_its_views
    run(built, "create or replace view staging.stg_leads as select 1 as one")
    assert builds.state(built).has_its_views
    run(built, "comment on view staging.stg_leads is 'of another build'")
    assert not builds.state(built).has_its_views


def test_a_build_noted_by_an_older_version_leaves_no_view(built):
    run(built, "alter table ops.last_build drop column views")
    assert not builds.state(built).has_its_views


def test_another_project_has_them_built(built, monkeypatch, tmp_path):
    (tmp_path / "dbt_project").mkdir()
    (tmp_path / "dbt_project" / "a.sql").write_text("select 2")
    assert not builds.state(built).is_of_another_project
    monkeypatch.setattr(builds, "shipped", lambda name: tmp_path / name)
    assert not is_current(built)
    assert builds.state(built).is_of_another_project
    assert not builds.state(built).has_its_views
    # until a build has ended well
    builds.invalidate(built)
    assert builds.state(built).is_of_another_project
    builds.record(built, builds.state(built).made_from)
    assert not builds.state(built).is_of_another_project


def test_a_warehouse_of_before_that_was_noted_is_built_anew(built):
    run(built, "drop table ops.built_project")
    assert builds.state(built).is_of_another_project


def test_columns_that_somebody_changed_are_another_structure(built):
    run(built, "alter table marts.source_health rename column last_load_at to loaded")
    assert not builds.state(built).has_its_views


def test_moments_are_told_by_the_statements_of_the_build(built):
    assert told(built) == [("r1", 6)]
    run(built, "update definitions.context set refresh_id = 'r2'")
    loaded(built, "r2", 7)
    events: list[dict] = []
    assert build_steps.repeat_moments(built, events.append)
    assert [event["data"]["node_info"]["unique_id"] for event in events] == [f"model.{table}" for table in TELLING]
    assert told(built) == [("r2", 7)]
    assert is_current(built)


@pytest.mark.parametrize("structure", ["as it is", None])
def test_a_build_is_repeated_where_its_structure_is_known(built, structure):
    kept(built, structure)
    run(built, "delete from marts.key_results")
    events: list[dict] = []
    assert build_steps.repeat(built, "as it is", events.append) == bool(structure)
    assert not build_steps.repeat(built, "another", events.append)
    assert run(built, "from marts.key_results") == ([("leads_up",)] if structure else [])
    assert len(events) == (4 if structure else 0)
    # what tells moments is known either way
    assert build_steps.repeat_moments(built, events.append)


def test_a_build_whose_test_finds_something_changes_nothing(built):
    kept(built, "as it is")
    run(built, "delete from marts.key_results")
    loaded(built, "r2", 7, channel="meta_ads")
    events: list[dict] = []
    assert not build_steps.repeat(built, "as it is", events.append)
    assert run(built, "from marts.key_results") == []
    assert told(built) == [("r1", 6)]
    assert events == []


@pytest.mark.parametrize("prevents", ["delete from ops.build_steps", "drop table ops.build_steps"])
def test_without_statements_no_moment_is_told(built, prevents):
    run(built, prevents)
    run(built, "update definitions.context set refresh_id = 'r2'")
    assert not build_steps.repeat_moments(built, None)
    assert told(built) == [("r1", 6)]


def test_moments_are_told_whole_or_not_at_all(built):
    run(built, "update definitions.context set refresh_id = 'r2'")
    run(
        built,
        "update ops.build_steps set statements ="
        " ['insert into marts.source_health by name select null as channel, now() as last_load_at'] where position = 1",
    )
    assert not build_steps.repeat_moments(built, None)
    assert told(built) == [("r1", 6)]
