"""What tests ask Dagster over GraphQL, as its UI does: ticks of schedules, checks, steps, sensors."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.defs.dagster_ui import Dagster

MADRID = ZoneInfo("Europe/Madrid")


def tick(dagster: Dagster, schedule: str, timestamp: float) -> list[dict]:
    """What a schedule asks for at a moment, evaluated by the code server as the daemon does."""
    answer = dagster.ask(
        """mutation Tick($selector: ScheduleSelector!, $at: Float) {
          scheduleDryRun(selectorData: $selector, timestamp: $at) {
            __typename ... on DryRunInstigationTick {
              evaluationResult { error { message } runRequests { runKey runConfigYaml } } } } }""",
        selector=dagster.selector(scheduleName=schedule),
        at=timestamp,
    )["scheduleDryRun"]
    assert answer["__typename"] == "DryRunInstigationTick", answer
    assert answer["evaluationResult"]["error"] is None, answer
    return answer["evaluationResult"]["runRequests"] or []


def coming(dagster: Dagster, schedule: str, after: datetime, until: datetime) -> list[datetime]:
    """When a schedule will tick, as the UI shows it and the daemon does it."""
    answer = dagster.ask(
        """query Ticks($selector: ScheduleSelector!, $after: Float, $until: Float) {
          scheduleOrError(scheduleSelector: $selector) { ... on Schedule {
            futureTicks(cursor: $after, until: $until) { results { timestamp } } } } }""",
        selector=dagster.selector(scheduleName=schedule),
        after=after.timestamp(),
        until=until.timestamp(),
    )["scheduleOrError"]
    return [datetime.fromtimestamp(one["timestamp"], MADRID) for one in answer["futureTicks"]["results"]]


def checks_run(dagster: Dagster) -> dict[tuple[tuple[str, ...], str], dict]:
    """How each check last went, by asset and name."""
    found = dagster.ask(
        """{ assetChecksOrError: assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks { name
          executionForLatestMaterialization { status runId evaluation { metadataEntries {
            label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } } } } } } } } }"""
    )["assetChecksOrError"]
    return {
        (tuple(node["assetKey"]["path"]), check["name"]): check["executionForLatestMaterialization"]
        for node in found
        for check in node["assetChecksOrError"].get("checks", [])
    }


def steps(dagster: Dagster, run_id: str) -> list[dict]:
    return dagster.ask(
        "query Steps($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }", id=run_id
    )["runOrError"]["stepStats"]


def start_sensor(dagster: Dagster, name: str) -> None:
    dagster.ask(
        "mutation Start($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename"
        " ... on Sensor { sensorState { status } } } }",
        selector=dagster.selector(sensorName=name),
    )


def cursor_of(dagster: Dagster, name: str) -> str | None:
    return dagster.ask(
        """query Sensor($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { ... on Sensor {
          sensorState { typeSpecificData { ... on SensorData { lastCursor } } } } } }""",
        selector=dagster.selector(sensorName=name),
    )["sensorOrError"]["sensorState"]["typeSpecificData"]["lastCursor"]
