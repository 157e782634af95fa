"""What the days of a source say about its grain: a week, a month or a quarter apart, each row hardly covers one day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from okr_reports.channels.files.rows import Fault

# Of two days a week apart, or of two payments, nobody knows.
_FEWEST = 3
_GRAINS = ("week", "month", "quarter")


def coarser(
    by_file: Mapping[str, Iterable[date]], others: Iterable[date], named: str | None = None
) -> Iterator[tuple[str, Fault]]:
    """A fault for each file whose days, or those of all files together with `others`, are not of single days.

    A period that is missing in between changes nothing. `others` are days of files that were loaded before: an export a
    week in a file of its own shows its grain only beside them. `named` is the grain that the header of the days names:
    then one day that can begin or end it is enough.
    """
    days = {name: set(dates) for name, dates in by_file.items()}
    every = set(others).union(*days.values())
    of_all = apart(every)
    for name, own in days.items():
        found, count = apart(own), len(own)
        if found is None:
            found, count = of_all, len(every)
        if found is None and named is not None and _may_be(named, own):
            found, count = named, len(own)
        if found is not None and own:
            yield name, _fault(found, count)


def _may_be(grain: str, days: set[date]) -> bool:
    """Whether all days are the first, or the last, of a unit of this grain."""
    if grain == "week":
        return len({day.weekday() for day in days}) == 1
    for edge in (0, 1):
        edges = [day + timedelta(days=edge) for day in days]
        if all(day.day == 1 and (grain == "month" or day.month % 3 == 1) for day in edges):
            return True
    return False


def _fault(grain: str, count: int) -> Fault:
    apart_by = f"its {count} dates are a {grain} apart" if count > 1 else f"its date is of a {grain} by its header"
    what = f"{apart_by}, so that each row seems to cover more than one day"
    todo = f"add `grain: {grain}`" if grain in _GRAINS else "name the column of the last day as `end_date`"
    return Fault(what, f"{todo}, or `grain: day` if the rows are of single days")


def apart(days: set[date]) -> str | None:
    """week, month, quarter, or in words another length that no `grain` has; None where the days are single ones."""
    if len(days) < _FEWEST:
        return None
    ordered = sorted(days)
    gaps = {(after - before).days for before, after in pairwise(ordered)}
    if all(gap % 7 == 0 for gap in gaps):
        return "week" if 7 in gaps else "fortnight" if 14 in gaps else None
    is_first = all(day.day == 1 for day in days)
    if is_first or all((day + timedelta(days=1)).day == 1 for day in days):
        return "quarter" if min(gaps) >= 89 else "month"
    of_one_day = len({day.day for day in days}) == 1
    return "month (on one day of it)" if of_one_day and max(gaps) <= 31 else None
