"""Columns and measures of a sheet that is no vendor's export, from its header and its first rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from okr_reports.adding.measures import VALUE, Measures, adds_up, are_codes, measure_id, measures_of, share
from okr_reports.catalogue import is_money
from okr_reports.channels.files import amounts, dates, periods
from okr_reports.channels.files.faults import listed
from okr_reports.channels.files.glimpse import Glimpse
from okr_reports.channels.files.header_rows import Across, across, beside
from okr_reports.channels.files.layout import Record
from okr_reports.channels.files.measure_words import are_measures
from okr_reports.channels.files.names import (
    METRIC,
    NULL_MARKS,
    SHEET_ERROR,
    grain_named,
    is_currency_column,
    is_range_end,
    is_total,
    named_currency,
    plain,
    spaced,
)

_DAY = re.compile(
    r"(?:.*\b)?(?:date|day|fecha|d[ií]a|datum|tag|jour|dag|data|giorno|dia|created|week|woche|semana|semaine|month|mes|"
    r"monat|mois)\b.*"
)
_CAMPAIGN = r"(?:campaign|campa[ñn]a|kampagnen?|campagne|campagna|campanha)"
_NAMES = {
    "campaign_id": re.compile(rf"{_CAMPAIGN}[ _-]?id|id (?:de )?(?:la )?{_CAMPAIGN}"),
    "campaign_name": re.compile(
        rf"(?:{_CAMPAIGN}|channel|canal|kanal|source|medium|kampagnenname)(?:[ _]?name)?|"
        rf"(?:nom|nombre|name|nome) (?:de |der |da )?(?:la )?{_CAMPAIGN}"
    ),
    "account_id": re.compile(
        r"(?:account|cuenta|konto|compte|store|shop|site|brand|market|country)(?:[ _]?(?:id|name))?"
    ),
    "campaign_group_name": re.compile(r"(?:campaign[ _]group|team|region)(?:[ _]?name)?"),
}
_PLAN = re.compile(
    r"\b(?:plan\w*|budget\w*|soll|ziel\w*|targets?|goals?|presupuesto|objetivos?|previsto|prévu\w*|objectifs?|begroot|"
    r"begroting|doel\w*|obiettiv[oi]|preventivo|or[cç]amento|or[cç]ado)\b",
    re.IGNORECASE,
)
# Which of these is the year, and which the month, is asked when it is read.
_SHORT_YEAR = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2}(?: .*)?")


@dataclass
class Guess:
    """A mapping in the words of a file source's entry; `plan` are keys of another one, of what the table plans,
    `stocks` the measures that are levels, `trouble` why it has none. `says_day`:
    its column of days is named as one."""

    glimpse: Glimpse
    header: int
    entry: dict[str, Any] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    stocks: list[str] = field(default_factory=list)
    trouble: str = ""
    says_day: bool = False
    score: int = 0


def guess(glimpses: Sequence[Glimpse]) -> Guess | None:
    """The mapping that makes most of the file's columns. None where no table with days is found."""
    found = [guessed for guessed in (_of(glimpse) for glimpse in glimpses) if guessed is not None]
    return max(found, key=lambda guessed: guessed.score) if found else None


def _of(glimpse: Glimpse) -> Guess | None:
    for at, record in enumerate(glimpse.records[:50]):
        body = glimpse.records[at + 1 : at + 200]
        if not _may_be_header(record) or not body:
            continue
        joined = beside(record, body[0])
        made = _wide(glimpse, at) or (joined and _long(glimpse, joined, body[1:])) or _long(glimpse, record, body)
        if made:
            return made
    return None


def _may_be_header(record: Record) -> bool:
    cells = [cell for cell in record[2] if cell]
    return len(cells) >= 2


def _column(body: Sequence[Record], at: int) -> list[str]:
    # a line of one cell is a footer, not a row
    cells = [cells[at] for _, _, cells in body if at < len(cells) and sum(map(bool, cells)) > 1]
    return [cell for cell in cells if cell.casefold() not in NULL_MARKS and not _is_furniture(cell)]


def _is_furniture(cell: str) -> bool:
    return SHEET_ERROR.fullmatch(cell) is not None or is_total(cell)


def _first(body: Sequence[Record], at: int) -> str:
    """The cell of a column right below the header."""
    return next((cells[at] if at < len(cells) else "" for _, _, cells in body if any(cells)), "")


def _is_day(cell: str) -> bool:
    return (
        (dates.read(cell.lstrip(amounts.NATIVE)) is not None and not cell.lstrip(amounts.NATIVE).isdigit())
        or _compact(cell)
        or _SHORT_YEAR.fullmatch(cell) is not None
    )


