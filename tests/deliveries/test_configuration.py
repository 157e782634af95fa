"""Settings come from where dlt keeps them; what is wrong is named with its place, secrets never."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from okr_reports.deliveries import configuration
from okr_reports.deliveries.configuration import read_settings
from okr_reports.errors import DeliveryError

CONFIG = """
[deliveries]
site_url = "https://okr.example.com/reports?x=1"
[deliveries.smtp]
host = "mail.example.com"
sender = "okr@example.com"
[deliveries.targets.web]
url = "s3://bucket/okr"
[deliveries.targets.web.options]
endpoint_url = "http://127.0.0.1:9000"
"""
SECRETS = """
[deliveries]
alerts = ["slack://canary"]
[deliveries.smtp]
password = "canary"
user = "from secrets"
[deliveries.targets.web.options]
key = "canary"
"""


@pytest.fixture
def written(tmp_path):
    def write(config: str = CONFIG, secrets: str = SECRETS):
        (tmp_path / "config.toml").write_text(config, encoding="utf-8")
        (tmp_path / "secrets.toml").write_text(secrets, encoding="utf-8")
        return tmp_path

    return write


def test_settings_stand_where_dlts_do(written, monkeypatch, tmp_path):
    (tmp_path / ".dlt").mkdir()
    written().joinpath("config.toml").rename(tmp_path / ".dlt" / "config.toml")
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    assert read_settings().smtp.host == "mail.example.com"


def test_environment_wins_over_secrets_and_secrets_over_config(written, monkeypatch):
    monkeypatch.setenv("DELIVERIES__SMTP__USER", "from environment")
    monkeypatch.setenv("DELIVERIES__SMTP__PORT", "2525")
    monkeypatch.setenv("DELIVERIES__TARGETS__GIT__URL", "git+file:///srv/site.git")
    monkeypatch.setenv("DELIVERIES__TARGETS__GIT__KEEP_HISTORY", "false")
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__OPTIONS__CLIENT_KWARGS", '{"region_name": "eu"}')
    monkeypatch.setenv("DELIVERIES__CHAT__PAID_SOCIAL", "slack://one")
    told = read_settings(written())
    assert (told.smtp.user, told.smtp.password, told.smtp.port) == ("from environment", "canary", 2525)
    assert told.site_url == "https://okr.example.com/reports/"
    web, git = told.targets
    assert web.options == {
        "endpoint_url": "http://127.0.0.1:9000", "key": "canary", "client_kwargs": {"region_name": "eu"},
    }  # fmt: skip
    assert (git.name, git.keep_history) == ("git", False)
    assert told.chat == {"paid_social": ("slack://one",)}
    assert "canary" not in repr(told)


def test_without_settings_nothing_is_on(tmp_path):
    told = read_settings(tmp_path)
    assert (told.smtp, told.targets, told.alerts, told.chat) == (None, (), (), {})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[deliveries.smtp]\nhots = 'x'", "deliveries.smtp.hots is not known; did you mean host?"),
        ("[deliveries.smtp]\nhost = 'x'", "deliveries.smtp.sender is missing"),
        ("[deliveries.smtp]\nhost = 1\nsender = 'x'", "deliveries.smtp.host is not a text"),
        ("[deliveries.smtp]\nhost = 'x'\nsender = 'x'\nport = 'smtp'", "write a whole number"),
        ("[deliveries.smtp]\nhost = 'x'\nsender = 'x'\nsecurity = 'ssl'", "one of starttls, tls, none"),
        ("[deliveries.smtp]\nhost = '127.1'\nsender = 'x'\nsecurity = 'none'", "mail would go out readable"),
        ("[deliveries.smtp]\nhost = 'x'\nsender = 'x'\nca_file = 'gone.pem'", "gone.pem, which is not there"),
        ("[deliveries]\nsite_url = 'ftp://x'", "is not an address of the web"),
        ("[deliveries]\nalerts = 5", "is not a list of texts"),
        ("[deliveries]\ntargets = 5", r"write \[deliveries.targets\]"),
        ("[deliveries.targets.web]\nurl = 'x'\nkeep_history = 'maybe'", "write true or false"),
        ("deliveries = 5", r"config.toml: deliveries is not a table"),
        ("[deliveries", "config.toml: not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(written, config, message):
    with pytest.raises(DeliveryError, match=message):
        read_settings(written(config, ""))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_a_relay_on_this_machine_needs_no_encryption(written, host):
    smtp = f"[deliveries.smtp]\nhost = '{host}'\nsender = 'x'\nsecurity = 'none'"
    assert read_settings(written(smtp, "")).smtp.host == host


def test_the_place_is_given_in_both_ways_to_set_it(written):
    with pytest.raises(DeliveryError, match=r"under \[deliveries.smtp\] in .* or DELIVERIES__SMTP__SENDER"):
        read_settings(written("[deliveries.smtp]\nhost = 'x'", ""))


def test_every_setting_is_in_the_readme():
    text = (Path(configuration.__file__).parent / "README.md").read_text(encoding="utf-8")
    settings = (configuration.SmtpSettings, configuration.TargetSettings, configuration.DeliverySettings)
    names = {one.name for kind in settings for one in fields(kind)} - {"name", "smtp", "chat", "targets", "options"}
    assert [name for name in sorted(names) if f"`{name}`" not in text and f" {name}`" not in text] == []
    assert all(f"[deliveries.{table}" in text for table in ("smtp", "chat", "targets"))


@pytest.mark.parametrize("given", ["", " ", "\t"])
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_passphrase_that_is_there_and_empty_is_a_mistake(written, monkeypatch, given, place):
    """A secret that CI does not find is an empty text: the site went out readable."""
    config = '[deliveries.targets.web]\nurl = "/srv/www"\n'
    if place == "environment":
        monkeypatch.setenv("DELIVERIES__TARGETS__WEB__PASSPHRASE", given)
        folder = written(config)
    else:
        folder = written(config + f'passphrase = "{given}"\n')
    with pytest.raises(DeliveryError, match=r"deliveries.targets.web.passphrase is empty"):
        read_settings(folder)
