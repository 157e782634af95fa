"""Answers of a vendor spoilt in many ways: each is made from a real answer by a seed, so that it can be made again.

A mutation takes the answer as (status, headers, body) and writes bytes onto the socket.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import socket
import struct
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from tests.channels.hostile_server import CHUNKED, ENDLESS, HEAD, Write


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


# What stands where a number, a name, a day or a list should be.
LEAVES: list[Any] = [
    *(
        None,
        True,
        False,
        [],
        {},
        "",
        " ",
        "-",
        "null",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999999",
        "-1e999999",
        "²",
        "١",
    ),
    *(-1, 0.5, 1e308, 1e-300, 10**15, 2**63, 10**30, "9" * 100_000, "0x10", "1_000", "1,5", "--5", "5 EUR"),
    *("\x00", "\ud800", "\u202e", "x" * 100_000, "../../etc/passwd", "=1+1", "http://169.254.169.254/", "urn:li:x:1"),
    *(
        "2026-13-45",
        "99999-01-01",
        "0000-00-00",
        "20261123",
        0,
        253402300800000,
        -62135596800001,
        "Mars/Olympus",
        "../UTC",
    ),
    *([[]], [None], {"value": 1}, [{"a": 1}], {"": {"": {}}}, [[[[[[1]]]]]]),
]
RETRY_AFTER = ["²", "-1", "0", "1e999999", "9" * 500, "NaN", "Fri, 31 Dec 99999 23:59:59 GMT", "soon", "3601", "40591"]
STATUSES = [
    100,
    204,
    206,
    299,
    304,
    400,
    401,
    402,
    403,
    404,
    408,
    418,
    425,
    429,
    430,
    451,
    500,
    501,
    502,
    503,
    504,
    530,
    599,
    999,
]
BODIES: dict[str, bytes] = {
    "deep list": b"[" * 300_000,
    "deep dictionary": b'{"a":' * 300_000,
    "deep and whole": b"[" * 900 + b"]" * 900,
    "deep within data": b'{"data":' + b"[" * 900 + b"]" * 900 + b"}",
    "null": b"null",
    "list": b"[]",
    "list of null": b"[null]",
    "dictionary": b"{}",
    "text": b'"ok"',
    "number": b"5",
    "true": b"true",
    "NaN": b"NaN",
    "long number": b"9" * 20_000,
    "a million lists": b"[" + b"[]," * 1_000_000 + b"[]]",
    "HTML": b"<!doctype html><html><title>Sign in</title><script>alert(1)</script></html>",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "nothing": b"",
    "blanks": b" " * 1_000_000,
    "NUL": b"\x00" * 1000,
    "no UTF-8": b'{"data": "\xff\xfe\xfa"}',
    "two documents": b"{}{}",
    "error as a text": b'{"error": "no"}',
    "error of lists": b'{"error": [[1], [2]], "errors": [1, null], "code": "x", "message": {"a": 1}}',
    "errors everywhere": b'{"error": {"code": "1e999999", "error_subcode": [], "message": [1], "details": 5}}',
    "codes of text": b'{"code": true, "data": 5, "Errors": {"Code": "\xc2\xb2"}, "OperationErrors": [{"Code": [1]}]}',
}


def plain(answer: Answer, *, length: int | None = None, encoding: str = "", trailer: bytes = b"") -> bytes:
    """The answer as HTTP/1.1."""
    said = len(answer.body) if length is None else length
    headers = {**answer.headers, "Content-Length": str(said), "Connection": "close"}
    if encoding:
        headers["Content-Encoding"] = encoding
    if trailer:
        del headers["Content-Length"]
        headers["Transfer-Encoding"] = "chunked"
    head = f"HTTP/1.1 {answer.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = answer.body
    if trailer:
        body = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer) if body else b"0\r\n%b\r\n" % trailer
    return head.encode("utf-8", "replace") + b"\r\n" + body


def _sending(made: Callable[[Answer, random.Random], bytes]) -> Callable[[Answer, random.Random], Write]:
    return lambda answer, chance: lambda connected: connected.sendall(made(answer, chance))


def _with_body(body: bytes) -> Callable[[Answer, random.Random], Write]:
    return _sending(lambda answer, _: plain(answer._replace(body=body)))


def _leaf(answer: Answer, chance: random.Random) -> bytes:
    """One to three values of the answer are others; where it is no JSON, some bytes."""
    return plain(answer._replace(body=_changed(answer.body, chance, lambda _: chance.choice(LEAVES))))


def _without(answer: Answer, chance: random.Random) -> bytes:
    """Some keys are gone, or have another name."""

    def rename(holder: dict[str, Any], key: str) -> None:
        value = holder.pop(key)
        if chance.random() < 0.5:
            holder[chance.choice([key.upper(), f"{key}_", "", "__proto__"])] = value

    return plain(answer._replace(body=_changed(answer.body, chance, None, rename)))


def _nested(answer: Answer, chance: random.Random) -> bytes:
    """A value is wrapped, or repeated."""
    depth = chance.choice([1, 3, 200])

    def wrap(value: Any) -> Any:
        for _ in range(depth):
            value = [value, value] if depth == 1 else [value]
        return value

    return plain(answer._replace(body=_changed(answer.body, chance, wrap)))


def _changed(
    body: bytes,
    chance: random.Random,
    value: Callable[[Any], Any] | None,
    key: Callable[[dict[str, Any], str], None] | None = None,
) -> bytes:
    try:
        data = json.loads(body)
    except ValueError:
        return _flipped(body, chance)
    places = list(_places(data))
    for holder, at in chance.sample(places, min(len(places), chance.randint(1, 3))):
        with suppress(LookupError, TypeError):
            if value is not None:
                holder[at] = value(holder[at])
            elif key is not None and isinstance(holder, dict):
                key(holder, at)
    return json.dumps(data).encode("utf-8", "surrogatepass")


def _places(data: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pending = [data]
    while pending:
        one = pending.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for at, value in inner:
            found.append((one, at))
            pending.append(value)
    return found


def _flipped(body: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _cut(answer: Answer, chance: random.Random) -> bytes:
    return plain(answer._replace(body=answer.body[: chance.randint(0, max(len(answer.body) - 1, 0))]))


def _wrong_length(answer: Answer, chance: random.Random) -> bytes:
    return plain(answer, length=max(len(answer.body) + chance.choice([-20, -1, 1, 1_000, 10**12]), 0))


def _wrong_encoding(answer: Answer, chance: random.Random) -> bytes:
    kind = chance.choice(["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-nothing"])
    return plain(answer, encoding=kind)


def _other_charset(answer: Answer, chance: random.Random) -> bytes:
    text = answer.body.decode("utf-8", "replace")
    return plain(answer._replace(body=text.encode(chance.choice(["utf-16", "utf-32", "cp500", "utf-8-sig", "utf-7"]))))


@cache
def _bombs() -> tuple[bytes, bytes]:
    """96 MB of nothing, as a ZIP and by gzip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.csv", b"0" * (96 << 20))
    return packed.getvalue(), gzip.compress(b" " * (96 << 20), 1)


