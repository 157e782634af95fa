"""Whether everything that `history/` holds can be used: the chain of days, and every part by its digest."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from okr_reports.errors import HistoryError
from okr_reports.warehouse.history.days import FROM_BACKUP, Day, broken_links, days, read_day
from okr_reports.warehouse.history.parts import is_sound


def faults(history: Path, *, newest_only: bool = False, published: Collection[date] = ()) -> Iterator[str]:
    """What is gone or damaged, in sentences; with `newest_only` that of the last day, which a lost warehouse needs.

    `published` are the days that the warehouse knows of: nothing in `history/` tells that its last days are gone.
    """
    kept = days(history)
    for day in sorted(set(published) - set(kept)):
        if newest_only and kept and day < kept[-1]:
            continue
        yield f"{history / 'days' / f'{day}.json'} is gone, and a report of {day} was published; {FROM_BACKUP}"
    if not newest_only:
        yield from broken_links(history)
    needed: dict[str, list[Day]] = {}
    for day in kept[-1:] if newest_only else kept:
        try:
            manifest = read_day(history, day)
        except HistoryError as error:
            if newest_only:
                yield str(error)
            continue  # else said with the chain
        for table in (*manifest.tables, *manifest.ledgers):
            for part in table["parts"]:
                needed.setdefault(part, []).append(manifest)
    for part, of_days in sorted(needed.items()):
        if not is_sound(history / "parts" / part):
            first, last = of_days[0].day, of_days[-1].day
            when = f"the report of {first} needs it" if first == last else f"reports from {first} to {last} need it"
            what = "is not what its name says" if (history / "parts" / part).exists() else "is gone"
            yield f"{history / 'parts' / part} {what}, and {when}; {FROM_BACKUP}"


def summary(history: Path) -> str:
    """How many days there are, from when to when, and since when they are chained."""
    kept = days(history)
    if not kept:
        return "nothing is kept yet"
    chained = next((day for day in kept if _is_chained(history, day)), None)
    since = f"chained since {chained}" if chained else "of version 0.1.0, the chain begins with the next report"
    return f"{len(kept)} days from {kept[0]} to {kept[-1]}, {since}"


def _is_chained(history: Path, day: date) -> bool:
    try:
        return read_day(history, day).is_chained
    except HistoryError:
        return False
