"""Headers that are periods, and headers of two rows, of which the upper one is written once for several columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from okr_reports.channels.files import amounts, periods
from okr_reports.channels.files.faults import listed
from okr_reports.channels.files.names import is_total, plain, spaced
from okr_reports.channels.files.periods import OutOfOrder, Period, YearUnknown
from okr_reports.channels.files.rows import Fault

Record = tuple[int, int, list[str]]
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_CODE = re.compile(r"%[-A-Za-z]")
_Read = Callable[[Sequence[str]], dict[int, Period]]


@dataclass
class Across:
    """What the headers of a wide table say: which columns are of a period, the first day of each, and of two rows of
    headers the other one's words. `line` are both as one. `trouble` is why the days are not known."""

    there: dict[int, Period] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    line: Record | None = None
    days: dict[int, date] = field(default_factory=dict)
    trouble: Fault | None = None


def across(record: Record, form: str, grain: str, titles: Iterable[str] = (), below: Record | None = None) -> Across:
    """Of one row of headers, or with `below` of two: then `line` is None where these two are none.

    `form` is the declared one, whose year, if it has one, is that of the first period. `titles` may say it too.
    """
    kind = periods.grain_of(form, grain)

    def of(cells: Sequence[str]) -> dict[int, Period]:
        found = {at: periods.declared(cell, form, kind) for at, cell in enumerate(cells) if cell}
        return {at: period for at, period in found.items() if period is not None}

    made = Across(of(record[2])) if below is None else _pair(record, below, of, kind)
    if made.there:
        _date(made, made.line[2] if made.line else record[2], form, kind, titles)
    return made


def _date(made: Across, names: Sequence[str], form: str, kind: str, titles: Iterable[str]) -> None:
    said = periods.years_in(titles)
    year = _YEAR.search(_CODE.sub(" ", form))
    declared, titled = int(year[1]) if year else None, said.pop() if len(said) == 1 else None
    if {period.is_half for period in made.there.values()} == {True} and max(
        period.number for period in made.there.values()
    ) < 3:
        what = f"has columns that may be weeks or half-years ({listed(names[at] for at in made.there)})"
        made.trouble = Fault(what, "write weeks as 2026-W45, and of a half-year its months")
        return
    try:
        for label in dict.fromkeys(made.labels.get(at) for at in made.there):
            part = {at: period for at, period in made.there.items() if made.labels.get(at) == label}
            made.days |= periods.dated(part, declared, titled)
    except YearUnknown:
        first = spaced(names[min(made.there)])
        what = f"does not say of which year the column {first!r} is, the first of its {kind}s"
        todo = f'declare that year, as in `wide: {{dates: "{with_year(form, date.today().year)}"}}`'
        made.trouble = Fault(what, todo, settles="wide")
    except ValueError as odd:
        name = spaced(names[odd.args[0]])
        rule = " of ISO 8601 (Monday to Sunday)" if kind == "week" else ""
        wrong = "is not behind the one before it" if isinstance(odd, OutOfOrder) else f"is no {kind}{rule}"
        made.trouble = Fault(f"has a column {name!r}, which {wrong}", "correct that header, with its year")


def with_year(form: str, year: int) -> str:
    """A form of headers with their year written out in it."""
    written, times = re.subn(r"%[YyG]|(?<!\d)\d{4}(?!\d)", str(year), form)
    return written if times else f"{form} {year}"


def _pair(record: Record, below: Record, of: _Read, kind: str) -> Across:
    width = max(len(record[2]), len(below[2]))
    upper, lower = ([*cells, *[""] * (width - len(cells))] for cells in (record[2], below[2]))
    top = filled(upper)
    above, under = of(top), of(lower)
    if len(under) > 1 and len(under) >= len(set(above.values())):
        found = _periods_below(top, under, kind)
    else:
        found = _periods_above(top, lower, above)
    if found is None:
        return Across()
    there, labels = found
    return Across(there, labels, (record[0], below[1], _names(upper, top, lower, labels)))


def _periods_above(
    top: Sequence[str], lower: Sequence[str], above: dict[int, Period]
) -> tuple[dict[int, Period], dict[int, str]] | None:
    """Months, and below each `Plan` and `Actual`."""
    labels = {at: spaced(lower[at]) for at in above if lower[at] and not is_total(spaced(lower[at]))}
    some_repeat = len(set(map(plain, labels.values()))) < len(labels)
    if len(labels) < 2 or any(_is_value(lower[at]) for at in above) or not some_repeat:
        return None
    return {at: above[at] for at in labels}, labels


def _periods_below(
    top: Sequence[str], under: dict[int, Period], kind: str
) -> tuple[dict[int, Period], dict[int, str]] | None:
    """`Plan` and `Actual`, and below each the months; or years, and below them months; or both."""
    dated, labels = {}, {}
    for at, period in under.items():
        words = spaced(top[at]).lstrip(amounts.NATIVE)
        coarser = [found for wider in ("month", "quarter") if wider != kind and (found := periods.read(words, wider))]
        years = {int(year) for year in _YEAR.findall(words)}
        dated[at] = periods.with_year(period, coarser[0] if coarser else None, years)
        labels[at] = "" if coarser else spaced(_YEAR.sub("", words)).strip(" -–—:/")
    keys = [(period.number, period.year, period.day) for period in dated.values()]
    if len(set(keys)) < len(keys) and all(labels.values()) and len(set(map(plain, labels.values()))) > 1:
        return dated, labels
    return (dated, {}) if dated != under else None


def filled(cells: Sequence[str]) -> list[str]:
    """A row with each cell carried to the empty ones behind it, as if they were merged."""
    found: list[str] = []
    for cell in cells:
        found.append(cell or (found[-1] if found else ""))
    return found


def _names(upper: Sequence[str], top: Sequence[str], lower: Sequence[str], labels: dict[int, str]) -> list[str]:
    names = []
    for at, under in enumerate(lower):
        if at in labels:
            names.append(" ".join(dict.fromkeys(filter(None, (spaced(top[at]), spaced(under))))))
        else:
            names.append(top[at] if is_total(spaced(top[at])) else under or upper[at])
    return names


def _is_value(cell: str) -> bool:
    return cell.startswith(amounts.NATIVE) or amounts.take_apart(cell) is not None


def beside(record: Record, below: Record) -> Record | None:
    """Two rows of headers as one, where the lower one has a name more than once and the upper one parts them:
    `Google` over `Cost` and `Clicks`, `Meta` over the same. None where they are no such rows."""
    width = max(len(record[2]), len(below[2]))
    upper, lower = ([*cells, *[""] * (width - len(cells))] for cells in (record[2], below[2]))
    names = [plain(name) for name in lower if name]
    twice = {name for name in names if names.count(name) > 1}
    if not twice or any(_is_value(cell) for cell in [*upper, *lower] if cell) or sum(map(bool, upper)) < 2:
        return None
    top = filled(upper)
    joined = [
        f"{spaced(top[at])} {spaced(under)}" if plain(under) in twice and top[at] else under or upper[at]
        for at, under in enumerate(lower)
    ]
    return (record[0], below[1], joined) if len({plain(name) for name in joined if name}) > len(set(names)) else None
