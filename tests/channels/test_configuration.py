"""Settings come from their own section and nowhere else; secrets are documented and never show themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import PluggableRunContext

from okr_reports.catalogue import channels
from okr_reports.channels.base import find_channel
from okr_reports.channels.configuration import (
    NO_SECRET,
    ChannelSettings,
    Secret,
    conversions,
    is_configured,
    lookback_days,
    read_settings,
)
from okr_reports.channels.linkedin_ads.settings import LinkedInAdsSettings
from okr_reports.channels.load import check_settings
from okr_reports.channels.redaction import redact
from okr_reports.channels.unread_settings import unread_settings
from okr_reports.errors import ChannelError, CredentialsError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    token: Secret
    client: str = ""
    other: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class Settings(ChannelSettings):
    credentials: Credentials
    base_url: str = "https://api.example.com"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with `.dlt/` to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))
    (tmp_path / ".dlt").mkdir()
    reread()
    yield tmp_path
    monkeypatch.undo()
    reread()


def reread() -> None:
    """Let dlt read its files again, which it does once a process."""
    Container()[PluggableRunContext].reload_providers()


def test_files_and_environment_in_dlts_order(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace / ".dlt" / "config.toml").write_text(
        '[sources.shop]\nstart_date = 2025-01-02\naccount_ids = [1, "2"]\nlookback_days = 7\nenabled = true\n'
    )
    (workspace / ".dlt" / "secrets.toml").write_text('[sources.shop.credentials]\ntoken = "from the file"\n')
    reread()
    read = read_settings(Settings, "shop")
    assert (read.start_date, read.account_ids, read.lookback_days) == (date(2025, 1, 2), ("1", "2"), 7)
    assert read.credentials.token == "from the file"
    monkeypatch.setenv("SOURCES__SHOP__CREDENTIALS__TOKEN", "from the environment")
    monkeypatch.setenv("SOURCES__SHOP__ACCOUNT_IDS", '["3", "4"]')
    read = read_settings(Settings, "shop")
    assert (read.credentials.token, read.account_ids) == ("from the environment", ("3", "4"))
    assert read.secrets == ("from the environment", "")


@pytest.mark.parametrize(("days", "counts"), [(None, channels()["sql"].lookback_days), (0, 0), (7, 7)])
def test_the_lookback_that_is_set_counts_before_the_channels_own(days: int | None, counts: int) -> None:
    assert lookback_days("sql", ChannelSettings(base_url="https://x", lookback_days=days)) == counts


@pytest.mark.parametrize("name", ["BASE_URL", "SOURCES__BASE_URL", "CREDENTIALS__TOKEN", "TOKEN", "SHOP__BASE_URL"])
def test_bare_names_are_nobodys_setting(workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "https://evil.example")
    assert not is_configured(Settings, "shop")
    monkeypatch.setenv("SOURCES__SHOP__CREDENTIALS__TOKEN", "mine")
    read = read_settings(Settings, "shop")
    assert (read.base_url, read.credentials.token) == ("https://api.example.com", "mine")


def test_a_missing_secret_says_where_it_was_looked_for(workspace: Path) -> None:
    with pytest.raises(CredentialsError) as caught:
        read_settings(Settings, "shop")
    for words in (
        "sources.shop.credentials.token",
        "[sources.shop.credentials]",
        ".dlt/secrets.toml",
        "SOURCES__SHOP__CREDENTIALS__TOKEN",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_date", "soon"),
        ("lookback_days", "0"),
        ("lookback_days", "-3"),
        ("enabled", "perhaps"),
    ],
)
def test_values_that_cannot_be_are_refused_with_an_example(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("SOURCES__SHOP__CREDENTIALS__TOKEN", "mine")
    monkeypatch.setenv(f"SOURCES__SHOP__{name.upper()}", value)
    with pytest.raises(ChannelError, match=f"sources.shop.{name} cannot be read: '{value}'; write "):
        read_settings(Settings, "shop")


def test_secrets_do_not_show_themselves() -> None:
    held = Settings(credentials=Credentials(token=Secret("open sesame"), other=Secret("friend")))
    for shown in (repr(held), f"{held!r}", str(held), str([held.credentials])):
        assert "sesame" not in shown
        assert "friend" not in shown


def test_redaction_knows_every_form_a_secret_travels_in() -> None:
    text = "a b/c+d= and a%20b%2Fc%2Bd%3D and a+b%2Fc%2Bd%3D and YSBiL2MrZD0= and abc"
    assert redact(text, ["a b/c+d="]) == "******** and ******** and ******** and ******** and abc"


def credential_fields(kind: Any, path: tuple[str, ...]) -> set[tuple[str, ...]]:
    hints, found = get_type_hints(kind), set()
    for field in fields(kind):
        if is_dataclass(hints[field.name]):
            found |= credential_fields(hints[field.name], (*path, field.name))
        elif "credentials" in path or hints[field.name] is Secret:
            found.add((*path, field.name))
    return found


@pytest.mark.parametrize("channel", sorted(set(channels()) - {"files"}))
def test_every_secret_is_in_the_example_with_a_line_on_where_to_get_it(channel: str) -> None:
    text = (ROOT / ".dlt" / "example.secrets.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    section = f"[sources.{channel}.credentials]\n"
    for path in credential_fields(find_channel(channel).settings_class, ("sources", channel)):
        held: Any = written
        for name in path:
            assert name in held, f"{'.'.join(path)} is not in .dlt/example.secrets.toml"
            held = held[name]
        assert held == ""
    assert text.split(section)[1].startswith("# ")


def test_a_connector_pointed_at_this_machine_without_credentials_takes_the_sandboxs(workspace, monkeypatch):
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__BASE_URL", "http://127.0.0.1:9/linkedin_ads")
    given = read_settings(LinkedInAdsSettings, "linkedin_ads").credentials
    assert (given.access_token, given.refresh_token) == ("sandbox", "sandbox")
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__BASE_URL", "https://api.linkedin.com")
    given = read_settings(LinkedInAdsSettings, "linkedin_ads").credentials
    assert (given.access_token, given.refresh_token) == ("", "")


@pytest.mark.parametrize("variable", ["CREDENTIALS", "ACCESS_TOKEN", "CREDENTIALS__ACCESS_TOKEN"])
def test_a_token_may_stand_in_the_credentials_or_in_the_channels_section(workspace, monkeypatch, variable):
    monkeypatch.setenv("SOURCES__LINKEDIN_ADS__BASE_URL", "http://127.0.0.1:9/linkedin_ads")
    monkeypatch.setenv(f"SOURCES__LINKEDIN_ADS__{variable}", "a-token")
    assert read_settings(LinkedInAdsSettings, "linkedin_ads").credentials.access_token == "a-token"


def warnings_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    reread()
    return [str(found) for found in check_settings()]


def test_a_setting_that_nothing_reads_is_a_warning_at_its_line(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / ".dlt" / "config.toml").write_text(
        "[sources]\nmax_table_nesting = 0\n[sources.data_writer]\nbuffer_max_items = 9\n\n"
        '[sources.linkedin_ads]\nenabled = false\n"acount_ids" = ["1"]\n[sources.linkedin_ads.schema]\nname = "x"\n'
        "[sources.linkedn_ads]\nstart_date = 2025-01-01\n"
        '[sources.sql]\nqueries = ["crm"]\nenabled = false\n[sources.sql.crm]\nquery = "select 1"\n'
    )
    (workspace / ".dlt" / "secrets.toml").write_text(
        "[sources.linkedin_ads]\naccess_token = 'a'\n[sources.linkedin_ads.credentials]\nacces_token = 'hidden'\n"
        "[sources.ga4]\nenabled = false\n[sources.ga4.credentials]\nuniverse_domain = 'googleapis.com'\n"
    )
    found = warnings_of(monkeypatch, SOURCES__TIKTOK__BASE_URL="http://127.0.0.1:9", SOURCES__META_ADS__ENABLED="false")
    assert [line.removeprefix(f"{workspace}/") for line in found] == [
        ".dlt/config.toml:8: warning: nothing reads acount_ids of [sources.linkedin_ads]; did you mean account_ids?",
        ".dlt/config.toml:12: warning: nothing reads start_date of [sources.linkedn_ads]; did you mean linkedin_ads?",
        ".dlt/secrets.toml:4: warning: nothing reads acces_token of [sources.linkedin_ads.credentials];"
        " did you mean access_token?",
        ".dlt/config.toml:1: warning: nothing reads SOURCES__TIKTOK__BASE_URL in the environment;"
        " did you mean tiktok_ads?",
    ]


def test_sources_that_are_no_section_are_nobodys(workspace: Path) -> None:
    (workspace / ".dlt" / "config.toml").write_text('sources = "all"\n')
    assert unread_settings(["sql"], lambda name: find_channel(name).settings_class, workspace / ".dlt") == []


def test_what_ships_has_no_setting_that_nothing_reads(workspace: Path) -> None:
    for example, name in (("config.toml", "config.toml"), ("example.secrets.toml", "secrets.toml")):
        (workspace / ".dlt" / name).write_bytes((ROOT / ".dlt" / example).read_bytes())
    names = [name for name in channels() if name != "files"]
    assert unread_settings(names, lambda name: find_channel(name).settings_class, workspace / ".dlt") == []


def test_a_word_for_enabled_that_cannot_be_read_is_a_finding(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = warnings_of(monkeypatch, SOURCES__TIKTOK_ADS__ENABLED="maybe")
    assert found.startswith(".dlt/config.toml:1: error: tiktok_ads: the setting sources.tiktok_ads.enabled cannot be")


@pytest.mark.parametrize("name", [name for name, channel in channels().items() if channel.kind == "ads"])
def test_what_conversions_count_is_said_and_made_of_measures_that_there_are(name: str) -> None:
    info = channels()[name]
    assert info.conversions
    for word, choice in info.conversions.items():
        assert word in ("primary", "all", "purchases", "leads")
        assert choice.source.startswith("https://")
        assert {*choice.conversions, *choice.conversion_value} <= {*info.measures}
    assert next(iter(info.conversions.values())).conversions == ("conversions",)


@pytest.mark.parametrize("name", [name for name, one in channels().items() if one.kind not in ("file", "database")])
def test_every_measure_that_a_channel_names_is_staged(name: str) -> None:
    staged = (ROOT / f"dbt_project/models/staging/{name}/stg_{name}__measures.sql").read_text(encoding="utf-8")
    assert {
        measure for measure in channels()[name].measures if f"'{measure.removeprefix('marketing_')}'" not in staged
    } == set()


def test_conversions_that_a_channel_cannot_tell_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__META_ADS__BASE_URL", "http://127.0.0.1:9")
    settings = read_settings(find_channel("meta_ads").settings_class, "meta_ads")
    assert conversions("meta_ads", settings) == "purchases"
    monkeypatch.setenv("SOURCES__META_ADS__CONVERSIONS", "primary")
    settings = read_settings(find_channel("meta_ads").settings_class, "meta_ads")
    with pytest.raises(ChannelError, match="write one of purchases, leads, all"):
        conversions("meta_ads", settings)
