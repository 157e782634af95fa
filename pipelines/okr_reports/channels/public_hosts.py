"""The transport of every session of a channel: requests with an end, and HTTPS to public addresses only.

A name that was public when it was configured may resolve to the local network by the time it is asked (DNS rebinding).
So each connection resolves its name once, leaves out what is not public, and connects to one of those very addresses.
"""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util import connection

from okr_reports.channels.addresses import is_public
from okr_reports.channels.deadline import Watched
from okr_reports.common.loopback import is_loopback_name

# Each may take a connection's whole timeout.
MOST_ADDRESSES = 4


class PublicHosts(HTTPAdapter):
    """Mounted for `http://`, which leads to this machine alone, and `https://`. A proxy resolves names itself."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Resolving(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        if self.proxy is not None or is_loopback_name(self.host):
            return super()._new_conn()
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from None
        public = [str(place[4][0]) for place in found if is_public(str(place[4][0]))]
        if not public:
            raise NewConnectionError(self, f"{self.host} is an address of the local network")
        *others, last = public[:MOST_ADDRESSES]
        for address in others:
            try:
                return self._to(address)
            except OSError:
                continue
        try:
            return self._to(last)
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def _to(self, address: str) -> socket.socket:
        return connection.create_connection(
            (address, self.port or 443), self.timeout, self.source_address, self.socket_options
        )


class _Connection(Watched, _Resolving):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Connection


_POOLS = {"http": _Pool, "https": _TlsPool}
