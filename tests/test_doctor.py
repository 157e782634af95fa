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
