"""Whether a host is this machine."""

from __future__ import annotations

import ipaddress


def is_loopback_name(host: str) -> bool:
    """Whether a host in a URL is this machine, without asking a resolver."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
