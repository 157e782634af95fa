"""Which addresses a channel may talk to: https, or this machine itself (the sandbox)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from okr_reports.common.loopback import is_loopback_name
from okr_reports.errors import ChannelError

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_IPV6_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_base_url(channel: str, url: str) -> str:
    """`url` without a trailing slash.

    Raises ChannelError unless it is https to a public host, or http(s) to a loopback address; a name and password in
    it, a query, and literal addresses of the local network or of cloud metadata services are refused.
    """
    todo = f"write base_url under [sources.{channel}] as https://host/path"
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ChannelError(channel, "base_url is not an address", todo) from None
    if not parts.hostname or not port_is_valid or parts.username is not None or parts.query or parts.fragment:
        raise ChannelError(channel, "base_url is not a plain https address", todo)
    if is_loopback(parts):
        if parts.scheme in ("http", "https"):
            return url.rstrip("/")
    elif parts.scheme == "https" and not _is_private(parts.hostname):
        return url.rstrip("/")
    raise ChannelError(channel, f"base_url {parts.scheme}://{parts.hostname} is neither https nor this machine", todo)


def same_place(url: str, base_url: str) -> bool:
    """Whether `url` has the scheme, host and port of `base_url`: secrets are sent nowhere else."""
    try:
        place, base = urlsplit(url), urlsplit(base_url)
        return (place.scheme, place.hostname, place.port, place.username) == (
            base.scheme,
            base.hostname,
            base.port,
            None,
        )
    except ValueError:
        return False


def is_loopback(parts: SplitResult) -> bool:
    """Whether a URL that is taken apart leads to this machine, without asking a resolver."""
    return is_loopback_name(parts.hostname or "")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; one that carries an IPv4 address is judged by that."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        if carried is not None:
            return carried.is_global and not carried.is_multicast
        return ip in _IPV6_UNICAST and ip.is_global
    return ip.is_global and not ip.is_multicast


def _is_private(host: str) -> bool:
    # names that only a local network or a cloud's metadata service answers to
    if host.rstrip(".").endswith((".internal", ".local", ".localhost", ".home.arpa")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        # 2130706433, 0x7f.1 and the like are addresses to a resolver, though not to `ipaddress`; full stops of other
        # scripts and %31 become ones on the way there
        return host.replace(".", "").isdigit() or host.startswith("0x") or not _NAME.fullmatch(host)
