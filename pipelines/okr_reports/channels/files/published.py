"""A published sheet by its https address: fetched within the limits of channels, and from nowhere but its own hosts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from okr_reports.channels.http import Http, Redirected
from okr_reports.channels.replies import OK, Reply, Verdict, classify_by_status
from okr_reports.errors import VendorError
from okr_reports.file_sources import FileSource

_MOST_REDIRECTS = 4
# A sheet of Google's is handed out by a host of theirs for contents; nobody else's redirect leads anywhere.
_CONTENTS = {"docs.google.com": (".googleusercontent.com",)}
_TODO = "check that the sheet is published as CSV and that `path` is its address"


def fetch(source: FileSource, folder: Path) -> Path:
    """The sheet as a file in `folder`. Raises ChannelError, which shows no address beyond its host and path."""
    url = str(source.address)
    host = urlsplit(url).hostname or ""
    allowed = (host, *_CONTENTS.get(host, ()))
    for _ in range(_MOST_REDIRECTS):
        parts = urlsplit(url)
        http = Http(source.channel, f"{parts.scheme}://{parts.netloc}", _classify)
        try:
            reply = http.get(parts.path or "/", query=parts.query)
        except Redirected as redirect:
            url = urljoin(url, redirect.location)
            to = urlsplit(url)
            if to.scheme != parts.scheme or not _is_allowed(to.hostname or "", allowed):
                what = f"the sheet at {host} is handed on to {to.hostname or 'nowhere'}, which is not followed"
                raise VendorError(source.channel, what, _TODO) from None
            continue
        path = folder / f"{source.id}.csv"
        path.write_bytes(reply.body)
        return path
    raise VendorError(source.channel, f"the sheet at {host} is handed on without end", _TODO)


def _classify(reply: Reply) -> Verdict:
    """A table is no JSON; what needs a login is not published."""
    if 200 <= reply.status < 300:
        return OK
    verdict = classify_by_status(reply)
    return replace(verdict, kind="failed", todo=_TODO) if reply.status in (401, 403, 404, 410) else verdict


def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    return any(host == domain or (domain.startswith(".") and host.endswith(domain)) for domain in allowed)
