"""Dagster as its users have it: a webserver and a daemon as processes, asked over GraphQL, on a workspace to spoil."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ONE_PAGE_EACH, ROOT, Refreshed, copy_pages, free_port

BIN = Path(sys.executable).parent
OURS = "okr_reports.definitions"
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

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
RUNS = """
query Runs($filter: RunsFilter) {
  runsOrError(filter: $filter) {
    ... on Runs { results { runId jobName status parentRunId tags { key value } assetSelection { path } } }
  }
}
"""


@dataclass
class Dagster:
    """A running webserver and daemon over one workspace."""

    port: int
    data_dir: Path
    reports_dir: Path
    definitions_dir: Path
    environment: dict[str, str]

    def ask(self, query: str, **variables: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def selector(self, **more: str) -> dict[str, str]:
        """Our code location, and what is named in it."""
        (repository,) = [
            found
            for found in self.ask(
                "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
            )["repositoriesOrError"]["nodes"]
            if found["location"]["name"] == OURS
        ]
        return {
            "repositoryLocationName": repository["location"]["name"], "repositoryName": repository["name"], **more
        }  # fmt: skip

    def launch(self, job: str, config: dict[str, Any] | None = None) -> str:
        """Start a job as the UI's button does; the run's id."""
        params = {"selector": self.selector(jobName=job), "runConfigData": config or {}}
        launched = self.ask(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def runs(self, **wanted: Any) -> list[dict[str, Any]]:
        return list(self.ask(RUNS, filter=wanted or None)["runsOrError"]["results"])

    def ended(self, run_id: str, seconds: float = 240) -> str:
        """Wait for the run to end; how it did."""

        def status() -> str | None:
            (run,) = self.runs(runIds=[run_id])
            return run["status"] if run["status"] in ENDED else None

        return str(wait_until(status, seconds))


def wait_until(question: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s")


def tell(definitions: Path, line: str) -> None:
    """Give the workspace's settings a line more, such as `gate: {least_fresh: 1}`."""
    path = definitions / "settings.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count("settings:\n") == 1
    path.write_text(text.replace("settings:\n", f"settings:\n  {line}\n"), encoding="utf-8")


@contextmanager
def started(
    demo: Refreshed,
    folder: Path,
    settings: str,
    locations: Sequence[str] = (),
    prepare: Callable[[Path], None] = lambda data: None,
    **environment: str,
) -> Iterator[Dagster]:
    """`dagster dev` on copies of the demo's data, definitions and half of its pages; `settings`: one more line of them.

    `locations`: what it loads, as options, if not our code alone; `prepare` gets the data folder before it starts.
    """
    data, reports, definitions = folder / "data", folder / "reports", folder / "okr_definitions"
    shutil.copytree(demo.data_dir, data, symlinks=True)
    copy_pages(reports, set(ONE_PAGE_EACH) - {"key-results/[id].md"})
    shutil.copytree(ROOT / "okr_definitions", definitions)
    tell(definitions, settings)
    # The sensors' own pace is for machines that have other things to do.
    configuration = data / "dagster" / "dagster.yaml"
    text = configuration.read_text(encoding="utf-8").replace("poll_interval_seconds: 30", "poll_interval_seconds: 2")
    configuration.write_text(text, encoding="utf-8")
    prepare(data)
    told = {
        **demo.environment,
        "OKR_DATA_DIR": str(data),
        "OKR_REPORTS_DIR": str(reports),
        "OKR_DEFINITIONS_DIR": str(definitions),
        "DAGSTER_HOME": str(data / "dagster"),
        **environment,
    }
    port = free_port()
    with (folder / "dagster-dev.log").open("w") as log:
        process = subprocess.Popen(
            [str(BIN / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port), *locations],
            cwd=ROOT, env={**os.environ, **told}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        dagster = Dagster(port, data, reports, definitions, told)
        try:
            wait_until(lambda: dagster.ask("{ version }"), 120)
            yield dagster
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
