"""How git is reached: an address without a secret in it, and what git must know beside it.

Every user of a machine sees the arguments of its processes, and git hands the address on to programs of its own. So a
user and a password of a URL are taken out of it: git asks for them by a credential helper that reads them from the
environment, which only this user sees.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from okr_reports.errors import DeliveryError

# `ext::` and others would run commands that the URL names.
TRANSPORTS = ("file", "ssh", "https")
DEFAULT_BRANCH = "gh-pages"
_USER, _PASSWORD = "OKR_GIT_USER", "OKR_GIT_PASSWORD"
# printf is the shell's own: no process has these words. An answer to `get` alone; git stores and erases nothing here.
_HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${_USER}" "${_PASSWORD}"; }}; f"""


@dataclass(frozen=True)
class GitAccess:
    """`url` is what git is given, `branch` the branch, `environment` what it needs to log in."""

    url: str
    branch: str
    environment: dict[str, str] = field(default_factory=dict, repr=False)


def git_access(url: str) -> GitAccess:
    """Take a target's `git+...` URL apart. Raises DeliveryError for a transport that is not safe."""
    plain, _, branch = url.removeprefix("git+").partition("#")
    parts = urlsplit(plain)
    if parts.scheme not in TRANSPORTS:
        raise DeliveryError(f"git cannot be reached that way; use git+{', git+'.join(TRANSPORTS)}")
    branch = branch or DEFAULT_BRANCH
    if parts.scheme == "ssh" and parts.password is not None:
        raise DeliveryError("ssh takes no password from a URL; remove it from the target's url and use a key")
    if parts.scheme != "https" or parts.username is None:
        return GitAccess(plain, branch)
    host = parts.netloc.rpartition("@")[2]
    return GitAccess(
        urlunsplit(parts._replace(netloc=host)),
        branch,
        {
            _USER: unquote(parts.username),
            _PASSWORD: unquote(parts.password or ""),
            # The empty one first: helpers of this user would otherwise be asked before, and would store it. For this
            # host alone: one that it redirects to is not given the password.
            **_settings(("credential.helper", ""), (f"credential.https://{host}.helper", _HELPER)),
        },
    )


def _settings(*settings: tuple[str, str]) -> dict[str, str]:
    """The variables that set these for git, after those that the environment sets already."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, start=first):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found
