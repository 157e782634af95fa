"""Breaking a share of the requests, the same ones for the same seed, whatever the order they come in."""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
import socket
import struct
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from okr_reports.sandbox.state import SandboxState

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# reset: TCP RST in the middle of the body. truncated: the connection ends there in good order. half: a whole answer
# with half of the content in it.
KINDS = (
    "throttled_seconds",
    "throttled_date",
    "error_500",
    "error_502",
    "error_503",
    "reset",
    "truncated",
    "half",
    "error_in_200",
    "wrong_gzip",
    "slow",
    "expired_token",
)
# Our own ASGI message: the connection is to end here.
BREAK = "okr.break"

# How a vendor says that requests come too fast, each as (HTTP status, body).
THROTTLED = ((429, b'{"status":429,"message":"Too many requests"}'),)


class Faults:
    """ASGI middleware around one channel: a request's fate depends on the seed, the request and how often it came.

    `throttled` are this vendor's ways to say that requests come too fast. Tokens that cannot be renewed without a
    person do not expire by chance.
    """

    def __init__(
        self, app: Any, state: SandboxState, channel: str, throttled: Sequence[tuple[int, bytes]], tokens_expire: bool
    ) -> None:
        self._app, self._state, self._channel = app, state, channel
        self._throttled, self._tokens_expire = throttled, tokens_expire

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        self._state.counts[self._channel] += 1
        if self._state.counts[self._channel] in self._state.expire_at.get(self._channel, ()):
            self._expire(scope)
        body = await _whole_body(receive)
        self._state.requests.append((scope["method"], scope["path"], scope["query_string"], body))
        drawn = self._draw(scope, body)
        if drawn is None:
            await self._app(scope, _replay(body), send)
            return
        kind, number = drawn
        self._state.faults_done[kind] += 1
        if kind == "expired_token":
            if self._tokens_expire:
                self._expire(scope)
            await self._app(scope, _replay(body), send)
        elif kind.startswith("throttled"):
            after = {
                "throttled_seconds": b"1",
                "throttled_date": email.utils.formatdate(time.time() + 1, usegmt=True).encode(),
            }
            headers = [(b"retry-after", after[kind])] if kind in after else []
            said = self._throttled[number % len(self._throttled)]
            await _answer(send, *said, headers)
        elif kind.startswith("error_5"):
            await _answer(send, int(kind[-3:]), b"<html>Server Error</html>", content_type=b"text/html")
        elif kind == "error_in_200":
            await _answer(send, 200, b'{"status":500,"message":"Internal error"}')
        else:
            await self._spoil(kind, scope, _replay(body), send)

    def _draw(self, scope: Any, body: bytes) -> tuple[str, int] | None:
        """The kind of fault, and a number that chooses among its forms."""
        if not self._state.faults:
            return None
        question = f"{self._state.seed}|{scope['method']}|{scope['path']}|{scope['query_string']!r}|{body!r}"
        self._state.request_counts[question] += 1
        nth = self._state.request_counts[question]
        number = int.from_bytes(hashlib.blake2b(f"{question}|{nth}".encode(), digest_size=8).digest(), "big")
        number, kind = divmod(number, len(KINDS))
        number, rank = divmod(number, 10_000)
        return (KINDS[kind], number) if rank < self._state.faults * 10_000 else None

    def _expire(self, scope: Any) -> None:
        for name, value in scope["headers"]:
            if name in (b"authorization", b"access-token"):
                self._state.expired.add((self._channel, value.decode().removeprefix("Bearer ")))

    async def _spoil(self, kind: str, scope: Any, receive: Receive, send: Send) -> None:
        """Let the channel answer, then damage the answer on its way."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        start, content = kept[0], b"".join(message.get("body", b"") for message in kept[1:])
        if kind == "wrong_gzip":
            start["headers"] = [*start["headers"], (b"content-encoding", b"gzip")]
        if kind == "half":
            content = content[: len(content) // 2]
            start["headers"] = [
                *(header for header in start["headers"] if header[0] != b"content-length"),
                (b"content-length", str(len(content)).encode()),
            ]
        await send(start)
        if kind in ("reset", "truncated"):
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
            await send({"type": BREAK, "reset": kind == "reset"})
        elif kind == "slow":
            piece = len(content) // 8 + 1
            for at in range(0, len(content), piece):
                await send({"type": "http.response.body", "body": content[at : at + piece], "more_body": True})
                await asyncio.sleep(0.03)
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": content})


async def _whole_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    content_type: bytes = b"application/json",
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", content_type), length, *(headers or [])],
        }
    )
    await send({"type": "http.response.body", "body": body})


class BreaksConnections:
    """The outermost ASGI layer over uvicorn: what is sent as BREAK ends the TCP connection, by RST where `reset`.

    ASGI has no word for that, and Starlette hides uvicorn's own `send` and its transport from the layers within.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        async def breakable(message: Message) -> None:
            if message["type"] != BREAK:
                await send(message)
                return
            transport = send.__self__.transport  # type: ignore[attr-defined]
            if message["reset"]:
                # an end that does not linger is a reset
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            transport.close()
            # until uvicorn has noticed: it would else complain of an answer without an end
            while (await receive())["type"] != "http.disconnect":
                pass

        await self._app(scope, receive, breakable)
