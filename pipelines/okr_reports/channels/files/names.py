"""Words of exports in the languages they come in: names of columns compared, total labels, null marks, months."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel.core import get_global

NULL_MARKS = ("", "-", "--", "—", "–", "n/a", "null")
TOTAL = (
    r"(?:(?:grand |sub)?(?:totals?|total général|totaux|gesamt|gesamtsumme|summe|totaal|eindtotaal|suma|somme|soma|"
    r"sums?|totale|totali|totais)(?: (?:of|de|von|van|di) [\d.,]+ (?:results?|resultados|résultats|ergebnissen?|"
    r"resultaten|risultati))?|gesamtergebnis|gesamtsummen|zwischensumme|endsumme|sous-total|somme totale|subtotaal|"
    r"insgesamt(?: [\d.,]+ ergebnisse?)?|suma total|average|durchschnitt|mittelwert|promedio|moyenne|gemiddelde|ø|"
    r"totale (?:complessivo|generale)|(?:overall|account|report) totals?|resultados totales|"
    r"(?:sub)?total (?:general|geral|global|final))(?:\s*[:(].*)?"
)
_TOTAL = re.compile(TOTAL, re.IGNORECASE)
# The first three letters that a total's label can have, in SQL: few texts are then held against all words.
TOTAL_BEGINS = (
    "'tot','gra','sub','ges','sum','res','ein','som','zwi','end','sou','ove','acc','rep',"
    "'ins','ave','dur','mit','pro','moy','gem','ø'"
)
SUBTOTAL = (
    r".+ (?:total|subtotal|ergebnis|totaal|summe|gesamt|totale|sum)|"
    r"(?:total|subtotal|suma|summe|gesamt|totaal|totale|somme|soma) .+"
)
_SUBTOTAL = re.compile(SUBTOTAL, re.IGNORECASE)
# What a sheet shows where it could not calculate.
SHEET_ERROR = re.compile(
    r"#(?:REF|¡REF|BEZUG|N/A|NV|N/D|DIV/0|¡DIV/0|VALUE|¡VALOR|WERT|VALEUR|NAME|¿NOMBRE|NUM|NULL)[!?]*", re.I
)
# A spreadsheet keeps 15 digits of a number, and shows a long one as 1.2E+17.
SHORTENED = re.compile(r"\x01\d{16,}|\x01?\d(?:[.,]\d+)?e\+\d{2}", re.I)
_UTC = re.compile(r"\s*\((?:(?:in|en|em) )?utc\)$")
_CODE = re.compile(r"\s*[(\[]\s*([a-z]{3})\s*[)\]]$")
_SIGN = re.compile(r"(?:\b[A-Z]{1,2})?\$|[€£¥₹₺₽₩₴₪]|zł|Kč")
_LETTERS = re.compile(r"[A-Za-z]+")
# Currencies that are words of headers: Clicks (all), top campaigns, try, the pen of a stationer.
_WORDS = frozenset({"ALL", "TOP", "TRY", "PEN", "MOP", "CUP"})


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A column is one of last days if its name is of these words alone, and one of them is an end (`Week end`, `data fim`).
_ENDS = _set(
    "end ends ending stop finish finishes to until till thru through last final fin hasta término termino último "
    "ultimo última ultima bis ende endet einde eind tot laatste letzter letzte dernier dernière fine al fim até ate "
    "au jusqu'au berichtsende enddatum enddate einddatum endtag dateto periodend t/m"
)
_OF_DAYS = _set(
    "date day days time on at of the period periods range report reporting week weeks month quarter interval utc in "
    "fecha día dia datum tag data giorno jour dag informe informes relatórios rapports rapport rapportage bericht "
    "report's periodo período période periode zeitraum zeit semana semaine woche settimana mes mês mese mois monat "
    "maand trimestre quartal de del des du der la le el di da do dos l van het"
)
_OF_WHAT = _set("reporting report period week range")
_OF_WEEKDAYS = _set("day days tag dag jour día dia")
_WORDS_OF_NAME = re.compile(r"t/m|w/c|jusqu'au|[^\W\d_]+(?:'s)?", re.IGNORECASE)
_HUMPS = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_PERIODS = {
    "week": "week weeks weekly woche kalenderwoche kw semana semaine settimana weeknummer w/c",
    "month": "month monthly monat mes mês mois mese maand",
    "quarter": "quarter quarterly quartal trimestre kwartaal",
}
_PERIOD_OF_WORD = {word: grain for grain, words in _PERIODS.items() for word in words.split()}
# What is no sum of its days by its name: rates, averages, positions, people reached.
_RATE = re.compile(
    r"%|cost ?/|kosten/|coste/|"
    r"\b(?:per|ctr|cpc|cpm|cpa|roas|acos|rate|ratio|quote|tasa|taux|rendimiento|average|avg|score|index|"
    r"reach|alcance|reichweite|port[ée]e|bereik|copertura|durchschnitt|promedio|gemiddelde?)\b|"
    r"\b(?:posi[tcz]i|posi[cç][aã]o|fre[cq]u[eê]n|fr[eé]quen|h[äa]ufigkeit|moyen)"
)
# A column that says what each row measures.
METRIC = re.compile(r"metrics?|measures?|m[eé]trica|kennzahl|kpi|indicador|indicateur|indicatore|maatstaf")
_CONVERTED = re.compile(
    r"\bconverted\b|\b(?:company|corporate|base|home) currency\b|moneda de la (?:empresa|compañ[ií]a)|"
    r"unternehmensw[äa]hrung|devise de l.entreprise|bedrijfsvaluta|valuta aziendale|moeda da empresa"
)
# Amounts in thousands or millions: kEUR, T€, '000, in Tsd.
_SCALED = re.compile(
    r"(?<!\w)[kKTM] ?(?:€|\$|£|EUR|USD|GBP|CHF)(?!\w)|(?<!\w)(?:€|\$|£|EUR|USD|GBP|CHF) ?['’]?000s?(?![\w.,])|"
    r"[(\[]['’]?000s?[)\]]|(?i:\b(?:tsd\.?|mio\.?|mn\.?) ?(?:€|\$|£|eur|usd|gbp|chf)(?!\w)|"
    r"\b(?:in|en|em) (?:'000s?|thousands?|tsd\b|tausend|miles\b|milliers|"
    r"migliaia|milhares|duizend\w*|millions?|mio\b|millionen|millones|milioni|milh[õo]es|"
    r"miljoenen))"
)
# Of these there are no fractions.
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
        "opens_proxy_excluded",
        "opens_unique_proxy_excluded",
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
_CURRENCY_COLUMN = re.compile(
    r"(?:amount |converted |account )?currency(?: code)?|currency_code|c[oó]digo de moneda|"
    r"moneda|divisa|w[äa]hrung(?:scode)?|"
    r"devise|code de la devise|valuta(?:code)?|codice valuta|moeda|c[oó]digo da moeda"
)
_CURRENCY_WORD = re.compile(
    r"(?:^|[^a-z])(?:currency|ccy|curr|moneda|divisa|w[äa]hrung|devise|valuta|moeda)(?:[^a-z]|code|s?code|$)"
)
MONEY_COLUMN = re.compile(
    r"\b(?:spend|spent|cost|costs?|amount|revenue|sales|price|coste?o?|gasto|importe|ingresos|kosten|ausgaben|umsatz|"
    r"betrag|ventas|ventes|vendite|vendas|erl[öo]se?|ricavi|omzet|receita|proceeds|gesamtausgaben|"
    r"co[uû]t|montant|d[ée]pens[ée]|besteed|bedrag|custo|valor gasto|total)\b"
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
# Signs without width that sheets and web pages leave in texts, and the hyphen that shows at the end of a line alone.
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\xad"))
EDGES = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace()) + "".join(map(chr, UNSEEN))
MONTHS = {word: at for at, words in enumerate(_MONTHS, start=1) for word in words.split()}


def spaced(name: str) -> str:
    """One line without spaces around it, nor signs that nobody sees (a zero width space, a mark of direction)."""
    return " ".join(name.translate(UNSEEN).split())


def trimmed(cell: str) -> str:
    """A cell without what surrounds it unseen; what joins letters within a name stays."""
    return cell.strip() if cell.isascii() else cell.strip(EDGES)


@cache
def plain(name: str) -> str:
    """A column's name as it is compared: without case, line breaks, the zone UTC and a currency in brackets."""
    folded = _UTC.sub("", spaced(unicodedata.normalize("NFKC", name)).casefold())
    found = _CODE.search(folded)
    return folded[: found.start()] if found and found[1].upper() in currencies() else folded


