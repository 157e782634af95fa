"""A channel that was loaded before and has lost its settings fails by name; only `enabled = false` switches it off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import PluggableRunContext

from okr_reports import refresh
from okr_reports.commands.init import make_workspace
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops

MOMENT = datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    make_workspace(tmp_path / "w", empty=True)
    monkeypatch.chdir(tmp_path / "w")
    # dlt keeps the settings of the folder that an earlier test of this process was in.
    Container()[PluggableRunContext].reload_providers()
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    place = Workspace(tmp_path / "w" / "okr_definitions", tmp_path / "w" / "reports", tmp_path / "w" / ".okr")
    place.data_dir.mkdir(exist_ok=True)
    ops.ensure_tables(place.warehouse)
    load = SimpleNamespace(
        channel="ga4", account_id="1", started_at=MOMENT, ended_at=MOMENT, state="loaded", rows=5, window_from=None,
        window_to=None, data_through=date(2026, 10, 31), error=None, load_id="1",
        note=None, unknown_measures=(),
    )  # fmt: skip
    ops.record_loads(place.warehouse, "r1", [load])
    return place


def test_lost_settings_fail_by_name_and_the_rows_go_on_counting(workspace):
    refresh.land_definitions(workspace, "r2")
    [result] = refresh.load_channels(workspace, "r2")["ga4"]
    assert (result.state, result.account_id) == ("failed", "")
    assert "loaded until 2026-11-01 and has no settings any more" in str(result.error)
    assert "`enabled = false` under [sources.ga4]" in str(result.error)
    assert any("ga4" in line for line in ops_errors(workspace))


def ops_errors(workspace):
    import duckdb

    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        rows = connection.execute("select channel, is_off from definitions.channels").fetchall()
        assert rows == [("ga4", False)]
        return [
            row[0] for row in connection.execute("select error from ops.source_loads where state = 'failed'").fetchall()
        ]


def test_switched_off_is_no_failure(workspace, monkeypatch):
    monkeypatch.setenv("SOURCES__GA4__ENABLED", "false")
    refresh.land_definitions(workspace, "r2")
    assert "ga4" not in refresh.load_channels(workspace, "r2")
    import duckdb

    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        assert connection.execute("select channel, is_off from definitions.channels").fetchall() == [("ga4", True)]
