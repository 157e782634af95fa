"""The commands around a refresh, as a person runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from okr_reports.cli import main
from tests.support import OKR, ROOT, Refreshed


@pytest.fixture
def own_definitions(demo, tmp_path) -> Refreshed:
    """The demo's data with definitions that may be written."""
    shutil.copytree(ROOT / "okr_definitions", tmp_path / "okr_definitions")
    environment = {**demo.environment, "OKR_DEFINITIONS_DIR": str(tmp_path / "okr_definitions")}
    return Refreshed(demo.data_dir, environment, 0, "", "")


def test_a_check_in_by_options_becomes_a_file_that_passes_check(own_definitions, tmp_path):
    answer = own_definitions.okr(
        "check-in", "onboarding_days_down_q4", "--value", "2.5", "--confidence", "80%", "--note", "Dos días y medio",
        "--author", "Inés",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    (written,) = (tmp_path / "okr_definitions" / "check_ins").glob("2026-11-23_onboarding_days_down_q4.yml")
    assert "Dos días y medio" in written.read_text(encoding="utf-8")
    assert own_definitions.okr("check").returncode == 0


def test_a_check_in_asks_after_showing_the_numbers(own_definitions, tmp_path):
    answer = subprocess.run(
        [OKR, "check-in", "tracking_audited_q4"],
        cwd=ROOT,
        env={**os.environ, **own_definitions.environment},
        input="0.5\n\n\nNada nuevo\n\n",
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert "last check-in 2026-10-26" in answer.stdout
    assert list((tmp_path / "okr_definitions" / "check_ins").glob("2026-11-23_tracking_audited_q4.yml"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check-in", "onboarding_days_down_q5", "--value", "2"], "onboarding_days_down_q4"),
        (["check-in", "onboarding_days_down_q4", "--grade", "0.5"], "grade"),
        (["check-in", "onboarding_days_down_q4", "--value", "two"], "two"),
        (["check-in", "onboarding_days_down_q4", "--confidence", "7"], "confidence"),
    ],
)
def test_a_wrong_answer_writes_nothing_and_says_why(own_definitions, tmp_path, arguments, message):
    folder = tmp_path / "okr_definitions" / "check_ins"
    before = sorted(path.name for path in folder.iterdir())
    answer = own_definitions.okr(*arguments)
    assert answer.returncode == 1
    assert message in answer.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_doctor_finds_every_channel_reachable(demo):
    answer = demo.okr("doctor")
    assert answer.returncode == 0, answer.stdout
    for channel in ("linkedin_ads", "google_ads", "meta_ads", "hubspot", "mailchimp", "search_console"):
        assert f"ok    {channel}: reachable" in answer.stdout


def test_the_doctor_only_looks(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__"))}
    answer = subprocess.run([OKR, "doctor"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1
    assert "make it with `okr init`" in answer.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_looks_at_deliveries_and_secrets(demo, tmp_path):
    shutil.copytree(ROOT / ".dlt", tmp_path / ".dlt")
    shutil.copytree(ROOT / "okr_definitions", tmp_path / "okr_definitions")
    secrets = tmp_path / ".dlt" / "secrets.toml"
    secrets.write_text('[deliveries]\nalerts = ["slack://T1/B2/canary"]\n')
    secrets.chmod(0o644)
    # nothing listens on port 9
    mail = {"HOST": "127.0.0.1", "PORT": "9", "SECURITY": "none", "SENDER": "okr@example.com"}
    environment = {
        **os.environ, **{n: v for n, v in demo.environment.items() if not n.startswith("SOURCES__")},
        **{f"DELIVERIES__SMTP__{name}": value for name, value in mail.items()},
        "OKR_REPORTS_DIR": str(ROOT / "reports"),
        "DELIVERIES__TARGETS__WEB__URL": str(tmp_path / "www"),
        "DELIVERIES__TARGETS__PAGES__URL": f"git+file://{tmp_path}/none.git",
    }  # fmt: skip
    answer = subprocess.run([OKR, "doctor", "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1
    said = {one["subject"]: one for one in json.loads(answer.stdout)}
    assert said["mail by 127.0.0.1"]["fault"]
    assert "refused" in said["mail by 127.0.0.1"]["text"]
    assert said["deliveries alerts"]["text"] == "set: slack (not asked)"
    assert not said["copy web"]["fault"]
    assert said["copy pages"]["fault"]
    assert "chmod 600" in said["secrets"]["text"]
    assert "canary" not in answer.stdout + answer.stderr


def test_the_doctor_refuses_a_dagster_open_to_the_network(demo):
    """A process whose command line is that of an open UI; what it does is the line's business."""
    program = "import time; print(flush=True); time.sleep(600)"
    opened = subprocess.Popen(["dagster", "-c", program, "-h", "0.0.0.0"], executable=sys.executable, stdout=-1)
    try:
        opened.stdout.readline()
        refused = demo.okr("doctor")
        assert refused.returncode == 1
        assert f"process {opened.pid} listens on 0.0.0.0" in refused.stdout
        assert demo.okr("doctor", "--behind-proxy").returncode == 0
    finally:
        opened.kill()
        opened.communicate()


def test_the_doctor_names_what_is_wrong_with_a_token(demo):
    answer = demo.okr("doctor", SOURCES__META_ADS__CREDENTIALS__ACCESS_TOKEN="stolen")
    assert answer.returncode == 1
    assert "FAULT meta_ads" in answer.stdout
    assert "stolen" not in answer.stdout + answer.stderr


def test_the_digest_of_each_team_can_be_looked_at_before_it_is_sent(demo, tmp_path):
    answer = demo.okr("digest", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    outbox = demo.data_dir / "deliveries" / "outbox"
    assert {path.name.split("-", 2)[2] for path in outbox.iterdir()} == {
        "events.eml", "onboarding.eml", "paid_social.eml",
    }  # fmt: skip
    shutil.rmtree(demo.data_dir / "deliveries")


def test_publish_copies_the_site_to_the_targets_of_the_settings(demo, tmp_path):
    nowhere = demo.okr("publish")
    assert (nowhere.returncode, nowhere.stdout) == (0, "")
    assert "[deliveries.targets.NAME]" in nowhere.stderr
    targets = {
        # The demo rests on the sandbox, of which nothing leaves; this says that its loopback is a real gateway.
        "DELIVERIES__LOOPBACK_SOURCES": "true",
        "DELIVERIES__TARGETS__WEB__URL": str(tmp_path / "www"),
        "DELIVERIES__TARGETS__BAD__URL": "git+http://x/y",
    }
    one = demo.okr("publish", "--target", "web", "--json", **targets)
    assert one.returncode == 0, one.stderr
    assert [answer["name"] for answer in json.loads(one.stdout)] == ["web"]
    site = demo.data_dir / "site" / "current"
    assert (tmp_path / "www" / "index.html").read_bytes() == (site / "index.html").read_bytes()
    both = demo.okr("publish", **targets)
    assert both.returncode == 1
    assert "bad: git cannot be reached that way" in both.stderr
    assert "done: web:" in both.stderr
    unknown = demo.okr("publish", "--target", "wep", **targets)
    assert "did you mean web?" in unknown.stderr
    shutil.rmtree(demo.data_dir / "deliveries", ignore_errors=True)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["simulate", "linkedin_leads_up_q4"], {"value", "target", "needed_daily", "score", "probability"}),
        (["digest", "--dry-run"], {"name", "what", "path"}),
        (["check"], set()),
    ],
)
def test_scripts_get_one_json_document(demo, arguments, keys):
    answer = demo.okr(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    for one in told if isinstance(told, list) else [told]:
        assert keys <= set(one)
    shutil.rmtree(demo.data_dir / "deliveries", ignore_errors=True)


def test_an_error_is_json_too_where_json_was_asked_for(demo):
    answer = demo.okr("simulate", "linkedin_leads_up_q5", "--json")
    assert answer.returncode == 1
    assert "linkedin_leads_up_q4" in json.loads(answer.stdout)["error"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    answer = subprocess.run([OKR, "completion", shell], capture_output=True, text=True)
    assert answer.returncode == 0
    assert "_OKR_COMPLETE" in answer.stdout
    words = {"COMP_WORDS": "okr re", "COMP_CWORD": "1", "_OKR_COMPLETE": "bash_complete"}
    completed = subprocess.run([OKR], env={**os.environ, **words}, capture_output=True, text=True)
    assert completed.stdout.split() == ["plain,refresh", "plain,report"]


def test_init_makes_a_workspace_that_passes_check_and_never_writes_over_one(tmp_path):
    made = subprocess.run([OKR, "init", "acme"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "acme" / ".dlt" / "example.secrets.toml").is_file()
    checked = subprocess.run([OKR, "check"], cwd=tmp_path / "acme", capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    # `dagster dev` finds telemetry off and one writer at a time before any refresh.
    assert (tmp_path / "acme" / ".okr" / "dagster" / "dagster.yaml").is_file()
    again = subprocess.run([OKR, "init", "acme"], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 1
    assert "not empty" in again.stderr


def test_init_fills_an_empty_folder_that_one_stands_in(tmp_path):
    before = tmp_path.stat().st_ino
    made = subprocess.run([OKR, "init", "."], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert tmp_path.stat().st_ino == before
    there = [".dlt", ".gitignore", ".okr", "okr_definitions", "reports", "workspace.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == there
    refused = subprocess.run([OKR, "init", ".."], cwd=tmp_path / "reports", capture_output=True, text=True)
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == there


@pytest.mark.parametrize(
    "arguments",
    [["--from", "2026-01-01"], ["--from", "2026-02-01", "--to", "2026-01-01"], ["--from", "yesterday"]],
)
def test_a_window_must_be_whole(arguments):
    answer = subprocess.run([OKR, "refresh", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 2
    assert "--from" in answer.stderr


def test_an_unknown_channel_is_refused_with_the_nearest_name(demo):
    answer = demo.okr("refresh", "--channel", "linkedin_add")
    assert answer.returncode == 2
    assert "did you mean linkedin_ads?" in answer.stderr


def test_the_report_as_pdf_and_a_wish_for_a_page_alone(demo, tmp_path):
    answer = demo.okr("report", "--pdf")
    assert answer.returncode == 0, answer.stderr
    assert (demo.data_dir / "pdf" / "site.pdf").read_bytes().startswith(b"%PDF")
    answer = demo.okr(
        "report", "--rollback", "--pdf", str(tmp_path / "one.pdf"), "--page", "sources", "--page", "index"
    )
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert demo.okr("report", "--page", "sources").returncode == 2
    shutil.rmtree(demo.data_dir / "pdf")


def test_the_preview_is_served_and_what_readers_see_stays(demo, tmp_path):
    (tmp_path / "reports/pages").mkdir(parents=True)
    (tmp_path / "reports/pages/index.md").write_text("---\ntitle: x\n---\n# Draft\n", encoding="utf-8")
    environment = {**os.environ, **demo.environment, "OKR_REPORTS_DIR": str(tmp_path / "reports")}
    published = (demo.data_dir / "site" / "current").resolve()
    command = [OKR, "serve", "--watch", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        lines = [serving.stdout.readline(), serving.stdout.readline()]
        with urllib.request.urlopen(re.search(r"http://\S+", lines[1])[0]) as page:
            assert b"Draft" in page.read()
        (tmp_path / "reports/pages/index.md").write_text("---\ntitle: x\n---\n{% valeu /%}\n", encoding="utf-8")
        assert "index.md:4: error: there is no component 'valeu'" in serving.stdout.readline()
        serving.send_signal(signal.SIGINT)
        try:
            assert serving.wait(10) == 0
        finally:
            serving.kill()
    assert (demo.data_dir / "site" / "current").resolve() == published
    shutil.rmtree(demo.data_dir / "preview")


CTRL_C_IN_A_FINALISER = """
import os, signal, time
from okr_reports.common.progress import interruptible
class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
signal.signal(signal.SIGINT, signal.default_int_handler)
with interruptible():
    Finalised()
    time.sleep(60)
"""


def test_ctrl_c_that_python_swallows_is_delivered_again():
    ended = subprocess.run([sys.executable, "-c", CTRL_C_IN_A_FINALISER], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGINT
    assert "ignored" not in ended.stderr


def test_the_version_names_the_commit_of_the_checkout():
    answer = CliRunner().invoke(main, ["--version"])
    assert answer.exit_code == 0
    number = re.escape(version("okr-reports"))
    shown = re.fullmatch(rf"okr, version ({number}) \(commit ([0-9a-f]{{12}})(-dirty)?\)\n", answer.output)
    assert shown is not None, answer.output
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert head.startswith(shown[2])


def test_the_version_has_its_entry_in_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", text)
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if ".dev" in written:
        assert written.partition(".dev")[0] not in released
        assert re.search(r"(?m)^## \[Unreleased\]$", text)
    else:
        assert written in released
