"""One suite for every API channel, over real HTTP: loaded whole or not at all, and honest about it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from okr_reports.catalogue import channels
from okr_reports.channels.base import find_channel
from okr_reports.channels.doctor import check_channel
from okr_reports.sandbox.company import FOUNDED
from tests.channels.compared import START, TODAY, loaded, truth
from tests.channels.descriptions import DESCRIPTIONS, Description

CANARY = "kAnarienv0gel/singt+laut=leise"


@pytest.fixture(params=sorted(DESCRIPTIONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def described(name: str) -> Description:
    return DESCRIPTIONS[name]


@pytest.fixture
def channel(make_bench: Callable[..., Any], name: str, described: Description) -> Any:
    """A bench whose channel loads the last 45 days in one slice."""
    made = make_bench()
    made.set(name, start_date=START.isoformat(), **described.settings)
    return made


def states(results: dict[str, Any]) -> set[str]:
    return {result.state for result in results.values()}


def test_every_channel_is_described() -> None:
    declared = {"files", "sql"}
    assert set(DESCRIPTIONS) == set(channels()) - declared


def test_sums_equal_the_truth_and_follow_it(channel: Any, name: str, described: Description) -> None:
    """Paging, totals, the re-read window, restatement, an emptied day, and names of what is deleted since."""
    channel.tell(page_size=2)
    results = channel.load(name)
    assert states(results) == {"loaded"}, results
    expected = truth(channel, name, described)
    assert len(expected) > described.rows
    assert loaded(channel, name, described) == expected
    assert {result.data_through for result in results.values()} == {TODAY - timedelta(days=1 + described.lag_days)}

    account, day = min(results), TODAY - timedelta(days=2)
    channel.tell(today="2026-11-28", erased=[[name, account, day.isoformat()]])
    assert states(channel.load(name)) == {"loaded"}
    now = loaded(channel, name, described)
    if described.lands_objects:
        assert now == truth(channel, name, described)
        return
    reread_from = TODAY - timedelta(days=channels()[name].lookback_days)
    told = truth(channel, name, described, max(reread_from, START))
    assert {key: row for key, row in now.items() if key[0] >= reread_from} == told
    assert {key: row for key, row in now.items() if key[0] < reread_from} == {
        key: row for key, row in expected.items() if key[0] < reread_from
    }
    assert not any(key[:2] == (day, account) for key in now)
    restated = any(row != expected.get(key, row) for key, row in now.items() if key[0] >= reread_from)
    assert restated != described.is_final


def test_an_account_without_data_is_loaded_with_nothing(channel: Any, name: str, described: Description) -> None:
    before = (FOUNDED - timedelta(days=40), FOUNDED - timedelta(days=1))
    results = channel.load(name, window=before)
    assert states(results) == {"loaded"}, results
    assert described.lands_objects or {result.rows for result in results.values()} == {0}
    assert {result.data_through for result in results.values()} == {before[1]}


def test_unknown_and_denied_accounts_fail_alone(channel: Any, name: str, described: Description) -> None:
    known = described.account_ids(channel, name)
    channel.set(name, account_ids=",".join([*known, "4040404040"]))
    channel.tell(denied=[known[0]])
    results = channel.load(name)
    assert {account: result.state for account, result in results.items()} == {
        known[0]: "failed",
        "4040404040": "failed",
        **dict.fromkeys(known[1:], "loaded"),
    }
    for account in (known[0], "4040404040"):
        assert account in results[account].error
        assert ";" in results[account].error


def test_a_break_in_the_middle_is_resumed(
    channel: Any, name: str, described: Description, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(find_channel(name)), "slice_days", 20)

    def break_off(text: str) -> None:
        if " rows" in text:
            channel.sandbox.state.outage = {name: 404}

    results = channel.load(name, progress=break_off)
    assert "loaded" not in states(results)
    assert loaded(channel, name, described).keys() <= truth(channel, name, described).keys()
    channel.tell(outage={})
    assert states(channel.load(name)) == {"loaded"}
    assert loaded(channel, name, described) == truth(channel, name, described)


def test_a_lasting_rate_limit_ends_the_source(channel: Any, name: str) -> None:
    channel.tell(throttled={name: "too many requests, come back tomorrow"})
    results = channel.load(name)
    assert states(results) == {"failed"}
    assert channel.sandbox.state.counts[name] < 30


@pytest.mark.parametrize("request_number", [1, 2, 4, 6])
def test_a_token_that_expires_at_any_request_is_renewed_once(
    channel: Any, name: str, described: Description, request_number: int
) -> None:
    if not described.renews_tokens:
        channel.tell(words=[], expire_at={name: [request_number]})
        assert states(channel.load(name)) <= {"failed", "partial"}
        return
    channel.tell(expire_at={name: [request_number]})
    assert states(channel.load(name)) == {"loaded"}
    assert loaded(channel, name, described) == truth(channel, name, described)
    assert channel.sandbox.state.counts["tokens_issued"] <= 2


def test_drift_is_named_and_later_good_data_loads(channel: Any, name: str, described: Description) -> None:
    channel.tell(drift={name: described.drift})
    results = channel.load(name)
    assert states(results) == {"failed"}
    field, sent = next(iter(described.drift.items()))
    # The report's reader learns which field, the terminal also what was in it.
    assert all(field.lower() in result.error.lower() for result in results.values())
    assert any(str(sent) in line for line in channel.said)
    channel.tell(drift={})
    assert states(channel.load(name)) == {"loaded"}
    assert loaded(channel, name, described) == truth(channel, name, described)


def test_no_drift_makes_numbers_shrink_in_silence(channel: Any, name: str, described: Description) -> None:
    """A field that is gone, renamed, spelt in another case, emptied or nested: refused, and named."""
    field = next(iter(described.drift))
    for drifted in (
        {"renamed": None},
        {"renamed": f"{field}_total"},
        {"renamed": field.swapcase()},
        None,
        {"value": 5},
    ):
        channel.tell(drift={name: {field: drifted}})
        results = channel.load(name)
        assert states(results) == {"failed"}, drifted
        for result in results.values():
            assert field.lower() in result.error.lower(), result.error
    channel.tell(drift={name: {"a_new_field": 7}})
    assert states(channel.load(name)) == {"loaded"}
    assert loaded(channel, name, described) == truth(channel, name, described)


def test_credentials_are_checked(channel: Any, name: str, described: Description) -> None:
    assert [finding for finding in check_channel(name) if finding.severity == "error"] == []
    channel.set(name, **{f"credentials__{secret}": "mistyped" for secret in described.secrets})
    assert any(finding.severity == "error" for finding in check_channel(name))
    results = channel.load(name)
    assert states(results) == {"failed"}
    assert f"sources.{name}" in next(iter(results.values())).error


def errors(name: str) -> list[str]:
    return [str(finding) for finding in check_channel(name) if finding.severity == "error"]


def test_the_doctor_names_the_permission_that_is_missing(channel: Any, name: str, described: Description) -> None:
    """Of one account, and of the credentials as such: in the vendor's own words, so that one finds the switch."""
    denied, *others = described.account_ids(channel, name)
    channel.tell(denied=[denied])
    found = errors(name)
    assert found
    assert all(denied in one and described.permission in one for one in found if "no account is visible" not in one)
    assert not any(other in one for one in found for other in others)
    channel.tell(denied=[], unscoped=[name])
    found = errors(name)
    assert found
    assert all(described.scope in one for one in found), found