def _bomb(answer: Answer, _: random.Random) -> bytes:
    as_zip, by_gzip = _bombs()
    if answer.body[:2] == b"PK":
        return plain(answer._replace(body=as_zip))
    return plain(answer._replace(body=by_gzip), encoding="gzip")


def _status(answer: Answer, chance: random.Random) -> bytes:
    headers = {
        **answer.headers,
        "Retry-After": chance.choice(RETRY_AFTER),
        "Location": chance.choice(["/", "http://[", ""]),
    }
    body = chance.choice([answer.body, *BODIES.values()])
    return plain(answer._replace(status=chance.choice(STATUSES), headers=headers, body=body))


def _odd_headers(answer: Answer, chance: random.Random) -> bytes:
    odd = {
        "X-Business-Use-Case-Usage": chance.choice(
            ["[" * 30_000, "5", '{"1": [5]}', '{"1": [{"call_count": "1e999"}]}']
        ),
        "X-Fb-Ads-Insights-Throttle": chance.choice(['{"acc_id_util_pct": "²"}', "null", '{"app_id_util_pct": 1e999}']),
        "X-HubSpot-RateLimit-Remaining": chance.choice(["²", "-1", "x"]),
        "Content-Type": chance.choice(["text/html; charset=\xff", "", "application/json; charset=utf-16"]),
    }
    return plain(answer._replace(headers={**answer.headers, **odd}))


def _flood(answer: Answer, chance: random.Random) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\n" + chance.choice([b"X: y\r\n" * 10_000, b"X: " + b"y" * 1_000_000 + b"\r\n"]) + b"\r\n{}"
    )


def _reset(answer: Answer, chance: random.Random) -> Write:
    def write(connected: socket.socket) -> None:
        connected.sendall(plain(answer)[: chance.randint(0, 200)])
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return write


def _slow(answer: Answer, chance: random.Random) -> Write:
    return ENDLESS[chance.choice(sorted(ENDLESS))]


def _pausing(answer: Answer, chance: random.Random) -> Write:
    """In pieces with pauses that are within every limit: the answer is whole."""

    def write(connected: socket.socket) -> None:
        whole = plain(answer)
        for at in range(0, len(whole), len(whole) // 3 + 1):
            connected.sendall(whole[at : at + len(whole) // 3 + 1])
            time.sleep(0.005)

    return write


# By name: whether the answer is still whole, and how it is made.
KINDS: dict[str, tuple[bool, Callable[[Answer, random.Random], Write]]] = {
    "leaf": (False, _sending(_leaf)),
    "another leaf": (False, _sending(_leaf)),
    "a third leaf": (False, _sending(_leaf)),
    "without": (False, _sending(_without)),
    "nested": (False, _sending(_nested)),
    "flipped": (False, _sending(lambda answer, chance: plain(answer._replace(body=_flipped(answer.body, chance))))),
    "cut": (False, _sending(_cut)),
    "twice": (False, _sending(lambda answer, _: plain(answer._replace(body=answer.body * 2)))),
    "wrong length": (False, _sending(_wrong_length)),
    "wrong encoding": (False, _sending(_wrong_encoding)),
    "other charset": (False, _sending(_other_charset)),
    "bomb": (False, _sending(_bomb)),
    "status": (False, _sending(_status)),
    "another status": (False, _sending(_status)),
    "flood": (False, _sending(_flood)),
    "reset": (False, _reset),
    "slow": (False, _slow),
    "odd headers": (True, _sending(_odd_headers)),
    "trailers": (True, _sending(lambda answer, _: plain(answer, trailer=b"X-A: a\r\n" * 20))),
    "pausing": (True, _pausing),
    "gzip": (
        True,
        _sending(lambda answer, _: plain(answer._replace(body=gzip.compress(answer.body)), encoding="gzip")),
    ),
    "chunk without an end": (False, lambda answer, _: lambda connected: connected.sendall(CHUNKED + b"5\r\n{}")),
    "no HTTP": (False, lambda answer, _: lambda connected: connected.sendall(HEAD[:-2] + b"\x16\x03\x01")),
    **{name: (False, _with_body(body)) for name, body in BODIES.items()},
}
