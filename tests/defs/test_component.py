"""A workspace in somebody else's Dagster: its assets under their prefix, its runs and storage its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dagster import AssetCheckEvaluation, AssetCheckKey, AssetKey, DagsterInstance
from dagster._core.instance.ref import InstanceRef

from okr_reports import catalogue
from tests.support import OKR

PROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "acme"
"""
DEFINITIONS = """
from pathlib import Path
from dagster import load_from_defs_folder
defs = load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
# Names that a workspace's own code location has too.
THEIRS = """
from dagster import AssetCheckEvaluation, AssetCheckKey, AssetKey, asset, define_asset_job

@asset
def site() -> None: ...

@asset(key=AssetKey(["marts", "key_results"]))
def key_results() -> None: ...

refresh = define_asset_job("refresh", selection=[site, key_results])
"""
OURS = """
type: okr_reports.component.OkrReportsComponent
attributes:
  workspace: ../../../../okrs
  key_prefix: marketing/okr
  group_prefix: okr_
  deps: [crm/leads]
  partitioned_days: true
  env: {OKR_TODAY: "2026-11-23"}
"""
LEADS = """
kpis:
  - {id: leads, title: Leads, kind: flow, measure: leads, where: {channel: crm}, unit: count, better: higher}
teams: [{id: sales, title: Sales}]
objectives:
  - id: more
    title: More leads
    period: 2026-Q4
    team: sales
    owner: Ana
    key_results: [{id: leads_up, title: Leads, type: increase, kpi: leads, baseline: 0, target: 100}]
file_sources:
  - {id: crm, path: leads.csv, channel: crm, date: day, measures: {leads: leads}}