def test_the_doctor_names_the_setting_that_is_missing(channel: Any, name: str, described: Description) -> None:
    channel.set(name, **{f"credentials__{secret}": "" for secret in described.secrets})
    found = errors(name)
    assert found
    assert all(f"sources.{name}.credentials" in one for one in found), found
    assert any(secret in one for one in found for secret in described.secrets), found


def forms(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")


def test_secrets_are_nowhere(
    channel: Any, name: str, described: Description, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = {secret: f"{CANARY}{at}" for at, secret in enumerate(described.secrets)}
    channel.set(name, **{f"credentials__{secret}": value for secret, value in canaries.items()})
    words = list(canaries.values())
    channel.tell(words=words)
    assert states(channel.load(name)) == {"loaded"}
    seen = []
    everyone = described.account_ids(channel, name)
    for told in (
        # this one also renews the token, where there is a way to
        {"expire_at": {name: [channel.sandbox.state.counts[name] + 2]}},
        {"words": []},
        {"words": words, "outage": {name: 500}},
        {"outage": {}, "denied": everyone},
        {"denied": [], "drift": {name: described.drift}},
        {"drift": {}, "throttled": {name: "no more"}},
        {"throttled": {}, "faults": 1.0},
    ):
        channel.tell(**told)
        seen += [repr(result) for result in channel.load(name).values()]
        seen += [str(finding) for finding in check_channel(name)]
    printed = capfd.readouterr()
    texts = "\n".join([*seen, *channel.said, caplog.text, printed.out, printed.err]).encode()
    files = {path: path.read_bytes() for path in Path(channel.folder).rglob("*") if path.is_file()}
    assert len(files) > 5
    for value in words:
        for form in forms(value):
            assert form not in texts
            assert [path for path, content in files.items() if form in content] == []
