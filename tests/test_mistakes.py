"""What people do to the commands: every answer says what, where and what next, none is a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from okr_reports.cli import main
from tests.support import DEMO_DAY, OKR, ROOT, free_port


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Path:
    """Definitions and pages without data, its folder named as people name folders."""
    folder = tmp_path / "año & más"
    folder.mkdir()
    for name in ("okr_definitions", "reports"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".dlt").mkdir()
    monkeypatch.chdir(folder)
    for name in [*os.environ]:
        if name.startswith(("OKR_", "SOURCES__", "DELIVERIES__")) and name != "OKR_PARSED_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("OKR_TODAY", DEMO_DAY)
    return folder


def okr(*arguments: str) -> tuple[int, str]:
    """Exit code and all that is said."""
    answer = CliRunner().invoke(main, list(arguments))
    assert "Traceback" not in answer.output
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    return answer.exit_code, answer.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("refres", 2, "Did you mean 'refresh'?"),
        ("refresh --from 2026-12-01 --to 2026-12-31", 2, "today is 2026-11-23"),
        ("refresh --channel webinar", 2, "did you mean webinars?"),
        ("refresh --channel linkedin_ads", 2, "settings in .dlt/ or the environment"),
        ("refresh --wait -1", 2, "--wait"),
        ("report", 1, "run `okr refresh` first"),
        ("report --as-of 2026-11-01", 1, "nothing has been published yet"),
        ("report --as-of 2026-11-01 --rollback", 2, "exclude each other"),
        ("report --rollback", 1, "okr refresh"),
        ("serve --port 65536", 2, "--port"),
        ("serve", 1, "run `okr refresh`"),
        ("serve --watch", 1, "run `okr refresh` first"),
        ("sandbox --port -1", 2, "--port"),
        ("sandbox --faults 1.5 -- true", 2, "--faults"),
        ("sandbox -- no-such-program", 1, "no-such-program cannot be run: No such file or directory"),
        ("check-in onboarding_days_down_q4 --value 3 --date 2026-12-01", 1, "2026-12-01 is yet to come"),
        ("check-in onboarding_days_down --value 3", 1, "onboarding_days_down_q"),
        ("digest", 1, "run `okr refresh` first"),
        ("export --parquet=", 2, "name a folder with --parquet"),
        ("export --parquet out", 1, "run `okr refresh` first"),
        ("simulate linkedin_leads_up_q4 --target nan", 1, "--target nan is no amount"),
        ("simulate linkedin_leads_up_q4 --daily 1e300", 1, "--daily 1e+300 is no amount"),
        ("simulate linkedin_leads_up_q4", 1, "run `okr refresh` first"),
        ("publish --target www", 1, "target www is not set"),
        ("completion tcsh", 2, "bash"),
    ],
)
def test_a_wrong_command_is_answered(workspace, arguments, code, said):
    answer = okr(*arguments.split())
    assert answer[0] == code, answer
    assert said in answer[1]


@pytest.mark.parametrize(("name", "content"), [("config.toml", b"[sources\n"), ("secrets.toml", b"\n\xff\xfe")])
def test_a_file_of_settings_that_cannot_be_read_is_named(workspace, name, content):
    (workspace / ".dlt" / name).write_bytes(content)
    for command, code in (("check", 1), ("doctor", 1), ("refresh", 2)):
        ended, said = okr(command)
        assert ended == code
        assert f".dlt/{name}:1: error: it cannot be read" in said


@pytest.mark.parametrize("content", [b"", b"no database " * 2000])
def test_a_broken_copy_is_named_and_the_next_refresh_mends_it(workspace, content):
    data = workspace / ".okr"
    data.mkdir()
    for name in ("okr.duckdb", "warehouse.duckdb"):
        (data / name).write_bytes(content)
    for command in ("report", "digest --dry-run", "simulate linkedin_leads_up_q4", "export --parquet out", "doctor"):
        ended, said = okr(*command.split())
        assert ended == 1
        assert ".okr/okr.duckdb cannot be read" in said
        assert "okr refresh" in said
    assert okr("check")[0] == 0
    # The warehouse is the one file that a refresh does not make again by itself.
    ended, said = okr("doctor")
    assert "warehouse.duckdb is not a DuckDB file (any more); put a backup" in said


def test_the_doctor_names_a_folder_where_dagster_dev_finds_no_settings(workspace, monkeypatch):
    assert "Dagster:" not in okr("doctor")[1]
    monkeypatch.setenv("OKR_DATA_DIR", str(workspace / "[2026]"))
    code, said = okr("doctor")
    assert code == 1
    assert "FAULT Dagster: `dagster dev` finds no settings below" in said


def test_the_doctor_tells_a_killed_refresh_from_one_that_runs(workspace):
    ended = subprocess.Popen(["true"])
    ended.wait()
    (workspace / ".okr").mkdir()
    record = {"pid": ended.pid, "since": "2026-11-23 08:00:01 UTC", "command": "okr refresh"}
    holder = workspace / ".okr" / "warehouse.lock.json"
    holder.write_text(json.dumps(record))
    assert f"okr refresh (process {ended.pid}) since 2026-11-23 08:00:01 UTC was killed: run" in okr("doctor")[1]
    holder.write_text(json.dumps(record | {"pid": os.getpid()}))
    assert f"being written by okr refresh (process {os.getpid()})" in okr("doctor")[1]


def test_a_check_in_answers_scripts(workspace):
    answer = CliRunner().invoke(main, ["check-in", "nps_held_q4", "--json"])
    assert (answer.exit_code, [*json.loads(answer.stdout)]) == (1, ["error"])
    code, said = okr("check-in", "nps_held_q4", "--value", "42", "--json")
    assert (code, json.loads(said)) == (0, {"path": "okr_definitions/check_ins/2026-11-23_nps_held_q4.yml"})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1", "'ftp://127.0.0.1' is no address of a Dagster webserver; write it as http"),
        ("http://okr:secret@127.0.0.1:{port}", "Dagster at http://127.0.0.1:{port}: no answer (ConnectionError); is a"),
        ("http://okr:secret@127.0.0.1:{files}", "Dagster at http://127.0.0.1:{files}: HTTP 501 and no JSON; is a"),
    ],
)
def test_a_refresh_elsewhere_names_the_address_and_never_its_password(workspace, url, said):
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        ports = {"port": free_port(), "files": files.server_port}
        ended, answer = okr("refresh", "--dagster", url.format(**ports))
        files.shutdown()
    assert ended == 2
    assert said.format(**ports) in answer
    assert "secret" not in answer


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("refresh --from 2026-11-01", 2), ("report --page x", 2), ("simulate", 2), ("export --parquet out", 1)],
)
def test_an_error_is_json_where_json_was_asked_for(workspace, arguments, code):
    answer = CliRunner().invoke(main, [*arguments.split(), "--json"])
    assert answer.exit_code == code
    assert [*json.loads(answer.stdout)] == ["error"]


def test_a_data_folder_that_is_a_file(workspace):
    (workspace / ".okr").write_text("mine")
    for command, code in (("refresh", 2), ("doctor", 1), ("report", 1)):
        ended, said = okr(command)
        assert ended == code
        assert ".okr" in said
    assert (workspace / ".okr").read_text() == "mine"


def test_a_full_standard_output_is_said_in_one_line(workspace):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run([OKR, "completion", "bash"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("No space left on device")


def test_what_is_our_own_mistake_says_so(workspace, monkeypatch):
    import okr_reports.commands.init

    monkeypatch.setattr(okr_reports.commands.init, "make_workspace", lambda *_, **__: {}["shipped"])
    ended, said = okr("init", "x")
    assert ended == 1
    assert said == (
        "KeyError: 'shipped'; this is a mistake of okr itself: run it with OKR_DEBUG=1 to see where, and report it\n"
    )
    monkeypatch.setenv("OKR_DEBUG", "1")
    assert isinstance(CliRunner().invoke(main, ["init", "x"]).exception, KeyError)


def test_the_sandbox_finds_the_programs_of_its_own_environment():
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    answer = subprocess.run([OKR, "sandbox", "--", "okr", "--version"], env=environment, capture_output=True, text=True)
    assert answer.stdout.startswith("okr, version"), answer.stderr


def test_a_user_without_rights_is_told(workspace):
    folders = [path for path in (workspace, *workspace.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    # Root writes everywhere unless it gives that up.
    drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    try:
        for command, code in (("refresh", 2), ("init new", 1), ("check-in nps_held_q4 --value 3", 1)):
            answer = subprocess.run([*drop, OKR, *command.split()], cwd=workspace, capture_output=True, text=True)
            assert answer.returncode == code, answer.stderr
            assert "Permission denied" in answer.stderr
            assert "Traceback" not in answer.stderr
    finally:
        for folder in folders:
            folder.chmod(0o755)
