"""The languages that ship are complete; a workspace adds its own, and what nobody translated stays English."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner

from okr_reports.catalogue import channels as catalogue_channels
from okr_reports.cli import main
from okr_reports.okrs import read
from okr_reports.okrs.rows.frame import measures
from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import SHIPPED, Language, translated
from okr_reports.report_site.formats.moment import moment_css
from okr_reports.words import SHARED
from tests.support import ROOT

OWN = ROOT / "reports" / "translations"
MAIL = ROOT / "pipelines" / "okr_reports" / "deliveries" / "templates"
COMPLETE = ("de", "es", "fr", "pt")


def messages(path: Path) -> dict:
    with path.open("rb") as lines:
        return {message.id: message for message in read_po(lines) if message.id}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))


@pytest.mark.parametrize("language", COMPLETE)
@pytest.mark.parametrize("folder", [SHIPPED, OWN, MAIL, SHARED], ids=["components", "pages", "mails", "sentences"])
def test_a_shipped_language_is_complete_and_keeps_the_placeholders(folder, language):
    texts, wanted = messages(folder / f"{language}.po"), messages(folder / "es.po")
    assert texts.keys() == wanted.keys()
    for id_, message in texts.items():
        written = message.string if message.pluralizable else (message.string,)
        assert all(written), id_
        assert placeholders(written[-1]) == placeholders(id_[-1] if message.pluralizable else id_), id_
        assert all(placeholders(one) <= placeholders(written[-1]) for one in written), id_


@pytest.mark.parametrize("language", COMPLETE)
def test_one_word_is_not_said_by_two_catalogues_in_two_ways(language):
    """A status in a mail, on a page and in a component is one word."""
    said: dict[str, set[str]] = {}
    for folder in (SHIPPED, OWN, MAIL, SHARED):
        for id_, message in messages(folder / f"{language}.po").items():
            if isinstance(id_, str):
                said.setdefault(id_, set()).add(message.string)
    assert {id_: words for id_, words in said.items() if len(words) > 1} == {}


def test_a_workspace_adds_a_language_and_corrects_a_shipped_one(tmp_path):
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "ca.po").write_text(head + 'msgid "On track"\nmsgstr "Al ritme"\n', encoding="utf-8")
    (tmp_path / "pt_PT.po").write_text(head + 'msgid "Team"\nmsgstr "Equipa"\n', encoding="utf-8")
    catalan, portuguese = Language("ca-ES", [tmp_path]), Language("pt-PT", [tmp_path])
    assert [catalan.text(text) for text in ("On track", "At risk")] == ["Al ritme", "At risk"]
    assert catalan.missing == {"At risk"}
    assert [portuguese.text(text) for text in ("Team", "At risk")] == ["Equipa", "Em risco"]
    assert Language("pt-BR", [tmp_path]).text("Team") == "Equipe"


def test_the_check_says_what_share_is_translated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okr_definitions").mkdir()
    settings = tmp_path / "okr_definitions" / "settings.yml"
    said = {}
    for locale in ("en-GB", "fr-FR", "ca-ES"):
        settings.write_text(f"settings: {{locale: {locale}}}\n", encoding="utf-8")
        said[locale] = CliRunner().invoke(main, ["check"]).output
    known = translated("es", [])[1]
    assert known > 200
    assert "translated" not in said["en-GB"]
    assert f"100 % of {known} texts are translated into fr\n" in said["fr-FR"]
    assert f"0 % of {known} texts are translated into ca; the others are shown in English" in said["ca-ES"]
    assert "reports/translations/ca.po" in said["ca-ES"]


@pytest.mark.parametrize(
    ("written", "line", "what"),
    [
        (b"\xff\xfe", 1, "cannot be read (UnicodeDecodeError)"),
        (b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=nosuch\\n"\n', 1, "cannot be read (LookupError)"),
        (b'msgid "On track"\nmsgstr "%(x)s"\n', 1, "has %(x)s, which the English text has not"),
        (b'\nmsgid "Data through %(day)s"\nmsgstr "%(day)1000000000s"\n', 2, "has %(day)1000000000s"),
    ],
)
def test_a_mistake_in_a_catalogue_is_named_and_costs_no_page(reports, snapshot, tmp_path, written, line, what):
    folder = reports({"pages/index.md": "---\ntitle: Home\n---\n"})
    (folder / "translations").mkdir()
    (folder / "translations" / "es.po").write_bytes(written)
    built = build_site(snapshot, folder, tmp_path / "site", strict=lambda: False)
    [found] = built.faults
    assert (found.path, found.line) == (str(folder / "translations" / "es.po"), line)
    assert what in found.what
    assert built.broken == {}
    assert Language("es-ES", [folder / "translations"]).text("On track") == "Según lo previsto"


def test_no_age_is_said_of_a_page_whose_clock_is_set():
    context = {
        "data_through": date(2026, 11, 22),
        "refreshed_at": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "refresh_id": "r",
    }
    written = (Formatter("es-ES", "EUR", "Europe/Madrid"), Language("es", [OWN]))
    now, then = (moment_css(context, *written, clock_is_set=is_set).decode() for is_set in (False, True))
    assert "--built" in now
    assert "--built" not in then
    assert now.endswith(then)


@pytest.mark.parametrize("language", COMPLETE)
def test_what_conversions_count_is_said_in_every_language(language):
    said = {choice.means for channel in catalogue_channels().values() for choice in channel.conversions.values()}
    assert len(said) > 10
    assert said - messages(OWN / f"{language}.po").keys() == set()


@pytest.mark.parametrize("language", COMPLETE)
def test_where_a_measure_comes_from_is_said_in_every_language(tmp_path, language):
    """Of every channel and of every way in which a file gives one."""
    ways = "{one: a, two: {column: a, minus: b}, three: {count: rows}, four: {count: column, column: a}}"
    source = f"{{id: shop, path: shop.csv, channel: shop, date: day, measures: {ways}}}"
    (tmp_path / "okrs.yml").write_text(f"settings: {{currency: EUR}}\nfile_sources: [{source}]\n", encoding="utf-8")
    rows = list(measures(read(tmp_path)))
    parts = [part for row in rows for part in json.loads(row["definition_parts"])]
    assert len({part["says"] for part in parts if part["channel"] == "shop"}) == 4
    assert {part["says"] for part in parts} - messages(OWN / f"{language}.po").keys() == set()
