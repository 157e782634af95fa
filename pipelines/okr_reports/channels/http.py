"""The one HTTP client of all channels: retries, quotas, refresh of tokens, and nothing secret in any message.

A vendor describes its own dialect by a `classify` function from a reply to a Verdict: Meta's quota errors are HTTP 400,
TikTok's are HTTP 200, LinkedIn's daily quota is a 429 that waiting does not fix. The rest is the same for all.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from okr_reports.channels.addresses import check_base_url, same_place
from okr_reports.channels.budget import Budget
from okr_reports.channels.deadline import Deadline
from okr_reports.channels.pace import Pace
from okr_reports.channels.public_hosts import PublicHosts
from okr_reports.channels.redaction import redact
from okr_reports.channels.replies import Reply, Verdict, classify_by_status, parsed
from okr_reports.errors import ChannelError, CredentialsError, QuotaError, VendorError

T = TypeVar("T")

ATTEMPTS = 6
# A second one only serves a token that another thread's refresh has made stale in between.
REFRESHES = 2
FIRST_BACKOFF = 0.25
# A wait that is worth a line to who looks on.
LONG_WAIT = 5.0
CONNECT_TIMEOUT = 10.0
# Between two bytes, and from connecting to the last byte: a server that drips a byte a second never trips the first.
READ_TIMEOUT = 60.0
REPLY_TIMEOUT = 180.0
# Unpacked.
LARGEST_REPLY = 512 * 1024 * 1024
_SHOWN = 300
# Of a vendor's text nobody reads more, and looking for secrets in it takes its time.
_READ = 10_000


def doubling(first: float, times: int = ATTEMPTS) -> tuple[float, ...]:
    """Waits that double."""
    return tuple(first * 2**at for at in range(times))


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


class Redirected(VendorError):
    """An answer that leads elsewhere; `location` is where."""

    location: str = ""


class Authenticator(Protocol):
    """Puts the credentials into headers; `refresh` gets a new token and says whether there was a way to."""

    def headers(self) -> dict[str, str]: ...

    def refresh(self, refused: dict[str, str]) -> bool: ...


@dataclass
class Http:
    """Requests to one vendor on behalf of one channel; may be used by several threads.

    Every error is a ChannelError whose text holds no query string and none of `secrets`. After a QuotaError or a
    CredentialsError every later request raises the same error at once: the source is over for this refresh.
    `paces` holds the vendor's limits by what a path ends with; they count tries, not requests that succeed.
    """

    channel: str
    base_url: str
    classify: Callable[[Reply], Verdict] = classify_by_status
    secrets: tuple[str, ...] = ()
    authenticator: Authenticator | None = None
    reply_timeout: float = REPLY_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    sleep: Callable[[float], None] = field(default_factory=lambda: pause)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    say: Callable[[str], None] = lambda _: None
    requests_sent: int = 0
    _over: ChannelError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sessions: threading.local = field(default_factory=threading.local)
    _answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.budget.channel = self.channel
        self.base_url = check_base_url(self.channel, self.base_url)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be requested in this refresh."""
        return self._over is not None

    def once(self, name: str, read: Callable[[], T]) -> T:
        """What `read` gave the first time in this refresh; an error is not kept."""
        if name not in self._answers:
            self._answers[name] = read()
        found: T = self._answers[name]
        return found

    def within(self, budget: Budget, say: Callable[[str], None]) -> None:
        """Ask within `budget` from now on, and report long waits to `say`."""
        budget.channel = self.channel
        self.budget, self.say = budget, say

    def get(self, path: str, query: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """GET `path` (below base_url, or a whole URL at the same host) with an encoded query."""
        return self.send("GET", path, query=query, headers=headers)

    def post_form(self, path: str, body: str, headers: Mapping[str, str] | None = None) -> Reply:
        """POST a form, already encoded, to `path` (as of `get`)."""
        return self.send(
            "POST",
            path,
            body=body.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
        )

    def post_json(self, path: str, payload: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """POST `payload` as JSON to `path` (as of `get`)."""
        return self.send(
            "POST",
            path,
            body=json.dumps(payload).encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        authenticated: bool = True,
    ) -> Reply:
        """Send until the verdict is ok.

        Raises CredentialsError (401 after one refresh, 403), QuotaError (the requested wait is too long), BudgetError
        (the channel's time or memory is used) or VendorError (refused, unreachable, or still failing after ATTEMPTS).
        """
        url = self._url(path, query)
        refreshes = 0
        last = Verdict("retry", "not asked yet")
        for attempt in count():
            if self._over is not None:
                raise self._over
            auth = self._authentication() if authenticated else {}
            try:
                reply = self._once(method, url, body, {**(headers or {}), **auth})
                last = self.classify(reply)
            except _Unreadable as broken:
                last = Verdict("retry", str(broken))
            if last.kind == "ok":
                return reply
            # a request for a token that is refused asks for no other: it would wait for itself
            if last.kind == "unauthorized" and authenticated and refreshes < REFRESHES and self.authenticator:
                refreshes += 1
                if self.authenticator.refresh(auth):
                    continue
            if last.kind != "retry":
                self._refuse(last, url)
            if attempt + 1 >= max(ATTEMPTS, len(last.waits)):
                break
            self._wait(last, attempt)
        what = self._clean(f"{_place(url)} failed {attempt + 1} times, last: {last.message}")
        raise VendorError(self.channel, what, last.todo or "the vendor may be down: refresh again later")

    def pause(self, seconds: float, why: str) -> None:
        """Wait before the next request because the vendor says that its quota is nearly used; counts as waiting."""
        self._wait(Verdict("retry", why, seconds), 0)

    def _authentication(self) -> dict[str, str]:
        headers = self.authenticator.headers() if self.authenticator else {}
        tokens = {value.removeprefix("Bearer ") for value in headers.values()} - set(self.secrets)
        if tokens:
            self.secrets = (*self.secrets, *tokens)
        return headers

    def _url(self, path: str, query: str) -> str:
        url = path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"
        if not same_place(url, self.base_url):
            raise VendorError(
                self.channel,
                f"was sent on to another host ({_place(url)})",
                "nothing was asked there; check base_url, then report it",
            )
        return f"{url}?{query}" if query else url

    def _once(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        with self._turn(url):
            with self._lock:
                self.requests_sent += 1
            with Deadline(min(self.reply_timeout, self.budget.left())) as deadline:
                try:
                    reply = self._answer(method, url, body, headers)
                except (_Unreadable, VendorError):
                    if not deadline.is_over:
                        raise
                # what is read of a socket that was shut looks like an answer that ended
                if deadline.is_over:
                    raise _Unreadable(f"the answer took longer than {self.reply_timeout:g} s")
        if 300 <= reply.status < 400:
            raise self._redirected(url, reply.headers.get("Location", ""))
        self.budget.hold(reply.body)
        return replace(reply, data=parsed(reply.body))

    def _answer(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        """The answer, not parsed yet. `from None`: the original holds the whole URL and, in its frames, the headers."""
        try:
            with self._session().request(
                method,
                url,
                data=body,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, self.read_timeout),
            ) as response:
                return Reply(response.status_code, response.headers, self._read(response), None)
        except requests.Timeout:
            raise _Unreadable(f"no answer within {self.read_timeout:g} s") from None
        except requests.exceptions.SSLError:
            raise VendorError(self.channel, f"{_place(url)} has no valid certificate", "check base_url") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _Unreadable(f"the connection broke ({type(error).__name__})") from None
        except ValueError:
            # requests parses the Location of a redirect that it must not follow
            raise self._redirected(url) from None

    def _redirected(self, url: str, location: str = "") -> Redirected:
        error = Redirected(
            self.channel, f"{_place(url)} answers with a redirect, which is not followed", "check base_url"
        )
        error.location = location
        return error

    def _turn(self, url: str) -> AbstractContextManager[None]:
        path = urlsplit(url).path
        pace = next((pace for ending, pace in self.paces.items() if path.endswith(ending)), None)
        return nullcontext() if pace is None else pace.turn(self.sleep)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, PublicHosts())
            # without an auth of its own requests would put ~/.netrc's password over our header
            session.auth = _leave_headers
        return session

    def _read(self, response: requests.Response) -> bytes:
        largest = min(LARGEST_REPLY, self.budget.memory)
        parts, size = [], 0
        while part := response.raw.read1(1 << 20, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > largest:
                raise VendorError(
                    self.channel,
                    f"an answer is larger than {largest >> 20} MB",
                    "nothing of it was loaded; load shorter windows (--from, --to), or report it",
                )
        return b"".join(parts)

    def _refuse(self, verdict: Verdict, url: str) -> NoReturn:
        what = self._clean(f"{_place(url)} answers {verdict.message}")
        todo = verdict.todo
        error: ChannelError
        if verdict.kind == "quota":
            error = QuotaError(self.channel, what, todo or "the quota is used up: refresh again when it is renewed")
        elif verdict.kind == "unauthorized":
            renew = f"renew the credentials in [sources.{self.channel}.credentials]"
            error = CredentialsError(self.channel, what, todo or renew)
        elif verdict.kind == "forbidden":
            raise CredentialsError(self.channel, what, todo or "give the user of these credentials access to it")
        else:
            raise VendorError(self.channel, what, todo or "the request was refused; if it stays so, report it")
        self._over = None if verdict.of_account else error
        raise error

    def _wait(self, verdict: Verdict, attempt: int) -> None:
        wait = FIRST_BACKOFF * 2**attempt if verdict.wait is None else max(0.0, verdict.wait)
        is_used_up = verdict.wait is None and bool(verdict.waits) and attempt >= len(verdict.waits)
        if verdict.wait is None and verdict.waits and not is_used_up:
            wait = verdict.waits[attempt]
        what = self._clean(f"asks to wait {wait:.0f} s ({verdict.message})")
        if is_used_up:
            what = self._clean(f"still refuses after {sum(verdict.waits):.0f} s of waiting ({verdict.message})")
        if is_used_up or not self.budget.may_wait(wait):
            todo = verdict.todo or "refresh again when the quota is renewed"
            error = QuotaError(self.channel, what, todo)
            self._over = None if verdict.of_account else error
            raise error
        if wait >= LONG_WAIT:
            until = datetime.now(UTC).astimezone() + timedelta(seconds=wait)
            self.say(f"{self.channel} {what}: it waits until {until:%H:%M:%S}")
        self.sleep(wait)

    def _clean(self, text: str) -> str:
        return redact(text[:_READ], self.secrets)[:_SHOWN]


class _Unreadable(Exception):
    """An answer that did not come, or not whole: worth another try."""


def _leave_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _place(url: str) -> str:
    """Host and path of a URL: what may be shown of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return f"{parts.hostname}{parts.path}"
