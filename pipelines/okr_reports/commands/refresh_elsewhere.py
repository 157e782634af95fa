"""`okr refresh --dagster URL`: the run is started at a Dagster webserver, by its queue and launcher, and watched here.

Speaks GraphQL to the address that it is given and to no other. Whoever reaches a webserver may start runs: put
it behind a proxy that asks for a name and a password, and write them into the URL (https://name:password@host).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import click
import requests

from okr_reports.commands.output import NOT_PUBLISHED, PUBLISHED, SOURCE_FAILED, print_json
from okr_reports.defs.run_config import is_in_run, of_refresh
from okr_reports.defs.run_errors import error_text
from okr_reports.defs.run_tags import WORKSPACE
from okr_reports.errors import OkrError

POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 30
# How long nothing is answered before the watch is given up.
PATIENCE_SECONDS = 60
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

JOBS = """
{ repositoriesOrError {
    ... on RepositoryConnection { nodes { name location { name } jobs { name tags { key } } } }
    ... on PythonError { message }
} }
"""
ASSETS = "query Assets($job: PipelineSelector!) { assetNodes(pipeline: $job) { assetKey { path } } }"
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}
"""
WATCH = """
query Watch($run: ID!, $cursor: String) {
  runOrError(runId: $run) { ... on Run { status stepStats { stepKey status startTime endTime } } }
  logsForRun(runId: $run, afterCursor: $cursor) {
    ... on EventConnection {
      cursor
      events {
        ... on ExecutionStepFailureEvent { stepKey error { message causes { message } } }
        ... on RunFailureEvent { error { message causes { message } } }
      }
    }
  }
}
"""


class Webserver:
    """A Dagster webserver, or one code location of it (`https://host/locations/NAME`, as its UI shows it).

    Raises OkrError, without the password of its URL, if it cannot be asked.
    """

    def __init__(self, url: str) -> None:
        self.url, _, location = url.rstrip("/").partition("/locations/")
        self.location = unquote(location.partition("/")[0])
        parts = urlsplit(self.url)
        self.shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OkrError(f"{self.shown!r} is no address of a Dagster webserver; write it as http://127.0.0.1:3000")

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of one GraphQL answer."""
        try:
            response = requests.post(
                f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )  # fmt: skip
            answer = response.json()
        except requests.JSONDecodeError:
            answer, why = None, f"HTTP {response.status_code} and no JSON"
        except requests.RequestException as error:
            answer, why = None, f"no answer ({type(error).__name__})"
        else:
            why = f"HTTP {response.status_code} and another JSON"
        if isinstance(answer, dict) and answer.get("errors"):
            why = str(answer["errors"][0]["message"])
        elif isinstance(answer, dict) and "data" in answer:
            return answer["data"]
        raise OkrError(f"Dagster at {self.shown}: {why}; is a webserver of Dagster running there?")

    def launch(self, job: str, config: Mapping[str, Any], channels: Sequence[str] = ()) -> str:
        """Put a run of the job into the queue, without the tables of other channels; its id."""
        place = self._place_of(job)
        location = {"repositoryName": place["name"], "repositoryLocationName": place["location"]["name"]}
        selector: dict[str, Any] = {**location, "jobName": job}
        if channels:
            nodes = self.ask(ASSETS, job={**location, "pipelineName": job})["assetNodes"]
            keys = [node["assetKey"] for node in nodes]
            selector["assetSelection"] = [key for key in keys if is_in_run(key["path"], channels)]
        launched = self.ask(LAUNCH, params={"selector": selector, "runConfigData": config})["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            errors = launched.get("errors") or [launched]
            raise OkrError(f"Dagster at {self.shown} starts no run: {errors[0].get('message', launched['__typename'])}")
        return str(launched["run"]["runId"])

    def _place_of(self, job: str) -> dict[str, Any]:
        """Our code location: another team's may have a job of the same name, without our tag."""
        found = self.ask(JOBS)["repositoriesOrError"]
        ours = {
            node["location"]["name"]: node
            for node in found.get("nodes", ())
            for listed in node["jobs"]
            if listed["name"] == job and WORKSPACE in (tag["key"] for tag in listed["tags"])
        }
        if self.location:
            ours = {name: node for name, node in ours.items() if name == self.location}
        if len(ours) == 1:
            return dict(ours.popitem()[1])
        where = f"Dagster at {self.shown}"
        if ours:
            names = ", ".join(f"{self.shown}/locations/{quote(name)}" for name in sorted(ours))
            raise OkrError(f"{where} has {len(ours)} workspaces of okr; name one of them: {names}")
        at = f" at the code location {self.location!r}" if self.location else ""
        why = found.get("message", f"it has no job {job!r} of okr{at}")
        raise OkrError(f"{where}: {why.splitlines()[0]}; point it at a code location of okr_reports.definitions")


def refresh_elsewhere(
    url: str, channels: list[str], from_day: date | None, to_day: date | None, wait_seconds: float, as_json: bool
) -> int:
    """Start the job `refresh` there and watch it to its end; the exit code of the contract."""
    server = Webserver(url)
    run_id = server.launch("refresh", of_refresh(channels, from_day, to_day, wait_seconds), channels)
    page = f"{server.shown}/runs/{run_id}"
    click.echo(f"started: {page}", err=True)
    try:
        status, seconds, errors = _watch(server, run_id)
    except (KeyboardInterrupt, OkrError):
        click.echo(f"\nno longer watched; the run goes on: {page}", err=True)
        raise
    for message in errors:
        click.echo(message, err=True)
    published = "site" in seconds
    if as_json:
        print_json({"published": published, "run": run_id, "page": page, "errors": errors, "seconds": seconds})
    else:
        click.echo(f"{status.lower()}: {page}")
    if not published:
        return NOT_PUBLISHED
    return PUBLISHED if status == "SUCCESS" else SOURCE_FAILED


def _watch(server: Webserver, run_id: str) -> tuple[str, dict[str, float], list[str]]:
    """How the run ended, the seconds of each step that succeeded, and what failed, each error once."""
    seconds: dict[str, float] = {}
    of_steps: list[str] = []
    of_run: list[str] = []
    cursor = None
    answered = time.monotonic()
    while True:
        try:
            answer = server.ask(WATCH, run=run_id, cursor=cursor)
        except OkrError:
            # A webserver that is begun anew does not end the run.
            if time.monotonic() - answered > PATIENCE_SECONDS:
                raise
            time.sleep(POLL_SECONDS)
            continue
        answered = time.monotonic()
        run, log = answer["runOrError"], answer["logsForRun"]
        if not run:
            raise OkrError(f"Dagster at {server.shown} knows no run {run_id} any more")
        cursor = log.get("cursor", cursor)
        for event in log.get("events", ()):
            if error := event.get("error"):
                innermost = (error["causes"] or [error])[-1]["message"]
                said = of_steps if "stepKey" in event else of_run
                said.append(error_text(event.get("stepKey"), innermost))
        for step in run["stepStats"]:
            if step["status"] == "SUCCESS" and step["stepKey"] not in seconds:
                seconds[step["stepKey"]] = round(step["endTime"] - step["startTime"], 2)
                click.echo(f"{step['stepKey']}: {seconds[step['stepKey']]:.1f} s", err=True)
        if run["status"] in ENDED:
            return run["status"], seconds, list(dict.fromkeys(of_steps or of_run))
        time.sleep(POLL_SECONDS)
