"""What a request must be before the desk writes: meant for it, from a known person, from its own form, once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from okr_reports.common.loopback import is_for, not_for

# a form left open over lunch still works
FORM_HOURS = 12
WRITES_A_MINUTE = 30
MOST_BYTES = 16_384


@dataclass
class Guards:
    """The rules of one running desk. `person_header` is set by the proxy, which is one of `proxies`."""

    names: tuple[str, ...] = ()
    person_header: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _used: dict[str, float] = field(default_factory=dict)
    _writes: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def person(self, request: Request) -> str | None:
        """Who asks, as the proxy says; None where no proxy is expected. Refuses whatever is not meant for the desk."""
        if not is_for(request.headers.get("host", ""), self.names):
            raise HTTPException(403, not_for(self.names))
        if self.person_header is None:
            return None
        client = request.client.host if request.client else ""
        if client not in self.proxies:
            raise HTTPException(403, f"requests come from the proxy alone, and {client} is none; see --trusted-proxy")
        named = request.headers.getlist(self.person_header)
        # headers are Latin-1 on the wire; proxies write names as UTF-8
        name = " ".join(named[0].encode("latin-1").decode("utf-8", "replace").split()) if len(named) == 1 else ""
        if not name or not name.isprintable() or len(name) > 200:
            raise HTTPException(403, f"the header {self.person_header} does not say who is asking; log in again")
        return name

    async def posted(self, request: Request, person: str | None, most: int = MOST_BYTES) -> dict[str, list[str]]:
        """The fields of a form of this desk's own, by name. Refuses other origins, old and used forms, floods."""
        origin = request.headers.get("origin") or request.headers.get("referer") or ""
        if urlsplit(origin).netloc != request.headers.get("host"):
            raise HTTPException(403, "the form was sent from another site; open it at the desk")
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            raise HTTPException(415, "the desk takes forms alone")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise HTTPException(413, f"more than {most // 1024} kB; write less")
        try:
            fields = parse_qs(
                body.decode("utf-8"), keep_blank_values=True, max_num_fields=most // 80, strict_parsing=bool(body)
            )
        except ValueError:
            raise HTTPException(400, "the form cannot be read; open it again") from None
        self._limit(person or (request.client.host if request.client else ""))
        self._spend(fields.pop("form", [""])[0], person)
        return fields

    def form(self, person: str | None) -> str:
        """The mark of a form that is handed out: good once, for this person, until it is too old."""
        made = f"{int(time.time())}.{secrets.token_hex(8)}"
        return f"{made}.{self._signed(made, person)}"

    def _signed(self, made: str, person: str | None) -> str:
        return hmac.new(self._key, f"{made}.{person or ''}".encode(), hashlib.sha256).hexdigest()

    def _spend(self, mark: str, person: str | None) -> None:
        made, _, signature = mark.rpartition(".")
        known = hmac.compare_digest(signature.encode(), self._signed(made, person).encode())
        moment = int(made.partition(".")[0]) if known else 0
        if time.time() - moment > FORM_HOURS * 3600:
            raise HTTPException(403, "the form is too old; open it again")
        with self._lock:
            self._used = {used: until for used, until in self._used.items() if until > time.time()}
            if mark in self._used:
                raise HTTPException(409, "this form has been sent already; the check-in is there")
            self._used[mark] = moment + FORM_HOURS * 3600

    def _limit(self, who: str) -> None:
        now = time.monotonic()
        with self._lock:
            recent = self._writes.setdefault(who, deque())
            while recent and now - recent[0] > 60:
                recent.popleft()
            if len(recent) >= WRITES_A_MINUTE:
                raise HTTPException(429, "too many forms in a minute; wait one", headers={"Retry-After": "60"})
            recent.append(now)
