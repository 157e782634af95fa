"""Answers made to harm: they end within the request's time and the channel's memory, as the channel's error."""

from __future__ import annotations

import email.utils
import gzip
import json
import threading
import time
import tracemalloc
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from okr_reports.channels import http as http_module
from okr_reports.channels.budget import Budget
from okr_reports.channels.http import ATTEMPTS, Http
from okr_reports.channels.meta_ads.errors import seconds_to_regain, usage
from okr_reports.channels.numbers import exact, seconds, whole
from okr_reports.channels.replies import Reply
from okr_reports.channels.tables import AMOUNT, COUNT, facts, to_arrow
from okr_reports.errors import BudgetError, ChannelError, QuotaError, VendorError
from tests.channels.hostile_server import CHUNKED, ENDLESS, HEAD, KEPT_HEAD, Write, at_once, hostile_server

QUICK = 0.15


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_request_ends_in_its_time_whatever_the_server_does(answer: Write) -> None:
    with hostile_server(answer) as url:
        client = Http("ads", url, sleep=lambda _: None, reply_timeout=QUICK)
        began = time.monotonic()
        with pytest.raises(VendorError, match=rf"failed 6 times, last: .*(longer than {QUICK} s|connection broke)"):
            client.get("x")
        assert time.monotonic() - began < ATTEMPTS * QUICK + 2
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.finished.is_set()]


def test_a_connection_that_is_kept_has_an_end_for_each_request() -> None:
    asked = []

    def answer(connected: Any) -> None:
        while True:
            asked.append(1)
            if len(asked) % 2:
                connected.sendall(KEPT_HEAD + b"Content-Length: 2\r\n\r\n{}")
                if not connected.recv(65536):
                    return
            else:
                ENDLESS["a header of one byte a time"](connected)

    with hostile_server(answer) as url:
        client = Http("ads", url, sleep=lambda _: None, reply_timeout=QUICK)
        began = time.monotonic()
        assert client.get("x").data == {}
        assert client.get("x").data == {}
        assert time.monotonic() - began < 2


def test_a_channel_ends_with_its_time() -> None:
    with hostile_server(ENDLESS["a body of one byte a time"]) as url:
        client = Http("ads", url, sleep=lambda _: None, budget=Budget(seconds=0.3))
        began = time.monotonic()
        with pytest.raises(BudgetError, match=r"ads: has used its .* raise budget_minutes under \[sources.ads\]"):
            client.get("x")
        assert time.monotonic() - began < 2


def packed(text: bytes, encoding: str = "gzip") -> bytes:
    body = gzip.compress(text)
    return HEAD + f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "LARGEST_REPLY", 8 << 20)
    bomb = packed(b" " * (256 << 20))
    assert len(bomb) < 1 << 20
    with hostile_server(at_once(bomb)) as url:
        tracemalloc.start()
        with pytest.raises(VendorError, match="larger than 8 MB"):
            Http("ads", url, sleep=lambda _: None).get("x")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.parametrize("text", [b"[" + b"[]," * 400_000 + b"[]]", b'[{"a":' * 200_000])
def test_what_parses_to_too_much_is_refused_before_it_is_parsed(text: bytes) -> None:
    with hostile_server(at_once(HEAD + b"Content-Length: %d\r\n\r\n" % len(text) + text)) as url:
        client = Http("ads", url, sleep=lambda _: None, budget=Budget(memory=30 << 20))
        with pytest.raises(BudgetError, match=r"30 MB of memory.*budget_mb"):
            client.get("x")


def test_pages_without_end_use_up_the_memory_and_not_the_machine() -> None:
    text = json.dumps({"rows": ["x" * 1000] * 100}).encode()
    with hostile_server(at_once(HEAD + b"Content-Length: %d\r\n\r\n" % len(text) + text)) as url:
        client = Http("ads", url, sleep=lambda _: None, budget=Budget(memory=2 << 20))
        with pytest.raises(BudgetError):
            [client.get("x") for _ in range(100)]
        client.budget.let_go()
        client.get("x")


NO_JSON = [
    b"[" * 300_000,
    b'{"a":' * 300_000,
    b"[" * 300_000 + b"]" * 300_000,
    b'"' + b"\\ud800" * 1000,
    b"9" * 5_000,
    b"\x00",
    b"<!doctype html><title>Sign in</title>",
    b"",
]


@pytest.mark.parametrize("body", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_is_the_vendors_error(body: bytes) -> None:
    with hostile_server(at_once(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)) as url:
        client = Http("ads", url, sleep=lambda _: None)
        with pytest.raises(VendorError, match="the body is not JSON"):
            client.get("x")


WRONG_HTTP = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    b"HTTP/9.9 999999 \r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n{}",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}",
    CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    CHUNKED + b"ffffffffffffffffffff\r\n{}",
    CHUNKED + b"2\r\n{}",
    HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    packed(b"{}")[:-4],
    HEAD + b"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip, gzip\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("answer", WRONG_HTTP, ids=range(len(WRONG_HTTP)))