"""
PREFIX = ["marketing", "okr"]


def lines_of(rows: int) -> str:
    return "day,leads\n" + "".join(f"2026-10-{day:02},{day}\n" for day in range(1, rows + 1))


@contextmanager
def instance_at(home: Path) -> Iterator[DagsterInstance]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with DagsterInstance.from_ref(InstanceRef.from_dir(str(home))) as instance:
            yield instance


class Host:
    """Another team's Dagster project beside the workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.workspace = folder / "okrs"
        self.home.mkdir()
        place = folder / "src" / "acme" / "defs"
        (place / "okrs").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PROJECT)
        for package in (place.parent, place):
            (package / "__init__.py").write_text("")
        (place.parent / "definitions.py").write_text(DEFINITIONS)
        (place / "theirs.py").write_text(THEIRS)
        (place / "okrs" / "defs.yaml").write_text(OURS)
        subprocess.run([OKR, "init", str(self.workspace), "--empty"], check=True, capture_output=True)
        (self.workspace / "okr_definitions" / "leads.yml").write_text(LEADS)
        (self.workspace / "okr_definitions" / "leads.csv").write_text(lines_of(31))

    def dagster(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A variable of a channel and one of a workspace, which are of this Dagster and not of the workspace's.
        foreign = {"SOURCES__LINKEDIN_ADS__ACCOUNT_IDS": '["1"]', "OKR_DATA_DIR": str(self.folder / "wrong")}
        return subprocess.run(
            [sys.executable, "-m", "dagster", *arguments, "-m", "acme.definitions"],
            cwd=self.folder.parent, capture_output=True, text=True,
            env={**os.environ, **foreign, "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(self.folder / "src")},
        )  # fmt: skip

    def materialized(self, home: Path) -> set[tuple[str, ...]]:
        with instance_at(home) as instance:
            known = instance.all_asset_keys()
            return {tuple(key.path) for key in known if instance.get_latest_materialization_event(key)}

    def last_made(self, *path: str) -> float:
        """When an asset of ours was last materialized in the host's Dagster; seconds since 1970."""
        with instance_at(self.home) as instance:
            last = instance.get_latest_materialization_event(AssetKey([*PREFIX, *path]))
            assert last
            return last.timestamp

    def check(self, name: str, *path: str) -> AssetCheckEvaluation:
        """How an asset's check last went, as the host's Dagster knows it."""
        key = AssetCheckKey(AssetKey([*PREFIX, *path]), name)
        with instance_at(self.home) as instance:
            last = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
            assert last.event
            assert last.event.dagster_event
            return last.event.dagster_event.asset_check_evaluation_data

    def runs(self, home: Path) -> list[str]:
        with instance_at(home) as instance:
            return [f"{one.job_name} {one.status.value}" for one in instance.get_runs()]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(tmp_path_factory.mktemp("host"))


def test_all_of_it_is_made_under_its_prefix_and_nothing_elsewhere(host: Host) -> None:
    answer = host.dagster("asset", "materialize", "--select", 'key:"marketing/okr/*" and not key:"*/days"')
    assert answer.returncode == 0, answer.stderr[-3000:]
    made = host.materialized(host.home)
    assert {key[:2] for key in made} == {tuple(PREFIX)}
    assert {(*PREFIX, "site"), (*PREFIX, "files", "measures"), (*PREFIX, "marts", "key_results")} <= made
    # A channel that is off gave nothing; the variable that would have switched it on did not reach the workspace.
    assert (*PREFIX, "linkedin_ads", "campaign_days") not in made
    assert not [key for key in made if key[2] == "linkedin_ads"]
    assert (host.workspace / ".okr" / "site" / "current" / "index.html").is_file()
    assert not (host.folder / "wrong").exists()
    assert host.check("loaded", "files", "measures").passed
    assert len(host.runs(host.home)) == 1
    assert host.runs(host.workspace / ".okr" / "dagster") == ["refresh SUCCESS"]


def test_a_selection_makes_itself_alone(host: Host) -> None:
    before, copied = host.last_made("definitions", "kpis"), host.last_made("okr_duckdb")
    answer = host.dagster("asset", "materialize", "--select", 'key:"marketing/okr/okr_duckdb"')
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert host.last_made("definitions", "kpis") == before
    assert host.last_made("okr_duckdb") > copied


def test_what_failed_turns_its_check_red_and_gives_the_reason(host: Host) -> None:
    (host.workspace / "okr_definitions" / "leads.csv").write_text("day,leads\n2026-10-01,many\n")
    answer = host.dagster("asset", "materialize", "--select", 'key:"marketing/okr/files/measures"')
    (host.workspace / "okr_definitions" / "leads.csv").write_text(lines_of(31))
    assert answer.returncode == 0, answer.stderr[-3000:]
    check = host.check("loaded", "files", "measures")
    assert not check.passed
    assert "leads.csv" in str(check.metadata["errors"].value)


def test_days_are_asked_for_as_a_range_and_a_channel_that_is_off_fails(host: Host) -> None:
    days = ("--partition-range", "2026-11-01...2026-11-03")
    answer = host.dagster("asset", "materialize", "--select", 'key:"marketing/okr/linkedin_ads/days"', *days)
    assert answer.returncode != 0
    assert "linkedin_ads" in answer.stderr


def test_upstream_assets_and_groups_are_as_declared(host: Host) -> None:
    program = (
        "import json; from acme.definitions import defs; graph = defs.resolve_asset_graph();"
        "ours = [n for n in graph.asset_nodes if n.key.path[:2] == ['marketing', 'okr']];"
        "raw = next(n for n in ours if n.key.path[2:] == ['files', 'measures']);"
        "print(json.dumps({'groups': sorted({n.group_name for n in ours}),"
        " 'days': sorted(n.key.path[2] for n in ours if n.partitions_def),"
        " 'traced': sorted({'/'.join(d.asset_key.path[:2]) for n in ours if 'dagster/column_lineage' in n.metadata"
        "  for made_of in n.metadata['dagster/column_lineage'].deps_by_column.values() for d in made_of}),"
        " 'placed': all('dagster/code_references' in n.metadata for n in ours if not n.is_external),"
        " 'raw': [k.to_user_string() for k in raw.parent_keys],"
        " 'theirs': sorted(k.to_user_string() for k in graph.executable_asset_keys if k.path[0] != 'marketing')}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(host.folder / "src"), "DAGSTER_HOME": str(host.home)},
    )  # fmt: skip
    found = json.loads(answer.stdout.splitlines()[-1])
    assert {"okr_definitions", "okr_publish", "okr_marts"} <= set(found["groups"])
    assert all(group.startswith("okr_") for group in found["groups"])
    assert "crm/leads" in found["raw"]
    assert found["days"] == sorted(catalogue.channels().keys() - {"files"})
    assert found["placed"]
    assert found["traced"] == ["marketing/okr"]
    assert found["theirs"] == ["marts/key_results", "site"]


def test_a_folder_that_is_no_workspace_is_named(tmp_path: Path) -> None:
    from okr_reports.component import OkrReportsComponent
    from okr_reports.errors import OkrError

    with pytest.raises(OkrError, match=f"{tmp_path}.*is no workspace.*okr init"):
        OkrReportsComponent(workspace=".").definitions_of(tmp_path)
