"""Words of exports in the languages they come in: names of columns compared, total labels, null marks, months."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

NULL_MARKS = ("", "-", "--", "—", "–", "n/a", "null")
TOTAL = (
    r"(?:(?:grand |sub)?(?:totals?|total général|totaux|gesamt|gesamtsumme|summe|totaal|eindtotaal|suma|somme|totale|"
    r"totali|totais)(?: (?:of|de|von|van|di) [\d.,]+ (?:results?|resultados|résultats|ergebnissen?|resultaten|"
    r"risultati))?|gesamtergebnis|gesamtsummen|zwischensumme|endsumme|sous-total|somme totale|subtotaal|suma total|"
    r"totale (?:complessivo|generale)|(?:overall|account|report) totals?|resultados totales|"
    r"(?:sub)?total (?:general|geral|global|final))(?:\s*[:(].*)?"
)
_TOTAL = re.compile(TOTAL, re.IGNORECASE)
# The first three letters that a total's label can have, in SQL: few texts are then held against all words.
TOTAL_BEGINS = "'tot','gra','sub','ges','sum','res','ein','som','zwi','end','sou','ove','acc','rep'"
_SUBTOTAL = re.compile(r".+ (?:total|subtotal|ergebnis|totaal|summe|gesamt)|(?:total|subtotal|suma) .+", re.IGNORECASE)
# What a sheet shows where it could not calculate.
SHEET_ERROR = re.compile(
    r"#(?:REF|¡REF|BEZUG|N/A|NV|N/D|DIV/0|¡DIV/0|VALUE|¡VALOR|WERT|VALEUR|NAME|¿NOMBRE|NUM|NULL)[!?]*", re.I
)
_UTC = re.compile(r"\s*\((?:(?:in|en|em) )?utc\)$")
_CODE = re.compile(r"\s*\(([a-z]{3})\)$")
RANGE_END = re.compile(
    r"(?:reporting|report|period|week|range) ?_?(?:ends?|end date)|end ?_?(?:date|time|day)|date ?_?end|date_stop|"
    r"(?:fecha de )?fin(?: del? informe)?|fecha (?:de )?fin(?:al)?|berichtsende|enddatum|ende|bis|fin des rapports|"
    r"date de fin|einde rapportage|einddatum|data (?:di )?fine|data (?:de )?fim|to|until|hasta"
)
# Columns whose values are fractions by what they are, and those that cannot be.
RATE = re.compile(
    r"\b(?:ctr|cpc|cpm|cpa|roas|avg|average|rate|ratio|quote|tasa|taux|rendimiento|cost ?/|kosten/|coste/)"
)
COUNTS = frozenset(
    [
        "impressions",
        "clicks",
        "link_clicks",
        "sessions",
        "engaged_sessions",
        "new_users",
        "page_views",
        "emails_sent",
        "opens",
        "opens_unique",
        "clicks_unique",
        "unsubscribes",
        "bounces_hard",
        "bounces_soft",
        "abuse_reports",
        "interactions",
        "landing_page_views",
        "contacts_created",
    ]
)
CURRENCY_COLUMN = re.compile(
    r"(?:amount |converted |account )?currency(?: code)?|currency_code|c[oó]digo de moneda|"
    r"moneda|divisa|w[äa]hrung(?:scode)?|"
    r"devise|code de la devise|valuta(?:code)?|codice valuta|moeda|c[oó]digo da moeda"
)
MONEY_COLUMN = re.compile(
    r"\b(?:spend|spent|cost|costs?|amount|revenue|sales|price|coste?o?|gasto|importe|ingresos|kosten|ausgaben|umsatz|"
    r"betrag|gesamtausgaben|co[uû]t|montant|d[ée]pens[ée]|besteed|bedrag|custo|valor gasto|total)\b"
)
_MONTHS = (
    "january jan januar enero ene janvier janv januari gennaio gen janeiro jänner",
    "february feb februar febrero février févr fév februari febbraio fevereiro fev",
    "march mar märz mär mrz marzo mars maart mrt março",
    "april apr abril abr avril avr aprile",
    "may mai mayo mei maggio mag maio",
    "june jun juni junio juin giugno giu junho",
    "july jul juli julio juillet juil luglio lug julho",
    "august aug agosto ago août augustus",
    "september sep sept septiembre set septembre settembre setembro",
    "october oct oktober okt octubre octobre ottobre ott outubro out",
    "november nov noviembre novembre novembro",
    "december dec dezember dez diciembre dic décembre déc dicembre dezembro",
)
MONTHS = {word: at for at, words in enumerate(_MONTHS, start=1) for word in words.split()}


def spaced(name: str) -> str:
    """One line without spaces around it."""
    return " ".join(name.split())


@cache
def plain(name: str) -> str:
    """A column's name as it is compared: without case, line breaks, the zone UTC and a currency in brackets."""
    folded = spaced(unicodedata.normalize("NFKC", name)).casefold()
    return _CODE.sub("", _UTC.sub("", folded))


def named_currency(name: str) -> str | None:
    """The code that a header has in brackets: `Amount spent (USD)`."""
    found = _CODE.search(spaced(unicodedata.normalize("NFKC", name)).casefold())
    return found[1].upper() if found and found[1] not in ("utc", "all", "new", "any", "max", "min", "sum") else None


def is_utc(name: str) -> bool:
    return _UTC.search(spaced(name).casefold()) is not None


def ends_in_total(text: str) -> bool:
    """Whether a row that has no day may be a spreadsheet's subtotal: `Brand Total`, `Total Brand`."""
    return _SUBTOTAL.fullmatch(text) is not None


def is_total(text: str) -> bool:
    """Whether a cell is a total's label: `Total: Account`, and not `Total Rewards`, which is a name."""
    return _TOTAL.fullmatch(spaced(text)) is not None
