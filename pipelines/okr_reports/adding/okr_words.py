"""Words of sheets of OKRs in the languages they come in: names of columns, types, units, periods."""

from __future__ import annotations

import re
from datetime import date

from okr_reports.channels.files.names import MONTHS, plain
from okr_reports.key_result_types import types

_NUMBER = r"(?: ?(?:nr|no|n[º°]|#|\d+)\.?)?"
COLUMNS = {
    "objective": r"objectives?|objetivos?|ziele?|objectifs?|doel(?:en|stelling)?|obiettiv[oi]|goal|o",
    "key_result": r"key ?results?|krs?|resultados? clave|schl[üu]sselergebnis(?:se)?|r[ée]sultats? cl[ée]s?|"
    r"kernresulta(?:at|ten)|sleutelresulta(?:at|ten)|risultat[oi] chiave|resultados?[- ]chaves?|measure of success",
    "owner": r"owners?|dri|responsible|lead|responsables?|due[ñn]o|propietario|verantwortlich(?:e|er)?|inhaber|"
    r"propri[ée]taire|pilote|eigenaar|verantwoordelijke|responsabile|proprietario|respons[áa]vel|dono",
    "team": r"teams?|department|squad|equipo|departamento|abteilung|[ée]quipe|service|afdeling|squadra|reparto|"
    r"equipe|time",
    "start": r"start(?:ing)?(?: ?(?:value|point))?|baselines?|from|initial(?: value)?|inicio|valor inicial|"
    r"l[íi]nea base|"
    r"base|desde|startwert|ausgangswert|von|d[ée]part|valeur (?:initiale|de d[ée]part)|startwaarde|beginwaarde|"
    r"partenza|valore iniziale|in[íi]cio|linha de base",
    "target": r"targets?(?: value)?|goal value|to|objetivo num[ée]rico|meta|valor objetivo|zielwert|soll|bis|cible|"
    r"valeur cible|streefwaarde|doelwaarde|traguardo|valore (?:obiettivo|target)|alvo|valor alvo",
    "unit": r"units?|unit of measure|unidad(?:es)?|einheit|unit[ée]s?|eenheid|unit[àa]|unidade",
    "period": r"periods?|quarter|cycle|timeframe|periodo|trimestre|ciclo|zeitraum|quartal|p[ée]riode|periode|kwartaal|"
    r"per[íi]odo",
    "weight": r"weights?|weighting|peso|gewicht(?:ung)?|poids|pond[ée]ration|weging",
    "kpi": r"kpi|metric|m[ée]trica|kennzahl|indicateur|indicatore|indicador",
    "type": r"type|kind|tipo|typ|art|soort",
}
_UNITS = {
    "percent": r"%|percent(?:age)?|pct|porcentaje|prozent|pour ?cent(?:age)?|procent|percentuale|porcentagem",
    "days": r"days?|d[íi]as?|tage?|jours?|dag(?:en)?|giorn[oi]|dias?",
    "count": r"#|counts?|number|n[úu]mero|anzahl|nombre|aantal|numero|items?|pieces|st[üu]ck|unidades",
    "currency": r"currency|money|moneda|w[äa]hrung|devise|valuta|moeda|[$€£¥₹]|[a-z]{3}|euros?|dollars?|k?€",
}
_OF = r"[ /.,'-]*(?:of |de |del |do |von |van )?"
_QUARTER = re.compile(
    rf"(?:q|t|k|quarter|quartal|trim(?:estre|\.)?|kwartaal) ?([1-4]){_OF}(20\d\d)|"
    r"(20\d\d)[ /._-]*(?:q|t|k|trim\.?) ?([1-4])|([1-4])(?:[.ºªo°]|st|nd|rd|th|er|e|è|ème)?[ -]?"
    rf"(?:q|t|k|quarter|quartal|trim(?:estre)?|kwartaal){_OF}(20\d\d)"
)
_HALF = re.compile(
    r"(?:h|s|hj) ?([12])[ /'-]*(20\d\d)|(20\d\d)[ /_-]*(?:h|s|hj) ?([12])|"
    r"([12])\.? ?(?:h|s|hj)[ /'-]*(20\d\d)"
)
_MONTH = re.compile(r"([^\W\d]{3,12})\.?[ /-]*(?:de |del )?(20\d\d)|(20\d\d)-(\d\d)")
_YEAR = re.compile(r"20\d\d")


def role_of(name: str) -> str | None:
    """What a column holds, by its header."""
    words = re.sub(r"[*:]+$", "", plain(name)).strip()
    return next((role for role, names in COLUMNS.items() if re.fullmatch(rf"(?:{names}){_NUMBER}", words)), None)


def type_of(text: str) -> str | None:
    """The key-result type that a cell names."""
    return _of(text, {name: type_.sheet_words for name, type_ in types().items() if type_.sheet_words})


def unit_of(text: str) -> str | None:
    """The unit that a cell names; any three letters are taken for a currency's code."""
    return _of(text, _UNITS)


def _of(text: str, known: dict[str, str]) -> str | None:
    words = plain(text)
    return next((name for name, names in known.items() if re.fullmatch(names, words)), None)


def period_of(text: str) -> tuple[str, date | None, date | None] | None:
    """The id of a period as people write it, with its days where it is to be listed: half-years. None if it is none."""
    words = plain(text)
    if found := _QUARTER.fullmatch(words):
        groups = found.groups()
        year, quarter = groups[1] or groups[2] or groups[5], groups[0] or groups[3] or groups[4]
        return f"{year}-Q{quarter}", None, None
    if found := _HALF.fullmatch(words):
        groups = found.groups()
        year, half = int(groups[1] or groups[2] or groups[5]), groups[0] or groups[3] or groups[4]
        days = (date(year, 1, 1), date(year, 6, 30)) if half == "1" else (date(year, 7, 1), date(year, 12, 31))
        return f"h{half}_{year}", *days
    if found := _MONTH.fullmatch(words):
        month = int(found[4]) if found[4] else MONTHS.get(found[1], 0)
        return (f"{found[2] or found[3]}-{month:02}", None, None) if 1 <= month <= 12 else None
    return (words, None, None) if _YEAR.fullmatch(words) else None
