"""The proxy that a connector asks through (HTTP, RFC 9110 section 9.3.6 for tunnels): it knows where it may go.

A tunnel's bytes are passed on as they are; the certificate is the connector's to check. Of plain HTTP each connection
asks one host once. A name is resolved here, once for each connection, and the connection made to that very address.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from requests.utils import get_environ_proxies

from okr_reports.channels.addresses import is_public
from okr_reports.channels.public_hosts import MOST_ADDRESSES
from okr_reports.common.loopback import is_loopback_name

_MOST_CONNECTIONS = 200
# Hosts that are named in messages; a connector may ask for any number.
_MOST_SAID = 20
_HEAD_SECONDS, _CONNECT_SECONDS = 60, 30
_PIECE = 1 << 18
_OWN = (b"connection:", b"proxy-connection:", b"proxy-authorization:", b"keep-alive:")


@dataclass(frozen=True)
class Allowed:
    """Where a connector may go: to the hosts of `names`, and, unless `is_closed`, to every public one.

    `*.host` is every name below that host, never an address.
    """

    names: frozenset[str]
    is_closed: bool

    def permits(self, host: str) -> bool:
        """Whether this name or address may be asked, whatever it resolves to."""
        if host in self.names:
            return True
        if _is_address(host):
            return not self.is_closed and _is_plain(host) and is_public(host)
        above = host.split(".")
        return not self.is_closed or any(f"*.{'.'.join(above[at:])}" in self.names for at in range(1, len(above)))

    def permits_address(self, host: str, address: str) -> bool:
        """Whether a connection to `host` may be one to `address`: a public one, or one that is named itself."""
        if is_public(address) or address in self.names:
            return True
        if is_loopback_name(host):
            return is_loopback_name(address)
        local = ipaddress.ip_address(address.partition("%")[0])
        return not self.is_closed and host in self.names and not local.is_link_local


def _is_address(host: str) -> bool:
    # 0x7f.1 and 2130706433 are addresses to a resolver
    return _is_plain(host) or host.replace(".", "").isdigit() or host.startswith("0x")


def _is_plain(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class Gate:
    """One connector's proxy. `reached` are the hosts it has asked, `refused` those it may not, each with why."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.reached: dict[str, None] = {}
        self.refused: dict[str, str] = {}
        self._open, self._servers = 0, list[asyncio.Server]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def serve(self, listening: socket.socket) -> None:
        """Answer what comes in at this socket until `close`."""
        serving = asyncio.start_server(self._answer, sock=listening)
        self._servers.append(asyncio.run_coroutine_threadsafe(serving, self._loop).result(_HEAD_SECONDS))

    def close(self) -> None:
        """End every connection, and answer no more."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._loop.shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(_HEAD_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _MOST_CONNECTIONS:
                await self._pass_on(reader, writer)
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the connector sees its connection end; cancelled is what `close` ends
        finally:
            self._open -= 1
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ")
        is_tunnel = method == "CONNECT"
        parts = urlsplit(f"//{target}" if is_tunnel else target)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (443 if is_tunnel else 80)
        if not host or not (is_tunnel or parts.scheme == "http"):
            return _say(writer, 400, "this is a proxy")
        if not self.allowed.permits(host):
            why = "is not among the hosts of its channel" if self.allowed.is_closed else "is no public address"
            return self._refuse(writer, host, why)
        upstream = _upstream("https" if is_tunnel else "http", host, port)
        try:
            found = await (_through(upstream, host, port, is_tunnel) if upstream else self._to(host, port))
        except _Local:
            return self._refuse(writer, host, "leads to an address of the local network")
        except (OSError, TimeoutError) as error:
            return _say(writer, 502, f"{host}: {error or 'no answer'}")
        if len(self.reached) < _MOST_SAID:
            self.reached[host] = None
        answering, asking = found
        try:
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                lines = [said for said in rest.split(b"\r\n") if said and not said.lower().startswith(_OWN)]
                wanted = target if upstream else parts._replace(scheme="", netloc="").geturl() or "/"
                signed = [line.encode() for line in _authorization(upstream)] if upstream else []
                lines = [f"{method} {wanted} {version}".encode("latin-1"), *lines, *signed, b"Connection: close"]
                asking.write(b"\r\n".join([*lines, b"", b""]))
            await asyncio.gather(_pump(reader, asking), _pump(answering, writer))
        finally:
            asking.close()

    async def _to(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(place[4][0]) for place in found)
        allowed = [address for address in addresses if self.allowed.permits_address(host, address)][:MOST_ADDRESSES]
        if not allowed:
            raise _Local
        for address in allowed[:-1]:
            with suppress(OSError, TimeoutError):
                return await _connected(address, port)
        return await _connected(allowed[-1], port)

    def _refuse(self, writer: asyncio.StreamWriter, host: str, why: str) -> None:
        if len(self.refused) < _MOST_SAID:
            self.refused[host] = why
        _say(writer, 403, f"{host} {why}")


class _Local(Exception):
    """Its name leads to no address that may be asked."""


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(_CONNECT_SECONDS):
        return await asyncio.open_connection(host, port)


def _upstream(scheme: str, host: str, port: int) -> str | None:
    """The operator's own proxy for this host, by the variables that every program reads."""
    known = get_environ_proxies(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}")
    found = known.get(scheme) or known.get("all")
    return found if not found or "://" in found else f"http://{found}"


async def _through(
    upstream: str, host: str, port: int, is_tunnel: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection by the operator's proxy, which resolves names itself."""
    parts = urlsplit(upstream)
    if parts.scheme not in ("http", "https"):
        raise OSError(f"a connector cannot go through a proxy of {parts.scheme}://; set https_proxy to one of http://")
    is_https = parts.scheme == "https"
    async with asyncio.timeout(_CONNECT_SECONDS):
        port_of_it = parts.port or (443 if is_https else 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port_of_it, ssl=is_https or None)
    if is_tunnel:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", *_authorization(upstream)]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        status = answer.splitlines()[0].decode("latin-1")
        if " 200" not in status:
            writer.close()
            raise OSError(f"the proxy of this machine answers {status}")
    return reader, writer


def _authorization(upstream: str) -> list[str]:
    """The line that signs in to the operator's proxy, where its address has a name."""
    parts = urlsplit(upstream)
    if parts.username is None:
        return []
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return [f"Proxy-Authorization: Basic {base64.b64encode(user).decode()}"]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()


def _say(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    body = f"okr: {text}\n".encode()
    head = f"HTTP/1.1 {status} {'Forbidden' if status == 403 else 'Not passed on'}\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