@cache
def currencies() -> frozenset[str]:
    """The currencies that some country pays with today, less those that are words."""
    used = get_global("territory_currencies").values()
    return frozenset(code for rows in used for code, _, until, tender in rows if until is None and tender) - _WORDS


@cache
def named_currency(name: str, *, is_money: bool = False) -> str | None:
    """The code that a header names: in brackets, `Amount spent (USD)`, and where it is one of money in any other way,
    `spend_usd`, `Cost in USD`."""
    text = spaced(unicodedata.normalize("NFKC", name))
    found = _CODE.search(text.casefold())
    if found and found[1].upper() in currencies():
        return found[1].upper()
    if not is_money:
        return None
    joined = " " not in text and "_" in text
    words = [word.upper() if joined else word for word in _LETTERS.findall(text)]
    return next((word for word in words if word in currencies()), None)


def currency_sign(name: str) -> str | None:
    """The sign of a currency in a header of money: `Cost ($)`."""
    found = _SIGN.search(name)
    return found[0] if found else None


def is_currency_column(name: str) -> bool:
    """Whether a column is one of codes by its name: `Currency code`, `ccy`, and not `Amount in company currency`."""
    text = plain(name)
    if _CURRENCY_COLUMN.fullmatch(text):
        return True
    return _CURRENCY_WORD.search(text) is not None and MONEY_COLUMN.search(text) is None