def test_what_is_no_http_is_the_vendors_error(answer: bytes) -> None:
    with hostile_server(at_once(answer)) as url, pytest.raises(ChannelError):
        Http("ads", url, sleep=lambda _: None, reply_timeout=1.0).get("x")


@pytest.mark.parametrize(
    "header",
    [
        *("²", "1²", "٣", "-5", "1e999999", "9" * 400, "NaN", "inf", "1_0", "0x10", "soon", ";"),
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Fri, 31 Feb 2026 23:59:59 GMT",
        "Sat, 01 Jan 0000 00:00:00 GMT",
        "Thu, 01 Jan 2026 99:99:99 +9999",
    ],
)
def test_a_wait_that_makes_no_sense_is_no_error(header: str) -> None:
    waits: list[float] = []
    reply = Reply(429, {"Retry-After": header}, b"", None)
    assert reply.retry_after is None or 0 <= reply.retry_after <= 366 * 86_400
    head = b"HTTP/1.1 429 No\r\nContent-Length: 0\r\nRetry-After: " + header.encode("utf-8") + b"\r\n\r\n"
    with hostile_server(at_once(head)) as url, pytest.raises((VendorError, QuotaError)):
        Http("ads", url, sleep=waits.append).get("x")
    assert all(0 <= wait <= 300 for wait in waits)


def test_a_date_without_a_zone_is_of_utc() -> None:
    at = email.utils.formatdate(time.time() + 20).replace("-0000", "").strip()
    wait = Reply(429, {"Retry-After": at}, b"", None).retry_after
    assert wait == pytest.approx(20, abs=2)


NO_NUMBERS: list[Any] = [
    *("1e999999", "-1e999999", "1e-999999", "Infinity", "-inf", "NaN", "sNaN", "²", "1_000", "0x10", "", " ", "1,5"),
    *("9" * 100_000, "9" * 1000, "1" + "0" * 1000, "0." + "9" * 48, f"1.{'9' * 1000}e1000"),
    *(float("inf"), float("nan"), 1e300, 10**30, 10**4000, True, [], {}),
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: str(value)[:12])
def test_no_value_computes_for_long_or_lands(value: Any) -> None:
    table = facts("stats", impressions=COUNT, spend=AMOUNT)
    for column, beside in (("impressions", ["1"]), ("spend", ["1"]), ("impressions", []), ("spend", [2])):
        rows = [{"date": "2026-11-01", column: one} for one in [*beside, value]]
        said, landed = "", None
        began = time.process_time()
        try:
            landed = to_arrow("ads", table, rows, account_id="1", loaded_at=None, _deleted=False)
        except VendorError as error:
            said = str(error)
        assert time.process_time() - began < 1
        if landed is None:
            assert f"stats.{column} should be" in said
            assert len(said) < 400
        else:
            # to nine decimals
            assert landed[column].to_pylist()[-1] == {"1e-": 0, "0.": 1}[str(value).rstrip("9")]


@pytest.mark.parametrize(
    "written", ["0", "-7", "12.5", "1E+3", "9999999999999999999.999999999", "-2e-18", "99.99999999999996"]
)
def test_numbers_within_the_bounds_are_exact(written: str) -> None:
    assert exact(written) == Decimal(written)
    assert exact(Decimal(written)) == Decimal(written)


def test_whole_numbers_have_64_bits() -> None:
    assert whole(2**63 - 1) == 2**63 - 1 == whole(str(2**63 - 1))
    for wrong in (2**63, "1.5", str(-(2**63) - 1), "1e30"):
        with pytest.raises(ValueError, match=r"no whole number|can be kept"):
            whole(wrong)
    assert seconds("1e30") == timedelta(days=366).total_seconds()


@pytest.mark.parametrize(
    "told",
    [
        *("[" * 50_000, "[]", "{}", "null", '{"a": [1]}', '{"a": 1}'),
        *('{"a": [{"call_count": 1e999}]}', '{"a":[{"x":"²"}]}'),
        '{"call_count": "²", "estimated_time_to_regain_access": "1e99999", "acc_id_util_pct": [1]}',
    ],
)
def test_headers_of_usage_that_make_no_sense_say_nothing(told: str) -> None:
    for name in ("x-business-use-case-usage", "x-app-usage", "x-fb-ads-insights-throttle"):
        assert usage({name: told}) in (0.0, 366 * 86_400.0)
        assert seconds_to_regain({name: told}) is None or seconds_to_regain({name: told})
