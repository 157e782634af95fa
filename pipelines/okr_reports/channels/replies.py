"""One answer of a vendor and what it means: the verdict of HTTP itself, which each vendor's dialect refines."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal

import orjson

from okr_reports.channels.numbers import seconds


@dataclass(frozen=True)
class Reply:
    """One answer, read whole. `data` is the parsed JSON, or None where the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any

    @property
    def retry_after(self) -> float | None:
        """Seconds the vendor asks to wait, from either form of the header; None if it does not say."""
        value = self.headers.get("Retry-After", "").strip()[:64]
        delay = seconds(value)
        if delay is None and value:
            with suppress(ValueError, OverflowError, TypeError, IndexError):
                moment = email.utils.parsedate_to_datetime(value)
                moment = moment.replace(tzinfo=moment.tzinfo or UTC)
                delay = seconds(max(0.0, moment.timestamp() - time.time()))
        return delay


@dataclass(frozen=True)
class Verdict:
    """What a reply means.

    ok: use it. retry: ask again, after `wait` seconds if the answer says so, else after those of `waits`, try by try,
    where the vendor's window is known: still refused after the last of them, the quota is used up. quota: waiting
    inside a refresh does not help, end the source. unauthorized: refresh the token once, else the credentials are
    wrong. forbidden: this account only. failed: the request itself is refused. `todo` replaces the usual advice of the
    error. `of_account`: the quota is that of the account asked about, and the others go on.
    """

    kind: Literal["ok", "retry", "quota", "unauthorized", "forbidden", "failed"]
    message: str = ""
    wait: float | None = None
    todo: str = ""
    waits: tuple[float, ...] = ()
    of_account: bool = False


OK = Verdict("ok")


def classify_by_status(reply: Reply) -> Verdict:
    """The verdict that HTTP itself gives: the base of every vendor's own `classify`."""
    if 200 <= reply.status < 300:
        return OK if reply.data is not None else Verdict("retry", "the body is not JSON")
    message = _vendor_message(reply)
    if reply.status == 401:
        return Verdict("unauthorized", message)
    if reply.status == 403:
        return Verdict("forbidden", message)
    if reply.status == 429 or reply.status in (408, 425) or reply.status >= 500:
        return Verdict("retry", message, reply.retry_after)
    return Verdict("failed", message)


def _vendor_message(reply: Reply) -> str:
    data = reply.data[0] if isinstance(reply.data, list) and reply.data else reply.data
    if isinstance(data, dict):
        inner = data.get("error")
        data = inner if isinstance(inner, dict) else data
        for key in ("message", "detail", "error_description", "error", "title"):
            if isinstance(data.get(key), str):
                return f"HTTP {reply.status}: {data[key]}"
    return f"HTTP {reply.status}"


def parsed(content: bytes) -> Any:
    """The JSON of a body, None where it is none."""
    if not content:
        return None
    try:
        return orjson.loads(content)
    except ValueError:
        pass  # half a surrogate pair, which names cut by a vendor have; Python takes it
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
