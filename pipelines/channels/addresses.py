"""Which addresses a channel may talk to: https, or this machine itself (the sandbox)."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from pipelines.errors import ChannelError


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
        one, other = urlsplit(url), urlsplit(base_url)
        return (one.scheme, one.hostname, one.port, one.username) == (other.scheme, other.hostname, other.port, None)
    except ValueError:
        return False


def is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    # names that only a local network or a cloud's metadata service answers to
    if host.rstrip(".").endswith((".internal", ".local", ".localhost", ".home.arpa")):
        return True
    # 2130706433, 0x7f.1 and the like are addresses to a resolver, though not to `ipaddress`
    if host.replace(".", "").isdigit() or host.startswith("0x"):
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