def is_converted(name: str) -> bool:
    """Whether a column is of amounts that the vendor converted: `Amount in company currency`, `Converted Amount`."""
    return _CONVERTED.search(plain(name)) is not None


def scale_in(text: str) -> str:
    """What a title or a header says of amounts in thousands or millions, "" if nothing."""
    found = _SCALED.search(text)
    return found[0] if found else ""


def is_utc(name: str) -> bool:
    return _UTC.search(spaced(name).casefold()) is not None


def _words_of(name: str) -> list[str]:
    """The words of a column's name, those of `dateTo` and `end_date` too."""
    return [word.casefold() for word in _WORDS_OF_NAME.findall(_HUMPS.sub(" ", spaced(name)))]


@cache
def is_rate(name: str) -> bool:
    """Whether a column's name says that its days do not add up: `Cost per lead`, `revenue_per_order`, `clickRate`."""
    return _RATE.search(plain(_HUMPS.sub(" ", name).replace("_", " "))) is not None


@cache
def is_range_end(name: str) -> bool:
    """Whether a column by its name holds the last day of what a row covers: `Week end`, and not `Ends`, which is when a
    campaign ends, nor `Delivery date`."""
    words = set(_words_of(name))
    ends = words & _ENDS
    if not ends or not words <= _ENDS | _OF_DAYS:
        return False
    return words != {"ends"} and (ends != {"ends"} or bool(words & _OF_WHAT))


@cache
def grain_named(name: str) -> str | None:
    """The grain that the header of a column of days names: `Week of`, `Mes`; None of `Day of week`."""
    words = _words_of(name)
    found = {_PERIOD_OF_WORD[word] for word in words if word in _PERIOD_OF_WORD}
    return (
        found.pop()
        if len(found) == 1 and not {"day", "days", "tag", "dag", "jour", "día", "dia"} & set(words)
        else None
    )


def ends_in_total(text: str) -> bool:
    """Whether a row that has no day may be a spreadsheet's subtotal: `Brand Total`, `Total Brand`."""
    return _SUBTOTAL.fullmatch(text) is not None


def is_total(text: str) -> bool:
    """Whether a cell is a total's label: `Total: Account`, and not `Total Rewards`, which is a name."""
    return _TOTAL.fullmatch(spaced(text)) is not None
