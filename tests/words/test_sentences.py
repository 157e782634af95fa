"""Sentences for codes: every code of the marts has one, in every language; the copy's numbers are spelled as before."""

from __future__ import annotations

import math
import re
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_reports.key_result_types import types
from okr_reports.words import SHARED, chances, moves, reasons, translations
from okr_reports.words.copied import SENTENCES, speakers
from okr_reports.words.numbers import PlainNumbers, rounded

MARTS = Path("dbt_project/models/marts")
CODES = {
    # What is scheduled has no days yet.
    "fct_key_result_daily.reason_code": {
        code: text for code, text in reasons.KEY_RESULT_REASONS.items() if code != "scheduled"
    },
    "key_results.reason_code": reasons.KEY_RESULT_REASONS,
    "key_results.disagreement_code": reasons.DISAGREEMENTS,
    "key_results.baseline_note_code": reasons.BASELINE_NOTES,
    "objectives.reason_code": reasons.OBJECTIVE_REASONS,
    "source_health.error_code": reasons.SOURCE_ERRORS,
    "fct_period_closing.state": reasons.PERIOD_CLOSINGS,
}
LANGUAGES = sorted(path.stem for path in SHARED.glob("*.po"))


@pytest.fixture(scope="module")
def known() -> dict[str, list[str]]:
    """The codes that the models' own test knows, by mart and column."""
    test = jinja2.Template(Path("dbt_project/tests/codes_are_known.sql").read_text(encoding="utf-8"))
    codes = test.make_module({"config": lambda **_: "", "ref": str}).codes  # type: ignore[attr-defined]
    return {f"{mart}.{column}": values for mart, column, values in codes}


@pytest.mark.parametrize("column", CODES)
def test_every_code_that_a_mart_may_hold_has_its_sentence(column: str, known: dict[str, list[str]]) -> None:
    mart, name = column.split(".")
    (model,) = yaml.safe_load((MARTS / f"{mart}.yml").read_text(encoding="utf-8"))["models"]
    (described,) = [one for one in model["columns"] if one["name"] == name]
    assert set(known[column]) == set(CODES[column])
    assert all(code in described["description"] for code in CODES[column])


def texts() -> set[str]:
    found = {text for sentences in CODES.values() for text in sentences.values()} - set(reasons.SOURCE_ERRORS.values())
    found |= {*chances.MESSAGES, *moves.MESSAGES, reasons.OBJECTIVE_IN_PART}
    for type_ in types().values():
        found |= {type_.about, *type_.detail.values(), *filter(None, (type_.goal, type_.goal_of_count))}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_translates_every_sentence_with_its_placeholders_and_no_other(language: str) -> None:
    with (SHARED / f"{language}.po").open("rb") as lines:
        found = {message.id: message.string for message in read_po(lines) if message.id}
    assert found.keys() == texts()
    for english, translated in found.items():
        names = [sorted(re.findall(r"%\(\w+\)s", text)) for text in (english, translated)]
        assert translated, english
        assert names[0] == names[1], english


def test_the_languages_are_those_of_the_pages() -> None:
    pages = Path("pipelines/okr_reports/report_site/builtin/translations")
    assert set(LANGUAGES) == {path.stem for path in pages.glob("*.po")} - {"en"}


ROW = {
    "key_result_id": "kr", "type": "increase", "kpi_kind": "flow", "unit": "currency", "value": 1234.5,
    "target": 2000.0, "reason_code": "running", "progress": 0.61725, "expected": 0.0055, "day_no": 54,
    "period_days": 92, "confidence": 0.4, "disagreement_code": "disagrees_low", "baseline_note_code": None,
    "baseline_note": "as kept",
}  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-GB", "61.7 % done, 0.55 % expected by day 54 of 92: 1,234.50 EUR of 2,000 EUR."),
        ("es-ES", "61,7 % hecho, 0,55 % esperado el día 54 de 92: 1.234,50 EUR de 2.000 EUR."),
        ("de-DE", "61,7 % erreicht, 0,55 % bis Tag 54 von 92 erwartet: 1.234,50 EUR von 2.000 EUR."),
        # No catalogue: English, with English marks.
        ("sv-SE", "61.7 % done, 0.55 % expected by day 54 of 92: 1,234.50 EUR of 2,000 EUR."),
    ],
)
def test_a_row_is_said_in_the_reports_language(locale: str, said: str) -> None:
    say = speakers(locale, "EUR", [])
    assert say["status_reason"](ROW) == said
    assert "40 %" in (say["disagreement"](ROW) or "")


def test_what_an_older_version_published_reads_as_it_did() -> None:
    say = speakers("es-ES", "EUR", [])
    assert say["baseline_note"](ROW) == "as kept"
    assert say["status_reason"]({"reason_code": None, "status_reason": "As it was."}) == "As it was."
    gone = {**ROW, "type": "of_a_package_that_is_gone"}
    assert (say["status_reason"](gone) or "").endswith("el día 54 de 92: 1.234,50 EUR.")


def test_a_workspace_adds_a_language(tmp_path: Path) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "ca.po").write_text(head + 'msgid "No check-in yet."\nmsgstr "Encara no."\n', encoding="utf-8")
    row = {**ROW, "reason_code": "no_check_in"}
    assert speakers("ca-ES", "EUR", [tmp_path])["status_reason"](row) == "Encara no."
    assert translations("ca").gettext("No check-in yet.") == "No check-in yet."


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, width=64), st.sampled_from([1, 2, 4]))
def test_numbers_are_rounded_as_duckdb_rounds_them(value: float, decimals: int) -> None:
    """The sentences of earlier versions were made by this expression."""
    sql = f"select format('{{:,.{decimals}f}}', round($1::double, {decimals}) + 0)"
    if abs(value) < 1e15:
        assert rounded(value, decimals) == duckdb.connect().execute(sql, [value]).fetchall()[0][0]


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.sampled_from(["count", "currency", "percent", "days", "number"]))
def test_a_number_never_ends_in_a_needless_zero(value: float, unit: str) -> None:
    text = PlainNumbers("es", "EUR").value(value, unit)
    number = re.sub(r" (%|EUR)$", "", text)
    assert not re.search(r",\d*0$", number) or unit == "currency"
    assert number != "-0"
    read = float(number.replace(".", "").replace(",", "."))
    assert math.isclose(read / (100 if unit == "percent" else 1), value, abs_tol=0.0051, rel_tol=1e-12)


def test_each_column_of_sentences_has_its_place_in_a_mart_that_has_its_key() -> None:
    for sentence in SENTENCES:
        (model,) = yaml.safe_load((MARTS / f"{sentence.mart}.yml").read_text(encoding="utf-8"))["models"]
        columns = {one["name"] for one in model["columns"]} | {one.column for one in SENTENCES}
        assert {sentence.after, *sentence.key} <= columns


NAMELESS = [("campaign", "not by campaign"), ("campaign_group", "without a campaign group")]


@pytest.mark.parametrize(("dimension", "called"), NAMELESS)
def test_what_has_no_name_is_called_by_what_it_has_none_of(dimension: str, called: str) -> None:
    common = {"dimension": dimension, "comparison": "previous", "member_state": "both"}
    rows = [
        {**common, "position": place, "member_title": title, "contribution": 3, "value_before": 1, "value_after": 7}
        for place, title in enumerate((None, "Brand"))
    ]
    said = moves.moved("Leads", "count", rows, str, PlainNumbers("en", "EUR"))
    assert said == f"Leads +6 against the four weeks before: {called} +3, Brand +3."
