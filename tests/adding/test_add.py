"""`okr add`: what a file is taken for, what is written of it, and why it is refused; tried on exports as downloaded."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from okr_reports import okrs
from okr_reports.adding.guess import guess
from okr_reports.adding.recognise import recognise
from okr_reports.channels.files.glimpse import glimpses
from okr_reports.cli import main

EXPORTS = Path(__file__).parents[1] / "data_exports"
SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}\n"


@pytest.fixture
def definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "okr_definitions"
    folder.mkdir()
    (folder / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("OKR_DEFINITIONS_DIR", str(folder))
    monkeypatch.setenv("OKR_TODAY", "2026-12-31")
    monkeypatch.chdir(tmp_path)
    return folder


def add(file: Path, *options: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(main, ["add", str(file), *options], input=answers)


def with_presets() -> list[tuple[str, str]]:
    with (EXPORTS / "expected.csv").open(encoding="utf-8", newline="") as file:
        named = {row["file"]: row["preset"].partition(" ")[0] for row in csv.DictReader(file)}
    return sorted((file, preset) for file, preset in named.items() if preset)


@pytest.mark.parametrize(("name", "preset"), with_presets())
def test_every_export_is_recognised_by_its_header(tmp_path: Path, name: str, preset: str) -> None:
    found = recognise(glimpses(EXPORTS / name, None, tmp_path))
    assert found is not None
    assert found.preset.id == preset
    assert found.signature


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (
            "Fecha;Campaña;Gasto\n2026-09-01;A;1\n",
            {"date": "Fecha", "campaign_name": "Campaña", "measures": {"spend": "Gasto"}},
        ),
        ("a note\n\ndate,Deals,CTR\n2026-09-01,3,4%\n", {"date": "date", "measures": {"deals": "Deals"}}),
        (
            "date,deals,revenue_per_deal,winRate,sentiment_score\n2026-09-01,3,4,0.5,1\n",
            {"date": "date", "measures": {"deals": "deals"}},
        ),
        (
            "date,metric,value\n2026-09-01,leads,3\n",
            {"date": "date", "pivot": {"name": "metric", "value": "value"}, "measures": {"leads": "leads"}},
        ),
        ("Created,Name\n2026-09-01,Ann\n", {"date": "Created", "measures": {"rows": {"count": "rows"}}}),
        (
            "Canal,Oct 2026,Nov 2026,Dec 2026\nads,1,2,3\n",
            {"wide": {"dates": "%b %Y"}, "campaign_name": "Canal", "measures": {"value": "*"}},
        ),
        ("name,city\nAnn,Paris\n", None),
    ],
)  # fmt: skip
def test_a_sheet_of_ones_own_is_guessed_from_its_columns(tmp_path: Path, text: str, entry: dict | None) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    found = guess(glimpses(path, None, tmp_path))
    assert (found.entry if found else None) == entry


def test_an_export_becomes_a_source_and_kpis_that_pass_the_check(definitions: Path) -> None:
    done = add(EXPORTS / "google_ads_day_de.csv", "--yes")
    assert done.exit_code == 0, done.output
    for words in (
        "Google Ads (",
        "header in line 3",
        "spend = Kosten, in all 1,344.46",
        "1 total row, equal",
        "okr refresh",
    ):
        assert words in done.output
    assert (definitions / "imports" / "google_ads_day_de.csv").exists()
    defined = okrs.read(definitions)
    [source] = defined.file_sources
    assert (source.id, source.preset, [path.name for path in source.matches()]) == (
        "google_ads", "google_ads", ["google_ads_day_de.csv"],
    )  # fmt: skip
    assert {kpi.id for kpi in defined.kpis} == {
        "google_ads_spend", "google_ads_clicks", "google_ads_conversions", "google_ads_cpa",
    }  # fmt: skip


def test_for_scripts_it_is_one_json_object(definitions: Path) -> None:
    done = add(EXPORTS / "tiktok_day_en.csv", "--json", "--id", "videos")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["preset"], told["entry"]["id"], told["header_row"], told["rows"]) == ("tiktok_ads", "videos", 1, 2)
    assert told["sums"]["spend"] == "1247.000000000"
    assert told["written"].endswith("okr_definitions/sources/videos.yml")


def test_what_cannot_be_read_is_refused_with_its_reason_and_writes_nothing(definitions: Path) -> None:
    for name, words in (
        ("linkedin_range_en.csv", ["first day of a report of 3 days", "time breakdown: Daily"]),
        ("google_ads_range_en.csv", ["no column of days", "Segment > Time > Day"]),
        ("no_evidence.csv", ["1.234 may be a thousand"]),
    ):
        done = add(EXPORTS / name, "--yes")
        assert done.exit_code == 1
        assert [one for one in words if one not in done.output] == []
    assert sorted(path.name for path in definitions.rglob("*")) == ["settings.yml"]


def test_weeks_and_totals_are_taken_and_said(definitions: Path, tmp_path: Path) -> None:
    path = tmp_path / "weekly.csv"
    path.write_text("date,campaign,leads\n2026-09-07,a,1\n2026-09-14,a,2\n2026-09-21,a,3\n2026-09-21,Total,6\n")
    done = add(path, "--yes")
    assert done.exit_code == 0, done.output
    assert "a week apart" in done.output
    [entry] = yaml.safe_load((definitions / "sources" / "weekly.yml").read_text(encoding="utf-8"))["file_sources"]
    assert (entry["grain"], entry["totals"]) == ("week", "skip")


def test_a_second_export_is_a_source_of_its_own_and_a_taken_id_is_refused(definitions: Path) -> None:
    add(EXPORTS / "google_ads_day_de.csv", "--yes")
    second = add(EXPORTS / "google_ads_day_es.csv", "--yes")
    assert second.exit_code == 0, second.output
    assert [source.id for source in okrs.read(definitions).file_sources] == ["google_ads", "google_ads_2"]
    taken = add(EXPORTS / "google_ads_day_es.csv", "--yes", "--id", "google_ads")
    assert taken.exit_code == 1
    assert "there is a file source google_ads already" in taken.output
