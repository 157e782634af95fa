"""`okr digest` as the command line calls it: once per team, week and recipient, whatever happens in between."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from okr_reports.deliveries import commands
from okr_reports.deliveries.commands import Audience, deliveries_dir
from okr_reports.errors import DeliveryError
from okr_reports.settings import Workspace

AUDIENCE = Audience(
    recipients={"paid_social": ["ana@example.com", "luis@example.com", "ana@example.com"]}, timezone="Europe/Madrid"
)
KILLED_AFTER_SENDING = """
import os
from pathlib import Path
from okr_reports.deliveries import ledger
from okr_reports.deliveries.commands import Audience, run_digest
from okr_reports.settings import Workspace
ledger.Ledger.record = lambda *arguments: os._exit(9)
run_digest(Workspace(Path("d"), Path("r"), Path("data")), Audience({"paid_social": ["ana@example.com"]}))
"""


def run_digest(*arguments, **options) -> list[str]:
    """What was done, as the command line says it."""
    return [str(one) for one in commands.run_digest(*arguments, **options)]


@pytest.fixture
def workspace(okr_copy, tmp_path, monkeypatch) -> Workspace:
    """A folder of its own, in which the command runs on the demo's day."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "pipelines"))
    (tmp_path / "data").mkdir()
    workspace = Workspace(Path("okr_definitions"), Path("reports"), Path("data"))
    shutil.copyfile(okr_copy, workspace.snapshot)
    return workspace


@pytest.fixture
def mail(workspace, serve_mail, authority, monkeypatch):
    mailbox, port = serve_mail(tls_context=authority.context, require_starttls=True)
    Path(".dlt").mkdir()
    Path(".dlt/config.toml").write_text(
        '[deliveries]\nsite_url = "https://okr.example.com"\n'
        f'[deliveries.smtp]\nhost = "localhost"\nport = {port}\nsender = "OKR <okr@example.com>"\nattempts = 1\n'
    )
    monkeypatch.setenv("DELIVERIES__SMTP__CA_FILE", str(authority.ca_file))
    return mailbox


def test_each_recipient_gets_it_once_a_week(workspace, mail, monkeypatch):
    assert run_digest(workspace, AUDIENCE) == [
        "content: nobody to send to; give the team recipients in the definitions", "paid_social: sent to 2",
    ]  # fmt: skip
    assert "paid_social: already sent for 2026-W48" in run_digest(workspace, AUDIENCE)
    monkeypatch.setenv("OKR_TODAY", "2026-11-29")  # the Sunday before the next check-in
    assert "paid_social: sent to 2" in run_digest(workspace, AUDIENCE)
    monkeypatch.setenv("OKR_TODAY", "2026-11-30")
    assert "paid_social: already sent for 2026-W49" in run_digest(workspace, AUDIENCE)
    assert mail.recipients == [["ana@example.com", "luis@example.com"]] * 2
    assert (
        "https://okr.example.com/key-results/leads_up/index.html" in mail.messages[0].get_body(("plain",)).get_content()
    )


def test_who_joins_later_gets_it_alone(workspace, mail):
    run_digest(workspace, AUDIENCE, team="paid_social")
    more = Audience({"paid_social": ["ana@example.com", "eva@example.com"]})
    assert run_digest(workspace, more, team="paid_social") == ["paid_social: sent to 1"]
    assert mail.recipients[-1] == ["eva@example.com"]
    assert str(mail.messages[-1]["To"]) == "eva@example.com"


def test_what_was_refused_is_sent_on_the_next_run_to_those_alone(workspace, mail):
    mail.recipient_answers = {"luis@example.com": ["550 mailbox full"]}
    with pytest.raises(DeliveryError, match=r"luis@example.com \(550 mailbox full\)"):
        run_digest(workspace, AUDIENCE)
    assert "paid_social: sent to 1" in run_digest(workspace, AUDIENCE)
    assert mail.recipients == [["ana@example.com"], ["luis@example.com"]]


def test_one_killed_between_sending_and_writing_it_down_repeats_the_same_message(workspace, mail):
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER_SENDING])
    assert killed.returncode == 9
    assert "paid_social: sent to 1" in run_digest(workspace, Audience({"paid_social": ["ana@example.com"]}))
    first, second = mail.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert "already sent" in run_digest(workspace, Audience({"paid_social": ["ana@example.com"]}))[1]


