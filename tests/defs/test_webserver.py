"""The job runs from the UI: over the real webserver's GraphQL, in a run of its own process."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def graphql(port: int, query: str, **variables):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["data"]


def wait_until(question, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def webserver(demo):
    """`dagster dev`, its channels pointed at the demo's sandbox, its data in a copy of the demo's."""
    port = free_port()
    environment = {**os.environ, **demo.environment, "DAGSTER_HOME": str(demo.data_dir / "dagster")}
    log = (demo.data_dir / "dagster-dev.log").open("w")
    process = subprocess.Popen(
        [str(BIN / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: graphql(port, "{ version }"), 120)
        yield port
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
        log.close()


def test_assets_reach_from_the_api_resource_to_the_page(webserver):
    data = graphql(webserver, "{ assetNodes { assetKey { path } dependencyKeys { path } groupName } }")
    above = {tuple(n["assetKey"]["path"]): [tuple(d["path"]) for d in n["dependencyKeys"]] for n in data["assetNodes"]}
    seen, todo = set(), [("site",)]
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += above.get(key, [])
    assert ("linkedin_ads", "campaign_analytics") in seen
    assert ("definitions", "key_results") in seen
    assert ("marts", "fct_key_result_daily") in seen


def test_dbt_tests_are_asset_checks(webserver):
    data = graphql(
        webserver,
        "{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks { name } } } } }",
    )
    checks = {
        tuple(node["assetKey"]["path"]): [check["name"] for check in node["assetChecksOrError"].get("checks", [])]
        for node in data["assetNodes"]
    }
    assert any(name.startswith("key_") for name in checks[("marts", "fct_key_result_daily")])
    assert "loaded" in checks[("linkedin_ads", "accounts")]


def test_there_is_one_job_and_a_daily_schedule(webserver):
    data = graphql(
        webserver,
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name }"
        " jobs { name } schedules { name cronSchedule executionTimezone } } } } }",
    )
    (repository,) = data["repositoriesOrError"]["nodes"]
    assert "refresh" in [job["name"] for job in repository["jobs"]]
    assert {"name": "daily_refresh", "cronSchedule": "0 6 * * *", "executionTimezone": "Europe/Madrid"} in repository[
        "schedules"
    ]


def test_the_refresh_runs_from_the_ui_and_publishes(webserver, demo):
    before = (demo.data_dir / "site" / "current").readlink()
    repository = graphql(
        webserver,
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }",
    )["repositoriesOrError"]["nodes"][0]
    selector = {
        "repositoryLocationName": repository["location"]["name"],
        "repositoryName": repository["name"],
        "jobName": "refresh",
    }
    launched = graphql(webserver, LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]

    def ended():
        run = graphql(
            webserver,
            "query Run($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }",
            id=run_id,
        )["runOrError"]
        return run["status"] if run["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

    assert wait_until(ended, 180) == "SUCCESS"
    assert (demo.data_dir / "site" / "current").readlink() != before


def test_nothing_listens_beyond_loopback(webserver):
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    anywhere = [
        line.split()[1] for line in listening if line.split()[3] == "0A" and line.split()[1].startswith("00000000")
    ]
    assert f"00000000:{webserver:04X}" not in anywhere
