"""What `okr doctor` looks at, one thing at a time; as a command it is in test_cli.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

from okr_reports.doctor import examine
from okr_reports.doctor.dagster import dagster_ui
from okr_reports.settings import Workspace


def test_secrets_are_looked_for_where_dlt_reads_them(tmp_path, monkeypatch):
    secrets = tmp_path / "project" / ".dlt" / "secrets.toml"
    secrets.parent.mkdir(parents=True)
    secrets.touch(0o644)
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path)
    found = next(one for one in examine(Workspace.from_environment()) if one.subject not in ("versions", "today"))
    assert (found.subject, found.fault) == ("secrets", True)
    assert f"chmod 600 {secrets}" in found.text


@pytest.mark.parametrize(("host", "is_told"), [("127.0.0.2", False), ("localhost", False), ("192.0.2.1", True)])
def test_dagsters_ui_may_listen_on_this_machine_alone(host, is_told):
    """A process whose command line is that of a UI; what it does is the line's business."""
    program = "import time; print(flush=True); time.sleep(600)"
    running = subprocess.Popen(["dagster", "-c", program, "-h", host], executable=sys.executable, stdout=-1)
    try:
        running.stdout.readline()
        assert any(f"process {running.pid} listens on {host}" in one.text for one in dagster_ui(False)) == is_told
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize(
    ("family", "host", "is_told"),
    [
        ("AF_INET", "0.0.0.0", True),
        ("AF_INET6", "::", True),
        ("AF_INET", "127.0.0.1", False),
        ("AF_INET6", "::1", False),
    ],
)
@pytest.mark.parametrize("command", [["dagster-webserver"], ["python", "-m", "dagster"]])
def test_what_dagster_listens_on_counts_whoever_told_it(command, family, host, is_told):
    """As by DAGSTER_WEBSERVER_HOST or `-h0.0.0.0`: a process of that name that really listens."""
    program = (
        f"import socket, time; s = socket.socket(socket.{family}); s.bind(({host!r}, 0)); s.listen(); "
        "print(flush=True); time.sleep(600)"
    )
    started = [command[0], "-c", program, *command[1:]]
    running = subprocess.Popen(started, executable=sys.executable, stdout=-1)
    try:
        assert running.stdout.readline()
        told = [one.text for one in dagster_ui(False) if f"process {running.pid} listens on {host} " in one.text]
        assert bool(told) == is_told
        assert not any(f"process {running.pid} " in one.text for one in dagster_ui(True))
    finally:
        running.kill()
        running.communicate()
