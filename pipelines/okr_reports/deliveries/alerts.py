"""Short messages to chat and whatever else apprise speaks: digests in brief, and word of a run that failed.

The URLs hold the services' tokens. Neither a URL nor a line of the libraries that handle it is ever shown or logged;
a failure names the service alone (`slack`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from okr_reports.deliveries.plain_text import one_line, without_mentions

# apprise and urllib3 write URLs with their tokens, the latter also in its warnings about retries.
_TALKATIVE = ("apprise", "urllib3", "requests", "httpx", "httpcore", "markdown", "MARKDOWN")
BACKOFF = (2.0, 10.0)


def service(url: str) -> str:
    """What may be said of an apprise URL: its scheme."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator and scheme.replace("-", "").isalnum() else "unknown service"


def notify(
    urls: Sequence[str], title: str, body: str, *, sleep: Callable[[float], None] = time.sleep
) -> list[tuple[str, str]]:
    """Tell every service; those not reached, as (URL, why). The URL is for the caller's books, not for showing.

    Titles and bodies may hold anything: nothing in them mentions a person, names a link, or starts a header.
    """
    failed = []
    with _quiet():
        for url in urls:
            why = _notify_one(url, one_line(without_mentions(title)), without_mentions(body), sleep)
            if why:
                failed.append((url, why))
    return failed


def _notify_one(url: str, title: str, body: str, sleep: Callable[[float], None]) -> str:
    """Why it did not get through; empty when it did."""
    import apprise

    # Memory: apprise would otherwise keep a cache below the home folder.
    asset = apprise.AppriseAsset(storage_mode="memory", async_mode=False)
    channel = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if channel is None:
        return f"{service(url)}: its URL is not one that apprise knows; see its page on that service"
    sender = apprise.Apprise(asset=asset)
    sender.add(channel)
    for attempt in range(1 + len(BACKOFF)):
        if sender.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
            return ""
        if attempt < len(BACKOFF):
            sleep(BACKOFF[attempt])
    return (
        f"{service(url)}: not reached in {1 + len(BACKOFF)} attempts; check its URL and that this machine may reach it"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in zip(loggers, levels, strict=True):
            log.setLevel(level)
