"""Any selection of assets runs, from the shell and from the UI, and Dagster records what was done and no more."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import duckdb
import pytest
from aiosmtpd.controller import Controller
from dagster import AssetSelection, DagsterEventType, DagsterInstance
from dagster._core.instance.ref import InstanceRef

from okr_reports.settings import Workspace
from okr_reports.warehouse import builds
from tests.defs.dagster_ui import BIN, LAUNCH, OURS, Dagster, started
from tests.defs.questions import checks_run
from tests.defs.receivers import Alerts, Mailbox
from tests.support import OKR, ROOT, free_port

DOWN = "linkedin_ads"
SELECTIONS = 4
FROM_DATA = (
    'key:"marts/key_results"+', '+key:"marts/key_results"+', 'key:"marts/*"+', 'key:"linkedin_ads/accounts"+',
    "*", 'group:"marts"+', 'group:"publish"+', 'kind:"dlt"+', 'owner:"team:data"+', 'key:"site"+', 'group:"deliver"+',
)  # fmt: skip


@pytest.fixture(scope="module")
def alerts():
    service = Alerts()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def dagster(demo, alerts, mailbox, tmp_path_factory):
    environment = {
        f"SOURCES__{DOWN.upper()}__BASE_URL": f"http://127.0.0.1:{free_port()}",
        "DELIVERIES__ALERTS": f'["{alerts.url}"]',
        "DELIVERIES__SMTP__HOST": "127.0.0.1",
        "DELIVERIES__SMTP__PORT": str(mailbox[1]),
        "DELIVERIES__SMTP__SECURITY": "none",
        "DELIVERIES__SMTP__SENDER": "okr@example.com",
    }
    folder = tmp_path_factory.mktemp("selections")
    with (
        pytest.MonkeyPatch.context() as patch,
        started(demo, folder, "refresh: {}", **environment) as running,
    ):
        patch.setenv("DAGSTER_HOME", str(running.data_dir / "dagster"))
        yield running


def recorded(dagster: Dagster, run_id: str) -> tuple[set[tuple[str, ...]], set[tuple[tuple[str, ...], str]]]:
    """The assets that a run materialised, and the checks it made."""
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(dagster.data_dir / "dagster"))) as instance:
        events = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]
    made = [event.asset_key for event in events if event.event_type == DagsterEventType.ASSET_MATERIALIZATION]
    checked = [
        event.event_specific_data for event in events if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert len(made) == len(set(made))
    return {tuple(key.path) for key in made}, {(tuple(one.asset_key.path), one.check_name) for one in checked}


def materialise(dagster: Dagster, keys: list[tuple[str, ...]], checks: list | None) -> str:
    """Start a run of these assets, as the UI's button does; `checks` None: all of theirs."""
    selector = dagster.selector(
        jobName="__ASSET_JOB",
        assetSelection=[{"path": list(key)} for key in keys],
        assetCheckSelection=checks,
    )
    launched = dagster.ask(LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return str(launched["run"]["runId"])


def assets(dagster: Dagster) -> dict[tuple[str, ...], set[str]]:
    """Every asset that a run of today can make, with the names of its checks. What dbt never makes is left out."""
    nodes = dagster.ask(
        """{ assetNodes { assetKey { path } isExecutable isPartitioned
          metadataEntries { label ... on TextMetadataEntry { text } }
          assetChecksOrError { ... on AssetChecks { checks { name } } } } }"""
    )["assetNodes"]
    return {
        tuple(node["assetKey"]["path"]): {check["name"] for check in node["assetChecksOrError"].get("checks", [])}
        for node in nodes
        if node["isExecutable"] and not node["isPartitioned"]
        if "ephemeral" not in (entry.get("text") for entry in node["metadataEntries"])
    }


def is_current(dagster: Dagster) -> bool:
    """Whether the models are built of what is loaded, all of them."""
    return builds.state(Workspace(dagster.definitions_dir, dagster.reports_dir, dagster.data_dir)).is_current


def spoil_build(dagster: Dagster) -> None:
    """As a build that was killed leaves the warehouse: nothing passes for built."""
    with duckdb.connect(str(dagster.data_dir / "warehouse.duckdb")) as warehouse:
        warehouse.execute("delete from ops.last_build")


def nobody_writes(data_dir: Path) -> bool:
    return not (data_dir / "warehouse.lock.json").exists()


@pytest.mark.parametrize("is_changed", [False, True])
def test_one_model_from_the_shell(dagster, is_changed):
    if is_changed:
        spoil_build(dagster)
    before = {run["runId"] for run in dagster.runs()}
    answer = subprocess.run(
        [BIN / "dagster", "asset", "materialize", "--select", 'key:"marts/key_results"', "-m", OURS],
        cwd=ROOT, env={**dagster.environment, "PATH": str(BIN)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (run_id,) = {run["runId"] for run in dagster.runs()} - before
    made, checked = recorded(dagster, run_id)
    assert made == {key for key, _ in checked} == {("marts", "key_results")}
    # What was stale is built too, so that the warehouse holds models of one state.
    assert is_current(dagster)
    assert nobody_writes(dagster.data_dir)


@pytest.mark.parametrize("seed", range(SELECTIONS))
def test_any_selection_from_the_ui(dagster, seed):
    chance = random.Random(seed)
    known = assets(dagster)
    keys = chance.sample(sorted(known), chance.choice([1, 3, 12, 40]))
    with_checks = chance.random() < 0.5
    if chance.random() < 0.5:
        spoil_build(dagster)
    run_id = materialise(dagster, keys, None if with_checks else [])
    ended = dagster.ended(run_id)
    made, checked = recorded(dagster, run_id)
    # LinkedIn is down, no database is set, and no target for copies.
    given = {key for key in keys if key[0] not in (DOWN, "sql") and key != ("site_copies",)}
    if any(key[0] == DOWN for key in keys) and ("refresh_outcome",) in keys:
        assert ended == "FAILURE"
        given -= {("refresh_outcome",)}
    else:
        assert ended == "SUCCESS"
    assert made == given
    assert checked <= {(key, name) for key in keys for name in known[key]}
    assert with_checks or not checked
    assert nobody_writes(dagster.data_dir)


def test_a_check_alone_is_made_alone(dagster):
    of_marts = {key: names for key, names in assets(dagster).items() if key[0] == "marts" and names}
    key, name = next((key, min(names)) for key, names in sorted(of_marts.items()))
    run_id = materialise(dagster, [], [{"assetKey": {"path": list(key)}, "name": name}])
    assert dagster.ended(run_id) == "SUCCESS"
    assert recorded(dagster, run_id) == (set(), {(key, name)})


def refreshed(dagster: Dagster, channel: str, exit_code: int) -> str:
    """The run of `okr refresh --channel`, at the webserver."""
    url = f"http://127.0.0.1:{dagster.port}"
    answer = subprocess.run(
        [OKR, "refresh", "--dagster", url, "--channel", channel, "--json"], capture_output=True, text=True
    )
    assert answer.returncode == exit_code, answer.stderr
    return str(json.loads(answer.stdout)["run"])


def test_a_run_of_one_channel_leaves_the_others_as_they_were(dagster):
    first = refreshed(dagster, "search_console", exit_code=0)
    made, checked = recorded(dagster, first)
    channels = {key[0] for key in assets(dagster) if key[-1] == "loaded_windows"}
    assert {key[0] for key in made} & channels == {"search_console"}
    assert {(key[0], name) for key, name in checked if key[0] in channels} == {
        ("search_console", name) for name in ("loaded", "fresh", "reconciled")
    }
    # The next one asks a channel that is down: what the first said of its own stays.
    second = refreshed(dagster, DOWN, exit_code=1)
    made, checked = recorded(dagster, second)
    assert {key[0] for key in made} & channels == set()
    latest = checks_run(dagster)
    found = {(key[0], name): check for (key, name), check in latest.items() if check and name in ("loaded", "fresh")}
    assert found["search_console", "loaded"]["runId"] == first
    assert found[DOWN, "loaded"]["status"] == found[DOWN, "fresh"]["status"] == "FAILED"
    said = {entry["label"]: entry.get("text") for entry in found[DOWN, "fresh"]["evaluation"]["metadataEntries"]}
    assert said["data_through"] == "2026-11-22"


def test_an_error_in_the_models_lets_go_of_the_lock(dagster):
    spoil_build(dagster)
    with duckdb.connect(str(dagster.data_dir / "warehouse.duckdb")) as warehouse:
        warehouse.execute("alter table definitions.settings rename column timezone to zone")
    try:
        run_id = materialise(dagster, [("marts", "dim_date"), ("marts", "report_context")], None)
        assert dagster.ended(run_id) == "FAILURE"
        assert recorded(dagster, run_id)[0] <= {("marts", "dim_date")}
        assert nobody_writes(dagster.data_dir)
    finally:
        with duckdb.connect(str(dagster.data_dir / "warehouse.duckdb")) as warehouse:
            warehouse.execute("alter table definitions.settings rename column zone to timezone")


TERMINATE = """mutation($run: String!) { terminateRun(runId: $run) {
  __typename ... on TerminateRunFailure { message } ... on PythonError { message } } }"""


def test_runs_that_are_ended_by_hand_let_go_of_the_lock(dagster):
    """In the middle of their models, or before them; each begins with what the last left, and one does the rest."""
    spoil_build(dagster)
    for seconds in (1.0, 6.0, 12.0):
        run_id = materialise(dagster, [("marts", "key_results"), ("marts", "objectives")], [])
        time.sleep(seconds)
        assert dagster.ask(TERMINATE, run=run_id)["terminateRun"]["__typename"] in (
            "TerminateRunSuccess", "TerminateRunFailure",
        )  # fmt: skip
        assert dagster.ended(run_id) in ("CANCELED", "SUCCESS")
        assert nobody_writes(dagster.data_dir)
    again = materialise(dagster, [("marts", "key_results")], [])
    assert dagster.ended(again) == "SUCCESS"
    assert recorded(dagster, again)[0] == {("marts", "key_results")}
    assert is_current(dagster)
    assert nobody_writes(dagster.data_dir)


def test_runs_that_want_the_same_at_the_same_time_each_do_what_was_chosen(dagster):
    spoil_build(dagster)
    chosen = [[("marts", "key_results")], [("marts", "objectives"), ("marts", "key_results")], [("snapshot",)]]
    known = assets(dagster)
    runs = [materialise(dagster, keys, []) for keys in chosen if set(keys) <= set(known)]
    assert len(runs) > 1
    assert [dagster.ended(run) for run in runs] == ["SUCCESS"] * len(runs)
    assert [recorded(dagster, run)[0] for run in runs] == [set(keys) for keys in chosen if set(keys) <= set(known)]
    assert nobody_writes(dagster.data_dir)


def test_everything_downstream_of_a_table_mails_nobody(dagster, mailbox, alerts):
    nodes = dagster.ask("{ assetNodes { assetKey { path } dependedByKeys { path } } }")["assetNodes"]
    below = {tuple(node["assetKey"]["path"]): [tuple(one["path"]) for one in node["dependedByKeys"]] for node in nodes}
    keys, todo = set(), [("marts", "key_results")]
    while todo:
        if (key := todo.pop()) not in keys:
            keys.add(key)
            todo += below[key]
    assert ("site_copies",) in keys
    run_id = materialise(dagster, sorted(keys), None)
    assert dagster.ended(run_id) == "SUCCESS"
    assert recorded(dagster, run_id)[0] == keys - {("site_copies",)}
    assert mailbox[0].mails == []
    assert not [alert for alert in alerts.told if run_id in alert["message"]]


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_any_assets_and_checks_together_make_a_run(demo, monkeypatch):
    for name, value in demo.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    from okr_reports.definitions import defs

    graph, job = defs.resolve_asset_graph(), defs.resolve_implicit_global_asset_job_def()
    keys = sorted(key for key in graph.executable_asset_keys if not graph.get(key).partitions_def)
    checks = sorted(graph.asset_check_keys)
    for seed in range(200):
        chance = random.Random(seed)
        chosen = set(chance.sample(keys, chance.choice([1, 2, 5, 30])))
        of_checks = set(chance.sample(checks, chance.choice([0, 1, 5])))
        run = job.get_subset(asset_selection=chosen, asset_check_selection=of_checks)
        assert run.asset_layer.selected_asset_keys == chosen


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_no_selection_from_data_reaches_what_sends(demo, monkeypatch):
    for name, value in demo.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    from okr_reports.definitions import defs

    graph = defs.resolve_asset_graph()
    assert len(graph.executable_asset_keys) > 100
    senders = {"send_digests", "digest"}
    for selection in FROM_DATA:
        keys = AssetSelection.from_string(selection).resolve(graph)
        ops = {graph.get(key).assets_def.op.name for key in keys if graph.get(key).is_executable}
        assert keys, selection
        assert not ops & senders, selection
    assert {node.name for node in defs.resolve_job_def("digest").nodes} == {"send_digests"}
    of_assets = [job for job in defs.resolve_all_job_defs() if job.name != "digest"]
    assert len(of_assets) >= 4
    assert not {node.name for job in of_assets for node in job.nodes} & senders
