"""What `okr doctor` looks at, one thing at a time; as a command it is in test_cli.py."""

from __future__ import annotations

from pipelines.doctor import examine
from pipelines.settings import Workspace


def test_secrets_are_looked_for_where_dlt_reads_them(tmp_path, monkeypatch):
    secrets = tmp_path / "project" / ".dlt" / "secrets.toml"
    secrets.parent.mkdir(parents=True)
    secrets.touch(0o644)
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path)
    found = next(one for one in examine(Workspace.from_environment()) if one.subject not in ("versions", "today"))
    assert (found.subject, found.fault) == ("secrets", True)
    assert f"chmod 600 {secrets}" in found.text
