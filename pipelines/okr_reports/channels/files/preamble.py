"""What the lines above a header say: the range of the report, its making, currency, zone, rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okr_reports.channels.files import dates
from okr_reports.channels.files.names import currencies, scale_in, spaced

_GENERATED = re.compile(
    r"gener(?:at|ad)|gerado|gegenereerd|g[eé]n[eé]r[eé]|created|creado|creato|criado|cr[eé][eé]e?\b|aangemaakt|gemaakt|"
    r"erstellt|erzeugt|e[xs]porta[td]|exported|exportiert|export[eé]|ge[eë]xporteerd|download|descargad|t[eé]l[eé]charg|"
    r"heruntergeladen|scaricat|baixad|printed|impreso|gedruckt|imprim[eé]|as of|last completed|stand(?: vom)?:?",
    re.I,
)
_NOT_MADE = re.compile(r"as of|last completed|stand(?: vom)?:?", re.I)
_START = re.compile(r"start|begin|inicio|début|desde|from|von", re.I)
_END = re.compile(r"\bend|ende|fin\b|fin del|einde|eind|hasta|until|bis\b|enddatum", re.I)
_CURRENCY = re.compile(r"(?:currency|moneda|divisa|währung|devise|valuta|moeda)\s*:?\s*,?\s*([A-Za-z]{3})\b", re.I)
# All amounts in USD; Importes en USD
_IN_CURRENCY = re.compile(
    r"(?:amount|value|figure|money|importe|valor|cantidad|betr[äa]g|werte|montant|valeur|bedrag|waarde|import[io]|valor[ei])"
    r"\w*\b.*?[ (](?:in|en|em) ([A-Z]{3})\b|[(\[]([A-Z]{3})[)\]]$",
    re.I,
)
_ROWS = re.compile(r"rows\s*:\s*(\d+)", re.I)
_SUMMARY = re.compile(r"report aggregation\s*:\s*(?:summary|resumen)", re.I)
_INCOMPLETE = re.compile(r"potential incomplete data\s*:\s*true", re.I)
_ZONE = re.compile(r"time ?zone\s*:\s*([A-Za-z]+/[A-Za-z_]+|UTC)", re.I)
_EN_DASH = re.compile(r"\s+(?:[-–—]|to|bis|al?|au|t/m)\s+|,(?=\d{1,2}/)")


@dataclass
class Preamble:
    """`first` and `last` are the report's range, both days in; None where nothing says it beyond doubt. `made` is the
    day the file was made, as it is written there; `scale` are the words that say that amounts are in thousands."""

    first: date | None = None
    last: date | None = None
    made: dates.Written | None = None
    currency: str | None = None
    scale: str = ""
    timezone: str | None = None
    rows: int | None = None
    summary: bool = False
    incomplete: bool = False
    lines: int = 0
    either: tuple[tuple[date, date], ...] = ()

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1 if self.first and self.last else 0

    @classmethod
    def of(cls, records: Sequence[tuple[int, int, list[str]]]) -> Preamble:
        """Of the records above the header."""
        made = cls(lines=len(records))
        texts = [spaced(" ".join(cell.lstrip("\x01") for cell in cells if cell)) for _, _, cells in records]
        spans: list[tuple[str, list[dates.Written]]] = []
        for text in filter(None, texts):
            made._take_facts(text)
            written = [day for day in (dates.read(it) for it in _days_in(text)) if day is not None]
            if written and _GENERATED.search(text):
                made.made = made.made or (None if _NOT_MADE.search(text) else written[0])
            elif written:
                spans.append((text, written))
        made._take_range(spans)
        return made

    def _take_facts(self, text: str) -> None:
        self.currency = currency_in(text) or self.currency
        self.scale = scale_in(text) or self.scale
        if found := _ROWS.search(text):
            self.rows = int(found[1])
        if found := _ZONE.search(text):
            self.timezone = found[1]
        self.summary = self.summary or _SUMMARY.search(text) is not None
        self.incomplete = self.incomplete or _INCOMPLETE.search(text) is not None

    def _take_range(self, spans: list[tuple[str, list[dates.Written]]]) -> None:
        pair: list[dates.Written] = next((days for _, days in spans if len(days) == 2), [])
        if not pair:
            starts = [days[0] for text, days in spans if len(days) == 1 and _START.search(text)]
            ends = [days[0] for text, days in spans if len(days) == 1 and _END.search(text)]
            single = [days[0] for _, days in spans if len(days) == 1]
            pair = (
                [starts[0], ends[0]] if starts and ends and starts[0] is not ends[0] else single[:1] * (len(spans) == 1)
            )
        orders = dates.orders(pair)
        found = {(pair[0].on(order), pair[-1].on(order)) for order in orders} if pair else set()
        ordered = [(first, last) for first, last in found if first and last and first <= last]
        if len(ordered) == 1:
            self.first, self.last = ordered[0]
        elif len(ordered) == 2:
            self.either = tuple(ordered)

    def ranges(self) -> tuple[tuple[date, date], ...]:
        """The range, or the two that it may be."""
        return ((self.first, self.last),) if self.first and self.last else self.either


def currency_in(text: str) -> str | None:
    """The code that a line beside the table names as that of the amounts."""
    if found := _CURRENCY.search(text):
        return found[1].upper()
    found = _IN_CURRENCY.search(text)
    code = (found[1] or found[2]).upper() if found else ""
    return code if code in currencies() else None


def _days_in(text: str) -> list[str]:
    return [found.group() for part in _EN_DASH.split(text) for found in dates.IN_TEXT.finditer(part)]
