"""The same downloads in seven languages: recognised by their headers, and read with the same sums."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from okr_reports.adding.dialog import understand
from okr_reports.adding.preview import as_json

TODAY = date(2026, 11, 23)


def english(value: float) -> str:
    return f"{value:,.2f}"


def german(value: float) -> str:
    return english(value).translate(str.maketrans(",.", ".,"))


def french(value: float) -> str:
    return english(value).translate(str.maketrans(",.", "\N{NARROW NO-BREAK SPACE},"))


# Title, range, names of columns, the total's label, how amounts are written.
GOOGLE: dict[str, tuple[str, str, str, str, Callable[[float], str]]] = {
    "en": ("Campaign report", "September 1, 2026 - September 30, 2026",
           "Campaign|Day|Currency code|Cost|Impr.|Clicks|Conv. value", "Total: Campaigns", english),
    "es": ("Informe de campaña", "1 de septiembre de 2026 - 30 de septiembre de 2026",
           "Campaña|Día|Código de moneda|Coste|Impr.|Clics|Valor de conv.", "Total: Cuenta", german),
    "de": ("Kampagnenbericht", "1. September 2026 - 30. September 2026",
           "Kampagne|Tag|Währungscode|Kosten|Impr.|Klicks|Conv.-Wert", "Gesamt: Kampagnen", german),
    "fr": ("Rapport sur les campagnes", "1 sept. 2026 - 30 sept. 2026",
           "Campagne|Jour|Code de la devise|Coût|Impr.|Clics|Valeur de conv.", "Total : compte", french),
    "nl": ("Campagnerapport", "1 september 2026 - 30 september 2026",
           "Campagne|Dag|Valutacode|Kosten|Vert.|Klikken|Conv.waarde", "Totaal: account", german),
    "it": ("Report sulle campagne", "1 settembre 2026 - 30 settembre 2026",
           "Campagna|Giorno|Codice valuta|Costo|Impr.|Clic|Valore conv.", "Totale: account", german),
    "pt": ("Relatório da campanha", "1 de setembro de 2026 - 30 de setembro de 2026",
           "Campanha|Dia|Código da moeda|Custo|Impr.|Cliques|Valor da conv.", "Total: conta", german),
}  # fmt: skip
META = {
    "en": "Reporting starts|Reporting ends|Campaign name|Amount spent (EUR)|Impressions|Link clicks",
    "es": "Inicio del informe|Fin del informe|Nombre de la campaña|Importe gastado (EUR)|Impresiones|"
    "Clics en el enlace",
    "de": "Berichtsstart|Berichtsende|Kampagnenname|Ausgegebener Betrag (EUR)|Impressionen|Link-Klicks",
    "fr": "Début des rapports|Fin des rapports|Nom de la campagne|Montant dépensé (EUR)|Impressions|Clics sur un lien",
    "nl": "Start rapportage|Einde rapportage|Campagnenaam|Besteed bedrag (EUR)|Weergaven|Klikken op links",
    "it": "Inizio report|Fine report|Nome della campagna|Importo speso (EUR)|Impression|Clic sul link",
    "pt": "Início dos relatórios|Término dos relatórios|Nome da campanha|Valor usado (EUR)|Impressões|Cliques no link",
}
LINKEDIN = {
    "en": "Start Date (in UTC)|Campaign Name|Campaign ID|Currency|Total Spent|Impressions|Clicks|Leads",
    "es": "Fecha de inicio (en UTC)|Nombre de la campaña|ID de la campaña|Moneda|Total gastado|Impresiones|Clics|Leads",
    "de": "Startdatum (in UTC)|Name der Kampagne|Kampagnen-ID|Währung|Gesamtausgaben|Impressions|Klicks|Leads",
    "fr": "Date de début (en UTC)|Nom de la campagne|ID de la campagne|Devise|Total dépensé|Impressions|Clics|Leads",
    "nl": "Begindatum (in UTC)|Campagnenaam|Campagne-ID|Valuta|Totaal besteed|Weergaven|Klikken|Leads",
    "it": "Data di inizio (in UTC)|Nome campagna|ID campagna|Valuta|Totale speso|Impressioni|Clic|Lead",
    "pt": "Data de início (em UTC)|Nome da campanha|ID da campanha|Moeda|Total gasto|Impressões|Cliques|Leads",
}
PLAN = {
    "en": "Channel|Oct 2026|Nov 2026|Dec 2026|Total", "es": "Canal|oct 2026|nov 2026|dic 2026|Total",
    "de": "Kanal|Okt 2026|Nov 2026|Dez 2026|Summe", "fr": "Canal|oct. 2026|nov. 2026|déc. 2026|Total",
    "nl": "Kanaal|okt 2026|nov 2026|dec 2026|Totaal", "it": "Canale|ott 2026|nov 2026|dic 2026|Totale",
    "pt": "Canal|out 2026|nov 2026|dez 2026|Total",
}  # fmt: skip


def tabs(*rows: Sequence[str]) -> bytes:
    return "\r\n".join("\t".join(row) for row in rows).encode("utf-16")


def semicolons(*rows: Sequence[str]) -> bytes:
    return "\n".join(";".join(row) for row in rows).encode("utf-8-sig")


def google(language: str) -> list[Sequence[str]]:
    title, span, names, label, written = GOOGLE[language]
    rows = [
        [campaign, day, "EUR", written(spend), str(shown), str(clicks), written(value)]
        for campaign, day, spend, shown, clicks, value in (
            ("Brand | EU", "2026-09-01", 1234.5, 1234, 12, 4200.0),
            ("Generic", "2026-09-30", 10.25, 766, 3, 165.0),
        )
    ]
    total = [label, " --", "EUR", written(1244.75), "2000", "15", written(4365.0)]
    return [[title], [span], names.split("|"), *rows, total]


def meta(language: str) -> list[Sequence[str]]:
    total = ["2026-09-01", "2026-09-02", "", "30.75", "3000", "30"]
    rows = [["2026-09-01"] * 2 + ["A", "10.5", "1000", "10"], ["2026-09-02"] * 2 + ["A", "20.25", "2000", "20"]]
    return [META[language].split("|"), total, *rows]


def linkedin(language: str) -> list[Sequence[str]]:
    days = ("9/1/2026", "9/21/2026") if language == "en" else ("1-9-2026", "21-9-2026")
    spent = ("10.55", "20.45") if language == "en" else ("10,55", "20,45")
    return [
        LINKEDIN[language].split("|"),
        [days[0], "X", "1001", "EUR", spent[0], "1000", "10", "1"],
        [days[1], "Y", "1002", "EUR", spent[1], "2000", "20", "2"],
    ]


def plan(language: str) -> bytes:
    names = PLAN[language].split("|")
    made = openpyxl.Workbook()
    for row in (["Budget"], [], names, ["Search", 100, 200, 300, 600], ["Social", 10, 20, 30, 60],
                [names[-1], 110, 220, 330, 660]):  # fmt: skip
        made.active.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


WANTED = {
    "google_ads": {"spend": "1244.75", "impressions": "2000", "clicks": "15", "conversion_value": "4365"},
    "meta_ads": {"spend": "30.75", "impressions": "3000", "link_clicks": "30"},
    "linkedin_ads": {"spend": "31", "impressions": "3000", "clicks": "30", "leads": "3"},
    "plan_months": {"planned_spend": "660"},
}


@pytest.mark.parametrize("language", GOOGLE)
def test_an_export_is_the_same_in_every_language(tmp_path: Path, language: str) -> None:
    downloads = {
        "google_ads": semicolons(*google(language)), "meta_ads": semicolons(*meta(language)),
        "linkedin_ads": tabs(*linkedin(language)), "plan_months": plan(language),
    }  # fmt: skip
    found = {}
    for name, content in downloads.items():
        path = tmp_path / f"{name}.{'xlsx' if name == 'plan_months' else 'csv'}"
        path.write_bytes(content)
        added = understand(path, None, None, TODAY, "EUR", "Europe/Madrid", None)
        told = as_json(added)
        added.rows.close()
        found[told["preset"]] = {measure: f"{float(total):g}" for measure, total in told["sums"].items()}
    assert found == WANTED


def test_columns_of_which_nothing_is_made_are_said(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("Campaign,Day,Cost,Impr.,Conv. value,Search lost IS (budget)\nA,2026-09-01,1,2,3,4\n")
    added = understand(path, None, None, TODAY, "EUR", "Europe/Madrid", None)
    told = as_json(added)
    added.rows.close()
    assert "column Search lost IS (budget)" in told["not_read"]


@pytest.mark.parametrize("name", ["ID da campanha", "Identificador de cuenta", "Record ID", "Reichweite"])
def test_ids_and_what_adds_up_to_nothing_are_no_measures(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"Data,{name},Clic\n2026-09-13,1001,5\n2026-09-14,1002,6\n", encoding="utf-8")
    added = understand(path, None, None, TODAY, "EUR", "Europe/Madrid", None)
    told = as_json(added)
    added.rows.close()
    assert told["sums"].keys() == {"clicks"}