def _grain(cells: Sequence[str], name: str) -> str | None:
    """What the cells of a column of days are of; None if they are none."""
    if share(cells, _is_day) > 0.6:
        return "day"
    if share(cells, _is_week) > 0.6:
        return "week"
    if share(cells, lambda cell: _is_month(cell, name)) > 0.6:
        months = share(
            cells, lambda cell: dates.read(cell.lstrip(amounts.NATIVE), months=True, quarters=False) is not None
        )
        return "month" if months > 0.5 else "quarter"
    return None


def _is_month(cell: str, name: str) -> bool:
    text = cell.lstrip(amounts.NATIVE)
    # 202607 is a month where its column says so
    return dates.read(text, months=True) is not None and (not text.isdigit() or grain_named(name) == "month")


def _is_week(cell: str) -> bool:
    week = periods.read(cell, "week")
    return week is not None and week.year is not None


def _compact(cell: str) -> bool:
    text = cell.lstrip(amounts.NATIVE)
    return len(text) == 8 and text.isdigit() and "19900101" <= text <= "21991231"


def _long(glimpse: Glimpse, record: Record, body: Sequence[Record]) -> Guess | None:
    names = [spaced(name) for name in record[2]]
    if any(_is_day(name) or amounts.take_apart(name) for name in names if name):
        return None  # facts of a report above its header
    grains = {at: grain for at, name in enumerate(names) if name and (grain := _grain(_column(body, at), name))}
    days = [at for at, grain in grains.items() if grain == "day"] or list(grains)
    # what stands right below the header is a day already, or nothing: else it is a title above the header
    days = [at for at in days if not (first := _first(body, at)) or _grain([first], names[at]) or is_total(first)]
    if not days:
        return None
    day = next((at for at in days if _DAY.fullmatch(plain(names[at])) and not is_range_end(names[at])), days[0])
    made = Guess(glimpse, record[0], {"date": names[day]}, says_day=_DAY.fullmatch(plain(names[day])) is not None)
    named = grain_named(names[day]) if grains[day] == "day" else grains[day]
    if named and named != "day" and _are_of(_column(body, day), named):
        made.entry["grain"] = named
    if pivot := _pivot(names, body, day):
        made.entry |= pivot
        made.score = 5
        return made
    columns: list[tuple[str, list[str]]] = []
    for at, name in enumerate(names):
        if not name or at == day:
            continue
        if role := _role(plain(name), made.entry):
            made.entry[role] = name
        elif is_currency_column(name):
            made.entry["currency"] = {"column": name}
        elif at in days and at > day and is_range_end(name):
            made.entry["end_date"] = name
        elif are_codes(cells := _column(body, at)):
            made.entry.setdefault("currency", {"column": name})
        else:
            columns.append((name, cells))
    found = measures_of(columns, _title_above(glimpse, record), has_currency="currency" in made.entry)
    _say_rates(made, found)
    made.entry["measures"] = found.of or {"rows": {"count": "rows"}}
    if not found.of:
        made.assumed.append("it has no column of numbers, so its rows are counted")
    made.score = len(made.entry) + 2 * len(found.of)
    made.stocks = found.stocks
    if any(named_currency(name, is_money=is_money(measure)) for measure, name in found.named):
        made.entry.setdefault("currency", "auto")
    return made


def _title_above(glimpse: Glimpse, record: Record) -> str:
    """The line right above a header, where it is one cell."""
    above = [cells for _, last, cells in glimpse.records if last < record[0] and any(cells)]
    return next((" ".join(filter(None, cells)) for cells in above[-1:] if sum(map(bool, cells)) == 1), "")


def _are_of(cells: Sequence[str], grain: str) -> bool:
    """Whether days are each of a week, a month or a quarter of its own: as far apart as those are."""
    written = {dates.read(cell.lstrip(amounts.NATIVE)) for cell in cells}
    days = sorted(day for moment in written if moment and (day := moment.on(False)))
    least = {"week": 7, "month": 28, "quarter": 89}[grain]
    return all((later - earlier).days >= least for earlier, later in itertools.pairwise(days))


def _pivot(names: Sequence[str], body: Sequence[Record], day: int) -> dict[str, Any] | None:
    """A long table: a column of names of measures and one of their values."""
    named = [at for at, name in enumerate(names) if METRIC.fullmatch(plain(name))]
    valued = [at for at, name in enumerate(names) if VALUE.fullmatch(plain(name)) and at != day]
    if len(named) != 1 or len(valued) != 1:
        return None
    found = dict.fromkeys(_column(body, named[0]))
    measures = {measure_id(name): name for name in found if adds_up(name)}
    return {"pivot": {"name": names[named[0]], "value": names[valued[0]]}, "measures": measures} if measures else None


# How headers of each grain are declared; what is written otherwise is read all the same.
_FORMS = (("day", "%Y-%m-%d"), ("week", "%G-W%V"), ("month", "%b %Y"), ("month", "%b-%y"), ("quarter", "%b %Y"))


