"""Names of measures in the languages of exports, and of what is none: rates, running totals, people counted once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from okr_reports.channels.files.names import is_rate, named_currency, plain

_MEASURES = {
    "spend": "spend|spent|costs?|amount spent|coste?o?|gasto|importe (?:total )?gastado|total gastado|kosten|ausgaben|"
    "co[uû]t|d[eé]penses?|total d[eé]pens[eé]|montant d[eé]pens[eé]|besteed.*|totaal besteed|uitgaven|spesa|"
    "speso|importo speso|custo|valor gasto|investimento|inversi[oó]n|gesamtausgaben|ausgegebener betrag",
    "impressions": "impressions?|impr\\.?|impresiones|impressionen|vertoningen|impressioni|impress[oõ]es",
    "clicks": "clicks?|clics|klicks|klikken|clic|cliques",
    "conversions": "conversions?|conversiones|conversies|conversioni|convers[oõ]es|konversionen",
    "leads": "leads?|contactos|prospects|interessenten|contatti|clientes potenciales",
    "revenue": "revenue|sales|turnover|ingresos|ventas|umsatz|chiffre d'affaires|ca|omzet|ricavi|receita|"
    "facturaci[oó]n",
    "sessions": "sessions?|sesiones|sitzungen|sessies|sess[oõ]es|sessioni",
    "orders": "orders?|pedidos|bestellungen|commandes|bestellingen|ordini",
}
_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_HUMPS = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
# Beside rates: running totals, people counted once, shares, times that one visit takes.
_NO_SUM = re.compile(
    r"cumul|kumul|acumul|progressiv|running total|\b(?:ytd|mtd|qtd)\b|\bto[ -]date\b|"
    r"\b(?:uniques?|unici|unieke|[uú]nic[oa]s?|eindeutig\w*|distinct)\b|"
    r"\bshare(?: of .*)?$|anteil\b|\b(?:nps|percent\w*|prozent\w*|porcent\w*|pourcent\w*|procent\w*)\b|"
    r"\b(?:durchschn\w*|mittlerer?|median\w*|m[ée]dio$|média$|prom|gem)\b|ø|\w (?:pro|por|par|je) \w|"
    r"\b(?!\w*(?:corpor|separ|gener|oper))\w{4,}(?:rate|quote)\b|duration|dauer\b|duraci[oó]n|durée|duur\b|durata|"
    r"dura[cç][aã]o|(?<!new )\b(?:users|usuarios|nutzer|utilisateurs|gebruikers|utenti|usu[aá]rios)\b"
)


def words_of(name: str) -> str:
    """A name as it is compared, those of `bounce_rate` and `uniqueOpens` too."""
    return plain(_HUMPS.sub(" ", name).replace("_", " "))


def is_no_sum(name: str) -> bool:
    """Whether a name says that days do not add up."""
    return is_rate(name) or _NO_SUM.search(words_of(name)) is not None


def known_measure(name: str) -> str | None:
    words = plain(name)
    code = named_currency(name, is_money=True)
    bare = " ".join(word for word in re.split(r"[ _]", words) if word.upper() != code) if code else words
    written = (words, _BRACKETS.sub("", words), bare)
    return next(
        (measure for measure, names in _MEASURES.items() if any(re.fullmatch(names, word) for word in written)), None
    )


def are_measures(cells: Iterable[str]) -> bool:
    """Whether the cells of a column say what each row measures: `Clicks`, `CTR`, `Spend`."""
    texts = set(cells)
    known = [text for text in texts if known_measure(text) or is_no_sum(text)]
    return len(known) > 1 and 2 * len(known) > len(texts) and any(map(known_measure, known))
