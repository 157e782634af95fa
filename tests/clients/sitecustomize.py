"""Another host, and nothing else: in the environment of a public client each vendor's host is the sandbox.

Python imports this module by its name from PYTHONPATH before the client begins.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

HOSTS = {
    "api.linkedin.com": "linkedin_ads",
    "www.linkedin.com": "linkedin_ads",
    "api.mailchimp.com": "mailchimp",
    "login.mailchimp.com": "mailchimp",
    "api.hubapi.com": "hubspot",
    "business-api.tiktok.com": "tiktok_ads",
    "graph.facebook.com": "meta_ads",
    "googleads.googleapis.com": "google_ads",
}
# Google's token server and its older host serve several; the client says which it is.
SHARED = ("www.googleapis.com", "oauth2.googleapis.com")


def redirected(url: str) -> str:
    """The URL at the sandbox, for a vendor's; all others as they are."""
    parts, sandbox = urlsplit(url), urlsplit(os.environ["OKR_SANDBOX"])
    host = parts.hostname or ""
    channel = next((name for ending, name in HOSTS.items() if host == ending or host.endswith(f".{ending}")), "")
    if host in SHARED:
        channel = os.environ["OKR_CLIENT_OF"]
        path = "/token" if "token" in parts.path else parts.path
        return urlunsplit((sandbox.scheme, sandbox.netloc, f"/{channel}{path}", parts.query, ""))
    return urlunsplit((sandbox.scheme, sandbox.netloc, f"/{channel}{parts.path}", parts.query, "")) if channel else url


def _redirect_requests() -> None:
    try:
        import requests.adapters
    except ImportError:
        return
    send = requests.adapters.HTTPAdapter.send

    def elsewhere(self, request, *arguments, **named):  # type: ignore[no-untyped-def]
        request.url = redirected(request.url)
        return send(self, request, *arguments, **named)

    requests.adapters.HTTPAdapter.send = elsewhere  # type: ignore[method-assign]


if "OKR_SANDBOX" in os.environ:
    _redirect_requests()
