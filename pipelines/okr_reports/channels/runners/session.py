"""The session that dlt's REST source asks by: the one HTTP client of channels, behind the face of `requests`.

So hosts, https, redirects, waits, budgets and what an error may say are those of every channel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests

from okr_reports.channels.budget import Budget
from okr_reports.channels.http import Http
from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status
from okr_reports.errors import VendorError


class ChannelSession(requests.Session):
    """Asks the hosts of `bases` and no other; `accepted` are refusals by status that the declaration deals with."""

    def __init__(
        self,
        channel: str,
        bases: Collection[str],
        secrets: tuple[str, ...],
        budget: Budget,
        say: Callable[[str], None],
        accepted: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.channel, self.budget = channel, budget
        # what dlt would say of a session that raises by itself
        self.raise_for_status = False
        self._clients: dict[tuple[str, str | None, int | None], Http] = {}

        def classify(reply: Reply) -> Verdict:
            verdict = classify_by_status(reply)
            if reply.status in accepted or (verdict.kind == "retry" and reply.status == 204):
                return OK
            if verdict.kind in ("unauthorized", "forbidden"):
                return replace(verdict, todo=f"renew or correct the secrets under [sources.{channel}]")
            return verdict

        for base in bases:
            parts = urlsplit(base)
            client = Http(channel, f"{parts.scheme}://{parts.netloc}", classify, secrets)
            client.within(budget, say)
            self._clients[_host(base)] = client

    def send(self, request: requests.PreparedRequest, **given: Any) -> requests.Response:
        url = request.url or ""
        client = self._clients.get(_host(url))
        if client is None:
            host = urlsplit(url).hostname or "nowhere"
            raise VendorError(
                self.channel,
                f"was sent on to another host ({host})",
                "nothing was asked there; name that host as the declaration's `base_url`",
            )
        address, _, query = url.partition("?")
        body = request.body.encode() if isinstance(request.body, str) else request.body
        # Connection and Accept-Encoding are the client's own
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() not in _OWN}
        reply = client.send(
            request.method or "GET",
            address,
            query=query,
            body=body if isinstance(body, bytes) else None,
            headers=headers,
            authenticated=False,
        )
        response = _Answer(reply)
        response.request, response.url = request, url
        for hook in request.hooks.get("response", ()):
            response = hook(response) or response
        return response


_OWN = {"connection", "content-length", "accept-encoding", "host", "transfer-encoding"}


class _Answer(requests.Response):
    """A reply as `requests` has it; its JSON was read already."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.status_code = reply.status
        self.headers.update(reply.headers)
        self.encoding = "utf-8"
        self._content = reply.body
        self._read = reply.data

    def json(self, **_: Any) -> Any:
        return json.loads(self._content or b"") if self._read is None else self._read


def _host(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "", None, None
