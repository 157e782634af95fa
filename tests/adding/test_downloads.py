"""Downloads with what people and programs do to them: each is added with its right sums, or refused for its reason."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter
from click.testing import CliRunner

from okr_reports import okrs
from okr_reports.channels.load import load_channel
from okr_reports.cli import main
from tests.channels.test_vendor_exports import expected

EXPORTS = Path(__file__).parents[1] / "data_exports"
SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"
DAY = date(2026, 9, 1)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "okr_definitions"
    folder.mkdir()
    (folder / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    rates = "".join(f"2026-{month:02}-{day:02},{code},0.9\n" for month in (9, 10) for day in (1, 7, 14, 21, 28)
                    for code in ("USD", "BRL", "GBP"))  # fmt: skip
    (folder / "exchange_rates.csv").write_text(f"date,currency,rate\n{rates}", encoding="utf-8")
    monkeypatch.setenv("OKR_DEFINITIONS_DIR", str(folder))
    monkeypatch.setenv("OKR_TODAY", "2026-12-31")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def book(*rows: list[Any]) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held) as made:
        sheet, day = made.add_worksheet(), made.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, day)
                elif cell is not None:
                    sheet.write(at, column, cell)
    return held.getvalue()


def packed(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return held.getvalue()


def add(path: Path, *options: str) -> tuple[dict[str, Any] | None, str]:
    done = CliRunner().invoke(main, ["add", str(path), "--json", *options])
    assert done.exit_code in (0, 1), done.exception
    return (json.loads(done.stdout) if done.exit_code == 0 else None), done.output


def test_every_sample_is_added_and_loaded_with_its_right_sums(workspace: Path) -> None:
    accepted: dict[str, tuple[str, Any]] = {}
    for name, rows in expected().items():
        declared = {"x_day_en.csv": "timezone=Europe/Madrid", "currency_contradicts.csv": "currency=EUR"}
        given = ("--set", declared[name]) if name in declared else ()
        source = name.replace(".", "_").replace("-", "_")
        told, said = add(EXPORTS / name, "--id", source, *given)
        assert (told is None) == (not rows[0]["measure"]), said
        if told is not None:
            accepted[source] = (name, told)
            assert (told["rows"], told["first_day"], told["last_day"]) == (
                int(rows[0]["rows_counted"]), rows[0]["first_day"], rows[0]["last_day"],
            )  # fmt: skip
    load_channel(
        "files", warehouse=workspace / "w.duckdb", pipelines_dir=workspace / "dlt", today=date(2026, 12, 31),
        file_sources=okrs.read(workspace / "okr_definitions").file_sources, progress=lambda _: None, reporting="EUR",
    )  # fmt: skip
    with duckdb.connect(str(workspace / "w.duckdb"), read_only=True) as connection:
        found = connection.execute("select source_id, measure, sum(value) from files.measures group by all").fetchall()
    loaded = {(source, measure): total for source, measure, total in found}
    for source, (name, told) in accepted.items():
        for row in expected()[name]:
            # a plan is never spend
            measure = "planned_spend" if name.startswith("plan") else row["measure"]
            wanted = Decimal(row["expected_sum"])
            assert Decimal(told["sums"][measure]) == wanted, (name, measure)
            assert loaded[source, measure] == wanted, (name, measure)


GOOGLE_IT = """Report sulle campagne
"1 settembre 2026 - 3 settembre 2026"
Giorno,Campagna,Codice valuta,Costo,Impr.,Clic,Conversioni
2026-09-01,Autunno,EUR,"1.234,50",12.345,120,"3,50"
2026-09-02,Autunno,EUR,"10,25",900,11," --"
Totale: account,, --,"1.244,75",13.245,131,"3,50"
"""
LINKEDIN_FR = (
    "Rapport de performance des campagnes (en UTC)\nDébut du rapport\t1/9/2026\nFin du rapport\t{last}/9/2026\n\n"
    "Date de début (en UTC)\tNom de la campagne\tID de la campagne\tDevise\tTotal dépensé\tImpressions\tClics\n"
    "1/9/2026\tFR\t123456789\tEUR\t1234,5\t10000\t30\n{last}/9/2026\tFR\t123456789\tEUR\t10,5\t1000\t3\n"
)
META_PT = '\ufeff"Nome da campanha","Dia","Valor usado (BRL)","Impressões"\nBrand,2026-09-01,"10.5",1000\n'
AGES = "Campaign name,Day,Age,Amount spent (EUR),Impressions,Reach\nA,2026-09-01,18-24,1.5,100,90\nA,2026-09-01,25-34,2.5,200,150\n"  # noqa: E501

ACCEPTED: dict[str, tuple[str | bytes, dict[str, str], tuple[str, ...]]] = {
    "italian.csv": (GOOGLE_IT, {"spend": "1244.75", "impressions": "13245", "clicks": "131", "conversions": "3.5"}, ()),
    "french_16.csv": (("\ufeff" + LINKEDIN_FR.format(last=20)).encode("utf-16-le"),
                      {"spend": "1245", "impressions": "11000", "clicks": "33"}, ()),
    "portuguese.csv": (META_PT, {"spend": "10.5", "impressions": "1000"}, ()),
    "saved_by_excel.csv": ("Tag;Kampagne;Kosten;Impr.\n2026-09-01;Frühling;1.234,50;12.345\n".encode("cp1252"),
                           {"spend": "1234.5", "impressions": "12345"}, ()),
    "total_on_top.csv": ("Day,Campaign,Currency code,Cost,Clicks\nTotal,,EUR,30,3\n2026-09-01,A,EUR,10,1\n"
                         "2026-09-02,A,EUR,20,2\n", {"spend": "30", "clicks": "3"}, ()),
    "hours.csv": ("timestamp,visits\n2026-09-01 00:00:00,10\n2026-09-01 13:00:00,20\n", {"visits": "30"}, ()),
    "titles.xlsx": (book(["Acme"], ["by Ana"], [], [None, "Date", "Channel", "Spend"], [None, DAY, "Radio", 100.5],
                         [None, "Total", None, 100.5]), {"spend": "100.5"}, ()),
    "month_words.csv": ("Date;Leads\n1 sept. 2026;1\n15 oct. 2026;2\n", {"leads": "3"}, ()),
    "packed.csv.gz": (gzip.compress(b"date,sessions\n2026-09-01,5\n"), {"sessions": "5"}, ()),
    "two.zip": (packed(a="date,campaign,leads\n2026-09-01,A,5\n", b="date,campaign,leads\n2026-09-02,A,6\n"),
                {"leads": "11"}, ()),
    "tiktok_es.csv": ("Nombre de la campaña,Por día,Coste,Clics (destino),Moneda\nA,2026-09-01,10.5,5,EUR\n"
                      "A,2026-09-02,11,6,EUR\nTotal de 2 resultados,-,21.5,11,EUR\n",
                      {"spend": "21.5", "clicks": "11"}, ()),
    "short_year.csv": ("Date,Leads\n9/1/26,5\n9/14/26,6\n", {"leads": "11"}, ()),
    "short_year_told.csv": ("Date,Leads\n1/9/26 10:00,5\n", {"leads": "5"}, ("--set", 'date_format="%d/%m/%y"')),
    "months.csv": ("Monat;Leads\nJuli 2026;5\nAugust 2026;6\n", {"leads": "11"}, ()),
    "two_headers.csv": ("Ads,,Web\nDate,Clicks,Sessions\n2026-09-01,1,10\n", {"clicks": "1", "sessions": "10"}, ()),
    "subtotals.csv": ("date,campaign,leads\n2026-09-01,A,5\n,A total,5\n2026-09-01,B,1\n,Grand total,6\n",
                      {"leads": "6"}, ()),
    "footer.csv": ("Date,Leads\n2026-09-01,5\n\nSource: CRM\n", {"leads": "5"}, ()),
    "glued.csv": ("date,name,leads\n2026-09-01,A,5\ndate,name,leads\n2026-09-02,A,6\n", {"leads": "11"}, ()),
    "unwanted_twice.csv": ("date,leads,note,note\n2026-09-01,5,a,b\n", {"leads": "5"}, ()),
    "refund.csv": ('date,revenue\n2026-09-01,"1,000.00"\n2026-09-02,(250.00)\n', {"revenue": "750"}, ()),
    "euros.csv": ("date;spend\n2026-09-01;1.234,50 €\n", {"spend": "1234.5"}, ()),
    "dollars_told.csv": ("date,spend\n2026-09-01,$10.50\n", {"spend": "10.5"}, ("--set", "currency=USD")),
    "ranges.csv": ("Campaign,Start,End,Spend\nA,2026-09-01,2026-09-10,100\n", {"spend": "100"}, ()),
    "utc_told.csv": ("at,amount\n2026-09-01T22:30:00Z,10.5\n", {"amount": "10.5"}, ("--set", "timezone=Europe/Madrid")),
    "mac_told.csv": ("Datum;Ort;Ausgaben\n13.09.2026;Köln;1,5\n".encode("mac-roman"), {"spend": "1.5"},
                     ("--set", "encoding=mac-roman")),
    "by_week.csv": ('Kampagnenbericht\n"1. September 2026 - 30. September 2026"\nWoche,Kampagne,Währungscode,Kosten\n'
                    '2026-08-31,A,EUR,"10,50"\n2026-09-07,A,EUR,"11,50"\nGesamt: Konto,,EUR,"22,00"\n',
                    {"spend": "22"}, ()),
    "year_month.csv": ("Year month,Sessions,Total users\n202607,1000,900\n202608,1100,950\n", {"sessions": "2100"}, ()),
    "supermetrics.csv": ("Year & month,Campaign name,Cost\n2026|07,A,10.5\n2026|08,A,11.5\n", {"spend": "22"}, ()),
    "tiktok_de.csv": ("Kampagnenname,Nach Tag,Kosten,Impressionen,Währung\nA,2026-09-01,10.5,1000,EUR\n"
                      "A,2026-09-02,11,1100,EUR\nInsgesamt 2 Ergebnisse,-,21.5,2100,EUR\n",
                      {"spend": "21.5", "impressions": "2100"}, ()),
    "microsoft_de.csv": ('"Berichtszeit: 01.09.2026-30.09.2026"\n\n"Gregorianisches Datum","Kampagne","Klicks",'
                         '"Ausgaben"\n'
                         '"13.09.2026","A","1.010","12,50"\n\n"©2026 Microsoft Corporation"\n',
                         {"clicks": "1010", "spend": "12.5"}, ()),
    "page.csv": ("Date,Impressions (organic),Impressions (total),Unique impressions (organic)\n09/13/2026,100,150,80\n",
                 {"impressions_organic": "100", "impressions_total": "150"}, ()),
    "francs.csv": ("Datum;Kosten CHF\n13.09.2026;1'234.50\n", {"spend": "1234.5"}, ()),
    "groups.csv": ("Posten;Okt 2026;Nov 2026;Dez 2026\nGoogle;1;2;3\nMeta;4;5;6\nOnline total;5;7;9\nRadio;1;1;1\n"
                   "TV;2;2;2\nOffline total;3;3;3\nSumme;8;10;12\n", {"value": "30"}, ()),
    "two_groups.csv": (";Google;;Meta;\nDatum;Kosten;Klicks;Kosten;Klicks\n13.10.2026;1,5;2;3,5;4\n",
                       {"google_kosten": "1.5", "google_klicks": "2", "meta_kosten": "3.5", "meta_klicks": "4"}, ()),
    "rows_of_measures.csv": (
        ";KW 40 2026;KW 41 2026;KW 42 2026\nImpressions;1.000;1.100;1.200\nKlicks;10;11;12\nCTR;1,0%;1,1%;1,2%\n"
        "Kosten;5,50;6,50;7,50\n", {"impressions": "3300", "clicks": "33", "spend": "19.5"}, ()),
    "days_of_measures.csv": ("KPI,2026-09-01,2026-09-02,2026-09-03\nSpend,10,20,30\nLeads,1,2,3\n",
                             {"spend": "60", "leads": "6"}, ()),
    "measure_and_value.csv": ("Datum;Kennzahl;Wert\n13.09.2026;Klicks;10\n13.09.2026;CTR;1,5\n13.09.2026;Kosten;20,5\n",
                              {"clicks": "10", "spend": "20.5"}, ()),
    "no_cost_no_currency.csv": (
        'Campaign report\n"September 1, 2026 - September 1, 2026"\nCampaign,Day,Conversion action,Currency code,Cost,'
        "Conversions\nA,2026-09-01,Purchase, --, --,2.00\nA,2026-09-01,Lead, --, --,3.00\n", {"conversions": "5"}, ()),
    "quartal.csv": ("Quartal;Umsatz\n1. Quartal 2026;100\n2. Quartal 2026;110\n", {"revenue": "210"}, ()),
    "average.csv": ("Posten;Okt 2026;Nov 2026;Dez 2026\nGoogle;1;2;3\nMeta;3;4;5\nDurchschnitt;2;3;4\n",
                    {"value": "18"}, ()),
    "days_across.csv": ("Kanal;01.10.2026;02.10.2026;13.10.2026\nGoogle;1;2;3\nMeta;4;5;6\n", {"value": "21"}, ()),
    "numbers_of_orders.csv": ("Order #,Order Date,Quantity\n123,2026-09-13,2\n124,2026-09-14,1\n",
                              {"quantity": "3"}, ()),
    "names_twice.csv": ("Datum;Google;Google;Meta;Meta\n;Kosten;Leads;Kosten;Leads\n13.09.2026;1;2;3;4\n",
                        {"google_kosten": "1", "google_leads": "2", "meta_kosten": "3", "meta_leads": "4"}, ()),
    "leads_by_name.csv": ("Date,Lead,Status\n2026-09-13,Ann,new\n2026-09-14,Bob,new\n", {"rows": "2"}, ()),
    "ages.csv": (AGES, {"spend": "4", "impressions": "300"}, ()),
}  # fmt: skip
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "french_open.csv": (LINKEDIN_FR.format(last=2), "may be day/month or month/day"),
    "dollars.csv": (
        "date,spend\n2026-09-01,$10.50\n",
        "and would count as EUR; declare `currency: USD`",
    ),
    "pounds.csv": ("date,spend\n2026-09-01,£10.50\n", "declare `currency: GBP`"),
    "code.csv": ("date,spend\n2026-09-01,USD 10.50\n", "--set 'currency=USD'"),
    "open_year.csv": ("Date,Leads\n9/1/26,5\n", 'declare `date_format: "%d/%m/%y"` or "%m/%d/%y"'),
    "sheet_error.csv": ("Fecha,Gasto\n2026-09-01,#¡REF!\n", "an error of the sheet"),
    "leads_twice.csv": ("date,leads,leads\n2026-09-01,5,6\n", "has two columns named 'leads'"),
    "merged_away.csv": ("date,campaign,leads\n2026-09-01,A,5\n,B,6\n", "not a date"),
    "same.zip": (packed(a="date,leads\n2026-09-01,5\n", b="date,leads\n2026-09-01,6\n"), "keep one of them"),
    "header_alone.csv": ("date,leads\n", "has a header and no rows below it"),
    "web_page.xls": ("<html><table></table></html>", "is a web page"),
    "reach.csv": (
        'sep=,\n"Instagram reach"\n"Date","Primary"\n"2026-09-01T00:00:00","123"\n',
        "no column whose days add up (Primary)",
    ),
    "to_date.csv": (
        "Date,Spend to date\n2026-09-01,10\n2026-09-02,25\n",
        "no column whose days add up (Spend to date)",
    ),
    "year_apart.csv": ("Jahr;Monat;Kosten\n2026;1;1.000,00\n", "its first row of columns is Jahr, Monat, Kosten"),
    "no_day.csv": ("Campaign,Cost\nA,10\n", "no table with a column of days"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_download_is_added_with_its_sums(workspace: Path, name: str) -> None:
    content, sums, options = ACCEPTED[name]
    (workspace / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    told, said = add(workspace / name, *options)
    assert told is not None, said
    assert {measure: Decimal(total) for measure, total in told["sums"].items()} == {
        measure: Decimal(total) for measure, total in sums.items()
    }


def test_what_a_sheet_plans_is_a_source_of_its_own_over_the_same_file(workspace: Path) -> None:
    text = "Kampagne;Okt 2026;;Nov 2026;\n;Plan;Ist;Plan;Ist\nRadio;10;9;20;21\nTV;1;2;3;4\nSumme;11;11;23;25\n"
    (workspace / "plan.csv").write_text(text, encoding="utf-8")
    told, said = add(workspace / "plan.csv")
    assert told is not None, said
    assert {name: Decimal(total) for name, total in told["sums"].items()} == {"ist": Decimal(36)}
    assert {name: Decimal(total) for name, total in told["plan"]["sums"].items()} == {"plan": Decimal(34)}
    ist, plan = okrs.read(workspace / "okr_definitions").file_sources
    assert (ist.open_range, plan.open_range) == ("to_date", "whole")
    assert ist.matches() == plan.matches() != []


def test_a_level_becomes_a_kpi_of_a_stock(workspace: Path) -> None:
    text = "Date,Followers,New followers\n2026-09-01,1000,5\n2026-09-02,1008,8\n2026-09-03,1010,2\n"
    (workspace / "followers.csv").write_text(text, encoding="utf-8")
    told, said = add(workspace / "followers.csv")
    assert told is not None, said
    assert (list(told["sums"]), told["last"]) == (["new_followers"], {"followers": "1010.000000000"})
    kinds = {kpi.measure: kpi.kind for kpi in okrs.read(workspace / "okr_definitions").kpis}
    assert kinds == {"followers": "stock", "new_followers": "flow"}


@pytest.mark.parametrize("name", REFUSED)
def test_a_download_that_leaves_two_readings_is_refused(workspace: Path, name: str) -> None:
    content, words = REFUSED[name]
    (workspace / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    told, said = add(workspace / name)
    assert told is None
    assert words in said
    assert not (workspace / "okr_definitions" / "sources").exists()


@pytest.mark.parametrize("pair", ["nonsense=1", "date_format=plain", "timezone"])
def test_a_key_that_is_none_is_refused(workspace: Path, pair: str) -> None:
    (workspace / "a.csv").write_text("date,leads\n2026-09-01,5\n", encoding="utf-8")
    told, said = add(workspace / "a.csv", "--set", pair)
    assert told is None
    assert "Traceback" not in said


def test_a_breakdown_is_named_by_the_column_that_parts_it(workspace: Path) -> None:
    (workspace / "ages.csv").write_text(AGES, encoding="utf-8")
    told, _ = add(workspace / "ages.csv")
    assert told is not None
    said = "2 rows share their campaign and day with another one (split by Age): they are added up"
    assert said in told["not_read"]
