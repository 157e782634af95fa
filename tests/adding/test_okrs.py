"""Sheets of OKRs become definitions that pass the check; what is exported comes back as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import xlsxwriter
import yaml
from click.testing import CliRunner
from hypothesis import given, settings

from okr_reports import okrs
from okr_reports.adding.okr_export import export_okrs
from okr_reports.adding.okr_words import period_of
from okr_reports.adding.okrs import add_okrs
from okr_reports.cli import main
from okr_reports.errors import OkrError
from okr_reports.okrs.written import entry_of
from tests.okrs.test_round_trip import as_yaml, definitions
from tests.support import ROOT

SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "okr_definitions"
    made.mkdir()
    (made / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("OKR_DEFINITIONS_DIR", str(made))
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    monkeypatch.chdir(tmp_path)
    return made


def add(folder: Path, text: str | bytes, *options: str, name: str = "okrs.csv") -> dict[str, Any]:
    path = folder.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = CliRunner().invoke(main, ["add", "--okrs", str(path), "--json", *options])
    assert done.exit_code in (0, 1), done.exception
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def written(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one for path in told["written"] for one in yaml.safe_load(Path(path).read_text(encoding="utf-8"))["objectives"]
    ]


SHEET = """Company OKRs,,,,,,,,
Objective,Key Result,Owner,Team,Start,Target,Unit,Quarter,Weight,Status
Win more customers,Raise signups,Ana,Growth,100,"1,200.5",count,Q4 2026,2,on track
,Cut cost per lead,,,40,30,EUR,,,
,Keep churn low,,,5%,3%,,,,
,Launch the shop,,,,done,,,,
Delight them,NPS above 50,Eva,Support,50,50,,Q4 2026,,
,Answer within a day,Luis,,3,1,days,,,
"""


def test_a_sheet_becomes_objectives_and_key_results(folder: Path) -> None:
    told = add(folder, SHEET)
    first, second = written(told)
    assert {key: value for key, value in first.items() if key != "key_results"} == {
        "id": "win_more_customers", "title": "Win more customers", "period": "2026-Q4", "team": "growth",
        "owner": "Ana",
    }  # fmt: skip
    assert first["key_results"] == [
        {"id": "raise_signups", "title": "Raise signups", "type": "increase", "baseline": 100, "target": 1200.5,
         "unit": "count", "weight": 2},
        {"id": "cut_cost_per_lead", "title": "Cut cost per lead", "type": "decrease", "baseline": 40, "target": 30,
         "unit": "currency"},
        {"id": "keep_churn_low", "title": "Keep churn low", "type": "decrease", "baseline": "5%", "target": "3%",
         "unit": "percent"},
        {"id": "launch_the_shop", "title": "Launch the shop", "type": "binary"},
    ]  # fmt: skip
    assert [(result["id"], result["owner"]) for result in second["key_results"]] == [("answer_within_a_day", "Luis")]
    assert second["owner"] == "Eva"
    assert told["teams"] == ["growth", "support"]
    said = " | ".join(told["not_placed"])
    for words in ("columns: Status", "line 7: 'NPS above 50': start and target are both 50"):
        assert words in said
    assert [one for one in okrs.check(folder)[1] if one.severity == "error"] == []


HEADERS = {
    "en": "Objective;Key result;Owner;Team;Start;Target;Unit;Period;Weight",
    "es": "Objetivo;Resultado clave;Responsable;Equipo;Valor inicial;Meta;Unidad;Periodo;Peso",
    "de": "Ziel;Schlüsselergebnis;Verantwortlich;Abteilung;Startwert;Zielwert;Einheit;Quartal;Gewichtung",
    "fr": "Objectif;Résultat clé;Responsable;Équipe;Valeur initiale;Cible;Unité;Trimestre;Poids",
    "nl": "Doelstelling;Kernresultaat;Eigenaar;Afdeling;Startwaarde;Streefwaarde;Eenheid;Kwartaal;Gewicht",
    "it": "Obiettivo;Risultato chiave;Responsabile;Squadra;Valore iniziale;Valore obiettivo;Unità;Periodo;Peso",
    "pt": "Objetivo;Resultado-chave;Responsável;Equipe;Valor inicial;Alvo;Unidade;Período;Peso",
}


@pytest.mark.parametrize("language", HEADERS)
def test_headers_of_every_language_are_known(folder: Path, language: str) -> None:
    told = add(folder, f"{HEADERS[language]}\nMehr;Mehr davon;Ana;Eins;1.000,5;2.000,5;%;2026-Q4;1\n")
    [objective] = written(told)
    assert (objective["owner"], objective["team"], told["not_placed"]) == ("Ana", "eins", [])
    assert objective["key_results"][0] == {
        "id": "mehr_davon", "title": "Mehr davon", "type": "increase", "baseline": "1000.5%", "target": "2000.5%",
        "unit": "percent", "weight": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [("Q4 2026", "2026-Q4"), ("2026 Q4", "2026-Q4"), ("4. Quartal 2026", "2026-Q4"), ("T4 2026", "2026-Q4"),
     ("4T 2026", "2026-Q4"), ("Oct 2026", "2026-10"), ("octubre de 2026", "2026-10"), ("2026", "2026"),
     ("H2 2026", "h2_2026"), ("soon", None), ("2026-13", None)],
)  # fmt: skip
def test_periods_as_people_write_them(text: str, name: str | None) -> None:
    found = period_of(text)
    assert (found and found[0]) == name


def test_what_has_no_place_is_listed_and_the_rest_is_written(folder: Path) -> None:
    told = add(
        folder,
        "Objective,Key result,Start,Target,Period,Type\n"
        "A,One,1,2,H2 2026,\nA,Two,5,3,H2 2026,increase\nA,Three,,1.234,H2 2026,\nB,Four,1,2,some day,\n"
        "A,Five,,ship it,H2 2026,\nA,Six,,7,H2 2026,odd\nTotal,,1,2,,\n",
    )
    [objective] = written(told)
    assert [result["id"] for result in objective["key_results"]] == ["one", "five", "six"]
    assert objective["period"] == "h2_2026"
    said = " | ".join(told["not_placed"])
    for words in (
        "'Two': ", "'Three': the target '1.234' may be a thousand", "its period 'some day' is none",
        "the target 'ship it' is no number", "the type 'odd' is none", "line 8: is a total",
    ):  # fmt: skip
        assert words in said
    assert "'Six' starts at 0" in " ".join(told["assumed"])


def test_columns_and_the_period_may_be_told(folder: Path) -> None:
    text = "What,How we know,Goal\nGrow,Signups,10\n"
    assert "say which with --set 'key_result=its name'" in add(folder, text)["error"]
    told = add(folder, text, "--set", "objective=What", "--set", "key_result=How we know", "--set", "target=Goal",
               "--set", "period=2026-Q4", "--set", "team=Growth")  # fmt: skip
    [objective] = written(told)
    assert (objective["team"], objective["key_results"][0]["target"]) == ("growth", 10)
    assert "it has no period" in add(folder, "Objective,KR\nA,B\n", name="more.csv")["error"]


def test_a_workbook_with_a_title_and_a_row_of_the_objective_alone_is_read(folder: Path) -> None:
    path = folder.parent / "plan.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Cover").write_row(0, 0, ["OKRs of Acme"])
        sheet = book.add_worksheet("Q4")
        for at, row in enumerate([["Plan"], [], ["Objective", "KR", "Baseline", "Target", "Period"],
                                  ["Grow", None, None, None, "2026-Q4"], [None, "Signups", 1, 0.5, None],
                                  [None, "Share", 0.05, 0.1, None]]):  # fmt: skip
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(at, column, cell)
    told = add(folder, path.read_bytes(), name="plan.xlsx")
    [objective] = written(told)
    assert told["sheet"] == "Q4"
    assert [(one["type"], one["target"]) for one in objective["key_results"]] == [("decrease", 0.5), ("increase", 0.1)]


def read_back(defined: Any, workbook: Path, folder: Path, settings_text: str) -> Any:
    export_okrs(defined, workbook)
    folder.mkdir()
    (folder / "settings.yml").write_text(settings_text, encoding="utf-8")
    told = add_okrs(folder, workbook, [], None)
    assert told["not_placed"] == []
    again = okrs.read(folder)
    unchanged = add_okrs(folder, workbook, [], None)
    assert (unchanged["unchanged"], unchanged["written"]) == (len(defined.objectives), [])
    return again


@settings(max_examples=40, deadline=None)
@given(definitions())
def test_random_definitions_come_back_without_a_change(content: dict) -> None:
    with TemporaryDirectory() as made:
        first, second = Path(made) / "first", Path(made) / "second"
        first.mkdir()
        (first / "a.yml").write_text(SETTINGS + as_yaml(content).lstrip("\n") + "\n", encoding="utf-8")
        defined = okrs.read(first)
        again = read_back(defined, Path(made) / "okrs.xlsx", second, SETTINGS)
        assert list(map(entry_of, again.objectives)) == list(map(entry_of, defined.objectives))


def test_the_demo_comes_back_without_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its KPIs are not in the workbook, so it is held against itself; what was changed is said, not written."""
    monkeypatch.setenv("OKR_TODAY", "2026-11-23")
    shutil.copytree(ROOT / "okr_definitions", tmp_path / "okr_definitions")
    defined = okrs.read(tmp_path / "okr_definitions")
    with pytest.raises(OkrError, match=r"okrs\.csv would hold a workbook of Excel; name it okrs\.xlsx"):
        export_okrs(defined, tmp_path / "okrs.csv")
    export_okrs(defined, tmp_path / "okrs.xlsx")
    told = add_okrs(tmp_path / "okr_definitions", tmp_path / "okrs.xlsx", [], None)
    assert (told["unchanged"], told["written"], told["not_placed"]) == (len(defined.objectives), [], [])
    edited = okrs.read(tmp_path / "okr_definitions").objectives[0]
    path = Path(edited.place.path)
    lines = path.read_text(encoding="utf-8").splitlines()
    at = edited.place.at("title") - 1
    lines[at] = lines[at].partition("title:")[0] + "title: Another"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = add_okrs(tmp_path / "okr_definitions", tmp_path / "okrs.xlsx", [], None)
    assert (told["unchanged"], told["written"]) == (len(defined.objectives) - 1, [])
    assert f"objective '{edited.id}' is another one at" in " ".join(told["not_placed"])


def test_a_file_that_is_no_sheet_is_refused_and_nothing_is_written(folder: Path) -> None:
    for text in (b"", b"<html>", b"a,b\n"):
        assert "error" in add(folder, text)
    assert sorted(path.name for path in folder.rglob("*")) == ["settings.yml"]
    with pytest.raises(OkrError):
        add_okrs(folder, folder.parent / "nowhere.csv", [], None)
