"""Reports that a vendor makes in the background: waiting for one with an end, and smaller windows where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from okr_reports.channels.http import Http
from okr_reports.channels.windows import Window
from okr_reports.errors import VendorError

FIRST_POLL, SLOWER, LONGEST_POLL = 0.1, 1.6, 10.0
# Meta allows an hour; a channel with less time left keeps half of it for smaller reports.
LONGEST_JOB = 3600.0
ATTEMPTS = 2

T = TypeVar("T")


class JobFailed(Exception):
    """The vendor could not make a report; a smaller one may work."""


class JobLate(JobFailed):
    """It could not in the time it has; the same one would not either."""


def wait_for(http: Http, look: Callable[[], T | None]) -> T:
    """What `look` answers once it is not None: asked soon, then ever more slowly.

    Raises JobLate after LONGEST_JOB seconds of waiting, or half of what is left of the channel's time.
    """
    waited, wait = 0.0, FIRST_POLL
    longest = min(LONGEST_JOB, http.budget.left() / 2)
    while waited < longest:
        found = look()
        if found is not None:
            return found
        http.sleep(wait)
        waited, wait = waited + wait, min(wait * SLOWER, LONGEST_POLL)
    raise JobLate(f"not finished in {waited:.0f} s")


def in_halves(
    http: Http, account_id: str, window: Window, report: Callable[[Window], Iterable[T]], attempts: int = ATTEMPTS
) -> Iterator[T]:
    """The rows of `report` for the window, from reports of halves of it where `report` raises JobFailed.

    Raises VendorError where even one day cannot be had; oldest first, so that a lasting fault costs few jobs.
    """
    for _ in range(attempts):
        try:
            rows = report(window)
        except JobLate:
            break
        except JobFailed:
            continue
        yield from rows
        return
    if window.length == 1:
        raise VendorError(
            http.channel,
            f"cannot make the report of {window.start}, not even of that day alone",
            "refresh again later",
            account_id,
        )
    for half in window.slices((window.length + 1) // 2):
        yield from in_halves(http, account_id, half, report, attempts=1)
