"""Chat over apprise's real plugins, their addresses moved to a server on loopback."""

from __future__ import annotations

import json
import logging
import re

import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack

from okr_reports.deliveries.alerts import notify, service
from okr_reports.deliveries.plain_text import without_mentions
from tests.deliveries.conftest import Chat

TOKENS = ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ")
SLACK = "slack://" + "/".join(TOKENS)
URLS = (SLACK, SLACK + "?blocks=yes", "discord://123456789/abcdefghijklmn", "mmost://{}/token", "json://{}/hook")
# what makes a chat program call people or hide a link, in the payload as the service reads it
CALLS = re.compile(r"<!|<@|<#|<at>|@everyone|@here|@channel|@all|<@&|<https?:|\]\(")


def texts(posts):
    """Every text of the payloads, as the service would read it."""

    def strings(value):
        if isinstance(value, str):
            return [value]
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [text for part in parts for text in strings(part)]

    return [text for _, body in posts for text in strings(json.loads(body))]


@pytest.fixture
def chat(serve_chat, monkeypatch):
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{serve_chat.address}/services")
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://{serve_chat.address}/webhooks")
    # the plugins pause between posts so as not to be throttled by the real services
    for plugin in (NotifySlack, NotifyDiscord):
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)
    return serve_chat


def test_a_message_reaches_slack_and_others(chat):
    assert (
        notify([SLACK, f"json://{chat.address}/hook"], "Refresh failed", "linkedin_ads: quota\nnext try at 9:00") == []
    )
    assert [path for path, _ in chat.posts] == ["/services/" + "/".join(TOKENS), "/hook"]
    assert any("next try at 9:00" in text for text in texts(chat.posts))


@pytest.mark.parametrize("url", URLS)
def test_no_title_mentions_anybody_or_hides_a_link(chat, hostile_titles, url):
    harmless = [title.encode("utf-8", "replace").decode() for title in hostile_titles]
    assert notify([url.format(chat.address)], harmless[17], "\n".join(harmless)) == []
    assert chat.posts
    assert [text for text in texts(chat.posts) if CALLS.search(text.replace("&lt;", "<").replace("&gt;", ">"))] == []
    for title in harmless[:20]:
        notify([url.format(chat.address)], title, title, sleep=lambda seconds: None)
    assert [text for text in texts(chat.posts) if CALLS.search(text)] == []


def test_teams_gets_a_card_by_its_workflow_over_https(authority, hostile_titles, monkeypatch):
    """The connectors that `msteams://` spoke to are gone; a workflow takes the card."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca_file))
    chat = Chat(authority.context)
    url = f"workflows://localhost:{chat.server.server_port}/a1b2/{TOKENS[2]}"
    harmless = [title.encode("utf-8", "replace").decode() for title in hostile_titles]
    try:
        assert notify([url], "OKRs", "\n".join(["2 off track", *harmless]), sleep=lambda seconds: None) == []
        assert notify(["msteams://a/b/c"], "t", "b")[0][1].startswith("msteams: its URL is not one that apprise knows")
    finally:
        chat.server.shutdown()
        chat.server.server_close()
    assert any("2 off track" in text for text in texts(chat.posts))
    assert [text for text in texts(chat.posts) if CALLS.search(text)] == []


def test_the_check_of_mentions_can_fail(hostile_titles):
    assert sum(bool(CALLS.search(title)) for title in hostile_titles) >= 12
    assert not any(CALLS.search(without_mentions(title)) for title in hostile_titles)


def test_what_failed_is_tried_again_then_named_without_its_url(chat):
    waits = []
    chat.script = [500, 500]
    assert notify([SLACK], "title", "body", sleep=waits.append) == []
    assert waits == [2.0, 10.0]
    chat.script = [500] * 3
    ((url, why),) = notify([SLACK], "title", "body", sleep=waits.append)
    assert url == SLACK
    assert why.startswith("slack: not reached in 3 attempts")
    assert not any(token in why for token in TOKENS)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_tokens_are_logged_nowhere(chat, caplog, capfd, level):
    caplog.set_level(level)
    logging.getLogger("urllib3").setLevel(level)
    broken = [
        "slack://T1JJ3T3L2/A1BRTD4JD/not a token",
        "nothing://" + TOKENS[2],
        TOKENS[2],
        f"json://127.0.0.1:1/{TOKENS[2]}",
    ]
    chat.script = [403, 404, 500]
    failed = notify([SLACK, *broken], "title", "body", sleep=lambda seconds: None)
    assert [url for url, _ in failed] == [SLACK, *broken]
    told = caplog.text + "".join(capfd.readouterr()) + "".join(why for _, why in failed)
    assert [token for token in TOKENS if token in told] == []
    assert logging.getLogger("urllib3").level == level


def test_a_service_is_named_by_its_scheme_alone():
    assert service(SLACK) == "slack"
    assert service("TIiajkdnlazkcOXrIdevi7FQ") == "unknown service"
