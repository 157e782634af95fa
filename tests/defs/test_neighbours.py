"""Beside another team in one Dagster, whose jobs and assets have the names of ours: theirs stay as they are."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import make_new_run_id

from okr_reports.defs import run_tags
from okr_reports.settings import KEEP_RUNS
from tests.defs import neighbour
from tests.defs.dagster_ui import LAUNCH, OURS, Dagster, started, wait_until
from tests.defs.receivers import Alerts
from tests.support import OKR, free_port

THEIRS = "tests.defs.neighbour"
RUNS_EACH = 130
DOWN = "linkedin_ads"


def instance_at(home: Path) -> DagsterInstance:
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(home)))


def leave_runs(data: Path) -> None:
    """130 runs of each of three jobs of theirs, as their queue and as their shells leave them; one with its asset."""
    target = LoadableTargetOrigin(module_name=THEIRS)
    place = RemoteRepositoryOrigin(ManagedGrpcPythonEnvCodeLocationOrigin(target, THEIRS), "__repository__")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(data / "dagster"))
        with instance_at(data / "dagster") as instance:
            for name in ("report", "refresh", "digest"):
                for number in range(RUNS_EACH):
                    origin = RemoteJobOrigin(place, name) if number % 2 else None
                    instance.run_storage.add_run(
                        DagsterRun(
                            job_name=name, run_id=make_new_run_id(), status=DagsterRunStatus.SUCCESS,
                            tags={"team": "theirs"}, remote_job_origin=origin,
                        )
                    )  # fmt: skip
            # Their own run whose process is gone is theirs to find, although it has a tag of that name.
            instance.run_storage.add_run(
                DagsterRun(
                    job_name="refresh", run_id=make_new_run_id(), status=DagsterRunStatus.STARTED,
                    tags={"team": "theirs", run_tags.PROCESS: dead_process()},
                    remote_job_origin=RemoteJobOrigin(place, "refresh"),
                )
            )  # fmt: skip
            job = neighbour.defs.resolve_implicit_global_asset_job_def()
            assert job.execute_in_process(instance=instance, tags={"team": "theirs"}).success


def dead_process() -> str:
    host, pid, _ = run_tags.this_process().rsplit(":", 2)
    return f"{host}:{pid}:1"


def theirs(data: Path) -> Counter[tuple[str, str]]:
    """How many runs of each of their jobs there are, by how they ended."""
    with instance_at(data / "dagster") as instance:
        runs = instance.get_runs(RunsFilter(tags={"team": "theirs"}))
        return Counter((run.job_name, run.status.value) for run in runs)


def materialised_by(data: Path, key: AssetKey, team: str) -> list[str]:
    with instance_at(data / "dagster") as instance:
        found = instance.fetch_materializations(key, limit=100).records
        runs = {run.run_id for run in instance.get_runs(RunsFilter(tags={"team": team}))}
        return [record.run_id for record in found if record.run_id in runs]


@pytest.fixture(scope="module")
def alerts():
    service = Alerts()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture(scope="module")
def dagster(demo, alerts, tmp_path_factory):
    environment = {
        f"SOURCES__{DOWN.upper()}__BASE_URL": f"http://127.0.0.1:{free_port()}",
        "DELIVERIES__ALERTS": f'["{alerts.url}"]',
    }
    folder = tmp_path_factory.mktemp("neighbours")
    both = ["-m", OURS, "-m", THEIRS]
    with (
        pytest.MonkeyPatch.context() as patch,
        started(demo, folder, "refresh: {}", both, leave_runs, **environment) as running,
    ):
        patch.setenv("DAGSTER_HOME", str(running.data_dir / "dagster"))
        yield running


def launch_theirs(dagster: Dagster, job: str, **tags: str) -> str:
    selector = {"repositoryLocationName": THEIRS, "repositoryName": "__repository__", "jobName": job}
    metadata = {"tags": [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]}
    params = {"selector": selector, "runConfigData": {}, "executionMetadata": metadata}
    return str(dagster.ask(LAUNCH, params=params)["launchRun"]["run"]["runId"])


def test_their_runs_assets_and_failures_are_not_ours(dagster, alerts):
    before = theirs(dagster.data_dir)
    assert before["report", "SUCCESS"] == RUNS_EACH > KEEP_RUNS
    made = materialised_by(dagster.data_dir, AssetKey("site"), "theirs")
    assert len(made) == 1

    failed = launch_theirs(dagster, "publish_changes")
    assert dagster.ended(failed) == "FAILURE"
    backfilled = launch_theirs(dagster, "backfill", dagster__backfill="theirs")
    assert dagster.ended(backfilled) == "SUCCESS"

    # A job `refresh` is in both: ours is started, and deletes old runs at its end.
    url = f"http://127.0.0.1:{dagster.port}"
    answer = subprocess.run([OKR, "refresh", "--dagster", url, "--json"], capture_output=True, text=True)
    said = json.loads(answer.stdout)
    assert (answer.returncode, said["published"]) == (1, True), answer.stderr
    (ours,) = dagster.runs(runIds=[said["run"]])
    assert run_tags.WORKSPACE in {tag["key"] for tag in ours["tags"]}

    tags = {tag["key"]: tag["value"] for tag in ours["tags"]}
    limits = [tags.get(f"dagster/{name}") for name in ("max_retries", "retry_on_asset_or_op_failure", "max_runtime")]
    assert limits == ["1", "false", "14400"]
    (other,) = dagster.runs(runIds=[failed])
    assert {tag["key"] for tag in other["tags"]} >= {"team"}
    assert not {tag["key"] for tag in other["tags"]} & {"dagster/max_retries", "dagster/max_runtime"}
    with instance_at(dagster.data_dir / "dagster") as instance:
        # what the instance says is for everybody's runs
        assert (instance.run_retries_max_retries, instance.run_monitoring_max_runtime_seconds) == (0, 0)

    wait_until(lambda: alerts.told, 60)
    assert [said["run"] in alert["message"] for alert in alerts.told] == [True]
    after = theirs(dagster.data_dir)
    assert after - before == Counter({("publish_changes", "FAILURE"): 1, ("backfill", "SUCCESS"): 1})
    assert before - after == Counter()
    assert materialised_by(dagster.data_dir, AssetKey("site"), "theirs") == made
    # Our own backfill would be published: theirs is not.
    mine = {run["jobName"] for run in dagster.runs() if "theirs" not in {tag["value"] for tag in run["tags"]}}
    assert "publish_changes" not in mine


def test_a_code_location_is_named_where_there_are_two_of_ours(dagster):
    url = f"http://127.0.0.1:{dagster.port}/locations/{THEIRS}"
    refused = subprocess.run([OKR, "refresh", "--dagster", url], capture_output=True, text=True)
    assert refused.returncode == 2
    assert f"it has no job 'refresh' of okr at the code location '{THEIRS}'" in refused.stderr
