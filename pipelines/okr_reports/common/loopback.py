"""Whether a host is this machine, and whether a request was meant for it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

NAMES = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


def is_loopback_name(host: str) -> bool:
    """Whether a host in a URL is this machine, without asking a resolver."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_for(host: str, names: Collection[str] = ()) -> bool:
    """Whether a request's Host header names this machine, or is one of `names`, with any port.

    A page on the web may resolve its own name to 127.0.0.1 and read what a server here answers: its Host tells.
    """
    found = _HOST.fullmatch(host)
    return found is not None and found[1].lower() in {*NAMES, *(name.lower() for name in names)}


def not_for(names: Collection[str]) -> str:
    """What is answered to any other Host."""
    known = ", ".join((*NAMES, *names))
    return f"this server answers to {known}; to have it answer to another name start it with --host-name NAME\n"
