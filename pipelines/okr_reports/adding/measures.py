"""Which columns of a table are measures, and of what kind: by their names and by what is in their cells.

What does not add up over days is no measure: rates, shares, running totals, people counted once. What stands at a day
(followers, a balance) is a stock.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from okr_reports.catalogue import is_money
from okr_reports.channels.files import amounts
from okr_reports.channels.files.measure_words import is_no_sum, known_measure, words_of
from okr_reports.channels.files.names import MONEY_COLUMN, currencies, plain, spaced

VALUE = re.compile(r"values?|valor|wert|valeur|valore|waarde|amount|betrag|importe|montant|primary")
_NO_MEASURE = re.compile(
    r"(?:.*[ _-])?(?:#|ids?|nr|no|number|year|jahr|a[ñn]o|zip|plz|phone|telefon|week|month|hour|age|rank|rang)\.?|"
    r"(?:hour|day|week|month) of .*|stunde|uhrzeit|hora(?: .*)?|heure(?: .*)?|uur|ora|alter|edad|[âa]ge|"
    r"(?:ids?|identifi\w+|num[eé]ro|n[uú]mero) (?:d[aeiou]\w*|of|van) .*"
)
_STOCK = re.compile(
    r"\b(?:followers?|subscribers?|fans|members|abonnent\w*|seguidores|abonn[eé]s|volgers|mitglieder|iscritti|mrr|arr|"
    r"balance|saldo|kontostand|remaining|restbudget|inventory|bestand|active|aktive|activos|actifs|headcount)\b"
)
_CENTS = re.compile(r"\d[.,]\d\d?(?!\d)")
# A level moves by less than this from one row to the next, and what happens on a day by more.
_STEADY = 0.2


@dataclass
class Measures:
    """`of` are measures by id, as an entry has them; `rates` names of columns that do not add up, `stocks` ids of those
    that are levels."""

    of: dict[str, Any] = field(default_factory=dict)
    rates: list[str] = field(default_factory=list)
    stocks: list[str] = field(default_factory=list)

    @property
    def named(self) -> list[tuple[str, str]]:
        return [(measure, column_of(value)) for measure, value in self.of.items()]


def column_of(value: Any) -> str:
    """The column that a measure of an entry is read from."""
    return str(value.get("column", "")) if isinstance(value, dict) else str(value)


def measures_of(
    columns: Sequence[tuple[str, Sequence[str]]], title: str = "", *, has_currency: bool = False
) -> Measures:
    """Of columns by name with their cells; `title` is what stands above the table, which may say what `Primary` is.

    With `has_currency` each row names one: what has cents is of it.
    """
    found = Measures()
    numbers: list[tuple[str, str, Sequence[str]]] = []
    for name, cells in columns:
        says = title if title and VALUE.fullmatch(plain(name)) else name
        if not adds_up(says, cells):
            found.rates.append(name)
        elif _is_measure(says, cells):
            numbers.append((name, says, cells))
    known = [known_measure(says) for _, says, _ in numbers]
    for name, says, cells in numbers:
        measure = known_measure(says)
        # several columns of impressions: none of them is all of them
        if measure is None or (known.count(measure) > 1 and measure != plain(says)):
            measure = to_id(plain(says)) or "value"
        measure = _free(measure, says, found.of)
        is_amount = MONEY_COLUMN.search(re.sub(r"\btotal\b", "", plain(says))) is not None
        is_amount = is_amount or (has_currency and share(cells, lambda cell: bool(_CENTS.search(cell))) > 0.5)
        is_amount = is_amount and known_measure(says) is None
        found.of[measure] = {"column": name, "money": True} if is_amount and not is_money(measure) else name
        if _is_level(says, cells):
            found.stocks.append(measure)
    return found


def adds_up(name: str, cells: Sequence[str] = ()) -> bool:
    """Whether days of a column add up, as far as its name and its cells say."""
    return not is_no_sum(name) and share(cells, lambda cell: cell.endswith("%")) <= 0.5


def _is_measure(name: str, cells: Sequence[str]) -> bool:
    if _NO_MEASURE.fullmatch(plain(name)):
        return False
    # what is called spend is spend, also where a sheet could not calculate it: reading it says so
    numbers = share(cells, _is_number)
    return numbers > 0.8 or (known_measure(name) is not None and (numbers > 0 or not cells))


def _is_number(cell: str) -> bool:
    return (cell.startswith(amounts.NATIVE) and "-" not in cell[2:]) or amounts.take_apart(cell) is not None


def _is_level(name: str, cells: Sequence[str]) -> bool:
    """Whether a column by its name may be a level (followers), and by its cells moves as one."""
    if not _STOCK.search(words_of(name)):
        return False
    digits = [int(re.sub(r"\D", "", cell) or 0) for cell in cells]
    return len(digits) > 1 and all(
        abs(later - earlier) <= _STEADY * max(later, earlier) for earlier, later in itertools.pairwise(digits)
    )


def measure_id(name: str) -> str:
    return known_measure(name) or to_id(plain(name)) or "value"


def _free(measure: str, name: str, taken: dict[str, Any]) -> str:
    """An id that no other column has: the column's own name, then with a number."""
    tried = [measure, to_id(plain(name)) or measure]
    numbered = (f"{measure}_{number}" for number in range(2, 10_000))
    return next(candidate for candidate in itertools.chain(tried, numbered) if candidate not in taken)


def to_id(text: str) -> str:
    """A text as an id: `Coste por clic` becomes `coste_por_clic`."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
    found = found if not found or found[0].isalpha() else f"n_{found}"
    return found[:60]


def share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if test(cell)) / len(cells) if cells else 0.0


def are_codes(cells: Sequence[str]) -> bool:
    """Whether a column's cells are codes of currencies, whatever it is called."""
    return share([spaced(cell) for cell in cells], currencies().__contains__) == 1.0
