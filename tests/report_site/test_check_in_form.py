"""The form of a check-in on a key result's page, in a real browser: it writes what `okr check` takes."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe

from okr_reports.common.typed_numbers import typed_number
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.yaml_reader import read_yaml
from tests.report_site.browser import AXE, watched


def test_the_form_of_a_check_in_writes_what_okr_check_takes(browser, sites):
    """Its address carries the file, whose text the definitions read as it was typed; numbers by one rule."""
    note = 'Dijo: "ya"\n- sí: # {x} &amp; 100 %'
    with watched(browser, width=390, height=844) as one:
        page = one.open(sites["es"] / "key-results/onboarding_days_down/index.html")
        page.get_by_text("Registrar seguimiento").click()
        assert Axe().run(page, options=AXE).response["violations"] == []
        page.get_by_label("¿Cuánto es ahora?").fill("3,25")
        page.locator("input[name=confidence][value='70']").check()
        page.get_by_label("¿Qué ha pasado?").fill(note)
        save = page.get_by_role("link", name="Guardar en GitHub")
        address = urlsplit(save.get_attribute("href"))
        for typed, sign in (
            ("1.234", ","),
            ("1,5", ","),
            ("12.34,5.6", ","),
            ("abc", ","),
            ("-7", ","),
            ("1 234,5", ","),
        ):
            page.get_by_label("¿Cuánto es ahora?").fill(typed)
            found = re.search(r"^    value: (.*)$", page.locator("[data-yaml]").inner_text(), re.MULTILINE)
            assert (found[1] if found else None) == typed_number(typed, sign), typed
        page.get_by_label("¿Cuánto es ahora?").fill("abc")
        save.click()
        assert len(page.context.pages) == 1
        page.get_by_label("¿Qué ha pasado?").fill("ñ" * 1000)
        page.get_by_label("¿Cuánto es ahora?").fill("3")
        assert len(save.get_attribute("href")) <= 7500
        assert one.problems == []
    assert (address.scheme, address.netloc, address.path) == ("https", "github.com", "/acme/okrs/new/main")
    sent = parse_qs(address.query)
    assert re.fullmatch(r"okr_definitions/check_ins/\d{4}-\d\d-\d\d_onboarding_days_down\.yml", sent["filename"][0])
    content, findings = read_yaml(sent["value"][0].encode(), "form.yml")
    assert findings == []
    check_in, findings = read_entry(CheckIn, content["check_ins"][0], "form.yml", 2)
    assert findings == []
    assert (check_in.key_result, float(check_in.value), check_in.confidence) == ("onboarding_days_down", 3.25, 0.7)
    assert check_in.note == note


def test_without_the_script_the_check_in_is_a_text_with_gaps(browser, sites):
    with watched(browser, java_script_enabled=False) as one:
        page = one.open(sites["es"] / "key-results/guide_published/index.html")
        page.get_by_text("Registrar seguimiento").click()
        assert "done: " in page.locator("[data-yaml]").inner_text()
        sent = parse_qs(urlsplit(page.get_by_role("link", name="Guardar en GitHub").get_attribute("href")).query)
        assert "key_result: guide_published" in sent["value"][0]
        assert not page.get_by_label("¿Qué ha pasado?").is_visible()
