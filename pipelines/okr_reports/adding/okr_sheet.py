"""A sheet of OKRs as people keep one, row by row, as objectives and key results; what has no place is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from okr_reports.adding.measures import to_id
from okr_reports.adding.okr_table import Table
from okr_reports.adding.okr_words import COLUMNS, period_of, role_of, type_of, unit_of
from okr_reports.channels.files import amounts
from okr_reports.channels.files.names import NULL_MARKS, is_total, plain, spaced
from okr_reports.errors import OkrError
from okr_reports.key_result_types import find, types
from okr_reports.okrs.definitions import Definitions

# What may be said for all rows where no column says it.
CONSTANTS = ("period", "team", "owner")
_DONE = (
    "yes", "done", "y", "sí", "si", "ja", "oui", "sim", "hecho", "erledigt", "fait", "gedaan", "fatto", "feito",
    "x", "✓",
)  # fmt: skip


@dataclass
class Drafts:
    """Entries to be written, with the row each is from; what could not be placed, and what was taken for granted."""

    objectives: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    teams: list[dict[str, Any]] = field(default_factory=list)
    periods: list[dict[str, Any]] = field(default_factory=list)
    not_placed: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def score(header: Sequence[str]) -> int:
    """How many columns of OKRs a header has; 0 without objectives or key results."""
    roles = {role for cell in header if cell and (role := role_of(cell))}
    return len(roles) if {"objective", "key_result"} <= roles else 0


def columns_of(header: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    """Which column is what: as `given` by its name, else by the words of headers; the first of two is taken."""
    places = {plain(cell): at for at, cell in reversed(list(enumerate(header))) if cell}
    found = {role: places[plain(name)] for role, name in given.items() if plain(name) in places}
    for at, cell in enumerate(header):
        role = role_of(cell) if cell else None
        if role is not None and at not in found.values():
            found.setdefault(role, at)
    return found


class SheetReader:
    """Reads one table. `given` are names of columns, or for period, team and owner what holds for all rows."""

    def __init__(self, table: Table, defined: Definitions, given: Mapping[str, str]) -> None:
        self.table, self.defined, self.given = table, defined, given
        self.columns = columns_of(table.header, given)
        self.drafts = Drafts()
        self.taken = {*defined.objective_by_id, *defined.key_result_by_id}
        self.team_ids = {plain(team.id): team.id for team in defined.teams}
        for team in defined.teams:
            texts = [team.title.plain or "", *(text for _, text in team.title.by_language)] if team.title else []
            self.team_ids.update({plain(text): team.id for text in texts if text})
        self.current: dict[str, Any] | None = None
        self.owners: list[str] = []
        self.inherited: dict[str, str] = {}

    def read(self) -> Drafts:
        self._say_unread_columns()
        texts = [self._raw(cells, role) for _, cells in self.table.rows for role in ("start", "target")]
        sure = amounts.marks_of(texts).keys() & {".", ","}
        self.decimal = sure.pop() if len(sure) == 1 else None
        for line, cells in self.table.rows:
            held = {role: self._cell(cells, role) for role in COLUMNS}
            if any(is_total(text) for text in (held["objective"], held["key_result"])):
                self._leave(line, "is a total")
            elif held["objective"] or held["key_result"]:
                self._row(line, held, cells)
        return self.drafts

    def _say_unread_columns(self) -> None:
        left = [spaced(cell) for at, cell in enumerate(self.table.header) if cell and at not in self.columns.values()]
        if left:
            self.drafts.not_placed.append(f"columns: {', '.join(left)}")

    def _raw(self, cells: Sequence[str], role: str) -> str:
        at = self.columns.get(role)
        text = cells[at] if at is not None and at < len(cells) else ""
        return "" if text.casefold() in NULL_MARKS else text

    def _cell(self, cells: Sequence[str], role: str) -> str:
        text = " ".join(self._raw(cells, role).lstrip(amounts.NATIVE).split())
        if not text and role in CONSTANTS and role not in self.columns:
            return self.given.get(role, "")
        return text

    def _leave(self, line: int, why: str) -> None:
        where = f"sheet {self.table.sheet!r}, row {line}" if self.table.sheet else f"line {line}"
        self.drafts.not_placed.append(f"{where}: {why}")

    def _row(self, line: int, held: dict[str, str], cells: Sequence[str]) -> None:
        title = held["objective"]
        if title and (self.current is None or title != self.current["title"] or self._moved(held)):
            self.inherited = {role: held[role] for role in CONSTANTS}
            self._begin(line, title)
        if self.current is None:
            self._leave(line, "has a key result and no objective above it")
            return
        if held["key_result"]:
            self._add_key_result(line, held, cells)

    def _moved(self, held: dict[str, str]) -> bool:
        """Whether a title that comes again is another objective: of another team or period."""
        return any(held[role] and held[role] != self.inherited.get(role) for role in ("period", "team"))

    def _begin(self, line: int, title: str) -> None:
        self.current = None
        period = self._period(self.inherited["period"])
        if period is None:
            said = self.inherited["period"]
            what = f"its period {said!r} is none" if said else "it has no period"
            self._leave(line, f"objective {title!r}: {what}; write it as 2026-Q4, or give --set period=2026-Q4")
            return
        team = self._team(self.inherited["team"]) if self.inherited["team"] else None
        # its rows may stand apart
        for _, known in self.drafts.objectives:
            if (known["title"], known["period"], known.get("team")) == (title, period, team):
                self.current = known
                return
        entry: dict[str, Any] = {"id": self._free(title, "objective"), "title": title, "period": period}
        if team is not None:
            entry["team"] = team
        if owner := self.inherited["owner"]:
            entry["owner"] = owner
        entry["key_results"] = []
        self.current = entry
        self.drafts.objectives.append((line, entry))

    def _period(self, text: str) -> str | None:
        if text in {period.id for period in self.defined.periods} or self.defined.span(text):
            return text
        found = period_of(text) if text else None
        if found is None:
            return None
        name, start, end = found
        known = {str(period["id"]) for period in self.drafts.periods} | {period.id for period in self.defined.periods}
        if start is not None and name not in known:
            self.drafts.periods.append({"id": name, "title": text, "start": str(start), "end": str(end)})
        return name

    def _team(self, text: str) -> str:
        found = self.team_ids.get(plain(text))
        if found is None:
            found = self._unique(to_id(text)[:50] or "team", set(self.team_ids.values()))
            self.team_ids[plain(text)] = found
            self.drafts.teams.append({"id": found, "title": text})
        return found

    def _free(self, title: str, fallback: str) -> str:
        name = self._unique(to_id(title)[:50].strip("_") or fallback, self.taken)
        self.taken.add(name)
        return name

    @staticmethod
    def _unique(name: str, taken: set[str]) -> str:
        tried = (name if number == 1 else f"{name}_{number}" for number in range(1, 100_000))
        return next(candidate for candidate in tried if candidate not in taken)

    # -- key results

    def _add_key_result(self, line: int, held: dict[str, str], cells: Sequence[str]) -> None:
        assert self.current is not None
        title = held["key_result"]
        numbers = {role: self._number(line, title, role, self._raw(cells, role)) for role in ("start", "target")}
        entry: dict[str, Any] = {"id": self._free(title, "key_result"), "title": title}
        kind = self._type(line, held, numbers)
        if kind is None:
            return
        entry["type"] = kind
        shape, reads = find(kind).shape, find(kind).reads
        if shape == "move":
            start = numbers["start"]
            if start is None:
                self.drafts.assumed.append(f"{title!r} starts at 0: the sheet names no start")
            entry |= {"baseline": start if start is not None else 0, "target": numbers["target"]}
        elif shape == "hold":
            entry["target"] = numbers["target"]
        if reads == "value":
            self._measure(line, held, entry)
        if weight := self._number(line, title, "weight", self._raw(cells, "weight")):
            entry["weight"] = weight
        if held["owner"] and held["owner"] != self.current.get("owner"):
            entry["owner"] = held["owner"]
        self.current["key_results"].append((line, entry))

    def _number(self, line: int, title: str, role: str, cell: str) -> Any:
        """A number as the YAML writes it: exact, or with its percent sign. None if there is none."""
        if not cell:
            return None
        text = cell.removesuffix("%").strip()
        mark = amounts.mark_of(text)
        if mark == "?" and self.decimal is None:
            self._leave(line, f"{title!r}: the {role} {cell!r} may be a thousand or a fraction")
            return None
        written = amounts.value(text, self.decimal or (mark if mark in (".", ",") else "."))
        if written is None:
            return None
        return f"{written}%" if cell.endswith("%") else Decimal(written)

    def _type(self, line: int, held: dict[str, str], numbers: Mapping[str, Any]) -> str | None:
        title, said = held["key_result"], held["target"]
        named = type_of(held["type"]) if held["type"] else None
        if held["type"] and named is None:
            self._leave(
                line, f"{title!r}: the type {held['type']!r} is none that is known; it is taken from the numbers"
            )
        if named is not None and find(named).reads != "value":
            return named
        start, target = (_size(numbers[role]) for role in ("start", "target"))
        if target is None:
            if said and amounts.take_apart(self._digits(said)):
                return None  # said already: two readings
            if said and said.casefold() not in _DONE:
                self._leave(line, f"{title!r}: the target {said!r} is no number; it is done or not done")
            return next(name for name, type_ in types().items() if type_.reads == "met")
        if named is not None:
            return named
        if start is not None and start == target:
            self._leave(line, f"{title!r}: start and target are both {said}; give a type, such as at least")
            return None
        better = "lower" if start is not None and start > target else "higher"
        return next(name for name, type_ in types().items() if (type_.shape, type_.better) == ("move", better))

    @staticmethod
    def _digits(text: str) -> str:
        return text.removesuffix("%").strip()

    def _measure(self, line: int, held: dict[str, str], entry: dict[str, Any]) -> None:
        kpis = {plain(kpi.id): kpi.id for kpi in self.defined.kpis}
        kpis |= {plain(kpi.title.plain): kpi.id for kpi in self.defined.kpis if kpi.title and kpi.title.plain}
        if held["kpi"]:
            if (kpi := kpis.get(plain(held["kpi"]))) is not None:
                entry["kpi"] = kpi
                return
            self._leave(line, f"{entry['title']!r}: the KPI {held['kpi']!r} does not exist; its value is by check-in")
        percents = [key for key in ("baseline", "target") if str(entry.get(key)).endswith("%")]
        unit = unit_of(held["unit"]) if held["unit"] else ("percent" if percents else None)
        if held["unit"] and unit is None:
            self._leave(line, f"{entry['title']!r}: the unit {held['unit']!r} is none that is known; it is a number")
            unit = "number"
        if unit == "percent":
            for key in ("baseline", "target"):
                value = entry.get(key)
                # 20 in a sheet whose unit is % is 20 %, 0.2 in a cell shown as per cent is 20 % too
                if isinstance(value, Decimal | int) and key not in percents and (value > 1 or percents):
                    entry[key] = f"{value}%"
        code = held["unit"].upper()
        if unit == "currency" and len(code) == 3 and code.isalpha() and code != self.defined.settings.currency:
            self._leave(line, f"{entry['title']!r}: the unit {code} counts as {self.defined.settings.currency}")
        if unit is not None:
            entry["unit"] = unit


def _size(value: Any) -> Decimal | None:
    if value is None:
        return None
    return Decimal(value[:-1]) / 100 if isinstance(value, str) else Decimal(value)


def check_columns(columns: Mapping[str, int], table: Table, path_name: str) -> None:
    """Raise OkrError where objectives or key results are not found."""
    for role in ("objective", "key_result"):
        if role not in columns:
            there = ", ".join(spaced(cell) for cell in table.header if cell)[:300]
            raise OkrError(
                f"{path_name}: no column of {role.replace('_', ' ')}s is known by its header (it has {there});"
                f" say which with --set '{role}=its name'"
            )