def test_two_at_once_do_not_send_twice(workspace, mail):
    code = KILLED_AFTER_SENDING.replace("os._exit(9)", "__import__('time').sleep(60)")
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        while not mail.messages:
            assert process.poll() is None
        with pytest.raises(DeliveryError, match="another process is sending"):
            run_digest(workspace, AUDIENCE)
    finally:
        process.kill()
        process.wait()
    assert len(mail.messages) == 1


def test_a_ledger_that_cannot_be_read_sends_nothing(workspace, mail):
    run_digest(workspace, AUDIENCE)
    ledger = deliveries_dir(workspace) / "ledger.json"
    assert sorted(json.loads(ledger.read_text())["2026-W48"]["paid_social"]) == ["ana@example.com", "luis@example.com"]
    ledger.write_text("{")
    with pytest.raises(DeliveryError, match="nothing is sent"):
        run_digest(workspace, AUDIENCE)
    assert len(mail.messages) == 1


def test_a_dry_run_writes_mails_and_sends_none(workspace, mail):
    lines = run_digest(workspace, AUDIENCE, dry_run=True)
    outbox = deliveries_dir(workspace) / "outbox"
    assert lines == [f"{team}: {outbox / f'2026-W48-{team}.eml'}" for team in ("content", "paid_social")]
    message = message_from_bytes((outbox / "2026-W48-paid_social.eml").read_bytes(), policy=default)
    assert str(message["To"]) == "ana@example.com, luis@example.com, ana@example.com"
    assert mail.messages == []
    assert "paid_social: sent to 2" in run_digest(workspace, AUDIENCE)


def test_a_dry_run_needs_no_mail_server(workspace):
    assert len(run_digest(workspace, Audience(), dry_run=True)) == 2
    with pytest.raises(DeliveryError, match=r"paid_social: no mail server is set; set host"):
        run_digest(workspace, AUDIENCE)


def test_chat_gets_the_short_form_once_and_a_failure_keeps_no_other_back(workspace, mail, serve_chat, monkeypatch):
    monkeypatch.setenv("DELIVERIES__CHAT__PAID_SOCIAL", json.dumps([f"json://{serve_chat.address}/one"]))
    monkeypatch.setenv("DELIVERIES__CHAT__ALL", "nothing://secret-token")
    with pytest.raises(DeliveryError) as failure:
        run_digest(workspace, AUDIENCE)
    assert "done: paid_social: sent to 2" in str(failure.value)
    assert "nothing: its URL" in str(failure.value)
    assert "secret-token" not in str(failure.value) + (deliveries_dir(workspace) / "ledger.json").read_text()
    monkeypatch.delenv("DELIVERIES__CHAT__ALL")
    run_digest(workspace, AUDIENCE)
    ((_, body),) = serve_chat.posts
    assert "▼ Más formularios: Con retraso" in json.loads(body)["message"]


def test_an_alert_goes_to_the_services_of_the_settings(workspace, serve_chat, monkeypatch):
    monkeypatch.setenv("DELIVERIES__ALERTS", f"json://{serve_chat.address}/one")
    sent = [str(one) for one in commands.send_alert("Refresh failed", "linkedin_ads: quota", "run-1")]
    assert sent == ["json: notified"]
    assert json.loads(serve_chat.posts[0][1])["title"] == "Refresh failed"


def test_each_service_is_alerted_once_of_a_run_whoever_is_first(workspace, serve_chat, monkeypatch):
    """`okr refresh` and Dagster's daemon both tell of a run that failed."""
    one, away = f"json://{serve_chat.address}/one", "json://127.0.0.1:1/away"
    monkeypatch.setenv("DELIVERIES__ALERTS", one)
    monkeypatch.setattr("okr_reports.deliveries.alerts.BACKOFF", ())
    with ThreadPoolExecutor(4) as pool:
        told = [*pool.map(lambda _: commands.send_alert("Refresh failed", "why", "run-1"), range(4))]
    assert sum(map(len, told)) == len(serve_chat.posts) == 1
    assert len(commands.send_alert("Refresh failed", "why", "run-2")) == 1
    monkeypatch.setenv("DELIVERIES__ALERTS", json.dumps([one, away]))
    for _ in range(2):
        with pytest.raises(DeliveryError, match="json: not reached"):
            commands.send_alert("Refresh failed", "why", "run-2")
    assert len(serve_chat.posts) == 2
    kept = deliveries_dir(Workspace.from_environment()) / "alerts" / "ledger.json"
    assert serve_chat.address not in kept.read_text()
