"""The server: quick to start, on this machine only, the same faults for the same seed, and commands run beside it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from okr_reports.channels.configuration import anything_configured
from okr_reports.sandbox import faults
from okr_reports.sandbox.serve import HOST, STAND_INS, run_with_sandbox, start

TODAY = date(2026, 11, 23)


def test_it_starts_within_a_second_and_listens_on_this_machine_only() -> None:
    # processor time: the clock on the wall also measures what else the machine does
    script = (
        "import time; from okr_reports.sandbox.serve import start; running = start();"
        "import urllib.request; urllib.request.urlopen(running.url + '/_sandbox').read();"
        "print(time.process_time())"
    )
    started = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert float(started.stdout) < 1
    assert HOST == "127.0.0.1"


def test_faults_are_the_same_for_the_same_seed() -> None:
    def broken(seed: int) -> list[int]:
        running = start(seed=seed, faults=0.3, today=TODAY)
        statuses = []
        for number in range(60):
            try:
                url = f"{running.url}/linkedin_ads/rest/adAccounts?q=search&n={number}"
                statuses.append(requests.get(url, timeout=10).status_code)
            except requests.RequestException:
                statuses.append(0)
        running.stop()
        return statuses

    first = broken(1)
    assert first == broken(1)
    assert first != broken(2)
    assert 5 < sum(status != 401 for status in first) < 30
    assert 0 in first  # a connection that broke before or in the middle of an answer


@pytest.mark.parametrize("kind", faults.KINDS)
def test_every_fault_breaks_something(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    monkeypatch.setattr(faults, "KINDS", (kind,))
    running = start(seed=1, faults=1.0, today=TODAY)
    headers = {"Authorization": "Bearer sandbox", "LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
    began = time.monotonic()
    try:
        answer = requests.get(f"{running.url}/linkedin_ads/rest/adAccounts?q=search", headers=headers, timeout=10)
        whole = answer.status_code == 200 and "elements" in answer.json()
    except requests.RequestException:
        whole = False
    assert whole == (kind == "slow")
    assert kind != "slow" or time.monotonic() - began > 0.15
    running.stop()
    # the server itself sees nothing wrong
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("kind", "ends"), [("reset", ConnectionResetError), ("truncated", None)])
def test_a_connection_breaks_in_the_middle_of_a_body(
    monkeypatch: pytest.MonkeyPatch, kind: str, ends: type[Exception] | None
) -> None:
    monkeypatch.setattr(faults, "KINDS", (kind,))
    running = start(seed=1, faults=1.0, today=TODAY)
    address = urlsplit(running.url)
    received, broke = b"", None
    with socket.create_connection((address.hostname, address.port), 10) as client:
        client.sendall(b"GET /linkedin_ads/rest/adAccounts HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            while piece := client.recv(65_536):
                received += piece
        except OSError as error:
            broke = type(error)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    assert (broke, len(body)) == (ends, length // 2)
    running.stop()


def test_the_truth_covers_what_is_asked_for() -> None:
    running = start(seed=1, today=TODAY)
    url = f"{running.url}/truth/linkedin_ads/daily.csv"
    header, *lines = requests.get(url, params={"from": "2026-11-01", "to": "2026-11-02"}, timeout=10).text.splitlines()
    assert header == (
        "date,channel,account_id,campaign_id,currency,impressions,clicks,link_clicks,spend,conversions,"
        "conversion_value,leads,video_views"
    )
    assert {line[:10] for line in lines} == {"2026-11-01", "2026-11-02"}
    earlier = requests.get(url, params={"from": "2026-11-01", "to": "2026-11-02", "asked_on": "2026-11-02"}, timeout=10)
    assert earlier.text.splitlines()[1:] != lines
    assert requests.get(f"{running.url}/truth/no_such/daily.csv", timeout=10).status_code == 404
    running.stop()


def test_it_can_be_told_things_but_only_those_it_knows() -> None:
    running = start(seed=1, today=TODAY)
    control = f"{running.url}/_sandbox"
    assert requests.post(control, json={"today": "2026-11-30"}, timeout=10).json()["today"] == "2026-11-30"
    assert requests.post(control, json={"tomorrow": 1}, timeout=10).status_code == 400
    running.stop()


def test_a_command_runs_with_every_channel_pointed_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKR_TODAY", "2026-10-01")
    out = tmp_path / "out.json"
    script = (
        "import json, os, sys, urllib.request; from pathlib import Path;"
        "url = os.environ['SOURCES__LINKEDIN_ADS__BASE_URL'].rpartition('/')[0] + '/_sandbox';"
        "found = {name: value for name, value in os.environ.items() if name.startswith('SOURCES__')};"
        "Path(sys.argv[1]).write_text(json.dumps([json.load(urllib.request.urlopen(url)), found]));"
        "sys.exit(7)"
    )
    assert run_with_sandbox([sys.executable, "-c", script, str(out)], seed=5, faults=0.0) == 7
    state, settings = json.loads(out.read_text())
    assert (state["seed"], state["today"]) == (5, "2026-10-01")
    assert {name for one in STAND_INS for name in settings if one.CHANNEL.upper() in name}
    for one in STAND_INS:
        assert settings[f"SOURCES__{one.CHANNEL.upper()}__BASE_URL"].endswith(f"/{one.CHANNEL}")


def test_whether_anything_is_configured_is_known_without_dlt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    assert not anything_configured()
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "example.secrets.toml").write_text("[sources.linkedin_ads]\n")
    (folder / "config.toml").write_text("# [sources.linkedin_ads]\n[runtime]\nlog_level = 'WARNING'\n")
    assert not anything_configured()
    (folder / "secrets.toml").write_text("[sources.linkedin_ads.credentials]\naccess_token = 'x'\n")
    assert anything_configured()
