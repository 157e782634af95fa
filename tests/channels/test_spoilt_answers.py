"""Every channel against spoilt answers: no crash, no hang, no wrong row that looks right, and nobody else is harmed.

`make prove` makes all 200 mutations a channel; a run of the tests makes a tenth of them.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from okr_reports.channels import loading
from okr_reports.channels.base import Account, Channel, LoadResult, find_channel
from okr_reports.channels.http import Http
from okr_reports.channels.load import load_channel
from okr_reports.errors import VendorError
from tests.channels.compared import START, TODAY, loaded, truth
from tests.channels.descriptions import DESCRIPTIONS
from tests.channels.mutations import BODIES, KINDS, Answer, plain
from tests.channels.spoilt_vendor import SpoiltVendor, spoilt_vendor

ALL = 200
COUNT = ALL if os.environ.get("OKR_PROVE") else ALL // 10
# What one load may take: three spoilt requests, six tries each.
LONGEST = 20.0
SLOW = 0.1


class Reader:
    """One channel's answers as they would be landed, without landing them: a load in a tenth of the time."""

    def __init__(self, bench: Any, name: str, vendor: SpoiltVendor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.folder, self.landed = name, Path(bench.folder), {}  # type: ignore[var-annotated]
        self.reply_timeout = LONGEST
        kind = type(find_channel(name))
        made = kind.http

        def http(channel: Channel[Any], settings: Any) -> Any:
            client = made(channel, settings)
            client.reply_timeout, client.sleep = self.reply_timeout, lambda _: None
            return client

        def land(channel: str, landed: Callable[[], Any], **_: Any) -> None:
            for table, batches in landed().items():
                self.landed.setdefault(table, []).extend(row for batch in batches for row in batch.to_pylist())

        monkeypatch.setattr(kind, "http", http)
        monkeypatch.setattr(loading, "to_source", lambda channel, tables, landed: landed)
        monkeypatch.setattr(loading, "run", land)
        bench.set(
            name,
            start_date=(TODAY - timedelta(days=4)).isoformat(),
            base_url=f"{vendor.url}/{name}",
            budget_mb="64",
            **DESCRIPTIONS[name].settings,
        )

    def read(self) -> tuple[list[LoadResult], dict[str, Any]]:
        self.landed = {}
        results = load_channel(
            self.name,
            warehouse=self.folder / "empty.duckdb",
            pipelines_dir=self.folder / "dlt",
            today=TODAY,
            progress=lambda _: None,
        )
        rows = {
            table: sorted(repr({**row, "loaded_at": None}) for row in rows)
            for table, rows in self.landed.items()
            if table != "loaded_windows"
        }
        return results, rows


@pytest.fixture(params=sorted(DESCRIPTIONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def vendor(make_bench: Callable[..., Any]) -> Iterator[tuple[Any, SpoiltVendor]]:
    bench = make_bench()
    with spoilt_vendor(bench.sandbox.url) as made:
        yield bench, made


@pytest.mark.prove
def test_spoilt_answers_are_the_channels_failure(
    vendor: tuple[Any, SpoiltVendor], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, server = vendor
    reader = Reader(bench, name, server, monkeypatch)
    results, whole = reader.read()
    assert {result.state for result in results} == {"loaded"}, results
    requests = server.asked
    accounts = {result.account_id for result in results}
    chance = random.Random(name)
    kinds = sorted(KINDS)
    chance.shuffle(kinds)
    for seed in range(COUNT):
        kind = kinds[seed % len(kinds)]
        is_whole, spoil = KINDS[kind]
        at = chance.randrange(requests)
        case = f"{name}: {kind}, request {at}, seed {seed}"
        server.begin(at, spoil, seed)
        reader.reply_timeout = SLOW if kind == "slow" else LONGEST
        began = time.monotonic()
        results, rows = reader.read()
        assert time.monotonic() - began < LONGEST, case
        for result in results:
            assert result.account_id in accounts | {""}, case
            if result.state != "loaded":
                assert name in str(result.error), case
                assert ";" in str(result.error), case
                assert result.account_id in str(result.error), case
                assert len(str(result.error)) < 2_000, case
        if is_whole:
            assert [result.error for result in results if result.error] == [], case
            assert rows == whole, case
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.finished.is_set()]


def test_what_harms_one_channel_leaves_the_others_rows(vendor: tuple[Any, SpoiltVendor]) -> None:
    """All channels side by side into one warehouse, three of them spoilt in ways that once ended the whole refresh."""
    bench, server = vendor
    for name, described in DESCRIPTIONS.items():
        bench.set(name, start_date=START.isoformat(), **described.settings)
    harmed = ("hubspot", "linkedin_ads", "tiktok_ads")
    for name in harmed:
        bench.set(name, base_url=f"{server.url}/{name}")
    found: dict[str, dict[str, LoadResult]] = {}

    def deep(answer: Answer, _: random.Random) -> Callable[[Any], None]:
        return lambda connected: connected.sendall(plain(answer._replace(body=BODIES["deep list"])))

    server._fate = lambda request, answer: deep(answer, random.Random(0))  # type: ignore[method-assign]
    names = sorted(DESCRIPTIONS)
    threads = [threading.Thread(target=lambda name=name: found.update({name: bench.load(name)})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == set(DESCRIPTIONS)
    for name, described in DESCRIPTIONS.items():
        states = {result.state for result in found[name].values()}
        assert states == ({"failed"} if name in harmed else {"loaded"}), (name, found[name])
        if name not in harmed:
            assert loaded(bench, name, described) == truth(bench, name, described)


# No vendor's account has one of these; rows of it would stand beside the right ones for ever.
ODD_IDS = ("", "-1", "0", "5 EUR", "²", "١", "12/../34", "9" * 65, "1\n", "[]", "None", "../../etc/passwd", "=1+1")


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_account_that_cannot_be_loads_nothing(name: str, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = find_channel(name)
    seen = [Account(odd, "Acme", "EUR", "UTC")]
    monkeypatch.setattr(type(channel), "accounts", lambda *_: seen)
    with pytest.raises(VendorError, match="cannot be the id of an account"):
        channel.visible_accounts(Http(name, "http://127.0.0.1:1"), None)
