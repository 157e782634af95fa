"""Whose currency amounts are in: what the definition says, what the file names, and refusing where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from okr_reports.catalogue import is_money
from okr_reports.channels.files.layout import Layout
from okr_reports.channels.files.names import (
    COUNTS,
    MONEY_COLUMN,
    currency_sign,
    is_converted,
    is_currency_column,
    named_currency,
    plain,
    scale_in,
)
from okr_reports.channels.files.rows import Fault
from okr_reports.errors import quoted
from okr_reports.file_sources import FileSource

# The currencies that write a sign; one that is not here says nothing.
SIGNS: dict[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "MXN", "NZD", "SGD", "HKD", "TWD", "ARS", "CLP", "COP", "UYU", "BMD", "JMD", "TTD"),
    "US$": ("USD",), "CA$": ("CAD",), "C$": ("CAD",), "AU$": ("AUD",), "A$": ("AUD",), "NZ$": ("NZD",),
    "MX$": ("MXN",), "S$": ("SGD",), "HK$": ("HKD",), "R$": ("BRL",), "€": ("EUR",), "£": ("GBP", "EGP", "GIP", "FKP"),
    "¥": ("JPY", "CNY"), "₹": ("INR",), "₺": ("TRY",), "₽": ("RUB",), "₩": ("KRW",), "₴": ("UAH",), "₪": ("ILS",),
    "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK", "NOK", "SEK", "ISK"), "zł": ("PLN",), "Kč": ("CZK",),
    "Fr": ("CHF",), "Fr.": ("CHF",),
}  # fmt: skip


@dataclass
class Money:
    """`code` is that of every row, None where a column or nobody says it; `measures` those with one of their own."""

    code: str | None = None
    measures: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def money_measures(source: FileSource, layout: Layout) -> list[str]:
    """Measures that are amounts of a currency, as far as names, definition and header tell."""
    named = _codes_of_headers(source, layout)
    return [
        name
        for name, measure in source.measures.items()
        if measure.count is None and (is_money(name) or measure.money or measure.currency or name in named)
    ]


def _codes_of_headers(source: FileSource, layout: Layout) -> dict[str, str]:
    """The currency that the header of a measure's column names, by measure."""
    found = {name: named_currency(header, is_money=money) for name, header, money in _headers(source, layout)}
    return {name: code for name, code in found.items() if code}


def _signs_of_headers(source: FileSource, layout: Layout) -> set[str]:
    """The signs of currencies in headers of money that name no code; a field of an API (`$value`) names none."""
    if source.connector is not None:
        return set()
    found = [
        header for _, header, money in _headers(source, layout) if money and not named_currency(header, is_money=True)
    ]
    return {sign for sign in map(currency_sign, found) if sign}


def _headers(source: FileSource, layout: Layout) -> Iterator[tuple[str, str, bool]]:
    """The measures that a column is of, its header, and whether that is of money."""
    for name, at in layout.measures.items():
        header = layout.names[at]
        yield name, header, is_money(name) or source.measures[name].money or bool(MONEY_COLUMN.search(plain(header)))


def currency_columns(source: FileSource, layout: Layout) -> list[int]:
    """Columns of currency codes that the definition does not name, where there is an amount that they may be of."""
    amounts = any(MONEY_COLUMN.search(plain(layout.names[at])) for at in layout.measures.values())
    if "currency_column" in layout.roles or not (amounts or money_measures(source, layout)):
        return []
    columns = [at for at, name in enumerate(layout.names) if is_currency_column(name)]
    return [at for at in columns if is_converted(layout.names[at])] if layout.is_converted else columns


def adopt_column(source: FileSource, layout: Layout) -> None:
    """With `currency: auto` the file's one column of codes is that of each row."""
    if source.currency_auto and source.currency is None and len(found := currency_columns(source, layout)) == 1:
        layout.roles["currency_column"] = found[0]


