"""HTTPS to public addresses only, decided where the connection is made.

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
from okr_reports.loopback import is_loopback_name


class PublicHosts(HTTPAdapter):
    """The transport of `https://` in every session of a channel. A proxy of the environment resolves names itself."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _Pool}


class _Connection(HTTPSConnection):
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
        for address in public[:-1]:
            try:
                return self._to(address)
            except OSError:
                continue
        try:
            return self._to(public[-1])
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def _to(self, address: str) -> socket.socket:
        return connection.create_connection(
            (address, self.port or 443), self.timeout, self.source_address, self.socket_options
        )


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection
