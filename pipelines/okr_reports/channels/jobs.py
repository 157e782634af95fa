"""Reports that a vendor makes in the background: waiting for one with an end, and smaller ones where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
    """It could not in the time it has, or says that it is too large; the same one would not work either."""


@dataclass(frozen=True)
class Part:
    """What one report is asked for: a window, of all campaigns, of `campaigns`, or (`of_others`) of all but those.

    The last is where rows of campaigns are that no list has any more.
    """

    window: Window
    campaigns: tuple[str, ...] = ()
    of_others: bool = False

    def halves(self, campaigns: Callable[[], Sequence[str]]) -> list[Part]:
        """Its days in halves, then a day's campaigns; [] where nothing smaller can be asked for."""
        if self.window.length > 1:
            return [replace(self, window=half) for half in self.window.slices((self.window.length + 1) // 2)]
        known = self.campaigns or tuple(campaigns())
        if self.of_others or not known or (self.campaigns and len(known) == 1):
            return []
        middle = (len(known) + 1) // 2
        parts = [replace(self, campaigns=half) for half in (known[:middle], known[middle:]) if half]
        return parts if self.campaigns else [*parts, replace(self, campaigns=known, of_others=True)]


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


def fetch_with_splits(
    http: Http,
    account_id: str,
    part: Part,
    report: Callable[[Part], Iterable[T]],
    campaigns: Callable[[], Sequence[str]],
    attempts: int = ATTEMPTS,
) -> Iterator[T]:
    """The rows of `report`, from reports of halves where it raises JobFailed: of days, then of the ids of `campaigns`.

    Raises VendorError where even one campaign's day cannot be had; oldest first, so that a lasting fault costs few.
    """
    for _ in range(attempts):
        try:
            rows = report(part)
        except JobLate:
            break
        except JobFailed:
            continue
        yield from rows
        return
    halves = part.halves(campaigns)
    if not halves:
        smallest = f"of the campaign {part.campaigns[0]} alone" if len(part.campaigns) == 1 else "of that day alone"
        raise VendorError(
            http.channel,
            f"cannot make the report of {part.window.start}, not even {smallest}",
            "refresh again later",
            account_id,
        )
    for half in halves:
        yield from fetch_with_splits(http, account_id, half, report, campaigns, attempts=1)
