"""When the models may stay as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.channels.load import ensure_raw_tables
from pipelines.settings import Workspace
from pipelines.warehouse import builds, ops

LOAD = {
    "channel": "linkedin_ads", "account_id": "7", "started_at": datetime(2026, 11, 23, tzinfo=UTC), "state": "loaded",
    "rows": 1, "window_from": None, "window_to": None, "data_through": date(2026, 11, 22), "error": None,
    "load_id": "1795859481.8",
}  # fmt: skip


def loaded(workspace: Workspace, refresh: str, hour: int, **differs: object) -> None:
    ended = datetime(2026, 11, 23, hour, tzinfo=UTC)
    ops.record_loads(workspace.warehouse, refresh, [SimpleNamespace(**{**LOAD, "ended_at": ended, **differs})])


def run(workspace: Workspace, sql: str) -> None:
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(sql)


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
        """,
    )
    loaded(workspace, "r1", 6)
    builds.forget(workspace)
    builds.note(workspace, builds.state(workspace).made_from)
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
    builds.forget(built)
    assert not is_current(built)


def test_another_project_has_them_built(built, monkeypatch, tmp_path):
    (tmp_path / "dbt_project").mkdir()
    (tmp_path / "dbt_project" / "a.sql").write_text("select 2")
    assert not builds.state(built).is_of_another_project
    monkeypatch.setattr(builds, "shipped", lambda name: tmp_path / name)
    assert not is_current(built)
    assert builds.state(built).is_of_another_project
    # until a build has ended well
    builds.forget(built)
    assert builds.state(built).is_of_another_project
    builds.note(built, builds.state(built).made_from)
    assert not builds.state(built).is_of_another_project


def test_a_warehouse_of_before_that_was_noted_is_built_anew(built):
    run(built, "drop table ops.built_project")
    assert builds.state(built).is_of_another_project