def currency_of_amounts(
    source: FileSource,
    layout: Layout,
    reporting: str | None,
    columns: Iterable[set[str]],
    marks: Iterable[str] = (),
) -> Money:
    """`columns` are the codes that each of `currency_columns` holds; `reporting` is the currency of the reports;
    `marks` are the signs and codes that amounts without a currency of their own are written with."""
    money = _declared_currency(source, layout, reporting, columns)
    money.faults += _scaled(source, layout)
    if layout.is_converted and not money.faults and "currency_column" not in layout.roles and money.code is None:
        money.said = [
            "amounts that the vendor converted count in the reporting currency; declare `currency` if it is another"
        ]
    marks = {*marks, *_signs_of_headers(source, layout)}
    written = {mark: SIGNS.get(mark) or (mark,) for mark in marks if mark in SIGNS or mark.isalpha()}
    if not money.faults and "currency_column" not in layout.roles and not money.measures:
        _hold_against(money, written, source, reporting)
    return money


def _scaled(source: FileSource, layout: Layout) -> Iterator[Fault]:
    """Amounts that the file says are in thousands, where the definition takes them as they are."""
    amounts = money_measures(source, layout) or [
        name for name, measure in source.measures.items() if measure.count is None and name not in COUNTS
    ]
    for name in amounts:
        at = layout.measures.get(name, len(layout.names))
        said = layout.preamble.scale or scale_in(layout.names[at] if at < len(layout.names) else "")
        if said and source.measures[name].scale == 1:
            what = f"the file says that amounts are in thousands or more ({quoted(said)}), and {name} has no scale"
            todo = f"declare `{name}: {{column: ..., scale: 1000}}`, or take that word out of the file"
            yield Fault(what, todo)


def _hold_against(money: Money, written: dict[str, tuple[str, ...]], source: FileSource, reporting: str | None) -> None:
    """A sign is no proof of a currency, as many write $, but it is one against all that write another."""
    sure = {codes for codes in written.values() if len(codes) == 1}
    if money.code is None and len(written) == 1 and sure and (source.currency_auto or sure == {(reporting,)}):
        money.code, money.said = sure.pop()[0], []
        return
    expected = money.code or reporting
    other = {mark: codes for mark, codes in written.items() if expected and expected not in codes}
    if other:
        mark, codes = next(iter(other.items()))
        what = f"amounts are written with {mark} and would count as {expected}"
        money.faults.append(Fault(what, f"declare `currency: {codes[0]}`, or the one it is", settles="currency"))


def _declared_currency(source: FileSource, layout: Layout, reporting: str | None, columns: Iterable[set[str]]) -> Money:
    own = {name: measure.currency for name, measure in source.measures.items() if measure.currency}
    headers = {name: code for name, code in _codes_of_headers(source, layout).items() if name not in own}
    money = Money(source.currency, dict(own))
    preamble = {layout.preamble.currency} - {None}
    if source.currency is None and "currency_column" not in layout.roles and source.currency_auto:
        _take_what_is_named(money, headers, {str(code) for code in preamble}, source, layout)
        return money
    expected = {source.currency or reporting} - {None}
    named = set(headers.values()) | {str(code) for code in preamble}
    held = [codes for codes in columns if codes]
    if held and expected and not any(codes <= expected for codes in held):
        named |= held[0]
    if expected and "currency_column" not in layout.roles and (other := sorted(named - expected)):
        by = f"the definition says {source.currency}" if source.currency else f"the reports are in {reporting}"
        what = f"the file names {', '.join(other)} as its currency and {by}"
        todo = f"declare `currency: {other[0]}`" if len(other) == 1 else "declare `currency: {column: ...}`"
        money.faults.append(Fault(what, f"{todo}, or `currency: auto` to take what the file names", settles="currency"))
    return money


def _take_what_is_named(
    money: Money, headers: dict[str, str], preamble: set[str], source: FileSource, layout: Layout
) -> None:
    named = set(headers.values()) | preamble
    if len(named) == 1:
        money.code = named.pop()
    elif len(set(headers.values())) > 1 and not preamble - set(headers.values()):
        money.measures.update(headers)
    elif named:
        what = f"the file names several currencies: {', '.join(sorted(named))}"
        money.faults.append(Fault(what, "declare `currency`", settles="currency"))
    elif money_measures(source, layout):
        money.said.append("no currency is named: amounts count in the reporting currency; declare `currency` if not")
