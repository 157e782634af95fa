"""`okr clean`: what may go is named with its size and goes; what no source gives again, and what readers see, stays."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest
from click.testing import CliRunner
from dagster import DagsterInstance, Definitions, asset, define_asset_job, in_process_executor, job, op

from okr_reports.cli import main
from okr_reports.commands import clean
from okr_reports.defs import retention, run_tags
from okr_reports.report_site.output import publish
from okr_reports.settings import Workspace, make_dagster_home
from okr_reports.warehouse.lock import writer_lock

KEPT = ("warehouse.duckdb", "okr.duckdb", "history/days/2026-11-23.json", "deliveries/sent.json")


@op
def printing() -> None:
    print("said by a step")


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """A data folder with something of every kind: seven releases, old and new, packages finished and not, old logs."""
    folder = tmp_path / "data"
    monkeypatch.setenv("OKR_DATA_DIR", str(folder))
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "dagster"))
    for name in KEPT[1:]:
        written(folder / name, b"kept")
    duckdb.connect(str(folder / KEPT[0])).close()
    for number in range(7):
        built = tmp_path / f"built{number}"
        written(built / "index.html", b"x" * 1000)
        publish.publish(built, folder / "site", keep=10, release_id=f"r{number}")
    for channel, state in (("ga4", "loaded"), ("linkedin_ads", "loaded"), ("ga4", "normalized")):
        written(folder / "dlt" / "pipelines" / channel / "load" / state / "1796.5" / "rows.parquet", b"y" * 500)
    written(folder / "dagster" / "logs" / "event.log", b"z" * 300, days=40)
    written(folder / "dagster" / "logs" / "new.log", b"z" * 300)
    written(folder / "deliveries" / "outbox" / "old.eml", b"m" * 200, days=40)
    written(folder / "site" / "cache" / "page", b"c" * 100)
    make_dagster_home(folder / "dagster")
    return folder


def written(path: Path, content: bytes, days: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


def files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != "dagster"}


def okr(*arguments: str):
    return CliRunner().invoke(main, ["clean", *arguments])


def test_a_dry_run_says_what_would_go_and_removes_nothing(data):
    before = files(data)
    answer = json.loads(okr("--dry-run", "--json").output)
    assert files(data) == before
    sizes = {part["what"].split()[0]: (part["count"], part["bytes"]) for part in answer["removable"]}
    assert sizes["finished"] == (2, 1000)
    assert sizes["logs"] == (2, 500)
    assert sizes["releases"][0] == 4, "two releases and the manifest of each"
    assert sizes["releases"][1] > 2000
    assert answer["bytes"] == sum(part["bytes"] for part in answer["removable"])


def test_what_may_go_goes_and_the_rest_stays(data):
    answer = okr()
    assert answer.exit_code == 0, answer.output
    assert "removed" in answer.output
    left = files(data)
    assert set(KEPT) <= left
    assert {path.name for path in (data / "site" / "releases").iterdir()} == {f"r{number}" for number in range(2, 7)}
    assert (data / "site" / "current" / "index.html").is_file()
    assert "dlt/pipelines/ga4/load/normalized/1796.5/rows.parquet" in left, "a load resumes by it"
    assert not [name for name in left if "loaded" in name or name.endswith(".eml")]
    assert sorted(path.name for path in (data / "dagster" / "logs").iterdir()) == ["new.log"]
    assert "site/cache/page" in left
    assert "nothing is old enough" in okr().output


def test_of_a_dagster_of_others_nothing_goes(data, tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    logs, printed = theirs / "logs" / "event.log", theirs / "storage" / str(uuid4()) / "compute_logs" / "step.out"
    for path in (logs, printed):
        written(path, b"theirs", days=400)
    (theirs / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(theirs))
    assert okr().exit_code == 0
    assert logs.exists()
    assert printed.exists()
    assert not (data / "dagster" / "logs" / "event.log").exists()


def test_caches_go_where_they_are_asked_for(data):
    assert okr("--caches").exit_code == 0
    assert not (data / "site" / "cache").exists()
    assert set(KEPT) <= files(data)


def test_a_release_that_was_rolled_back_to_stays_however_old(data):
    for _ in range(6):
        publish.rollback(data / "site")
    seen = publish.current_release(data / "site").name
    assert seen == "r0"
    assert okr().exit_code == 0
    assert (data / "site" / "current" / "index.html").is_file()
    assert {path.name for path in (data / "site" / "releases").iterdir()} == {"r0", *(f"r{n}" for n in range(2, 7))}


def test_runs_go_by_count_and_age_and_the_newest_stays(data, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_RUNS", 3)
    tags = run_tags.of_this_workspace()

    @asset
    def site() -> int:
        return 1

    jobs = [define_asset_job(name, executor_def=in_process_executor, tags=tags) for name in ("refresh", "report")]
    defined = Definitions(assets=[site], jobs=jobs)
    with DagsterInstance.get() as instance:
        runs = {
            name: [defined.resolve_job_def(name).execute_in_process(instance=instance).run_id for _ in range(count)]
            for name, count in (("refresh", 5), ("report", 2))
        }
    (part,) = [part for part in clean.removable(Workspace.from_environment()) if part.runs]
    assert set(part.runs) == set(runs["refresh"][:2])
    assert part.size > 10_000
    # All are of today; none may be older than tomorrow's limit.
    monkeypatch.setattr(retention, "KEEP_RUN_DAYS", -1)
    (part,) = [part for part in clean.removable(Workspace.from_environment()) if part.runs]
    assert set(part.runs) == {*runs["refresh"][:4], runs["report"][0]}
    assert okr().exit_code == 0
    with DagsterInstance.get() as instance:
        assert set(instance.get_run_ids()) == {runs["refresh"][4], runs["report"][1]}
    for folder in ("history/runs", "storage"):
        kept = {path.name.partition(".")[0] for path in (data / "dagster" / folder).iterdir()}
        assert kept & {*runs["refresh"], *runs["report"]} == {runs["refresh"][4], runs["report"][1]}, folder


def test_what_runs_printed_that_are_gone_goes_and_what_is_no_runs_stays(data):
    storage = data / "dagster" / "storage"
    gone = storage / "72a53bfb-9d3b-4e84-8722-bb0f59accb6e" / "compute_logs" / "zqxqbcud.out"
    written(gone, b"p" * 700)
    written(storage / "an_asset" / "value", b"v")

    @job(executor_def=in_process_executor)
    def of_others():
        printing()

    with DagsterInstance.get() as instance:
        run = of_others.execute_in_process(instance=instance).run_id
    (part,) = [part for part in clean.removable(Workspace.from_environment()) if "printed" in part.what]
    assert (part.count, part.size) == (1, 700)
    assert okr().exit_code == 0
    assert sorted(path.name for path in storage.iterdir()) == sorted([run, "an_asset"])


def test_it_waits_for_nobody_and_says_who_writes(data):
    with writer_lock(Workspace.from_environment(), wait_seconds=0):
        answer = okr()
        assert answer.exit_code != 0
        assert okr("--dry-run").exit_code == 0
    assert len(list((data / "site" / "releases").iterdir())) == 7


def test_without_dagsters_folder_the_rest_goes(data):
    shutil.rmtree(data / "dagster")
    answer = okr()
    assert answer.exit_code == 0, answer.output
    assert len(list((data / "site" / "releases").iterdir())) == 5
    assert not (data / "dagster").exists()


def test_without_a_data_folder_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("OKR_DATA_DIR", str(tmp_path / "none"))
    answer = okr("--dry-run")
    assert answer.exit_code != 0
    assert not (tmp_path / "none").exists()