def _wide(glimpse: Glimpse, at: int) -> Guess | None:
    """One column a period, below a second row of headers or not."""
    record = glimpse.records[at]
    below = glimpse.records[at + 1]
    titles = [glimpse.sheet, *(cell for _, _, cells in glimpse.records[:at] for cell in cells if cell)]
    for grain, form in _FORMS:
        found = across(record, form, grain, titles, below)
        if found.line is None:
            found = across(record, form, grain, titles)
        days = sorted(set(found.days.values()))
        if len(found.there) < 3 or (form == "%b-%y" and spacing(days) != "month"):
            continue
        return _spread(glimpse, at, found, form, (spacing(days) or "day") if grain == "day" else grain)
    return None


def _spread(glimpse: Glimpse, at: int, found: Across, form: str, grain: str) -> Guess | None:
    header = found.line or glimpse.records[at]
    body = [record for record in glimpse.records[at + 1 : at + 200] if record[0] > header[1]]
    names = [spaced(name) for name in header[2]]
    made = Guess(glimpse, header[0], {"wide": {"dates": form}})
    held = {
        name or f"column {at + 1}": _column(body, at)
        for at, name in enumerate(names)
        if at not in found.there and not is_total(name)
    }
    texts = [name for name, cells in held.items() if share(cells, lambda cell: amounts.take_apart(cell) is None) > 0.5]
    said = [name for name in texts if METRIC.fullmatch(plain(name)) or are_measures(held[name])]
    by_name = said[0] if said and not found.labels else None
    roles = [(name, _role(plain(name), {})) for name in held if name != by_name]
    made.entry |= {role: name for name, role in reversed(roles) if role}
    nameless = [name for name, role in roles if not role and name in texts]
    if nameless and not any(role in made.entry for role in ("campaign_id", "campaign_name")):
        made.entry["campaign_name"] = nameless[0]
    labels = {
        label: [cell for at, name in found.labels.items() if name == label for cell in _column(body, at)]
        for label in dict.fromkeys(found.labels.values())
    }
    if by_name is not None:
        made.entry["pivot"] = {"name": by_name}
        labels = _by_label(body, [name or f"column {at + 1}" for at, name in enumerate(names)].index(by_name), found)
    judged = measures_of(list(labels.items()))
    measures = judged.of
    _say_rates(made, judged)
    if labels and not measures and by_name is None:
        return None
    made.stocks = judged.stocks
    plans = {name: measures[name] for name, label in judged.named if _PLAN.search(label)}
    if plans and len(plans) < len(measures):
        # how far what happened reaches says nothing of what was planned
        made.plan = {"measures": plans, "open_range": "whole"}
    elif plans:
        made.entry["open_range"] = "whole"
    happened = {name: label for name, label in measures.items() if name not in made.plan.get("measures", {})}
    made.entry["measures"] = happened or {"value": "*"}
    if grain == "quarter" or (form == _FORMS[0][1] and grain != "day"):
        made.entry["grain"] = grain  # any other the form says
    made.score = len(found.there)
    return made


def _by_label(body: Sequence[Record], at: int, found: Across) -> dict[str, list[str]]:
    """The cells of the periods by what a column says of their row."""
    labels: dict[str, list[str]] = {}
    for _, _, cells in body:
        if at < len(cells) and cells[at] and not is_total(spaced(cells[at])):
            values = [cells[place] for place in found.there if place < len(cells) and cells[place]]
            labels.setdefault(spaced(cells[at]), []).extend(value for value in values if value not in NULL_MARKS)
    return labels


def _say_rates(made: Guess, judged: Measures) -> None:
    if judged.rates:
        names = ", ".join(judged.rates)
        made.assumed.append(f"days of {names} do not add up, by the name: no measure; a KPI of kind ratio divides sums")
    if judged.rates and not judged.of:
        made.trouble = f"has no column whose days add up ({listed(judged.rates)})"


def spacing(days: list[date]) -> str | None:
    """The grain that days speak of: all a week apart, or all firsts (or lasts) of months or quarters."""
    gaps = {later - earlier for earlier, later in itertools.pairwise(days)}
    if len(days) < 3:
        return None
    if gaps == {timedelta(days=7)}:
        return "week"
    ends = all(day.day == 1 for day in days) or all((day + timedelta(days=1)).day == 1 for day in days)
    if ends and max(gaps) <= timedelta(days=31) and min(gaps) >= timedelta(days=28):
        return "month"
    return "quarter" if ends and timedelta(days=89) <= min(gaps) <= max(gaps) <= timedelta(days=92) else None


def _role(name: str, taken: dict[str, Any]) -> str | None:
    return next((role for role, names in _NAMES.items() if role not in taken and names.fullmatch(name)), None)
