"""The mail writes the same number as the site, and every text of it in every language."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from random import Random

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from okr_reports.deliveries.digest_view import STATES
from okr_reports.deliveries.wording import TEMPLATES, Wording
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.views import okr_words as words
from okr_reports.words.statuses import STATUSES

ROOM = TEMPLATES.parent
UNITS = ("count", "currency", "percent", "days", "number", None)


@pytest.mark.parametrize("locale", ["es-ES", "es-MX", "es-AR", "en-GB", "en-US", "en-IE"])
@pytest.mark.parametrize("currency", ["EUR", "USD", "CHF"])
def test_a_number_in_the_mail_is_the_number_on_the_site(locale, currency):
    random = Random(11)
    values = [random.choice((1, 10, 1e3, 1e6)) * random.uniform(-2, 2) for _ in range(150)]
    values += [0.0, -0.0, 1.0, 0.125, 0.005, 1234.5, 2.675, 999.995, -1.5]
    site, mail = Formatter(locale, currency, "Europe/Madrid"), Wording(locale, currency)
    written = [(value, unit, mail.number(value, unit), site.unit(value, unit)) for value in values for unit in UNITS]
    assert [row for row in written if row[2] != row[3]] == []


ROW = {
    "key_result_id": "kr", "type": "decrease", "kpi_kind": "stock", "unit": "currency", "value": 27.88,
    "baseline": -1234.56, "target": 1234.0, "reason_code": "running", "progress": 0.463, "expected": 0.5, "day_no": 53,
    "period_days": 92, "period_start": date(2027, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "changed", "read"),
    [
        ("es-ES", {}, "46,3 % hecho, 50 % esperado el día 53 de 92: de -1.234,56 € a 1.234 €, ahora 27,88 €."),
        ("es-MX", {}, "46.3% hecho, 50% esperado el día 53 de 92: de -€1,234.56 a €1,234, ahora €27.88."),
        ("en-GB", {}, "46.3% done, 50% expected by day 53 of 92: from -€1,234.56 to €1,234, now €27.88."),
        ("en-GB", {"reason_code": "scheduled"}, "Begins on 1 Jan 2027."),
        ("en-US", {"reason_code": "scheduled"}, "Begins on Jan 1, 2027."),
        ("fr-FR", {"reason_code": "scheduled"}, "Commence le 1 janv. 2027."),
        ("es-ES", {"reason_code": None, "status_reason": "1.234,5 EUR"}, "1.234,5 EUR"),
    ],
)
def test_a_sentence_of_the_marts_reads_in_the_locales_forms(locale, changed, read):
    row = {**ROW, **changed}
    values = Row({name: place for place, name in enumerate(row)}, tuple(row.values()))
    mail = Wording(locale, "EUR").sentence(row, "status_reason")
    site = words.sentence(Formatter(locale, "EUR", "Europe/Madrid"), Language(locale[:2], []), values, "status_reason")
    assert mail == site
    assert mail.replace("\u00a0", " ") == read


def test_what_is_no_number_is_a_dash():
    wording = Wording("es-ES", "EUR")
    assert {wording.number(value, "count") for value in (None, float("nan"), float("inf"))} == {"–"}


def translations(path: Path) -> dict[str, str]:
    with path.open("rb") as lines:
        return {str(one.id): one.string for one in read_po(lines) if one.id and not one.pluralizable}


@pytest.mark.parametrize("language", ["de", "es", "fr", "pt"])
def test_every_text_of_templates_and_code_is_translated(language):
    with (TEMPLATES / f"{language}.po").open("rb") as lines:
        catalogue = read_po(lines)
    assert [one.id for one in catalogue if one.id and not (all(one.string) if one.pluralizable else one.string)] == []
    environment = Environment(extensions=["jinja2.ext.i18n"])
    used = {
        message if isinstance(message, str) else message[0]
        for template in TEMPLATES.glob("*.j2")
        for _, _, message in environment.extract_translations(template.read_text(encoding="utf-8"))
    }
    used |= {*STATUSES.values(), *STATES.values()}
    used |= set(re.findall(r'(?:say|gettext)\(\s*"([^"]+)"', "".join(p.read_text() for p in ROOM.glob("*.py"))))
    known = {one.id if isinstance(one.id, str) else one.id[0] for one in catalogue if one.id}
    assert used - known == set()
    assert known - used == set()


@pytest.mark.parametrize("language", ["de", "es", "fr", "pt"])
def test_one_thing_has_one_word_in_mail_and_site(language):
    mail = translations(TEMPLATES / f"{language}.po")
    site = translations(ROOM.parent / "report_site" / "builtin" / "translations" / f"{language}.po")
    assert {id_: (mail[id_], site[id_]) for id_ in mail.keys() & site.keys() if mail[id_] != site[id_]} == {}
    assert {"Off track", "On track", "At risk"} <= mail.keys() & site.keys()
