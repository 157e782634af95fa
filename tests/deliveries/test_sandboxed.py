"""What a sandbox answered goes to addresses of this machine alone: copies, digests, alerts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from okr_reports.deliveries.commands import Audience, publish_targets, run_digest, send_alert
from okr_reports.deliveries.sandboxed import forget, note_asked, note_loads, reaches_only_here, why_it_stays_here
from okr_reports.settings import Workspace
from tests.support import OKR

INSIDE = ("inside the sandbox", "loaded from it")


@pytest.fixture
def workspace(okr_copy, site, tmp_path, monkeypatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    monkeypatch.setenv("OKR_DATA_DIR", str(tmp_path / "data"))
    workspace = Workspace.from_environment()
    workspace.site_dir.mkdir(parents=True)
    (workspace.site_dir / "current").symlink_to(site("one"))
    shutil.copyfile(okr_copy, workspace.snapshot)
    return workspace


@pytest.fixture(params=INSIDE)
def sandboxed(request, workspace, monkeypatch):
    if request.param == INSIDE[0]:
        monkeypatch.setenv("OKR_SANDBOX", "http://127.0.0.1:8765")
    else:
        note_loads(workspace.data_dir, {"ga4": "http://127.0.0.1:8765/ga4", "hubspot": "https://api.hubapi.com"})
    return workspace


def test_no_target_off_this_machine_gets_a_copy(sandboxed, bare, tmp_path, monkeypatch):
    www = tmp_path / "www"
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__URL", str(www))
    monkeypatch.setenv("DELIVERIES__TARGETS__PAGES__URL", f"git+file://{bare}")
    monkeypatch.setenv("DELIVERIES__TARGETS__STORE__URL", "s3://real-bucket/okr")
    done = {one.name: one.what for one in publish_targets(sandboxed)}
    assert sorted(done) == ["pages", "store", "web"]
    assert all(what.startswith("not copied: ") for what in done.values())
    assert not os.path.lexists(www)
    assert not list((bare / "refs" / "heads").iterdir())


def test_nobody_is_mailed_and_no_service_told(sandboxed, serve_chat, monkeypatch, caplog):
    monkeypatch.setenv("DELIVERIES__SMTP__HOST", "mail.example.com")
    monkeypatch.setenv("DELIVERIES__SMTP__SENDER", "okr@example.com")
    monkeypatch.setenv("DELIVERIES__CHAT__ALL", json.dumps(["slack://A/B/C/#x", f"json://{serve_chat.address}/here"]))
    monkeypatch.setenv("DELIVERIES__ALERTS", json.dumps(["slack://A/B/C/#x", f"json://{serve_chat.address}/alert"]))
    done = [str(one) for one in run_digest(sandboxed, Audience({"paid_social": ["ana@example.com"]}))]
    assert any(line.startswith("paid_social: not sent by mail: ") for line in done)
    assert any(line.startswith("paid_social: not sent to chat: ") for line in done)
    assert "paid_social: notified json" in done
    assert [str(one) for one in send_alert("a run failed", "why", "run-1")] == ["json: notified"]
    assert "1 alerts not sent: " in caplog.text
    assert {path for path, _ in serve_chat.posts} == {"/here", "/alert"}


def test_loopback_addresses_get_it(sandboxed, serve_mail, monkeypatch):
    mailbox, port = serve_mail()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SECURITY": "none",
        "SENDER": "okr@example.com",
    }.items():
        monkeypatch.setenv(f"DELIVERIES__SMTP__{name}", value)
    run_digest(sandboxed, Audience({"paid_social": ["ana@example.com"]}))
    assert mailbox.recipients == [["ana@example.com"]]


@pytest.mark.parametrize(
    ("url", "options", "here"),
    [
        ("s3://bucket/okr", {"endpoint_url": "http://127.0.0.1:5000"}, True),
        ("s3://bucket/okr", {"client_kwargs": {"endpoint_url": "http://localhost:5000"}}, True),
        ("s3://bucket/okr", {}, False),
        ("s3://127.0.0.1/okr", {}, False),
        ("gs://bucket/okr", {"endpoint_url": "http://127.0.0.1:5000"}, True),
        ("abfs://bucket/okr", {"endpoint_url": "http://127.0.0.1:5000"}, False),
        ("sftp://files.example.com/okr", {"endpoint_url": "http://127.0.0.1:5000"}, False),
        ("s3://bucket/okr", {"endpoint_url": "https://127.0.0.1.example.com"}, False),
        ("git+https://127.0.0.1:8443/x.git", {}, True),
        ("git+https://127.0.0.1@git.example.com/x.git", {}, False),
        ("git+file:///srv/x.git", {}, False),
        ("/srv/www", {}, False),
        ("slack://localhost/x/y", {}, False),
        ("json://[::1]:80/x", {}, True),
    ],
)
def test_what_leads_off_this_machine(url, options, here):
    assert reaches_only_here(url, options) is here


def test_a_vendors_answer_takes_the_mark_away_channel_by_channel(tmp_path):
    here = "http://localhost:1/x"
    note_loads(tmp_path, {"ga4": here, "hubspot": here})
    assert "ga4, hubspot" in why_it_stays_here(tmp_path)
    note_loads(tmp_path, {"ga4": "https://analyticsdata.googleapis.com", "files": None})
    assert "last loads of hubspot were" in why_it_stays_here(tmp_path)
    assert why_it_stays_here(tmp_path, loopback_sources=True) is None
    note_loads(tmp_path, {"hubspot": "https://api.hubapi.com"})
    assert why_it_stays_here(tmp_path) is None
    (tmp_path / "sandboxed.json").write_text("{")
    assert "cannot be read" in why_it_stays_here(tmp_path)


def test_a_command_in_the_sandbox_knows_where_it_is():
    done = subprocess.run([OKR, "sandbox", "--", "printenv", "OKR_SANDBOX"], capture_output=True, text=True)
    assert done.stdout.startswith("http://127.0.0.1:")


def test_the_demo_says_what_it_rests_on(demo):
    """The suite's own demo is pointed at a sandbox by its base URLs alone."""
    assert "OKR_SANDBOX" not in demo.environment
    answer = demo.okr("publish", DELIVERIES__TARGETS__WEB__URL=str(Path(demo.data_dir).parent / "www"))
    assert answer.stdout.startswith("web: not copied: the last loads of ")
    assert not (Path(demo.data_dir).parent / "www").exists()


def test_a_load_that_is_killed_is_known_too(tmp_path):
    """Its rows are in the warehouse: the next refresh would have sent them to the world."""
    here = {"ga4": "http://127.0.0.1:1/ga4", "hubspot": "https://api.hubapi.com", "files": None}
    assert note_asked(tmp_path, here) == ["ga4"]
    assert "ga4" in why_it_stays_here(tmp_path)  # and the process is killed here
    assert note_asked(tmp_path, here) == []
    forget(tmp_path, ["ga4"])
    assert why_it_stays_here(tmp_path) is None
